"""Books, sheets and names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from xlwings import NoSuchObjectError
from xlwings import base_classes as base

from xlstyr.addin.libreoffice.cells import Range
from xlstyr.addin.libreoffice.office import properties, struct
from xlstyr.addin.libreoffice.support import NotSupportedError, engine_class

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.program import App

_FILTERS = {".xlsx": "Calc MS Excel 2007 XML", ".xlsm": "Calc MS Excel 2007 VBA XML", ".ods": "calc8"}
_ROWS, _COLUMNS = 1_048_576, 1_024


@engine_class
class Book(base.Book):
    """One open book."""

    def __init__(self, app: "App", document: Any) -> None:
        self._app = app
        self.document = document

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
        return unquote(urlparse(self.document.URL).path) if self.document.URL else str(self.document.Title)

    @property
    def name(self) -> str:
        """Its file name."""
        return Path(self.fullname).name

    @property
    def sheets(self) -> "Sheets":
        """Its sheets."""
        return Sheets(self)

    @property
    def names(self) -> "Names":
        """Its defined names."""
        return Names(self, self.document.NamedRanges)

    def activate(self) -> None:
        """Brings its window to the front."""
        controller = self.document.CurrentController
        if controller is not None:
            controller.Frame.activate()
            controller.Frame.ContainerWindow.toFront()

    def close(self) -> None:
        """Closes it without saving."""
        self.document.setModified(False)
        self.document.close(True)

    def save(self, path: str | None = None, password: str | None = None) -> None:
        """Saves it, in the format that the ending of ``path`` names; where it is when ``path`` is None."""
        target = Path(path or self.fullname)
        if password is not None or target.suffix.casefold() not in _FILTERS:
            raise NotSupportedError(f"Book.save({target.suffix or 'password'})")
        options = properties(FilterName=_FILTERS[target.suffix.casefold()], Overwrite=True)
        self.document.storeAsURL(target.resolve().as_uri(), options)


@engine_class
class Sheets(base.Sheets):
    """The sheets of a book."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @property
    def api(self) -> Any:
        """UNO's collection of sheets."""
        return self.book.document.Sheets

    @property
    def active(self) -> "Sheet":
        """The sheet in front; the first of a book without a window."""
        controller = self.book.document.CurrentController
        return Sheet(self.book, controller.ActiveSheet) if controller is not None else self(1)

    def __call__(self, name_or_index: int | str) -> "Sheet":
        if isinstance(name_or_index, int):
            if 1 <= name_or_index <= len(self):
                return Sheet(self.book, self.api.getByIndex(name_or_index - 1))
        else:
            wanted = name_or_index.casefold()
            for name in self.api.ElementNames:
                if name.casefold() == wanted:
                    return Sheet(self.book, self.api.getByName(name))
        raise NoSuchObjectError(str(name_or_index))

    def __len__(self) -> int:
        return int(self.api.Count)

    def __iter__(self) -> "Iterator[Sheet]":
        return (self(place) for place in range(1, len(self) + 1))

    def add(self, before: "Sheet | None" = None, after: "Sheet | None" = None, name: str | None = None) -> "Sheet":
        """A new sheet, last when neither ``before`` nor ``after`` says where."""
        place = before.index - 1 if before else after.index if after else len(self)
        free = (f"Blad{number}" for number in range(1, len(self) + 2))
        title = name or next(text for text in free if not self.api.hasByName(text))
        self.api.insertNewByName(title, place)
        sheet = self(title)
        sheet.activate()
        return sheet


class SheetProtection:
    """What buttons need of Excel's own object: protection. Named and used as there."""

    def __init__(self, uno_sheet: Any) -> None:
        self.sheet = uno_sheet

    @property
    def ProtectContents(self) -> bool:  # noqa: N802 (Excel's name)
        """Whether the sheet is protected."""
        return bool(self.sheet.isProtected())

    def Unprotect(self, Password: str = "") -> None:  # noqa: N802, N803
        """Takes the protection away."""
        self.sheet.unprotect(Password)

    def Protect(self, Password: str = "", **_: object) -> None:  # noqa: N802, N803
        """Protects the sheet; LibreOffice keeps what was allowed before."""
        self.sheet.protect(Password)


@engine_class
class Sheet(base.Sheet):
    """One sheet."""

    def __init__(self, book: Book, uno_sheet: Any) -> None:
        self._book = book
        self.uno_sheet = uno_sheet

    @property
    def api(self) -> SheetProtection:
        """Protection, as Excel's own object has it."""
        return SheetProtection(self.uno_sheet)

    @property
    def book(self) -> Book:
        """The book that it is in."""
        return self._book

    @property
    def name(self) -> str:
        """Its title."""
        return str(self.uno_sheet.Name)

    @name.setter
    def name(self, value: str) -> None:
        self.uno_sheet.Name = value

    @property
    def names(self) -> "Names":
        """Names defined on this sheet only."""
        return Names(self._book, self.uno_sheet.NamedRanges)

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

    def range(self, arg1: Any, arg2: Any = None) -> Range:
        """The cells that an address, a name, a (row, column) or two corners say."""
        if arg2 is None and isinstance(arg1, str):
            return self._named(arg1)
        first = self._box(arg1)
        second = self._box(arg2) if arg2 is not None else first
        top, left = min(first[0], second[0]), min(first[1], second[1])
        return Range(self, (top, left, max(first[2], second[2]), max(first[3], second[3])))

    def _named(self, text: str) -> Range:
        if "!" in text:
            title, _, address = text.rpartition("!")
            return self._book.sheets(title.strip("'").replace("''", "'")).range(address)
        for names in (self.names, self._book.names):
            if names.contains(text) and (cells := names(text).refers_to_range) is not None:
                return cells
        if not re.fullmatch(r"\$?[A-Za-z]{0,3}\$?\d*(:\$?[A-Za-z]{0,3}\$?\d*)?", text):
            raise NoSuchObjectError(text)
        return Range.of(self, self.uno_sheet.getCellRangeByName(text.upper()))

    def _box(self, place: Any) -> tuple[int, int, int, int]:
        if isinstance(place, tuple):
            return (place[0], place[1], place[0], place[1])
        if isinstance(place, str):
            return self._named(place).box
        cells: Range = getattr(place, "impl", place)
        return cells.box

    @property
    def cells(self) -> Range:
        """Every cell."""
        return Range(self, (1, 1, _ROWS, _COLUMNS))

    @property
    def used_range(self) -> Range:
        """From the first to the last cell that holds anything."""
        cursor = self.uno_sheet.createCursor()
        cursor.gotoStartOfUsedArea(False)
        cursor.gotoEndOfUsedArea(True)
        return Range.of(self, cursor)

    def activate(self) -> None:
        """Shows it in its window."""
        controller = self._book.document.CurrentController
        if controller is not None:
            controller.setActiveSheet(self.uno_sheet)

    select = activate

    def clear(self) -> None:
        """Empties it, looks and notes too."""
        self.used_range.clear()

    def clear_contents(self) -> None:
        """Empties its cells."""
        self.used_range.clear_contents()

    def delete(self) -> None:
        """Removes it."""
        self._book.document.Sheets.removeByName(self.name)


@engine_class
class Names(base.Names):
    """Defined names of a book or of a sheet."""

    def __init__(self, book: Book, uno_names: Any) -> None:
        self.book = book
        self.uno_names = uno_names

    @property
    def api(self) -> Any:
        """UNO's collection of names."""
        return self.uno_names

    def _find(self, name: str) -> str | None:
        return next((own for own in self.api.ElementNames if own.casefold() == name.casefold()), None)

    def __call__(self, name_or_index: int | str) -> "Name":
        if isinstance(name_or_index, int):
            return Name(self, self.api.getByIndex(name_or_index - 1))
        name = self._find(name_or_index)
        if name is None:
            raise KeyError(name_or_index)
        return Name(self, self.api.getByName(name))

    def contains(self, name_or_index: object) -> bool:
        """Whether there is such a name."""
        return self._find(str(name_or_index)) is not None

    def __len__(self) -> int:
        return int(self.api.Count)

    def __iter__(self) -> "Iterator[Name]":
        return (self(place) for place in range(1, len(self) + 1))

    def add(self, name: str, refers_to: str) -> "Name":
        """A new name for ``=Blad!$A$1``."""
        content = re.sub(r"('[^']+'|[\w.]+)!(\$?[A-Z]+\$?\d+)", r"$\1.\2", refers_to.removeprefix("="))
        self.api.addNewByName(name, content, struct("table.CellAddress"), 0)
        return self(name)


@engine_class
class Name(base.Name):
    """A defined name."""

    def __init__(self, names: Names, uno_name: Any) -> None:
        self.names = names
        self.api = uno_name

    @property  # type: ignore[misc]
    def name(self) -> str:
        """What it is called."""
        return str(self.api.Name)

    @property  # type: ignore[misc]
    def refers_to(self) -> str:
        """What it stands for, as Excel writes it."""
        return "=" + re.sub(r"\$?('[^']+'|[^'.$\"]+)\.(?=\$)", r"\1!", self.api.Content)

    @property
    def refers_to_range(self) -> Range | None:
        """The cells that it stands for; None when it is something else."""
        cells = self.api.ReferredCells
        if cells is None:
            return None
        return Range.of(self.names.book.sheets(cells.RangeAddress.Sheet + 1), cells)

    def delete(self) -> None:
        """Removes it."""
        self.names.api.removeByName(self.name)
