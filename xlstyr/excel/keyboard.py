"""What Excel in Swedish makes of what a person types: a number, a day, a text, or nothing."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from html import unescape

_QUOTED = re.compile('"[^"]*"')
_SPACES = re.compile("[ \u00a0\u202f]")
_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d*)(?:,(\d*))?[ \u00a0\u202f]*(%?)")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_EPOCH = date(1899, 12, 30)
_EPOCH_1904 = date(1904, 1, 1)
_LONGEST = 32_767


class Keyboard:
    """What Swedish Excel makes of a typed text."""

    def __init__(self, styles: str, book: str) -> None:
        self.formats = _formats(styles)
        self.date1904 = re.search(r'<workbookPr\b[^>]*\bdate1904="(?:1|true)"', book) is not None

    def value(self, text: str, style: int) -> str | Decimal | None:
        """The value of ``text`` typed in a cell with ``style``: a number, a text, or nothing."""
        code = self.formats[style] if style < len(self.formats) else ""
        text = text.replace("\r\n", "\n")[:_LONGEST]
        if not text:
            return None
        if code == "@":
            return text
        number = _number(text, "%" in _QUOTED.sub("", code))
        return self._day(text) if number is None else number

    def _day(self, text: str) -> str | Decimal:
        """The serial number of an ISO date; the text itself when it is none that Excel knows."""
        found = _DATE.fullmatch(text.strip())
        if found is None:
            return text
        try:
            day = date(*(int(part) for part in found.groups()))
        except ValueError:
            return text
        if self.date1904:
            return Decimal((day - _EPOCH_1904).days) if day >= _EPOCH_1904 else text
        serial = (day - _EPOCH).days
        if serial <= 60:  # before March 1900 Excel counts a leap day that never was
            serial -= 1
        return Decimal(serial) if serial > 0 else text


def _number(text: str, percent_cell: bool) -> Decimal | None:
    """The number that ``text`` is; from 1 it is per cent in a cell that shows per cent."""
    found = _NUMBER.fullmatch(text.strip().replace("\u2212", "-"))
    if found is None or not (found[2] or found[3]):
        return None
    number = Decimal(f"{found[1]}{_SPACES.sub('', found[2]) or 0}.{found[3] or 0}") + 0  # no minus zero
    return number / 100 if found[4] or (percent_cell and abs(number) >= 1) else number


def written(number: Decimal) -> str:
    """As Excel writes it: 15 digits are kept, and a binary fraction is written out with 17."""
    return format(float(format(number, ".15g")), ".17g")


@lru_cache(maxsize=8)
def _formats(styles: str) -> tuple[str, ...]:
    """The number format of every cell style; empty where Excel's own numbers say all that matters."""
    codes = {9: "0%", 10: "0.00%", 49: "@"}
    for found in re.finditer(r"<numFmt\b[^>]*>", styles):
        number = re.search(r'numFmtId="(\d+)"', found[0])
        code = re.search(r'formatCode="([^"]*)"', found[0])
        if number and code:
            codes[int(number[1])] = unescape(code[1])
    section = re.search(r"<cellXfs\b.*?</cellXfs>", styles, re.DOTALL)
    styled = re.findall(r'<xf\b[^>]*?\bnumFmtId="(\d+)"', section[0]) if section else []
    return tuple(codes.get(int(number), "") for number in styled)
