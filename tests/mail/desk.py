"""A round to send letters from: contacts and settings to change, and everything in it to compare."""

import email
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.conftest import NOW
from xlstyr.model.premises import Contact
from xlstyr.rounds.round import Round


def with_contacts(round_: Round, *contacts: Contact, drop: tuple[str, ...] = ()) -> None:
    """Other contacts than the control workbook says: those of the nodes given, and none for those in ``drop``."""
    gone = {*drop, *(contact.node for contact in contacts)}
    kept = [c for c in round_.premises.contacts if c.node not in gone or c.role != "responsible"]
    put(round_, contacts=(*kept, *contacts))


def put(round_: Round, **changes: Any) -> None:
    """Premises with ``changes``."""
    round_.__dict__["_control"] = (replace(round_.premises, **changes), [])


def responsible(node: str, *addresses: str) -> list[Contact]:
    """Those who fill in the workbook of ``node``."""
    return [Contact(node, "responsible", "Enhetschef", address) for address in addresses]


def unsent(folder: Path) -> Path:
    """A sample round as it is before anything has been sent: the sample's own people got theirs by hand."""
    with closing(sqlite3.connect(folder / "xlstyr.db")) as db, db:
        db.execute("delete from events where kind = 'sent'")
    return folder


def write_settings(where: Round | Path, text: str) -> None:
    """The round's settings, also when it is open."""
    folder = where if isinstance(where, Path) else where.folder
    if isinstance(where, Round):
        where.__dict__.pop("settings", None)
    (folder / "xlstyr.toml").write_text(text, "utf-8")


def on(day: date) -> datetime:
    """Nine in the morning of ``day``."""
    return datetime.combine(day, time(9), NOW.tzinfo)


def drafts(folder: Path) -> dict[str, EmailMessage]:
    """The drafts in a round's outbox by file name, parsed strictly."""
    found = {}
    for path in sorted((folder / "utkorg").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert message.defects == []
        found[path.name] = message
    return found


def files(message: EmailMessage) -> dict[str, bytes]:
    """The attachments of a message: name → bytes."""
    found = {}
    for part in message.iter_attachments():
        name, data = part.get_filename(), part.get_payload(decode=True)
        assert name is not None
        assert isinstance(data, bytes)
        found[name] = data
    return found


def text(message: EmailMessage) -> str:
    """What a message says."""
    body = message.get_body()
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def everything(folder: Path) -> dict[str, bytes]:
    """Every file of a round and its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def register(round_: Round) -> list[str]:
    """Everything in the register, line by line."""
    return list(round_.register.db.iterdump())
