"""Messages that come in: kept as they came, taken apart in a child process, every part of them accounted for."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from xlstyr.checks.senders import personal_message
from xlstyr.mail.compose import OUR_ID
from xlstyr.mail.message import Attachment, Kind, MailLimits, Message, Problem
from xlstyr.mail.reference import Reference, find_reference, format_reference
from xlstyr.mail.unpack import from_plain
from xlstyr.model.delivery import Delivery
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.personal import masked
from xlstyr.rounds.children.workers import Bounds, Died, Workers
from xlstyr.rounds.incoming import quarantine
from xlstyr.rounds.incoming.inbox import MIB
from xlstyr.rounds.mailbook import Arrival, Received
from xlstyr.rounds.mailbook import Letter as SentLetter
from xlstyr.rounds.outgoing.letters import nodes_of, round_key
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word, words

MESSAGES = {"mail": ".eml", "msg": ".msg", "zip": ".zip", "tnef": ".dat"}
"""The kinds of file (``mail.files.kind_of``) that hold other files, and how their originals are called."""
_CONTAINERS = ("zip", "tnef")
_ANSWER = Kind.LETTER
_CONTAINER = "container"
_SUBJECT = re.compile(
    rb"^subject:[ \t]*([^\r\n]{0,1000}(?:\r?\n[ \t][^\r\n]{0,1000}){0,4})", re.IGNORECASE | re.MULTILINE
)
_PEEK = 256 * 1024
_NO_FILES = ("text", "empty", "report")  # reasons why a part is ignored
_EARLIEST = 2000  # a year: no message is older


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to open, of a kind in ``MESSAGES``. ``name`` is the file that it was saved as, ``""`` for none.

    ``came`` is when our server got it, None when that isn't known.
    """

    data: bytes
    name: str
    kind: str
    channel: str
    came: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One message as taken in. ``known``: it had come before. ``files``: how many of its parts were taken in.

    ``name`` is the file that it was saved as, ``""`` for one that came by IMAP. ``node`` is whom its subject names.
    """

    received: Received
    name: str
    node: str
    known: bool
    files: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A message whose bytes are safe, taken apart, not registered yet. ``about``: the nodes of what it answers."""

    received: Received
    message: Message
    name: str
    about: tuple[str, ...]
    known: bool

    @property
    def node(self) -> str:
        """The node that its subject names, ``""`` for none."""
        return self.about[0] if self.about else ""

    @property
    def personal(self) -> bool:
        """Whether somebody is pointed out in what is written in it."""
        return self.message.personal

    def delivery(self, place: str) -> Delivery:
        """How the part at ``place`` came."""
        mail = self.received
        channel = "folder" if mail.kind == _CONTAINER else mail.channel
        return Delivery(mail.received, channel, mail.sha256, place, mail.sender, mail.copies, self.about, self.personal)


class Postroom:
    """Opens messages in a child of its own, within the round's limits for them."""

    def __init__(self, round_: Round) -> None:
        limits = round_.settings.limits
        self._round = round_
        bounds = Bounds(limits.message_memory * MIB, limits.message_seconds, limits.answer * MIB)
        self._workers = Workers(bounds)
        allowed = MailLimits(
            message=limits.message * MIB,
            unpacked=limits.message_unpacked * MIB,
            parts=limits.message_parts,
            depth=limits.message_depth,
            zips=limits.message_zips,
        )
        self._limits = astuple(allowed)

    def open(self, letter: Letter) -> Opened:
        """Keeps the bytes, then takes them apart."""
        data, round_ = letter.data, self._round
        sha256 = hashlib.sha256(data).hexdigest()
        if not round_.mailbook.has_message(sha256):
            write_safely(round_.folder_of("originals") / f"{sha256}{MESSAGES[letter.kind]}", data)
        container = letter.kind in _CONTAINERS
        message = self._taken_apart(data, container)
        reference = find_reference(message.reference) or _quoted_reference(message, data)
        message = self._meant(message, reference)
        received = Received(
            sha256,
            message.message_id,
            letter.channel,
            message.sender,
            message.copies,
            masked(message.subject)[:300],
            message.sent,
            _came((letter.came, message.received, message.sent), round_.now),
            _CONTAINER if container and message.kind is Kind.LETTER else message.kind.value,
            format_reference(reference) if reference is not None else "",
        )
        known = self._is_registered(received) or self._has_come(received, message)
        return Opened(received, message, letter.name, self._nodes_of(reference), known)

    def files_in(self, data: bytes, kind: str) -> list[str]:
        """The sha256 of each answer in a message, or other file of a kind in ``MESSAGES``; nothing is kept."""
        message = self._taken_apart(data, kind in _CONTAINERS)
        return [hashlib.sha256(file.data).hexdigest() for file in message.answers]

    def _taken_apart(self, data: bytes, container: bool) -> Message:
        function = f"xlstyr.mail.unpack:{'unpack_file_bytes' if container else 'unpack_bytes'}"
        answer = self._workers.run(function, data, *self._limits)
        if isinstance(answer, Died) and answer.reason == "time":
            answer = self._workers.run(function, data, *self._limits)  # the computer may have been busy
        if isinstance(answer, Died):
            code, detail = ("fault", answer.fault) if answer.fault else (answer.reason, "")
            return Message(kind=Kind.UNREADABLE, problems=(Problem("", code, detail),), leaves=1)
        try:
            return from_plain(answer)
        except (ValueError, TypeError, LookupError):
            return Message(kind=Kind.UNREADABLE, problems=(Problem("", "crash"),), leaves=1)

    def _nodes_of(self, reference: Reference | None) -> tuple[str, ...]:
        """The nodes of the letter with ``reference``, the one in the reference first; empty for another round's."""
        if reference is None or reference.round != round_key(self._round):
            return ()
        sent = self._sent.get(format_reference(reference), ())
        return tuple(dict.fromkeys((reference.node, *(node for one in sent for node in nodes_of(one)))))

    def _meant(self, message: Message, reference: Reference | None) -> Message:
        """What bears our mark is our own letter only when this round wrote it and its files are as they went.

        A part of the round sends its roll-ups with that mark, and a draft may be filled in before it is sent on.
        """
        if message.kind is not Kind.OWN:
            return message
        letters = self._sent.get(format_reference(reference), ()) if reference is not None else ()
        ours = any(letter.kind != "rollup" for letter in letters)
        if ours and message.message_id.startswith(OUR_ID):
            return message  # as our server sent it: a file that has changed here since is told of, and no answer
        files = tuple(
            file if file.within is not Kind.OWN or (ours and self._is_as_sent(file)) else replace(file, within=_ANSWER)
            for file in message.attachments
        )
        whole = replace(message, attachments=files)
        return whole if ours and not whole.answers else replace(whole, kind=_ANSWER)

    def _is_as_sent(self, file: Attachment) -> bool:
        """Whether a file is one that this round has made to send: a workbook, a return or a roll-up."""
        return any(path.read_bytes() == file.data for path in self._outgoing.get(len(file.data), ()))

    @cached_property
    def _outgoing(self) -> dict[int, list[Path]]:
        """The files that this round has made to send, by size in bytes."""
        sizes: dict[int, list[Path]] = defaultdict(list)
        for folder in ("issued", "returns", "results"):
            for path in self._round.folder_of(folder).rglob("*.xlsx"):
                sizes[path.stat().st_size].append(path)
        return sizes

    @cached_property
    def _sent(self) -> dict[str, list[SentLetter]]:
        """The letters that have gone, by the reference in their subject, which several may share, oldest first."""
        sent: dict[str, list[SentLetter]] = defaultdict(list)
        for one in self._round.mailbook.letters():
            sent[one.reference.partition("#")[0]].append(one)
        return sent

    @cached_property
    def _people(self) -> frozenset[str]:
        """Every address in the control workbook, lower case."""
        return frozenset(contact.email.casefold() for contact in self._round.premises.contacts)

    def _is_registered(self, mail: Received) -> bool:
        """Whether these bytes have come before, and weren't unreadable then if they can be read now."""
        query = "select kind from messages where sha256 = ?"
        row = self._round.register.execute(query, (mail.sha256,)).fetchone()
        return row is not None and (row[0] != Kind.UNREADABLE or mail.kind == Kind.UNREADABLE)

    def _has_come(self, mail: Received, message: Message) -> bool:
        """Whether the same message has come another way, with other bytes: fetched, and saved from Outlook.

        A Message-ID alone decides nothing: the files in it must be the same as well.
        """
        execute = self._round.register.execute
        query = "select sha256 from messages where message_id = ? and message_id <> '' and sender = ? and subject = ?"
        same = execute(query, (mail.message_id, mail.sender, mail.subject)).fetchall()
        files = {hashlib.sha256(file.data).hexdigest() for file in message.attachments}
        query = "select sha256 from arrivals where message = ? and sha256 <> ''"
        return any({row[0] for row in execute(query, other)} == files for other in same)

    def enter(self, opened: Opened, files: int) -> Post:
        """Registers the message and every part of it that wasn't a file to take in, in one transaction.

        ``files`` is how many were taken in.
        """
        round_, sha256 = self._round, opened.received.sha256
        findings = tuple(self._findings(opened)) if not opened.known else ()
        with round_.register.transaction():
            if opened.message.kind is not Kind.UNREADABLE:
                round_.register.execute("delete from messages where sha256 = ? and kind = 'unreadable'", (sha256,))
                round_.register.execute("delete from arrivals where message = ? and code = 'XS039'", (sha256,))
            round_.mailbook.add_message(opened.received)
            if opened.personal:
                quarantine.log_message(round_, sha256, "XS045", opened.node)
            for arrival in _rest(opened):
                round_.mailbook.add_arrival(arrival)
        if opened.personal:
            quarantine.move(round_, sha256)
        return Post(opened.received, opened.name, opened.node, opened.known, files, findings)

    def _findings(self, opened: Opened) -> Iterator[Finding]:
        """What is to be told of a message, besides what is said of the files in it."""
        message, mail = opened.message, opened.received
        place = Place(file=opened.name, node=opened.node)
        sender = mail.sender or word("post.said.nobody")
        if message.kind is Kind.UNREADABLE:
            yield found("XS039", place, reason=_reason(message.problems[0]).rstrip("."))
            return
        if message.personal:
            yield personal_message(mail.sender).at(file=opened.name, node=opened.node)
        what = word("post.said.message", sender=sender)
        if mail.kind == _CONTAINER:
            what = word("post.said.archive", name=opened.name)
        for part in message.problems:
            name = part.path.rpartition("/")[2] or word("post.said.nameless")
            yield found("XS030", place, name=name, what=what, reason=_reason(part), cause="told")
        unread = [file for file in message.attachments if self._is_left_unread(file)]
        for file in unread:
            kind = word(f"post.kind.{file.within.value}")
            yield found("XS034", place, name=file.name, sender=sender, kind=kind)
        if message.kind is Kind.BOUNCE and opened.about:
            name = self._round.names.get(opened.node, opened.node)
            yield found("XS033", place, node=name, address=self._written_to(opened))
        if message.answers or message.problems or unread:
            return
        if mail.kind == _CONTAINER:
            yield found("XS004", place)
        elif message.kind is Kind.LETTER:
            ours = bool(opened.about) or mail.sender in self._people
            yield found("XS031", place, sender=sender) if ours else found("XS032", place, sender=sender)

    def _is_left_unread(self, file: Attachment) -> bool:
        """Whether ``file`` may be an answer though it lay in a message that isn't one; our own letters come back so."""
        return file.within is not Kind.LETTER and file.data.startswith(b"PK") and not self._is_as_sent(file)

    def _written_to(self, opened: Opened) -> str:
        """Whom the letter that came back went to."""
        sent = self._sent.get(opened.received.reference, ())
        if written_to := dict.fromkeys(address for one in sent for address in one.recipients):
            return ", ".join(written_to)
        premises = self._round.premises
        contacts = premises.contacts_of(opened.node, "responsible")
        return ", ".join(one.email for one in contacts if one.email) or word("post.said.no_address")

    def close(self) -> None:
        """Ends the child."""
        self._workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _came(told: Iterable[datetime | None], now: datetime) -> datetime:
    """When a message reached us, by the first of ``told`` that can be so: who is in time isn't late by our waiting."""
    came = next((moment for moment in told if moment is not None and moment.year >= _EARLIEST), now)
    return min(came.astimezone(UTC).replace(microsecond=0), now)


def _quoted_reference(message: Message, data: bytes) -> Reference | None:
    """The reference of our own letter inside a bounce."""
    if message.kind is not Kind.BOUNCE:
        return None
    subjects = (line[1].decode("utf-8", "replace") for line in _SUBJECT.finditer(data[:_PEEK]))
    return next((reference for subject in subjects if (reference := find_reference(subject))), None)


def _rest(opened: Opened) -> Iterator[Arrival]:
    """Every part that isn't taken in as a file: what couldn't be read, and what is no answer. Texts are no parts."""
    message = opened.message
    unreadable = "XS039" if message.kind is Kind.UNREADABLE else "XS030"
    for part in message.problems:
        name = part.path.rpartition("/")[2]
        yield Arrival("", name, opened.delivery(part.path), "unreadable", unreadable, part.code)
    for skipped in message.ignored:
        if skipped.reason not in _NO_FILES:
            yield Arrival("", skipped.name, opened.delivery(skipped.path), "ignored", "", skipped.reason)
    for file in message.attachments:
        if file.within is not Kind.LETTER:
            digest = hashlib.sha256(file.data).hexdigest()
            yield Arrival(digest, file.name, opened.delivery(file.path), "ignored", "", file.within.value)


def _reason(part: Problem) -> str:
    known = words("post.unread") | words("mail_in.problems")
    return str(known[part.code]).format(detail=part.detail)
