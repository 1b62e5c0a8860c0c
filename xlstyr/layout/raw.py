"""What stands in a workbook before anybody has interpreted it, and how its tables are found.

Tables are found by marks, never by address or by Swedish heading: in a key row the first column says
``table:<key>`` and the others the columns' keys; the column ``id`` holds the rows' ids. A table ends at the
next key row or at the mark ``table:#end``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from xlstyr.layout.content import Identity

MARK = "table:"
END = "table:#end"
ID = "id"

RawValue = int | Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class RawCell:
    """One cell as it stands. ``formula`` is None for a typed value, ``error`` holds ``#REF!`` and its kin.

    ``doubt`` is what another reader, or another place in the file, says of the same cell; None when all agree.
    """

    value: RawValue
    formula: str | None
    error: str | None
    ref: str
    doubt: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing is there (white space is nothing)."""
        blank = self.value is None or (isinstance(self.value, str) and not self.value.strip())
        return blank and self.error is None and self.doubt is None


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A sheet as a sparse grid: (row, column), both from 1, → cell. ``hidden`` rows by number."""

    title: str
    cells: Mapping[tuple[int, int], RawCell]
    hidden: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a table: its id (``""`` when it has none) and its cells by column key.

    ``doubt``: the cell of the id, when it isn't read in one way only.
    """

    id: str
    number: int
    cells: Mapping[str, RawCell]
    hidden: bool = False
    doubt: RawCell | None = None


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table (or form) as found. ``columns``: key → column number, in the order they stand.

    ``doubt``: a cell of its key row that isn't read in one way only.
    """

    key: str
    sheet: str
    columns: Mapping[str, int]
    rows: tuple[RawRow, ...]
    doubt: RawCell | None = None

    def ref(self, row: RawRow, column: str) -> str:
        """The address of a cell, blank or not; ``""`` when the column isn't there."""
        return f"{letters(self.columns[column])}{row.number}" if column in self.columns else ""


@dataclass(frozen=True, slots=True)
class RawBook:
    """A workbook as read. ``identities``: what each hidden place says; ``tables`` may hold a key twice.

    ``loose``: cells that stand in no table, per sheet title. ``links``: targets outside the file.
    """

    identities: tuple[Identity, ...]
    tables: tuple[RawTable, ...]
    loose: Mapping[str, tuple[RawCell, ...]] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    macros: bool = False
    date1904: bool = False

    @property
    def identity(self) -> Identity | None:
        """What the workbook says it is; None when it says nothing."""
        return self.identities[0] if self.identities else None


@cache
def letters(column: int) -> str:
    """The letters of a column number, from 1: 28 → ``AB``."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def locate(sheets: Iterable[RawSheet]) -> tuple[tuple[RawTable, ...], dict[str, tuple[RawCell, ...]]]:
    """The tables on ``sheets`` and, per sheet title, the cells outside them."""
    tables: list[RawTable] = []
    loose: dict[str, tuple[RawCell, ...]] = {}
    for sheet in sheets:
        found, rest = _locate_on(sheet)
        tables.extend(found)
        if rest:
            loose[sheet.title] = rest
    return tuple(tables), loose


_Mark = tuple[str, dict[int, str], RawCell | None]
"""(table key, column number → column key, a cell of the key row in doubt)."""


def _locate_on(sheet: RawSheet) -> tuple[list[RawTable], tuple[RawCell, ...]]:
    by_row: dict[int, dict[int, RawCell]] = {}
    for (row, column), cell in sheet.cells.items():
        by_row.setdefault(row, {})[column] = cell
    tables: list[RawTable] = []
    loose: list[RawCell] = []
    mark: _Mark | None = None
    rows: list[RawRow] = []
    for number in sorted(by_row):
        cells = by_row.pop(number)
        key = _mark(cells, mark[1] if mark is not None else {})
        if key is not None:
            _close(tables, sheet.title, mark, rows)
            keys = {column: str(cell.value) for column, cell in cells.items() if not str(cell.value).startswith(MARK)}
            doubt = next((cell for cell in cells.values() if cell.doubt is not None), None)
            mark, rows = (key.removeprefix(MARK), keys, doubt) if key != END else None, []
        elif mark is None:
            loose.extend(cell for cell in cells.values() if not cell.is_blank)
        else:
            found = _row(number, cells, mark[1], number in sheet.hidden)
            rows.append(found)
            loose.extend(cell for column, cell in cells.items() if column not in mark[1] and not cell.is_blank)
            if found.id.startswith("#"):  # headings and totals are read from nobody
                loose.extend(c for c in found.cells.values() if not c.is_blank and str(c.value).strip() != found.id[1:])
    _close(tables, sheet.title, mark, rows)
    return tables, tuple(loose)


def _mark(cells: Mapping[int, RawCell], keys: Mapping[int, str]) -> str | None:
    """What a key row marks: its mark comes first and it has a column of ids. Such a text in a table's row is text."""
    text = str(cells[min(cells)].value)
    if not text.startswith(MARK):
        return None
    id_column = next((column for column, key in keys.items() if key == ID), None)
    if text == END:
        return text if id_column not in cells else None
    return text if any(cell.value == ID for cell in cells.values()) else None


def _close(tables: list[RawTable], sheet: str, mark: _Mark | None, rows: list[RawRow]) -> None:
    if mark is not None:
        key, keys, doubt = mark
        columns = {name: column for column, name in sorted(keys.items())}
        kept = tuple(row for row in rows if not row.id.startswith("#"))
        tables.append(RawTable(key, sheet, columns, kept, doubt))


def _row(number: int, cells: Mapping[int, RawCell], keys: Mapping[int, str], hidden: bool) -> RawRow:
    named = {keys[column]: cell for column, cell in cells.items() if column in keys}
    mark = named.pop(ID, None)
    doubt = mark if mark is not None and mark.doubt is not None else None
    return RawRow("" if mark is None or mark.value is None else str(mark.value).strip(), number, named, hidden, doubt)
