"""A zip package's directory, read with nothing but ``struct``: which parts there are, and where each lies.

Everything a package says of itself twice must say the same, since two readers may each believe another place.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from xlstyr.model.finding import Finding, found
from xlstyr.words import word

_END = b"PK\5\6"
_END_SIZE = 22
_LONGEST_COMMENT = 65_535
_END64, _LOCATOR64 = b"PK\6\6", b"PK\6\7"
_CENTRAL, _LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_UNKNOWN = 0xFFFFFFFF
_ENCRYPTED, _UTF8 = 0x2041, 0x800
_METHODS = (0, 8)
_MADE_BY_AES = 99
_PADDING = b"\0\r\n\t \x1a"


class RefusedError(Exception):
    """The package can't be let through; ``finding`` says why. Never leaves this room."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Part:
    """One part: where its packed bytes lie, and what is declared of it. ``offset`` is where its header lies."""

    name: str
    deflated: bool
    crc: int
    packed: int
    size: int
    offset: int
    start: int

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.start + self.packed


def odd(key: str, **args: object) -> RefusedError:
    """XS019 with its reason."""
    return RefusedError(found("XS019", detail=word(f"files.odd.{key}", **args)))


def damaged(key: str) -> RefusedError:
    """XS003 with its reason."""
    return RefusedError(found("XS003", detail=word(f"files.damage.{key}")))


def directory(data: bytes, most: int) -> list[Part]:
    """The parts of the package ``data``, in the order they lie.

    Raises:
        RefusedError: there are more than ``most``, or the directory isn't one that every reader would read alike.
    """
    end = data.rfind(_END, max(0, len(data) - 2 * _LONGEST_COMMENT))
    if end < 0 or end + _END_SIZE > len(data):
        raise damaged("end")
    count, size, offset, top = _end_of(data, end)
    if count > most:
        raise RefusedError(found("XS018", detail=word("files.bomb.entries", count=count, limit=most)))
    if top - size != offset:
        raise odd("prefix") if top - size > offset else damaged("end")
    parts = sorted(_records(data, offset, top, count), key=lambda part: part.offset)
    _check_places(data, parts, offset, end)
    return parts


def _end_of(data: bytes, end: int) -> tuple[int, int, int, int]:
    """(entries, bytes, offset) of the directory as declared, and where it must end."""
    disks, start_disk, here, count, size, offset, comment = struct.unpack_from("<4x4H2LH", data, end)
    if end + _END_SIZE + comment > len(data):
        raise damaged("end")
    if data[end + _END_SIZE + comment :].strip(_PADDING):
        raise odd("trailing")
    if data[end - 20 : end - 16] == _LOCATOR64:
        (top,) = struct.unpack_from("<8xQ", data, end - 20)
        if data[top : top + 4] != _END64 or top + 56 > end:
            raise odd("directory")
        here, count, size, offset = struct.unpack_from("<24x4Q", data, top)
    else:
        top = end
    if disks or start_disk or here != count:
        raise odd("directory")
    return count, size, offset, top


def _records(data: bytes, at: int, top: int, count: int) -> Iterator[Part]:
    seen: set[str] = set()
    for _ in range(count):
        if at + _CENTRAL.size > top:
            raise damaged("directory")
        fields = _CENTRAL.unpack_from(data, at)
        signature, _, _, flags, method, _, _, crc, packed, size, named, extra, comment, *_, offset = fields
        if signature != b"PK\1\2":
            raise damaged("directory")
        at += _CENTRAL.size
        raw = data[at : at + named]
        packed, size, offset = _long(data[at + named : at + named + extra], packed, size, offset)
        at += named + extra + comment
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        _check_name(name, seen)
        if flags & _ENCRYPTED or method == _MADE_BY_AES:
            raise RefusedError(found("XS002", kind=word("files.locked"), cause="locked"))
        if method not in _METHODS:
            raise odd("method", name=name)
        start = _local(data, offset, raw, method)
        yield Part(name, bool(method), crc, packed, size, offset, start)
    if at != top:
        raise odd("directory")


def _long(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """The numbers that didn't fit in 32 bits, from the record's extra field."""
    if _UNKNOWN not in (packed, size, offset):
        return packed, size, offset
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            numbers = iter(struct.unpack_from(f"<{length // 8}Q", extra.ljust(at + 4 + length, b"\0"), at + 4))
            size, packed, offset = (next(numbers, _UNKNOWN) if n == _UNKNOWN else n for n in (size, packed, offset))
            break
        at += 4 + length
    return packed, size, offset


def _check_name(name: str, seen: set[str]) -> None:
    key = name.casefold()
    if key in seen:
        raise odd("duplicate", name=name)
    seen.add(key)
    if not name or name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/"):
        raise odd("name", name=name)


def _local(data: bytes, offset: int, name: bytes, method: int) -> int:
    """Where the bytes of the part begin whose header, which must say what the directory says, lies at ``offset``."""
    if offset + _LOCAL.size > len(data):
        raise damaged("directory")
    signature, _, _, local_method, *_, named, extra = _LOCAL.unpack_from(data, offset)
    if signature != b"PK\3\4":
        raise damaged("directory")
    start: int = offset + _LOCAL.size
    if data[start : start + named] != name or local_method != method:
        raise odd("lies", name=name.decode("utf-8", "replace"))
    return int(start + named + extra)


def _check_places(data: bytes, parts: list[Part], top: int, end: int) -> None:
    """No part reaches into another or into the directory, nothing lies before the first, one end mark."""
    at = 0
    for part in parts:
        if at == 0 and part.offset:
            raise odd("prefix")
        if part.offset < at or part.end > top:
            raise odd("overlap", name=part.name)
        if data.find(_END, at, part.start) >= 0:
            raise odd("ends")
        at = part.end
    if data.find(_END, at, end) >= 0 or data.find(_END, end + 1) >= 0:
        raise odd("ends")
