"""Goals, indicators, assignments and risks: each has what makes it possible to follow up."""

from collections.abc import Iterator

from xlstyr.checks.case import Case, listed, quoted
from xlstyr.model.finding import Finding
from xlstyr.words import word

_HIGH = 9  # the risk score from which a control is asked for, as on the sheet


def measured(case: Case) -> Iterator[Finding]:
    """XS401: every goal of the node's own has an indicator, in the answer or at a node below."""
    used = {values.get("goal") for _, values in case.rows("indicators")}
    used |= {given.goal for several in case.premises.indicators.values() for given in several}
    given_here = {goal.goal for goal in case.premises.goals if goal.node == case.node}
    for row, values in case.rows("goals"):
        if (row.new or row.id in given_here) and row.id not in used and values.get("text"):
            yield case.note("XS401", "goals", row, "text", goal=quoted(values["text"]))


def linked(case: Case) -> Iterator[Finding]:
    """XS403: a goal of the node's own contributes to something above."""
    for row, values in case.rows("goals"):
        if (
            row.new
            and values.get("text")
            and values.get("belongs") is None
            and not case.is_held("goals", row, "belongs")
        ):
            yield case.note("XS403", "goals", row, "belongs", goal=quoted(values["text"]))


def few(case: Case) -> Iterator[Finding]:
    """XS406: not more goals than the round finds reasonable. Given ones count, but only the sender's can be cut."""
    limit, rows = case.premises.settings.goal_limit, case.rows("goals")
    if limit is not None and len(rows) > limit and any(row.new for row, _ in rows):
        yield case.note("XS406", "goals", count=len(rows), limit=limit)


def targeted(case: Case) -> Iterator[Finding]:
    """XS402: an indicator has a target value for the year."""
    for row, values in case.rows("indicators"):
        if values.get("name") and values.get("target") is None and not case.is_held("indicators", row, "target"):
            yield case.note("XS402", "indicators", row, "target", indicator=quoted(values["name"]))


def described(case: Case) -> Iterator[Finding]:
    """XS405: an indicator of the node's own has a unit, and a value of today or a comment instead."""
    for row, values in case.rows("indicators"):
        if not row.new or not values.get("name"):
            continue
        asked = ("unit",) if values.get("comment") else ("current", "unit")
        lacks = [key for key in asked if values.get(key) is None and not case.is_held("indicators", row, key)]
        if lacks:
            shown = listed(word(f"checks.indicator.{key}") for key in lacks)
            yield case.note("XS405", "indicators", row, lacks[0], indicator=quoted(values["name"]), lacks=shown)


def acted_on(case: Case) -> Iterator[Finding]:
    """XS404: an assignment is answered with at least one action."""
    for row, values in case.rows("assignments"):
        if values.get("text") and values.get("action") is None:
            yield case.note("XS404", "assignments", row, "action", assignment=quoted(values["text"]))


def controlled(case: Case) -> Iterator[Finding]:
    """XS407: a high risk has a control. Source: KL 6:6."""
    for row, values in case.rows("risks"):
        score = values["score"]
        if isinstance(score, int) and score >= _HIGH and values.get("text") and values.get("control") is None:
            yield case.note("XS407", "risks", row, "control", risk=quoted(values["text"]), score=score)
