"""What points somebody out: personal identity numbers, and goals or talks of one employee.

The words are data, in ``words/privacy.toml``. Goals and figures for a group are what a budget is for; what counts is
that a single person can be made out. Nothing that is found is ever quoted.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from string import ascii_uppercase

from xlstyr.layout.raw import RawBook, RawCell, RawTable
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.personal import has_personal_number, masked
from xlstyr.words import word, words

PRIVATE = frozenset({"XS219", "XS040"})
"""Codes that seal a file."""
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_STAMP = re.compile(r"20[2-9]\d(?:0[1-9]|1[0-2])[0-3]\d[-_ T]?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?!\d)")
_HEADING = re.compile(r"\W*(?:20\d\d)?\W*")
_INITIALS = re.compile(r"[^\W\d_a-z]\. ?[^\W\d_a-z]\.")
_WORDS = re.compile(r"([^\W\d_][\w-]+)(?:\s+([^\W\d_][\w-]*))?")
_OWNER = re.compile(r"(?:([\w-]+)\s+)?([^\W\d_][\w':-]*?)\s*[:,\u2013\u2014-]?\s+$")
_TEN_DIGITS = re.compile(r"\d(?:[\s\W]{0,3}\d){9}")
_ROOT = 6
_SMALLEST = 10**9
_PHRASE = 40  # characters between a word and the person
CARRIER = "carrier"
Typed = frozenset[tuple[str, str]]
"""(table, column key)."""


@lru_cache(65536)
def codes_of(text: str) -> tuple[str, ...]:
    """The rules that ``text`` breaks."""
    if not _maybe(text):
        return ()
    return ("XS219",) * has_personal_number(text) + ("XS040",) * is_personal_goal(text)


def title_codes(title: str, texts: Iterable[str] = ()) -> tuple[str, ...]:
    """The rules that the title of a sheet breaks. ``texts``: what stands on it (figures about many are no talk)."""
    if not _maybe(title):
        return ()
    goal = is_personal_goal(title) or _begins("sheets", title)
    many = _pattern("many")
    is_about_many = many.search(title) or any(many.search(text) for text in texts)
    return ("XS219",) * has_personal_number(title) + ("XS040",) * bool(goal and not is_about_many)


def name_codes(name: str) -> tuple[str, ...]:
    """The rules that the name of a file breaks. A time that a program has put there is no person's number."""
    plain = _STAMP.sub(" ", name.rpartition(".")[0] or name).replace("_", " ")
    return title_codes(plain)


@lru_cache(8192)
def is_personal_goal(text: str) -> bool:
    """Whether ``text`` speaks of the goals of, or a talk with, somebody who can be made out."""
    if _pattern("own").search(text) or _pattern("labels").search(text):
        return True
    for sentence in re.split(r"(?<=\w\w[.!?])\s+|\n", text):
        strong = _pattern("strong").match(sentence.lstrip(" \t-*\u2022"))
        if strong and _is_heading(sentence.lstrip(" \t-*\u2022")[strong.end() :]):
            return True
        if _is_about_one(sentence):
            return True
    return False


def _is_heading(rest: str) -> bool:
    """Whether a word for goals stands alone, or before a colon."""
    return bool(_HEADING.fullmatch(rest)) or (rest.lstrip()[:1] == ":" and not _pattern("many").search(rest[:_PHRASE]))


def _is_about_one(sentence: str) -> bool:
    """Whether a word for goals or talks stands beside somebody: after a preposition, a sign, or as an owner."""
    for kind in ("strong", "talks"):
        for hit in _pattern(kind).finditer(sentence):
            after, before = sentence[hit.end() :][:_PHRASE], sentence[: hit.start()][-_PHRASE:]
            link = _link().match(after)
            if link and (
                _is_person(after[link.end() :]) or (kind == "strong" and _begins("posts", after[link.end() :]))
            ):
                return True
            if (owner := _OWNER.search(before)) and _is_owner(owner):
                return True
    return False


def _is_person(text: str) -> bool:
    """Whether ``text`` begins with somebody's name: a common first name, a surname after another, or initials."""
    found = _WORDS.match(text)
    if found is None:
        return bool(_INITIALS.match(text))
    first, second = found[1], found[2] or ""
    if first in _names():
        return not _begins("places", text[found.end(1) :])
    return bool(second) and second[0].isupper() and second.endswith(_surnames()) and len(second) > 2


def _is_owner(found: re.Match[str]) -> bool:
    """Whether the last words before end in somebody's name, as an owner or with a colon or dash after it."""
    first, second = found[1] or "", found[2]
    own = [second, second.removesuffix("s").removesuffix(":").removesuffix("'")]
    return any(one in _names() for one in own) or (first in _names() and second[0].isupper())


@cache
def _names() -> frozenset[str]:
    return frozenset(words("privacy.goals")["names"].split())


@cache
def _surnames() -> tuple[str, ...]:
    return tuple(words("privacy.goals")["surnames"])


def _begins(kind: str, text: str) -> bool:
    return bool(_pattern(kind).match(text.lstrip()))


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    """Any of the words of ``kind``, as whole words; an asterisk is any ending."""
    return re.compile(rf"(?<!\w)(?:{_alternatives(words('privacy.goals')[kind])})(?!\w)", re.IGNORECASE)


def _alternatives(known: Iterable[str]) -> str:
    ordered = sorted(known, key=len, reverse=True)
    return "|".join(re.escape(one).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for one in ordered)


@cache
def _link() -> re.Pattern[str]:
    """What may stand between such a word and a person: a year, then a preposition, a sign or nothing."""
    to = _alternatives(words("privacy.goals")["to"])
    return re.compile(rf"(?:\s+20\d\d)?(?:\s+(?:{to})(?!\w)|\s*[:,(\u2013\u2014-])?\s*\(?(?<=[\s(:,])", re.IGNORECASE)


@cache
def _roots() -> tuple[str, ...]:
    """How the words begin that anything can be found by, to pass quickly over all the rest."""
    known = words("privacy.goals")
    kinds = ("strong", "talks", "sheets", "own", "labels")
    return tuple(sorted({str(one)[:_ROOT].rstrip() for kind in kinds for one in known[kind]}))


def _maybe(text: str) -> bool:
    if _TEN_DIGITS.search(text):
        return True
    folded = text.lower()
    return any(root in folded for root in _roots())


def private_cells(
    raw: RawBook, typed: Typed = frozenset(), known: frozenset[str] = frozenset(), own: Sequence[str] = ()
) -> list[Finding]:
    """A finding for each cell of ``raw`` that points somebody out.

    ``typed``: (table, column) where the sender writes. ``known``: texts that were issued, which nobody but the giver
    has written. ``own``: titles of the sheets that were issued, besides those that hold our tables; another sheet
    isn't called by its title.
    """
    sheets = {table.sheet for table in raw.tables} | set(own)
    findings = [finding for table in raw.tables if table.key != CARRIER for finding in _in_table(table, typed, known)]
    carried = raw.identity is not None and raw.identity.kind == "rollup"
    for title, cells in raw.loose.items():
        shown = title if title in sheets else word("privacy.sheet.unknown")
        added = title not in sheets
        persons = {cell.ref for cell in _list_of_persons(cells)} if added else set()
        if added and not codes_of(title):  # ``excel.beside`` names the others
            codes = title_codes(title, (cell.value for cell in cells if isinstance(cell.value, str)))
            findings += [private(code, word("privacy.where.added"), Place(sheet=shown)) for code in codes]
        for cell in cells:
            codes = _cell_codes(cell, known, ten=not carried)
            codes += ("XS040",) if cell.ref in persons and "XS040" not in codes else ()
            findings += [_at(code, cell, Place("", "", shown, cell.ref)) for code in codes]
    return [*findings, *_carried(raw)]


def _in_table(table: RawTable, typed: Typed, known: frozenset[str]) -> Iterator[Finding]:
    for row in table.rows:
        for key, cell in row.cells.items():
            for code in _cell_codes(cell, known, ten=(table.key, key) in typed):
                yield _at(code, cell, Place("", "", table.sheet, cell.ref, table.key, row.id, key))


def _at(code: str, cell: RawCell, place: Place) -> Finding:
    where = word(f"privacy.where.{'cell' if isinstance(cell.value, str) else 'number'}")
    return private(code, where, place)


def private(code: str, where: str, place: Place | None = None) -> Finding:
    """The finding of rule ``code``, about what ``where`` says, at ``place``."""
    if code == "XS219":
        return found("XS219", place or Place(), where=where)
    return found("XS040", place or Place(), where=where)


def _cell_codes(cell: RawCell, known: frozenset[str], *, ten: bool) -> tuple[str, ...]:
    """The rules that a cell breaks. ``ten``: a number of ten digits may be a person's, not only one of twelve.

    Amounts in kr have ten digits in a large municipality; one that the sender types (in tkr) hasn't.
    """
    value = cell.value
    if isinstance(value, str):
        return codes_of(value) if value.strip() not in known else ()
    if not isinstance(value, int) or value < _SMALLEST or cell.formula is not None:
        return ()
    text = str(value)
    twelve = len(text) == 12 and text[:2] in ("18", "19", "20")
    return ("XS219",) if (twelve or (ten and len(text) == 10)) and has_personal_number(text) else ()


def _list_of_persons(cells: Sequence[RawCell]) -> Iterator[RawCell]:
    """Headings of a list of persons with their goals or pay, on a sheet that isn't ours."""
    texts = [cell for cell in cells if isinstance(cell.value, str)]
    for _, row in groupby(texts, key=lambda cell: cell.ref.lstrip(ascii_uppercase)):
        shown = list(row)
        persons = [cell for cell in shown if _pattern("persons").fullmatch(str(cell.value).strip(" :"))]
        private_ = [cell for cell in shown if _pattern("private").fullmatch(str(cell.value).strip(" :"))]
        if persons and private_:
            yield private_[0]


def _carried(raw: RawBook) -> Iterator[Finding]:
    """What a rolled-up workbook carries of others' texts (amounts and digests in it are no texts)."""
    pieces: dict[str, dict[int, str]] = defaultdict(dict)
    for table in raw.tables:
        for row in table.rows if table.key == CARRIER else ():
            cells: Mapping[str, object] = {key: cell.value for key, cell in row.cells.items()}
            part = cells.get("part")
            pieces[str(cells.get("contribution"))][part if isinstance(part, int) else 0] = str(cells.get("text") or "")
    for key, parts in pieces.items():
        carried = "".join(text for _, text in sorted(parts.items()))
        for code in dict.fromkeys(code for text in _texts_in(carried) for code in codes_of(text)):
            yield private(code, word("privacy.where.carried", node=masked(key.partition(" ")[0])))


def _texts_in(carried: str) -> Iterator[str]:
    """The texts that a JSON text holds; it may be damaged."""
    for literal in _JSON_TEXT.findall(carried) if _maybe(carried) else ():
        try:
            yield str(json.loads(literal, strict=False))
        except ValueError:
            yield literal


def private_text(data: bytes) -> list[Finding]:
    """What a file that is nothing but text (a page, a list with separators) gives away. Others aren't looked into."""
    if b"\0" in data[:4096] or data.startswith((b"%PDF", b"PK", b"{\\rtf")):
        return []
    text = data.decode("utf-8", "replace")
    return [private(code, word("privacy.where.text")) for code in codes_of(text)]
