"""The public Python API: what a round's answers say, as pandas frames for controllers with notebooks.

The frames hold what ``consolidate`` counts at the running phase, no more: summing ``facts`` gives its totals.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xlstyr.model.bundle import Row
from xlstyr.model.period import Period, columns
from xlstyr.model.provenance import Origin
from xlstyr.model.records import BudgetLine, Goal, Indicator
from xlstyr.reports.rollup import PERIOD_KEYS
from xlstyr.reports.scope import Scope
from xlstyr.rounds.following.consolidating import scope_of
from xlstyr.rounds.following.status import NodeStatus, node_states
from xlstyr.rounds.round import Round

if TYPE_CHECKING:
    import pandas as pd

_PROVENANCE = {"file": "string", "sheet": "string", "row": "Int64", "cell": "string", "sha256": "string"}
_TEXTS = ("node", "committee", "stage", "account", "activity", "group", "counterparty", "side")
_FACTS = {
    **dict.fromkeys(_TEXTS, "string"),
    "central": "boolean",
    "adjustment": "boolean",
    "period": "string",
    "year": "Int64",
    "amount": "Int64",
    "net_cost": "Int64",
    "comment": "string",
    **_PROVENANCE,
}
_GOALS = {
    **dict.fromkeys(("goal", "node", "committee", "level", "parent", "text"), "string"),
    "given": "boolean",
    **_PROVENANCE,
}
_INDICATORS = {
    **dict.fromkeys(("indicator", "node", "committee", "goal", "name", "unit", "direction"), "string"),
    "current": "Float64",
    "target": "Float64",
    "weight": "Float64",
    "aggregation": "string",
    "frequency": "Int64",
    "comment": "string",
    **_PROVENANCE,
}
_REORGANISED = {
    **dict.fromkeys(("former", "node"), "string"),
    "share": "Float64",
    "since": "datetime64[s]",
    "note": "string",
}
_STATUS = {
    **dict.fromkeys(("node", "name", "kind", "committee", "state"), "string"),
    "deadline": "datetime64[s]",
    "errors": "Int64",
    "warnings": "Int64",
    "in_municipality": "boolean",
    "included": "boolean",
    "missing": "string",
}


def open_round(folder: str | Path) -> "OpenedRound":
    """The round in ``folder`` as it stands now; nothing in the folder is kept open.

    Raises:
        XlstyrError: there is no round, or its control workbook has faults.
    """
    with Round(Path(folder)) as round_:
        scope, _ = scope_of(round_, round_.premises.organisation.root.id)
        return OpenedRound(round_.folder, scope, tuple(node_states(round_)))


@dataclass(frozen=True)
class OpenedRound:
    """A round's figures, goals and states as frames.

    Amounts are whole kronor in nullable ``Int64``: what nobody has stated is ``<NA>``, never 0. Note that pandas'
    own ``sum()`` turns all-missing into 0; ``sum(min_count=1)`` keeps it missing.
    """

    folder: Path
    scope: Scope
    states: tuple[NodeStatus, ...]

    @property
    def stage(self) -> str:
        """The stage of the running phase, which all frames are about."""
        return self.scope.premises.stage

    @property
    def complete(self) -> bool:
        """Whether everything expected is in the frames."""
        return self.scope.complete

    @property
    def missing(self) -> dict[str, str]:
        """The expected nodes that aren't in the frames, and why."""
        return dict(self.scope.gaps)

    @cached_property
    def facts(self) -> "pd.DataFrame":
        """One row per budget line and period, of every node in the municipality.

        ``amount`` is as entered, ``net_cost`` is cost − income. ``committee`` is what the node is summed to at the
        root; ``central`` marks central finance. ``cell`` shows the amount, in the unit of its sheet, and ``sha256``
        is the name of the original that was kept.
        """
        return _frame((self._fact(*pair, *when) for pair in self.scope.lines for when in self._periods), _FACTS)

    @cached_property
    def _periods(self) -> tuple[tuple[str, Period], ...]:
        return tuple(zip(PERIOD_KEYS, columns(self.scope.premises.settings.year), strict=True))

    def _fact(self, row: Row, line: BudgetLine, key: str, period: Period) -> dict[str, object]:
        account = self.scope.premises.accounts.get(line.account)
        return {
            "node": row.owner,
            "committee": self._committee(row.owner),
            "stage": line.stage,
            "account": line.account,
            "activity": line.activity or None,
            "group": account.group if account else None,
            "counterparty": line.counterparty,
            "side": line.side,
            "central": row.owner in self.scope.central,
            "adjustment": line.adjustment,
            "period": period.kind.value,
            "year": period.year,
            "amount": line.amount(period),
            "net_cost": line.net_cost(period),
            "comment": line.comment or None,
            **_origin(row.origin, key),
        }

    @cached_property
    def goals(self) -> "pd.DataFrame":
        """One row per goal: those given in the control workbook, then those that nodes have set themselves."""
        inside = {node.id for node in self.scope.nodes}
        found: dict[str, dict[str, object]] = {}
        for given in self.scope.premises.goals:
            if given.node in inside:
                goal = Goal(given.node, given.goal, given.text, given.area or given.parent)
                found[goal.goal] = self._goal(goal, given=True)
        for row in self._rows:
            if isinstance(row.record, Goal) and row.record.goal not in found:
                found[row.record.goal] = self._goal(row.record, given=False) | _origin(row.origin, "text")
        return _frame(found.values(), _GOALS)

    def _goal(self, goal: Goal, given: bool) -> dict[str, object]:
        return {
            "goal": goal.goal,
            "node": goal.node,
            "committee": self._committee(goal.node),
            "level": self.scope.premises.organisation[goal.node].kind.value,
            "parent": goal.parent,
            "text": goal.text,
            "given": given,
        }

    @cached_property
    def indicators(self) -> "pd.DataFrame":
        """One row per indicator and node that answered it; ``target`` is the wanted value of the year."""
        records = ((row, row.record) for row in self._rows if isinstance(row.record, Indicator))
        return _frame((self._indicator(row, record) for row, record in records), _INDICATORS)

    def _indicator(self, row: Row, record: Indicator) -> dict[str, object]:
        return {
            "indicator": record.indicator,
            "node": record.node,
            "committee": self._committee(record.node),
            "goal": record.goal,
            "name": record.name,
            "unit": record.unit or None,
            "direction": record.direction,
            "current": _float(record.current),
            "target": _float(record.target),
            "weight": _float(record.weight),
            "aggregation": record.aggregation,
            "frequency": record.frequency,
            "comment": record.comment or None,
            **_origin(row.origin, "target"),
        }

    @cached_property
    def status(self) -> "pd.DataFrame":
        """One row per node that gets a workbook in the running phase; ``missing`` says why it isn't in the sums."""
        return _frame((self._state(state) for state in self.states), _STATUS)

    def _state(self, state: NodeStatus) -> dict[str, object]:
        node = state.node
        return {
            "node": node.id,
            "name": node.name,
            "kind": node.kind.value,
            "committee": self._committee(node.id),
            "state": state.state,
            "deadline": state.deadline,
            "errors": state.errors,
            "warnings": state.warnings,
            "in_municipality": node.in_municipality,
            "included": node.id in self.scope.contributions,
            "missing": self.scope.missing.get(node.id),
        }

    @cached_property
    def reorganised(self) -> "pd.DataFrame":
        """One row per former node and node that it has become in the end: joins the figures of other years by id."""
        succession = self.scope.premises.succession
        rows: list[dict[str, object]] = []
        for former in succession.gone:
            first = next(line for line in succession.lines if line.former == former)
            for node, share in succession.heirs(former).items():
                told = {"since": first.since, "note": first.note or None}
                rows.append({"former": former, "node": node, "share": _float(share), **told})
        return _frame(rows, _REORGANISED)

    @property
    def _rows(self) -> list[Row]:
        """The rows of contributions whose goals count."""
        said = sorted(self.scope.contributions.items())
        return [row for _, one in said if "goals" in one.parts for row in one.rows]

    def _committee(self, node: str) -> str:
        return self.scope.premises.organisation.committee(node).id


def _origin(origin: Origin, column: str) -> dict[str, object]:
    source = origin.source
    place = {"sheet": origin.sheet, "row": origin.row or None, "cell": origin.ref(column) or None}
    return {"file": source.name, **place, "sha256": source.sha256}


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


def _frame(rows: Iterable[dict[str, object]], types: dict[str, str]) -> "pd.DataFrame":
    """The rows as a frame of exactly the columns of ``types``; what a row hasn't got is missing."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(types), dtype=object).astype(types)
