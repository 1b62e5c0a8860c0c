"""Text that looks like a number: read exactly, or asked back; never guessed."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from xlstyr.words import words

_SPACES = re.compile(r"[\s\u00a0\u202f\u2007\u2009']+")
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2012": "-", "\ufe63": "-", "\uff0d": "-"})
_PLAIN = re.compile(r"^([+-]?)(\d{1,3}(?: \d{3})+|\d+)(?:([.,])(\d+))?$")
_UNIT = re.compile(r"^(.*?\d)\s*(:-|[^\d\s.,+()-]+)\.?$")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was read exactly. ``scale`` is the kr of one unit when the text names it, else None."""

    value: Decimal
    scale: int | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two readings are possible, or the writing has no safe reading (then ``second`` is empty)."""

    first: str
    second: str


def read_number(text: str) -> Number | Ambiguous | None:
    """What ``text`` says as a number; None when it isn't one.

    >>> read_number("1 234,50")
    Number(value=Decimal('1234.50'), scale=None, percent=False)
    >>> read_number("1.234,50")
    Ambiguous(first='1234,50', second='')
    >>> read_number("no") is None
    True
    """
    if any(unicodedata.category(char) in ("No", "Cc", "Zl", "Zp") for char in text.strip()):
        return None  # ² and ½ would turn into digits, and a new line parts two numbers
    plain = unicodedata.normalize("NFKC", text).translate(_MINUS)
    plain = _SPACES.sub(" ", plain).strip()
    if plain.startswith(("- ", "+ ")):
        plain = plain[0] + plain[2:]
    scale, percent = None, False
    if unit := _UNIT.match(plain):
        scales = words("numbers.units")
        name = unit[2].casefold()
        if name == "%":
            percent = True
        elif name in scales:
            scale = int(scales[name])
        else:
            return None
        plain = unit[1].strip()
    found = _PLAIN.match(plain)
    if not found or (found[2].startswith("0") and " " in found[2]):
        return _doubtful(plain)
    sign, whole, mark, decimals = found.groups()
    digits = whole.replace(" ", "")
    if mark and len(decimals) == 3 and " " not in whole and digits not in ("0", "00") and len(digits) <= 3:
        return Ambiguous(f"{sign}{digits}{decimals}", f"{sign}{digits},{decimals}")
    return Number(Decimal(f"{sign}{digits}.{decimals}" if decimals else f"{sign}{digits}"), scale, percent)


def _doubtful(plain: str) -> Ambiguous | None:
    """Writings with digits, separators and signs only that have no single safe reading."""
    if not re.fullmatch(r"[-+(]?[\d ._,]*\d[\d ._,]*(?:[eE][+-]?\d{1,2})?[-)]?", plain):
        return None
    sign = "-" if plain.startswith("-") else ""
    if "." in plain and "," in plain:
        decimal = max(plain.rfind("."), plain.rfind(","))
        whole, decimals = (re.sub(r"\D", "", part) for part in (plain[:decimal], plain[decimal:]))
        digits = f"{whole},{decimals}"
    elif bare := _PLAIN.match(plain.strip("+-() ")):
        digits = bare[2].replace(" ", "") + (f",{bare[4]}" if bare[4] else "")
    elif power := re.fullmatch(r"[-+]?(\d+[eE][+-]?\d+)", plain):
        digits = f"{Decimal(power[1]):f}".replace(".", ",")
    else:
        digits = re.sub(r"\D", "", plain)
    if plain.startswith("(") or plain.endswith("-"):
        return Ambiguous(f"-{digits}", digits)
    return Ambiguous(f"{sign}{digits}", "")
