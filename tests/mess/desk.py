"""One node's answer handed in to a round where all others have answered, and the figures that must come out.

What must come out is reckoned here from the issued workbook's own cells, with none of the project's code.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

from tests.conftest import NOW
from tests.office.xmledit import Edit
from xlstyr.model.finding import Finding
from xlstyr.model.period import columns
from xlstyr.model.records import BudgetLine
from xlstyr.rounds.following.consolidating import scope_of, totals
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.incoming.examining import Examined
from xlstyr.rounds.round import Round

Years = dict[str, int]
"""Net cost (kr) per budget and plan year."""


@dataclass(frozen=True)
class Line:
    """One line of a budget as it stands on the sheet: kr, ``sign`` −1 for income, growth to the plan years."""

    sign: int
    budget: int
    growth: tuple[Decimal, Decimal]

    def years(self, added: int = 0) -> list[int]:
        """Net cost per year when ``added`` kr is added to the budget."""
        first = self.budget + added
        second = half_away(first * (1 + self.growth[0]))
        return [self.sign * amount for amount in (first, second, half_away(second * (1 + self.growth[1])))]


NOTHING = Line(1, 0, (Decimal(0), Decimal(0)))


def half_away(amount: Decimal) -> int:
    """Whole kronor."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True)
class Outcome:
    """What a collected file came to. ``said``: what it was found to say, file by file."""

    said: tuple[Examined, ...]
    net_cost: Years
    missing: frozenset[str]
    year: int
    shown: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings about the files."""
        return tuple(finding for examined in self.said for finding in examined.findings)


@dataclass(frozen=True)
class Desk:
    """A round where everybody but ``node`` has answered, and the file that ``node`` was about to send."""

    folder: Path
    answer: Path
    node: str

    @cached_property
    def data(self) -> bytes:
        """The answer's bytes."""
        return self.answer.read_bytes()

    @cached_property
    def issued(self) -> bytes:
        """The same workbook as it was issued, empty."""
        return next((self.folder / "mallar").rglob(self.answer.name)).read_bytes()

    @cached_property
    def lines(self) -> dict[str, Line]:
        """The lines of the answer's budget, staff included, by row id."""
        edit = Edit(self.data)
        staff = _staff(edit)
        table = edit.table("budget")
        rows = {row: edit.rows(table.sheet)[place] for row, place in table.rows.items()}
        lines = {}
        for row, cells in rows.items():
            values = {key: cells.get(column) for key, column in table.columns.items()}
            account = str(values.get("account") or "")[:5].strip()
            if not account or row.startswith("#"):
                continue
            fixed = values.get("locked") == "Ja"
            amount = _number(values.get("proposal")) + _number(values.get("change")) * 1000 * (not fixed)
            sign = -1 if account[0] in "38" else 1
            growth = _number(values.get("index_1")), _number(values.get("index_2"))
            lines[row] = Line(sign, half_away(amount + staff.pop(account, Decimal(0))), growth)
        return lines

    def own(self, changes: Mapping[str, int]) -> list[int]:
        """The node's net cost per year when rows are changed by so many kr."""
        rows = self.lines | {row: NOTHING for row in changes if row not in self.lines}
        return [
            sum(year) for year in zip(*(line.years(changes.get(row, 0)) for row, line in rows.items()), strict=True)
        ]

    def expected(self, changes: Mapping[str, int] | None) -> Years:
        """The municipality's net cost per year; None: nothing from the node."""
        own = [0, 0, 0] if changes is None else self.own(changes)
        return {year: amount + mine for (year, amount), mine in zip(self.others.items(), own, strict=True)}

    def rows_expected(self, changes: Mapping[str, int]) -> list[tuple[str, list[int]]]:
        """(row id, budget and plan years in kr), sorted; rows that ``changes`` names first have the id ``new``."""
        new = [("new", NOTHING.years(kr)) for row, kr in changes.items() if row not in self.lines]
        known = ((row, line, changes.get(row, 0)) for row, line in self.lines.items())
        given = [(row, [line.sign * amount for amount in line.years(kr)]) for row, line, kr in known]
        return sorted(new + [(row, years) for row, years in given if not row.startswith("n") or any(years)])

    def rows_read(self, outcome: Outcome) -> list[tuple[str, list[int]]]:
        """The same as read from the last file."""
        read = []
        for row in outcome.said[-1].contributions[0].rows if outcome.said[-1].contributions else ():
            if row.table == "budget" and isinstance(row.record, BudgetLine):
                years = [row.record.amount(period) or 0 for period in columns(outcome.year)[3:]]
                if not row.id.startswith("n") or any(years):
                    read.append(("new" if row.id.startswith("x") else row.id, years))
        return sorted(read)

    @cached_property
    def others(self) -> Years:
        """The net cost of everybody else."""
        with self.opened(self.folder) as round_:
            return figures(round_)[0]

    def handed_in(self, into: Path, files: Mapping[str, bytes]) -> Outcome:
        """What comes of ``files`` (name → bytes) when they are collected one after another."""
        folder = self.copy(into)
        with self.opened(folder) as round_:
            said = []
            for name, data in files.items():
                path = folder / "inkorg" / name
                path.write_bytes(data)
                said += [taken.examined for taken in collect(round_, [path])]
            net_cost, missing, shown = figures(round_)
            year = round_.premises.settings.year
        return Outcome(tuple(said), net_cost, missing, year, shown)

    def copy(self, into: Path) -> Path:
        """The round, without the issued workbooks, to change."""
        return Path(shutil.copytree(self.folder, into / "runda", ignore=shutil.ignore_patterns("mallar", "inlämnat")))

    @contextmanager
    def opened(self, folder: Path) -> Iterator[Round]:
        """The round in ``folder`` for work; the control workbook is read only once."""
        round_ = Round(folder, NOW)
        round_.__dict__["_control"] = self._control
        with round_:
            yield round_

    @cached_property
    def _control(self) -> object:
        with Round(self.folder, NOW) as round_:
            return round_.premises, round_.control_findings


def figures(round_: Round) -> tuple[Years, frozenset[str], tuple[Finding, ...]]:
    """(net cost, who is missing, what is said about it) of the whole municipality."""
    scope, shown = scope_of(round_, round_.premises.organisation.root.id)
    sums = {year: amount or 0 for year, amount in totals(scope)["net_cost"].items()}
    return sums, frozenset(scope.gaps), tuple(shown)


def _staff(edit: Edit) -> dict[str, Decimal]:
    """What changed posts cost, kr by account."""
    costs: dict[str, Decimal] = {}
    try:
        table = edit.table("staff")
    except KeyError:
        return costs
    for row, place in table.rows.items():
        cells = edit.rows(table.sheet)[place]
        values = {key: cells.get(column) for key, column in table.columns.items()}
        if row.startswith("#") or values.get("change") is None:
            continue
        pay = _number(values["change"]) * _number(values["pay"]) * 12
        for key, cost in (("account", pay), ("overhead_account", pay * _number(values["overhead"]))):
            account = str(values[key])[:5].strip()
            costs[account] = costs.get(account, Decimal(0)) + half_away(cost)
    return costs


def _number(value: object) -> Decimal:
    return Decimal(str(value)) if isinstance(value, int | float) else Decimal(0)
