"""Kontrollera in an open workbook says what ``check`` says of the saved file, marks it, and leaves it as it was."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import xlwings as xw

from tests.conftest import NOW
from tests.rules.example import ROUND, steps
from tests.test_rules import EXEMPT, SAMPLES, Place, places, rounds, taken
from xlstyr.addin import buttons, looks, native
from xlstyr.addin.checking import check_book
from xlstyr.addin.homes import settings_path
from xlstyr.addin.marking import COLORS
from xlstyr.addin.openbook import raw_book
from xlstyr.model.finding import Finding
from xlstyr.rounds.following.lending import lend
from xlstyr.rounds.incoming.examining import examine, examine_raw
from xlstyr.rounds.round import Round
from xlstyr.words import word
from xlstyr.words.rules import codes, rule

__all__ = ["places", "rounds"]

BESIDE = {"XS012", "XS013"}
"""Said of what a file has beside its cells, which an open workbook doesn't show."""
Open = Callable[[Path], xw.Book]


def in_one_workbook(code: str) -> bool:
    """Whether a rule's example is steps in one workbook that a spreadsheet program opens."""
    example = rule(code).example
    if code in EXEMPT or code in BESIDE or example.workbook not in ("unit", "committee"):
        return False
    return all(step.does not in (*ROUND, "fil") for step in steps(example.text))


def said(findings: tuple[Finding, ...]) -> list[tuple[str, str, str, str, str, str]]:
    return sorted((f.code, f.severity, f.place.sheet, f.place.cell, f.message, f.fix) for f in findings)


@pytest.mark.parametrize("code", [code for code in codes() if in_one_workbook(code)])
def test_in_place_is_as_in_the_file(
    places: Callable[[str], Place],
    rounds: Callable[[str], Round],
    opened_book: Open,
    tmp_path: Path,
    code: str,
) -> None:
    place, round_ = places("exempelby"), rounds("exempelby")
    example = rule(code).example
    todo = steps(example.text)
    node = {"unit": SAMPLES["exempelby"].unit, "committee": SAMPLES["exempelby"].committee}[example.workbook]
    path = place.issued(round_, node)
    desk = place.desk(round_, node, path)
    labels = SAMPLES["exempelby"].labels
    taken(desk, [replace(step, value=labels.get(step.value, step.value)) for step in todo])
    name = next(item for item in round_.register.issued_files() if item != path.name) if desk.renamed else path.name
    file = tmp_path / Path(name).name
    file.write_bytes(desk.data)
    by_file = examine(round_, desk.data, file.name)
    in_place = examine_raw(round_, raw_book(opened_book(file)), file.name)
    assert said(in_place.findings) == said(by_file.findings)
    assert in_place.status == by_file.status
    assert [one.digest for one in in_place.contributions] == [one.digest for one in by_file.contributions]


UNIT = "asens-forskola"


@pytest.fixture(params=["in one call", "cell by cell"])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """LibreOffice is asked about many cells at once; Excel cell by cell, which LibreOffice acts here."""
    if request.param == "cell by cell":
        monkeypatch.setattr(looks, "batches_of", lambda sheet: None)
        monkeypatch.setattr(native, "batches_of", lambda sheet: None)


@pytest.fixture
def unit(exempelby: Path, lent: Callable[[Path], Path]) -> Path:
    """A unit's workbook as issued, in a copy of its round."""
    folder = lent(exempelby)
    with Round(folder, NOW) as round_:
        issue = round_.register.issue(UNIT, round_.premises.stage)
        assert issue is not None
        return folder / issue.file


def look(book: xw.Book) -> dict[tuple[str, str], tuple[object, str | None]]:
    """Colour and note of the cells on the sheets that are filled in."""
    found: dict[tuple[str, str], tuple[object, str | None]] = {}
    for title in ("Budget", "M\u00e5l och uppdrag", "Klart"):
        for cell in book.sheets[title].range("C4:M24"):
            found[title, cell.address] = (cell.color, note_at(cell) or None)
    return found


def note_at(cell: xw.Range) -> str:
    note = cell.note
    return str(note.text) if note is not None else ""


def protection(book: xw.Book) -> dict[str, bool]:
    return {sheet.name: bool(sheet.api.ProtectContents) for sheet in book.sheets if sheet.name != "Kontroll"}


def validations(book: xw.Book) -> list[str]:
    """The rules for what may be typed in the cells of the budget sheet."""
    sheet = book.api.Sheets.getByName("Budget")
    cells = (sheet.getCellByPosition(column, row) for row in range(4, 26) for column in range(2, 18))
    return [f"{cell.Validation.Type.value} {cell.Validation.getFormula1()}" for cell in cells]


def listed(book: xw.Book) -> list[list[str]]:
    rows = book.sheets["Kontroll"].range("B5:G60").value
    return [[str(value or "") for value in row] for row in rows if row[0]]


@pytest.mark.usefixtures("asked")
def test_marks_and_list(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    before, looks, locked, rules = raw_book(book), look(book), protection(book), validations(book)
    text = check_book(book)
    rows = listed(book)
    assert text == "6 fel, 2 varningar, 1 notis."
    assert [row[5] for row in rows if row[0] == "\u25b2 Fel"] == ["XS208", *["XS305"] * 5]
    assert ["\u25b2 Fel", "Budget", "L12"] in [row[:3] for row in rows]
    cell = book.sheets["Budget"]["L12"]
    assert cell.color == (255, 199, 206)
    assert cell.note is not None
    assert "XS305" in cell.note.text
    number = 5 + [row[2] for row in rows].index("L12")
    assert book.sheets["Kontroll"].range(f"D{number}").hyperlink == "#'Budget'!L12"
    assert book.sheets.active.name == "Kontroll"
    after = raw_book(book)
    assert after.tables == before.tables
    assert {title: cells for title, cells in after.loose.items() if title != "Kontroll"} == before.loose
    assert protection(book) == locked
    assert validations(book) == rules
    assert look(book) != looks


@pytest.mark.usefixtures("asked")
def test_mended_marks_go_away_and_what_was_there_comes_back(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    sheet = book.sheets["Budget"]
    sheet.api.Unprotect()
    sheet["L12"].color = (1, 2, 3)
    sheet["L14"].add_note("Min egen anteckning")
    sheet.api.Protect()
    looks = look(book)
    check_book(book)
    assert "Min egen anteckning" in note_at(sheet["L14"])
    assert "XS305" in note_at(sheet["L14"])
    again = look(book)
    check_book(book)
    assert look(book) == again
    sheet["E5"].value = "Ja"
    check_book(book)
    now = look(book)
    for address in ("$L$12", "$L$14", "$L$16", "$E$5"):
        assert now["Budget", address] == looks["Budget", address]
    assert now["Klart", "$F$12"] != looks["Klart", "$F$12"]
    book.sheets["Klart"]["F12"].value = "Ja"
    book.sheets["Klart"]["F13"].value = "Rektor"
    check_book(book)
    assert look(book)["Klart", "$F$12"] == looks["Klart", "$F$12"]


@pytest.mark.usefixtures("asked")
def test_marks_that_nobody_remembers_are_known_for_what_they_are(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    sheet = book.sheets["Budget"]
    sheet.api.Unprotect()
    sheet["L14"].add_note("Min egen anteckning")
    sheet.api.Protect()
    check_book(book)
    first = {cell: note_at(sheet[cell]) for cell in ("L12", "L14")}
    book.sheets["Kontroll"].api.Unprotect()
    book.sheets["Kontroll"].delete()
    check_book(book)
    assert {cell: note_at(sheet[cell]) for cell in first} == first
    sheet["E5"].value = "Ja"
    check_book(book)
    assert note_at(sheet["L12"]) == ""
    assert note_at(sheet["L14"]) == "Min egen anteckning"
    assert sheet["L12"].color not in COLORS.values()


def test_one_cell_far_down_on_a_sheet_of_ones_own_is_no_million_cells(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    before = raw_book(book)
    own = book.sheets.add("Eget", after=book.sheets[-1])
    own["B2"].value = "Min lista"
    own["XFD900000"].value = "vilse"
    after = raw_book(book)
    assert after.tables == before.tables
    assert [cell.value for cell in after.loose["Eget"]] == ["Min lista"]


def test_a_unit_with_a_folder_of_its_own_sees_what_the_round_would_say(
    unit: Path, opened_book: Open, tmp_path: Path
) -> None:
    with Round(next(folder for folder in unit.parents if any(folder.glob("Styrbok*"))), NOW) as round_:
        lend(round_, tmp_path / "min mapp", UNIT)
    lent = Path(shutil.copy(unit, tmp_path / "min mapp" / "min budget.xlsx"))
    assert check_book(opened_book(lent)) == check_book(opened_book(unit))


@pytest.mark.usefixtures("asked")
def test_a_mark_follows_its_row(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    sheet = book.sheets["Budget"]
    plain = sheet["L12"].color
    check_book(book)
    sheet.api.Unprotect()
    book.api.Sheets.getByName("Budget").Rows.insertByIndex(10, 1)
    assert sheet["L13"].color == (255, 199, 206)
    sheet["E5"].value = "Ja"
    check_book(book)
    assert sheet["L13"].color == plain
    assert sheet["L13"].note is None


@pytest.mark.usefixtures("asked")
def test_what_somebody_changed_at_a_mark_stays(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    check_book(book)
    sheet = book.sheets["Budget"]
    sheet.api.Unprotect()
    sheet["L12"].color = (9, 9, 9)
    note = sheet["L14"].note
    assert note is not None
    note.text = "Vi \u00e4r p\u00e5 det!"
    sheet["E5"].value = "Ja"
    check_book(book)
    assert sheet["L12"].color == (9, 9, 9)
    assert sheet["L12"].note is None
    assert note_at(sheet["L14"]) == "Vi \u00e4r p\u00e5 det!"


def test_saved_with_marks_it_says_the_same_by_mail(unit: Path, opened_book: Open, tmp_path: Path) -> None:
    book = opened_book(unit)
    check_book(book)
    marked = tmp_path / unit.name
    book.save(str(marked))
    with Round(unit.parents[2], NOW) as round_:
        plain, mailed = (examine(round_, path.read_bytes(), unit.name) for path in (unit, marked))
    assert said(mailed.findings) == said(plain.findings)
    book.close()
    opened_again = opened_book(marked)
    opened_again.sheets["Budget"]["E5"].value = "Ja"
    settings_path().parent.mkdir(exist_ok=True)
    settings_path().write_text(f"rounds = [{str(unit.parents[2])!r}]", "utf-8")
    check_book(opened_again)
    assert opened_again.sheets["Budget"]["L12"].color == (255, 247, 219)


@pytest.mark.usefixtures("asked")
def test_a_sheet_of_somebodys_own_by_that_name_is_left_alone(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    book.sheets.add("Kontroll", after=book.sheets[-1])
    book.sheets["Kontroll"]["B2"].value = "Mina siffror"
    check_book(book)
    assert book.sheets["Kontroll"]["B2"].value == "Mina siffror"
    assert "XS108" in [row[5] for row in _rows(book, "Kontroll 2")]


def _rows(book: xw.Book, title: str) -> list[list[str]]:
    return [[str(value or "") for value in row] for row in book.sheets[title].range("B5:G60").value if row[0]]


def test_findings_are_no_formulas(unit: Path, opened_book: Open) -> None:
    book = opened_book(unit)
    sheet = book.sheets["Budget"]
    sheet.api.Unprotect()
    sheet["AC40"].value = "'=1+1"
    check_book(book)
    texts = [row[3] for row in listed(book)]
    assert any("=1+1" in text for text in texts)
    formulas = [cell for row in book.sheets["Kontroll"].range("B1:G60").formula for cell in row]
    shown = [cell for row in book.sheets["Kontroll"].range("B1:G60").value for cell in row]
    assert [f for f, v in zip(formulas, shown, strict=True) if str(f).startswith("=") and f != v] == []


def test_a_workbook_that_was_never_saved_is_checked_in_the_round_of_the_settings(
    unit: Path, opened_book: Open, told: list[str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "nedladdat" / unit.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(unit.read_bytes())
    book = opened_book(elsewhere)
    assert not buttons.check()
    assert "exempelby-2031" in told[0]
    assert str(settings_path()) in told[0]
    settings_path().parent.mkdir(exist_ok=True)
    settings_path().write_text(f'rounds = ["{tmp_path / "tom"}", "{unit.parents[2]}"]', "utf-8")
    assert buttons.check()
    assert len(listed(book)) == 9
    settings_path().write_text("rounds = 5", "utf-8")
    assert not buttons.check()
    assert settings_path().name in told[-1]


def test_other_workbooks_get_a_message(opened_book: Open, told: list[str], tmp_path: Path, program: xw.App) -> None:
    book = program.books.add()
    book.set_mock_caller()
    assert not buttons.check()
    assert not buttons.follow()
    assert not buttons.create()
    assert told == [
        word("addin.not_ours", book=book.name),
        word("addin.follow.not_rollup", book=book.name),
        word("addin.needs_control"),
    ]
