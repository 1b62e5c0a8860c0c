"""Colours, notes, links and widths of many cells: in one call where the program takes it so, cell by cell in Excel."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlwings as xw

from xlstyr.addin.native import batches_of

NO_COLOR = "-"


@dataclass(frozen=True, slots=True)
class Look:
    """The background of a cell, ``#rrggbb`` or ``-`` for none, and its note, ``""`` for none."""

    color: str
    note: str


def looks_of(sheet: xw.Sheet, cells: Sequence[str]) -> dict[str, Look]:
    """How ``cells`` look."""
    if not cells:
        return {}
    if (batches := batches_of(sheet)) is not None:
        found = batches.looks(sheet.impl, cells)
        return {cell: Look(hexed(color), note) for cell, (color, note) in zip(cells, found, strict=True)}
    return {cell: _look(sheet.range(cell)) for cell in cells}


def change_looks(sheet: xw.Sheet, before: Mapping[str, Look], after: Mapping[str, Look]) -> None:
    """Gives cells the looks of ``after``. What is as it was in ``before`` isn't touched."""
    changed = {cell: look for cell, look in after.items() if look != before[cell]}
    if not changed:
        return
    if (batches := batches_of(sheet)) is not None:
        batches.set_looks(sheet.impl, {cell: _parts(before[cell], look) for cell, look in changed.items()})
        return
    for cell, look in changed.items():
        color, note = _parts(before[cell], look)
        place = sheet.range(cell)
        if color is not ...:
            place.color = color
        if note is not None:
            _set_note(place, note)


def add_links(sheet: xw.Sheet, links: Mapping[str, tuple[str, str]]) -> None:
    """Makes cells links: (address as Excel writes it, the text that is shown)."""
    if not links:
        return
    if (batches := batches_of(sheet)) is not None:
        batches.set_links(sheet.impl, links)
        return
    for cell, (address, text) in links.items():
        sheet.range(cell).add_hyperlink(address, text, text)


def set_widths(sheet: xw.Sheet, widths: Mapping[tuple[int, int], float]) -> None:
    """Gives columns, from one to another counted from 1, their width in characters; 0 hides them."""
    if not widths:
        return
    if (batches := batches_of(sheet)) is not None:
        batches.set_widths(sheet.impl, widths)
        return
    for (first, last), width in widths.items():
        sheet.range((1, first), (1, last)).column_width = width


def hexed(color: tuple[int, int, int] | None) -> str:
    """``#rrggbb``, or ``-`` for none."""
    return NO_COLOR if color is None else "#{:02x}{:02x}{:02x}".format(*color)


def _look(place: xw.Range) -> Look:
    note = place.note
    return Look(hexed(place.color), str(note.text) if note is not None else "")


def _parts(before: Look, after: Look) -> tuple[Any, str | None]:
    """The background to set, ``...`` to let it be; the note to set, None to let it be."""
    color = None if after.color == NO_COLOR else after.color
    return (... if after.color == before.color else color, None if after.note == before.note else after.note)


def _set_note(place: xw.Range, text: str) -> None:
    if (note := place.note) is not None:
        note.delete()
    if text:
        with contextlib.suppress(
            Exception
        ):  # Excel takes none beside a conversation: the colour and the list are there
            place.add_note(text)
