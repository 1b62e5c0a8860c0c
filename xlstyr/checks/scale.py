"""Kronor typed where tkr is asked for (XS211): a thousand times too much.

A fel that is wrong stops somebody who is right, so an amount is only called a slip when it is out of scale with
what is known:

- a change more than 500 times everything the row has held, or about 1,000 times an amount that stands in the row
  (the whole new budget in kronor);
- at least 10 mnkr, and more than the node turns over in a year or a cut of three times what the row has held;
- at least 50 mnkr, more than a twentieth of what the node turns over and a third of what the row has held, and
  neither asked for by the frame nor evened out by other changes (small changes on the rows of large nodes). No
  row can be cut by more than it has, so that two slips don't even out.

Adjustments and requests are compared with what everything below the node turns over, investments with several
years of it. A slip below these limits is no loss: it breaks the frame (XS301) and needs a comment (XS302).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from xlstyr.checks.case import Case, kr, tkr
from xlstyr.checks.lines import Values, net
from xlstyr.model.finding import Finding
from xlstyr.model.money import MNKR, TKR, Kr
from xlstyr.model.premises import Premises
from xlstyr.words import word

_FIGURES = ("outcome", "previous", "forecast", "proposal")
_TIMES = 500
_ROW = 10 * TKR  # rows are compared as if they had at least this
_LIMITS = {"adjustments": (10, 10 * MNKR), "requests": (4, 10 * MNKR)}  # share of what is below, and at least
_LARGEST_PROJECT = 5  # years of what is below
_PROJECT = 200 * MNKR
_SHARE_OF_ALL = 4  # a project larger than a quarter of what the municipality turns over is a slip


def typed_in_kronor(case: Case) -> Iterator[Finding]:
    """XS211 wherever the sender types amounts."""
    scale = _Scale(case)
    for row, values in case.rows("budget"):
        change = values.get("change")
        if isinstance(change, int) and (comparison := scale.of_change(values, change)):
            yield case.note("XS211", "budget", row, "change", typed=tkr(change), comparison=comparison)
    for table in ("adjustments", "requests", "investments"):
        rows = case.rows(table)
        columns = [c.key for c in case.submission.workbook.tables[table].column if c.kind == "amount"] if rows else []
        for row, values in rows:
            for key in columns:
                amount = values.get(key)
                if isinstance(amount, int) and abs(amount) > scale.limit(table):
                    comparison = word("checks.scale.node", amount=tkr(scale.below))
                    yield case.note("XS211", table, row, key, typed=tkr(amount), comparison=comparison)


@dataclass(frozen=True)
class _Scale:
    """What amounts in a case are compared with, worked out when asked for."""

    case: Case

    def of_change(self, values: Values, change: Kr) -> str:
        """What a change on a row of the budget is out of scale with, in words; ``""`` when it isn't."""
        size, figures = abs(change), [abs(kr(values.get(key))) for key in _FIGURES]
        largest = max(figures)
        if largest and (size > _TIMES * max(largest, _ROW) or _is_whole_budget(size, figures)):
            return word("checks.scale.row", amount=tkr(largest))
        if change < 0 and largest and size >= max(10 * MNKR, 3 * largest):
            return word("checks.scale.row", amount=tkr(largest))
        beyond = size >= 10 * MNKR and size > self.turnover
        if beyond or (size > max(50 * MNKR, self.turnover // 20, largest // 3) and self._is_alone(values, change)):
            return word("checks.scale.node", amount=tkr(self.turnover))
        return ""

    def _is_alone(self, values: Values, change: Kr) -> bool:
        """Whether the change is what takes the node away from its frame (or, without one, from the proposal)."""
        signed = net(self.case, values, change)
        return abs(self.deviation) * 2 >= abs(signed) and (self.deviation > 0) == (signed > 0)

    @cached_property
    def deviation(self) -> Kr:
        """How far (kr, net cost) the node lands from its frame if every proposal is accepted."""
        case, frame = self.case, self.case.premises.own_frame(self.case.node)
        landed = 0
        for _, values in case.rows("budget"):
            proposal, staffing = kr(values.get("proposal")), kr(values.get("staffing"))
            change = max(kr(values.get("change")), -max(proposal + staffing, 0))
            landed += net(case, values, staffing + change + (proposal if frame is not None else 0))
        return landed - (frame or 0)

    @cached_property
    def turnover(self) -> Kr:
        """What the node itself turns over in a year (kr): the larger side of its rows in any year, or its frame."""
        sums: dict[tuple[str, str], Kr] = {}
        for _, values in self.case.rows("budget"):
            side = self.case.premises.side(str(values.get("account")))
            for key in _FIGURES:
                sums[side, key] = sums.get((side, key), 0) + abs(kr(values.get(key)))
        return max([*sums.values(), abs(self.case.premises.own_frame(self.case.node) or 0)])

    @cached_property
    def below(self) -> Kr:
        """What the node and everything below it turns over in a year (kr)."""
        return max(self.turnover, _turnover_below(self.case.premises, self.case.node))

    def limit(self, table: str) -> Kr:
        """The largest amount (kr) in ``table`` that isn't a slip."""
        if table in _LIMITS:
            share, least = _LIMITS[table]
            return max(least, self.below // share)
        all_of_it = _turnover_below(self.case.premises, self.case.premises.organisation.root.id)
        return max(_PROJECT, min(_LARGEST_PROJECT * self.below, all_of_it // _SHARE_OF_ALL))


def _is_whole_budget(size: Kr, figures: list[Kr]) -> bool:
    """Whether ``size`` is a thousand times an amount of the row, within a factor two, and far above the rest."""
    if size < 5 * MNKR or size < 50 * max(figures):
        return False
    return any(size <= 2000 * figure and 2 * size >= 1000 * figure for figure in figures if figure)


def _turnover_below(premises: Premises, node: str) -> Kr:
    """The larger side (kr) of what was given to ``node`` and everything below it, or its frame."""
    sides: dict[str, Kr] = {"cost": 0, "income": 0}
    for part in premises.organisation.subtree(node):
        for line in premises.opening.get(part.id, ()):
            amounts = (line.outcome, line.budget, line.forecast, line.proposal)
            sides[premises.side(line.account)] += max(abs(amount or 0) for amount in amounts)
    frame = premises.frames.get(node)
    return max(*sides.values(), abs(frame.frame) if frame else 0)
