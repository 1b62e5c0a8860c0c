"""Looks, notes, links and widths of many cells of a sheet, in one call each: what xlwings asks cell by cell."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xlwings import NoSuchObjectError

from xlstyr.addin.libreoffice.looks import number_of, rgb_of
from xlstyr.addin.libreoffice.places import box_of, is_address, link_there
from xlstyr.addin.libreoffice.support import about

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.book import Sheet

Color = tuple[int, int, int] | None
_WIDE = 40  # columns: of a hidden one nothing is seen
UNITS_OF_A_CHARACTER = 191  # 1/100 mm of column width


@about("Range.note")
def looks(sheet: "Sheet", cells: Sequence[str]) -> list[tuple[Color, str]]:
    """(background, note) of each cell, ``""`` for no note."""
    found = _inside(sheet, "Looks", sheet.uno_sheet, tuple(map(_place, cells)))
    return [(rgb_of(color), str(note)) for color, note in found[: len(cells)]]


@about("Range.color =")
def set_looks(sheet: "Sheet", wanted: Mapping[str, tuple[Any, str | None]]) -> None:
    """Gives cells a background and a note; of (background, note) what is ``...`` or None stays as it is.

    Raises:
        XlstyrError: the sheet is protected, or the book is open for reading only.
    """
    rows = tuple(
        (*_place(cell), None if color is ... else number_of(color), note) for cell, (color, note) in wanted.items()
    )
    _inside(sheet, "SetLooks", sheet.changeable(), rows)


@about("Range.add_hyperlink()")
def set_links(sheet: "Sheet", links: Mapping[str, tuple[str, str]]) -> None:
    """Makes cells links: (address as Excel writes it, text). Raises as ``set_looks``."""
    rows = tuple((*_place(cell), link_there(address), text) for cell, (address, text) in links.items())
    _inside(sheet, "SetLinks", sheet.book.document, sheet.changeable(), rows)


@about("Range.column_width =")
def set_widths(sheet: "Sheet", widths: Mapping[tuple[int, int], float]) -> None:
    """Gives columns, from one to another counted from 1, their width in characters; 0 hides."""
    rows = tuple((first - 1, last - 1, _units(width)) for (first, last), width in widths.items())
    _inside(sheet, "SetWidths", sheet.changeable(), rows)


@about("Range.row_height")
def hidden_rows(sheet: "Sheet", first: int, last: int) -> set[int]:
    """The rows from ``first`` to ``last``, counted from 1, that are hidden."""
    seen = _inside(sheet, "SeenRows", sheet.uno_sheet, first - 1, last - 1, _WIDE - 1)
    return set(range(first, last + 1)).difference(*(range(rows[0] + 1, rows[1] + 2) for rows in seen if rows))


def _inside(sheet: "Sheet", function: str, *args: object) -> Any:
    return sheet.book.app.office.inside(function, *args)


def _units(width: float) -> int:
    return max(1, round(width * UNITS_OF_A_CHARACTER)) if width > 0 else 0


def _place(cell: str) -> tuple[int, int]:
    """(column, row) from 0. Raises ``NoSuchObjectError`` when ``cell`` isn't the address of one cell."""
    row, column, *end = box_of(cell) if is_address(cell) else (0, 0)
    if [row, column] != end:
        raise NoSuchObjectError(cell)
    return (column - 1, row - 1)
