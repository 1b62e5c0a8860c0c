"""Finding a table's cells by the machine keys that stand in its hidden row and column."""

import re
from dataclasses import dataclass

from tests.office.a1 import letters, number, split
from tests.office.values import Value

_MARKER = re.compile(r"[a-z_]+:.+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table found by its machine keys.

    Attributes:
        key: The table's key.
        sheet: Title of the sheet.
        key_row: Number of the hidden row with the keys.
        columns: Column letters by column key.
        rows: Row numbers by row id; of rows with the same id the first.
    """

    key: str
    sheet: str
    key_row: int
    columns: dict[str, str]
    rows: dict[str, int]


def read_table(key: str, title: str, marker: str, values: dict[int, dict[str, Value]]) -> Table:
    """Reads the keys of a table; it ends at the next marker in the marker's column.

    Args:
        key: The table's key.
        title: Title of the sheet.
        marker: Reference of the cell that holds the marker ``table:<key>``.
        values: The sheet's values by row and column.
    """
    key_row, column = split(marker)
    columns: dict[str, str] = {}
    for letter, value in values[key_row].items():
        if number(letter) != column and isinstance(value, str):
            columns.setdefault(value, letter)
    rows: dict[str, int] = {}
    for place, row in values.items():
        if place <= key_row:
            continue
        mark = row.get(letters(column))
        if isinstance(mark, str) and _MARKER.fullmatch(mark):
            break
        if "id" in columns and (row_id := row.get(columns["id"])) not in (None, ""):
            rows.setdefault(str(row_id), place)
    return Table(key, title, key_row, columns, rows)
