"""The budget's rows: frame, decisions, signs, complete rows of one's own."""

import dataclasses

import pytest

from tests.checks.desk import Desk, cells, codes, only
from xlstyr.model.premises import Premises

UNIT = "ekbackens-forskola"
COMMITTEE = "utbildningsnamnden"
ACCEPT = "answer | accept | Ja\nsignoff | done | Ja\n"


def with_frame(premises: Premises, node: str, frame: int) -> Premises:
    """The same premises with another frame (kr) for ``node``."""
    own = dataclasses.replace(
        premises.frames[node], previous=frame, political=0, demography=0, price=0, change=0, capital=0
    )
    return dataclasses.replace(premises, frames={**premises.frames, node: own})


@pytest.mark.parametrize(("room", "over"), [(1000, False), (0, False), (-1000, False), (-1001, True), (-50_000, True)])
def test_one_tkr_over_the_frame_is_tolerated(desk: Desk, room: int, over: bool) -> None:
    submission, _, _ = desk.submit(UNIT, cells(ACCEPT), answered=False)
    laid = submission.computed.forms["card"]["laid"]
    assert isinstance(laid, int)
    findings = desk.check(UNIT, ACCEPT, answered=False, premises=with_frame(desk.premises, UNIT, laid + room))
    assert ("XS301" in codes(findings)) == over


def test_the_frame_is_not_judged_before_all_is_decided(desk: Desk) -> None:
    narrow = with_frame(desk.premises, UNIT, -(10**9))
    findings = desk.check(
        UNIT, "answer | accept | Nej\nbudget | 3110-407 | change | 10", answered=False, premises=narrow
    )
    assert "XS301" not in codes(findings) and "XS305" in codes(findings)


def test_a_cell_that_cannot_be_read_leaves_the_frame_unjudged_and_is_not_called_empty(desk: Desk) -> None:
    narrow = with_frame(desk.premises, UNIT, -(10**9))
    findings = desk.check(
        UNIT, "answer | accept | Nej\nbudget | 3110-407 | change | tio", answered=False, premises=narrow
    )
    undecided = {finding.place.row for finding in findings if finding.code == "XS305"}
    assert "3110-407" not in undecided and undecided
    assert "XS301" not in codes(findings)


def test_an_answer_that_cannot_be_read_is_not_called_empty(desk: Desk) -> None:
    findings = desk.check(UNIT, "answer | accept | Kanske", answered=False)
    assert not {"XS208", "XS305"} & set(codes(findings))


def test_adjustments_count_in_the_frame(desk: Desk) -> None:
    before = desk.check(COMMITTEE)
    assert "XS301" not in codes(before)
    row = "adjustments | n9 | account | 7410 Köpta tjänster\nadjustments | n9 | activity | 100 Nämnd- och styrelseverksamhet\n"
    more = row + "adjustments | n9 | budget | 9000\nadjustments | n9 | comment | Utredning, 9 000 tkr"
    assert only(desk.check(COMMITTEE, more), "XS301").blocks == ""
    income = more.replace("7410 Köpta tjänster", "3010 Försäljning och ersättningar")
    assert "XS301" not in codes(desk.check(COMMITTEE, income))


def test_a_node_without_frame_has_nothing_to_exceed(desk: Desk) -> None:
    frames = {node: frame for node, frame in desk.premises.frames.items() if node != UNIT}
    premises = dataclasses.replace(desk.premises, frames=frames)
    assert "XS301" not in codes(desk.check(UNIT, "budget | 3110-407 | change | -500", premises=premises))


def test_locked_rows_need_no_decision(desk: Desk) -> None:
    content, _ = desk.draw(UNIT, answered=False)
    rows = {row.id: row for row in content.tables["budget"] if row.variant in ("normal", "fixed")}
    findings = desk.check(UNIT, "answer | accept | Nej", answered=False)
    undecided = {finding.place.row for finding in findings if finding.code == "XS305"}
    assert undecided == {key for key, row in rows.items() if row.variant == "normal"}


def test_accept_may_be_blank_when_every_row_is_decided(desk: Desk) -> None:
    content, _ = desk.draw(UNIT, answered=False)
    rows = [row.id for row in content.tables["budget"] if row.variant == "normal"]
    zeros = "".join(f"budget | {row} | change | 0\n" for row in rows)
    assert not {"XS208", "XS305"} & set(codes(desk.check(UNIT, zeros, answered=False)))
    one_left = zeros.removeprefix(f"budget | {rows[0]} | change | 0\n")
    findings = desk.check(UNIT, one_left, answered=False)
    assert only(findings, "XS208").place.table == "answer"
    assert only(findings, "XS208").blocks == "money"
    assert only(findings, "XS305").place.row == rows[0]


NEW = """
    budget | n1 | account | {account}
    budget | n1 | activity | {activity}
    budget | n1 | change | {change}
"""


@pytest.mark.parametrize(
    ("account", "activity", "change", "found", "column"),
    [
        ("", "407 Förskola", "100", "XS306", "account"),
        ("6410 Förbrukningsmaterial", "", "100", "XS306", "activity"),
        ("6410 Förbrukningsmaterial", "400 Öppen förskola", "", "XS306", "change"),
        ("6410 Förbrukningsmaterial", "400 Öppen förskola", "100", "", ""),
        ("6010 Internhyra", "400 Öppen förskola", "100", "XS308", "counterparty"),
        ("6410 Förbrukningsmaterial", "407 Förskola", "100", "XS309", "account"),
    ],
)
def test_rows_of_ones_own(desk: Desk, account: str, activity: str, change: str, found: str, column: str) -> None:
    text = NEW.format(account=account, activity=activity, change=change)
    findings = desk.check(UNIT, text + "budget | n1 | comment | Nytt avtal från mars, 100 tkr")
    new = [finding for finding in findings if finding.place.row == "n1"]
    assert codes(new) == ([found] if found else [])
    if found:
        assert new[0].place.column == column
        assert new[0].blocks == ("" if found == "XS309" else "money")


@pytest.mark.parametrize(
    ("account", "activity", "change", "missing"),
    [
        ("6410 Förbrukningsmaterial", "", "", "verksamhet och belopp"),
        ("", "", "100", "konto och verksamhet"),
        ("", "", "", "konto, verksamhet och belopp"),
        ("", "407 Förskola", "", "konto och belopp"),
    ],
)
def test_all_that_a_row_lacks_is_said_at_once(
    desk: Desk, account: str, activity: str, change: str, missing: str
) -> None:
    text = NEW.format(account=account, activity=activity, change=change)
    findings = desk.check(UNIT, text + "budget | n1 | comment | Nytt avtal från mars, 100 tkr")
    (finding,) = [finding for finding in findings if finding.place.row == "n1"]
    assert (finding.code, dict(finding.args)["missing"]) == ("XS306", missing)


@pytest.mark.parametrize(
    ("party", "found"),
    [("", True), ("Fristående skolor", True), ("Fastighetsenheten", False), ("Avdelning fastighet", False)],
)
def test_internal_accounts_need_an_internal_party(desk: Desk, party: str, found: bool) -> None:
    text = f"""
        adjustments | n9 | account | 6010 Internhyra
        adjustments | n9 | activity | 407 Förskola
        adjustments | n9 | counterparty | {party}
        adjustments | n9 | plan_1 | 100
        adjustments | n9 | comment | Ny avdelning från augusti, 100 tkr
    """
    assert ("XS308" in codes(desk.check(COMMITTEE, text))) == found


def test_another_counterparty_is_another_row(desk: Desk) -> None:
    text = """
        budget | n1 | account | 4690 Peng till egna enheter
        budget | n1 | activity | 407 Förskola
        budget | n1 | change | 100
        budget | n1 | counterparty | {}
    """
    assert "XS309" not in codes(desk.check(COMMITTEE, text.format("Nyckelns öppna förskola")))
    assert "XS309" in codes(desk.check(COMMITTEE, text.format("Avdelning förskola")))


@pytest.mark.parametrize(
    ("change", "comment", "found"),
    [
        ("-200", "", False),
        ("-2000", "", True),
        ("-2000", "Felräknat i fjol, avgifterna betalas tillbaka, \u22122 000 tkr", False),
    ],
)
def test_negative_budgets_say_why(desk: Desk, change: str, comment: str, found: bool) -> None:
    text = f"budget | 3110-407 | change | {change}\nbudget | 3110-407 | comment | {comment}"
    findings = codes(desk.check(UNIT, ACCEPT + text, answered=False))
    assert ("XS218" in findings) == found
    assert ("XS602" in findings) == found


def test_what_was_negative_last_year_needs_no_reason(desk: Desk) -> None:
    lines = desk.premises.opening[UNIT]
    turned = tuple(
        dataclasses.replace(line, budget=-100_000, proposal=-100_000) if line.id == "3110-407" else line
        for line in lines
    )
    premises = dataclasses.replace(desk.premises, opening={**desk.premises.opening, UNIT: turned})
    other = Desk(premises)
    text = ACCEPT + "budget | 3110-407 | change | {}"
    assert "XS218" not in codes(other.check(UNIT, text.format(-10), answered=False))
    assert "XS602" in codes(other.check(UNIT, text.format(500), answered=False))


def test_an_unanswered_workbook_is_called_empty_although_fixed_rows_have_money(desk: Desk) -> None:
    finding = only(desk.check(UNIT, "answer | accept | Nej", answered=False), "XS601")
    content, _ = desk.draw(UNIT, answered=False)
    previous = 0
    for row in content.tables["budget"]:
        amount = row.values.get("previous")
        if row.variant == "normal" and desk.premises.side(str(row.values["account"])) == "cost":
            previous += amount if isinstance(amount, int) else 0
    assert dict(finding.args)["previous"].replace("\u00a0", "") == str(round(previous / 1000))
    assert "XS601" not in codes(desk.check(UNIT))


@pytest.mark.parametrize(("said", "found"), [("Ja", False), ("Nej", True), ("", True)])
def test_sign_off(desk: Desk, said: str, found: bool) -> None:
    assert ("XS307" in codes(desk.check(UNIT, f"signoff | done | {said}"))) == found
