"""``archive --verify``: whether a package is as it was made: every file there, unchanged, and nothing else.

The package alone is needed, no round. It may come from anywhere, so nothing in it is believed: each file is unpacked
piece by piece, no further than to its stated size.
"""

import hashlib
import json
import sqlite3
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xlstyr.model.finding import Finding, found
from xlstyr.rounds.records.archiving import ORIGINALS, absent
from xlstyr.rounds.records.package import BLOCK, FORMAT, MANIFEST, outside, table_lines, tables_of
from xlstyr.rounds.register import own_schema, schema_of
from xlstyr.words import word

_LARGEST_MANIFEST = 256 * 2**20
_SHOWN = 40  # characters
_STEP = 10_000  # of SQLite's virtual machine
_STEPS, _STEPS_PER_BYTE = 10_000_000, 100
"""How far a register is read: an ordinary one takes a few steps a byte."""
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


class _Listed(BaseModel):
    """A file as the manifest states it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: str
    kind: str
    sha256: str
    size: int = Field(ge=0)


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int
    files: tuple[_Listed, ...]


@dataclass(frozen=True)
class Verified:
    """What looking through a package gave. ``digest`` is its manifest's, ``""`` when there is none to be read."""

    path: Path
    digest: str
    files: int
    findings: tuple[Finding, ...]


def verify_package(path: Path) -> Verified:
    """Looks through the package at ``path``. Nothing in it raises; what is wrong is a finding."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(path, archive)
    except (zipfile.BadZipFile, ValueError):
        return _refused(path, word("archive.detail.no_zip"))
    except OSError as error:
        return _refused(path, word("archive.detail.not_opened", error=error.strerror or type(error).__name__))


def _refused(path: Path, detail: str, digest: str = "") -> Verified:
    return Verified(path, digest, 0, (found("XS043", name=path.name, detail=detail),))


def _verify(path: Path, archive: zipfile.ZipFile) -> Verified:
    names = Counter(archive.namelist())
    try:
        if names[MANIFEST] != 1 or archive.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
            return _refused(path, word("archive.detail.no_manifest"))
        data = archive.read(MANIFEST)
        digest = hashlib.sha256(data).hexdigest()
        if (theirs := json.loads(data)["format"]) != FORMAT:
            return _refused(path, word("archive.detail.other_format", theirs=str(theirs)[:_SHOWN], ours=FORMAT), digest)
        manifest = _Manifest.model_validate_json(data)
    except (*_FAULTS, ValidationError, KeyError, TypeError, RecursionError):
        return _refused(path, word("archive.detail.no_manifest"))
    listed = {one.path: one for one in manifest.files}
    findings = [found("XS715", path=name) for name in sorted(names) if name not in listed and name != MANIFEST]
    findings += [found("XS715", path=name) for name, count in sorted(names.items()) if count > 1 and name in listed]
    twice = Counter(one.path for one in manifest.files)
    findings += [found("XS714", path=name, detail=word("archive.detail.twice")) for name in twice if twice[name] > 1]
    for one in listed.values():
        if one.path not in names:
            findings.append(found("XS713", path=one.path))
        elif detail := _changed(archive, one):
            findings.append(found("XS714", path=one.path, detail=detail))
    if where := _outside(path, archive):
        findings.append(found("XS715", path=word(f"archive.detail.{where}")))
    if not findings:
        findings += _register(archive, manifest)
    return Verified(path, digest, len(manifest.files), tuple(findings))


def _outside(path: Path, archive: zipfile.ZipFile) -> str:
    """Where the package holds bytes of no file; ``""``: nowhere."""
    with path.open("rb") as source:
        return outside(archive, source, path.stat().st_size)


def _changed(archive: zipfile.ZipFile, one: _Listed) -> str:
    """In what way a file isn't as it is stated; ``""`` when it is."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(one.path) as source:
            while piece := source.read(BLOCK):
                size += len(piece)
                digest.update(piece)
                if size > one.size:
                    break
    except _FAULTS as error:
        return word("archive.detail.unreadable", error=type(error).__name__)
    if size != one.size:
        return word("archive.detail.size", size=size, expected=one.size)
    return "" if digest.hexdigest() == one.sha256 else word("archive.detail.hash")


def _register(archive: zipfile.ZipFile, manifest: _Manifest) -> Iterator[Finding]:
    """Whether the copy of the register is whole, and tells of the same files as lie in the package."""
    name = word("folders.register")
    if name not in archive.namelist():
        yield found("XS713", path=name)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register"
        try:
            with archive.open(name) as source, path.open("wb") as target:
                while piece := source.read(BLOCK):
                    target.write(piece)
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
                _limit(db, path.stat().st_size)
                yield from _agrees(db, manifest)
        except (sqlite3.Error, *_FAULTS) as error:
            yield found("XS714", path=name, detail=word("archive.detail.database", error=error))


def _limit(db: sqlite3.Connection, size: int) -> None:
    """Ends a statement that goes on much longer than ``size`` bytes can take. No schema of theirs runs anything."""
    left = iter(range((_STEPS + _STEPS_PER_BYTE * size) // _STEP))
    db.set_progress_handler(lambda: next(left, None) is None, _STEP)
    db.execute("pragma trusted_schema = off")


def _agrees(db: sqlite3.Connection, manifest: _Manifest) -> Iterator[Finding]:
    if schema_of(db) != own_schema():
        yield found("XS714", path=word("folders.register"), detail=word("archive.detail.tables"))
        return
    (state,) = db.execute("pragma integrity_check(1)").fetchone()
    if state != "ok":
        yield found("XS714", path=word("folders.register"), detail=word("archive.detail.database", error=state))
        return
    originals = {Path(one.path).stem: one for one in manifest.files if one.kind in ORIGINALS}
    rows = db.execute("select sha256 from files union select sha256 from messages order by 1")
    known = [str(sha256) for (sha256,) in rows]
    gone = _gone(db)
    if gone is None:
        yield found("XS714", path=word("folders.register"), detail=word("archive.detail.events"))
        return
    folder = word("folders.originals")
    for sha256 in known:
        if sha256 not in originals and sha256 not in gone:
            yield found("XS713", path=f"{folder}/{sha256}")
    for stem, one in originals.items():
        if stem not in known:
            yield found("XS715", path=one.path)
        elif stem != one.sha256:
            yield found("XS714", path=one.path, detail=word("archive.detail.hash"))
    sums = {one.path: one.sha256 for one in manifest.files}
    for table in tables_of(db):
        name = f"{word('archive.package.tables')}/{table}.csv"
        digest = hashlib.sha256()
        for line in table_lines(db, table):
            digest.update(line)
        if sums.get(name) != digest.hexdigest():
            yield found("XS714", path=name, detail=word("archive.detail.rows"))


def _gone(db: sqlite3.Connection) -> frozenset[str] | None:
    """What isn't among the originals by a decision; None when an event of it can't be understood."""
    try:
        events = db.execute("select data from events where kind in ('quarantined', 'disposed')")
        return absent(json.loads(data) for (data,) in events)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
