"""Defined names, of a book or of a sheet."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlwings import NoSuchObjectError
from xlwings import base_classes as base

from xlstyr.addin.libreoffice.cells import Range
from xlstyr.addin.libreoffice.office import ExcelText, own_text, struct
from xlstyr.addin.libreoffice.places import with_sheet
from xlstyr.addin.libreoffice.support import engine_class, uno_error
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.book import Book, Sheet

_TEXT = re.compile('"(?:[^"]|"")*"')
_BUILT_IN = "_xlnm."


@engine_class
class Names(base.Names):
    """Defined names: of one sheet, or of a book and all its sheets."""

    def __init__(self, book: "Book", sheet: "Sheet | None" = None) -> None:
        self.book = book
        self.sheet = sheet

    def lost(self) -> bool:
        """Whether the book is closed."""
        return self.book.lost()

    @property
    def api(self) -> Any:
        """UNO's collection of the names of the book, or of the sheet."""
        return self.book.document.NamedRanges if self.sheet is None else self.sheet.uno_sheet.NamedRanges

    def _all(self) -> "Iterator[Name]":
        if self.sheet is None:
            yield from (Name(self.book, None, self.api, name) for name in self.api.ElementNames)
        for sheet in self.book.sheets if self.sheet is None else (self.sheet,):
            uno_names = sheet.uno_sheet.NamedRanges
            for name in uno_names.ElementNames:
                if not name.startswith(_BUILT_IN):
                    yield Name(self.book, sheet, uno_names, name)

    def _find(self, wanted: str) -> "Name | None":
        known = {name.casefold(): name for name in self.api.ElementNames}
        if (own := known.get(wanted.casefold())) is not None:
            return Name(self.book, self.sheet, self.api, own)
        if "!" not in wanted:
            return None
        return next((name for name in self._all() if name.name.casefold() == wanted.casefold()), None)

    def __call__(self, name_or_index: int | str) -> "Name":
        if isinstance(name_or_index, int):
            return list(self._all())[name_or_index - 1]
        name = self._find(name_or_index)
        if name is None:
            raise KeyError(name_or_index)
        return name

    def snapshot(self) -> "list[tuple[str, Name]]":
        """(text, name) of each."""
        return [(name.name, name) for name in self._all()]

    def contains(self, name_or_index: object) -> bool:
        """Whether there is such a name."""
        return self._find(str(name_or_index)) is not None

    def __len__(self) -> int:
        return sum(1 for _ in self._all())

    def add(self, name: str, refers_to: str) -> "Name":
        """A new name for ``=Blad!$A$1``, or for a constant such as ``="text"``; one there is already is changed.

        Raises:
            XlstyrError: it can't be a name.
        """
        meant = refers_to[1:] if refers_to.startswith("=") else '"' + refers_to.replace('"', '""') + '"'
        content = own_text(self.book.document, meant)
        if (known := self._find(name)) is not None:
            known.api.Content = content
            return known
        try:
            self.api.addNewByName(name, content, struct("table.CellAddress"), 0)
        except uno_error() as error:
            if self.book.lost():
                raise
            raise XlstyrError(word("engine.bad_name", name=name)) from error
        return Name(self.book, self.sheet, self.api, name)


@engine_class
class Name(base.Name):
    """A defined name."""

    def __init__(self, book: "Book", sheet: "Sheet | None", uno_names: Any, title: str) -> None:
        self.book = book
        self.sheet = sheet
        self._uno_names = uno_names
        self._title = title

    def lost(self) -> bool:
        """Whether the book is closed."""
        return self.book.lost()

    @property
    def api(self) -> Any:
        """The UNO name."""
        return self._uno_names.getByName(self._title)

    @property  # type: ignore[misc]
    def name(self) -> str:
        """What it is called; with its sheet in front when it is one sheet's own."""
        return self._title if self.sheet is None else with_sheet(self._title, self.sheet.name)

    @property  # type: ignore[misc]
    def refers_to(self) -> str:
        """What it stands for, as Excel writes it."""
        content = str(self.api.Content)
        if _TEXT.fullmatch(content):
            return f"={content}"  # alike in both
        return "=" + ExcelText(self.book.document).of(content, self.api.ReferencePosition)

    @property
    def refers_to_range(self) -> Range:
        """The cells that it stands for. Raises ``NoSuchObjectError`` when it is something else."""
        cells = self.api.ReferredCells
        if cells is None:
            raise NoSuchObjectError(self._title)
        return Range.of(self.book.sheets(cells.RangeAddress.Sheet + 1), cells)

    def delete(self) -> None:
        """Removes it."""
        self._uno_names.removeByName(self._title)


def quoted_title(text: str) -> tuple[str, str]:
    """``'Blad 2'!A1`` as the sheet's title and what comes after."""
    title, _, rest = text.rpartition("!")
    return re.sub(r"^'(.*)'$", r"\1", title).replace("''", "'"), rest
