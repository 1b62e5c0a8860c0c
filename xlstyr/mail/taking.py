"""Going through one message: every leaf becomes an attachment, something to ignore, or a problem."""

import re
from dataclasses import dataclass, replace
from typing import Any

from xlstyr.mail import tnef
from xlstyr.mail.coding import one_line, text_of, uu_blocks, without_markup
from xlstyr.mail.compound import BrokenFileError
from xlstyr.mail.files import file_name, is_file, is_image, is_mail, is_outlook, is_system_file, packed_as
from xlstyr.mail.headers import Headers, parameters, read_headers
from xlstyr.mail.letters import PEEK, kind_of_message
from xlstyr.mail.message import MIB, Attachment, Ignored, Kind, MailLimits, Message, Problem
from xlstyr.mail.mime import PLAIN, decoded, guessed_spans, spans, stray_base64
from xlstyr.mail.outlook import OutlookItem, open_item
from xlstyr.mail.zips import Room, archive_of, entries, is_intact
from xlstyr.model.personal import has_personal_number
from xlstyr.words import word

_MESSAGES = frozenset(("message/rfc822", "message/global", "message/news"))
_IGNORED = (
    dict.fromkeys(("message/delivery-status", "message/disposition-notification", "message/feedback-report"), "report")
    | dict.fromkeys(("message/global-delivery-status", "message/global-headers", "text/rfc822-headers"), "report")
    | dict.fromkeys(("message/global-disposition-notification", "application/pgp-encrypted"), "report")
    | dict.fromkeys(("application/pkcs7-signature", "application/x-pkcs7-signature"), "signature")
    | dict.fromkeys(("application/pgp-signature", "text/vcard", "text/x-vcard", "text/directory"), "signature")
    | dict.fromkeys(("text/calendar", "application/ics"), "calendar")
)
_REFUSED = {
    "message/partial": "partial",
    "message/external-body": "link",
    "application/pkcs7-mime": "sealed",
    "application/x-pkcs7-mime": "sealed",
}
_SPLIT_TEXT = re.compile(r"ATT\d{3,}\.(?:txt|html?)", re.IGNORECASE)
_WORKBOOKS = (".xlsx", ".xlsm", ".xltx", ".xltm")
_RESOURCE_FORK = b"\0\x05\x16\x07"
_LEGIBLE = 512 * 1024
"""How many letters of a message are looked through for what points a person out."""
_PROOF_ROOM = 128 * MIB
_LEAST_AROUND = 200
_MOST_IN_TEXT = 20


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a message: the path to it, and in how many containers and what kind of message it lies."""

    path: str = ""
    within: Kind = Kind.LETTER
    depth: int = 0
    zips: int = 0
    related: bool = False
    digest: bool = False

    def to(self, step: str) -> "Spot":
        """The place ``step`` in this container."""
        return replace(self, path="/".join(filter(None, (self.path, step))))

    def deeper(self, **changes: Any) -> "Spot":
        """The same place, seen as a container."""
        return replace(self, **({"depth": self.depth + 1, "related": False, "digest": False} | changes))


@dataclass(frozen=True, slots=True)
class _Claims:
    """What the headers of a part say about it; nothing of it is believed against the bytes."""

    name: str = ""
    type: str = ""
    encoding: str = ""
    inline: bool = False
    text: bool = False


class Taking:
    """What has been found so far in one message, and how much room is left."""

    def __init__(self, limits: MailLimits) -> None:
        self.limits = limits
        self.leaves = 0
        self.attachments: list[Attachment] = []
        self.problems: list[Problem] = []
        self.ignored: list[Ignored] = []
        self._room = Room(limits.unpacked)
        self._proof_room = Room(_PROOF_ROOM)
        self.personal = False
        self._full = False
        self._legible = _LEGIBLE
        self._paths: dict[str, int] = {}

    def found(self, message: Message) -> Message:
        """``message`` with everything found in it."""
        return replace(
            message,
            attachments=tuple(self.attachments),
            problems=tuple(self.problems),
            ignored=tuple(self.ignored),
            personal=self.personal,
            leaves=self.leaves,
        )

    def message(self, data: bytes, start: int, end: int, spot: Spot) -> Headers:
        """Go through the message that ``data[start:end]`` is; its headers."""
        headers, body = read_headers(data, start, end, self.limits)
        self._look(headers.text("subject"))
        kind = kind_of_message(headers, data[start : min(end, start + PEEK)])
        within = kind if spot.within is Kind.LETTER else spot.within
        self._part(data, body, end, headers, spot.deeper(within=within), "")
        return headers

    def item(self, item: OutlookItem, spot: Spot) -> Headers:
        """Go through an Outlook item; its headers."""
        headers = item.headers(self.limits)
        self._look(headers.text("subject"))
        self._look(*item.text(_LEGIBLE))
        kind = kind_of_message(headers, b"")
        inner = spot.deeper(within=kind if spot.within is Kind.LETTER else spot.within)
        if item.has_text:
            self._ignore(inner.to("text"), "", "text")
        for number, file in enumerate(item.files(self._room), 1):
            place = inner.to(str(number))
            if self._is_full(place):
                break
            if file.item is not None and inner.depth < self.limits.depth:
                self.item(file.item, place)
            elif file.item is not None or file.code:
                self._problem(self._named(place, file.name), file.code or "too_deep")
            else:
                self._bytes(file.data, _Claims(file.name, inline=file.inline), place, charged=True)
        return headers

    def file(self, data: bytes, name: str) -> None:
        """Go through a loose file: an archive, a winmail.dat, or simply a file."""
        self._bytes(data, _Claims(name), Spot())

    def _part(self, data: bytes, start: int, end: int, headers: Headers, spot: Spot, number: str) -> None:
        """One part of a message, ``number`` being ``""`` for the message's own body."""
        if self._is_full(spot.to(number)):
            return
        kind = headers.word("content-type")
        if kind.startswith("multipart/"):
            self._multipart(data, start, end, headers, spot, number)
            return
        encoding = headers.word("content-transfer-encoding")
        place = spot.to(number or "1")
        guess = encoding in PLAIN and ("/" not in kind or kind.startswith("text/"))
        parts = guessed_spans(data, start, end) if guess else []
        if encoding in PLAIN and _is_message(kind, data[start : start + 8], digest=spot.digest):
            self._inner(data, start, end, place)
        elif parts:
            self._split(data, start, end, parts, spot, number)
        else:
            self._leaf(data[start:end], self._claims(headers, spot), place)

    def _claims(self, headers: Headers, spot: Spot) -> _Claims:
        kind = headers.word("content-type")
        disposition = headers.word("content-disposition")
        named = parameters(headers.raw("content-disposition")).get("filename", "")
        name = named or parameters(headers.raw("content-type")).get("name", "")
        return _Claims(
            name=name,
            type=kind,
            encoding=headers.word("content-transfer-encoding"),
            inline=disposition == "inline" or (spot.related and not disposition) or bool(headers.raw("content-id")),
            text=(not kind or kind.startswith("text")) and not name and disposition != "attachment",
        )

    def _multipart(self, data: bytes, start: int, end: int, headers: Headers, spot: Spot, number: str) -> None:
        boundary = parameters(headers.raw("content-type")).get("boundary", "").encode()
        parts = spans(data, start, end, boundary) if boundary else []
        parts = parts or guessed_spans(data, start, end)
        place = spot.to(number or "1")
        if parts:
            kind = headers.word("content-type")
            inner = replace(spot, related=kind == "multipart/related", digest=kind == "multipart/digest")
            self._split(data, start, end, parts, inner, number)
        elif not data[start:end].strip():
            self._ignore(place, "", "empty")
        else:
            content, code = decoded(data[start:end], headers.word("content-transfer-encoding"))
            if content is None or code or not guessed_spans(content, 0, len(content)):
                self._problem(place, "no_boundary")
            elif self._charge(content, place):
                self._part(content, 0, len(content), Headers({}), spot, number)

    def _split(self, data: bytes, start: int, end: int, parts: list[tuple[int, int]], spot: Spot, number: str) -> None:
        """The parts of a multipart, and files that lie outside them."""
        if spot.depth >= self.limits.depth:
            self._problem(spot.to(number or "1"), "too_deep")
            return
        inner = replace(spot, depth=spot.depth + 1)
        for count, (first, last) in enumerate(parts, 1):
            headers, body = read_headers(data, first, last, self.limits)
            self._part(data, body, last, headers, inner, f"{number}.{count}" if number else str(count))
            if self._full:
                return
        outside = ((start, parts[0][0]), (parts[-1][1], end))
        for first, last in outside:
            if last - first > _LEAST_AROUND:
                self._files_in_text(data[first:last], spot.to(number))

    def _inner(self, data: bytes, start: int, end: int, place: Spot) -> None:
        if place.depth >= self.limits.depth:
            self._problem(place, "too_deep")
        else:
            self.message(data, start, end, place)

    def _leaf(self, body: bytes, claims: _Claims, place: Spot) -> None:
        """One part that isn't several: its encoding undone, if it can be."""
        content, code = decoded(body, claims.encoding)
        if code and content and self._is_proved(content):
            code = ""
        if content is not None and not code:
            if content is body or self._charge(content, self._named(place, claims.name)):
                self._bytes(content, claims, place, charged=True)
        elif claims.text and claims.type and not is_file(content or b""):
            self._ignore(place, "", "text")
        else:
            self._problem(self._named(place, claims.name), code, claims.encoding)

    def _bytes(self, data: bytes, claims: _Claims, place: Spot, *, charged: bool = False) -> None:
        """Bytes as they were sent: a container to go on with, or one leaf."""
        named = self._named(place, claims.name)
        if not charged and not self._charge(data, named):
            return
        saved = claims.name.lower().endswith(".eml") and is_mail(data, claims.name)
        if saved or _is_message(claims.type, data[:8]):
            self._inner(data, 0, len(data), named)
        elif data.startswith(tnef.SIGNATURE):
            self._tnef(data, named)
        elif is_outlook(data):
            self._outlook(data, named)
        elif not self._zip(data, named):
            self._one(data, claims, named)

    def _one(self, data: bytes, claims: _Claims, place: Spot) -> None:
        """What is left when nothing can be taken apart further."""
        packed = packed_as(data)
        reason = "" if is_file(data) else _reason(data, claims)
        if packed:
            self._problem(place, "packed", packed)
        elif claims.type in _REFUSED and not is_file(data):
            self._problem(place, _REFUSED[claims.type])
        elif reason:
            self._ignore(place, claims.name, reason)
            if reason == "text":
                self._look(text_of(data[: 2 * MIB]), markup=claims.type == "text/html")
                self._files_in_text(data, place)
        else:
            self._keep(data, claims.name, place)

    def _files_in_text(self, data: bytes, place: Spot) -> None:
        for number, (name, content) in enumerate(uu_blocks(data), 1):
            self._in_text(content, name, place.to(str(number)), "broken_uuencode")
        for number, content in enumerate(stray_base64(data, _MOST_IN_TEXT), 1):
            self._in_text(content, "", place.to(f"base64-{number}"), "broken_base64")

    def _in_text(self, content: bytes | None, name: str, place: Spot, code: str) -> None:
        if self._is_full(place):
            return
        if content is None:
            self._problem(self._named(place, name), code)
        elif place.depth < self.limits.depth:
            self._bytes(content, _Claims(name), place.deeper())
        else:
            self._problem(self._named(place, name), "too_deep")

    def _tnef(self, data: bytes, place: Spot) -> None:
        if place.depth >= self.limits.depth:
            self._problem(place, "too_deep")
            return
        inner = place.deeper()
        held = tnef.read_tnef(data, self.limits.parts)
        self._look(held.text)
        if held.body or (held.whole and not held.files):
            self._ignore(inner.to("text"), "", "text" if held.body else "empty")
        for number, file in enumerate(held.files, 1):
            spot = inner.to(str(number))
            if self._is_full(spot):
                return
            if file.embedded:
                self._tnef(file.data, self._named(spot, file.name))
            elif file.sound or self._is_proved(file.data):
                self._bytes(file.data, _Claims(file.name), spot)
            else:
                self._problem(self._named(spot, file.name), "damaged")
        if not held.whole:
            self._problem(inner.to("rest"), "damaged")

    def _outlook(self, data: bytes, place: Spot) -> None:
        try:
            item = open_item(data)
        except BrokenFileError:
            item = None
        if item is None:
            self._keep(data, place.path.rpartition("/")[2], place)
        elif place.depth >= self.limits.depth:
            self._problem(place, "too_deep")
        else:
            self.item(item, place)

    def _zip(self, data: bytes, place: Spot) -> bool:
        """Go through an archive; false when ``data`` is none, or is said to be a workbook: the gate says what it is."""
        archive = None if place.path.lower().endswith(_WORKBOOKS) else archive_of(data)
        if archive is None:
            return False
        if place.zips >= self.limits.zips or place.depth >= self.limits.depth:
            self._problem(place, "too_deep")
            return True
        inner = place.deeper(zips=place.zips + 1)
        number = 0
        for number, entry in enumerate(entries(archive, self._room), 1):
            spot = inner.to(_inside(entry.name) or str(number))
            if self._is_full(spot):
                break
            if entry.code:
                self._problem(spot, entry.code)
            elif is_system_file(entry.name):
                self._ignore(spot, "", "system")
            else:
                self._bytes(entry.data, _Claims(entry.name), spot, charged=True)
        if not number:
            self._ignore(place, "", "empty")
        return True

    def _charge(self, data: bytes, place: Spot) -> bool:
        """Whether there is room for ``data``; a problem is noted when there isn't."""
        self._room.left -= len(data)
        if self._room.left < 0:
            self._problem(place, "too_large")
        return self._room.left >= 0

    def _is_proved(self, data: bytes) -> bool:
        """Whether ``data``, had from something broken, proves by its own checksums that it is whole."""
        return is_intact(data, self._proof_room)

    def _is_full(self, place: Spot) -> bool:
        """Whether there have been parts enough. All the rest is one leaf, with one problem."""
        if self.leaves >= self.limits.parts and not self._full:
            self._full = True
            self._problem(place, "too_many_parts", str(self.limits.parts))
        return self._full

    def _look(self, text: str, markup: bool = False) -> None:
        """Whether what somebody wrote points a person out."""
        if self.personal or self._legible <= 0:
            return
        text = (without_markup(text) if markup else text)[: self._legible]
        self._legible -= len(text)
        self.personal = has_personal_number(text)

    def _named(self, place: Spot, name: str) -> Spot:
        last = _inside(name).rpartition("/")[2]
        return place if last in ("", place.path.rpartition("/")[2]) else place.to(last)

    def _path(self, place: Spot) -> str:
        """The path, told apart from others that read the same. Every leaf passes here once."""
        self.leaves += 1
        count = self._paths[place.path] = self._paths.get(place.path, 0) + 1
        return place.path if count == 1 else f"{place.path}#{count}"

    def _keep(self, data: bytes, name: str, place: Spot) -> None:
        kept = file_name(name, data, word("mail_in.nameless"))
        self.attachments.append(Attachment(kept, data, self._path(place), place.within))

    def _ignore(self, place: Spot, name: str, reason: str) -> None:
        self.ignored.append(Ignored(self._path(place), one_line(name, 160), reason))

    def _problem(self, place: Spot, code: str, detail: str = "") -> None:
        self.problems.append(Problem(self._path(place), code, one_line(detail, 100)))


def _reason(data: bytes, claims: _Claims) -> str:
    """Why a leaf is no file, or ``""`` when it is one."""
    if claims.type in _IGNORED or data.startswith(b"BEGIN:VCARD"):
        return _IGNORED.get(claims.type, "signature")
    if claims.inline and is_image(data, claims.type):
        return "image"
    if data.startswith(_RESOURCE_FORK):
        return "system"
    if claims.text and not data.strip():
        return "empty"
    split = _SPLIT_TEXT.fullmatch(claims.name) and b"\0" not in data
    return "text" if claims.text or split else ""


def _is_message(kind: str, start: bytes, *, digest: bool = False) -> bool:
    """Whether a part is said to be a message, and doesn't begin as a file."""
    return (kind in _MESSAGES or (digest and not kind)) and not is_file(start)


def _inside(name: str) -> str:
    """A name from inside an archive as a path that leads nowhere else."""
    steps = re.split(r"[\\/]+", one_line(name, 300))
    return "/".join(step for step in steps if step.strip(" ."))
