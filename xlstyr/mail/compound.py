"""The storages and streams of an OLE compound file, which Outlook's .msg is.

Streams are read when they are asked for, and nothing that the file claims is believed further than its own length.
"""

import struct
from array import array
from dataclasses import dataclass, field

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = struct.Struct("<24x4xHHH10xII4xIIIII")
_HEADER_LENGTH = 512
_IN_HEADER = 109
_SPECIAL = 0xFFFFFFFA
_ENTRY = struct.Struct("<64sHBxIII36xIQ")
_NONE = 0xFFFFFFFF
_STORAGE, _STREAM = 1, 2
_SECTORS = (9, 12)
_MINI = 6
_MOST_ENTRIES = 10_000


class BrokenFileError(Exception):
    """A file isn't what it says it is, or is cut off."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Where a stream lies. ``size`` is what the directory claims, in bytes."""

    start: int
    size: int


@dataclass(slots=True)
class Storage:
    """A folder in the file."""

    name: str
    streams: dict[str, Stream] = field(default_factory=dict)
    storages: list["Storage"] = field(default_factory=list)


class Compound:
    """A compound file in memory. Raises ``BrokenFileError`` when its structure can't be followed."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER_LENGTH or not data.startswith(SIGNATURE):
            raise BrokenFileError
        _, self._shift, mini, fats, directory, self._cutoff, mini_fat, _, more, _ = _HEADER.unpack_from(data)
        if self._shift not in _SECTORS or mini != _MINI:
            raise BrokenFileError
        self._data = data
        self._sectors = (len(data) - 1) >> self._shift
        self._fat = self._read_fat(fats, more)
        self._mini_fat = _numbers(self._chain(mini_fat, len(data)))
        self._directory = self._chain(directory, _MOST_ENTRIES * _ENTRY.size)
        self._mini = b""
        self.root = self._tree()

    def read(self, stream: Stream, most: int) -> bytes:
        """The bytes of ``stream``. Raises ``BrokenFileError`` when it is cut off or larger than ``most``."""
        if stream.size > min(most, len(self._data)):
            raise BrokenFileError
        found = self._mini_chain(stream) if stream.size < self._cutoff else self._chain(stream.start, stream.size)
        if len(found) < stream.size:
            raise BrokenFileError
        return found[: stream.size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) << self._shift
        return self._data[start : start + (1 << self._shift)]

    def _read_fat(self, count: int, more: int) -> "array[int]":
        """The allocation table: at most as many numbers as the file has sectors."""
        per_sector = 1 << (self._shift - 2)
        needed = min(count, self._sectors // per_sector + 1)
        places = list(struct.unpack_from(f"<{_IN_HEADER}I", self._data, 76))
        while len(places) < needed and more < self._sectors:
            *numbers, more = _numbers(self._sector(more)) or [_NONE]
            places.extend(numbers)
            if not numbers:
                break
        return _numbers(b"".join(self._sector(place) for place in places[:needed] if place < _SPECIAL))

    def _chain(self, start: int, most: int) -> bytes:
        """What lies in the sectors from ``start`` on, at least ``most`` bytes if the chain is that long."""
        pieces = []
        number = start
        for _ in range(min((most >> self._shift) + 1, self._sectors)):
            if number >= len(self._fat):
                break
            pieces.append(self._sector(number))
            number = self._fat[number]
        return b"".join(pieces)

    def _mini_chain(self, stream: Stream) -> bytes:
        pieces = []
        number = stream.start
        for _ in range((stream.size >> _MINI) + 1):
            if number >= len(self._mini_fat):
                break
            pieces.append(self._mini[number << _MINI : (number + 1) << _MINI])
            number = self._mini_fat[number]
        return b"".join(pieces)

    def _tree(self) -> Storage:
        """The root with everything below it. The directory's trees may be wrong or run in circles."""
        root = Storage("")
        seen: set[int] = set()
        _, _, _, _, _, child, start, size = self._entry(0)
        self._mini = self._chain(start, min(size, len(self._data)))
        waiting = [(child, root)]
        while waiting:
            number, parent = waiting.pop()
            if number in seen or number >= len(self._directory) // _ENTRY.size:
                continue
            seen.add(number)
            raw, length, kind, left, right, child, start, size = self._entry(number)
            name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            waiting.extend(((right, parent), (left, parent)))
            if kind == _STORAGE:
                storage = Storage(name)
                parent.storages.append(storage)
                waiting.append((child, storage))
            elif kind == _STREAM:
                parent.streams[name] = Stream(start, size & _NONE)
        return root

    def _entry(self, number: int) -> tuple[bytes, int, int, int, int, int, int, int]:
        try:
            return _ENTRY.unpack_from(self._directory, number * _ENTRY.size)
        except struct.error:
            raise BrokenFileError from None


def _numbers(data: bytes) -> "array[int]":
    return array("I", struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))
