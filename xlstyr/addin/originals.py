"""Originals to read: copies under names of our own, in a folder of the user's own.

A workbook names a digest, and may have come by mail: what that leads to is decided by the round's register alone.
"""

import hashlib
import re
import stat
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xlwings as xw

from xlstyr.addin.homes import home_of, named
from xlstyr.addin.own import own_folder
from xlstyr.layout.content import Identity
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import is_file, sweep, write_safely
from xlstyr.words import word

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ENDING = ".xlsx"
"""No other file is opened: a workbook of another kind may have macros."""
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy for reading at ``path``, of the file that came as ``name``."""

    name: str
    path: Path


def folder() -> Path:
    """Where copies lie."""
    return own_folder() / word("addin.follow.copies")


def copy_of(round_: Round, sha256: str) -> Copy | None:
    """A copy of the workbook with that digest; None unless it has been taken in, says something, and is whole."""
    if _DIGEST.fullmatch(sha256) is None:
        return None
    came = round_.register.file(sha256)
    path = round_.folder_of("originals") / f"{sha256}{_ENDING}"
    if came is None or not round_.register.said_by(sha256) or not is_file(path):
        return None
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    copy = folder() / f"{_ascii(came[0])}-{sha256[:8]}{_ENDING}"
    if copy.exists() and copy.read_bytes() != data:
        _writable(copy)
    write_safely(copy, data)
    copy.chmod(stat.S_IREAD)
    return Copy(came[0], copy)


def copies(book: xw.Book, identity: Identity, digests: Iterable[str], most: int) -> dict[str, Copy]:
    """Digest → a copy, of the first ``most`` that are named; none when the round isn't at hand."""
    wanted = [sha256 for sha256 in dict.fromkeys(digests) if sha256][:most]
    found: dict[str, Copy] = {}
    with suppress(XlstyrError), home_of(book, identity) as round_:
        for sha256 in wanted:
            with suppress(XlstyrError, OSError):
                if (copy := copy_of(round_, sha256)) is not None:
                    found[sha256] = copy
    return found


def clear_copies(app: xw.App) -> None:
    """Takes away the copies that nobody has open."""
    sweep(folder())
    for path in folder().glob(f"*{_ENDING}"):
        if not path.name.startswith("~$") and not named(app, path.name):
            with suppress(OSError):  # open in another program
                _writable(path)
                path.unlink()


def _writable(path: Path) -> None:
    path.chmod(stat.S_IREAD | stat.S_IWRITE)


def _ascii(name: str) -> str:
    """``name`` without its ending in letters that every program takes in a path and in a link."""
    plain = unicodedata.normalize("NFKD", Path(name).stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:_LONGEST]
