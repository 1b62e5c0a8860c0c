"""The program itself: start, attach, status bar, alerts, and that it dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlwings as xw

from tests.addin.engine.covering import covers
from xlstyr.addin.libreoffice import activate, office
from xlstyr.addin.libreoffice.office import PIPE, Office, command
from xlstyr.model.errors import XlstyrError


@pytest.fixture
def other(app: Any) -> Iterator[xw.App]:
    """A second LibreOffice, which may die."""
    running = xw.apps.add(visible=False)
    yield running
    running.quit()


@covers("Apps.add()", "Apps.keys()", "len(Apps)", "Apps[…]", "for … in Apps", "App.pid", "App.quit()", "App.api")
def test_programs_come_and_go(app: Any) -> None:
    before = xw.apps.keys()
    second = xw.apps.add(add_book=True)
    assert (xw.apps.active, xw.apps[second.pid], len(second.books)) == (second, second, 1)
    assert (xw.apps.keys(), len(xw.apps)) == ([second.pid, *before], len(before) + 1)
    assert second.api.supportsService("com.sun.star.frame.Desktop")
    second.quit()
    assert xw.apps.keys() == before
    with pytest.raises(KeyError):
        xw.apps[second.pid]
    with pytest.raises(ProcessLookupError):
        os.kill(second.pid, 0)


@covers("App.engine", "App.version", "App.visible", "App.visible =", "Apps.cleanup()")
def test_what_it_says_of_itself(app: Any) -> None:
    assert (app.engine.name, app.engine.type, app.version.major) == ("libreoffice", "desktop", 16)
    assert app.visible is False
    app.visible = True
    assert app.visible is True
    app.visible = False
    xw.apps.cleanup()
    activate()
    assert xw.engines["libreoffice"] in xw.engines


@covers("App.calculate()")
def test_calculation(book: Any) -> None:
    sheet = book.sheets[0]
    sheet["A1"].value = "=RAND()"
    before = sheet["A1"].value
    book.app.calculate()
    assert sheet["A1"].value != before


@covers("App.screen_updating", "App.screen_updating =")
def test_the_screen_stands_still_and_moves_again(window: Any, shown: Any) -> None:
    first, app = window.api, window.app
    with app.properties(screen_updating=False):
        app.screen_updating = False
        second = shown.books.add()
        third = shown.books.add()
        third.close()
        assert (app.screen_updating, first.hasControllersLocked()) == (False, True)
        with app.properties(screen_updating=False):
            pass
        assert app.screen_updating is False
    assert app.screen_updating is True
    assert not first.hasControllersLocked()
    assert not second.api.hasControllersLocked()
    app.screen_updating = False
    window.close()
    app.screen_updating = True


@covers("App.display_alerts", "App.display_alerts =")
def test_alerts_are_set_and_set_back(app: Any) -> None:
    with app.properties(display_alerts=False):
        assert app.display_alerts is False
    assert app.display_alerts is True


@covers("App.status_bar", "App.status_bar =")
def test_the_status_bar(window: Any) -> None:
    app = window.app
    app.status_bar = False  # other tests have the same program
    assert app.status_bar is False
    app.status_bar = "Hämtar 3 av 14"
    app.status_bar = "Hämtar 4 av 14"
    assert app.status_bar == "Hämtar 4 av 14"
    with app.properties(status_bar="tillfälligt"):
        assert app.status_bar == "tillfälligt"
    assert app.status_bar == "Hämtar 4 av 14"
    window.close()
    app.status_bar = False
    assert app.status_bar is False


@covers("App.alert()")
def test_without_a_screen_nobody_has_agreed_to_anything(window: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answers = {kind: window.app.alert("Ta bort?", "Fråga", kind) for kind in ("ok", "ok_cancel", "yes_no")}
    assert answers == {"ok": "ok", "ok_cancel": "cancel", "yes_no": "no"}
    assert capsys.readouterr().err == "Fråga: Ta bort?\n" * 3


@covers("App.kill()")
def test_it_dies_in_the_middle(other: Any) -> None:
    book = other.books.add()
    cells = book.sheets[0]["A1"]
    os.kill(other.pid, signal.SIGKILL)
    time.sleep(0.3)
    for use in (
        lambda: cells.value,
        lambda: setattr(cells, "value", 1),
        lambda: book.name,
        lambda: len(other.books),
        other.books.add,
        lambda: other.books.open(__file__),
        lambda: book.save("/tmp/x.xlsx"),
    ):
        with pytest.raises(XlstyrError, match="har stängts under arbetet"):
            use()
    third = xw.apps.add()
    third.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(third.pid, 0) if third.impl.office.process else os.kill(2**22 + 1, 0)


def test_it_does_not_start(app: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: str(tmp_path / "profil"))
    monkeypatch.setattr(office, "command", lambda *_, **__: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(XlstyrError, match="LibreOffice startade inte"):
        Office()
    assert not (tmp_path / "profil").exists()


def test_a_fresh_profile_asks_to_be_started_once_more(
    app: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "en gång"
    code = f"import os,sys,pathlib; p=pathlib.Path({str(seen)!r}); p.exists() or (p.touch(), sys.exit(81)); os.execv(sys.argv[1], sys.argv[1:])"
    monkeypatch.setattr(office, "command", lambda *a, **k: [sys.executable, "-c", code, *command(*a, **k)])
    started = Office()
    assert started.is_alive()
    started.close()


def test_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    office.find_soffice.cache_clear()
    monkeypatch.setattr(office, "_PROGRAMS", ())
    monkeypatch.setattr(office, "_PLACES", ())
    with pytest.raises(XlstyrError, match="LibreOffice är inte installerat"):
        office.find_soffice()
    office.find_soffice.cache_clear()


SCRIPT = """
import sys, xlwings as xw
from xlstyr.addin.libreoffice import activate
activate()
book = xw.Book.caller()
book.sheets[0]["A1"].value = "från knappen"
assert book.app.pid == 2**31 - 1
book.app.impl.office.close()
"""


def test_it_attaches_to_the_one_that_started_it(app: Any, tmp_path: Path) -> None:
    """As a button does: another process, told the pipe by its environment and the book by its name."""
    person = Office()
    path = tmp_path / "Styrbok å ö.xlsx"
    document = person.desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, ())
    document.storeAsURL(path.as_uri(), office.properties(FilterName="Calc MS Excel 2007 XML"))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, f"--wb={path.name}", "--from_xl=1"],
        env={**os.environ, PIPE: person.pipe},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert document.Sheets.getByIndex(0).getCellByPosition(0, 0).String == "från knappen"
    assert person.is_alive()
    person.close()


def test_nobody_answers_on_the_pipe(app: Any) -> None:
    with pytest.raises(XlstyrError, match="Ingen LibreOffice svarar på finnsinte"):
        Office("finnsinte")
