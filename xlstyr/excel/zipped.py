"""Writes packages: the same members give the same bytes, whatever the clock."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_DOS_DATE = 0x21  # 1980-01-01
_UTF8 = 0x800


@dataclass(frozen=True, slots=True)
class Member:
    """One packed member of a zip file."""

    name: str
    crc: int
    size: int
    packed: bytes

    @classmethod
    def of(cls, name: str, content: bytes, level: int = 6) -> "Member":
        """``content`` deflated."""
        deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
        return cls(name, zlib.crc32(content), len(content), deflate.compress(content) + deflate.flush())


class Packing:
    """A member that is packed while it is written, so that a large one is never held whole."""

    def __init__(self, name: str, level: int = 6) -> None:
        self.name = name
        self._deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
        self._crc = self._size = 0
        self._packed: list[bytes] = []

    def take(self, text: list[str]) -> None:
        """Packs ``text``, and empties the list."""
        content = "".join(text).encode()
        text.clear()
        self._crc = zlib.crc32(content, self._crc)
        self._size += len(content)
        self._packed.append(self._deflate.compress(content))

    def packed(self) -> Member:
        """All that was taken."""
        return Member(self.name, self._crc, self._size, b"".join((*self._packed, self._deflate.flush())))


def zipped(members: Iterable[Member]) -> bytes:
    """A zip file of ``members`` with the content types first, as Office writes it."""
    ordered = sorted(members, key=lambda member: (member.name != "[Content_Types].xml", member.name))
    local: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for member in ordered:
        name = member.name.encode()
        sizes = (8, 0, _DOS_DATE, member.crc, len(member.packed), member.size, len(name), 0)
        header = _LOCAL.pack(b"PK\3\4", 20, _UTF8, *sizes)
        local += [header, name, member.packed]
        central += [_CENTRAL.pack(b"PK\1\2", 20, 20, _UTF8, *sizes, 0, 0, 0, 0, offset), name]
        offset += len(header) + len(name) + len(member.packed)
    directory = b"".join(central)
    count = len(ordered)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), offset, 0)
    return b"".join((*local, directory, end))
