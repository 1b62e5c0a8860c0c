"""Writes compound files (MS-CFB, version 3): the small file system in which Office keeps VBA projects.

The same tree gives the same bytes: no times, no ids.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Tree: TypeAlias = Mapping[str, "bytes | Tree"]
"""Name → content of a stream, or the tree of a storage."""

_SECTOR, _MINI_SECTOR, _MINI_LIMIT = 512, 64, 4096
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_BLACK = 1
_IN_HEADER = 109  # sectors of the allocation table that the header has room to name


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = 0

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        links = struct.pack("<HBBIII", len(name), self.kind, _BLACK, self.left, self.right, self.child)
        return name.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", self.start, len(self.data))


_UNUSED = bytes(64) + struct.pack("<HBBIII", 0, 0, 0, _NONE, _NONE, _NONE) + bytes(48)


class _Sectors:
    """Sectors and the chains that the allocation table says they form."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.table: list[int] = []
        self.content = bytearray()

    def put(self, data: bytes) -> int:
        """Where ``data`` begins; the end mark when there is none."""
        if not data:
            return _END
        start = len(self.table)
        count = -(-len(data) // self.size)
        self.table += [*range(start + 1, start + count), _END]
        self.content += data.ljust(count * self.size, b"\0")
        return start


def compound(tree: Tree) -> bytes:
    """The compound file that holds ``tree``.

    Raises:
        ValueError: it is larger than a header without extra tables can tell of (about 7 MB).
    """
    entries = [_Entry("Root Entry", _ROOT)]
    entries[0].child = _add(entries, tree)
    sectors, mini = _Sectors(_SECTOR), _Sectors(_MINI_SECTOR)
    for entry in entries:
        if entry.kind == _STREAM:
            entry.start = (mini if len(entry.data) < _MINI_LIMIT else sectors).put(entry.data)
    entries[0].data = bytes(mini.content)
    entries[0].start = sectors.put(entries[0].data)
    mini_table = _words(mini.table)
    mini_start = sectors.put(mini_table.ljust(-(-len(mini_table) // _SECTOR) * _SECTOR, b"\xff"))
    directory = b"".join(entry.packed() for entry in entries)
    directory += _UNUSED * (-len(entries) % 4)
    directory_start = sectors.put(directory)
    tables = 1
    while tables * (_SECTOR // 4) < len(sectors.table) + tables:
        tables += 1
    if tables > _IN_HEADER:
        raise ValueError(len(sectors.content))
    first = len(sectors.table)
    whole = [*sectors.table, *[_FAT] * tables]
    whole += [_FREE] * (tables * (_SECTOR // 4) - len(whole))
    places = [*range(first, first + tables), *[_FREE] * (_IN_HEADER - tables)]
    head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    mini_count = -(-len(mini_table) // _SECTOR)
    head += struct.pack("<9I", 0, tables, directory_start, 0, _MINI_LIMIT, mini_start, mini_count, _END, 0)
    return head + _words(places) + bytes(sectors.content) + _words(whole)


def _words(numbers: list[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _add(entries: list[_Entry], tree: Tree) -> int:
    """Adds a level to ``entries``; the index of the root of its search tree."""
    level = []
    for name in sorted(tree, key=lambda text: (len(text), text.upper())):
        item = tree[name]
        entry = _Entry(name, _STREAM, item) if isinstance(item, bytes) else _Entry(name, _STORAGE)
        entries.append(entry)
        level.append(len(entries) - 1)
    for index in level:
        below = tree[entries[index].name]
        if not isinstance(below, bytes):
            entries[index].child = _add(entries, below)
    return _search_tree(entries, level)


def _search_tree(entries: list[_Entry], level: list[int]) -> int:
    """Balanced, by length of the name and then its capitals, as the format asks."""
    if not level:
        return _NONE
    middle = len(level) // 2
    entries[level[middle]].left = _search_tree(entries, level[:middle])
    entries[level[middle]].right = _search_tree(entries, level[middle + 1 :])
    return level[middle]
