"""Sheets that the buttons put in a workbook: found again by a mark, filled as a list, never read as an answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlwings as xw

from xlstyr.addin.looks import set_widths
from xlstyr.addin.native import unprotected
from xlstyr.rounds.own_sheets import MARK
from xlstyr.words import word

_HEADING = (31, 78, 121)
_SHADE = (221, 235, 247)
_LONGEST = 32_000
_LIKE_NUMBER = re.compile(r"\d|^(?:true|false|sant|falskt)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: its header and its width in characters."""

    header: str
    width: float


Titled = Mapping[str, xw.Sheet]
"""The sheets of a book by title, in order: each question to the program costs, so all titles are asked for once."""


def titled(book: xw.Book) -> Titled:
    """The sheets that ``book`` has now."""
    return {sheet.name: sheet for sheet in book.sheets}


def own_sheet(sheets: Titled, key: str) -> xw.Sheet | None:
    """Our sheet ``key`` (a key of ``addin.sheet``); None when there is none."""
    return next(iter(own_sheets(sheets, key)), None)


def own_sheets(sheets: Titled, key: str) -> list[xw.Sheet]:
    """Every sheet of ours of that kind."""
    start = word(f"addin.sheet.{key}")
    return [sheet for title, sheet in sheets.items() if title.startswith(start) and sheet["A1"].value == MARK]


def new_sheet(book: xw.Book, sheets: Titled, key: str) -> xw.Sheet:
    """A sheet of ours, after the ``sheets`` that there are; a title that somebody else has used gets a number."""
    taken = {title.casefold() for title in sheets}
    title = base = word(f"addin.sheet.{key}")
    number = 2
    while title.casefold() in taken:
        title = f"{base} {number}"
        number += 1
    sheet = book.sheets.add(title, after=list(sheets.values())[-1])
    _mark(sheet)
    return sheet


def _mark(sheet: xw.Sheet) -> None:
    put(sheet, 1, 1, [[MARK]])
    sheet["A1"].column_width = 0


def hide_columns(sheet: xw.Sheet, first: int, last: int) -> None:
    """Hides columns of a sheet of ours, counted from 1."""
    set_widths(sheet, {(first, last): 0})


def put(sheet: xw.Sheet, row: int, column: int, rows: Sequence[Sequence[Any]]) -> None:
    """``rows`` from that cell on. Texts are texts: nothing that people wrote becomes a formula, a number or a date."""
    if rows:
        area = sheet.range((row, column), (row + len(rows) - 1, column + len(rows[0]) - 1))
        area.value = [[safe(value) for value in line] for line in rows]


def safe(value: Any) -> Any:
    """A text so that the cell takes it as it is: behind the sign that isn't shown, if it looks like something else."""
    if not isinstance(value, str):
        return value
    text = value[:_LONGEST]
    return f"'{text}" if text and (text[0] in "=+-@'" or _LIKE_NUMBER.search(text[:40])) else text


def lay_out(
    sheet: xw.Sheet, title: str, text: str, columns: Sequence[Column], row: int, rows: Sequence[Sequence[Any]] = ()
) -> None:
    """Heading, text below it, and a list with its headers on ``row``, from column B; all in one go."""
    blank: list[Any] = [None] * (len(columns) - 1)
    between = [[None, *blank]] * (row - 3)
    headers = [column.header for column in columns]
    put(sheet, 1, 2, [[title, *blank], [text, *blank], *between, headers, *rows])
    heading = sheet["B1"].font
    heading.bold = True
    heading.size = 16
    heading.color = _HEADING
    _shade(sheet, len(columns), row)
    set_widths(sheet, {(place, place): column.width for place, column in enumerate(columns, 2)})


def head(sheet: xw.Sheet, columns: Sequence[Column], row: int) -> None:
    """The headers of a list."""
    put(sheet, row, 2, [[column.header for column in columns]])
    _shade(sheet, len(columns), row)


def _shade(sheet: xw.Sheet, columns: int, row: int) -> None:
    line = sheet.range((row, 2), (row, 1 + columns))
    line.font.bold = True
    line.color = _SHADE


def emptied(sheet: xw.Sheet) -> None:
    """Takes everything but the mark off a sheet of ours, which is left unprotected."""
    unprotected(sheet).__enter__()
    sheet.clear()
    _mark(sheet)
