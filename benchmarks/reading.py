"""Reading filled workbooks with formulas and errors, against readers that give values only."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
from python_calamine import CalamineWorkbook

from benchmarks.measure import Measured, interleaved, ms
from benchmarks.sample import inbox
from xlstyr.excel.read import read_workbook

SUBJECT = "read with formulas and errors"


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """``read_workbook`` (gate included) ÷ python-calamine, all sheets; and ÷ openpyxl read_only."""
    files = [path.read_bytes() for path in inbox(folder)][:: 5 if quick else 2]
    works = {
        "xlstyr": lambda: [read_workbook(data) for data in files],
        "calamine": lambda: [calamine(data) for data in files],
        "openpyxl": lambda: [read_only(data) for data in files[::4]],
    }
    taken = interleaved(works, 3 if quick else 7)
    own, bare = taken["xlstyr"] / len(files), taken["calamine"] / len(files)
    plain = taken["openpyxl"] / len(files[::4])
    detail = f"{ms(own)} of {ms(bare)} a file"
    yield Measured(SUBJECT, "calamine, all sheets", own / bare, 1.5, 1.2, detail=detail)
    yield Measured(SUBJECT, "openpyxl read_only", own / plain, detail=f"{ms(plain)} a file")


def calamine(data: bytes) -> Sequence[object]:
    """Every sheet's values."""
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def read_only(data: bytes) -> int:
    """Every sheet's values with openpyxl's reader for large files; how many rows."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    count = sum(1 for sheet in book.worksheets for _ in sheet.iter_rows(values_only=True))
    book.close()
    return count
