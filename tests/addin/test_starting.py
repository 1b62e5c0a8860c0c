"""The control workbook in xlstyr's own LibreOffice: a press of a button runs its macro, and the macro runs Python."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.office.soffice import Office as Tested
from xlstyr.addin import starting
from xlstyr.addin.building import with_buttons, with_office_buttons
from xlstyr.addin.libreoffice.office import PIPE, Office
from xlstyr.addin.starting import open_in_office, pipe_name
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.start import start_round

SECONDS = 120


@pytest.fixture
def running(
    office: Tested, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Any]]:
    """(the control workbook, its UNO document) as ``addin open`` leaves them."""
    path = start_round(tmp_path / "en omg\u00e5ng", None, "exempelby", equip=with_office_buttons)
    monkeypatch.setenv(PIPE, f"xlstyrtest{time.monotonic_ns()}")
    monkeypatch.setenv("SAL_USE_VCLPLUGIN", "svp")  # windows without a screen
    started: list[subprocess.Popen[bytes]] = []
    real = starting._started

    def start(line: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        started.append(real(line, environment))
        return started[-1]

    monkeypatch.setattr(starting, "_started", start)
    try:
        open_in_office(path)
        yield path, Office(pipe_name(), visible=True).desktop.CurrentComponent
    finally:
        for process in started:
            process.kill()
            process.wait()


def press(document: Any, macro: str) -> None:
    url = f"vnd.sun.star.script:xlstyr.Styrning.{macro}?language=Basic&location=document"
    document.getScriptProvider().getScript(url).invoke((), (), ())


def soon(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + SECONDS
    while not happened() and time.monotonic() < end:
        time.sleep(0.2)
    return happened()


def panel(document: Any) -> str:
    sheet = document.Sheets.getByName("Panel")
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    area = sheet.getCellRangeByPosition(0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow)
    return " ".join(str(value) for row in area.getDataArray() for value in row)


@pytest.mark.slow
def test_a_macro_runs_its_function(running: tuple[Path, Any]) -> None:
    path, document = running
    press(document, "SkapaMallar")
    assert soon(lambda: "16 nya" in panel(document))
    assert len(list(path.parent.glob("mallar/**/*.xlsx"))) == 16
    press(document, "Konsolidera")
    assert soon(lambda: "0 av 16 svar" in panel(document))
    assert (path.parent / "resultat" / "Budget 2031.xlsx").is_file()
    press(document, "Avbryt")
    assert (path.parent / ".avbryt").exists()


@pytest.mark.slow
def test_macros_of_other_workbooks_do_not_run_there(running: tuple[Path, Any], exempelby: Path, tmp_path: Path) -> None:
    mailed = tmp_path / "mejlad.xlsm"
    mailed.write_bytes(with_buttons(next(exempelby.glob("mallar/**/*.xlsx")).read_bytes()))
    open_in_office(mailed)
    document = Office(pipe_name(), visible=True).desktop.CurrentComponent
    assert document.URL.endswith("mejlad.xlsm")
    assert not document.AllowMacroExecution
    assert running[1].AllowMacroExecution


def test_what_is_no_workbook_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 nej")
    with pytest.raises(XlstyrError, match=r"x\.xlsx"):
        open_in_office(tmp_path / "x.xlsx")
