"""Findings: what is wrong in what people sent, where, and how to put it right."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from xlstyr.model.personal import masked
from xlstyr.words import rules


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding sits. Every part may be empty; ``row`` is a row id, ``cell`` an address."""

    file: str = ""
    node: str = ""
    sheet: str = ""
    cell: str = ""
    table: str = ""
    row: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to put right. ``key`` is stable over returns: code + node + row id + column.

    ``severity`` is fel, varning or notis; ``blocks`` names the part that a fel keeps out of the sums
    (identity, money, goals, control), ``""`` for none.
    """

    code: str
    severity: str
    blocks: str
    place: Place
    args: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """What explanations and returns attach to."""
        place = self.place
        return f"{self.code}/{place.node}/{place.table}/{place.row}/{place.column}"

    @property
    def message(self) -> str:
        """What is wrong, in plain Swedish."""
        return rules.rule(self.code).say(dict(self.args))

    @property
    def fix(self) -> str:
        """How to put it right, in plain Swedish."""
        return rules.rule(self.code).cure(dict(self.args))

    def at(self, **changes: str) -> "Finding":
        """The same finding with parts of its place filled in."""
        return replace(self, place=replace(self.place, **changes))


def found(code: str, place: Place | None = None, /, **args: object) -> Finding:
    """A finding of rule ``code``; ``args`` fill the placeholders of its message.

    Personal identity numbers in what is quoted are masked: they go no further.
    """
    rule = rules.rule(code)
    texts = tuple((name, masked(str(value))) for name, value in args.items())
    return Finding(code, rule.severity, rule.blocks, place or Place(), texts)


def blocked_parts(findings: Iterable[Finding]) -> frozenset[str]:
    """The parts that findings of severity fel keep out of the sums."""
    return frozenset(f.blocks for f in findings if f.severity == "fel" and f.blocks)
