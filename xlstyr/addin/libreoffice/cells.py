"""Ranges of cells: values, formulas, looks, notes and links."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlwings import base_classes as base

from xlstyr.addin.libreoffice import batches, places, reading, writing
from xlstyr.addin.libreoffice.looks import Font, Note, format_code, number_of, rgb_of, set_format
from xlstyr.addin.libreoffice.office import shared
from xlstyr.addin.libreoffice.places import COLUMNS, ROWS, Box
from xlstyr.addin.libreoffice.support import NotSupportedError, engine_class, uno_error
from xlstyr.words import word

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.book import Sheet

_VALUES, _DATES, _TEXTS, _NOTES, _FORMULAS, _LOOKS, _EDITS = 1, 2, 4, 8, 16, 32, 256
_MANY = 100_000  # cells; of larger areas just what is used is asked for
_TOO_MANY = 20_000_000
_STEPS = {"d": (1, 0), "u": (-1, 0), "r": (0, 1), "l": (0, -1)}
_STEPS |= {"down": (1, 0), "up": (-1, 0), "right": (0, 1), "left": (0, -1)}
_UNITS_OF_A_POINT = 35.28


@engine_class
class Range(base.Range):
    """Cells of one sheet, from (row, column) to (row, column), counted from 1."""

    options: dict[str, object] = {}  # noqa: RUF012 (xlwings reads it so)
    max_cells_per_read = max_cells_per_write = None

    def __init__(self, sheet: "Sheet", box: Box) -> None:
        if not (1 <= box[0] <= box[2] <= ROWS and 1 <= box[1] <= box[3] <= COLUMNS):
            raise IndexError(word("engine.outside", sheet=sheet.name))
        self._sheet = sheet
        self.box = box
        self._uno: Any = None

    @classmethod
    def of(cls, sheet: "Sheet", uno_range: Any) -> "Range":
        """The range that a UNO range is, on the sheet where it is."""
        area = uno_range.RangeAddress
        if area.Sheet != sheet.index - 1:
            sheet = sheet.book.sheets(area.Sheet + 1)
        return cls(sheet, (area.StartRow + 1, area.StartColumn + 1, area.EndRow + 1, area.EndColumn + 1))

    def lost(self) -> bool:
        """Whether its book is closed."""
        return self._sheet.lost()

    def changeable(self) -> Any:
        """The UNO range, when its looks may change. Raises as ``Sheet.changeable``."""
        sheet = self._sheet.changeable()
        if self._uno is None:
            self._uno = _area(sheet, self.box)
        return self._uno

    @property
    def sheet(self) -> "Sheet":
        """The sheet that it is on."""
        return self._sheet

    @property
    def api(self) -> Any:
        """The UNO range, asked for once."""
        sheet = self._sheet.uno_sheet
        if self._uno is None:
            self._uno = _area(sheet, self.box)
        return self._uno

    def _area(self, box: Box) -> Any:
        return _area(self._sheet.uno_sheet, box)

    @property
    def _cell(self) -> Any:
        return self.api if len(self) == 1 else _area(self._sheet.uno_sheet, (*self.box[:2], *self.box[:2]))

    @property
    def _first(self) -> str:
        return places.address_of((*self.box[:2], *self.box[:2]))

    @property
    def _document(self) -> Any:
        return self._sheet.book.document

    @property
    def row(self) -> int:
        """The first row."""
        return self.box[0]

    @property
    def column(self) -> int:
        """The first column."""
        return self.box[1]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return (self.box[2] - self.box[0] + 1, self.box[3] - self.box[1] + 1)

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, arg1: int, arg2: int | None = None) -> "Range":
        row, column = (arg1, arg2) if arg2 is not None else (d + 1 for d in divmod(arg1 - 1, self.shape[1]))
        place = (self.box[0] + row - 1, self.box[1] + column - 1)
        return Range(self._sheet, (*place, *place))

    def get_address(self, row_absolute: object = True, col_absolute: object = True, external: object = False) -> str:
        """``$A$1:$B$2``, with the book and the sheet when ``external``."""
        text = places.address_of(self.box, row_absolute=bool(row_absolute), column_absolute=bool(col_absolute))
        return places.with_sheet(text, self._sheet.name, self._sheet.book.name) if external else text

    @property
    def address(self) -> str:
        """``$A$1:$B$2``."""
        return places.address_of(self.box)

    @property
    def raw_value(self) -> list[list[Any]]:
        """Rows of values: text, float, boolean, moment, error, None."""
        if len(self) <= _MANY:
            return reading.values(self._sheet.book, self.api)
        if len(self) > _TOO_MANY:
            raise NotSupportedError(f"Range({self.address}).value")
        top, left, bottom, right = self.box
        used = self._sheet.used_range.box
        last, edge = min(bottom, max(used[2], top)), min(right, max(used[3], left))
        rows = reading.values(self._sheet.book, self._area((top, left, last, edge)))
        rows = [row + [None] * (right - edge) for row in rows]
        return rows + [[None] * self.shape[1] for _ in range(bottom - last)]

    @raw_value.setter
    def raw_value(self, data: Any) -> None:
        fill = not isinstance(data, list | tuple)
        if fill and len(self) > _TOO_MANY:
            raise NotSupportedError(f"Range({self.address}).value =")
        rows = self._as_rows(data)
        bottom, right = self.row + len(rows) - 1, self.column + len(rows[0]) - 1
        area = Range(self._sheet, (self.row, self.column, bottom, right)).api
        try:
            writing.write(self._sheet.book, area, rows, fill=fill)
        except uno_error():
            self.changeable()
            raise

    def _as_rows(self, data: Any) -> Sequence[Sequence[Any]]:
        if not isinstance(data, list | tuple):
            return [[data] * self.shape[1]] * self.shape[0]
        return data if data and isinstance(data[0], list | tuple) else [data]

    @property
    def formula(self) -> Any:
        """Formulas as Excel writes them; what stands in cells without one. A text for one cell, else tuples of rows."""
        if len(self) > _TOO_MANY:
            raise NotSupportedError(f"Range({self.address}).formula")
        rows = reading.formulas(self._sheet.book, self.api)
        return rows[0][0] if len(self) == 1 else tuple(tuple(row) for row in rows)

    @formula.setter
    def formula(self, value: Any) -> None:
        self.raw_value = value

    @property
    def has_array(self) -> bool:
        """Whether it is (part of) an array formula."""
        return bool(self.api.getArrayFormula())

    @property
    def number_format(self) -> str | None:
        """The format code in English; None when cells differ."""
        return format_code(self._document, self.api)

    @number_format.setter
    def number_format(self, value: str) -> None:
        set_format(self._document, self.changeable(), value)

    @property
    def color(self) -> tuple[int, int, int] | None:
        """The background; None without one, or when cells differ."""
        return rgb_of(shared(self.api, "CellBackColor"))

    @color.setter
    def color(self, value: Any) -> None:
        self.changeable().CellBackColor = number_of(value)

    @property
    def font(self) -> Font:
        """How its text looks."""
        return Font(self)

    @property
    def wrap_text(self) -> bool | None:
        """Whether long text is broken into lines; None when cells differ."""
        wrapped = shared(self.api, "IsTextWrapped")
        return None if wrapped is None else bool(wrapped)

    @wrap_text.setter
    def wrap_text(self, value: object) -> None:
        self.changeable().IsTextWrapped = bool(value)

    @property
    def column_width(self) -> float:
        """In characters, of the first column; 0 when it is hidden."""
        column = self.api.Columns.getByIndex(0)
        return float(column.Width) / batches.UNITS_OF_A_CHARACTER if column.IsVisible else 0.0

    @column_width.setter
    def column_width(self, value: float) -> None:
        batches.set_widths(self._sheet, {(self.box[1], self.box[3]): value})

    @property
    def row_height(self) -> float | None:
        """In points: 0 of hidden rows, None when rows differ."""
        if self.shape[0] > _MANY:
            raise NotSupportedError(f"Range({self.address}).row_height")
        rows = self.api.Rows
        heights = {row.Height if row.IsVisible else 0 for row in (rows.getByIndex(n) for n in range(rows.Count))}
        return float(heights.pop()) / _UNITS_OF_A_POINT if len(heights) == 1 else None

    @row_height.setter
    def row_height(self, value: float) -> None:
        rows = self.changeable().Rows
        rows.IsVisible = value > 0
        if value > 0:
            rows.Height = round(value * _UNITS_OF_A_POINT)

    def autofit(self, axis: str | None = None) -> None:
        """Widths and heights that fit; of columns (c) or rows (r) only when ``axis`` says so."""
        area = self.changeable()
        if axis in (None, "c", "columns"):
            area.Columns.OptimalWidth = True
        if axis in (None, "r", "rows"):
            area.Rows.OptimalHeight = True

    def clear_contents(self) -> None:
        """Empties the cells. Raises ``XlstyrError`` when one of them is locked."""
        if self._sheet.uno_sheet.isProtected():
            self.raw_value = ""
        else:
            self.api.clearContents(_VALUES | _DATES | _TEXTS | _FORMULAS)

    def clear_formats(self) -> None:
        """Takes looks away."""
        self.changeable().clearContents(_LOOKS | _EDITS)

    def clear(self) -> None:
        """Empties the cells, and takes looks and notes away."""
        self.changeable().clearContents(_VALUES | _DATES | _TEXTS | _NOTES | _FORMULAS | _LOOKS | _EDITS)

    def select(self) -> None:
        """Selects it in its window."""
        controller = self._document.CurrentController
        if controller is not None:
            self._sheet.activate()
            controller.select(self.api)

    @property
    def note(self) -> Note | None:
        """The note of a cell; None without one."""
        return Note(self) if self._cell.Annotation.String else None

    def add_note(self, text: str) -> Note:
        """Puts a note on a cell."""
        batches.set_looks(self._sheet, {self._first: (..., text)})
        return Note(self)

    @property
    def hyperlink(self) -> str:
        """Where a cell's link leads; ``""`` without one."""
        fields = self._cell.TextFields
        return places.link_here(str(fields.getByIndex(0).URL)) if fields.Count else ""

    def add_hyperlink(self, address: str, text_to_display: str | None = None, screen_tip: str | None = None) -> None:
        """Makes a cell a link, to ``#Blad!A1`` in the same book, to a file, or to an address elsewhere."""
        batches.set_links(self._sheet, {self._first: (address, text_to_display or address)})

    expand = base.Range.expand

    def end(self, direction: str) -> "Range":
        """Where Ctrl and an arrow leads from the first cell."""
        step = _STEPS.get(direction)
        if step is None:
            raise NotSupportedError(f"Range.end({direction})")
        vertical, used = bool(step[0]), self._sheet.used_range.box
        row, column = self.row, self.column
        last = max(used[2], row) if vertical else max(used[3], column)
        box = (1, column, last, column) if vertical else (row, 1, row, last)
        line = [text for texts in self._area(box).getFormulaArray() for text in texts]
        whole = self._sheet.cells.box
        place = _jump(line, row if vertical else column, sum(step), whole[2] if vertical else whole[3])
        found = (place, column) if vertical else (row, place)
        return Range(self._sheet, (*found, *found))


def _area(sheet: Any, box: Box) -> Any:
    top, left, bottom, right = box
    if (top, left) == (bottom, right):
        return sheet.getCellByPosition(left - 1, top - 1)
    return sheet.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)


def _jump(line: list[str], start: int, step: int, limit: int) -> int:
    def full(place: int) -> bool:
        return 1 <= place <= len(line) and line[place - 1] != ""

    place = start
    if full(place) and full(place + step):
        while full(place + step):
            place += step
        return place
    place += step
    while 1 <= place <= len(line) and not full(place):
        place += step
    return 1 if place < 1 else limit if place > len(line) else place
