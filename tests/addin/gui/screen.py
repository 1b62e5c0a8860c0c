"""A private screen with a LibreOffice on it, used as a person would: looked at, and clicked with the mouse."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote

import pytest

from xlstyr.addin.libreoffice.office import PIPE, Office, load_uno
from xlstyr.addin.starting import open_in_office
from xlstyr.words import word

T = TypeVar("T")
PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick"}
"""What is needed besides LibreOffice, and the Debian package that has it."""
KEPT = "XLSTYR_SCREENSHOTS"
"""The environment variable that names a folder for all screenshots, to look at."""
WIDTH, HEIGHT = 1500, 1150
DEADLINE = 120.0
_POSITION_AND_SIZE = 15  # com.sun.star.awt.PosSize.POSSIZE
_MOST_ROWS = 120
_MOST_CHILDREN = 400  # a sheet has a thousand million cells


def missing() -> str:
    """The packages to install before anything can be pressed; empty when nothing is missing."""
    return " ".join(package for program, package in PROGRAMS.items() if shutil.which(program) is None)


class Screen:
    """A screen of its own (Xvfb), with a mouse."""

    def __init__(self, shots: Path) -> None:
        self.shots = Path(os.environ.get(KEPT) or shots)
        self.shots.mkdir(parents=True, exist_ok=True)
        reader, writer = os.pipe()
        options = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-displayfd", str(writer)]
        line = ["setpriv", "--pdeathsig", "TERM", "Xvfb", *options]  # and with the screen goes all that is on it
        self.process = subprocess.Popen(line, pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as answer:
            self.display = f":{answer.readline().strip()}"

    def click(self, x: int, y: int) -> None:
        """Moves the mouse there and clicks."""
        self._run("xdotool", "mousemove", str(x), str(y), "sleep", "0.1", "click", "1")

    def shoot(self, name: str) -> Path:
        """A picture of the whole screen."""
        path = self.shots / f"{name}.png"
        self._run("import", "-window", "root", str(path))
        return path

    def wait(self, what: str, look: Callable[[], T | None], seconds: float = DEADLINE) -> T:
        """What ``look`` sees as soon as it sees something. Fails with a picture of the screen when it never does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (seen := look()) not in (None, False, ""):
                return seen
            time.sleep(0.05)
        pytest.fail(f"{what}: not within {seconds:.0f} s. The screen: {self.shoot('failed')}")

    def close(self) -> None:
        """Switches the screen off."""
        self.process.terminate()
        self.process.wait(10)

    def _run(self, *line: str) -> None:
        subprocess.run(line, check=True, env={**os.environ, "DISPLAY": self.display}, timeout=60)


class Desk:
    """A LibreOffice on a screen, with the control workbook at ``path`` open as ``xlstyr addin open`` opens it."""

    def __init__(self, screen: Screen, path: Path, profile: Path) -> None:
        self.screen = screen
        pipe = os.environ[PIPE]
        open_in_office(path, profile)
        self.session = int(_pgrep("--full", f"name={pipe};")[0])
        self.office = Office(pipe, visible=True)
        self.document: Any = screen.wait("the control workbook is open", lambda: self._document(path))
        self._window().setPosSize(0, 0, WIDTH, HEIGHT, _POSITION_AND_SIZE)
        screen.wait("the panel is drawn", lambda: self._button(word("addin.button.help")) or None)

    # what stands in the workbook

    @property
    def sheets(self) -> list[str]:
        """The names of its sheets."""
        return list(self.document.Sheets.ElementNames)

    def rows(self, sheet: str) -> list[list[str]]:
        """What is shown at the top of a sheet, row by row."""
        shown = self.document.Sheets.getByName(sheet)
        cursor = shown.createCursor()
        cursor.gotoEndOfUsedArea(False)
        end = cursor.RangeAddress
        values = shown.getCellRangeByPosition(0, 0, end.EndColumn, min(end.EndRow, _MOST_ROWS)).getDataArray()
        return [
            [
                value if isinstance(value, str) else shown.getCellByPosition(column, row).String
                for column, value in enumerate(cells)
            ]
            for row, cells in enumerate(values)
        ]

    def table(self, key: str) -> list[dict[str, str]]:
        """The filled rows of a table in the panel, by column key."""
        rows = self.rows(word("addin.panel"))
        top = next(number for number, row in enumerate(rows) if f"table:{key}" in row)
        end = next(
            number for number in range(top, len(rows)) if "table:#end" in rows[number] or number == len(rows) - 1
        )
        keys = {column: name for column, name in enumerate(rows[top]) if name and ":" not in name and name != "id"}
        filled = [{name: row[column] for column, name in keys.items()} for row in rows[top + 2 : end + 1]]
        return [row for row in filled if any(row.values())]

    # what is done with it

    def press(self, button: str, *, patient: bool = True) -> None:
        """Clicks in the middle of a button of the panel; ``patient``: when no other button is at work."""
        if patient:
            self.screen.wait("no button is at work", lambda: not self.busy())
        self.turn_to(word("addin.panel"))
        self.screen.click(*self.screen.wait(f"the button {button}", lambda: self._button(button)))

    def run(self, button: str) -> dict[str, str]:
        """Presses a button and waits for its line in the list of runs, which is given: button, result, at, file."""
        before = self.table("panel_runs")
        self.press(button)
        return self.finished(button, len(before) + 1)

    def finished(self, button: str, runs: int) -> dict[str, str]:
        """The newest line in the list of runs, when there are ``runs`` of them and the workbook is saved."""

        def look() -> dict[str, str] | None:
            if self._box() is not None:
                self._refused(button)
            shown = self.table("panel_runs")
            done = len(shown) == runs and shown[0]["button"] == button and not self.document.isModified()
            return self.table("panel_runs")[0] if done else None  # what was seen first may have been half written

        line = self.screen.wait(f"{button} is done", look)
        self.screen.shoot(f"{runs:02} {button}")
        return line

    def _refused(self, button: str) -> NoReturn:
        """A message came instead: the test has failed, but others may go on."""
        text = self.message()
        self.screen.shoot(f"{button} refused")
        self.dismiss()
        pytest.fail(f"{button}: {text}")

    def turn_to(self, sheet: str) -> None:
        """Brings the control workbook to the front and clicks on the tab of ``sheet``, one of the first."""
        self._window().toFront()
        if self._in_front() != sheet:
            if self._tab(sheet) is None:
                self.screen.click(
                    *_middle(next(part for part in self._parts() if _is(part, "PUSH_BUTTON", "Move To Home")))
                )
            self.screen.click(*self.screen.wait(f"the tab {sheet} in sight", lambda: self._tab(sheet)))
        self.screen.wait(f"the sheet {sheet}", lambda: self._in_front() == sheet)

    def click_cell(self, column: int, row: int) -> None:
        """Clicks on a cell of the sheet in front, counted from 0. It must be in sight."""
        panes = [part for part in self._parts() if _is(part, "DOCUMENT_SPREADSHEET")]  # four where rows are frozen
        places = [(pane, self._cell(pane, column, row)) for pane in panes]
        self.screen.click(*next(place for pane, place in places if _holds(pane, *place)))

        def selected() -> bool:
            address = self.document.CurrentSelection.RangeAddress
            return (address.StartColumn, address.StartRow) == (column, row)

        self.screen.wait("the cell is selected", selected)

    def message(self) -> str:
        """The text of the message box that comes up."""
        return "\n".join(part.AccessibleName for part in self.screen.wait("a message box", self._box))

    def dismiss(self) -> None:
        """Clicks on the only button of the message box in front."""
        box = self.screen.wait("a message box", self._box)
        self.screen.click(*_middle(next(part for part in box if _is(part, "PUSH_BUTTON"))))
        self.screen.wait("the message is gone", lambda: self._box() is None)

    def busy(self) -> bool:
        """Whether what a button has started is still at work."""
        return bool(_pgrep("--session", str(self.session), "--full", "xlstyr.addin.pressed"))

    def opened(self, path: Path) -> Any:
        """The document at ``path``, when it is open in a window and the button has let go of it."""
        self.screen.wait("the button is done", lambda: not self.busy())
        document = self.screen.wait(f"{path.name} is open", lambda: self._document(path))
        self.screen.shoot(path.stem)
        return document

    def close_others(self) -> None:
        """Closes everything but the control workbook."""
        for document in self._documents():
            if document.URL != self.document.URL:
                document.close(True)

    def close(self) -> None:
        """Ends LibreOffice, with whatever its buttons have started."""
        with suppress(ProcessLookupError):
            os.killpg(self.session, signal.SIGKILL)

    def _documents(self) -> list[Any]:
        found = self.office.desktop.Components.createEnumeration()
        return [document for document in iter(lambda: _next(found), None) if hasattr(document, "Sheets")]

    def _document(self, path: Path) -> Any:
        place = str(path.resolve())
        documents = (document for document in self._documents() if unquote(document.URL) == f"file://{place}")
        return next((document for document in documents if document.CurrentController is not None), None)

    def _window(self) -> Any:
        return self.document.CurrentController.Frame.ContainerWindow

    def _parts(self) -> Iterator[Any]:
        return _parts(self.document.CurrentController.Frame.ComponentWindow.AccessibleContext)

    @staticmethod
    def _cell(pane: Any, column: int, row: int) -> tuple[int, int]:
        table = next(part for part in _parts(pane) if _is(part, "TABLE"))
        return _middle(table.getAccessibleCellAt(row, column).AccessibleContext)

    def _in_front(self) -> str:
        return str(self.document.CurrentController.ActiveSheet.Name)

    def _tab(self, sheet: str) -> tuple[int, int] | None:
        """The middle of a sheet's tab; None when it is out of sight."""
        tabs = next(part for part in self._parts() if _is(part, "PAGE_TAB_LIST"))
        place = _middle(next(part for part in _parts(tabs) if _is(part, "PAGE_TAB", sheet)))
        return place if _holds(tabs, *place) else None

    def _button(self, caption: str) -> tuple[int, int] | None:
        page = self.document.Sheets.getByName(word("addin.panel")).DrawPage
        for number in range(page.Count):
            model = page.getByIndex(number).Control
            if model.Label == caption:
                control = self.document.CurrentController.getControl(model)
                shown = control.AccessibleContext if control is not None and control.Peer is not None else None
                return _middle(shown) if shown is not None and shown.Size.Width else None
        return None

    def _box(self) -> list[Any] | None:
        toolkit = self.office.service("awt.Toolkit")
        windows = [toolkit.getTopWindow(number) for number in range(toolkit.TopWindowCount)]
        for window in windows:
            if window.isVisible() and window.AccessibleContext.AccessibleRole in (_role("ALERT"), _role("DIALOG")):
                return list(_parts(window.AccessibleContext))
        return None


def _pgrep(*options: str) -> list[str]:
    """The ids of processes."""
    return subprocess.run(["pgrep", *options], check=False, capture_output=True, text=True).stdout.split()


def _next(found: Any) -> Any:
    return found.nextElement() if found.hasMoreElements() else None


@cache
def _role(name: str) -> int:
    return int(load_uno().getConstantByName(f"com.sun.star.accessibility.AccessibleRole.{name}"))


def _is(part: Any, role: str, name: str | None = None) -> bool:
    return part.AccessibleRole == _role(role) and name in (None, part.AccessibleName)


def _parts(context: Any) -> Iterator[Any]:
    """Everything that a screen reader would find, from ``context`` down."""
    yield context
    if _is(context, "TABLE"):
        return
    for number in range(min(context.AccessibleChildCount, _MOST_CHILDREN)):
        child = context.getAccessibleChild(number)
        if child is not None:
            yield from _parts(child.AccessibleContext)


def _middle(part: Any) -> tuple[int, int]:
    place, size = part.LocationOnScreen, part.Size
    return place.X + size.Width // 2, place.Y + size.Height // 2


def _holds(part: Any, x: int, y: int) -> bool:
    """Whether a place on the screen lies in ``part``."""
    corner, size = part.LocationOnScreen, part.Size
    return bool(corner.X <= x < corner.X + size.Width and corner.Y <= y < corner.Y + size.Height)


@contextmanager
def desk(path: Path, folder: Path) -> Iterator[Desk]:
    """A desk on a screen of its own, both gone afterwards. ``folder`` gets the profile and the pictures."""
    screen = Screen(folder / "shots")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DISPLAY", screen.display)
        environment.setenv("SAL_USE_VCLPLUGIN", "gen")  # the same wherever it runs
        environment.setenv("HOME", str(folder))
        environment.setenv(PIPE, f"xlstyr-gui-{os.getpid()}")
        try:
            opened = Desk(screen, path, folder / "profile")
            try:
                yield opened
            finally:
                opened.close()
        finally:
            screen.close()
