"""One answer under examination, and how findings about it speak: places, parts, labels and amounts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from xlstyr.layout.content import Content, Value
from xlstyr.layout.submission import AnswerRow, Submission, part_of
from xlstyr.model.finding import Finding, found
from xlstyr.model.money import Kr, in_tkr
from xlstyr.model.personal import masked
from xlstyr.model.premises import Premises
from xlstyr.words import word

_LONGEST = 80  # letters of a person's own text in a message

Answer = tuple[AnswerRow, Mapping[str, Value]]


@dataclass(frozen=True)
class Case:
    """A submission with what it is checked against. ``noticed`` is what reading it found."""

    submission: Submission
    premises: Premises
    issued: Content
    noticed: tuple[Finding, ...] = ()
    _rows: dict[str, list[Answer]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def node(self) -> str:
        """The node that answers."""
        return self.submission.identity.node

    def rows(self, table: str) -> list[Answer]:
        """The answered rows of ``table`` with every value; none when the workbook has no such table."""
        if table not in self._rows:
            known = table in self.submission.workbook.tables
            self._rows[table] = list(self.submission.rows(table)) if known else []
        return self._rows[table]

    def field(self, form: str, key: str) -> Value:
        """The value of a form's field, computed ones included."""
        return self.submission.computed.forms[form][key] if form in self.submission.workbook.forms else None

    def note(self, code: str, block: str, row: AnswerRow | None = None, column: str = "", /, **args: object) -> Finding:
        """A finding of rule ``code`` at a cell; a rule about money blocks the part that the block belongs to."""
        finding = found(code, self.submission.place(block, row, column), **args)
        return replace(finding, blocks=part_of(block)) if finding.blocks == "money" else finding

    def is_held(self, block: str, row: AnswerRow | None = None, column: str = "") -> bool:
        """Whether reading found a fel in the cell (or its column, or the whole block), so that blank says nothing."""
        places = {(block, "", ""), (block, "", column), (block, row.id if row else "", column)}
        return not places.isdisjoint(self._held)

    @cached_property
    def _held(self) -> frozenset[tuple[str, str, str]]:
        places = (finding.place for finding in self.noticed if finding.severity == "fel")
        return frozenset((place.table, place.row, place.column) for place in places)

    @cached_property
    def money_is_read(self) -> bool:
        """Whether every amount was read: no fel holds money, and no budget row that was issued is gone."""
        answered = {row.id for row, _ in self.rows("budget")}
        issued = (row for row in self.issued.tables.get("budget", ()) if row.variant in ("normal", "fixed"))
        held = any(finding.severity == "fel" and finding.blocks == "money" for finding in self.noticed)
        return not held and all(row.id in answered for row in issued)

    def label(self, table: str, values: Mapping[str, Value]) -> str:
        """What a person calls a row of money: account and activity as the lists show them."""
        shown = [self.shown(table, key, values.get(key)) for key in ("account", "activity") if values.get(key)]
        return " · ".join(shown) or word("checks.row.new")

    def shown(self, table: str, key: str, value: Value) -> str:
        """``value`` as its cell shows it."""
        column = self.submission.workbook.column(table, key)
        choices = self.submission.computed.lists.get(column.to) if column is not None and column.to else None
        return choices.labels.get(str(value), str(value)) if choices else str(value)


def quoted(text: Value) -> str:
    """A person's own words, fit to repeat in a message: short, and without personal identity numbers."""
    plain = " ".join(masked(str(text)).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1].rstrip() + "…"


def listed(texts: Iterable[str]) -> str:
    """``texts`` as people list them: ``a, b och c``."""
    *first, last = list(texts)
    return word("checks.list.and", first=", ".join(first), last=last) if first else last


def tkr(amount: Kr) -> str:
    """``amount`` (kr) in whole tkr, thousands apart and with a real minus sign."""
    return f"{in_tkr(amount):,}".replace(",", "\u00a0").replace("-", "\u2212")


def kr(value: Value) -> Kr:
    """An amount (kr) for adding up: blank adds nothing. Only for sums whose gaps are looked at elsewhere."""
    return value if isinstance(value, int) else 0
