"""Judges whether a comment explains a change: it must name a cause (why) and an amount (how much).

The words it knows are data, in ``words/explanations.toml``; here is only how they are used.

Cause: phrases that say nothing ("higher costs", "as budgeted") are taken away first. What is left names a
cause if it has (1) something that happens (a vacancy, a move, a new act), or (2) a thing that can change
together with a word of change (rent + higher, pupils + fewer), or (3) a word such as "because" followed by a
word with content, or (4) at least three words with content, whatever they are: no list holds everything that
can happen in a municipality. A thing alone ("rent") or a change alone ("lowered") isn't a cause.

Amount: numbers that are names (accounts, paragraphs, school years), dates, years, ages, spans of time and
telephone numbers are taken away first. What is left holds an amount if it has a digit, a number in words
before something that can be counted ("two new classes"), or a share in a word of its own ("half-time").

Both work on folded text: without case, diacritics, doubled letters and odd spaces or minus signs, so that
common slips of the keyboard make no difference. It is a reading of words and not of meaning: a doubtful
comment passes rather than fails, as failing means that someone is asked to write more.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from xlstyr.words import words

_LONGEST = 2000  # characters read; cells are cut far below this
_ENOUGH = 3  # words with content that tell something, whatever they are
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comment says: ``cause`` is why, ``amount`` how much."""

    cause: bool
    amount: bool

    @property
    def ok(self) -> bool:
        """True when nothing is lacking."""
        return self.cause and self.amount

    @property
    def lacks(self) -> str:
        """What must be added: ``""``, ``"cause"``, ``"amount"`` or ``"both"``."""
        if self.ok:
            return ""
        if not self.cause and not self.amount:
            return "both"
        return "amount" if self.cause else "cause"


def judge(text: str) -> Verdict:
    """The verdict on one comment."""
    folded = _folded(text)
    return Verdict(cause=_names_cause(folded), amount=_names_amount(folded))


def normalised(text: str) -> str:
    """``text`` without what doesn't tell two comments apart: case, spaces, signs, diacritics, grouped digits.

    Two rows have the same comment when this is the same and not empty. Amounts are kept, so comments
    that differ in a figure differ.
    """
    plain = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", _plain(text))
    return " ".join(re.findall(r"(?:(?<!\w)-(?=\d))?\d+(?:[.,]\d+)*|[^\W\d_]+|%", plain))


def _plain(text: str) -> str:
    """Lower case without diacritics; every space is one space and every dash a hyphen."""
    composed = unicodedata.normalize("NFKC", text[:_LONGEST]).translate(_DASHES).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFD", composed) if not unicodedata.combining(c))
    return " ".join(bare.split())


def _folded(text: str) -> str:
    """``_plain`` with doubled letters made single, in texts and in the words they are compared with."""
    return re.sub(r"([^\W\d_])\1+", r"\1", _plain(text))


def _names_cause(folded: str) -> bool:
    rest = _pattern("cause.vague").sub(" ", folded)
    if _pattern("cause.events").search(rest):
        return True
    if _pattern("cause.topics").search(rest) and _pattern("cause.changes").search(rest):
        return True
    if any(_content(rest[match.end() :], 3) for match in _pattern("cause.connectives").finditer(rest)):
        return True
    said = [one for one in _content(rest, 4) if not _pattern("cause.changes").fullmatch(one)]
    return len(set(said)) >= _ENOUGH


def _content(text: str, shortest: int) -> list[str]:
    """The words in ``text`` of at least ``shortest`` letters that aren't fillers, units or months."""
    empty = [_pattern(path) for path in ("cause.filler", "amount.units", "amount.months")]
    found = re.findall(rf"[^\W\d_]{{{shortest},}}", text)
    return [one for one in found if not any(pattern.fullmatch(one) for pattern in empty)]


def _names_amount(folded: str) -> bool:
    rest = folded
    for pattern in _not_amounts():
        rest = pattern.sub(" ", rest)
    return bool(re.search(r"\d", rest) or _pattern("amount.shares").search(rest) or _counted().search(rest))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """Any of the phrases listed at ``path``."""
    return re.compile(_any(path))


def _any(path: str) -> str:
    table, key = path.split(".")
    phrases = words(f"explanations.{table}")[key]
    return "(?:" + "|".join(sorted((_phrase(one) for one in phrases), key=len, reverse=True)) + ")"


def _phrase(phrase: str) -> str:
    """``a/b c*`` as a regular expression on folded text; other signs may stand between its words."""
    return r"[\W_]+".join("(?:" + "|".join(map(_word, one.split("/"))) + ")" for one in phrase.split())


def _word(word: str) -> str:
    core = re.escape(_folded(word.strip("*"))).replace(r"\*", r"\w*")
    start = "" if word.startswith("*") or not word[0].isalnum() else r"(?<![^\W\d_])"
    end = r"\w*" if word.endswith("*") else (r"(?!\w)" if word[-1].isalnum() else "")
    return start + core + end


@cache
def _counted() -> re.Pattern[str]:
    """A number in words, at most two words between, and something that can be counted."""
    return re.compile(rf"{_any('amount.numerals')}\W+(?:[^\W\d_]+\W+){{0,2}}?{_any('amount.counted')}")


@cache
def _not_amounts() -> tuple[re.Pattern[str], ...]:
    """Numbers that don't say how much, in the order they are taken away."""
    unit = rf"\s*(?:{_any('amount.units')}|{_any('amount.counted')})"
    number = rf"\d+(?:[.:/-]\d+)*(?![\d]|{unit}| \d{{3}}(?!\d))"
    year = r"(?:19|20)\d\d(?:\s?[-/]\s?\d{2,4})?"
    also = rf"(?:\s*(?:[,&/+-]|{_any('amount.list_words')})\s*{number})*"
    before_year = _any("amount.before_year")
    return tuple(
        re.compile(source)
        for source in (
            r"(?<!\d)(?:19|20)\d\d-\d\d(?:-\d\d)?(?!\d)",
            r"(?<![\d.,])\d{1,2}\.\d{1,2}\.(?:\d{2}){1,2}(?!\d)",
            rf"(?<![\d.,])\d{{1,2}}/\d{{1,2}}(?:[-/ ](?:20)?\d\d)?(?![\d]|{unit})",
            rf"(?<![\d.,])\d{{1,2}}(?::?[ae])?\s*(?:-\s*\d{{1,2}}\s*)?{_any('amount.months')}(?:\s*{year})?",
            r"(?<![\d.,])(?:\+46|0)[ -]?\d{1,3}[ -/]{1,3}\d[\d -]{4,}\d",
            rf"{before_year}\W{{0,2}}{year}(?!\d|{unit})",
            rf"(?!{before_year}){_any('amount.names')}\W{{0,2}}{number}{also}",
            rf"(?<![\w])[^\W\d_]+-?\d{{1,2}}(?:-\d{{1,2}})?(?!\w|[.,]\d|{unit})",
            rf"(?<![\d.,])\d+(?:\s*-\s*\d+)?[\s-]*{_any('amount.times')}",
            rf"(?<![\d.,])(?<!\s[-+])(?<!^[-+]){year}(?!\d|[.,]\d|{unit}| \d{{3}}(?!\d))",
        )
    )
