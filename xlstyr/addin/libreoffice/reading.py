"""Out of cells: values and formulas of an area, in a few calls whatever its size."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from xlstyr.addin.libreoffice.formulas import as_excel
from xlstyr.addin.libreoffice.office import ExcelText, epoch_of, struct
from xlstyr.addin.libreoffice.values import LOGICAL, constant, error_of, moment

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.book import Book

Rows = list[list[Any]]
_ERROR = 0
_ERROR_TEXT = re.compile(r"=(#(?:N/A|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!))")


def values(book: "Book", area: Any) -> Rows:
    """Rows of text, float, boolean, moment, error, and None for nothing."""
    rows = _numbers_and_texts(area)
    epoch = None
    for kind, row, column in _shown_as(book, area):
        value = rows[row][column]
        if kind == _ERROR:
            rows[row][column] = error_of(area.getCellByPosition(column, row).getError())
        elif isinstance(value, float):
            epoch = epoch or epoch_of(book.document)
            rows[row][column] = bool(value) if kind & LOGICAL else moment(value, epoch)
    return rows


def _numbers_and_texts(area: Any) -> Rows:
    return [[None if value == "" else value for value in row] for row in area.getDataArray()]


def _shown_as(book: "Book", area: Any) -> Iterator[tuple[int, int, int]]:
    """(kind, row, column), counted from 0, of cells that are shown as dates or truth values, and last of errors."""
    corner = area.RangeAddress
    for kind, parts in filter(None, book.app.office.inside("ShownAs", book.document, area)):
        for part in parts:
            for row in range(part.StartRow - corner.StartRow, part.EndRow - corner.StartRow + 1):
                for column in range(part.StartColumn - corner.StartColumn, part.EndColumn - corner.StartColumn + 1):
                    yield kind, row, column


def formulas(book: "Book", area: Any) -> list[list[str]]:
    """Rows of formulas as Excel writes them, and of constants as its formula bar shows them, ``""`` for nothing."""
    plain, texts = _numbers_and_texts(area), area.getFormulaArray()
    if _may_be_true_or_false(plain, texts):
        for kind, row, column in _shown_as(book, area):
            if kind & LOGICAL and isinstance(plain[row][column], float):
                plain[row][column] = bool(plain[row][column])
    excel = ExcelText(book.document)
    return [
        [
            _formula(excel, area, (r, c), text, plain[r][c]) if text[:1] in ("=", "{") else constant(plain[r][c])
            for c, text in enumerate(line)
        ]
        for r, line in enumerate(texts)
    ]


def _may_be_true_or_false(plain: Rows, texts: Iterable[Iterable[str]]) -> bool:
    """Whether there is a constant that only its format can tell from a truth value, or a formula that may be one."""
    return any(
        value in (0.0, 1.0) and (text[:1] not in ("=", "{") or "()" in text)
        for line, shown in zip(plain, texts, strict=True)
        for value, text in zip(line, shown, strict=True)
    )


def _formula(excel: ExcelText, area: Any, place: tuple[int, int], text: str, value: Any) -> str:
    """One formula from LibreOffice's own spelling; a text that only looks like one is that text."""
    row, column = place
    if (value == text or text[0] == "{") and area.getCellByPosition(column, row).Type.value != "FORMULA":
        return str(value)
    text = text[1:-1] if text[0] == "{" else text
    if isinstance(value, bool) and text == f"={constant(value)}()":
        return constant(value)  # so it keeps truth values of Excel's files
    if found := _ERROR_TEXT.fullmatch(text):
        return found[1]
    if (same := as_excel(text)) is not None:
        return same
    corner = area.RangeAddress
    cell = struct(
        "table.CellAddress", Sheet=corner.Sheet, Row=corner.StartRow + row, Column=corner.StartColumn + column
    )
    return "=" + excel.of(text[1:], cell)
