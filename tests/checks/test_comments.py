"""Large changes say why and how much, each in words of its own."""

import pytest

from tests.checks.desk import Desk, codes, only

UNIT = "ekbackens-forskola"
GOOD = "Två klasser färre från hösten eftersom färre har sökt, \u2212850 tkr"


@pytest.mark.parametrize(
    ("change", "comment", "found"),
    [
        ("150", "", []),  # not over 200 tkr against this year
        ("5000", "", ["XS302"]),
        ("5000", "   ", ["XS302"]),
        ("5000", "Ökade kostnader", ["XS303"]),
        ("5000", GOOD, []),
        ("150", "Ökade kostnader", []),  # needn't be there, so it isn't judged
    ],
)
def test_only_large_changes_are_asked_for(desk: Desk, change: str, comment: str, found: list[str]) -> None:
    text = f"budget | 3110-407 | change | {change}\nbudget | 3110-407 | comment | {comment}"
    here = [f for f in desk.check(UNIT, text) if f.place.row == "3110-407" and f.code in ("XS302", "XS303")]
    assert codes(here) == found
    assert all(finding.place.column == "comment" for finding in here)


def test_the_message_says_how_much(desk: Desk) -> None:
    content, _ = desk.draw(UNIT, answered=False)
    row = next(row for row in content.tables["budget"] if row.id == "3110-407")
    previous, proposal = row.values["previous"], row.values["proposal"]
    assert isinstance(previous, int) and isinstance(proposal, int)
    args = dict(only(desk.check(UNIT, "budget | 3110-407 | change | 5000", answered=False), "XS302").args)
    change = proposal + 5_000_000 - previous
    assert args["row"] == "3110 Avgifter, förskola och fritidshem · 407 Förskola"
    assert args["change"].replace("\u00a0", "") == str(round(change / 1000))
    assert args["percent"] == str(round(100 * change / previous))


def test_a_new_row_has_nothing_to_be_a_share_of(desk: Desk) -> None:
    text = """
        budget | n1 | account | 7410 Köpta tjänster
        budget | n1 | activity | 400 Öppen förskola
        budget | n1 | change | 500
    """
    assert dict(only(desk.check(UNIT, text, answered=False), "XS302").args)["percent"] == "mer än 999"


@pytest.mark.parametrize(
    ("comment", "lacks"),
    [
        ("Högre", "en orsak och ett belopp"),
        ("Fler barn från hösten", "ett belopp"),
        ("Ökade kostnader 250 tkr", "en orsak"),
    ],
)
def test_what_is_lacking_is_named(desk: Desk, comment: str, lacks: str) -> None:
    text = f"budget | 3110-407 | change | 5000\nbudget | 3110-407 | comment | {comment}"
    assert dict(only(desk.check(UNIT, text, answered=False), "XS303").args) == {"lacks": lacks}


def test_copies(desk: Desk) -> None:
    rows = ("3110-407", "3510-407", "6410-407")
    same = "".join(f"budget | {row} | change | 5000\nbudget | {row} | comment | {GOOD}\n" for row in rows)
    finding = only(desk.check(UNIT, same, answered=False), "XS304")
    assert finding.place.row == rows[1]
    assert dict(finding.args)["rows"].count(";") == 2
    differ = same.replace(f"6410-407 | comment | {GOOD}", "6410-407 | comment | " + GOOD.upper() + "!").replace(
        f"3510-407 | comment | {GOOD}", "3510-407 | comment | Bidraget höjs, 5 000 tkr"
    )
    assert only(desk.check(UNIT, differ, answered=False), "XS304").place.row == "6410-407"
    small = same.replace("5000", "1")
    assert "XS304" not in codes(desk.check(UNIT, small, answered=False))


def test_adjustments_say_why(desk: Desk) -> None:
    text = "adjustments | n9 | account | 7410 Köpta tjänster\nadjustments | n9 | activity | 407 Förskola\n"
    text += "adjustments | n9 | budget | -100\n"
    finding = only(desk.check("utbildningsnamnden", text), "XS310")
    assert (finding.place.row, finding.place.column) == ("n9", "comment")
    assert dict(finding.args)["row"] == "7410 Köpta tjänster · 407 Förskola"
    findings = desk.check("utbildningsnamnden", text + "adjustments | n9 | comment | Ny upphandling, \u2212100 tkr")
    assert not {"XS310", "XS208"} & set(codes(findings))
