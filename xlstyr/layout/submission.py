"""What one workbook answers: typed values by block, formula cells computed from them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from xlstyr.layout.compute import Computed
from xlstyr.layout.content import Identity, Value
from xlstyr.layout.definition import Workbook
from xlstyr.model.finding import Place

PARTS = {
    **dict.fromkeys(("budget", "answer", "adjustments", "staff"), "money"),
    **dict.fromkeys(("goals", "indicators", "assignments"), "goals"),
    "risks": "control",
}


def part_of(block: str) -> str:
    """The part of an answer that ``block`` belongs to, ``""`` for none: what a fel there keeps out of the sums."""
    return PARTS.get(block, "")


class Refs(Mapping[str, str]):
    """The addresses of one row's cells by column. ``letters``: column → its letters, ``""`` when it isn't there."""

    __slots__ = ("letters", "number")

    def __init__(self, letters: Mapping[str, str], number: int) -> None:
        self.letters = letters
        self.number = number

    def __getitem__(self, key: str) -> str:
        letters = self.letters[key]
        return f"{letters}{self.number}" if letters else ""

    def __iter__(self) -> Iterator[str]:
        return iter(self.letters)

    def __len__(self) -> int:
        return len(self.letters)


NOTHING: Mapping[str, Value] = MappingProxyType({})
"""What most rows hold back."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One row of a table as answered. ``cells``: column → address; ``new``: the sender's own row.

    ``held``: column → what stands in a cell that has no value because it couldn't be read.
    """

    id: str
    number: int
    values: Mapping[str, Value]
    cells: Mapping[str, str]
    variant: str
    new: bool = False
    held: Mapping[str, Value] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True)
class Submission:
    """What one workbook says: typed values by block, formula cells computed from them.

    ``sheets``: block → the sheet's title in the file; ``cells``: (form, field) → address; ``held``: (form, field) →
    what stands in a cell that couldn't be read.
    """

    identity: Identity
    workbook: Workbook
    forms: Mapping[str, Mapping[str, Value]]
    tables: Mapping[str, tuple[AnswerRow, ...]]
    sheets: Mapping[str, str]
    cells: Mapping[tuple[str, str], str]
    computed: Computed = field(repr=False, compare=False)
    held: Mapping[tuple[str, str], Value] = field(default_factory=dict)

    def place(self, block: str, row: AnswerRow | None = None, column: str = "") -> Place:
        """The place of a cell, for findings."""
        if row is None:
            cell, row_id = self.cells.get((block, column), ""), ""
        else:
            cell, row_id = row.cells.get(column, ""), row.id
        return Place("", self.identity.node, self.sheets.get(block, ""), cell, block, row_id, column)

    def rows(self, table: str) -> Iterable[tuple[AnswerRow, Mapping[str, Value]]]:
        """The answered rows of ``table`` with every value, computed ones included (sections left out)."""
        for row, values in zip(self.tables.get(table, ()), self.computed.rows.get(table, ()), strict=True):
            if row.variant not in ("section", "sum"):
                yield row, values
