"""An Outlook item (.msg): its headers and its files. MS-OXMSG says how they lie in the compound file."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from xlstyr.mail.coding import text_of
from xlstyr.mail.compound import BrokenFileError, Compound, Storage
from xlstyr.mail.headers import Headers, read_headers
from xlstyr.mail.message import MailLimits
from xlstyr.mail.rtf import rich_text
from xlstyr.mail.zips import Room

_STREAM = "__substg1.0_"
_PROPERTIES = "__properties_version1.0"
_ATTACHED = "__attach_version1.0_#"
_RECIPIENT = "__recip_version1.0_#"
_ROOT_START, _EMBEDDED_START, _OTHER_START = 32, 24, 8
_CLASS, _SUBJECT, _SUBMITTED, _TRANSPORT = 0x001A, 0x0037, 0x0039, 0x007D
_MESSAGE_ID, _ANSWERS_TO = 0x1035, 0x1042
_SENDERS = (0x5D02, 0x0065, 0x5D01, 0x0C1F)
_RECIPIENTS, _RECIPIENT_TYPE = (0x39FE, 0x3003), 0x0C15
_BODIES = (0x1000, 0x1009, 0x1013)
_DATA, _METHOD, _LONG_NAME, _NAME, _DISPLAY, _CONTENT_ID = 0x3701, 0x3705, 0x3707, 0x3704, 0x3001, 0x3712
_TYPES = ("001F", "001E", "0102")
_LINKS = (2, 3, 4, 7)
_TEXT_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class OutlookFile:
    """One file of an item: its bytes, or the item that it is, or why it is neither (``code``)."""

    name: str
    data: bytes = b""
    item: "OutlookItem | None" = None
    code: str = ""
    inline: bool = False


class OutlookItem:
    """One message, meeting or report in a compound file."""

    def __init__(self, file: Compound, storage: Storage, start: int = _ROOT_START) -> None:
        self._file = file
        self._storage = storage
        self._start = start

    @property
    def has_text(self) -> bool:
        """Whether anything is written in the message."""
        written = (self._storage.streams.get(f"{_STREAM}{tag:04X}{kind}") for tag in _BODIES for kind in _TYPES)
        return any(stream is not None and stream.size > 0 for stream in written)

    def text(self, most: int) -> tuple[str, bool]:
        """What is written in the message, about its first ``most`` bytes, and whether it is HTML."""
        if plain := self._text(self._storage, _BODIES[0], most):
            return plain, False
        if page := self._text(self._storage, _BODIES[2], most):
            return page, True
        rich = self._storage.streams.get(f"{_STREAM}{_BODIES[1]:04X}0102")
        try:
            return (rich_text(self._file.read(rich, most), most) if rich is not None else ""), False
        except BrokenFileError:
            return "", False

    def headers(self, limits: MailLimits) -> Headers:
        """The headers that came with the message, and what Outlook itself knows where they are silent."""
        sent = self._text(self._storage, _TRANSPORT, limits.headers).encode("utf-8", "replace").replace(b"\r\n", b"\n")
        if sent.startswith(b"Microsoft Mail Internet Headers"):
            sent = sent.partition(b"\n")[2]
        values = dict(read_headers(sent, 0, len(sent), limits)[0].values)
        senders = [text for tag in _SENDERS if "@" in (text := self._text(self._storage, tag))]
        known = {
            "from": senders[:1],
            "to": self._recipients(1),
            "cc": self._recipients(2),
            "subject": [self._text(self._storage, _SUBJECT)],
            "date": self._submitted(),
            "message-id": [self._text(self._storage, _MESSAGE_ID)],
            "in-reply-to": [self._text(self._storage, _ANSWERS_TO)],
            "x-outlook-class": [self._text(self._storage, _CLASS)],
        }
        for name, texts in known.items():
            if not values.get(name) and any(texts):
                values[name] = texts
        return Headers(values)

    def files(self, room: Room) -> Iterator[OutlookFile]:
        """The attachments, each read when its turn comes and taken from ``room``."""
        for storage in self._storage.storages:
            if storage.name.startswith(_ATTACHED):
                yield self._one_file(storage, room)

    def _one_file(self, storage: Storage, room: Room) -> OutlookFile:
        names = (self._text(storage, tag) for tag in (_LONG_NAME, _NAME, _DISPLAY))
        name = next((text for text in names if text), "")
        method = _number(self._properties(storage, _OTHER_START).get(_METHOD))
        inner = next((inner for inner in storage.storages if inner.name == f"{_STREAM}{_DATA:04X}000D"), None)
        stream = storage.streams.get(f"{_STREAM}{_DATA:04X}0102")
        if stream is not None:
            room.left -= stream.size
            if room.left < 0:
                return OutlookFile(name, code="too_large")
            try:
                inline = bool(self._text(storage, _CONTENT_ID))
                return OutlookFile(name, self._file.read(stream, stream.size), inline=inline)
            except BrokenFileError:
                return OutlookFile(name, code="damaged")
        if inner is not None and _PROPERTIES in inner.streams:
            return OutlookFile(name, item=OutlookItem(self._file, inner, _EMBEDDED_START))
        return OutlookFile(name, code="link" if method in _LINKS else "object" if inner else "damaged")

    def _recipients(self, kind: int) -> list[str]:
        found = []
        for storage in self._storage.storages[: MailLimits().people]:
            if storage.name.startswith(_RECIPIENT):
                addresses = [text for tag in _RECIPIENTS if "@" in (text := self._text(storage, tag))]
                if addresses and _number(self._properties(storage, _OTHER_START).get(_RECIPIENT_TYPE)) == kind:
                    found.append(addresses[0])
        return found

    def _submitted(self) -> list[str]:
        value = self._properties(self._storage, self._start).get(_SUBMITTED)
        if value is None:
            return []
        try:
            moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=struct.unpack("<Q", value)[0] // 10)
        except OverflowError:
            return []
        return [format_datetime(moment)]

    def _text(self, storage: Storage, tag: int, most: int = _TEXT_LIMIT) -> str:
        for kind in _TYPES:
            stream = storage.streams.get(f"{_STREAM}{tag:04X}{kind}")
            if stream is not None:
                try:
                    raw = self._file.read(stream, most)
                except BrokenFileError:
                    continue
                return (raw.decode("utf-16-le", "replace") if kind == "001F" else text_of(raw)).strip("\0")
        return ""

    def _properties(self, storage: Storage, start: int) -> dict[int, bytes]:
        """The eight bytes that a storage's own list keeps for each property."""
        stream = storage.streams.get(_PROPERTIES)
        try:
            raw = self._file.read(stream, _TEXT_LIMIT) if stream else b""
        except BrokenFileError:
            raw = b""
        return {
            tag: value
            for _, tag, value in struct.iter_unpack("<HH4x8s", raw[start : start + (len(raw) - start) // 16 * 16])
        }


def _number(value: bytes | None) -> int | None:
    return struct.unpack_from("<I", value)[0] if value else None


def open_item(data: bytes) -> OutlookItem | None:
    """The item in a .msg file, or None when ``data`` is another compound file. Raises ``BrokenFileError``."""
    file = Compound(data)
    return OutlookItem(file, file.root) if _PROPERTIES in file.root.streams else None
