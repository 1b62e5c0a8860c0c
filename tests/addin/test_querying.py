"""Frågeblad: the same figures as ``xlstyr.open_round``, in any workbook, again whenever it is asked."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import xlwings as xw

from xlstyr import open_round
from xlstyr.addin import buttons
from xlstyr.addin.homes import settings_path
from xlstyr.addin.querying import Question, answer
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

Open = Callable[[Path], xw.Book]


def ask(book: xw.Book, **criteria: object) -> list[list[object]]:
    """The rows of figures for some criteria."""
    sheet = book.sheets["Fr\u00e5ga"]
    for row, key in enumerate(("folder", "node", "account", "activity", "year", "stage"), 4):
        sheet[f"C{row}"].value = criteria.get(key)
    assert buttons.query()
    rows: list[list[object]] = sheet.range((head_of(sheet) + 1, 2), (900, 15)).value
    return rows[: next(place for place, row in enumerate(rows) if row[0] is None)]


def head_of(sheet: xw.Sheet) -> int:
    """The row with the headers of the figures."""
    return 11 + next(
        row for row, value in enumerate(sheet["B11:B60"].value) if value == word("addin.query.column.node")
    )


def sums(sheet: xw.Sheet) -> dict[str, list[float | None]]:
    """Income, cost and net cost by what is summed."""
    rows = sheet.range((14, 2), (head_of(sheet) - 2, 5)).options(ndim=2).value
    return {str(name): amounts for name, *amounts in rows}


def expected(facts: pd.DataFrame) -> dict[str, list[float | None]]:
    """The sums of figures, reckoned one by one."""
    found: dict[str, list[float | None]] = {}
    for fact in facts.dropna(subset=["amount"]).to_dict("records"):
        kind = word(f"addin.query.period.{fact['period']}")
        row = found.setdefault(f"{kind} {fact['year']}", [None, None, None])
        for place, amount in ((0 if fact["side"] == "income" else 1, fact["amount"]), (2, fact["net_cost"])):
            row[place] = (row[place] or 0) + float(amount)
    return found


@pytest.fixture
def asked(exempelby: Path, lent: Callable[[Path], Path], opened_book: Open) -> xw.Book:
    """The control workbook with a first question in it."""
    book = opened_book(next(lent(exempelby).glob("Styrbok*.xlsx")))
    assert buttons.query()
    return book


def test_figures_are_those_of_the_api(asked: xw.Book, exempelby: Path) -> None:
    facts = open_round(exempelby).facts
    sheet = asked.sheets["Fr\u00e5ga"]
    rows = ask(asked)
    assert len(rows) == len(facts)
    assert sums(sheet) == expected(facts)
    assert len(sums(sheet)) == 6
    chosen = facts[(facts["year"] == 2031) & facts["account"].str.startswith("5")]
    rows = ask(asked, year=2031, account="5*", stage="F\u00f6rslag")
    assert [row[8] for row in rows] == [float(one) for one in chosen["amount"]]
    assert [row[2] for row in rows] == list(chosen["account"])
    assert [row[11] for row in rows] == list(chosen["file"])
    assert sums(sheet) == expected(chosen)
    assert list(sums(sheet)) == ["Budget 2031"]
    one = facts[facts["node"] == "asens-forskola"]
    assert len(ask(asked, node="\u00e5sens f\u00f6rskola")) == len(one)
    assert len(ask(asked, node="asens-forskola", activity="V407, V440", year="2031")) == len(
        one[(one["year"] == 2031) & one["activity"].isin(["V407", "V440"])]
    )


def test_a_node_stands_for_all_below_it(exempelby: Path) -> None:
    opened = open_round(exempelby)
    below = {node.id for node in opened.scope.premises.organisation.subtree("valfard")}
    found = answer(Question(exempelby, node="V\u00e4lf\u00e4rdsn\u00e4mnden"))
    assert len(below) > 3
    assert set(found.figures["node"]) <= below
    assert len(found.figures) == opened.facts["node"].isin(below).sum()
    assert len(found.indicators) == opened.indicators["node"].isin(below).sum()
    assert (
        answer(Question(exempelby, node="V\u00e4lf\u00e4rdsn\u00e4mnden, asens-forskola; valfard")).sums == found.sums
    )


def test_another_stage_is_refused(exempelby: Path) -> None:
    with pytest.raises(XlstyrError, match=r"Internbudget.*F\u00f6rslag"):
        answer(Question(exempelby, stage="internbudget"))
    assert len(answer(Question(exempelby, stage="proposal")).figures) > 100


def test_indicators_are_listed_below(asked: xw.Book, exempelby: Path) -> None:
    indicators = open_round(exempelby).indicators
    facts = open_round(exempelby).facts
    account, used = facts["account"][0], facts["account"] == facts["account"][0]
    other = next(one for one in facts["activity"].dropna() if one not in set(facts["activity"][used]))
    assert ask(asked, account=account, activity=other) == []  # both are there, but not together
    values = asked.sheets["Fr\u00e5ga"].range((11, 2), (91, 9)).value
    head = next(place for place, row in enumerate(values) if row[2] == word("addin.query.column.indicator"))
    shown = [row for row in values[head + 1 :] if row[0]]
    assert [row[2] for row in shown] == list(indicators["indicator"])
    known = indicators["target"].notna()
    assert [row[7] for row in shown if row[7] is not None] == [float(one) for one in indicators["target"][known]]


def test_what_is_not_there_is_said(asked: xw.Book, told: list[str]) -> None:
    sheet = asked.sheets["Fr\u00e5ga"]
    before = sums(sheet)
    sheet["C5"].value = "Nj\u00e4a"
    assert not buttons.query()
    assert told == [word("addin.query.no_node", node="Nj\u00e4a")]
    assert sums(sheet) == before
    sheet["C5"].value = None
    sheet["C9"].value = "Sen"
    assert not buttons.query()
    assert "F\u00f6rslag" in told[1]


def test_every_criterion_without_a_match_is_named(exempelby: Path) -> None:
    asked = Question(exempelby, "Nj\u00e4a; valfard; Nix", "50110-50190, 5*", "v407; 9999*", "2030.2031; 2031", "x")
    with pytest.raises(XlstyrError) as error:
        answer(asked)
    lines = str(error.value).splitlines()
    assert lines[:-1] == [
        word("addin.query.no_node", node="Nj\u00e4a"),
        word("addin.query.no_node", node="Nix"),
        word("addin.query.no_account", code="50110-50190"),
        word("addin.query.no_activity", code="9999*"),
        word("addin.query.no_year", code="2030.2031"),
    ]
    assert "F\u00f6rslag" in lines[-1]


def test_comma_and_semicolon_part(exempelby: Path) -> None:
    facts = open_round(exempelby).facts
    for text in ("2030;2031", "2030, 2031", " 2031 ;2030,"):
        assert len(answer(Question(exempelby, year=text)).figures) == facts["year"].isin([2030, 2031]).sum()
    assert len(answer(Question(exempelby, node=" ; ,")).figures) == len(facts)


def test_criteria_stay_as_they_are_typed(asked: xw.Book, told: list[str]) -> None:
    """A program that takes 407,408 for a number says so; in a cell of text it takes it for nothing."""
    sheet = asked.sheets["Fr\u00e5ga"]
    assert sheet["C4:C9"].number_format == "@"
    sheet["C6"].number_format = "General"
    before = sums(sheet)
    for value in (407.408, dt.datetime(2031, 1, 1)):
        sheet["C7"].number_format = "General"
        sheet["C7"].value = value
        assert not buttons.query()
        assert told.pop() == word("addin.query.not_as_typed", criterion=word("addin.query.activity"))
    assert sums(sheet) == before
    assert sheet["C4:C9"].number_format == "@"
    sheet["C7"].value = 407.0
    assert not buttons.query()
    assert told == [word("addin.query.no_activity", code="407")]


def test_in_a_workbook_of_ones_own(program: xw.App, opened_book: Open, exempelby: Path, told: list[str]) -> None:
    book = program.books.add()
    book.set_mock_caller()
    assert not buttons.query()
    assert told == [word("addin.query.no_folder")]
    settings_path().parent.mkdir(exist_ok=True)
    settings_path().write_text(f'rounds = ["{exempelby}"]', "utf-8")
    assert buttons.query()
    assert len(ask(book)) == len(open_round(exempelby).facts)
    assert not (exempelby / "Fr\u00e5ga").exists()
    assert len(ask(book, folder=str(exempelby), year="2031")) > 10
    sheet = book.sheets["Fr\u00e5ga"]
    sheet["C4"].value = str(exempelby / "finns inte")
    assert not buttons.query()
    assert "Styrbok" in told[1]


def test_questions_in_the_control_workbook_are_no_part_of_it(asked: xw.Book) -> None:
    ask(asked, year=2031)
    path = Path(asked.fullname)
    asked.save()
    asked.close()
    assert open_round(path.parent).facts["amount"].notna().any()
    from xlstyr.rounds.control import read_control
    from xlstyr.rounds.resources import templates

    assert "XS108" not in [finding.code for finding in read_control(path, templates())[1]]


def test_nothing_written_becomes_a_formula(asked: xw.Book) -> None:
    rows = ask(asked)
    sheet = asked.sheets["Fr\u00e5ga"]
    formulas = sheet.range((11, 2), (head_of(sheet) + len(rows), 15)).formula
    assert not [cell for row in formulas for cell in row if str(cell).startswith("=")]


def test_no_such_stage(exempelby: Path) -> None:
    with pytest.raises(XlstyrError, match="F\u00f6rslag"):
        answer(Question(exempelby, stage="x"))
