"""What has come and gone by mail: messages, arrivals and letters, in the register's tables."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from xlstyr.model.delivery import Delivery
from xlstyr.model.personal import masked
from xlstyr.rounds.register import Register


@dataclass(frozen=True, slots=True)
class Received:
    """One message that came in. ``kind``: letter, auto_reply, bounce, receipt, own, unreadable."""

    sha256: str
    message_id: str
    channel: str
    sender: str
    copies: tuple[str, ...]
    subject: str
    sent: datetime | None
    received: datetime
    kind: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file, or one part of a message that could not be read, as it came.

    ``outcome``: accepted, partly, held, refused, duplicate, quarantined, ignored, unreadable. ``code`` is the finding
    that decided it, ``""`` for none. ``sha256`` is ``""`` for what couldn't be read.
    """

    sha256: str
    name: str
    delivery: Delivery
    outcome: str
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One outgoing message. ``status``: draft, laid, sending, sent, failed, unsure.

    ``kind``: issue, reminder, return, rollup. ``file`` is where its bytes are in the round folder; ``digest`` is over
    what it says, so that the same letter isn't written twice.
    """

    reference: str
    kind: str
    node: str
    stage: str
    recipients: tuple[str, ...]
    copies: tuple[str, ...]
    subject: str
    channel: str
    status: str
    file: str
    digest: str
    at: datetime
    detail: str = ""


class Mailbook:
    """The register's tables for mail. Writing is done inside ``register.transaction()``."""

    def __init__(self, register: Register) -> None:
        self.register = register

    def add_message(self, message: Received) -> None:
        """A message came in and its bytes are safe. Numbers of persons in its subject go no further."""
        values = (
            message.sha256,
            message.message_id,
            message.channel,
            message.sender,
            json.dumps(message.copies),
            masked(message.subject)[:300],
            message.sent.isoformat() if message.sent else None,
            message.received.isoformat(),
            message.kind,
            message.reference,
        )
        self.register.execute("insert or ignore into messages values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def has_message(self, sha256: str) -> bool:
        """Whether a message with these bytes has come before."""
        return self.register.execute("select 1 from messages where sha256 = ?", (sha256,)).fetchone() is not None

    def message_with_id(self, message_id: str) -> str | None:
        """The sha256 of a message with this Message-ID; None when none has come, or the id is blank."""
        query = "select sha256 from messages where message_id = ? and message_id <> '' order by received, sha256"
        found = self.register.execute(query, (message_id,)).fetchone()
        return str(found[0]) if found else None

    def messages(self) -> list[Received]:
        """Every message, in the order they came."""
        rows = self.register.execute(
            "select sha256, message_id, channel, sender, copies, subject, sent, received, kind, reference "
            "from messages order by received, sha256"
        )
        return [
            Received(
                sha256,
                message_id,
                channel,
                sender,
                tuple(json.loads(copies)),
                subject,
                datetime.fromisoformat(sent) if sent else None,
                datetime.fromisoformat(received),
                kind,
                reference,
            )
            for sha256, message_id, channel, sender, copies, subject, sent, received, kind, reference in rows
        ]

    def add_arrival(self, arrival: Arrival) -> bool:
        """A file came. False when exactly this arrival was known: then nothing is written."""
        how = arrival.delivery
        values = (
            how.received.isoformat(),
            arrival.sha256,
            masked(arrival.name),
            how.message,
            how.place,
            how.sender,
            json.dumps(how.copies),
            arrival.outcome,
            arrival.code,
            masked(arrival.detail),
        )
        columns = "at, sha256, name, message, place, sender, copies, outcome, code, detail"
        query = f"insert or ignore into arrivals ({columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        return self.register.execute(query, values).rowcount == 1

    def arrivals(self, sha256: str | None = None) -> list[Arrival]:
        """Every arrival, of the file ``sha256`` only when given, in the order they came."""
        rows = self.register.execute(
            "select a.at, a.sha256, name, message, place, a.sender, a.copies, outcome, code, detail, m.channel "
            "from arrivals a left join messages m on m.sha256 = a.message where a.sha256 = coalesce(?, a.sha256) "
            "order by seq",
            (sha256,),
        )
        return [
            Arrival(
                row[1],
                row[2],
                Delivery(
                    datetime.fromisoformat(row[0]),
                    row[10] or "folder",
                    row[3],
                    row[4],
                    row[5],
                    tuple(json.loads(row[6])),
                ),
                *row[7:10],
            )
            for row in rows
        ]

    def put_letter(self, letter: Letter) -> None:
        """A letter was written, or its status changed."""
        values = (
            letter.reference,
            letter.kind,
            letter.node,
            letter.stage,
            json.dumps(letter.recipients),
            json.dumps(letter.copies),
            masked(letter.subject),
            letter.channel,
            letter.status,
            letter.file,
            letter.digest,
            letter.at.isoformat(),
            letter.detail,
        )
        marks = ", ".join("?" * len(values))
        self.register.execute(f"insert or replace into letters values ({marks})", values)  # noqa: S608

    def letters(self, kinds: Iterable[str] = ()) -> list[Letter]:
        """Every letter, of ``kinds`` only when given, in the order they were written."""
        wanted = set(kinds)
        columns = "reference, kind, node, stage, recipients, copies, subject, channel, status, file, digest, at, detail"
        rows = self.register.execute(f"select {columns} from letters order by at, rowid")  # noqa: S608
        return [_letter(row) for row in rows if not wanted or row[1] in wanted]


def _letter(row: tuple[str, ...]) -> Letter:
    reference, kind, node, stage, recipients, copies, subject, channel, status, file, digest, at, detail = row
    return Letter(
        reference,
        kind,
        node,
        stage,
        tuple(json.loads(recipients)),
        tuple(json.loads(copies)),
        subject,
        channel,
        status,
        file,
        digest,
        datetime.fromisoformat(at),
        detail,
    )
