"""What xlwings has no word for, in each program's own: protection, whether a book is saved, and read only.

Excel for Windows is reached over COM, Excel for Mac over Apple events, LibreOffice through the engine in this room.
"""

import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import xlwings as xw

from xlstyr.addin.libreoffice import ENGINE

_ALLOWED = (
    "AllowFormattingCells",
    "AllowFormattingColumns",
    "AllowFormattingRows",
    "AllowInsertingColumns",
    "AllowInsertingRows",
    "AllowInsertingHyperlinks",
    "AllowDeletingColumns",
    "AllowDeletingRows",
    "AllowSorting",
    "AllowFiltering",
    "AllowUsingPivotTables",
)

_ESCAPE, _DOWN = 0x1B, 0x8000


def batches_of(sheet: xw.Sheet) -> ModuleType | None:
    """Where LibreOffice is asked about many cells in one call; None for Excel, which is asked cell by cell."""
    if sheet.book.app.engine.name != ENGINE:
        return None
    from xlstyr.addin.libreoffice import batches

    return batches


class unprotected:  # noqa: N801 (reads as a word after "with")
    """For as long as it lasts a protected sheet can be written; it is protected again as it was, however it ends."""

    def __init__(self, sheet: xw.Sheet) -> None:
        self._api: Any = sheet.api
        self._mac = _is_mac(sheet.book)
        self._was = bool(self._api.protect_contents.get() if self._mac else self._api.ProtectContents)
        self._how: dict[str, object] = {}

    def __enter__(self) -> None:
        if not self._was:
            return
        if self._mac:
            self._how = _how_on_mac(self._api)
            self._api.unprotect()
            return
        if (allowed := getattr(self._api, "Protection", None)) is not None:
            self._how = {name: bool(getattr(allowed, name)) for name in _ALLOWED}
            self._how["DrawingObjects"] = bool(self._api.ProtectDrawingObjects)
            self._how["Scenarios"] = bool(self._api.ProtectScenarios)
        self._api.Unprotect()

    def __exit__(self, *_: object) -> None:
        if self._was and self._mac:
            self._api.protect_worksheet(**self._how)
        elif self._was:
            self._api.Protect(**self._how)


def _how_on_mac(api: Any) -> dict[str, object]:
    """How a sheet is protected, in Apple events' names for it. What Excel doesn't say is not allowed."""
    allowed = api.protection_object
    how: dict[str, object] = {name: getattr(allowed, name).get() is True for name in map(_on_mac, _ALLOWED)}
    how["drawing_objects"] = api.protect_drawing_objects.get() is True
    how["scenarios"] = api.protect_scenarios.get() is True
    return how


def _on_mac(name: str) -> str:
    """``AllowUsingPivotTables`` as ``allow_using_pivot_table``."""
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower().replace("tables", "table")


def protect(sheet: xw.Sheet) -> None:
    """Protects a sheet of ours: widths and filters stay free."""
    if _is_mac(sheet.book):
        sheet.api.protect_worksheet(allow_filtering=True, allow_formatting_columns=True, allow_formatting_rows=True)
    else:
        sheet.api.Protect(AllowFormattingColumns=True, AllowFormattingRows=True, AllowFiltering=True)


def hidden_rows(sheet: xw.Sheet, first: int, last: int) -> frozenset[int]:
    """The rows from ``first`` to ``last`` that are hidden."""
    if first > last:
        return frozenset()
    if (batches := batches_of(sheet)) is not None:
        return frozenset(batches.hidden_rows(sheet.impl, first, last))
    return frozenset(_without_height(sheet, first, last))


def _without_height(sheet: xw.Sheet, first: int, last: int) -> Iterator[int]:
    """Halves until a height is the same for all of a part: a hidden row has none."""
    height = sheet.range((first, 1), (last, 1)).row_height
    if height is None and first < last:
        middle = (first + last) // 2
        yield from _without_height(sheet, first, middle)
        yield from _without_height(sheet, middle + 1, last)
    elif height == 0:
        yield from range(first, last + 1)


def is_saved(book: xw.Book) -> bool:
    """Whether nothing has changed in ``book`` since it was saved."""
    api: Any = book.api
    if hasattr(api, "isModified"):
        return not api.isModified()
    return bool(api.saved.get() if _is_mac(book) else api.Saved)


def mark_saved(book: xw.Book) -> None:
    """Nothing that has changed in ``book`` is worth a question when it is closed."""
    api: Any = book.api
    if hasattr(api, "setModified"):
        api.setModified(False)
    elif _is_mac(book):
        api.saved.set(True)
    else:
        api.Saved = True


def is_read_only(book: xw.Book) -> bool:
    """Whether ``book`` can't be saved where it is."""
    api: Any = book.api
    if hasattr(api, "isReadonly"):
        return bool(api.isReadonly())
    return bool(api.read_only.get() if _is_mac(book) else api.ReadOnly)


def full_name(book: xw.Book) -> str:
    """Where ``book`` is, as its program says: a path, an address in a cloud, or a name when it was never saved.

    xlwings' own ``fullname`` makes a path of an address by what a sheet in the workbook says.
    """
    if book.app.engine.name != "excel":
        return book.fullname
    api: Any = book.api
    return str(api.full_name.get() if _is_mac(book) else api.FullName)


def escape_pressed(book: xw.Book) -> bool:
    """Whether Esc is held down in the Excel that has ``book`` open. Only Windows says; elsewhere False.

    Excel waits while a button works there, and can hear nothing itself.
    """
    if sys.platform != "win32" or book.app.engine.name != "excel":
        return False
    import ctypes

    user32 = ctypes.windll.user32
    return bool(user32.GetAsyncKeyState(_ESCAPE) & _DOWN) and process_of(user32.GetForegroundWindow()) == book.app.pid


def process_of(window: int) -> int:
    """The id of the process that has a window on Windows; 0 when there is no such window, or no Windows."""
    if sys.platform != "win32":
        return 0
    import ctypes

    process = ctypes.c_ulong()
    ctypes.windll.user32.GetWindowThreadProcessId(window, ctypes.byref(process))
    return process.value


def _is_mac(book: xw.Book) -> bool:
    return sys.platform == "darwin" and book.app.engine.name == "excel"
