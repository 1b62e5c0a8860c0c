"""Figures are a view over rows: sums of what is known, with how many of those expected were there."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from xlstyr.model.bundle import Contribution, Row
from xlstyr.model.money import Kr, total
from xlstyr.model.organisation import Organisation
from xlstyr.model.period import Period
from xlstyr.model.records import BudgetLine


@dataclass(frozen=True, slots=True)
class Figure:
    """A value (kr; None: nothing known) from ``given`` of ``expected`` nodes, and the rows it sums."""

    value: Kr | None
    given: int
    expected: int
    rows: tuple[Row, ...]


def money_rows(settled: Mapping[str, Contribution]) -> list[Row]:
    """The budget lines of contributions whose money counts, in a fixed order."""
    return [
        row
        for _, contribution in sorted(settled.items())
        if "money" in contribution.parts
        for row in contribution.rows
        if isinstance(row.record, BudgetLine)
    ]


def net_cost(
    rows: Iterable[Row],
    period: Period,
    by: Callable[[Row], Hashable],
    expected: Mapping[Hashable, int] | None = None,
) -> dict[Hashable, Figure]:
    """Net cost (cost − income, kr) of ``period`` per value of ``by``; a row whose ``by`` is None is left out."""
    grouped: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        key = by(row)
        if key is not None:
            grouped[key].append(row)
    figures = {}
    for key, group in grouped.items():
        value = total(row.record.net_cost(period) for row in group if isinstance(row.record, BudgetLine))
        given = len({row.owner for row in group})
        figures[key] = Figure(value, given, (expected or {}).get(key, given), tuple(group))
    return figures


COMMITTEES, CENTRAL = "committees", "central"


def result(
    rows: Iterable[Row], period: Period, organisation: Organisation, central: Iterable[str]
) -> tuple[Kr | None, Kr | None]:
    """(the committees' net cost, the result) of ``period`` in kr over nodes in the municipality.

    The result is None until central finance has answered: without it frames never tie to it.
    """
    centre = set(central)

    def sphere(row: Row) -> str | None:
        if not organisation[row.owner].in_municipality:
            return None
        return CENTRAL if row.owner in centre else COMMITTEES

    figures = net_cost(rows, period, sphere)
    committees, finance = (figures[key].value if key in figures else None for key in (COMMITTEES, CENTRAL))
    if finance is None or committees is None:
        return committees, None
    return committees, -(committees + finance)
