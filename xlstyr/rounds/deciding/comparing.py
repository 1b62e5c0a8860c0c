"""What a corrected file changed: cells between two answers of a node, and which findings are gone, left and new."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from xlstyr.model.bundle import Contribution, Row
from xlstyr.model.finding import Finding
from xlstyr.model.period import Period
from xlstyr.model.records import BudgetLine, Record
from xlstyr.rounds.deciding.locking import heard
from xlstyr.rounds.round import Round
from xlstyr.words import word, words

Cell = int | Decimal | str | bool | date | None
KEYS = frozenset(
    {"node", "stage", "record", "side", "amounts", "adjustment", "goal", "indicator", "assignment", "volume"}
)
"""Fields of a record that say which row it is; in an indicator ``goal`` is a cell like others."""
ASKED = ("fel", "varning")


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that differs. ``column`` is a field of the record or a period (``budget-2026``), amounts are kr.

    ``kind`` is changed, added or removed: of a row that one of the answers lacks, each stated cell is a change.
    ``sheet`` and ``cell`` are where it stands in the later file (in the former, when it is removed).
    """

    table: str
    row: str
    label: str
    column: str
    header: str
    before: Cell
    after: Cell
    kind: str = "changed"
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True)
class Compared:
    """An answer beside the one it corrects. Findings are fel and varningar, by their stable keys.

    ``rival``: neither outranks the other, so that nobody has corrected anything yet.
    """

    node: str
    changes: tuple[Change, ...]
    mended: tuple[Finding, ...]
    left: tuple[Finding, ...]
    new: tuple[Finding, ...]
    rival: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many cells changed, and findings by what became of them."""
        parts = {"changed": self.changes, "mended": self.mended, "left": self.left, "new": self.new}
        return {name: len(found) for name, found in parts.items()}


def changes(before: Contribution, after: Contribution) -> list[Change]:
    """Every cell that differs between two answers of a node, by row id and column, in the order of the later one."""
    old = {(row.table, row.id): row for row in before.rows}
    new = {(row.table, row.id): row for row in after.rows}
    found: list[Change] = []
    for key, row in new.items():
        found += _between(old.get(key), row)
    for key, row in old.items():
        if key not in new:
            found += _between(row, None)
    return found


def _between(before: Row | None, after: Row | None) -> Iterator[Change]:
    row = after or before
    assert row is not None
    kind = "changed" if before and after else "added" if after else "removed"
    old, new = (dict(_cells(one.record)) if one else {} for one in (before, after))
    for column in dict.fromkeys((*new, *old)):
        was, is_now = old.get(column), new.get(column)
        if was != is_now:
            header = _header(row.record, column)
            cell = row.origin.ref("change") if isinstance(row.record, BudgetLine) else ""
            yield Change(row.table, row.id, _label(row), column, header, was, is_now, kind, row.origin.sheet, cell)


def _cells(record: Record) -> Iterator[tuple[str, Cell]]:
    """What a record states, by column; blanks left out."""
    for period, amount in getattr(record, "amounts", ()):
        yield str(period), amount
    for field in fields(record):
        value = getattr(record, field.name)
        if value not in (None, "") and (field.name not in KEYS or (field.name, record.record) == ("goal", "indicator")):
            yield field.name, value


def _header(record: Record, column: str) -> str:
    """What people call a column."""
    kind, _, year = column.rpartition("-")
    if kind:
        return word(f"terms.period.{Period.parse(column).kind.value}", year=year)
    own: Mapping[str, Any] = words("returns.own").get(record.record, {})
    return str(own.get(column) or word(f"returns.field.{column}"))


def _label(row: Row) -> str:
    """What people call a row: account and activity of a line, else the first text that names it."""
    record = row.record
    if isinstance(record, BudgetLine):
        return f"{record.account} {record.activity}".strip()
    named = (getattr(record, name, "") for name in ("text", "name", "category", "volume"))
    return str(next((text for text in named if text), "") or words("returns.table").get(row.table, row.id))[:80]


def compare(before: Contribution, after: Contribution) -> Compared:
    """``after`` beside ``before``: cells, and findings by key (as many of a key are left as both have)."""
    old, new = (_asked(one.findings) for one in (before, after))
    stays = Counter(finding.key for finding in old) & Counter(finding.key for finding in new)
    left, fresh = _shared(new, stays)
    _, mended = _shared(old, stays)
    rival = before.rank == after.rank and before.digest != after.digest
    return Compared(after.node, tuple(changes(before, after)), mended, left, fresh, rival)


def _asked(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity in ASKED]


def _shared(findings: list[Finding], stays: Counter[str]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """(those that are among ``stays``, the rest), each key as often as it is there."""
    room = Counter(stays)
    inside: list[Finding] = []
    outside: list[Finding] = []
    for finding in findings:
        (inside if room[finding.key] > 0 else outside).append(finding)
        room[finding.key] -= 1
    return tuple(inside), tuple(outside)


def former(said: Contribution, others: Iterable[Contribution]) -> Contribution | None:
    """The answer that ``said`` corrects: the highest in rank of ``others``, of equals the last.

    None for a first answer, and for one that a later answer has already replaced. An equal is no correction: see
    ``Compared.rival``.
    """
    differing = [one for one in others if (one.rank[:2], one.digest) != (said.rank[:2], said.digest)]
    if any(one.rank[:2] > said.rank[:2] for one in differing):
        return None
    return max(enumerate(differing), key=lambda pair: (pair[1].rank[:2], pair[0]))[1] if differing else None


def corrected(round_: Round, said: Contribution, but: str = "") -> tuple[bool, Compared | None]:
    """(whether ``said`` is new here, ``said`` beside the answer that it corrects: None for a first answer).

    It isn't new when another file than ``but``, which says it, has said just this: sent again, or carried as well.
    """
    others = said_by(round_, said.node, said.stage, but)
    new = all(_told(one) != _told(said) for one in others)
    before = former(said, others)
    return new, compare(before, said) if before is not None else None


def _told(said: Contribution) -> tuple[object, ...]:
    return (said.rank[:2], said.digest, said.parts, said.signature)


def said_by(round_: Round, node: str, stage: str, but: str = "") -> list[Contribution]:
    """Everything that ``node`` has said at ``stage``, in the order it came; the file ``but`` left out."""
    answers = round_.register.answers(node, stage)
    return heard(one for one in answers if one.sha256 != but)


def latest(round_: Round, node: str) -> Compared | None:
    """The node's answer of highest rank at the running stage beside the one before it; None without two."""
    said = said_by(round_, node, round_.premises.stage)
    if not said:
        return None
    last = max(enumerate(said), key=lambda pair: (pair[1].rank, pair[0]))[1]
    before = former(last, said)
    return compare(before, last) if before is not None else None
