"""Required cells, and personal identity numbers."""

import pytest

from tests.checks.desk import Desk, cells, codes, fill, only
from xlstyr.checks.case import listed, quoted
from xlstyr.checks.privacy import private_cells
from xlstyr.excel.read import read_workbook
from xlstyr.model.personal import has_personal_number, masked

COMMITTEE = "utbildningsnamnden"
UNIT = "ekbackens-forskola"


@pytest.mark.parametrize(
    ("text", "columns", "blocks"),
    [
        ("risks | n9 | text | Fel utbetalas", ["consequence", "kind", "likelihood"], "control"),
        ("requests | n9 | year_0 | 500", ["consequence", "priority", "text"], ""),
        ("requests | n9 | text | Fler platser", ["consequence", "priority", "year_0"], ""),
        ("investments | n9 | year_0 | 500", ["activity", "name"], ""),
        ("analysis | n8 | text | Barnen blir färre", ["kind"], ""),
        ("agreement | n6 | giver | Nämnden", ["text"], ""),
        ("indicators | n4 | name | Nöjda barn", ["direction", "goal"], "goals"),
        ("goals | n3 | belongs | Hög kvalitet", ["text"], "goals"),
    ],
)
def test_required_cells_of_ones_own_rows(desk: Desk, text: str, columns: list[str], blocks: str) -> None:
    findings = [finding for finding in desk.check(COMMITTEE, text) if finding.code == "XS208"]
    assert sorted(finding.place.column for finding in findings) == columns
    assert {finding.blocks for finding in findings} == {blocks}


def test_what_could_not_be_read_is_not_empty(desk: Desk) -> None:
    text = "risks | n9 | text | Fel utbetalas\nrisks | n9 | likelihood | ofta\nrisks | n9 | kind | Annat"
    findings = [finding for finding in desk.check(COMMITTEE, text) if finding.code == "XS208"]
    assert [finding.place.column for finding in findings] == ["consequence"]


def test_zero_is_not_empty(desk: Desk) -> None:
    text = "requests | n9 | text | Fler platser\nrequests | n9 | year_0 | 0\nrequests | n9 | priority | 1\n"
    assert only(desk.check(COMMITTEE, text), "XS208").place.column == "consequence"


NUMBERS = [
    "121212-1212",
    "1212121212",
    "19121212-1212",
    "191212121212",
    "121212+1212",
    "121212\u20131212",
    "121212 1212",
    "121212 - 1212",
    "\uff11\uff12\uff11\uff12\uff11\uff12-\uff11\uff12\uff11\uff12",
    "701063-2391",  # coordination number: day + 60
]


@pytest.mark.parametrize("text", ["pnr 0703124560", "Personnummer: 0703124560", "Anna 070312-4560"])
def test_what_may_be_a_mobile_number_is_a_persons_when_it_is_called_so(text: str) -> None:
    assert has_personal_number(text)
    assert "4560" not in masked(text)


@pytest.mark.parametrize("number", NUMBERS)
def test_personal_numbers_are_found(number: str) -> None:
    text = f"Vikarie för {number}, 120 tkr"
    assert has_personal_number(text)
    assert not has_personal_number(masked(text))
    assert "1212" not in masked(text) and "2391" not in masked(text)
    assert masked(text).startswith("Vikarie för") and masked(text).endswith(", 120 tkr")


@pytest.mark.parametrize(
    "text",
    [
        "121212-1213",  # the check digit is wrong
        "211312-1212",  # no such month
        "212000-0167",  # the municipality's own number
        "08-568 910 00",
        "1 250 000 kr",
        "konto 5020, 5610 och 6410",
        "2026-01-01 till 2026-12-31",
        "11212121212123",  # part of a longer number
        "Fråga Anna 0703124560",  # as a mobile number is written
        "",
    ],
)
def test_other_numbers_are_left(text: str) -> None:
    assert not has_personal_number(text)
    assert masked(text) == text


@pytest.mark.parametrize(
    ("node", "text", "table"),
    [
        (UNIT, "budget | 3110-407 | comment | Vikarie för {}", "budget"),
        (UNIT, "staff | s1 | comment | {}", "staff"),
        (UNIT, "signoff | message | Gäller {}", "signoff"),
        (UNIT, "goals | n1 | text | {} ska trivas", "goals"),
        (COMMITTEE, "risks | n9 | owner | {}", "risks"),
        (COMMITTEE, "mission | why | {}", "mission"),
    ],
)
def test_nobody_is_pointed_out_anywhere_and_the_number_is_never_repeated(
    desk: Desk, node: str, text: str, table: str
) -> None:
    _, data = desk.draw(node, answered=True)
    raw, _ = read_workbook(fill(data, cells(text.format("121212-1212"))))
    assert raw is not None
    findings = private_cells(raw)
    assert only(findings, "XS219").place.table == table
    assert not [f for f in findings if "1212-1212" in f.message + f.fix + str(f.args)]


def test_words_of_people_are_quoted_short() -> None:
    assert quoted("Barnen\n ska  trivas") == "Barnen ska trivas"
    assert len(quoted("ord " * 100)) <= 80
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b och c"


def test_answers_lack_nothing(desk: Desk) -> None:
    assert "XS208" not in codes(desk.check(COMMITTEE))
