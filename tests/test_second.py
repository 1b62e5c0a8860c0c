"""Two readers that share no code: where they differ the cell is held and named, where they agree nothing is said."""

import json
import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.office.xmledit import Edit
from xlstyr.excel import second
from xlstyr.excel.handover import from_plain, read_bytes
from xlstyr.excel.read import read_twice
from xlstyr.excel.second import Other, compare
from xlstyr.layout.content import Unread
from xlstyr.layout.raw import RawBook, RawCell, RawSheet
from xlstyr.model.finding import Finding
from xlstyr.rounds.incoming.examining import Examined, examine
from xlstyr.rounds.round import Round

ANSWER = "Budget 2031 Ekonomi & kansli.xlsx"
ROW = "64110-K130"
DATE = ("assignments", "ks-mallar", "ready")
Read = Callable[[Edit], Examined]


@pytest.fixture
def answer(exempelby_answered: Path) -> Edit:
    """An answer to change."""
    return Edit((exempelby_answered / "inkorg" / ANSWER).read_bytes())


@pytest.fixture
def read(exempelby_answered: Path, opened: Callable[[Path], Round]) -> Read:
    """What becomes of the answer when two readers read it."""
    round_ = opened(exempelby_answered)
    round_.__dict__["read"] = read_twice
    return lambda edit: examine(round_, edit.bytes(), ANSWER)


def style_of(edit: Edit, table: str, row: str, column: str) -> int:
    """The number of a cell's format."""
    sheet, ref = edit.at(table, row, column)
    text = edit.package.text(edit.package.sheets()[sheet])
    found = re.search(rf'<c r="{ref}"[^>]*? s="(\d+)"', text)
    assert found is not None
    return int(found[1])


def held(said: Examined, code: str) -> list[Finding]:
    return [finding for finding in said.findings if finding.code == code]


# a number that is shown as a date


def test_a_date_in_an_amount_is_held(answer: Edit, read: Read) -> None:
    """Excel makes a date of 1-2; the number behind it was never meant."""
    style = style_of(answer, *DATE)
    sheet, ref = answer.at("budget", ROW, "change")
    answer.set(sheet, ref, 47_519, style=style)
    said = read(answer)
    (finding,) = held(said, "XS222")
    assert (finding.place.sheet, finding.place.cell, finding.blocks) == (sheet, ref, "money")
    assert "2030-02-05" in finding.message
    assert "47519" in finding.message
    assert "money" not in said.contributions[0].parts
    assert said.submission is not None
    row = next(row for row in said.submission.tables["budget"] if row.id == ROW)
    assert row.held["change"] == Unread("2030-02-05"), "as a number it would count in the return"


def test_a_date_where_a_date_may_stand_is_a_date(answer: Edit, read: Read) -> None:
    style = style_of(answer, *DATE)
    answer.set(*answer.at(*DATE), 47_519, style=style)
    said = read(answer)
    assert not held(said, "XS222")
    assert not held(said, "XS221")
    assert said.submission is not None
    (row,) = (row for row in said.submission.tables["assignments"] if row.id == DATE[1])
    assert str(row.values["ready"]) == "2030-02-05"


def test_a_date_in_a_text_is_read_as_it_shows(answer: Edit, read: Read) -> None:
    style = style_of(answer, *DATE)
    answer.set(*answer.at("budget", ROW, "comment"), 47_519, style=style)
    said = read(answer)
    assert said.submission is not None
    row = next(row for row in said.submission.tables["budget"] if row.id == ROW)
    assert row.values["comment"] == "2030-02-05"


# what the readers differ on


def doubting(edit: Edit, ref: str, other: Other, monkeypatch: pytest.MonkeyPatch, sheet: str = "Budget") -> None:
    """Makes the second reader say something else of a cell."""
    place = re.fullmatch(r"([A-Z]+)(\d+)", ref)
    assert place is not None
    column = 0
    for letter in place[1]:
        column = column * 26 + ord(letter) - 64
    whole = second.SecondReader._read

    def lie(self: second.SecondReader, title: str) -> list[list[Other]]:
        rows = [list(row) for row in whole(self, title)]
        if title == sheet:
            rows[int(place[2]) - 1][column - 1] = other
        return rows

    monkeypatch.setattr(second.SecondReader, "_read", lie)


@pytest.mark.parametrize("other", [17.0, "17", True, "", 17.5])
def test_another_figure_is_held_and_named(
    other: Other, answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet, ref = answer.at("budget", ROW, "change")
    answer.set(sheet, ref, 16)
    doubting(answer, ref, other, monkeypatch)
    said = read(answer)
    (finding,) = held(said, "XS221")
    assert (finding.place.cell, finding.place.row, finding.place.column) == (ref, ROW, "change")
    assert "16" in finding.message
    assert "money" not in said.contributions[0].parts


def test_a_figure_that_only_the_other_sees(answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet, ref = answer.at("budget", "n3", "change")
    assert answer.get(sheet, ref) is None
    doubting(answer, ref, 12.0, monkeypatch)
    (finding,) = held(read(answer), "XS221")
    assert finding.place.cell == ref
    assert "ingenting" in finding.message


@pytest.mark.parametrize("key", ["change", "comment"])
def test_another_column_key(key: str, answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns are found by their keys: one read in two ways holds its table."""
    table = answer.table("budget")
    at = min(table.rows.values())
    place = next(n for n in range(at, 0, -1) if "table:budget" in answer.rows("Budget").get(n, {}).values())
    doubting(answer, f"{table.columns[key]}{place}", "proposal", monkeypatch)
    said = read(answer)
    assert held(said, "XS221")
    assert "money" not in said.contributions[0].parts


def test_another_row_id(answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    table = answer.table("budget")
    doubting(answer, f"{table.columns['id']}{table.rows[ROW]}", "n5", monkeypatch)
    said = read(answer)
    assert [finding.place.row for finding in held(said, "XS221")] == [ROW]


def test_what_nobody_reads_may_differ(answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computed cell's stale value, and cells beside the table, are used by nobody."""
    sheet, ref = answer.at("budget", ROW, "budget")
    doubting(answer, ref, 99.0, monkeypatch)
    before = read(Edit(answer.bytes()))
    assert not held(before, "XS221")
    assert before.status == "accepted"
    assert sheet == "Budget"


class PanicException(BaseException):
    """What panics in Rust is no Exception."""


@pytest.mark.parametrize("error", [PanicException, ValueError, OSError, RuntimeError])
def test_what_the_other_cannot_read_holds_the_file(
    error: type[BaseException], answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise error("x")

    monkeypatch.setattr(second.SecondReader, "_read", fail)
    said = read(answer)
    assert [finding.code for finding in said.findings] == ["XS023"]
    assert said.status == "refused"


def test_an_empty_sheet_holds_the_file(answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second.SecondReader, "_read", lambda *_: [])
    assert [finding.code for finding in read(answer).findings] == ["XS023"]


def test_another_identity_holds_the_file(answer: Edit, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    doubting(answer, "B1", "node|annan", monkeypatch, "_xlstyr")
    assert [finding.code for finding in read(answer).findings] == ["XS023"]


@pytest.mark.parametrize("error", ["#SPILL!", "#V\u00c4RDEFEL!", "#CALC!", "#ERROR!"])
def test_errors_of_other_programs_dont_stop_the_other(error: str, answer: Edit, read: Read) -> None:
    answer.set(*answer.at("budget", ROW, "change"), None, error=error)
    said = read(answer)
    assert [finding.code for finding in said.findings if finding.severity == "fel"] == ["XS204"]


# what isn't a difference


SAME: list[tuple[RawCell, Other]] = [
    (RawCell(12, None, None, "A1"), 12.0),
    (RawCell(Decimal("0.30000000000000004"), None, None, "A1"), 0.1 + 0.2),
    (RawCell(Decimal("1E+300"), None, None, "A1"), 1e300),
    (RawCell(12345678901234570, None, None, "A1"), 1.234567890123457e16),
    (RawCell(True, None, None, "A1"), True),
    (RawCell("rad\nbrytning", None, None, "A1"), "rad\r\nbrytning"),
    (RawCell(" kant ", None, None, "A1"), "kant"),
    (RawCell("ab", None, None, "A1"), "a\x01b"),
    (RawCell(None, None, "#REF!", "A1"), ""),
    (RawCell(None, "1+1", None, "A1"), ""),
    (RawCell("   ", None, None, "A1"), ""),
    (RawCell("2025-08-22T00:00:00", None, None, "A1"), date(2025, 8, 22)),
]
OTHERWISE: list[tuple[RawCell, Other]] = [
    (RawCell(12, None, None, "A1"), 12.000001),
    (RawCell(12, None, None, "A1"), "12"),
    (RawCell("12", None, None, "A1"), 12.0),
    (RawCell(1, None, None, "A1"), True),
    (RawCell(True, None, None, "A1"), 1.0),
    (RawCell(0, None, None, "A1"), ""),
    (RawCell("a", None, None, "A1"), "b"),
    (RawCell(None, "1+1", None, "A1"), 2.0),
    (RawCell(45_891, None, None, "A1"), date(2025, 8, 22)),
    (RawCell(Decimal("0.5"), None, None, "A1"), time(12, 0)),
]


@pytest.mark.parametrize(("cell", "other"), SAME)
def test_the_same(cell: RawCell, other: Other) -> None:
    sheet = RawSheet("x", {(1, 1): cell})
    assert compare(sheet, [[other]]) is sheet


@pytest.mark.parametrize(("cell", "other"), OTHERWISE)
def test_otherwise(cell: RawCell, other: Other) -> None:
    (found,) = compare(RawSheet("x", {(1, 1): cell}), [[other]]).cells.values()
    assert found.doubt is not None


@given(st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False))
def test_numbers_are_the_same_only_when_they_are(number: float, other: float) -> None:
    """No two different numbers pass as one, and none is in doubt against itself."""
    value = Decimal(repr(number))
    cell = RawCell(int(value) if value == value.to_integral_value() else value, None, None, "A1")
    itself = compare(RawSheet("x", {(1, 1): cell}), [[float(number)]])
    assert itself.cells[1, 1].doubt is None
    found = compare(RawSheet("x", {(1, 1): cell}), [[other]])
    assert (found.cells[1, 1].doubt is None) == (float(number) == other)


# through the pipe


@pytest.mark.parametrize("sample", ["danderyd", "exempelby"])
def test_what_was_read_comes_through_the_pipe_as_it_was(sample: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(f"{sample}_answered")
    for path in sorted((folder / "inkorg").glob("*.xlsx"))[::5]:
        data = path.read_bytes()
        raw, findings = read_twice(data)
        assert isinstance(raw, RawBook)
        assert from_plain(json.loads(json.dumps(read_bytes(data)))) == (raw, findings)


def test_findings_come_through_the_pipe(answer: Edit) -> None:
    data = answer.bytes()[:-40]
    raw, findings = from_plain(json.loads(json.dumps(read_bytes(data))))
    assert raw is None
    assert [finding.code for finding in findings] == ["XS003"]
