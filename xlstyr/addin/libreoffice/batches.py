"""Looks, notes, links and widths of many cells of a sheet, in one call each: what xlwings asks cell by cell."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xlstyr.addin.libreoffice.looks import number_of, rgb_of
from xlstyr.addin.libreoffice.places import box_of, link_there

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.book import Sheet

Color = tuple[int, int, int] | None
_WIDE = 40  # columns: of a hidden one nothing is seen
UNITS_OF_A_CHARACTER = 191  # 1/100 mm of column width


def looks(sheet: "Sheet", cells: Sequence[str]) -> list[tuple[Color, str]]:
    """(background, note) of each cell, ``""`` for no note."""
    found = _inside(sheet, "Looks", sheet.uno_sheet, tuple(map(_place, cells)))
    return [(rgb_of(color), str(note)) for color, note in found[: len(cells)]]


def set_looks(sheet: "Sheet", wanted: Mapping[str, tuple[Any, str | None]]) -> None:
    """Gives cells a background and a note; of (background, note) what is ``...`` or None stays as it is.

    Raises:
        XlstyrError: the sheet is protected, or the book is open for reading only.
    """
    rows = tuple(
        (*_place(cell), None if color is ... else number_of(color), note) for cell, (color, note) in wanted.items()
    )
    _inside(sheet, "SetLooks", sheet.changeable(), rows)


def set_links(sheet: "Sheet", links: Mapping[str, tuple[str, str]]) -> None:
    """Makes cells links: (address as Excel writes it, text). Raises as ``set_looks``."""
    rows = tuple((*_place(cell), link_there(address), text) for cell, (address, text) in links.items())
    _inside(sheet, "SetLinks", sheet.book.document, sheet.changeable(), rows)


def set_widths(sheet: "Sheet", widths: Mapping[tuple[int, int], float]) -> None:
    """Gives columns, from one to another counted from 1, their width in characters; 0 hides."""
    rows = tuple((first - 1, last - 1, round(width * UNITS_OF_A_CHARACTER)) for (first, last), width in widths.items())
    _inside(sheet, "SetWidths", sheet.changeable(), rows)


def hidden_rows(sheet: "Sheet", first: int, last: int) -> set[int]:
    """The rows from ``first`` to ``last``, counted from 1, that are hidden."""
    seen = _inside(sheet, "Visible", sheet.uno_sheet, first - 1, last - 1, _WIDE) or ()
    return set(range(first, last + 1)).difference(*(range(area.StartRow + 1, area.EndRow + 2) for area in seen))


def _inside(sheet: "Sheet", function: str, *args: object) -> Any:
    return sheet.book.app.office.inside(function, *args)


def _place(cell: str) -> tuple[int, int]:
    row, column, _, _ = box_of(cell)
    return (column - 1, row - 1)
