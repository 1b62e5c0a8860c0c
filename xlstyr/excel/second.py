"""A second reader, which shares no code with the first: what both read alike counts, the rest is in doubt.

calamine is written in Rust by others, with a zip and an XML library of its own.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from xlstyr.excel.specimen import HIDDEN_SHEET
from xlstyr.layout.raw import MARK, RawCell, RawSheet, letters
from xlstyr.model.finding import Finding, found
from xlstyr.words import word

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_IDENTITY = (1, 2)
_LONGEST = 200
_STRANGE_ERROR = re.compile(
    rb'(<c\b[^>]*\bt="e"[^>]*>(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)?<v>)'
    rb"(?!#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)<)[^<]*"
)
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffd-\uffff]|_x(?i:[0-9a-f]{4})_")

Other = int | float | str | bool | date | datetime | time | timedelta
"""What calamine gives for a cell; blank cells and errors are ``""``."""


@dataclass
class SecondReader:
    """Reads the workbook ``data`` once more. ``findings``: why it couldn't, which holds the file."""

    data: bytes
    findings: list[Finding] = field(default_factory=list)
    _book: "CalamineWorkbook | None" = None

    def __call__(self, sheet: RawSheet) -> RawSheet:
        """``sheet`` with doubt on its cells that are read otherwise here; as it is when nothing in it is used."""
        is_identity = sheet.title == HIDDEN_SHEET
        if self.findings or not (is_identity or _is_used(sheet)):
            return sheet
        try:
            read = self._read(sheet.title)
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # noqa: BLE001 (what panics in Rust is no Exception)
            place = word("files.sheet", sheet=sheet.title) if self._book is not None else word("files.book")
            self.findings.append(found("XS023", what=f"{place} ({type(error).__name__})"))
            return sheet
        compared = compare(sheet, read)
        doubted = is_identity and (cell := compared.cells.get(_IDENTITY)) is not None and cell.doubt is not None
        if doubted or (sheet.cells and not any(other != "" for row in read for other in row)):
            self.findings.append(found("XS023", what=word("files.sheet", sheet=sheet.title)))
        return compared

    def _read(self, title: str) -> Sequence[Sequence[Other]]:
        """The rows of a sheet from A1. One that holds errors which only other programs write is tried without them."""
        from python_calamine import CalamineError, CalamineWorkbook

        if self._book is None:
            self._book = CalamineWorkbook.from_filelike(io.BytesIO(self.data))
        try:
            return self._book.get_sheet_by_name(title).to_python(skip_empty_area=False)
        except CalamineError:
            plain = _without_strange_errors(self.data)
            book = CalamineWorkbook.from_filelike(io.BytesIO(plain))
            return book.get_sheet_by_name(title).to_python(skip_empty_area=False)


def _without_strange_errors(data: bytes) -> bytes:
    """The package with #N/A for every error that calamine doesn't know. It gives all errors as nothing in any case."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            part = archive.read(name)
            copy.writestr(name, _STRANGE_ERROR.sub(rb"\1#N/A", part) if name.startswith("xl/worksheets/") else part)
    return out.getvalue()


def _is_used(sheet: RawSheet) -> bool:
    return any(type(cell.value) is str and cell.value.startswith(MARK) for cell in sheet.cells.values())


def compare(sheet: RawSheet, read: Sequence[Sequence[Other]]) -> RawSheet:
    """``sheet`` with doubt on each cell where ``read``, rows of cells from A1, says something else."""
    cells, doubts, agreed = sheet.cells, {}, 0
    for number, row in enumerate(read, 1):
        for column, other in enumerate(row, 1):
            if other == "":
                continue
            cell = cells.get((number, column))
            if cell is None:
                if (shown := _shown(other)).strip():
                    doubts[number, column] = RawCell(None, None, None, f"{letters(column)}{number}", shown)
                continue
            agreed += 1
            value = cell.value
            plainly = value == other and type(value) is not bool and type(other) is not bool
            if plainly or _same(cell, other):
                continue
            doubts[number, column] = replace(cell, doubt=_shown(other))
    if agreed < len(cells):
        doubts |= {place: replace(cell, doubt="") for place, cell in cells.items() if _only_ours(place, cell, read)}
    return replace(sheet, cells={**cells, **doubts}) if doubts else sheet


def _only_ours(place: tuple[int, int], cell: RawCell, read: Sequence[Sequence[Other]]) -> bool:
    """Whether something stands in ``cell`` where the other reader has nothing. It gives errors as nothing."""
    if cell.is_blank or cell.error is not None:
        return False
    row, column = place
    return row > len(read) or column > len(read[row - 1]) or read[row - 1][column - 1] == ""


def _same(cell: RawCell, other: Other) -> bool:
    """Whether two readings of different types or spelling say the same."""
    value = cell.value
    if cell.error is not None:
        return True  # an error is held whatever else is read there
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, int | Decimal):
        return isinstance(other, int | float) and float(value) == other
    if isinstance(value, str):
        if isinstance(other, date | time):
            return value.replace("T", " ").startswith(_shown(other))
        return isinstance(other, str) and _even(value) == _even(other)
    return not _even(_shown(other))


def _even(text: str) -> str:
    """``text`` without what programs spell each in their own way: white space, and characters that can't be seen."""
    return " ".join(_UNSEEN.sub("", text).split())


def _shown(other: Other) -> str:
    """``other`` as a short text; dates as 2025-08-22, times as 12:30."""
    if isinstance(other, bool):
        return word("cells.true" if other else "cells.false")
    if isinstance(other, timedelta):
        minutes, seconds = divmod(round(other.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    if isinstance(other, float):
        return f"{Decimal(repr(other)).normalize():f}".replace(".", ",")[:_LONGEST]
    if isinstance(other, datetime):
        return other.isoformat(" ").removesuffix(":00")
    if isinstance(other, time):
        return other.isoformat().removesuffix(":00")
    return str(other)[:_LONGEST]
