"""``archive``: a round in one package for the municipal archive, the same bytes for the same round.

Everything is written piece by piece into one zip file, each file with its checksum in ``manifest.json``. What lies in
quarantine never goes in; that it came, and what was decided, does.
"""

import hashlib
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from xlstyr import __version__
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, found
from xlstyr.rounds.incoming.collecting import recover
from xlstyr.rounds.incoming.inbox import is_mailbox, waiting
from xlstyr.rounds.incoming.quarantine import DISPOSED, SEALED, ever_sealed, in_quarantine
from xlstyr.rounds.incoming.standing import contributions
from xlstyr.rounds.outgoing.issuing import recipients
from xlstyr.rounds.records.package import FORMAT, Package, Packed, clean_copy, pieces_of, table_lines, tables_of
from xlstyr.rounds.records.retention import Record, Rule, digest_of, load_rules, records, round_end
from xlstyr.rounds.register import Event
from xlstyr.rounds.round import Round, file_name
from xlstyr.rounds.safe import writing
from xlstyr.words import word

ORIGINALS = ("originals", "messages")
_LEFT_OUT = ("copies", "quarantine", "register")
_NOT_IN = ("originals", "issued", "outbox", "returns", "results", "quarantine", "letters", "inbox")

_SUM = re.compile("[0-9a-f]{64}")

Add = Callable[[Package, str], None]
"""Adds something to a package at a path."""


@dataclass(frozen=True)
class Archived:
    """A package that was written. ``digest`` is its manifest's; ``again``: nothing has changed since the last one."""

    path: Path
    digest: str
    files: tuple[Packed, ...]
    findings: tuple[Finding, ...]
    extracted: datetime
    again: bool


def archive_round(round_: Round, out: Path | None = None) -> Archived:
    """Packs the round in ``out``, a file or a folder; a folder of its own in the round when None.

    Raises:
        XlstyrError: the package would lie in what is packed, a file changed meanwhile, or the rules can't be used.
    """
    path = _target(round_, out)
    recover(round_)
    rules = load_rules(round_.folder)
    findings = (*_unfinished(round_), *_missing(round_))
    last = next(iter(reversed(round_.register.events(["archived"]))), None)
    with writing(path) as file:
        files, digest, content, extracted = _write(round_, file, rules, last)
    again = last is not None and last.data["content"] == content
    if not again:
        data = {"file": path.name, "content": content, "digest": digest, "files": len(files)}
        with round_.register.transaction():
            round_.register.add_event("archived", "", round_.premises.stage, round_.now, **data)
    return Archived(path, digest, files, (*findings, *_changed(files)), extracted, again)


def _target(round_: Round, out: Path | None) -> Path:
    name = word("folders.package", round=file_name(round_.premises.settings.round))
    path = out or round_.folder_of("archive")
    if path.is_dir() or path.suffix.casefold() != ".zip":
        path /= name
    for one in _NOT_IN:
        if path.resolve().is_relative_to(round_.folder_of(one).resolve()):
            raise XlstyrError(word("archive.errors.inside", folder=round_.folder_of(one)))
    return path


def _write(
    round_: Round, file: BinaryIO, rules: dict[str, Rule], last: Event | None
) -> tuple[tuple[Packed, ...], str, str, datetime]:
    """Writes everything: (files, the manifest's checksum, the content's, when it was taken out)."""
    stem = round_.register.path
    with (
        zipfile.ZipFile(file, "w") as archive,
        clean_copy(round_.register.db, stem.with_name(f"{stem.name}.copy")) as copy,
    ):
        package = Package(archive, rules, round_end(round_))
        for path, add in sorted(_sources(round_, copy), key=lambda pair: pair[0]):
            add(package, path)
        content = _content(package.files)
        extracted = last.at if last is not None and last.data["content"] == content else round_.now
        guide = _guide(round_, package, extracted)
        package.add(word("archive.package.readme"), "guide", [guide.encode()])
        sums = "".join(f"{one.sha256}  {one.path}\n" for one in package.files)
        package.add(word("archive.package.sums"), "guide", [sums.encode()])
        manifest = json.dumps(_manifest(round_, package, extracted), ensure_ascii=False, indent=1)
        digest = package.finish(manifest.encode())
    return tuple(package.files), digest, content, extracted


def _content(files: Iterable[Packed]) -> str:
    """A checksum of what is packed, whenever that was."""
    lines = "\n".join(f"{one.sha256} {one.path} {one.keep} {one.until}" for one in files)
    return hashlib.sha256(f"{FORMAT} {__version__}\n{lines}".encode()).hexdigest()


def _sources(round_: Round, copy: sqlite3.Connection) -> Iterator[tuple[str, Add]]:
    """(path in the package, what adds it) of everything."""
    for record in records(round_):
        if record.kind not in _LEFT_OUT:
            yield record.path.relative_to(round_.folder).as_posix(), _adds_file(record)
    path = Path(copy.execute("pragma database_list").fetchone()[2])
    yield word("folders.register"), _adds_file(Record(path, "register", round_end(round_)))
    tables, definitions = word("archive.package.tables"), word("archive.package.definitions")
    for table in tables_of(copy):
        yield f"{tables}/{table}.csv", _adds_table(copy, table)
    for (digest,) in copy.execute("select digest from layouts").fetchall():
        yield f"{definitions}/{digest}.json", _adds_definition(copy, digest)


def _adds_file(record: Record) -> Add:
    def add(package: Package, path: str) -> None:
        before = record.path.stat()
        with record.path.open("rb") as source:
            package.add(path, record.kind, pieces_of(source), before.st_size, record.since)
        after = record.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise XlstyrError(word("archive.errors.changed", file=record.path.name))

    return add


def _adds_table(copy: sqlite3.Connection, table: str) -> Add:
    return lambda package, path: package.add(path, "register", table_lines(copy, table))


def _adds_definition(copy: sqlite3.Connection, digest: str) -> Add:
    def add(package: Package, path: str) -> None:
        (text,) = copy.execute("select definition from layouts where digest = ?", (digest,)).fetchone()
        package.add(path, "definitions", [text.encode()])

    return add


def _manifest(round_: Round, package: Package, extracted: datetime) -> dict[str, Any]:
    settings = round_.premises.settings
    sealed = [
        {
            "sha256": one.sha256,
            "kind": one.kind,
            "code": one.code,
            "node": one.node or None,
            "received": one.at.isoformat(),
            "disposed": one.disposed.at.isoformat() if one.disposed else None,
            "why": one.disposed.data["why"] if one.disposed else None,
            "by": one.disposed.data["by"] if one.disposed else None,
        }
        for one in ever_sealed(round_)
    ]
    return {
        "format": FORMAT,
        "producer": settings.municipality,
        "system": {"name": "xlstyr", "version": __version__},
        "extracted": extracted.isoformat(),
        "round": {"id": settings.round, "title": settings.title, "year": settings.year, "phase": settings.phase},
        "checksum": "SHA-256",
        "files": [
            {
                "path": one.path,
                "kind": one.kind,
                "sha256": one.sha256,
                "size": one.size,
                "keep": one.keep,
                "until": one.until.isoformat() if one.until else None,
            }
            for one in package.files
        ],
        "quarantine": sealed,
    }


def _guide(round_: Round, package: Package, extracted: datetime) -> str:
    """What stands in the package, for a person who has never heard of xlstyr."""
    settings, sealed = round_.premises.settings, ever_sealed(round_)
    kinds = dict.fromkeys(one.kind for one in sorted(package.files, key=lambda one: one.kind))
    disposed = sum(one.disposed is not None for one in sealed)
    said = word("archive.package.sealed_some", count=len(sealed), disposed=disposed)
    heading = word("archive.package.heading", title=settings.title)
    return word(
        "archive.package.text",
        heading=heading,
        underline="=" * len(heading),
        municipality=settings.municipality,
        round=settings.round,
        year=settings.year,
        version=__version__,
        extracted=f"{extracted:%Y-%m-%d %H:%M %Z}",
        files=len(package.files),
        bytes=_grouped(sum(one.size for one in package.files)),
        kinds="\n".join(_kind_line(package, kind) for kind in kinds),
        sealed=said if sealed else word("archive.package.sealed_none"),
        keeps="\n".join(_keep_line(package.rules[kind]) for kind in kinds if kind in package.rules),
        originals=word("folders.originals"),
        register=word("folders.register"),
        tables=word("archive.package.tables"),
        definitions=word("archive.package.definitions"),
        sums=word("archive.package.sums"),
    ).lstrip()


def _kind_line(package: Package, kind: str) -> str:
    own = [one.size for one in package.files if one.kind == kind]
    name = package.rules[kind].name if kind in package.rules else word(f"archive.kind.{kind}")
    return word("archive.package.kind_line", name=name, count=len(own), bytes=_grouped(sum(own)))


def _keep_line(rule: Rule) -> str:
    return word("archive.package.keep_line", name=rule.name, keep=rule.keep, why=rule.why, source=rule.source)


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _unfinished(round_: Round) -> Iterator[Finding]:
    """XS042: what may still come; XS048: what can't be known of."""
    premises = round_.premises
    last = max((phase.certify_by or phase.deadline for phase in premises.phases), default=None)
    answered = {one.node for one in contributions(round_) if one.stage == premises.stage}
    lying = waiting(round_)
    yield from (finding for finding in lying.left if finding.severity == "fel")
    counts = {
        "missing": sum(node.id not in answered for node in recipients(round_)),
        "waiting": sum(not _is_taken_in(round_, path) for path in lying.files),
        "quarantine": len(in_quarantine(round_)),
    }
    reasons = [word(f"archive.reasons.{key}", count=count) for key, count in counts.items() if count]
    if last is not None and last >= round_.today:
        reasons.insert(0, word("archive.reasons.deadline", deadline=last))
    if reasons:
        yield found("XS042", reasons=", ".join(reasons))


def _is_taken_in(round_: Round, path: Path) -> bool:
    """Whether a file in the inbox is known. A mailbox of many messages is known by those, not by itself."""
    if is_mailbox(path):
        return True
    try:
        sha256 = digest_of(path)
    except OSError:  # gone, or kept from us
        return False
    return round_.register.file(sha256) is not None or round_.mailbook.has_message(sha256)


def _missing(round_: Round) -> Iterator[Finding]:
    """XS044: what the register has and the folder hasn't, though nobody decided that."""
    lying = {record.path.stem for record in records(round_) if record.kind in ORIGINALS}
    gone = absent(event.data for event in round_.register.events([SEALED, DISPOSED]))
    rows = round_.register.execute(
        "select sha256, name from files union select sha256, sender from messages order by 1"
    )
    for sha256, name in rows:
        if sha256 not in lying and sha256 not in gone:
            yield found("XS044", name=name or "–", digest=sha256[:8])


def _changed(files: Iterable[Packed]) -> Iterator[Finding]:
    """XS046: an original that was packed as it is, though its name is the checksum of something else."""
    for one in files:
        stem = Path(one.path).stem
        if one.kind in ORIGINALS and _SUM.fullmatch(stem) and stem != one.sha256:
            yield found("XS046", path=one.path)


def absent(events: Iterable[dict[str, Any]]) -> frozenset[str]:
    """The sha256 of what isn't among the originals by a decision: sealed or disposed of."""
    return frozenset(str(data["sha256"]) for data in events)
