"""The engine itself, and the program with its open books."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xlwings import base_classes as base

from xlstyr.addin.libreoffice.book import Book, Sheet
from xlstyr.addin.libreoffice.cells import Range
from xlstyr.addin.libreoffice.office import Office, running_pipe
from xlstyr.addin.libreoffice.support import engine_class
from xlstyr.addin.libreoffice.values import cleaned, prepared
from xlstyr.words import word

_CALC = "com.sun.star.sheet.SpreadsheetDocument"
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
        """Starts a private LibreOffice."""
        app = App(self, Office(visible=bool(visible)))
        self._apps.append(app)
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
        return next(app for app in self if app.pid == pid)

    def forget(self, app: "App") -> None:
        """``app`` has quit."""
        self._apps.remove(app)


@engine_class
class App(base.App):
    """One LibreOffice."""

    def __init__(self, apps: Apps, office: Office) -> None:
        self.apps = apps
        self.office = office
        self._status: str | None = None
        self._quiet: dict[str, bool] = {}

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
        """Process id; −1 for a LibreOffice that ran already."""
        return self.office.process.pid if self.office.process is not None else -1

    @property
    def version(self) -> str:
        """A version that xlwings takes for a present-day Excel."""
        return "16.0"

    @property
    def visible(self) -> bool:
        """Whether new books get a window."""
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
        """What is selected in the active book; None when it isn't cells."""
        chosen = self.books.active.document.CurrentSelection
        if not hasattr(chosen, "RangeAddress"):
            return None
        return Range.of(self.books.active.sheets(chosen.RangeAddress.Sheet + 1), chosen)

    def activate(self, steal_focus: object = False) -> None:
        """Brings its active book to the front."""
        self.books.active.activate()

    def calculate(self) -> None:
        """Recalculates every open book."""
        for book in self.books:
            book.document.calculateAll()

    @property
    def screen_updating(self) -> bool:
        """Whether windows are redrawn while cells change."""
        return self._quiet.get("screen_updating", True)

    @screen_updating.setter
    def screen_updating(self, value: object) -> None:
        if bool(value) == self.screen_updating:
            return
        self._quiet["screen_updating"] = bool(value)
        for book in self.books:
            (book.document.unlockControllers if value else book.document.lockControllers)()

    @property
    def display_alerts(self) -> bool:
        """Kept for those who set it: over UNO nothing asks."""
        return self._quiet.get("display_alerts", True)

    @display_alerts.setter
    def display_alerts(self, value: object) -> None:
        self._quiet["display_alerts"] = bool(value)

    @property
    def status_bar(self) -> str | None:
        """What was last written in the status bar; None when nothing is."""
        return self._status

    @status_bar.setter
    def status_bar(self, value: object) -> None:
        frame = self.books.active.document.CurrentController.Frame if len(self.books) else None
        self._status = str(value) if value else None
        if frame is None:
            return
        indicator = frame.createStatusIndicator()
        if self._status:
            indicator.start(self._status, 0)
        else:
            indicator.end()

    def alert(self, prompt: str, title: str | None, buttons: str, mode: str | None, callback: object) -> str:
        """A message box, and the answer; without a window the message goes to standard error and the answer is ok."""
        document = self.books.active.document if len(self.books) else None
        if document is None or not self.visible or document.CurrentController is None:
            print(f"{title or ''}: {prompt}".strip(": "), file=sys.stderr)  # noqa: T201
            return "ok"
        window = document.CurrentController.Frame.ContainerWindow
        toolkit = self.office.service("awt.Toolkit")
        kind = _message_kind("ERRORBOX" if mode == "critical" else "QUERYBOX" if "_" in buttons else "INFOBOX")
        box = toolkit.createMessageBox(window, kind, _BUTTONS[buttons], title or word("engine.title"), prompt)
        return _ANSWERS[int(box.execute())]

    def quit(self) -> None:
        """Closes its books unsaved, and the program if it was started here."""
        for book in list(self.books):
            book.close()
        self.office.close()
        self.apps.forget(self)

    kill = quit


def _message_kind(name: str) -> Any:
    from xlstyr.addin.libreoffice.office import load_uno

    return load_uno().Enum("com.sun.star.awt.MessageBoxType", name)


@engine_class
class Books(base.Books):
    """The open books of one program."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _documents(self) -> Iterator[Any]:
        found = self.app.office.desktop.Components.createEnumeration()
        while found.hasMoreElements():
            document = found.nextElement()
            if document is not None and document.supportsService(_CALC):
                yield document

    @property
    def api(self) -> Any:
        """The UNO desktop."""
        return self.app.api

    @property
    def active(self) -> Book:
        """The book in front, else the one opened last."""
        current, documents = self.app.office.desktop.CurrentComponent, list(self._documents())
        return Book(self.app, current if current in documents else documents[-1])

    def __call__(self, name_or_index: int | str) -> Book:
        if isinstance(name_or_index, int):
            return Book(self.app, list(self._documents())[name_or_index - 1])
        wanted = name_or_index.casefold()
        for book in self:
            if wanted in (book.name.casefold(), book.fullname.casefold()):
                return book
        raise KeyError(name_or_index)

    def __len__(self) -> int:
        return sum(1 for _ in self._documents())

    def __iter__(self) -> Iterator[Book]:
        return (Book(self.app, document) for document in self._documents())

    def add(self) -> Book:
        """A new, empty book."""
        from xlstyr.addin.libreoffice.office import properties

        options = properties(Hidden=not self.app.visible)
        return Book(self.app, self.api.loadComponentFromURL("private:factory/scalc", "_blank", 0, options))

    def open(self, fullname: str, update_links: object = None, read_only: object = None, *_: object) -> Book:
        """The book at ``fullname``. Raises ``FileNotFoundError``, or ``XlstyrError`` when it can't be loaded."""
        path = Path(fullname)
        if not path.exists():
            raise FileNotFoundError(fullname)
        for book in self:
            if Path(book.fullname) == path.resolve():
                return book
        return Book(self.app, self.app.office.open(path, **({"ReadOnly": True} if read_only else {})))


__all__ = ["App", "Apps", "Books", "Engine", "Sheet"]
