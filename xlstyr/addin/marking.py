"""Marks at cells with findings: a light colour and a note. What was there before comes back when they are mended."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xlwings as xw

from xlstyr.addin.native import unprotected
from xlstyr.addin.openbook import formulas_of
from xlstyr.addin.sheets import safe

Cells = Mapping[tuple[str, str], tuple[str, str]]
"""(sheet, cell) → (severity, text)."""
COLORS = {"fel": (255, 199, 206), "varning": (255, 235, 156), "notis": (221, 235, 247)}
MOST = 300
_REFERENCE = re.compile(r"ROWS\((?:'((?:[^']|'')+)'|([^'!()]+))!\$?([A-Z]+)\$?(\d+)\)")
_NO_COLOR = "-"
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
        if all(mark.cell in new and new[mark.cell] == (mark.severity, mark.ours) for mark in old) and len(old) == len(
            new
        ):
            now += old
            continue
        with unprotected(sheet):
            now += _changed(sheet, old, new)
    return now


def _changed(sheet: xw.Sheet, old: Iterable[Mark], new: Mapping[str, tuple[str, str]]) -> Iterator[Mark]:
    kept: dict[str, Mark] = {}
    for mark in old:
        if mark.cell in new:
            kept[mark.cell] = mark
        else:
            _restore(sheet.range(mark.cell), mark)
    for cell, (severity, text) in new.items():
        was = kept.get(cell)
        if was is not None and (was.severity, was.ours) == (severity, text):
            yield was
            continue
        place = sheet.range(cell)
        note = place.note
        if was is None:
            was = Mark(sheet.name, cell, *_before(place, note), "", "")
        place.color = COLORS[severity]
        _set_note(place, note, _with_theirs(text, was.note))
        yield Mark(sheet.name, cell, was.color, was.note, text, severity)


def _restore(place: xw.Range, mark: Mark) -> None:
    if _hex(place.color) == _hex(COLORS.get(mark.severity)):
        place.color = None if mark.color == _NO_COLOR else mark.color
    note = place.note
    if note is not None and _even(note.text) == _even(_with_theirs(mark.ours, mark.note)):
        _set_note(place, note, mark.note)


def _before(place: xw.Range, note: Any) -> tuple[str, str]:
    """The colour and the note that a cell had before it was marked, also when nobody remembers that it is."""
    color, text = _hex(place.color), str(note.text) if note is not None else ""
    ours, _, theirs = text.replace("\r\n", "\n").replace("\r", "\n").partition(_THEIRS)
    if not _OURS.match(ours):
        return color, text
    return (_NO_COLOR if color in map(_hex, COLORS.values()) else color), theirs


def _with_theirs(ours: str, theirs: str) -> str:
    """A note with what somebody had written there below what we say."""
    return f"{ours}{_THEIRS}{theirs}" if theirs else ours


def _set_note(place: xw.Range, note: Any, text: str) -> None:
    """``text`` instead of the note that is there."""
    if note is not None:
        note.delete()
    if text:
        with contextlib.suppress(
            Exception
        ):  # Excel takes none beside a conversation: the colour and the list are there
            place.add_note(text)


def _even(text: str) -> str:
    return " ".join(text.split())


def _hex(color: tuple[int, int, int] | None) -> str:
    return _NO_COLOR if color is None else "#{:02x}{:02x}{:02x}".format(*color)
