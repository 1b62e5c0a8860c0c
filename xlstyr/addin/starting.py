"""Buttons without Excel: a LibreOffice of xlstyr's own that they work in, and buttons pressed from a terminal."""

import getpass
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from xlstyr.addin.libreoffice import activate
from xlstyr.addin.libreoffice.office import PIPE, Office, command, write_profile
from xlstyr.addin.own import own_folder
from xlstyr.excel.read import read_workbook
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

PYTHON = "XLSTYR_PYTHON"
"""The environment variable by which macros/LibreOffice.bas finds this Python."""
_SECONDS = 90
_NEVER, _ALWAYS = 0, 4  # com.sun.star.document.MacroExecMode
_FRESH_PROFILE = 81  # the exit code by which a new profile asks to be started once more


def usual_engine() -> str:
    """Excel where there is one."""
    return "excel" if sys.platform in ("win32", "darwin") else "libreoffice"


def pipe_name() -> str:
    """The pipe that this user's LibreOffice listens on: the one in the environment, else always the same."""
    own = hashlib.sha256(getpass.getuser().encode()).hexdigest()[:12]
    return os.environ.get(PIPE) or f"xlstyr-{own}"


def open_in_office(path: Path, profile: Path | None = None) -> None:
    """Opens ``path`` in xlstyr's own LibreOffice, started if it isn't running. Its buttons can run Python there.

    That LibreOffice has a profile of its own, so that it neither changes nor meets the one that the user has otherwise.
    Macros run in no other workbook than a control workbook that is opened in this way.

    Raises:
        XlstyrError: it doesn't start, or can't open the workbook.
    """
    raw, findings = read_workbook(path.read_bytes())
    if raw is None:  # which LibreOffice would ask about, and wait
        raise XlstyrError(f"{path.name}: {findings[0].message}")
    own = raw.identity is not None and raw.identity.kind == "control"
    pipe = pipe_name()
    if not _answers(pipe):
        _start(pipe, profile or own_folder() / "libreoffice")
    Office(pipe, visible=True).open(path, MacroExecutionMode=_ALWAYS if own else _NEVER)


def _start(pipe: str, profile: Path) -> None:
    write_profile(profile)
    environment = {**os.environ, PIPE: pipe, PYTHON: sys.executable}
    line = command(profile, pipe, visible=True)
    end = time.monotonic() + _SECONDS
    process = _started(line, environment)
    while time.monotonic() < end:
        if _answers(pipe):
            return
        if process.poll() == _FRESH_PROFILE:
            process = _started(line, environment)
        elif process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    process.wait()
    raise XlstyrError(word("engine.no_start"))


def _started(line: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    null = subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603
        line, env=environment, stdin=null, stdout=null, stderr=null, start_new_session=True
    )


def _answers(pipe: str) -> bool:
    try:
        Office(pipe, visible=True)
    except XlstyrError:
        return False
    return True


def press(button: str, workbook: Path | None, engine: str, cell: str = "") -> tuple[bool, str]:
    """Runs ``button`` in ``workbook``, or in the one in front when None: (whether it was done, what it says).

    A workbook that LibreOffice opens for this is saved and closed again. ``cell`` ("Ramar!L6") is selected first.

    Raises:
        XlstyrError: no such button, no workbook, or the program can't be reached.
    """
    import xlwings as xw

    from xlstyr.addin.pressed import functions

    known = functions()
    if button not in known:
        raise XlstyrError(word("addin.no_button", button=button, buttons=", ".join(known)))
    if engine == "excel":
        if usual_engine() != "excel":
            raise XlstyrError(word("addin.no_excel"))
        return _pressed(_in_excel(workbook), known[button], cell)
    activate()
    if workbook is None:
        os.environ[PIPE] = pipe_name()
        app = xw.apps.active if _answers(os.environ[PIPE]) else None
        if app is None or not len(app.books):
            raise XlstyrError(word("addin.no_book"))
        return _pressed(app.books.active, known[button], cell)
    with xw.App(visible=False, add_book=False) as app:
        book = app.books.open(str(workbook.resolve()))
        done, text = _pressed(book, known[button], cell)
        if done:
            book.save()
        return done, text


def _in_excel(workbook: Path | None) -> "xw.Book":  # type: ignore[name-defined]  # noqa: F821
    """``workbook``, opened if it isn't open, or the one in front. Raises ``XlstyrError`` when it can't be had."""
    import xlwings as xw

    app = xw.apps.active
    if workbook is None:
        if app is None or not len(app.books):
            raise XlstyrError(word("addin.no_book_in_excel"))
        return app.books.active
    try:
        return xw.Book(str(workbook.resolve()))
    except (ValueError, xw.XlwingsError) as error:  # one of that name is open from another place
        raise XlstyrError(word("addin.same_name", book=workbook.name)) from error


def _pressed(book: "xw.Book", run: Callable[[], bool], cell: str) -> tuple[bool, str]:  # type: ignore[name-defined]  # noqa: F821
    book.set_mock_caller()
    title, _, address = cell.rpartition("!")
    if address:
        sheet = book.sheets[title.strip("'")] if title else book.sheets.active
        sheet.activate()
        sheet.range(address).select()
    done = run()
    return done, str(book.app.status_bar or "") if done else ""
