"""The engine itself, and the program with its open books."""

import atexit
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xlwings import base_classes as base

from xlstyr.addin.libreoffice.book import Book
from xlstyr.addin.libreoffice.cells import Range
from xlstyr.addin.libreoffice.office import Office, enum, properties, running_pipe
from xlstyr.addin.libreoffice.support import NotSupportedError, engine_class, refuses, uno_error
from xlstyr.addin.libreoffice.values import cleaned, prepared
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

_NO_PROCESS = 2**31 - 1
_CALC = "com.sun.star.sheet.SpreadsheetDocument"
_UNANSWERED = {"ok": "ok", "ok_cancel": "cancel", "yes_no": "no", "yes_no_cancel": "cancel"}
_BUTTONS = {"ok": 1, "ok_cancel": 2, "yes_no": 3, "yes_no_cancel": 4}
_ANSWERS = {0: "cancel", 1: "ok", 2: "yes", 3: "no"}


class Engine:
    """What xlwings knows as an engine."""

    name = "libreoffice"
    type = "desktop"

    def __init__(self) -> None:
        self.apps = Apps(self)

    @staticmethod
    def clean_value_data(
        data: list[list[Any]],
        datetime_builder: Callable[..., Any],
        empty_as: Any,
        number_builder: Callable[[float], Any] | None,
        err_to_str: bool,
    ) -> list[list[Any]]:
        """Raw cells as callers get them."""
        return cleaned(data, datetime_builder, empty_as, number_builder, error_text=err_to_str)

    @staticmethod
    def prepare_xl_data_element(x: Any, options: object) -> Any:
        """A caller's value as cells take it."""
        return prepared(x)


@engine_class
class Apps(base.Apps):
    """The LibreOffice programs that are talked to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._apps: list[App] = []

    def keys(self) -> list[int]:
        """Process ids."""
        return [app.pid for app in self]

    def add(self, spec: object = None, add_book: object = None, xl: object = None, visible: object = None) -> "App":
        """Starts a private LibreOffice, with windows when ``visible``. It becomes the active one."""
        app = App(self, Office(visible=bool(visible)))
        self._apps.insert(0, app)
        if add_book:
            app.books.add()
        return app

    @staticmethod
    def cleanup() -> None:
        """Nothing is left behind that needs cleaning."""

    def __iter__(self) -> "Iterator[App]":
        pipe = running_pipe()
        if not self._apps and pipe is not None:
            self._apps.append(App(self, Office(pipe, visible=True)))
        return iter(list(self._apps))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, pid: int) -> "App":
        for app in self:
            if app.pid == pid:
                return app
        raise KeyError(pid)

    def forget(self, app: "App") -> None:
        """``app`` has quit."""
        self._apps.remove(app)


@engine_class
class App(base.App):
    """One LibreOffice."""

    def __init__(self, apps: Apps, office: Office) -> None:
        self.apps = apps
        self.office = office
        self._pid = office.process.pid if office.process is not None else _NO_PROCESS
        self._status: str | None = None
        self._indicator: Any = None
        self._display_alerts = True
        self._still: list[Any] | None = None

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.apps.engine

    @property
    def api(self) -> Any:
        """The UNO desktop."""
        return self.office.desktop

    @property
    def pid(self) -> int:
        """Process id; of a LibreOffice that ran already, a number that no process has."""
        return self._pid

    @property
    def version(self) -> str:
        """A version that xlwings takes for a present-day Excel."""
        return "16.0"

    @property
    def visible(self) -> bool:
        """Whether new books get a window. Nobody sees it when LibreOffice was started without a screen."""
        return self.office.visible

    @visible.setter
    def visible(self, visible: object) -> None:
        self.office.visible = bool(visible)

    @property
    def books(self) -> "Books":
        """The open books."""
        return Books(self)

    @property
    def selection(self) -> Range | None:
        """What is selected in the active book, of several areas the first; None when it isn't cells."""
        book = self.books.active
        chosen = book.document.CurrentSelection
        if not hasattr(chosen, "RangeAddress"):
            if not hasattr(chosen, "RangeAddresses") or not chosen.Count:
                return None
            chosen = chosen.getByIndex(0)
        return Range.of(book.sheets(chosen.RangeAddress.Sheet + 1), chosen)

    def activate(self, steal_focus: object = False) -> None:
        """Brings its active book to the front."""
        self.books.active.activate()

    def calculate(self) -> None:
        """Recalculates every open book."""
        for book in self.books:
            book.document.calculateAll()

    @property
    def screen_updating(self) -> bool:
        """Whether windows are redrawn while cells change. They are again when Python ends, whatever happens."""
        return self._still is None

    @screen_updating.setter
    def screen_updating(self, value: object) -> None:
        if bool(value) == self.screen_updating:
            return
        if value:
            self._move()
            atexit.unregister(self._move)
            return
        self._still = [book.document for book in self.books]
        for document in self._still:
            document.lockControllers()
        atexit.register(self._move)

    def _move(self) -> None:
        still, self._still = self._still or [], None
        for document in still:
            with contextlib.suppress(*uno_error()):  # closed since
                document.unlockControllers()

    @property
    def display_alerts(self) -> bool:
        """Kept for those who set it: over UNO nothing asks."""
        return self._display_alerts

    @display_alerts.setter
    def display_alerts(self, value: object) -> None:
        self._display_alerts = bool(value)

    @property
    def status_bar(self) -> str | bool:
        """What was last written in the status bar; False when nothing is."""
        return self._status or False

    @status_bar.setter
    def status_bar(self, value: object) -> None:
        self._status = str(value) if value else None
        if self._indicator is not None:
            with contextlib.suppress(*uno_error()):  # its window is closed
                self._indicator.end()
            self._indicator = None
        controller = self.books.active.document.CurrentController if self._status and len(self.books) else None
        if controller is not None:
            self._indicator = controller.Frame.createStatusIndicator()
            self._indicator.start(self._status, 0)

    def alert(self, prompt: str, title: str | None, buttons: str, mode: str | None, callback: object) -> str:
        """A message box, and the answer; without a screen the text on standard error, and the careful answer."""
        document = self.books.active.document if len(self.books) else None
        if document is None or self.office.headless or document.CurrentController is None:
            print(f"{title or ''}: {prompt}".strip(": "), file=sys.stderr)  # noqa: T201
            return _UNANSWERED[buttons]
        window = document.CurrentController.Frame.ContainerWindow
        toolkit = self.office.service("awt.Toolkit")
        name = "ERRORBOX" if mode == "critical" else "QUERYBOX" if "_" in buttons else "INFOBOX"
        kind = enum("awt.MessageBoxType", name)
        box = toolkit.createMessageBox(window, kind, _BUTTONS[buttons], title or word("engine.title"), prompt)
        return _ANSWERS[int(box.execute())]

    def quit(self) -> None:
        """Ends it, its books unsaved. A LibreOffice that ran already is somebody's, and is just left."""
        self.office.close()
        self.apps.forget(self)

    def kill(self) -> None:
        """Ends it: as ``quit``."""
        self.quit()


@engine_class
@refuses("__contains__")
class Books(base.Books):
    """The open books of one program."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _documents(self) -> list[Any]:
        if not self.app.office.is_alive():
            raise XlstyrError(word("engine.gone"))
        found = self.app.office.desktop.Components.createEnumeration()
        everything = [found.nextElement() for _ in iter(found.hasMoreElements, False)]
        books = [document for document in everything if document is not None and document.supportsService(_CALC)]
        numbered = [(uid, document) for document in books if (uid := document.RuntimeUID)]  # one that closes has none
        return [document for _, document in sorted(numbered, key=lambda pair: int(pair[0]))]  # as they were opened

    @property
    def api(self) -> Any:
        """The UNO desktop."""
        return self.app.api

    @property
    def active(self) -> Book:
        """The book in front, else the one opened last. Raises ``XlstyrError`` when none is open."""
        current, documents = self.app.office.desktop.CurrentComponent, self._documents()
        if not documents:
            raise XlstyrError(word("engine.no_book"))
        return Book(self.app, current if current in documents else documents[-1])

    def __call__(self, name_or_index: int | str) -> Book:
        books = list(self)
        if isinstance(name_or_index, int):
            if not 1 <= name_or_index <= len(books):
                raise KeyError(name_or_index)
            return books[name_or_index - 1]
        wanted = name_or_index.casefold()
        for book in books:
            if wanted in (book.name.casefold(), book.fullname.casefold()):
                return book
        raise KeyError(name_or_index)

    def __len__(self) -> int:
        return len(self._documents())

    def __iter__(self) -> Iterator[Book]:
        return iter([Book(self.app, document) for document in self._documents()])

    def add(self) -> Book:
        """A new, empty book."""
        options = properties(Hidden=not self.app.visible)
        return Book(self.app, self.api.loadComponentFromURL("private:factory/scalc", "_blank", 0, options))

    def open(self, fullname: str, update_links: object = None, read_only: object = None, *others: object) -> Book:
        """The book at ``fullname``, whose macros don't run. xlwings has seen to it that it isn't open already.

        Raises:
            XlstyrError: it can't be loaded.
        """
        if any(other is not None for other in others):
            raise NotSupportedError("Books.open(…, password, …)")
        return Book(self.app, self.app.office.open(Path(fullname), **({"ReadOnly": True} if read_only else {})))
