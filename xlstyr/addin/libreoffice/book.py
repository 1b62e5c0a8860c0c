"""Books and sheets."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlwings import NoSuchObjectError
from xlwings import base_classes as base

from xlstyr.addin.libreoffice.cells import Range
from xlstyr.addin.libreoffice.names import Names, quoted_title
from xlstyr.addin.libreoffice.office import load_uno, properties
from xlstyr.addin.libreoffice.places import box_of, is_address
from xlstyr.addin.libreoffice.support import NotSupportedError, engine_class, refuses, uno_error
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.program import App

_FILTERS = {".xlsx": "Calc MS Excel 2007 XML", ".xlsm": "Calc MS Excel 2007 VBA XML", ".ods": "calc8"}
_LONGEST_TITLE = 31
_NOT_IN_TITLES = "\\/?*[]:"


@engine_class
class Book(base.Book):
    """One open book."""

    def __init__(self, app: "App", document: Any) -> None:
        self._app = app
        self.document = document
        self._sheets: Any = None
        self._known: dict[str, Any] = {}

    @property
    def uno_sheets(self) -> Any:
        """UNO's collection of its sheets, asked for once: an object costs as much as ten values."""
        if self._sheets is None:
            self._sheets = self.document.Sheets
        return self._sheets

    def uno_sheet(self, title: str) -> Any:
        """The UNO sheet with a title, asked for once as long as it has it."""
        found = self._known.get(title)
        if found is None or found.Name != title:
            found = self._known[title] = self.uno_sheets.getByName(title)
        return found

    def lost(self) -> bool:
        """Whether it is closed, or its program gone."""
        try:
            return self.document.Sheets is None
        except uno_error():
            return True

    @property
    def app(self) -> "App":
        """The program that it is open in."""
        return self._app

    @property
    def api(self) -> Any:
        """The UNO document."""
        return self.document

    @property
    def fullname(self) -> str:
        """Its path; its title when it was never saved."""
        url = self.document.URL
        return str(load_uno().fileUrlToSystemPath(url) if url.startswith("file:") else url or self.document.Title)

    @property
    def name(self) -> str:
        """Its file name."""
        return Path(self.fullname).name

    @property
    def sheets(self) -> "Sheets":
        """Its sheets."""
        return Sheets(self)

    @property
    def names(self) -> Names:
        """Its defined names, those of its sheets too."""
        return Names(self)

    def activate(self) -> None:
        """Brings its window to the front."""
        self._app.office.inside("Front", self.document)

    def close(self) -> None:
        """Closes it without saving."""
        self.document.setModified(False)
        self.document.close(True)

    def save(self, path: str | None = None, password: str | None = None) -> None:
        """Saves it, in the format that the ending of ``path`` names; where it is when ``path`` is None.

        Raises:
            XlstyrError: it is open for reading only, the folder doesn't exist, or the file can't be written.
        """
        known = self.fullname if self.document.URL else f"{self.name}.xlsx"
        target = Path(path or known).absolute()
        kind = _FILTERS.get(target.suffix.casefold())
        if password is not None or kind is None:
            raise NotSupportedError(f"Book.save({'password' if password is not None else target.suffix})")
        if not target.parent.is_dir():
            raise XlstyrError(word("engine.no_folder", folder=target.parent))
        if self.document.isReadonly() and target == Path(self.fullname):
            raise XlstyrError(word("engine.read_only", book=self.name))
        try:
            self.document.storeAsURL(target.as_uri(), properties(FilterName=kind, Overwrite=True))
        except uno_error() as error:
            if self.lost():
                raise
            raise XlstyrError(word("engine.not_saved", file=target)) from error


@engine_class
@refuses("__contains__")
class Sheets(base.Sheets):
    """The sheets of a book."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def lost(self) -> bool:
        """Whether the book is closed."""
        return self.book.lost()

    @property
    def api(self) -> Any:
        """UNO's collection of sheets. Raises ``XlstyrError`` when the book is closed."""
        found = self.book.uno_sheets
        if found is None or not found.Count:
            raise XlstyrError(word("engine.gone"))
        return found

    @property
    def active(self) -> "Sheet":
        """The sheet in front; the first of a book without a window."""
        controller = self.book.document.CurrentController
        return Sheet(self.book, controller.ActiveSheet) if controller is not None else self(1)

    def __call__(self, name_or_index: int | str) -> "Sheet":
        if isinstance(name_or_index, int):
            if 1 <= name_or_index <= len(self):
                return Sheet(self.book, self.book.uno_sheet(self.api.ElementNames[name_or_index - 1]))
        else:
            wanted = name_or_index.casefold()
            for name in self.api.ElementNames:
                if name.casefold() == wanted:
                    return Sheet(self.book, self.book.uno_sheet(name))
        raise NoSuchObjectError(str(name_or_index))

    def __len__(self) -> int:
        return int(self.api.Count)

    def __iter__(self) -> "Iterator[Sheet]":
        return iter([Sheet(self.book, self.book.uno_sheet(name)) for name in self.api.ElementNames])

    def add(self, before: "Sheet | None" = None, after: "Sheet | None" = None, name: str | None = None) -> "Sheet":
        """A new sheet, in front of the active one when neither ``before`` nor ``after`` says where.

        Raises:
            XlstyrError: Excel wouldn't take the name.
        """
        place = before.index - 1 if before else after.index if after else self.active.index - 1
        free = (f"{word('engine.sheet')}{number}" for number in range(1, len(self) + 2))
        title = name or next(text for text in free if not self.api.hasByName(text))
        _check_title(title)
        self.api.insertNewByName(title, place)
        sheet = self(title)
        sheet.activate()
        return sheet


def _check_title(title: str) -> None:
    """LibreOffice takes titles that Excel can't open."""
    if len(title) > _LONGEST_TITLE or set(title) & set(_NOT_IN_TITLES) or title.startswith("'") or title.endswith("'"):
        raise XlstyrError(word("engine.bad_title", title=title))


@engine_class
class SheetProtection:
    """What buttons need of Excel's own object: protection. Named and used as there."""

    def __init__(self, sheet: "Sheet") -> None:
        self.sheet = sheet

    def lost(self) -> bool:
        """Whether the book is closed."""
        return self.sheet.lost()

    @property
    def ProtectContents(self) -> bool:  # noqa: N802 (Excel's name)
        """Whether the sheet is protected."""
        return bool(self.sheet.uno_sheet.isProtected())

    def Unprotect(self, Password: str = "") -> None:  # noqa: N802, N803
        """Takes the protection away. Raises ``XlstyrError`` when the password is another."""
        try:
            self.sheet.uno_sheet.unprotect(Password)
        except uno_error() as error:
            if self.lost():
                raise
            raise XlstyrError(word("engine.locked", sheet=self.sheet.name)) from error

    def Protect(self, Password: str = "", **_: object) -> None:  # noqa: N802, N803
        """Protects the sheet; LibreOffice keeps what was allowed before."""
        self.sheet.uno_sheet.protect(Password)


@engine_class
class Sheet(base.Sheet):
    """One sheet."""

    def __init__(self, book: Book, uno_sheet: Any) -> None:
        self._book = book
        self._uno_sheet = uno_sheet

    def lost(self) -> bool:
        """Whether its book is closed."""
        return self._book.lost()

    @property
    def uno_sheet(self) -> Any:
        """The UNO sheet. Raises ``XlstyrError`` when its book is closed: it would seem empty and open."""
        if not self._uno_sheet.Name:
            raise XlstyrError(word("engine.gone"))
        return self._uno_sheet

    def changeable(self) -> Any:
        """The UNO sheet, when its looks may change; where they may not LibreOffice does nothing, and says nothing.

        Raises:
            XlstyrError: it is protected, or its book is open for reading only.
        """
        found = self.uno_sheet
        if self._book.document.isReadonly():
            raise XlstyrError(word("engine.read_only", book=self._book.name))
        if found.isProtected():
            raise XlstyrError(word("engine.protected", sheet=self.name))
        return found

    @property
    def api(self) -> SheetProtection:
        """Protection, as Excel's own object has it."""
        return SheetProtection(self)

    @property
    def book(self) -> Book:
        """The book that it is in."""
        return self._book

    @property
    def name(self) -> str:
        """Its title."""
        title = self._uno_sheet.Name
        if not title:
            raise XlstyrError(word("engine.gone"))
        return str(title)

    @name.setter
    def name(self, value: str) -> None:
        _check_title(value)
        self.uno_sheet.Name = value

    @property
    def names(self) -> Names:
        """Names defined on this sheet only."""
        return Names(self._book, self)

    @property
    def index(self) -> int:
        """Its place, from 1."""
        return int(self.uno_sheet.RangeAddress.Sheet) + 1

    @property
    def visible(self) -> bool:
        """Whether it is shown."""
        return bool(self.uno_sheet.IsVisible)

    @visible.setter
    def visible(self, value: object) -> None:
        self.uno_sheet.IsVisible = bool(value)
        if self.visible != bool(value):  # the last one stays, and LibreOffice says nothing
            raise XlstyrError(word("engine.last_sheet", sheet=self.name))

    def range(self, arg1: Any, arg2: Any = None) -> Range:
        """The cells that an address, a name, (row, column), two corners, or (row, column, rows, columns) say."""
        if isinstance(arg1, int) and isinstance(arg2, int):
            arg1, arg2 = (arg1, arg2), None
        if arg2 is None and isinstance(arg1, str):
            return self._named(arg1)
        first = self._box(arg1)
        second = self._box(arg2) if arg2 is not None else first
        top, left = min(first[0], second[0]), min(first[1], second[1])
        return Range(self, (top, left, max(first[2], second[2]), max(first[3], second[3])))

    def _named(self, text: str) -> Range:
        if "!" in text:
            title, address = quoted_title(text)
            return self._book.sheets(title).range(address)
        if is_address(text):
            try:
                return Range(self, box_of(text))
            except IndexError as error:
                raise NoSuchObjectError(text) from error
        for names in (self.names, self._book.names):
            if names.contains(text):
                return names(text).refers_to_range
        raise NoSuchObjectError(text)

    def _box(self, place: Any) -> tuple[int, int, int, int]:
        if isinstance(place, tuple):
            row, column, rows, columns = place if len(place) > 2 else (*place, 1, 1)
            return (row, column, row + rows - 1, column + columns - 1)
        if isinstance(place, str):
            return self._named(place).box
        cells: Range = getattr(place, "impl", place)
        return cells.box

    @property
    def cells(self) -> Range:
        """Every cell."""
        return Range(self, (1, 1, self.uno_sheet.Rows.Count, self.uno_sheet.Columns.Count))

    @property
    def used_range(self) -> Range:
        """From the first to the last cell that holds anything."""
        top, left, bottom, right = self._book.app.office.inside("UsedArea", self.uno_sheet)
        return Range(self, (top + 1, left + 1, bottom + 1, right + 1))

    def activate(self) -> None:
        """Shows it in its window. Raises ``XlstyrError`` when it is hidden."""
        if not self.visible:
            raise XlstyrError(word("engine.hidden", sheet=self.name))
        controller = self._book.document.CurrentController
        if controller is not None:
            controller.setActiveSheet(self.uno_sheet)

    def select(self) -> None:
        """Shows it in its window."""
        self.activate()

    def clear(self) -> None:
        """Empties it, looks and notes too."""
        self.cells.clear()

    def clear_contents(self) -> None:
        """Empties its cells."""
        self.used_range.clear_contents()

    def delete(self) -> None:
        """Removes it. Raises ``XlstyrError`` when it is the last one."""
        if len(self._book.sheets) == 1:
            raise XlstyrError(word("engine.last_sheet", sheet=self.name))
        self._book.uno_sheets.removeByName(self.name)
