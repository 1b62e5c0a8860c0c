"""Into cells: what a caller writes, as Excel would take it."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlstyr.addin.libreoffice.office import Kinds, epoch_of, shared, struct
from xlstyr.addin.libreoffice.values import DATE, LOGICAL, TEXT, TIME, ErrorValue, serial, typed
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.book import Book

_SYNTAX = frozenset({501, *range(505, 516)})  # LibreOffice's errors for formulas that can't be read


def write(book: "Book", area: Any, rows: Sequence[Sequence[Any]], *, fill: bool) -> None:
    """``rows`` in ``area``, which is as large.

    A text is read as Excel reads it: a formula, a number, a date, unless the cell is formatted as text. ``fill``: all
    cells get the same, and the references of a formula move along as when it is copied.

    Raises:
        XlstyrError: a formula that can't be read. The cells are written even so.
    """
    formats = _Formats(book.document, area)
    formats.forget_truth_values()
    plain: list[tuple[str | float, ...]] = []
    later: list[tuple[int, int, Any]] = []
    epoch = epoch_of(book.document)
    for r, row in enumerate(rows):
        line: list[str | float] = []
        for c, given in enumerate(row):
            value = _meant(given, formats, r, c)
            line.append(_bare(value, epoch))
            if isinstance(value, bool | dt.datetime | ErrorValue | _Formula):
                later.append((r, c, value))
        plain.append(tuple(line))
    area.setDataArray(tuple(plain))
    _finish(book, area, later, formats, fill=fill)


class _Formula(str):
    __slots__ = ()


def _meant(value: Any, formats: "_Formats", row: int, column: int) -> Any:
    if not isinstance(value, str) or value == "":
        return value
    if value.startswith("'"):
        return value[1:]
    meant = _Formula(value[1:]) if value.startswith("=") and len(value) > 1 else typed(value)
    return value if meant is value or formats.is_text(row, column) else meant


def _bare(value: Any, epoch: dt.datetime) -> str | float:
    """What the array of a whole area can hold of a value."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, dt.datetime):
        return serial(value, epoch)
    if value is None or isinstance(value, ErrorValue | _Formula):
        return ""
    return value  # type: ignore[no-any-return]


def _finish(book: "Book", area: Any, later: list[tuple[int, int, Any]], formats: "_Formats", *, fill: bool) -> None:
    """What a bare number or text can't say: formulas, errors, and how a number shall be shown."""
    formulas = tuple((column, row, str(value)) for row, column, value in later if isinstance(value, _Formula))
    errors = book.app.office.inside("SetFormulas", book.document, area, formulas, fill) if formulas else ()
    for row, column, value in later:
        if isinstance(value, bool | dt.datetime):
            formats.show(area.getCellByPosition(column, row), value)
        elif isinstance(value, ErrorValue):
            area.getCellByPosition(column, row).setFormula(f"={value}")
    for (_, _, text), error in zip(formulas, errors, strict=False):
        if error in _SYNTAX:
            raise XlstyrError(word("engine.bad_formula", formula=f"={text}"))


class _Formats:
    """How the cells of an area are shown, asked for as seldom as can be."""

    def __init__(self, document: Any, area: Any) -> None:
        self.kinds = Kinds(document)
        self.area = area
        self.common: int | None = shared(area, "NumberFormat")

    def is_text(self, row: int, column: int) -> bool:
        """Whether a cell is formatted as text."""
        key = self.common if self.common is not None else self.area.getCellByPosition(column, row).NumberFormat
        return bool(self.kinds.of(key) & TEXT)

    def forget_truth_values(self) -> None:
        """A cell that was true or false is none by its format: a number that follows would be one too."""
        if self.common is not None:
            if self.kinds.of(self.common) & LOGICAL:
                self.area.NumberFormat = self.common = self.kinds.general
            return
        groups = self.area.getUniqueCellFormatRanges()
        for group in (groups.getByIndex(place) for place in range(groups.Count)):
            if self.kinds.of(group.NumberFormat) & LOGICAL:
                group.NumberFormat = self.kinds.general

    def show(self, cell: Any, value: bool | dt.datetime) -> None:
        """Gives a cell the format of a truth value; of a date when it has none of its own."""
        kind = LOGICAL if isinstance(value, bool) else DATE if value.time() == dt.time() else DATE | TIME
        if kind == LOGICAL or cell.NumberFormat == self.kinds.general:
            cell.NumberFormat = self.kinds.formats.getStandardFormat(kind, struct("lang.Locale"))
