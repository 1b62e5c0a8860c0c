"""How cells look: colours, fonts, notes and number formats."""

from typing import TYPE_CHECKING, Any

from xlwings import base_classes as base

from xlstyr.addin.libreoffice.office import shared, struct
from xlstyr.addin.libreoffice.support import NotSupportedError, engine_class
from xlstyr.addin.libreoffice.values import TEXT

if TYPE_CHECKING:
    from xlstyr.addin.libreoffice.cells import Range

_GENERAL = "General"
_NOTES = 8  # com.sun.star.sheet.CellFlags.ANNOTATION
_BOLD, _NORMAL, _BOLDER_THAN = 150.0, 100.0, 100


def rgb_of(number: int | None) -> tuple[int, int, int] | None:
    """UNO's colour as red, green, blue; None for none, or when cells differ."""
    return None if number in (None, -1) else ((number >> 16) & 255, (number >> 8) & 255, number & 255)


def number_of(color: Any) -> int:
    """UNO's number for ``(r, g, b)``, ``#rrggbb``, Excel's own number (blue first), or None."""
    if color is None:
        return -1
    if isinstance(color, int):
        color = (color & 255, (color >> 8) & 255, (color >> 16) & 255)
    if isinstance(color, str):
        color = tuple(int(color.lstrip("#")[place : place + 2], 16) for place in (0, 2, 4))
    return (int(color[0]) << 16) | (int(color[1]) << 8) | int(color[2])


def format_code(document: Any, area: Any) -> str | None:
    """The number format of ``area`` in English; None when cells differ.

    Raises:
        NotSupportedError: it is written in another language, as those of LibreOffice's own menus are.
    """
    key = shared(area, "NumberFormat")
    if key is None:
        return None
    known = document.NumberFormats.getByKey(key)
    if key == document.NumberFormats.getStandardIndex(struct("lang.Locale")):
        return _GENERAL
    if known.Type & TEXT or known.Locale.Language == "en":
        return str(known.FormatString)
    raise NotSupportedError("Range.number_format")


def set_format(document: Any, area: Any, code: str) -> None:
    """Gives ``area`` the number format ``code``, written in English."""
    formats = document.NumberFormats
    if code == _GENERAL:
        area.NumberFormat = formats.getStandardIndex(struct("lang.Locale"))
        return
    locale = struct("lang.Locale", Language="en", Country="US")
    known = formats.queryKey(code, locale, False)
    area.NumberFormat = known if known != -1 else formats.addNew(code, locale)


@engine_class
class Font(base.Font):
    """How the text of a range looks."""

    def __init__(self, cells: "Range") -> None:
        self.cells = cells

    @property
    def bold(self) -> bool | None:
        """Whether it is bold; None when cells differ."""
        weight = shared(self.cells.api, "CharWeight")
        return None if weight is None else bool(weight > _BOLDER_THAN)

    @bold.setter
    def bold(self, value: object) -> None:
        self.cells.changeable().CharWeight = _BOLD if value else _NORMAL

    @property
    def italic(self) -> bool | None:
        """Whether it leans; None when cells differ."""
        posture = shared(self.cells.api, "CharPosture")
        return None if posture is None else bool(posture.value == "ITALIC")

    @italic.setter
    def italic(self, value: object) -> None:
        from xlstyr.addin.libreoffice.office import enum

        self.cells.changeable().CharPosture = enum("awt.FontSlant", "ITALIC" if value else "NONE")

    @property
    def size(self) -> float | None:
        """In points; None when cells differ."""
        size = shared(self.cells.api, "CharHeight")
        return None if size is None else float(size)

    @size.setter
    def size(self, value: float) -> None:
        self.cells.changeable().CharHeight = float(value)

    @property
    def color(self) -> tuple[int, int, int] | None:
        """The colour; None for the usual one, or when cells differ."""
        return rgb_of(shared(self.cells.api, "CharColor"))

    @color.setter
    def color(self, value: Any) -> None:
        self.cells.changeable().CharColor = number_of(value)


@engine_class
class Note(base.Note):
    """The note of a cell."""

    def __init__(self, cells: "Range") -> None:
        self.cells = cells

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.cells.api.getCellByPosition(0, 0).Annotation.String)

    @text.setter
    def text(self, value: str) -> None:
        self.delete()
        self.cells.add_note(value)

    def delete(self) -> None:
        """Removes it."""
        self.cells.changeable().getCellRangeByPosition(0, 0, 0, 0).clearContents(_NOTES)
