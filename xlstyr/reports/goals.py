"""The rows of the goal pages: the chain from strategic area to unit, and indicators weighed together."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from xlstyr.layout.content import RowContent, Value
from xlstyr.model.money import half_away
from xlstyr.model.records import Goal, Indicator
from xlstyr.reports.scope import Scope
from xlstyr.words import word

INDENT = "\u2003"


def goal_rows(scope: Scope) -> dict[str, list[RowContent]]:
    """The rows of the pages of goals and indicators."""
    goals, indicators = _stated(scope)
    return {"goal_chain": _chain(scope, goals, indicators), "indicator_sums": _sums(indicators, scope)}


def _stated(scope: Scope) -> tuple[dict[str, Goal], list[Indicator]]:
    """Goals by id (a goal shown to several nodes is its owner's) and every answered indicator."""
    goals: dict[str, Goal] = {
        given.goal: Goal(given.node, given.goal, given.text, given.area or given.parent)
        for given in scope.premises.goals
    }
    indicators = []
    for _, said in sorted(scope.contributions.items()):
        for row in said.rows if "goals" in said.parts else ():
            if isinstance(row.record, Goal):
                goals.setdefault(row.record.goal, row.record)
            elif isinstance(row.record, Indicator):
                indicators.append(row.record)
    return goals, indicators


def _chain(scope: Scope, goals: dict[str, Goal], indicators: Iterable[Indicator]) -> list[RowContent]:
    inside = {node.id for node in scope.nodes}
    by_goal: dict[str | None, list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        by_goal[indicator.goal].append(indicator)
    below: dict[str | None, list[Goal]] = defaultdict(list)
    for goal in goals.values():
        below[goal.parent].append(goal)
    shown = {goal for goal in goals if goals[goal].node in inside or by_goal.get(goal)}
    shown |= {parent for goal in list(shown) for parent in _above(goal, goals)}
    rows: list[RowContent] = []
    areas = [item for item in scope.premises.chain if item.kind == "area"]
    for area in areas:
        rows.append(RowContent(f"#{area.item}", {"goal": area.name or area.text}, "section"))
        rows += _goals_below(scope, area.item, below, by_goal, shown, 0)
    known = {area.item for area in areas} | set(goals)
    loose = [goal for goal in goals.values() if goal.goal in shown and goal.parent not in known]
    if loose:
        rows.append(RowContent("#loose", {"goal": word("pages.loose_goals")}, "section"))
        for goal in loose:
            rows += _goal(scope, goal, by_goal, 0)
    return rows


def _above(goal: str, goals: dict[str, Goal]) -> Iterable[str]:
    seen: set[str] = set()
    parent = goals[goal].parent
    while parent in goals and parent not in seen:
        seen.add(parent)
        yield parent
        parent = goals[parent].parent


def _goals_below(
    scope: Scope,
    parent: str,
    below: dict[str | None, list[Goal]],
    by_goal: dict[str | None, list[Indicator]],
    shown: set[str],
    depth: int,
) -> list[RowContent]:
    rows: list[RowContent] = []
    for goal in below.get(parent, ()):
        if goal.goal in shown and depth < 8:
            rows += _goal(scope, goal, by_goal, depth)
            rows += _goals_below(scope, goal.goal, below, by_goal, shown, depth + 1)
    return rows


def _goal(scope: Scope, goal: Goal, by_goal: dict[str | None, list[Indicator]], depth: int) -> list[RowContent]:
    organisation = scope.premises.organisation
    node = organisation[goal.node]
    values: dict[str, Value] = {
        "goal": INDENT * depth + goal.text,
        "level": word(f"terms.goal_level.{node.kind.value}"),
        "node": node.name,
    }
    measures = [_measure(group, scope) for group in _grouped(by_goal.get(goal.goal, []))]
    variant = "sum" if depth == 0 else "normal"
    rows = [RowContent(goal.goal, values | (measures[0] if len(measures) == 1 else {}), variant)]
    if len(measures) > 1:
        rows += [RowContent(f"{goal.goal}-{number}", measure) for number, measure in enumerate(measures)]
    return rows


def _grouped(indicators: Iterable[Indicator]) -> list[list[Indicator]]:
    """Indicators of the same id together: several nodes answer the same one."""
    groups: dict[str, list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        groups[indicator.indicator].append(indicator)
    return list(groups.values())


def _measure(group: list[Indicator], scope: Scope) -> dict[str, Value]:
    """One indicator: a single node's values, or those of several put together as declared."""
    first = group[0]
    one = len(group) == 1
    owner = scope.premises.organisation[first.node].name if one else word("pages.nodes", count=len(group))
    return {
        "node": owner,
        "indicator": first.name,
        "unit": first.unit,
        "direction": word(f"terms.direction.{first.direction}") if first.direction else None,
        "current": aggregate([(i.current, i.weight) for i in group], first.aggregation if not one else "sum"),
        "target": aggregate([(i.target, i.weight) for i in group], first.aggregation if not one else "sum"),
    }


def _sums(indicators: Iterable[Indicator], scope: Scope) -> list[RowContent]:
    """Indicators that were given to several nodes, weighed together as declared; blank isn't zero."""
    grouped: dict[str, list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        grouped[indicator.indicator].append(indicator)
    expected: dict[str, int] = defaultdict(int)
    for node in scope.expected:
        for given in scope.premises.indicators.get(node.id, ()):
            expected[given.indicator] += 1
    rows = []
    for key, group in grouped.items():
        first = group[0]
        targets = [indicator.target for indicator in group if indicator.target is not None]
        values: dict[str, Value] = {
            "name": first.name,
            "unit": first.unit,
            "how": word(f"pages.aggregation.{first.aggregation}"),
            "answers": word("pages.of", given=len(targets), expected=max(expected[key], len(group))),
            "current": aggregate([(i.current, i.weight) for i in group], first.aggregation),
            "target": aggregate([(i.target, i.weight) for i in group], first.aggregation),
            "lowest": min(targets) if targets else None,
            "highest": max(targets) if targets else None,
            "direction": word(f"terms.direction.{first.direction}") if first.direction else None,
        }
        rows.append(RowContent(key, values))
    return rows


def aggregate(pairs: Iterable[tuple[Decimal | None, Decimal | None]], how: str) -> Decimal | None:
    """(value, weight) pairs put together as ``how`` says; None when nothing is known or it isn't put together.

    A mean is weighted where every known value has a weight, else plain; rounded to two decimals.
    """
    known = [(value, weight) for value, weight in pairs if value is not None]
    if not known:
        return None
    if how == "sum":
        return sum((value for value, _ in known), Decimal(0))
    if how == "mean":
        weights = [weight for _, weight in known]
        if all(weight is not None and weight > 0 for weight in weights):
            total = sum((value * (weight or 0) for value, weight in known), Decimal(0))
            mean = total / sum((weight or 0 for weight in weights), Decimal(0))
        else:
            mean = sum((value for value, _ in known), Decimal(0)) / len(known)
        return Decimal(half_away(mean, 2))
    return known[0][0] if len(known) == 1 else None
