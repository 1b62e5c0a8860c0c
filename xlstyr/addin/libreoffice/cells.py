"""Ranges of cells: values, formulas, looks, notes and links."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xlwings import base_classes as base

from xlstyr.addin.libreoffice.formulas import as_excel
from xlstyr.addin.libreoffice.office import struct
from xlstyr.addin.libreoffice.support import NotSupportedError, engine_class
from xlstyr.addin.libreoffice.values import DATE, LOGICAL, TIME, ErrorValue, moment, serial
from xlstyr.layout.raw import letters

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.book import Sheet

Box = tuple[int, int, int, int]
_VALUES, _DATES, _TEXTS, _NOTES, _FORMULAS, _LOOKS, _EDITS = 1, 2, 4, 8, 16, 32, 256
_ERROR_RESULT = 4  # com.sun.star.sheet.FormulaResult.ERROR
_EXCEL_SYNTAX = 3  # com.sun.star.sheet.AddressConvention.XL_OOX
_MOST = 100_000  # cells; larger areas are read to the end of what is used
_STEPS = {"down": (1, 0), "up": (-1, 0), "right": (0, 1), "left": (0, -1)}
_UNITS_OF_A_CHARACTER = 191  # 1/100 mm of column width
_UNITS_OF_A_POINT = 35.28


@engine_class
class Range(base.Range):
    """Cells of one sheet, from (row, column) to (row, column), counted from 1."""

    options: dict[str, object] = {}  # noqa: RUF012 (xlwings reads it so)
    max_cells_per_read = max_cells_per_write = None
    has_array = False

    def __init__(self, sheet: "Sheet", box: Box) -> None:
        self._sheet = sheet
        self.box = box

    @classmethod
    def of(cls, sheet: "Sheet", uno_range: Any) -> "Range":
        """The range that a UNO range is, on the sheet where it is."""
        area = uno_range.RangeAddress
        if area.Sheet != sheet.index - 1:
            sheet = sheet.book.sheets(area.Sheet + 1)
        return cls(sheet, (area.StartRow + 1, area.StartColumn + 1, area.EndRow + 1, area.EndColumn + 1))

    @property
    def sheet(self) -> "Sheet":
        """The sheet that it is on."""
        return self._sheet

    @property
    def api(self) -> Any:
        """The UNO range."""
        top, left, bottom, right = self.box
        return self._sheet.uno_sheet.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)

    @property
    def _cell(self) -> Any:
        return self._sheet.uno_sheet.getCellByPosition(self.box[1] - 1, self.box[0] - 1)

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

    @property
    def coords(self) -> tuple[str, int, int, int, int]:
        """The sheet's title and the box."""
        return (self._sheet.name, *self.box)

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, arg1: int, arg2: int | None = None) -> "Range":
        row, column = (arg1, arg2) if arg2 is not None else (d + 1 for d in divmod(arg1 - 1, self.shape[1]))
        place = (self.box[0] + row - 1, self.box[1] + column - 1)
        return Range(self._sheet, (*place, *place))

    def get_address(self, row_absolute: object = True, col_absolute: object = True, external: object = False) -> str:
        """``$A$1:$B$2``, with the book and the sheet when ``external``."""
        top, left, bottom, right = self.box

        def one(row: int, column: int) -> str:
            return f"{'$' if col_absolute else ''}{letters(column)}{'$' if row_absolute else ''}{row}"

        text = one(top, left) + ("" if len(self) == 1 else ":" + one(bottom, right))
        return f"'[{self._sheet.book.name}]{self._sheet.name}'!{text}" if external else text

    @property
    def address(self) -> str:
        """``$A$1:$B$2``."""
        return self.get_address()

    @property
    def raw_value(self) -> list[list[Any]]:
        """Rows of values: text, float, boolean, moment, error, None."""
        top, left, bottom, right = self.box
        if len(self) > _MOST:
            used = self._sheet.used_range.box
            bottom, right = min(bottom, max(used[2], top)), min(right, max(used[3], left))
        area = Range(self._sheet, (top, left, bottom, right)).api
        rows: list[list[Any]] = [[None if v == "" else v for v in row] for row in area.getDataArray()]
        self._convert(area, rows, (top, left))
        for bad in area.queryFormulaCells(_ERROR_RESULT).RangeAddresses:
            for row in range(bad.StartRow, bad.EndRow + 1):
                for column in range(bad.StartColumn, bad.EndColumn + 1):
                    shown = self._sheet.uno_sheet.getCellByPosition(column, row).String
                    rows[row + 1 - top][column + 1 - left] = ErrorValue(shown)
        padding = [None] * (self.box[3] - right)
        return [row + padding for row in rows] if padding else rows

    @raw_value.setter
    def raw_value(self, data: Any) -> None:
        rows = self._as_rows(data)
        place = (self.row, self.column, self.row + len(rows) - 1, self.column + len(rows[0]) - 1)
        area = Range(self._sheet, place).api
        plain, later = [], []
        for r, row in enumerate(rows):
            line: list[str | float] = []
            for c, value in enumerate(row):
                line.append(_plain(value))
                if isinstance(value, bool | dt.datetime) or (isinstance(value, str) and value.startswith("=")):
                    later.append((r, c, value))
            plain.append(tuple(line))
        area.setDataArray(tuple(plain))
        for r, c, value in later:
            self._finish(area.getCellByPosition(c, r), value)

    def _convert(self, area: Any, rows: list[list[Any]], corner: tuple[int, int]) -> None:
        """Numbers that are shown as dates or truth values become such."""
        formats = self._sheet.book.document.NumberFormats
        groups = area.getUniqueCellFormatRanges()
        for group in (groups.getByIndex(place) for place in range(groups.Count)):
            kind = formats.getByKey(group.NumberFormat).Type
            if not kind & (LOGICAL | DATE):
                continue
            for part in (group.getByIndex(place).RangeAddress for place in range(group.Count)):
                for row in range(part.StartRow + 1 - corner[0], part.EndRow + 2 - corner[0]):
                    for column in range(part.StartColumn + 1 - corner[1], part.EndColumn + 2 - corner[1]):
                        value = rows[row][column]
                        if isinstance(value, float):
                            rows[row][column] = bool(value) if kind & LOGICAL else moment(value)

    def _as_rows(self, data: Any) -> Sequence[Sequence[Any]]:
        if not isinstance(data, list | tuple):
            return [[data] * self.shape[1]] * self.shape[0]
        return data if data and isinstance(data[0], list | tuple) else [data]

    def _finish(self, cell: Any, value: Any) -> None:
        """What a bare number or text can't say: a formula, or how a number shall be shown."""
        if isinstance(value, str):
            cell.setTokens(self._parser().parseFormula(value[1:], cell.CellAddress))
            return
        formats = self._sheet.book.document.NumberFormats
        kind = LOGICAL if isinstance(value, bool) else DATE if value.time() == dt.time() else DATE | TIME
        if not formats.getByKey(cell.NumberFormat).Type & kind:
            cell.NumberFormat = formats.getStandardFormat(kind, struct("lang.Locale"))

    def _parser(self) -> Any:
        parser = self._sheet.book.document.createInstance("com.sun.star.sheet.FormulaParser")
        parser.CompileEnglish, parser.FormulaConvention = True, _EXCEL_SYNTAX
        return parser

    @property
    def formula(self) -> Any:
        """Formulas as Excel writes them; what stands in cells without one. A text for one cell, else tuples of rows."""
        rows = [list(row) for row in self.api.getFormulaArray()]
        parser = self._parser()
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                if isinstance(text, str) and text.startswith("="):
                    if (same := as_excel(text)) is not None:
                        row[c] = same
                        continue
                    cell = self.api.getCellByPosition(c, r)
                    if cell.Type.value == "FORMULA":
                        row[c] = "=" + parser.printFormula(cell.getTokens(), cell.CellAddress)
        return rows[0][0] if len(self) == 1 else tuple(tuple(row) for row in rows)

    @formula.setter
    def formula(self, value: Any) -> None:
        self.raw_value = value

    @property
    def number_format(self) -> str | None:
        """The format code; None when cells differ."""
        key = self.api.NumberFormat
        return None if key is None else str(self._sheet.book.document.NumberFormats.getByKey(key).FormatString)

    @number_format.setter
    def number_format(self, value: str) -> None:
        formats = self._sheet.book.document.NumberFormats
        locale = struct("lang.Locale", Language="en", Country="US")
        known = formats.queryKey(value, locale, False)
        self.api.NumberFormat = known if known != -1 else formats.addNew(value, locale)

    @property
    def color(self) -> tuple[int, int, int] | None:
        """The background; None without one."""
        return _rgb(self.api.CellBackColor)

    @color.setter
    def color(self, value: Any) -> None:
        self.api.CellBackColor = _number(value)

    @property
    def font(self) -> "Font":
        """How its text looks."""
        return Font(self)

    @property
    def wrap_text(self) -> bool:
        """Whether long text is broken into lines."""
        return bool(self.api.IsTextWrapped)

    @wrap_text.setter
    def wrap_text(self, value: object) -> None:
        self.api.IsTextWrapped = bool(value)

    @property
    def column_width(self) -> float:
        """In characters, of the first column; 0 when it is hidden."""
        if not self.api.Columns.getByIndex(0).IsVisible:
            return 0.0
        return float(self.api.Columns.getByIndex(0).Width) / _UNITS_OF_A_CHARACTER

    @column_width.setter
    def column_width(self, value: float) -> None:
        self.api.Columns.IsVisible = value > 0
        if value > 0:
            self.api.Columns.Width = round(value * _UNITS_OF_A_CHARACTER)

    @property
    def row_height(self) -> float | None:
        """In points: 0 of hidden rows, None when rows differ."""
        rows = self.api.Rows
        heights = {row.Height if row.IsVisible else 0 for row in (rows.getByIndex(n) for n in range(rows.Count))}
        return float(heights.pop()) / _UNITS_OF_A_POINT if len(heights) == 1 else None

    @row_height.setter
    def row_height(self, value: float) -> None:
        self.api.Rows.Height = round(value * _UNITS_OF_A_POINT)

    def autofit(self, axis: str | None = None) -> None:
        """Widths and heights that fit; of columns (c) or rows (r) only when ``axis`` says so."""
        if axis in (None, "c", "columns"):
            self.api.Columns.OptimalWidth = True
        if axis in (None, "r", "rows"):
            self.api.Rows.OptimalHeight = True

    def clear_contents(self) -> None:
        """Empties the cells."""
        self.api.clearContents(_VALUES | _DATES | _TEXTS | _FORMULAS)

    def clear_formats(self) -> None:
        """Takes looks away."""
        self.api.clearContents(_LOOKS | _EDITS)

    def clear(self) -> None:
        """Empties the cells, and takes looks and notes away."""
        self.api.clearContents(_VALUES | _DATES | _TEXTS | _NOTES | _FORMULAS | _LOOKS | _EDITS)

    def select(self) -> None:
        """Selects it in its window."""
        controller = self._sheet.book.document.CurrentController
        if controller is not None:
            self._sheet.activate()
            controller.select(self.api)

    @property
    def note(self) -> "Note | None":
        """The note of a cell; None without one."""
        return Note(self) if self._cell.Annotation.String else None

    def add_note(self, text: str) -> "Note":
        """Puts a note on a cell."""
        self._sheet.uno_sheet.Annotations.insertNew(self._cell.CellAddress, text)
        return Note(self)

    @property
    def hyperlink(self) -> str:
        """Where a cell's link leads; ``""`` without one."""
        fields = self._cell.TextFields
        url = str(fields.getByIndex(0).URL) if fields.Count else ""
        return url.replace(".", "!", 1) if url.startswith("#") else url

    def add_hyperlink(self, address: str, text_to_display: str | None = None, screen_tip: str | None = None) -> None:
        """Makes a cell a link, to ``#Blad!A1`` in the same book or to an address elsewhere."""
        document, cell = self._sheet.book.document, self._cell
        field = document.createInstance("com.sun.star.text.TextField.URL")
        field.URL = address.replace("!", ".", 1) if address.startswith("#") else address
        field.Representation = text_to_display or address
        cell.setString("")
        cell.insertTextContent(cell.createTextCursor(), field, False)

    @property
    def rows(self) -> "list[Range]":
        """One range a row."""
        top, left, bottom, right = self.box
        return [Range(self._sheet, (row, left, row, right)) for row in range(top, bottom + 1)]

    @property
    def columns(self) -> "list[Range]":
        """One range a column."""
        top, left, bottom, right = self.box
        return [Range(self._sheet, (top, column, bottom, column)) for column in range(left, right + 1)]

    def __iter__(self) -> "Iterator[Range]":
        return (self(place) for place in range(1, len(self) + 1))

    expand = base.Range.expand

    def end(self, direction: str) -> "Range":
        """Where Ctrl and an arrow leads from the first cell."""
        step = next((move for name, move in _STEPS.items() if name[0] == direction[0]), None)
        if step is None:
            raise NotSupportedError(f"Range.end({direction})")
        vertical, used = bool(step[0]), self._sheet.used_range.box
        row, column = self.row, self.column
        last = max(used[2], row) if vertical else max(used[3], column)
        box = (1, column, last, column) if vertical else (row, 1, row, last)
        line = [text for texts in Range(self._sheet, box).api.getFormulaArray() for text in texts]
        whole = self._sheet.cells.box
        place = _jump(line, row if vertical else column, sum(step), whole[2] if vertical else whole[3])
        found = (place, column) if vertical else (row, place)
        return Range(self._sheet, (*found, *found))


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


def _plain(value: Any) -> str | float:
    """What the array of a whole area can hold of a value."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, dt.datetime):
        return serial(value)
    if value is None or (isinstance(value, str) and value.startswith("=")):
        return ""
    return value  # type: ignore[no-any-return]


def _rgb(number: int | None) -> tuple[int, int, int] | None:
    return None if number in (None, -1) else ((number >> 16) & 255, (number >> 8) & 255, number & 255)


def _number(value: Any) -> int:
    if isinstance(value, str):
        value = tuple(int(value.lstrip("#")[place : place + 2], 16) for place in (0, 2, 4))
    return -1 if value is None else (value[0] << 16) | (value[1] << 8) | value[2]


@engine_class
class Font(base.Font):
    """How the text of a range looks."""

    def __init__(self, cells: Range) -> None:
        self.cells = cells

    @property
    def bold(self) -> bool:
        """Whether it is bold."""
        return bool(self.cells.api.CharWeight > 100)

    @bold.setter
    def bold(self, value: object) -> None:
        self.cells.api.CharWeight = 150.0 if value else 100.0

    @property
    def italic(self) -> bool:
        """Whether it leans."""
        return bool(self.cells.api.CharPosture.value == "ITALIC")

    @italic.setter
    def italic(self, value: object) -> None:
        from xlstyr.addin.libreoffice.office import load_uno

        self.cells.api.CharPosture = load_uno().Enum("com.sun.star.awt.FontSlant", "ITALIC" if value else "NONE")

    @property
    def size(self) -> float:
        """In points."""
        return float(self.cells.api.CharHeight)

    @size.setter
    def size(self, value: float) -> None:
        self.cells.api.CharHeight = float(value)

    @property
    def color(self) -> tuple[int, int, int] | None:
        """The colour; None for the usual one."""
        return _rgb(self.cells.api.CharColor)

    @color.setter
    def color(self, value: Any) -> None:
        self.cells.api.CharColor = _number(value)


@engine_class
class Note(base.Note):
    """The note of a cell."""

    def __init__(self, cells: Range) -> None:
        self.cells = cells

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.cells.api.getCellByPosition(0, 0).Annotation.String)

    @text.setter
    def text(self, value: str) -> None:
        self.delete()
        self.cells.add_note(value)

    def delete(self) -> None:
        """Removes it."""
        notes = self.cells.sheet.uno_sheet.Annotations
        for place in range(notes.Count):
            at = notes.getByIndex(place).Position
            if (at.Row + 1, at.Column + 1) == (self.cells.row, self.cells.column):
                notes.removeByIndex(place)
                return
