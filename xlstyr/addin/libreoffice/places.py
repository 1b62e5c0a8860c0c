"""Addresses: of cells, with sheet and book, and in links, as Excel and as LibreOffice write them."""

import re
from pathlib import Path

from xlstyr.addin.libreoffice.office import load_uno
from xlstyr.layout.raw import letters

Box = tuple[int, int, int, int]
"""First row, first column, last row, last column, counted from 1."""
ROWS, COLUMNS = 1_048_576, 16_384
_ADDRESS = re.compile(
    r"\$?[A-Z]{1,3}\$?[1-9]\d*(:\$?[A-Z]{1,3}\$?[1-9]\d*)?|\$?[A-Z]{1,3}:\$?[A-Z]{1,3}|\$?\d+:\$?\d+", re.I
)
_CORNER = re.compile(r"([A-Z]*)(\d*)")
_PLAIN = re.compile(r"[^\W\d][\w.]*")
_LIKE_A_CELL = re.compile(r"[A-Z]{1,3}\d+|R?\d*C?\d*", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_TARGET = re.compile(r"[.!](?=\$?[A-Za-z]{1,3}\$?\d+(?::\$?[A-Za-z]{1,3}\$?\d+)?$)")


def is_address(text: str) -> bool:
    """Whether ``text`` is an address such as ``B2``, ``$A$1:C3``, ``A:B`` or ``2:3``."""
    return _ADDRESS.fullmatch(text) is not None


def box_of(address: str) -> Box:
    """The box of what ``is_address`` knows."""
    first, _, second = address.upper().replace("$", "").partition(":")
    rows, columns = [], []
    for text in (first, second or first):
        corner = _CORNER.fullmatch(text)
        assert corner is not None
        columns.append(sum((ord(letter) - 64) * 26**power for power, letter in enumerate(reversed(corner[1]))))
        rows.append(int(corner[2] or 0))
    return (min(rows) or 1, min(columns) or 1, max(rows) or ROWS, max(columns) or COLUMNS)


def address_of(box: Box, *, row_absolute: bool = True, column_absolute: bool = True) -> str:
    """``$A$1:$B$2``; ``$A:$B`` for whole columns and ``$1:$2`` for whole rows."""
    top, left, bottom, right = box

    def one(row: int | None, column: int | None) -> str:
        lettered = f"{'$' * column_absolute}{letters(column)}" if column else ""
        return lettered + (f"{'$' * row_absolute}{row}" if row else "")

    if (left, right) == (1, COLUMNS):
        return f"{one(top, None)}:{one(bottom, None)}"
    if (top, bottom) == (1, ROWS):
        return f"{one(None, left)}:{one(None, right)}"
    return one(top, left) + ("" if (top, left) == (bottom, right) else f":{one(bottom, right)}")


def with_sheet(address: str, sheet: str, book: str = "") -> str:
    """``Blad1!$A$1`` or ``'[Min bok.xlsx]Blad 1'!$A$1``: quoted when it has to be."""
    title = f"[{book}]{sheet}" if book else sheet
    plain = _PLAIN.fullmatch(sheet) and not _LIKE_A_CELL.fullmatch(sheet) and (not book or _PLAIN.fullmatch(book))
    return f"{title}!{address}" if plain else "'" + title.replace("'", "''") + f"'!{address}"


def link_there(address: str) -> str:
    """Excel's address of a link → LibreOffice's: ``#Blad!A1``, a path with or without it, or what has a scheme."""
    place, sign, target = address.partition("#")
    if place and not (_SCHEME.match(place) and not re.match(r"[A-Za-z]:[\\/]", place)):
        place = Path(place).absolute().as_uri()
    return place + sign + _TARGET.sub(".", target)


def link_here(url: str) -> str:
    """LibreOffice's address of a link → Excel's, files by their paths."""
    place, sign, target = url.partition("#")
    if place.startswith("file:"):
        place = str(load_uno().fileUrlToSystemPath(place))
    return place + sign + _TARGET.sub("!", target)
