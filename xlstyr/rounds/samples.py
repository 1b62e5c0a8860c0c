"""Sample rounds: CSV files, one per table of the control workbook, and the answers people gave."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xlstyr.layout import kinds
from xlstyr.layout.content import Content, Identity, RowContent, Value
from xlstyr.layout.definition import Column, Workbook
from xlstyr.model.errors import DefinitionError

_YEAR = re.compile(r"\{t([+-]\d)?\}")


def sample_year(folder: Path) -> int:
    """The budget year that the sample in ``folder`` was made for."""
    return next(int(line["value"]) for line in _lines(folder / "round.csv") if line["field"] == "year")


def sample_content(folder: Path, workbook: Workbook, year: int) -> Content:
    """The control workbook that the CSV files in ``folder`` describe, for budget ``year``.

    ``{t}`` and ``{t-1}`` stand for years there, as in the workbooks' definitions: ``{t-1}-08-29`` is a date.

    Raises:
        DefinitionError: a file holds a column or a value that the control workbook can't take.
    """
    form = {}
    for line in _lines(folder / "round.csv"):
        column = workbook.forms["round"].columns.get(line["field"])
        if column is None:
            raise DefinitionError(f"round.csv: {line['field']}")
        form[column.key] = _value(line["value"], column, year, "round.csv")
    form["year"] = year
    tables = {
        table.key: tuple(
            RowContent(f"r{number}", _row(line, table.columns, year, f"{table.key}.csv"))
            for number, line in enumerate(_lines(folder / f"{table.key}.csv"), 1)
        )
        for table in workbook.tables.values()
    }
    identity = Identity("control", str(form["round"]), "", "premises", 1, 0, workbook.digest)
    return Content(identity, {}, {"round": form}, tables)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file, delimiter=";")


def _row(line: dict[str, str], columns: dict[str, Column], year: int, file: str) -> dict[str, Value]:
    values = {}
    for key, text in line.items():
        if key not in columns:
            raise DefinitionError(f"{file}: {key}")
        values[key] = _value(text or "", columns[key], year, file)
    return values


def _value(text: str, column: Column, year: int, file: str) -> Value:
    text = _YEAR.sub(lambda found: str(year + int(found[1] or 0)), text.strip())
    if not text:
        return None
    if column.kind in ("choice", "reference"):
        if column.choices and text not in column.choices:
            raise DefinitionError(f"{file}: {column.key}: {text}")
        return text
    reading = kinds.parse_typed(text, column, None)
    if reading.value is None:
        raise DefinitionError(f"{file}: {column.key}: {text}")
    return reading.value


@dataclass(frozen=True, slots=True)
class Typed:
    """One cell that somebody typed: where, by machine keys, and exactly what."""

    table: str
    row: str
    column: str
    text: str


def answers(folder: Path) -> dict[str, list[Typed]]:
    """What people typed, by node."""
    found = {}
    for path in sorted((folder / "answers").glob("*.csv")):
        lines = _lines(path)
        found[path.stem] = [Typed(line["table"], line["row"], line["column"], line["typed"]) for line in lines]
    return found
