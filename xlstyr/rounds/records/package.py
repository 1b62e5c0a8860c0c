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

from xlstyr.rounds.records.retention import Rule
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


_LOCAL, _CENTRAL = 30, 46
"""Bytes of the fixed part of what a zip file says of a file: before it, and in the list at the end."""
_END, _END_LONG = 22, 98
"""Bytes after that list, in a zip file of ordinary size and in one beyond it."""
_SUMS = (12, 16, 20, 24)
"""Bytes that follow a file whose size wasn't known when it was begun."""
_STREAMED, _UTF8 = 0x8, 0x800


def outside(archive: zipfile.ZipFile, source: IO[bytes], size: int) -> str:
    """Where a zip file of ``size`` bytes, also open as ``source``, has bytes that belong to no file in it.

    ``within`` is before, between or behind its files, ``after`` behind its end, ``""`` nowhere. Nobody who unpacks it
    sees such bytes.
    """
    at, listed, gaps = 0, 0, [0]
    for info in sorted(archive.infolist(), key=lambda one: one.header_offset):
        if info.header_offset - at not in gaps:
            return "within"
        source.seek(info.header_offset)
        head = source.read(_LOCAL)
        named, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        at = info.header_offset + _LOCAL + named + extra + info.compress_size
        gaps = [*_SUMS, 0] if info.flag_bits & _STREAMED else [0]
        name = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")
        listed += _CENTRAL + len(name) + len(info.extra) + len(info.comment)
    if archive.start_dir - at not in gaps:
        return "within"
    return "" if size - archive.start_dir - listed in (_END, _END_LONG) else "after"


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
