"""The buttons of the control workbook do what the commands do, and show it in the panel."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import xlwings as xw
from click.testing import CliRunner

from xlstyr.addin import buttons, starting
from xlstyr.addin.building import with_buttons
from xlstyr.addin.running import FAULTS, FLAG, Work
from xlstyr.cli.main import group
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.following import consolidating
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round
from xlstyr.words import word

T = TypeVar("T")
Open = Callable[[Path], xw.Book]


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The control workbook with buttons of a round in which nothing has happened."""
    return start_round(tmp_path / "omg\u00e5ng \u00e5\u00e4\u00f6", None, "exempelby", equip=with_buttons)


@pytest.fixture
def control(exempelby_answered: Path, lent: Callable[[Path], Path]) -> Path:
    """The macro-free control workbook of a round whose answers lie in the inbox."""
    return next(lent(exempelby_answered).glob("Styrbok*.xlsx"))


def runs(book: xw.Book) -> list[list[str]]:
    """The log of runs in the panel: button, result, file."""
    values = book.sheets["Panel"].used_range.options(ndim=2).value
    head = next(place for place, row in enumerate(values) if "Knapp" in row)
    at = [values[head].index(header) for header in ("Knapp", "Resultat", "Fil")]
    end = next(place for place, row in enumerate(values) if place > head and "table:#end" in row)
    return [[str(row[place] or "") for place in at] for row in values[head + 1 : end] if row[at[0]]]


def states(book: xw.Book) -> dict[str, float]:
    values = book.sheets["Panel"].used_range.options(ndim=2).value
    head = next(place for place, row in enumerate(values) if "L\u00e4ge" in row and "Antal" in row)
    at, count = values[head].index("L\u00e4ge"), values[head].index("Antal")
    return {str(row[at]): row[count] for row in values[head + 1 : head + 9] if row[at]}


def test_a_round_from_nothing_to_the_budget(
    fresh: Path, exempelby_answered: Path, opened_book: Open, told: list[str], program: xw.App
) -> None:
    book = opened_book(fresh)
    folder = fresh.parent
    assert not buttons.collect()
    assert told == [word("addin.no_register", folder=folder)]
    assert buttons.create()
    assert len(list(folder.glob("mallar/**/*.xlsx"))) == 16
    assert states(book) == {"inte utskickad": 16}
    assert buttons.send()
    assert len(list(folder.glob("utkorg/*.eml"))) > 10
    assert states(book) == {"utskickad": 16}
    shutil.copytree(exempelby_answered / "inkorg", folder / "inkorg", dirs_exist_ok=True)
    assert buttons.collect()
    assert states(book) == {"utskickad": 1, "inkommen": 15}
    assert buttons.consolidate()
    assert "Budget 2031.xlsx" in [one.name for one in program.books]
    assert states(book) == {"utskickad": 1, "inr\u00e4knad": 15}
    book.set_mock_caller()
    assert buttons.status()
    names = [row[0] for row in runs(book)]
    assert names == ["L\u00e4ge", "Konsolidera", "H\u00e4mta in", "Skicka", "Skapa mallar"]
    assert "15 av 16" in runs(book)[1][1]
    assert Path(runs(book)[1][2]).name == "Budget 2031.xlsx"
    assert told[1:] == []
    book.close()
    with Round(folder) as round_:
        assert round_.control_path == fresh
        assert not [f for f in round_.control_findings if f.severity == "fel"]


def test_konsolidera_gives_the_very_bytes_of_the_command(control: Path, opened_book: Open, program: xw.App) -> None:
    opened_book(control)
    assert buttons.collect()
    assert buttons.consolidate()
    path = control.parent / "resultat" / "Budget 2031.xlsx"
    by_button = path.read_bytes()
    for book in list(program.books):
        book.close()
    path.unlink()
    done = CliRunner().invoke(group, ["consolidate", "--round", str(control.parent)])
    assert path.read_bytes() == by_button, done.output


def test_konsolidera_again_closes_the_old_result(
    control: Path, opened_book: Open, program: xw.App, told: list[str]
) -> None:
    book = opened_book(control)
    assert buttons.consolidate()
    assert buttons.consolidate()
    result = next(one for one in program.books if one.name == "Budget 2031.xlsx")
    result.sheets.add("Mitt")
    book.set_mock_caller()
    assert not buttons.consolidate()
    assert told == [word("addin.open_result", book="Budget 2031.xlsx")]


@pytest.mark.parametrize("press", [buttons.consolidate, buttons.status])
def test_a_result_that_excel_calls_changed_when_it_opens(
    press: Callable[[], bool], control: Path, opened_book: Open, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are computed as they open, so to Excel they are changed from the start."""
    real = xw.main.Books.open

    def open_(self: xw.main.Books, *args: Any, **kwargs: Any) -> xw.Book:
        book = real(self, *args, **kwargs)
        book.api.setModified(True)
        return book

    book = opened_book(control)
    monkeypatch.setattr(xw.main.Books, "open", open_)
    for _ in range(2):
        book.set_mock_caller()
        assert press(), told


def test_a_result_by_that_name_from_elsewhere(
    control: Path, opened_book: Open, program: xw.App, told: list[str], tmp_path: Path
) -> None:
    other = tmp_path / "annan" / "Budget 2031.xlsx"
    other.parent.mkdir()
    book = opened_book(control)
    program.books.add().save(str(other))
    book.set_mock_caller()
    assert not buttons.consolidate()
    assert told == [word("addin.same_name", book="Budget 2031.xlsx")]
    assert not (control.parent / "resultat" / "Budget 2031.xlsx").exists()


def test_a_copy_of_the_control_workbook_is_not_the_control_workbook(
    control: Path, opened_book: Open, told: list[str]
) -> None:
    copy = control.with_name("Styrbok 2031 - Kopia.xlsx")
    shutil.copyfile(control, copy)  # it is the newest
    before = copy.read_bytes(), control.read_bytes()
    opened_book(copy).sheets.add("Mitt")
    for press in (buttons.status, buttons.create, buttons.check, buttons.collect):
        assert not press()
        assert told.pop() == word("addin.other_control", book=copy.name, control=control.name)
    assert (copy.read_bytes(), control.read_bytes()) == before
    opened_book(control)
    assert buttons.status(), told
    with Round(control.parent) as round_:
        assert round_.control_path == control


def test_which_of_two_control_workbooks_counts_is_not_guessed(
    control: Path, opened_book: Open, told: list[str]
) -> None:
    other = control.with_name("Styrbok 2031.xlsm")
    shutil.copyfile(control, other)
    before = control.read_bytes()
    book = opened_book(control)
    book.sheets.add("Mitt")
    assert not buttons.status()
    assert "Styrbok 2031.xlsm, Styrbok 2031.xlsx" in told[0]
    assert control.read_bytes() == before
    other.rename(control.with_name("Arkiverad 2031.xlsm"))
    assert buttons.status()
    strange = control.with_name("Kopia av Styrbok 2031.xlsx")
    shutil.copyfile(control, strange)
    control.unlink()
    opened_book(strange)
    assert not buttons.status()
    assert told[1:] == [word("addin.misnamed_control", book=strange.name)]


def test_what_went_to_quarantine_is_told(control: Path, opened_book: Open) -> None:
    book = opened_book(control)
    for path in (control.parent / "inkorg").iterdir():
        path.unlink()
    (control.parent / "inkorg" / "Lista.csv").write_text("Namn;Nr\r\nAnna;121212-1212\r\n", "utf-8")
    assert buttons.collect()
    assert "Tog in 1 fil " in runs(book)[0][1]
    assert word("cli.said.quarantined", count=1) in runs(book)[0][1]


def test_rulla_upp_takes_the_selected_node(control: Path, opened_book: Open, told: list[str]) -> None:
    book = opened_book(control)
    assert not buttons.rollup()
    assert told == [word("addin.pick_node")]
    sheet = book.sheets["Organisation"]
    values = sheet.used_range.options(ndim=2).value
    row = next(place for place, line in enumerate(values, sheet.used_range.row) if "valfard" in line[:6])
    sheet.activate()
    sheet.range(f"E{row}").select()
    assert buttons.rollup()
    assert (control.parent / "resultat" / "Sammanst\u00e4llning V\u00e4lf\u00e4rdsn\u00e4mnden.xlsx").is_file()


def cancel_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Somebody presses Avbryt while the item with that number is at work."""
    real = Work.progress

    def progress(self: Work, what: str) -> Callable[[Iterable[T]], Iterator[T]]:
        def steps(items: Iterable[T]) -> Iterator[T]:
            for done, item in enumerate(real(self, what)(items), 1):
                if done == count:
                    self.flag.touch()
                yield item

        return steps

    monkeypatch.setattr(Work, "progress", progress)


def test_avbryt_stops_between_two_nodes_and_keeps_what_is_done(
    fresh: Path, opened_book: Open, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    book = opened_book(fresh)
    with monkeypatch.context() as patched:
        cancel_after(patched, 3)
        assert buttons.create()
    assert runs(book)[0][:2] == ["Skapa mallar", word("addin.cancelled")]
    assert len(list(fresh.parent.glob("mallar/**/*.xlsx"))) == 3
    assert not (fresh.parent / FLAG).exists()
    (fresh.parent / FLAG).touch()  # left by an earlier time
    assert buttons.create()
    assert "13 nya" in runs(book)[0][1]
    assert "3 of\u00f6r\u00e4ndrade" in runs(book)[0][1]
    assert told == []


def test_avbryt_in_the_middle_of_what_has_come(
    control: Path, opened_book: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = opened_book(control)
    with monkeypatch.context() as patched:
        cancel_after(patched, 13)  # files are read some way ahead of being taken in
        assert buttons.collect()
    assert runs(book)[0][1] == word("addin.cancelled")
    done = int(states(book)["inkommen"])
    assert 0 < done <= 13
    assert buttons.collect()
    assert f"Tog in {15 - done} filer" in runs(book)[0][1]
    assert states(book)["inkommen"] == 15


def test_faults_in_the_control_workbook_are_marked_there(control: Path, opened_book: Open, told: list[str]) -> None:
    book = opened_book(control)
    sheet = book.sheets["Organisation"]
    values = sheet.used_range.options(ndim=2).value
    row = next(place for place, line in enumerate(values, sheet.used_range.row) if "valfard-forv" in line[:6])
    head = next(line for line in values if "parent" in line)
    column = sheet.used_range.column + head.index("parent")
    right, plain = sheet.range((row, column)).value, sheet.range((row, column)).color
    sheet.range((row, column)).value = "ingen"
    assert not buttons.create()
    assert "ingen" in told[0]
    assert buttons.check()
    assert sheet.range((row, column)).color == (255, 199, 206)
    assert "fel" in runs(book)[0][1]
    sheet.range((row, column)).value = right
    assert buttons.check()
    assert sheet.range((row, column)).color == plain
    assert buttons.create()


def test_a_control_workbook_that_cannot_be_saved(
    control: Path, opened_book: Open, program: xw.App, told: list[str], tmp_path: Path
) -> None:
    book = program.books.open(str(control), read_only=True)
    book.set_mock_caller()
    assert not buttons.status()
    assert told == [word("addin.read_only", book=book.name)]


def test_a_locked_register_is_a_message(
    control: Path, opened_book: Open, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_book(control)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **_: connect(path, timeout=0.1))
    with connect(control.parent / "xlstyr.db") as other:
        other.execute("begin exclusive")
        assert not buttons.collect()
        other.rollback()
    assert "l\u00e5st" in told[0]
    assert buttons.collect()


def test_a_fault_of_our_own_is_a_message_and_a_file(
    control: Path, opened_book: Open, told: list[str], own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    opened_book(control)
    monkeypatch.setattr(consolidating, "consolidate", fail)
    assert not buttons.consolidate()
    file = own_home / ".xlstyr" / FAULTS
    assert told == [word("addin.bug", file=file)]
    assert "ZeroDivisionError" in file.read_text()


def test_hjalp_names_every_button(control: Path, opened_book: Open, capsys: pytest.CaptureFixture[str]) -> None:
    opened_book(control)
    assert buttons.help_()
    said = capsys.readouterr().err
    for key in buttons.BUTTONS:
        assert word(f"addin.button.{key.rstrip('_')}") in said


def test_a_button_from_a_terminal(control: Path, program: xw.App) -> None:
    done, text = starting.press("collect", control, "libreoffice")
    assert done
    assert "Tog in 15 filer" in text
    with pytest.raises(XlstyrError, match="create"):
        starting.press("finns-inte", control, "libreoffice")
    said = CliRunner().invoke(group, ["addin", "run", "rollup", str(control), "--engine", "libreoffice"])
    assert said.exit_code == 1
    assert "Organisation" in said.output


def test_init_with_macros(tmp_path: Path) -> None:
    run = CliRunner().invoke
    said = run(group, ["init", str(tmp_path / "a"), "--year", "2026", "--macro"])
    assert said.exit_code == 0, said.output
    assert (tmp_path / "a" / "Styrbok 2026.xlsm").is_file()
    assert not (tmp_path / "a" / "Styrbok 2026.xlsx").exists()
    assert run(group, ["init", str(tmp_path / "b"), "--year", "2026", "--engine", "excel"]).exit_code == 2
    said = run(group, ["init", str(tmp_path / "c"), "--year", "2026", "--macro", "--engine", "libreoffice"])
    assert said.exit_code == 0
    kinds = [(tmp_path / one / "Styrbok 2026.xlsm").read_bytes() for one in "ac"]
    assert kinds[0] != kinds[1]
