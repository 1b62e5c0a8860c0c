"""An open workbook, perhaps never saved, as the reader sees a file: so that everything behind it works unchanged."""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import xlwings as xw

from xlstyr.addin.native import hidden_rows
from xlstyr.addin.sheets import Titled, titled
from xlstyr.layout.content import Identity
from xlstyr.layout.raw import MARK, RawBook, RawCell, RawSheet, RawValue, letters, locate

NAME = "xlstyr_identity"
HIDDEN, LISTS = "_xlstyr", "Listor"
_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 (cells know no time zones)
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!"})
_PREFIXES = ("_xlfn.", "_xlws.")
_LARGE = 100_000  # cells
_WITH_MACROS = (".xlsm", ".xlsb", ".xltm", ".xlam")


def raw_book(book: xw.Book) -> RawBook:
    """What stands in ``book`` right now.

    What a file has beside its cells (links to other files, text boxes, properties) isn't seen in an open workbook.
    """
    sheets = titled(book)
    tables, loose = locate(raw_sheet(sheet) for title, sheet in sheets.items() if title not in (HIDDEN, LISTS))
    macros = book.name.casefold().endswith(_WITH_MACROS)
    return RawBook(tuple(_identities(book, sheets)), tables, loose, macros=macros)


def identity_of(book: xw.Book) -> Identity | None:
    """What ``book`` says that it is; None when it isn't one of ours."""
    if NAME not in book.names:
        return None
    text = str(book.names[NAME].refers_to)
    return Identity.parse(text.removeprefix("=").strip('"'))


def _identities(book: xw.Book, sheets: Titled) -> Iterator[Identity]:
    """What each hidden place says, in the reader's order."""
    cell = sheets[HIDDEN]["B1"].value if HIDDEN in sheets else None
    for found in (Identity.parse(str(cell or "")), identity_of(book)):
        if found is not None:
            yield found


def raw_sheet(sheet: xw.Sheet) -> RawSheet:
    """Every cell that holds something, with its formula and its error told apart. Two calls over the wire, or few.

    Of a large sheet that holds no table of ours only the first part: a cell far down makes it millions of cells.
    """
    used = _reasonable(sheet)
    top, left = used.row, used.column
    rows = used.options(ndim=2, err_to_str=True).value
    cells: dict[tuple[int, int], RawCell] = {}
    for r, (values, texts) in enumerate(zip(rows, formulas_of(used), strict=True), top):
        for c, (value, text) in enumerate(zip(values, texts, strict=True), left):
            if value is not None or text:
                cells[r, c] = _cell(value, text, f"{letters(c)}{r}")
    return RawSheet(sheet.name, cells, _hidden_rows(sheet, cells))


def _reasonable(sheet: xw.Sheet) -> xw.Range:
    """The used range, cut to a part of it when it is large and not ours."""
    used = sheet.used_range
    rows, columns = used.shape
    if rows * columns <= _LARGE:
        return used
    corner = sheet.range((used.row, used.column), (used.row + min(rows, 200) - 1, used.column + min(columns, 10) - 1))
    if any(isinstance(value, str) and value.startswith(MARK) for row in corner.value for value in row):
        return used
    columns = min(columns, 500)
    bottom, right = used.row + min(rows, _LARGE // columns) - 1, used.column + columns - 1
    return sheet.range((used.row, used.column), (bottom, right))


def formulas_of(cells: xw.Range) -> tuple[tuple[Any, ...], ...]:
    """The formulas of ``cells``, always as rows."""
    formulas = cells.formula
    if not isinstance(formulas, tuple | list):
        return ((formulas,),)
    if formulas and not isinstance(formulas[0], tuple | list):
        return (tuple(formulas),) if cells.shape[0] == 1 else tuple((one,) for one in formulas)
    return tuple(tuple(row) for row in formulas)


def _hidden_rows(sheet: xw.Sheet, cells: Mapping[tuple[int, int], RawCell]) -> frozenset[int]:
    """The hidden rows below the first mark of a table: only there they matter."""
    marks = [row for (row, _), cell in cells.items() if isinstance(cell.value, str) and cell.value.startswith(MARK)]
    return hidden_rows(sheet, min(marks) + 1, max(row for row, _ in cells)) if marks else frozenset()


def _cell(value: Any, text: Any, ref: str) -> RawCell:
    formula = text[1:] if isinstance(text, str) and text.startswith("=") and text != value else None
    if formula is not None:
        for prefix in _PREFIXES:
            formula = formula.replace(prefix, "")
    if isinstance(value, str) and value in _ERRORS and (formula is not None or text == value):
        return RawCell(None, formula, value, ref)
    return RawCell(_value(value), formula, None, ref, _shown_date(value))


def _value(value: Any) -> RawValue:
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, dt.datetime):
        days = Decimal((value - _EPOCH) // dt.timedelta(microseconds=1)) / Decimal(86_400_000_000)
        return int(days) if days == days.to_integral_value() else days
    if isinstance(value, Decimal):  # how Excel hands out what is formatted as money
        return int(value) if value == value.to_integral_value() else value
    if value is None or isinstance(value, bool | int):
        return value
    return str(value).replace("\r\n", "\n").replace("\r", "\n") or None


def _shown_date(value: Any) -> str | None:
    """A number that its format shows as a date is in doubt, as it is to the second reader of files."""
    if not isinstance(value, dt.datetime):
        return None
    if value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat(" ").removesuffix(":00")
