"""Outlook's winmail.dat (TNEF): the files in it. MS-OXTNEF and MS-OXCMSG say how they lie."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from xlstyr.mail.coding import text_of
from xlstyr.mail.compound import BrokenFileError
from xlstyr.mail.rtf import rich_text

SIGNATURE = b"\x78\x9f\x3e\x22"
_ATTRIBUTE = struct.Struct("<BHHI")
_RENDER, _TITLE, _CONTENT, _PROPERTIES, _BODY, _MESSAGE = 0x9002, 0x8010, 0x800F, 0x9005, 0x800C, 0x9003
_OF_FILE = frozenset((_TITLE, _CONTENT, _PROPERTIES))
_DATA, _LONG_NAME, _NAME, _DISPLAY = 0x3701, 0x3707, 0x3704, 0x3001
_PLAIN_BODY, _RICH_BODY = 0x1000, 0x1009
_BODIES = frozenset((_PLAIN_BODY, _RICH_BODY, 0x1013))
_MOST_RICH = 64 * 1024
_NAMED, _MULTIPLE = 0x8000, 0x1000
_OBJECT, _TEXT = 0x000D, 0x001F
_VARIABLE = frozenset((0x001E, _TEXT, _OBJECT, 0x0102))
_FIXED = {2: 2, 0x0B: 2, 3: 4, 4: 4, 0x0A: 4, 5: 8, 6: 8, 7: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_MESSAGE_OBJECT = bytes.fromhex("0703020000000000c000000000000046")
_LEAST = 11
_MOST_ATTRIBUTES = 20_000
_MOST_PROPERTIES = 2000


@dataclass(slots=True)
class TnefFile:
    """One file. ``embedded``: its bytes are a message in TNEF. ``sound``: its checksum is right."""

    name: str = ""
    data: bytes = b""
    embedded: bool = False
    sound: bool = True


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds. ``whole`` is false when it breaks off or can't be followed to its end.

    ``body`` says whether there is a text, and ``text`` is what it says, of rich text the beginning.
    """

    files: list[TnefFile]
    body: bool = False
    text: str = ""
    whole: bool = True


def read_tnef(data: bytes, most: int) -> Tnef:
    """The files in ``data``, at most ``most`` of them. Never raises: what can't be followed isn't ``whole``."""
    found = Tnef([])
    try:
        for name, content, checksum in _attributes(data):
            if name == _RENDER or (name in _OF_FILE and not found.files):
                if len(found.files) >= most:
                    raise BrokenFileError
                found.files.append(TnefFile())
            if name in _OF_FILE:
                _add(found.files[-1], name, content, checksum)
            elif name == _BODY:
                found.body, found.text = True, found.text + text_of(content.tobytes())
            elif name == _MESSAGE:
                for tag, kind, value in _properties(content):
                    found.body = found.body or tag in _BODIES
                    found.text += _written(tag, kind, value)
    except (BrokenFileError, struct.error):
        found.whole = False
    return found


def _add(file: TnefFile, name: int, content: memoryview, checksum: int) -> None:
    if name == _TITLE:
        file.name = file.name or text_of(content.tobytes()).strip("\0")
    elif name == _CONTENT:
        file.data = content.tobytes()
        file.sound = sum(content) & 0xFFFF == checksum
    else:
        _describe(file, content)


def _attributes(data: bytes) -> Iterator[tuple[int, memoryview, int]]:
    view = memoryview(data)
    at = 6
    for _ in range(_MOST_ATTRIBUTES):
        if at + _LEAST > len(data):
            return
        _, name, _, length = _ATTRIBUTE.unpack_from(data, at)
        start = at + _ATTRIBUTE.size
        at = start + length + 2
        if at > len(data):
            raise BrokenFileError
        yield name, view[start : start + length], int.from_bytes(view[at - 2 : at], "little")
    raise BrokenFileError


def _describe(file: TnefFile, content: memoryview) -> None:
    """The names and, for what lies there, the bytes in a file's own properties."""
    names: dict[int, str] = {}
    for tag, kind, value in _properties(content):
        if tag in (_LONG_NAME, _NAME, _DISPLAY):
            names[tag] = _decoded(kind, value)
        elif tag == _DATA:
            file.embedded = kind == _OBJECT and value[:16] == _MESSAGE_OBJECT
            file.data = value[16 if kind == _OBJECT else 0 :].tobytes()
    file.name = next((names[tag] for tag in (_LONG_NAME, _NAME, _DISPLAY) if names.get(tag)), "") or file.name


def _decoded(kind: int, value: memoryview) -> str:
    raw = value.tobytes()
    return (raw.decode("utf-16-le", "replace") if kind == _TEXT else text_of(raw)).strip("\0")


def _written(tag: int, kind: int, value: memoryview) -> str:
    if tag == _RICH_BODY:
        return rich_text(value[:_MOST_RICH].tobytes(), _MOST_RICH)
    return _decoded(kind, value) if tag == _PLAIN_BODY else ""


def _properties(content: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Each MAPI property: tag, type, and the bytes of its (first) value; none for values of fixed length."""
    (count,) = struct.unpack_from("<I", content)
    at = 4
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, tag = struct.unpack_from("<HH", content, at)
        at += 4
        if tag >= _NAMED:
            at = _after_name(content, at)
        values, multiple, kind = 1, kind & _MULTIPLE, kind & ~_MULTIPLE
        if multiple or kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", content, at)
            at += 4
        if kind in _VARIABLE:
            value, at = _values(content, at, values)
            yield tag, kind, value
        elif kind in _FIXED:
            at += _padded(values * _FIXED[kind])
        else:
            raise BrokenFileError


def _after_name(content: memoryview, at: int) -> int:
    kind, length = struct.unpack_from("<II", content, at + 16)
    return at + 24 + (_padded(length) if kind else 0)


def _values(content: memoryview, at: int, count: int) -> tuple[memoryview, int]:
    first = content[:0]
    for number in range(min(count, _MOST_PROPERTIES)):
        (length,) = struct.unpack_from("<I", content, at)
        at += 4
        if at + length > len(content):
            raise BrokenFileError
        if number == 0:
            first = content[at : at + length]
        at += _padded(length)
    return first, at


def _padded(length: int) -> int:
    return length + -length % 4
