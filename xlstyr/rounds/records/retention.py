"""How long each kind of record is kept, as data: ``retention.toml``, the round's own copy first.

Only what a rule lets go is ever due, and only ``dispose`` takes it away, by a decision that is logged.
"""

import calendar
import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xlstyr.model.days import local_day
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.incoming.post import MESSAGES
from xlstyr.rounds.incoming.quarantine import in_quarantine
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import THEME, Round
from xlstyr.rounds.settings import FILE as SETTINGS
from xlstyr.words import word

FILE = "retention.toml"
KINDS = (
    "control",
    "originals",
    "messages",
    "issued",
    "letters",
    "returns",
    "results",
    "register",
    "settings",
    "copies",
    "quarantine",
)
WHOLE = ("control", "register")
"""Kinds that go only with the whole folder: decisions to dispose of anything else are kept there."""
FOLDERS = {"issued": "issued", "letters": "outbox", "returns": "returns", "results": "results", "copies": "inbox"}
"""Kinds that are all that lies in a folder of the round."""
_TIME = re.compile(r"(\d{1,3}) (\S+)")


class Rule(BaseModel):
    """What holds for one kind of record. ``keep`` and ``since`` are words of ``words/archive.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    keep: str
    since: str = Field(alias="from")
    why: str = Field(min_length=1)
    source: str = Field(min_length=1)

    def until(self, received: date, round_end: date) -> date | None:
        """The first day on which a record that came on ``received`` may go; None: it is kept."""
        if self.keep == word("archive.retention.kept"):
            return None
        start = round_end if self.since == word("archive.retention.round_end") else received
        if self.keep == word("archive.retention.inactive"):
            return round_end + timedelta(days=1)
        number, unit = _time(self.keep) or (0, "")
        return _later(start, number, unit) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Record:
    """One file in the round's folder: its kind and the day it came, or was written."""

    path: Path
    kind: str
    since: date


@dataclass(frozen=True, slots=True)
class Due:
    """A record that may go, by which rule, since when."""

    record: Record
    rule: Rule
    until: date


def load_rules(folder: Path) -> dict[str, Rule]:
    """The rules for the round in ``folder``: one for each of ``KINDS``.

    Raises:
        XlstyrError: the file isn't TOML, or has a kind, key or value that doesn't belong there; it is named.
    """
    own = folder / FILE
    path = own if own.is_file() else templates() / FILE
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise XlstyrError(f"{FILE}: {error}") from error
    if wrong := sorted(set(KINDS) ^ set(tables)):
        raise XlstyrError(word("archive.errors.kinds", file=FILE, expected=", ".join(KINDS), wrong=", ".join(wrong)))
    return {kind: _rule(kind, tables[kind]) for kind in KINDS}


def _rule(kind: str, table: object) -> Rule:
    try:
        rule = Rule.model_validate(table)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise XlstyrError(f"{FILE}: {kind}: {faults}") from error
    plain = (word("archive.retention.kept"), word("archive.retention.inactive"))
    if rule.keep not in plain and _time(rule.keep) is None:
        raise XlstyrError(word("archive.errors.keep", file=FILE, kind=kind, keep=rule.keep))
    if rule.since not in (word("archive.retention.round_end"), word("archive.retention.received")):
        raise XlstyrError(word("archive.errors.from", file=FILE, kind=kind, from_=rule.since))
    return rule


def _time(text: str) -> tuple[int, str] | None:
    """(number, "day", "month" or "year") of a span of time in words; None for anything else."""
    found = _TIME.fullmatch(text)
    units = {word(f"archive.retention.units.{unit}{ending}"): unit for unit, ending in _UNITS}
    return (int(found[1]), units[found[2]]) if found and found[2] in units else None


_UNITS = (("day", ""), ("day", "s"), ("month", ""), ("month", "s"), ("year", ""))


def _later(start: date, number: int, unit: str) -> date:
    if unit == "day":
        return start + timedelta(days=number)
    months = start.year * 12 + start.month - 1 + number * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def round_end(round_: Round) -> date:
    """When the round is over: the last of December of its budget year, or its last deadline if that is later."""
    days = (day for phase in round_.premises.phases for day in (phase.deadline, phase.certify_by) if day is not None)
    return max(date(round_.premises.settings.year, 12, 31), *days)


def records(round_: Round) -> Iterator[Record]:
    """Every file of the round that a rule is about, by kind and name; temporary ones and links elsewhere left out.

    What lies in quarantine is there as ``quarantine``, the packages of the archive aren't.
    """
    folder = round_.folder
    if round_.control_path is not None:
        yield _record(round_.control_path, "control")
    yield from _originals(round_)
    for kind, name in FOLDERS.items():
        yield from (_record(path, kind) for path in files_in(round_.folder_of(name)))
    yield _record(round_.register.path, "register")
    settings = [folder / name for name in (THEME, SETTINGS, FILE)]
    for path in (*settings, *files_in(round_.folder_of("letters"))):
        if path.is_file():
            yield _record(path, "settings")
    came = {one.sha256: one.at for one in in_quarantine(round_)}
    for path in files_in(round_.folder_of("quarantine")):
        at = came.get(path.stem)
        yield Record(path, "quarantine", local_day(at)) if at is not None else _record(path, "quarantine")


def _originals(round_: Round) -> Iterator[Record]:
    """Originals with the day they came; a message or archive that carried others is told by its ending."""
    known = {
        **dict(round_.register.execute("select sha256, received from messages").fetchall()),
        **dict(round_.register.execute("select sha256, received from files").fetchall()),
    }
    for path in files_in(round_.folder_of("originals")):
        kind = "messages" if path.suffix in MESSAGES.values() else "originals"
        received = known.get(path.stem)
        yield Record(path, kind, local_day(datetime.fromisoformat(received))) if received else _record(path, kind)


def _record(path: Path, kind: str) -> Record:
    return Record(path, kind, local_day(datetime.fromtimestamp(path.stat().st_mtime, UTC)))


def files_in(folder: Path) -> list[Path]:
    """The files below ``folder`` in the order of their names; none when there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not path.name.startswith((".", "~$"))
    )


def due(round_: Round, today: date) -> list[Due]:
    """The records that may go ``today`` by the round's rules."""
    rules, end = load_rules(round_.folder), round_end(round_)
    found = []
    for record in records(round_):
        until = rules[record.kind].until(record.since, end)
        if until is not None and until <= today and record.kind not in WHOLE:
            found.append(Due(record, rules[record.kind], until))
    return found


def digest_of(path: Path) -> str:
    """The sha256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
