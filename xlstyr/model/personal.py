"""Finds Swedish personal identity numbers in text, so that nobody e-mails them further.

Ten or twelve digits with a possible date and a right check digit (Luhn), with or without the sign before the
last four; coordination numbers (day + 60) too. Source: SFS 1991:481, section 18.
"""

import re
import unicodedata

_NUMBER = re.compile(r"(?<!\d)(?:(?:18|19|20)\d\d|\d\d)\d{4} ?[-+]? ?\d{4}(?!\d)")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_HIDDEN = "\u2022\u2022\u2022"


def has_personal_number(text: str) -> bool:
    """Whether ``text`` holds something that is built as a personal identity number."""
    return any(_is_valid(match[0]) for match in _NUMBER.finditer(_plain(text)))


def masked(text: str) -> str:
    """``text`` with every personal identity number made unreadable; unchanged when it holds none."""
    if not has_personal_number(text):
        return text
    return _NUMBER.sub(lambda match: _HIDDEN if _is_valid(match[0]) else match[0], _plain(text))


def _plain(text: str) -> str:
    """Any digit is 0–9, any space a space and any dash a hyphen."""
    return re.sub(r"\s", " ", unicodedata.normalize("NFKC", text).translate(_DASHES))


def _is_valid(number: str) -> bool:
    digits = [int(sign) for sign in number if sign.isdigit()][-10:]
    month, day = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]
    if not (1 <= month <= 12 and 1 <= (day - 60 if day > 60 else day) <= 31):
        return False
    doubled = (digit * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in doubled) % 10 == 0
