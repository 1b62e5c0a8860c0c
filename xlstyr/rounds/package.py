"""A package for an archive as it is written: one zip file, piece by piece, the same bytes for the same content."""

import hashlib
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO

from xlstyr.rounds.retention import Rule
from xlstyr.rounds.safe import beside

FORMAT = 1
MANIFEST = "manifest.json"
BLOCK = 2**20
_PACKED = (".xlsx", ".xlsm", ".zip", ".png", ".jpg", ".pdf")
_RISKY = ("=", "+", "-", "@", "'", "\t", "\r", "\n")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16
_LARGE = 2**31


@dataclass(frozen=True, slots=True)
class Packed:
    """One file in a package. ``until``: the first day on which it may be disposed of, None when it is kept."""

    path: str
    kind: str
    sha256: str
    size: int
    keep: str
    until: date | None


@dataclass
class Package:
    """A zip file that is being written. ``rules``: how long each kind is kept, counted from ``end`` of the round."""

    archive: zipfile.ZipFile
    rules: dict[str, Rule]
    end: date
    files: list[Packed] = field(default_factory=list)

    def add(self, path: str, kind: str, pieces: Iterable[bytes], size: int = 0, since: date | None = None) -> None:
        """A file of ``pieces``, about ``size`` bytes. What no rule names is kept like the register that it explains."""
        digest, written = hashlib.sha256(), 0
        with self.archive.open(_info(path), "w", force_zip64=size >= _LARGE) as target:
            for piece in pieces:
                digest.update(piece)
                written += len(piece)
                target.write(piece)
        rule = self.rules.get(kind, self.rules["register"])
        until = rule.until(since or self.end, self.end)
        self.files.append(Packed(path, kind, digest.hexdigest(), written, rule.keep, until))

    def finish(self, manifest: bytes) -> str:
        """The list of everything, last; its checksum."""
        with self.archive.open(_info(MANIFEST), "w") as target:
            target.write(manifest)
        return hashlib.sha256(manifest).hexdigest()


def _info(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _EPOCH)
    info.create_system, info.external_attr = _UNIX, _MODE
    info.compress_type = zipfile.ZIP_STORED if path.casefold().endswith(_PACKED) else zipfile.ZIP_DEFLATED
    return info


def pieces_of(source: IO[bytes]) -> Iterator[bytes]:
    """What is in an open file, piece by piece."""
    while piece := source.read(BLOCK):
        yield piece


@contextmanager
def clean_copy(register: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """A copy beside ``path`` of an open register, without earlier archivings: it is the same whenever it is made.

    It is gone afterwards.
    """
    draft, path = beside(path.with_name(f"{path.name}.draft")), beside(path)
    try:
        for left in (draft, path):
            left.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft)) as copy:
            register.backup(copy)
            copy.execute("delete from events where kind = 'archived'")
            copy.commit()
            copy.execute("vacuum into ?", (str(path),))
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            yield copy
    finally:
        for left in (draft, path):
            left.unlink(missing_ok=True)


def tables_of(db: sqlite3.Connection) -> list[str]:
    """The tables of a register, by name."""
    rows = db.execute("select name from sqlite_master where type = 'table' order by name")
    return [str(name) for (name,) in rows]


def table_lines(db: sqlite3.Connection, table: str) -> Iterator[bytes]:
    """A table as CSV for an archive: a row of headings, then each row, ordered by all it says."""
    names = [str(column[1]) for column in db.execute(f'pragma table_info("{table}")')]
    yield _line(names)
    order = ", ".join(f'"{name}"' for name in names)
    for row in db.execute(f'select * from "{table}" order by {order}'):  # noqa: S608 (a table of our own)
        yield _line(row)


def _line(values: Iterable[object]) -> bytes:
    return (";".join(map(_cell, values)) + "\r\n").encode()


def _cell(value: object) -> str:
    """Texts in quotes, such that no spreadsheet takes one for a formula; numbers and nothing without."""
    if not isinstance(value, str):
        return "" if value is None else str(value)
    safe = f"'{value}" if value.startswith(_RISKY) else value
    return '"' + safe.replace('"', '""') + '"'
