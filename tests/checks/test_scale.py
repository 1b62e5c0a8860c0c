"""Kronor typed as tkr: slips are always seen, and ordinary amounts never."""

import dataclasses

import pytest

from tests.checks.desk import ANSWERS, Desk, codes
from xlstyr.checks.submission import check_submission
from xlstyr.rounds.samples import Typed

UNIT = "ekbackens-forskola"
COMMITTEES = sorted(node for node in ANSWERS if node.endswith("namnden"))


def slips(desk: Desk, node: str, typed: list[Typed], *, answered: bool = True) -> set[tuple[str, str, str]]:
    """Where XS211 is found."""
    submission, issued, noticed = desk.submit(node, typed, answered=answered)
    findings = check_submission(submission, desk.premises, issued, noticed)
    return {(f.place.table, f.place.row, f.place.column) for f in findings if f.code == "XS211"}


def open_rows(desk: Desk, node: str) -> dict[str, int]:
    """The rows of the budget that the sender may change, with their proposals (kr)."""
    content, _ = desk.draw(node, answered=False)
    rows = ((row.id, row.values["proposal"]) for row in content.tables["budget"] if row.variant == "normal")
    return {row: proposal for row, proposal in rows if isinstance(proposal, int)}


@pytest.mark.parametrize("node", sorted(ANSWERS)[::3])
def test_the_whole_new_budget_in_kronor(desk: Desk, node: str) -> None:
    """Each row in turn, so that one slip doesn't hide behind another."""
    for row, proposal in list(open_rows(desk, node).items())[::3]:
        if 10_000 < proposal < 9_000_000:  # below: no slip that matters; above: more than a cell takes (XS212)
            assert slips(desk, node, [Typed("budget", row, "change", str(proposal))]) == {("budget", row, "change")}


@pytest.mark.parametrize("change", ["1250000", "-120000", "-400000", "5000000"])
@pytest.mark.parametrize("node", [UNIT, "bygglov", "avdelning-grundskola", "socialnamnden", "utbildningsnamnden"])
def test_a_change_in_kronor(desk: Desk, node: str, change: str) -> None:
    for row in list(open_rows(desk, node))[:4]:
        assert slips(desk, node, [Typed("budget", row, "change", change)]) == {("budget", row, "change")}


@pytest.mark.parametrize("node", [node for node in sorted(ANSWERS) if "avdelning" not in node][::4])
def test_everything_in_kronor(desk: Desk, node: str) -> None:
    """Who thinks in kronor types every amount so; also when the changes even out."""
    typed = [t for t in ANSWERS[node] if t.table == "budget" and t.column == "change" and t.text not in ("", "0")]
    large = [t for t in typed if 50 <= abs(int(t.text.replace("\u2212", "-"))) < 10_000]
    thousands = [dataclasses.replace(t, text=t.text + "000") for t in typed if abs(int(t.text)) < 10_000]
    found = slips(desk, node, thousands)
    assert found >= {("budget", t.row, "change") for t in large}


@pytest.mark.parametrize("node", sorted(ANSWERS))
def test_ordinary_answers(desk: Desk, node: str) -> None:
    assert not slips(desk, node, [])


@pytest.mark.parametrize("node", sorted(ANSWERS)[::2])
@pytest.mark.parametrize("times", [-1.0, 0.5, 1.0])
def test_rows_may_be_taken_away_or_doubled(desk: Desk, node: str, times: float) -> None:
    """Not the largest of large nodes: nobody doubles those beyond the frame."""
    changes = {row: round(amount * times / 1000) for row, amount in list(open_rows(desk, node).items())[1::4]}
    typed = [Typed("budget", row, "change", str(change)) for row, change in changes.items() if abs(change) < 40_000]
    assert not slips(desk, node, typed)


@pytest.mark.parametrize("node", [UNIT, "socialnamnden", "utbildningsnamnden"])
def test_money_may_move_from_the_largest_row_to_a_small_one(desk: Desk, node: str) -> None:
    rows = open_rows(desk, node)
    costs = {row: amount for row, amount in rows.items() if desk.premises.side(row[:4]) == "cost"}
    ordered = sorted(costs, key=lambda row: costs[row])
    small, large = ordered[len(ordered) // 3], ordered[-1]
    moved = costs[large] // 2000
    there = [Typed("budget", small, "change", str(moved)), Typed("budget", large, "change", str(-moved))]
    assert not slips(desk, node, there)


@pytest.mark.parametrize(("change", "found"), [("250", False), ("2500", False), ("250000", True), ("1250000", True)])
@pytest.mark.parametrize("node", [UNIT, "bygglov", "socialnamnden", "utbildningsnamnden"])
def test_new_rows(desk: Desk, node: str, change: str, found: bool) -> None:
    row = {"account": "7410 Köpta tjänster", "change": change}
    typed = [Typed("budget", "n1", column, text) for column, text in row.items()]
    assert slips(desk, node, typed) == ({("budget", "n1", "change")} if found else set())


@pytest.mark.parametrize("node", COMMITTEES)
@pytest.mark.parametrize(
    ("table", "row", "column", "ordinary", "slip"),
    [
        ("adjustments", "n9", "budget", "-4000", "-500000"),
        ("adjustments", "n9", "plan_2", "4000", "1250000"),
        ("requests", "n9", "year_0", "9000", "900000"),
        ("requests", "n9", "year_2", "250", "2500000"),
        ("investments", "n9", "year_0", "60000", "6000000"),
        ("investments", "n9", "total_kr", "150000", "2500000"),
    ],
)
def test_other_tables(desk: Desk, node: str, table: str, row: str, column: str, ordinary: str, slip: str) -> None:
    assert not slips(desk, node, [Typed(table, row, column, ordinary)])
    assert slips(desk, node, [Typed(table, row, column, slip)]) == {(table, row, column)}


def test_it_holds_money_and_nothing_else(desk: Desk) -> None:
    text = "budget | 3110-407 | change | 1250000"
    finding = next(f for f in desk.check(UNIT, text) if f.code == "XS211")
    assert finding.blocks == "money"
    assert "1\u00a0250\u00a0000 tkr" in finding.message
    text = "investments | n9 | year_0 | 6000000"
    findings = desk.check("utbildningsnamnden", text)
    assert [f.blocks for f in findings if f.code == "XS211"] == [""]
    assert "XS301" not in codes(findings)
