"""Marks at cells with findings: a light colour and a note. What was there before comes back when they are mended."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import xlwings as xw

from xlstyr.addin.looks import NO_COLOR, Look, change_looks, hexed, looks_of
from xlstyr.addin.native import unprotected
from xlstyr.addin.openbook import formulas_of
from xlstyr.addin.sheets import safe

Cells = Mapping[tuple[str, str], tuple[str, str]]
"""(sheet, cell) → (severity, text)."""
COLORS = {"fel": (255, 199, 206), "varning": (255, 235, 156), "notis": (221, 235, 247)}
MOST = 300
_REFERENCE = re.compile(r"ROWS\((?:'((?:[^']|'')+)'|([^'!()]+))!\$?([A-Z]+)\$?(\d+)\)")
_THEIRS = "\n\n\u2014\n"
_OURS = re.compile(r"\S+ \S+ XS\d{3}: ")


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked cell: where it is now, its colour and note before, and the note that we put there."""

    sheet: str
    cell: str
    color: str
    note: str
    ours: str
    severity: str

    @property
    def key(self) -> tuple[str, str]:
        """Where it is."""
        return (self.sheet, self.cell)


def marks_on(listing: xw.Sheet, row: int, column: int) -> list[Mark]:
    """The marks that ``listing`` remembers from ``row`` on. A cell that is gone has none to take away.

    The place of each is a formula, which follows when rows are inserted or cells are cut; Excel's sorting it can't.
    """
    last = listing.used_range.row + listing.used_range.shape[0] - 1
    if last < row:
        return []
    area = listing.range((row, column), (last, column + 4))
    texts = area.options(ndim=2).value
    found = []
    for values, formulas in zip(texts, formulas_of(area), strict=True):
        place = _REFERENCE.search(str(formulas[0] or ""))
        if place is not None:
            sheet = (place[1] or place[2]).replace("''", "'")
            color, note, ours, severity = (str(value or "") for value in values[1:])
            found.append(Mark(sheet, place[3] + place[4], color, _text(note), _text(ours), severity))
    return found


def remember(listing: xw.Sheet, marks: Iterable[Mark], row: int, column: int) -> None:
    """Writes on ``listing`` what ``marks_on`` reads."""
    rows = [
        [_place(mark), *map(safe, (mark.color, _kept(mark.note), _kept(mark.ours), mark.severity))] for mark in marks
    ]
    if rows:
        listing.range((row, column), (row + len(rows) - 1, column + 4)).value = rows


def _place(mark: Mark) -> str:
    title = mark.sheet.replace("'", "''")
    return f"=ROWS('{title}'!{mark.cell})"


def _kept(text: str) -> str:
    """A note's text with a sign in front, so that an empty one differs from none."""
    return f"|{text}"


def _text(kept: str) -> str:
    return kept.removeprefix("|")


def change_marks(sheets: Mapping[str, xw.Sheet], before: Iterable[Mark], wanted: Cells) -> list[Mark]:
    """Takes away the marks that aren't wanted any more and sets those that are; all that there are now.

    A colour or a note that somebody has changed since is theirs, and stays.
    """
    known = {mark.key: mark for mark in before}
    chosen = dict(list(wanted.items())[:MOST])
    changed = {sheet for sheet, _ in (*known, *chosen) if sheet in sheets}
    now: list[Mark] = []
    for title in sorted(changed):
        sheet = sheets[title]
        old = [mark for mark in known.values() if mark.sheet == title]
        new = {cell: said for (name, cell), said in chosen.items() if name == title}
        if {mark.cell: (mark.severity, mark.ours) for mark in old} == new:
            now += old
            continue
        with unprotected(sheet):
            now += _changed(sheet, old, new)
    return now


def _changed(sheet: xw.Sheet, old: Sequence[Mark], new: Mapping[str, tuple[str, str]]) -> list[Mark]:
    kept = {mark.cell: mark for mark in old if mark.cell in new}
    same = {cell for cell, mark in kept.items() if (mark.severity, mark.ours) == new[cell]}
    title, before = sheet.name, looks_of(sheet, list(dict.fromkeys([mark.cell for mark in old] + list(new))))
    after = {mark.cell: _restored(before[mark.cell], mark) for mark in old if mark.cell not in new}
    now: list[Mark] = []
    for cell, (severity, text) in new.items():
        if cell in same:
            now.append(kept[cell])
            continue
        was = Look(kept[cell].color, kept[cell].note) if cell in kept else _unmarked(before[cell])
        after[cell] = Look(hexed(COLORS[severity]), _with_theirs(text, was.note))
        now.append(Mark(title, cell, was.color, was.note, text, severity))
    change_looks(sheet, before, after)
    return now


def _restored(look: Look, mark: Mark) -> Look:
    """How a cell looks without our mark; what somebody has changed since stays."""
    ours = mark.severity in COLORS and look.color == hexed(COLORS[mark.severity])
    untouched = look.note and _even(look.note) == _even(_with_theirs(mark.ours, mark.note))
    return Look(mark.color if ours else look.color, mark.note if untouched else look.note)


def _unmarked(look: Look) -> Look:
    """How a cell looked before it was marked, also when nobody remembers that it is."""
    ours, _, theirs = look.note.replace("\r\n", "\n").replace("\r", "\n").partition(_THEIRS)
    if not _OURS.match(ours):
        return look
    return Look(NO_COLOR if look.color in map(hexed, COLORS.values()) else look.color, theirs)


def _with_theirs(ours: str, theirs: str) -> str:
    """A note with what somebody had written there below what we say."""
    return f"{ours}{_THEIRS}{theirs}" if theirs else ours


def _even(text: str) -> str:
    return " ".join(text.split())
