"""The register of a round: SQLite beside the workbooks. Events are written, state is derived from them."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, Place
from xlstyr.words import word

SCHEMA = 2
_TABLES = """
create table meta (key text primary key, value text not null);
create table layouts (digest text primary key, definition text not null);
create table issues (
  node text not null, stage text not null, issue integer not null, layout text not null, premises text not null,
  content text not null, file text not null, at text not null, primary key (node, stage, issue));
create table files (sha256 text primary key, name text not null, size integer not null, received text not null);
create table answers (
  sha256 text not null, place integer not null, node text not null, stage text not null, status text not null,
  contribution text, findings text not null, primary key (sha256, place));
create table events (
  seq integer primary key, at text not null, kind text not null, node text not null, stage text not null,
  data text not null);
create index answers_node on answers (node, stage);
create index events_node on events (node, stage);
"""
_POST = """
create table messages (
  sha256 text primary key, message_id text not null, channel text not null, sender text not null, copies text not null,
  subject text not null, sent text, received text not null, kind text not null, reference text not null);
create table arrivals (
  seq integer primary key, at text not null, sha256 text not null, name text not null, message text not null,
  place text not null, sender text not null, copies text not null, outcome text not null, code text not null,
  detail text not null, unique (message, place, name, sha256));
create table letters (
  reference text primary key, kind text not null, node text not null, stage text not null, recipients text not null,
  copies text not null, subject text not null, channel text not null, status text not null, file text not null,
  digest text not null, at text not null, detail text not null);
create index arrivals_file on arrivals (sha256);
create index messages_id on messages (message_id);
create index letters_node on letters (node, stage);
"""
_SENT = "(select min(at) from arrivals where arrivals.sha256 = f.sha256)"
_STEPS = {1: _POST}
"""What each older schema lacks."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issued workbook: its number, the layout it was drawn with, and what was told."""

    node: str
    stage: str
    issue: int
    layout: str
    premises: str
    content: str
    file: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one file said for one node. ``status``: accepted, partly, held, refused.

    ``place`` counts the answers of a file from 0: a roll-up carries many, rivals from the same node too.
    """

    sha256: str
    node: str
    stage: str
    status: str
    contribution: str | None
    findings: tuple[Finding, ...]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a node at a stage."""

    seq: int
    at: datetime
    kind: str
    node: str
    stage: str
    data: dict[str, Any]


class Register:
    """The register in ``path``, made when it isn't there.

    Raises:
        XlstyrError: the file is locked, of a newer version, or no register.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: tuple[int | None, dict[str, tuple[str, ...]]] = (None, {})
        try:
            self.db = sqlite3.connect(path, timeout=10)
            self.db.execute("pragma foreign_keys = on")
            self.db.execute("pragma synchronous = full")
            self._prepare()
        except sqlite3.Error as error:
            raise _said(path, error) from error

    def _prepare(self) -> None:
        found = self.db.execute("select name from sqlite_master where name = 'meta'").fetchone()
        if found is None:
            made = f"{_TABLES} {_POST} insert into meta values ('schema', '{SCHEMA}');"  # noqa: S608
            self.db.executescript(f"begin immediate; {made} commit;")
        stated = self.note("schema") or ""
        version = int(stated) if stated.isascii() and stated.isdigit() else 0
        if version < 1:
            raise XlstyrError(word("cli.errors.no_schema", file=self.path.name))
        if version > SCHEMA:
            raise XlstyrError(word("cli.errors.newer_register", file=self.path.name, theirs=version, ours=SCHEMA))
        for step in range(version, SCHEMA):
            moved = f"{_STEPS[step]} update meta set value = '{step + 1}' where key = 'schema';"  # noqa: S608
            self.db.executescript(f"begin immediate; {moved} commit;")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside, or nothing."""
        try:
            with self.db:
                yield
        except sqlite3.Error as error:
            raise _said(self.path, error) from error

    def execute(self, query: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Runs one statement; for the modules that keep tables of their own here. Raises ``XlstyrError``."""
        try:
            return self.db.execute(query, values)
        except sqlite3.Error as error:
            raise _said(self.path, error) from error

    def note(self, key: str, value: str | None = None) -> str | None:
        """What the register says of itself under ``key``, written first when ``value`` is given; None: nothing."""
        if value is not None:
            self.execute("insert or replace into meta values (?, ?)", (key, value))
        found = self.execute("select value from meta where key = ?", (key,)).fetchone()
        return str(found[0]) if found else None

    def add_layout(self, digest: str, definition: str) -> None:
        """Keep a definition for as long as answers to it may come."""
        self.execute("insert or ignore into layouts values (?, ?)", (digest, definition))

    def layout(self, digest: str) -> str | None:
        """The definition with ``digest``, or None when it was never issued here."""
        found = self.execute("select definition from layouts where digest = ?", (digest,)).fetchone()
        return str(found[0]) if found else None

    def add_issue(self, issue: Issue, at: datetime) -> None:
        """A workbook was issued."""
        values = (issue.node, issue.stage, issue.issue, issue.layout, issue.premises, issue.content, issue.file)
        self.execute("insert into issues values (?, ?, ?, ?, ?, ?, ?, ?)", (*values, at.isoformat()))
        self.add_event("issued", issue.node, issue.stage, at, issue=issue.issue)

    def issue(self, node: str, stage: str, number: int | None = None) -> Issue | None:
        """Issue ``number`` to ``node``, the latest when None; None when there is none."""
        found = self.execute(
            "select node, stage, issue, layout, premises, content, file from issues "
            "where node = ? and stage = ? and issue = coalesce(?, issue) order by issue desc limit 1",
            (node, stage, number),
        ).fetchone()
        return Issue(*found) if found else None

    def issued_at(self, issue: Issue) -> datetime:
        """When a workbook that the register has was issued."""
        query = "select at from issues where node = ? and stage = ? and issue = ?"
        (at,) = self.execute(query, (issue.node, issue.stage, issue.issue)).fetchone()
        return datetime.fromisoformat(at)

    def issues(self, node: str) -> list[Issue]:
        """Everything that was issued to ``node``, at any stage, oldest first."""
        query = "select node, stage, issue, layout, premises, content, file from issues where node = ? order by rowid"
        return [Issue(*row) for row in self.execute(query, (node,))]

    def issued_files(self) -> dict[str, str]:
        """File name → node, of everything issued."""
        return {file: nodes[-1] for file, nodes in self.issued_names().items()}

    def issued_names(self) -> dict[str, tuple[str, ...]]:
        """File name → every node that has had it (names change hands); read again only when more has been issued."""
        last: int | None = self.execute("select max(rowid) from issues").fetchone()[0]
        if self._files[0] != last:
            rows = self.execute("select file, node from issues order by issue")
            names: dict[str, tuple[str, ...]] = {}
            for file, node in rows:
                name = file.rpartition("/")[2]
                names[name] = (*(other for other in names.get(name, ()) if other != node), node)
            self._files = last, names
        return self._files[1]

    def add_file(self, sha256: str, name: str, size: int, received: datetime) -> None:
        """A file has come in and its bytes are safe. It keeps its first name, unless that was none."""
        values = (sha256, name, size, received.isoformat())
        self.execute("delete from files where sha256 = ? and name like sha256 || '%'", (sha256,))
        self.execute("insert or ignore into files values (?, ?, ?, ?)", values)

    def file(self, sha256: str) -> tuple[str, datetime] | None:
        """(name, received) of a file that has come in; None when it hasn't."""
        found = self.execute("select name, received from files where sha256 = ?", (sha256,)).fetchone()
        return (found[0], datetime.fromisoformat(found[1])) if found else None

    def add_answer(
        self, answer: Answer, at: datetime, event: Mapping[str, object] | None = MappingProxyType({})
    ) -> None:
        """A file was read: what it says for one node. ``event`` goes with the event; None: it said nothing new."""
        findings = json.dumps([_dump_finding(finding) for finding in answer.findings], ensure_ascii=False)
        values = (answer.sha256, answer.place, answer.node, answer.stage, answer.status, answer.contribution, findings)
        self.execute("insert or replace into answers values (?, ?, ?, ?, ?, ?, ?)", values)
        if event is not None:
            data = {"sha256": answer.sha256, "status": answer.status, **event}
            self.add_event("received", answer.node, answer.stage, at, **data)

    def said_by(self, sha256: str) -> list[str]:
        """The contributions that a file was read as, in their order."""
        query = "select contribution from answers where sha256 = ? and contribution is not null order by place"
        return [str(row[0]) for row in self.execute(query, (sha256,))]

    def forget_answers(self, sha256: str) -> None:
        """A file is read anew: what it was read as before gives way."""
        self.execute("delete from answers where sha256 = ?", (sha256,))

    def answers(self, node: str | None = None, stage: str | None = None) -> list[Answer]:
        """Everything that was read, in the order it came; from ``node`` and at ``stage`` only, when given.

        What one run took in is in the order it was sent.
        """
        return list(self.each_answer(node, stage))

    def each_answer(self, node: str | None = None, stage: str | None = None) -> Iterator[Answer]:
        """``answers`` one by one: of thousands, what they say is never held all at once."""
        wanted = [(name, value) for name, value in (("node", node), ("stage", stage)) if value is not None]
        where = "".join(f" and {name} = ?" for name, _ in wanted)
        rows = self.execute(
            "select a.sha256, place, node, stage, status, findings from answers a join files f "  # noqa: S608
            f"on f.sha256 = a.sha256{where} order by f.received, {_SENT}, f.sha256, place",
            tuple(value for _, value in wanted),
        ).fetchall()
        for sha256, place, whose, at, status, findings in rows:
            said = self.execute("select contribution from answers where sha256 = ? and place = ?", (sha256, place))
            (contribution,) = next(said, (None,))
            found = tuple(map(_load_finding, json.loads(findings)))
            yield Answer(sha256, whose, at, status, contribution, found, place)

    def add_event(self, kind: str, node: str, stage: str, at: datetime, **data: object) -> None:
        """Something happened. ``by`` and ``why`` in ``data`` say who did it and why, where somebody did.

        Kinds: issued sent reminded received returned commented decided certified reopened included quarantined
        disposed archived lifted (a certification, by the level below).
        """
        values = (at.isoformat(), kind, node, stage, json.dumps(data, ensure_ascii=False))
        self.execute("insert into events (at, kind, node, stage, data) values (?, ?, ?, ?, ?)", values)

    def events(self, kinds: Iterable[str] = (), node: str | None = None) -> list[Event]:
        """What has happened, oldest first; of ``kinds`` and to ``node`` only, when given."""
        wanted = tuple(kinds)
        tests = ["node = ?"] * (node is not None) + [f"kind in ({', '.join('?' * len(wanted))})"] * bool(wanted)
        where = f"where {' and '.join(tests)} " if tests else ""
        rows = self.execute(
            f"select seq, at, kind, node, stage, data from events {where}order by seq",  # noqa: S608
            (*([] if node is None else [node]), *wanted),
        )
        return [
            Event(seq, datetime.fromisoformat(at), kind, whose, stage, json.loads(data))
            for seq, at, kind, whose, stage, data in rows
        ]


def own_schema() -> frozenset[tuple[str, str, str]]:
    """(type, name, SQL) of everything that a register of this version consists of."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(_TABLES + _POST)
        return schema_of(db)


def schema_of(db: sqlite3.Connection) -> frozenset[tuple[str, str, str]]:
    """(type, name, SQL) of everything in a database that somebody has made there."""
    rows = db.execute("select type, name, sql from sqlite_master where sql is not null")
    return frozenset((str(kind), str(name), str(sql)) for kind, name, sql in rows)


def _said(path: Path, error: sqlite3.Error) -> XlstyrError:
    """What went wrong, in words: a network drive that can't lock is the usual cause."""
    locked = "lock" in str(error) or "disk I/O" in str(error)
    return XlstyrError(word(f"cli.errors.{'locked_register' if locked else 'register'}", file=path.name, detail=error))


def _dump_finding(finding: Finding) -> dict[str, Any]:
    return asdict(finding)


def _load_finding(item: dict[str, Any]) -> Finding:
    args = tuple((name, value) for name, value in item["args"])
    return Finding(item["code"], item["severity"], item["blocks"], Place(**item["place"]), args)
