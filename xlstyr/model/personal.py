"""Finds Swedish personal identity numbers in text, so that nobody e-mails them further.

Ten or twelve digits with a possible date and a right check digit (Luhn), with or without the sign before the
last four; coordination numbers (day + 60) too. Source: SFS 1991:481, section 18. What is plainly something else
(a telephone number that is called one, an amount in kr, a period, a digest) is left alone. So is what may as well be a
mobile number (ten digits together that begin with 07), unless it is called a person's.
"""

import re
import unicodedata
from functools import cache

from xlstyr.words import words

_CENTURY = r"(?:(?:18|19|20)\d\d|\d\d)"
_NUMBER = re.compile(rf"(?<!\d)(?:{_CENTURY}\d{{4}} ?[-+]? ?\d{{4}}|{_CENTURY}([- ])\d\d\1\d\d ?[-+] ?\d{{4}})(?!\d)")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_PERIOD = re.compile(r"\d*01[-+ ]*(?:(?:0[13578]|1[02])31|(?:0[469]|11)30|022[89])")
_DIGEST = 16  # letters and digits in one: a digest or a key that holds digits by chance
_MOBILE = re.compile(r"07\d{8}")
_LABEL = 24  # signs before a number that may say what it is
_AROUND = 64
_HIDDEN = "\u2022\u2022\u2022"


def has_personal_number(text: str) -> bool:
    """Whether ``text`` holds something that is built as a personal identity number."""
    plain = _plain(text)
    return any(_is_personal(match, plain) for match in _NUMBER.finditer(plain))


def masked(text: str) -> str:
    """``text`` with every personal identity number made unreadable; unchanged when it holds none."""
    if not has_personal_number(text):
        return text
    plain = _plain(text)
    return _NUMBER.sub(lambda match: _HIDDEN if _is_personal(match, plain) else match[0], plain)


def _plain(text: str) -> str:
    """Any digit is 0–9, any space a space, any dash a hyphen, and nothing is there that can't be seen."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text).translate(_DASHES))
    return re.sub(r"\s", " ", text)


def _is_personal(match: re.Match[str], text: str) -> bool:
    return _is_valid(match[0]) and not _is_something_else(match, text)


def _is_valid(number: str) -> bool:
    digits = [int(sign) for sign in number if sign.isdigit()][-10:]
    month, day = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]
    if not (1 <= month <= 12 and 1 <= (day - 60 if day > 60 else day) <= 31):
        return False
    doubled = (digit * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in doubled) % 10 == 0


def _is_something_else(match: re.Match[str], text: str) -> bool:
    """Whether what stands around the number, or the number itself, says that it is no person's."""
    if _PERIOD.fullmatch(match[0]):
        return True
    if not match[0].isdigit():
        return False
    before, after = text[max(0, match.start() - _AROUND) : match.start()], text[match.end() : match.end() + _AROUND]
    run = len(_run(before[::-1])) + len(_run(after))
    if run and run + len(match[0]) >= _DIGEST:
        return True
    if _MOBILE.fullmatch(match[0]) and not _context("person").search(before[-_LABEL:]):
        return True
    return bool(_context("phone").search(before[-_DIGEST:]) or _context("amount").match(after))


def _run(text: str) -> str:
    found = re.match(r"[0-9a-fA-F]*", text)
    return found[0] if found else ""


@cache
def _context(kind: str) -> re.Pattern[str]:
    """The words that tell a telephone number or a person's (before it), or an amount (after it)."""
    known = "|".join(map(re.escape, words("privacy.numbers")[kind]))
    return re.compile(rf"\b(?:{known})\W*$" if kind != "amount" else rf" ?(?:{known})\b", re.IGNORECASE)
