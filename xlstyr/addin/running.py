"""What every button does around its work: save, open the round, show progress, hear a cancellation, tell the result."""

import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import xlwings as xw

from xlstyr.addin.homes import named, place_of, with_register
from xlstyr.addin.native import escape_pressed, is_read_only, is_saved, mark_saved
from xlstyr.addin.openbook import identity_of
from xlstyr.addin.own import own_folder
from xlstyr.addin.panel import Panel
from xlstyr.addin.remembering import remembered_control
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.rounds.round import BrokenControlError, Round, control_of
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

T = TypeVar("T")
FLAG = ".avbryt"
"""The file whose presence beside the control workbook says: stop. Excel can't say it otherwise while it waits."""
FAULTS = "fel.txt"
_NAMED = 10
_NEVER = 3  # msoAutomationSecurityForceDisable


class CancelledError(XlstyrError):
    """Somebody pressed Avbryt. What was done stays done."""

    def __init__(self) -> None:
        super().__init__(word("addin.cancelled"))


@dataclass(frozen=True, slots=True)
class Result:
    """What a button's work came to: a line for people, a workbook to open, findings to list in the control workbook."""

    text: str
    file: Path | None = None
    findings: Sequence[Finding] | None = None


class Work:
    """One press of a button in a control workbook."""

    def __init__(self, book: xw.Book, round_: Round) -> None:
        self.book = book
        self.round = round_
        self.flag = round_.folder / FLAG

    def progress(self, what: str) -> Callable[[Iterable[T]], Iterator[T]]:
        """Goes through things one by one with the status bar telling how far it has come.

        Raises:
            CancelledError: between two of them, when somebody has cancelled.
        """

        def steps(items: Iterable[T]) -> Iterator[T]:
            known = list(items)
            for done, item in enumerate(known, 1):
                self.listen()
                args = {"what": word(f"cli.said.{what}"), "done": done, "total": len(known)}
                self.book.app.status_bar = word("cli.said.progress", **args)
                yield item

        return steps

    def listen(self) -> None:
        """Raises ``CancelledError`` when somebody has cancelled."""
        if self.flag.exists() or escape_pressed(self.book):
            raise CancelledError

    def make_room(self, path: Path) -> None:
        """Closes the workbook at ``path``, which is about to be written anew.

        Raises:
            XlstyrError: somebody has changed it and not saved it, or a book of that name from elsewhere is open.
        """
        for book in named(self.book.app, path.name):
            if not _lies_at(book, path):
                raise XlstyrError(word("addin.same_name", book=book.name))
            if not is_saved(book):
                raise XlstyrError(word("addin.open_result", book=book.name))
            book.close()


def run(button: str, work: Callable[[Work], Result], *, new: bool = False) -> bool:
    """Runs ``work`` on the round of the control workbook in front, and shows what came of it there.

    ``new``: the round may have nothing yet, not even a register. False when it ended in a message instead.
    """
    book = xw.Book.caller()
    with told(book) as outcome:
        folder = _folder_of(book)
        (folder / FLAG).unlink(missing_ok=True)
        try:
            book.save()
            with Round(folder, read_control=remembered_control) as round_:
                if not new:
                    with_register(round_)
                try:
                    result = work(Work(book, round_))
                except CancelledError as stopped:
                    result = Result(str(stopped))
                _show(book, round_, button, result)
        finally:
            (folder / FLAG).unlink(missing_ok=True)
    return outcome.done


@dataclass(slots=True)
class Outcome:
    """Whether it was done; when not, a message has said why."""

    done: bool = False


@contextmanager
def told(book: xw.Book) -> Iterator[Outcome]:
    """Nothing that goes wrong inside becomes a traceback: people get a message that says what to do."""
    outcome = Outcome()
    try:
        yield outcome
        outcome.done = True
    except XlstyrError as error:
        findings: list[Finding] = getattr(error, "findings", [])
        lines = [f"{f.place.sheet} {f.place.cell}: {f.message} {f.fix}" for f in findings[:_NAMED]]
        if len(findings) > _NAMED:
            lines.append(word("addin.told_more", count=len(findings) - _NAMED))
        tell(book, "\n".join([str(error), *lines]), critical=True)
    except (sqlite3.Error, OSError) as error:
        detail = getattr(error, "strerror", None) or str(error) or type(error).__name__
        tell(book, word("addin.environment", detail=detail), critical=True)
    except Exception:  # noqa: BLE001 (a bug; whoever pressed the button can do nothing with a traceback)
        path = own_folder() / FAULTS
        write_safely(path, traceback.format_exc().encode())
        tell(book, word("addin.bug", file=path), critical=True)


def _folder_of(book: xw.Book) -> Path:
    """The folder of the control workbook in front. Raises ``XlstyrError`` when it isn't one, or can't be saved."""
    identity = identity_of(book)
    if identity is None or identity.kind != "control":
        raise XlstyrError(word("addin.needs_control"))
    path = place_of(book)
    if path is None:
        raise XlstyrError(word("addin.unsaved", book=book.name))
    if is_read_only(book):
        raise XlstyrError(word("addin.read_only", book=book.name))
    real = control_of(path.parent)
    if real is None:
        raise XlstyrError(word("addin.misnamed_control", book=book.name))
    if not path.samefile(real):
        raise XlstyrError(word("addin.other_control", book=book.name, control=real.name))
    return path.parent


def _show(book: xw.Book, round_: Round, button: str, result: Result) -> None:
    from xlstyr.addin.checking import show

    panel = Panel(book)
    with suppress(BrokenControlError):  # what is wrong with it is listed
        panel.show_states(round_)
    panel.add_run(button, result.text, round_.now, _inside(round_, result.file) if result.file is not None else "")
    if result.findings is not None:
        show(book, result.findings)
    book.save()
    if result.file is not None:
        mark_saved(open_book(book.app, result.file))  # it is computed when it opens, which Excel takes for a change
    book.app.status_bar = result.text[:200]


def open_book(app: xw.App, path: Path, *, read_only: bool = False) -> xw.Book:
    """The book at ``path``, open. No macro in it runs.

    Raises:
        XlstyrError: another book of that name is open, and no program takes both.
    """
    for book in named(app, path.name):
        if not _lies_at(book, path):
            raise XlstyrError(word("addin.same_name", book=book.name))
        return book
    try:
        with _without_macros(app):
            return app.books.open(str(path), read_only=read_only)
    except ValueError as error:  # how xlwings says the same
        raise XlstyrError(word("addin.same_name", book=path.name)) from error


def _lies_at(book: xw.Book, path: Path) -> bool:
    place = place_of(book)
    return place is not None and path.exists() and place.samefile(path)


@contextmanager
def _without_macros(app: xw.App) -> Iterator[None]:
    """Excel for Windows runs the macros of what a program opens, unless it is told not to."""
    if app.engine.name != "excel" or sys.platform == "darwin":
        yield
        return
    was = app.api.AutomationSecurity
    app.api.AutomationSecurity = _NEVER
    try:
        yield
    finally:
        app.api.AutomationSecurity = was


def _inside(round_: Round, path: Path) -> str:
    """``path`` as seen from the round's folder, where the control workbook lies too."""
    return str(path.relative_to(round_.folder) if path.is_relative_to(round_.folder) else path)


def tell(book: xw.Book, text: str, *, critical: bool = False) -> None:
    """A message that has to be read. The status bar is the program's own again."""
    book.app.status_bar = False
    book.app.alert(text, word("engine.title"), mode="critical" if critical else "info")
