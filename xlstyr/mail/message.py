"""What a message is once it has been taken apart, and how far taking apart may go."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

MIB = 1024 * 1024


class Kind(StrEnum):
    """What a message is for. Only a ``LETTER`` is somebody's answer."""

    LETTER = "letter"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    OWN = "own"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class MailLimits:
    """Sizes are bytes. ``depth`` counts containers of every kind inside each other, ``zips`` only archives.

    ``unpacked`` is all that containers and transfer encodings may become together. ``headers`` is what is read of one
    header block, ``header`` what is kept of one header.
    """

    message: int = 40 * MIB
    unpacked: int = 40 * MIB
    parts: int = 500
    depth: int = 12
    zips: int = 3
    headers: int = 2 * MIB
    kept: int = 64 * 1024
    header: int = 8 * 1024
    people: int = 2000


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file. ``path`` is where it lay (``1.2/bilagor.zip/Budget.xlsx``), ``name`` never holds a folder.

    ``within`` is the kind of the message it lay in: a bounce that quotes our own message holds no answer.
    """

    name: str
    data: bytes
    path: str
    within: Kind = Kind.LETTER


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part that is no file: ``text``, ``image``, ``signature``, ``calendar``, ``report``, ``system`` or ``empty``."""

    path: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A part that couldn't be read. ``code`` is a key of ``words/mail_in.toml``, ``detail`` what it is about."""

    path: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``attachments``, ``problems`` and ``ignored`` together are exactly ``leaves`` parts.

    Addresses are lower case; ``sender`` is ``""`` when From names nobody, or more than one. ``answers_to`` is the
    Message-ID that it replies to. ``sent`` is in UTC by the sender's clock, ``received`` by that of the last server,
    both None when it isn't said. ``reference`` is as ``mail.reference`` writes it, ``""`` for none. What people wrote
    isn't kept; ``personal`` says whether there is a personal identity number in it.
    """

    message_id: str = ""
    answers_to: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    subject: str = ""
    sent: datetime | None = None
    received: datetime | None = None
    personal: bool = False
    kind: Kind = Kind.LETTER
    reference: str = ""
    attachments: tuple[Attachment, ...] = ()
    problems: tuple[Problem, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    leaves: int = 0

    @property
    def answers(self) -> tuple[Attachment, ...]:
        """The files that somebody meant to send us."""
        return tuple(file for file in self.attachments if file.within is Kind.LETTER)

    @property
    def complete(self) -> bool:
        """Whether every part is accounted for."""
        return len(self.attachments) + len(self.problems) + len(self.ignored) == self.leaves

    def plain(self) -> tuple[Any, ...]:
        """The same as tuples, text, bytes and numbers, for ``marshal``."""
        return (
            (self.message_id, self.answers_to, self.sender, self.to, self.copies, self.subject),
            (_plain(self.sent), _plain(self.received), self.personal),
            (self.kind.value, self.reference, self.leaves),
            tuple((file.name, file.data, file.path, file.within.value) for file in self.attachments),
            tuple((part.path, part.code, part.detail) for part in self.problems),
            tuple((part.path, part.name, part.reason) for part in self.ignored),
        )

    @classmethod
    def of(cls, plain: Any) -> Self:
        """What ``plain`` gave. Raises ``ValueError`` or ``TypeError`` for anything else."""
        (message_id, answers_to, sender, to, copies, subject), told, (kind, reference, leaves), *parts = plain
        sent, received, personal = told
        files, problems, ignored = parts
        return cls(
            message_id=str(message_id),
            answers_to=str(answers_to),
            sender=str(sender),
            to=tuple(map(str, to)),
            copies=tuple(map(str, copies)),
            subject=str(subject),
            sent=datetime.fromisoformat(sent) if sent is not None else None,
            received=datetime.fromisoformat(received) if received is not None else None,
            personal=bool(personal),
            kind=Kind(kind),
            reference=str(reference),
            attachments=tuple(Attachment(str(n), memoryview(d).tobytes(), str(p), Kind(w)) for n, d, p, w in files),
            problems=tuple(Problem(*map(str, part)) for part in problems),
            ignored=tuple(Ignored(*map(str, part)) for part in ignored),
            leaves=int(leaves),
        )


def _plain(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
