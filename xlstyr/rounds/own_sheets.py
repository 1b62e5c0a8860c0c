"""Sheets that xlstyr itself has put in somebody's workbook: no part of what the workbook says."""

from dataclasses import replace

from xlstyr.layout.raw import RawBook

MARK = "xlstyr:sheet"
"""Stands in such a sheet's first cell."""


def without_own_sheets(raw: RawBook) -> RawBook:
    """``raw`` without the texts of our own sheets."""
    own = {title for title, cells in raw.loose.items() if any(c.ref == "A1" and c.value == MARK for c in cells)}
    if not own:
        return raw
    return replace(raw, loose={title: cells for title, cells in raw.loose.items() if title not in own})
