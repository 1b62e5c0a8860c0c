"""Zip packages written byte by byte, so that they can say what no honest program would write."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Member:
    """One part. What isn't stated is true: packed bytes, checksum, sizes, name in its own header, place."""

    name: str
    data: bytes = b""
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    crc: int | None = None
    size: int | None = None
    local_name: str | None = None
    offset: int | None = None

    @property
    def body(self) -> bytes:
        """The bytes as packed."""
        if self.packed is not None:
            return self.packed
        if self.method != 8:
            return self.data
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        return deflate.compress(self.data) + deflate.flush()


def zipped(members: Sequence[Member], prefix: bytes = b"", comment: bytes = b"", tail: bytes = b"") -> bytes:
    """The package; offsets don't know of ``prefix``, as when something is put in front of a finished file."""
    out, records = bytearray(), bytearray()
    for member in members:
        body = member.body
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        size = len(member.data) if member.size is None else member.size
        name = member.name.encode()
        local = (member.local_name or member.name).encode()
        offset = len(out) if member.offset is None else member.offset
        if member.offset is None:
            fixed = (20, member.flags | 0x800, member.method, 0, 33, crc, len(body), size, len(local), 0)
            out += struct.pack("<4s5H3L2H", b"PK\3\4", *fixed) + local + body
        record = (20, 20, member.flags | 0x800, member.method, 0, 33, crc, len(body), size, len(name), 0, 0, 0, 0, 0)
        records += struct.pack("<4s6H3L5H2L", b"PK\1\2", *record, offset) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(records), len(out), len(comment))
    return prefix + bytes(out) + bytes(records) + end + comment + tail


def members(parts: dict[str, bytes]) -> list[Member]:
    """The parts of a package as they are."""
    return [Member(name, data) for name, data in parts.items()]


def changed(parts: dict[str, bytes], name: str, **changes: object) -> bytes:
    """The package, with something untrue about one part."""
    return zipped([replace(m, **changes) if m.name == name else m for m in members(parts)])  # type: ignore[arg-type]
