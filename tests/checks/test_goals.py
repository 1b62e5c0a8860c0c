"""Goals, indicators, assignments and risks can be followed up."""

import dataclasses

import pytest

from tests.checks.desk import Desk, codes, only

UNIT = "appelgardens-forskola"
OWN_GOAL = "ekbackens-forskola"
COMMITTEE = "utbildningsnamnden"

GOAL = "goals | n1 | text | Barnen ska trivas på gården\ngoals | n1 | belongs | Hög kvalitet\n"
INDICATOR = """
    indicators | n1 | name | Andel barn som trivs
    indicators | n1 | goal | Barnen ska trivas på gården
    indicators | n1 | unit | procent
    indicators | n1 | direction | Högre
    indicators | n1 | current | 80
    indicators | n1 | target | 90
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (GOAL, ["XS401"]),
        (GOAL + INDICATOR, []),
        (GOAL.replace("Hög kvalitet", ""), ["XS401", "XS403"]),
        (GOAL + INDICATOR.replace("90", ""), ["XS402"]),
        (GOAL + INDICATOR.replace("80", ""), ["XS405"]),
        (GOAL + INDICATOR.replace("procent", ""), ["XS405"]),
        (GOAL + INDICATOR.replace("80", "") + "indicators | n1 | comment | Mäts först i vår", []),
        ("indicators | trygghet-forskola | target | ", ["XS402"]),
        ("indicators | trygghet-forskola | target | 0", []),
    ],
)
def test_goals_and_indicators(desk: Desk, text: str, found: list[str]) -> None:
    assert codes(desk.check(UNIT, text)) == found


def test_both_that_an_indicator_lacks_are_named(desk: Desk) -> None:
    text = GOAL + INDICATOR.replace("80", "").replace("procent", "")
    assert dict(only(desk.check(UNIT, text), "XS405").args)["lacks"] == "nuläge och enhet"


def test_a_given_goal_may_be_measured_at_nodes_below(desk: Desk) -> None:
    measured = {given.goal for several in desk.premises.indicators.values() for given in several}
    own = {goal.goal for goal in desk.premises.goals if goal.node == COMMITTEE}
    findings = desk.check(COMMITTEE)
    assert {f.place.row for f in findings if f.code == "XS401"} == own - measured
    none = dataclasses.replace(desk.premises, indicators={})
    findings = desk.check(COMMITTEE, premises=none)
    answered = {given.goal for given in desk.premises.indicators[COMMITTEE]}
    assert {f.place.row for f in findings if f.code == "XS401"} == own - answered


def test_a_given_goal_of_ones_own_needs_an_indicator_but_not_those_from_above(desk: Desk) -> None:
    assert only(desk.check(OWN_GOAL), "XS401").place.row == "ekbacken-1"


@pytest.mark.parametrize(("limit", "found"), [(2, True), (3, False), (None, False)])
def test_many_goals(desk: Desk, limit: int | None, found: bool) -> None:
    settings = dataclasses.replace(desk.premises.settings, goal_limit=limit)
    premises = dataclasses.replace(desk.premises, settings=settings)
    findings = desk.check(UNIT, GOAL + INDICATOR, premises=premises)
    assert ("XS406" in codes(findings)) == found
    assert "XS406" not in codes(desk.check(UNIT, premises=premises))


@pytest.mark.parametrize(("action", "found"), [("", True), ("Vi går varje vecka igenom larmen.", False)])
def test_assignments(desk: Desk, action: str, found: bool) -> None:
    content, _ = desk.draw(OWN_GOAL, answered=True)
    row = content.tables["assignments"][0].id
    findings = desk.check(OWN_GOAL, f"assignments | {row} | action | {action}")
    assert ("XS404" in codes(findings)) == found


@pytest.mark.parametrize(
    ("likelihood", "consequence", "control", "found"),
    [(4, 4, "", True), (3, 3, "", True), (2, 4, "", False), (3, 3, "Stickprov", False)],
)
def test_risks(desk: Desk, likelihood: int, consequence: int, control: str, found: bool) -> None:
    text = f"""
        risks | n9 | text | Fakturor betalas två gånger
        risks | n9 | kind | Ekonomisk skada
        risks | n9 | likelihood | {likelihood}
        risks | n9 | consequence | {consequence}
        risks | n9 | control | {control}
    """
    findings = desk.check(COMMITTEE, text)
    assert ("XS407" in codes(findings)) == found
    if found:
        assert dict(only(findings, "XS407").args)["score"] == str(likelihood * consequence)
