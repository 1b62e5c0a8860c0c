"""Zip archives that somebody packed workbooks in. A workbook is a zip too, and isn't opened here."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from xlstyr.mail.coding import text_of

_ENTRY_SIGN = b"PK\x01\x02"
_MOST_SIGNS = 20_000
_ENCRYPTED, _UTF8 = 1, 0x800
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK = 1 << 16
_SWEDISH = frozenset("\xe5\xe4\xf6\xc5\xc4\xd6\xe9\xc9\xfc\xdc")
ERRORS = (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError)


@dataclass(slots=True)
class Room:
    """How many bytes may still be unpacked from one message, by whatever way."""

    left: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive: its bytes, or a problem's ``code``."""

    name: str
    data: bytes = b""
    code: str = ""


def archive_of(data: bytes) -> zipfile.ZipFile | None:
    """``data`` as an archive to open, or None: not a zip, broken, or an office document, which is a file."""
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")) or data.count(_ENTRY_SIGN) > _MOST_SIGNS:
        return None
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except ERRORS:
        return None
    names = archive.NameToInfo
    return None if "[Content_Types].xml" in names or "mimetype" in names else archive


def entries(archive: zipfile.ZipFile, room: Room) -> Iterator[Entry]:
    """Every file of ``archive``, each unpacked when its turn comes and taken from ``room``, also when it is broken."""
    for info in archive.infolist():
        if info.is_dir() and not info.file_size:
            continue
        name = _name(info)
        if info.flag_bits & _ENCRYPTED:
            yield Entry(name, code="encrypted")
        elif info.compress_type not in _METHODS:
            yield Entry(name, code="unknown_packing")
        else:
            content = bytearray()
            code = _unpack(archive, info, room, content)
            yield Entry(name, b"" if code else bytes(content), code)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: Room, content: bytearray) -> str:
    """Unpack one file into ``content`` while there is room. Gives a problem's code, or ``""``."""
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                content += chunk
                room.left -= len(chunk)
                if room.left < 0:
                    return "too_large"
    except ERRORS:
        return "damaged"
    return ""


def is_intact(data: bytes, room: Room) -> bool:
    """Whether every part of the zip in ``data`` agrees with its own checksum. Unpacking is taken from ``room``."""
    if not data.startswith(b"PK\x03\x04") or data.count(_ENTRY_SIGN) > _MOST_SIGNS:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.compress_type not in _METHODS:
                    return False
                with archive.open(info) as stream:
                    while chunk := stream.read(_CHUNK):
                        room.left -= len(chunk)
                        if room.left < 0:
                            return False
    except ERRORS:
        return False
    return True


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name. Without the UTF-8 flag it is in UTF-8 anyway, or in DOS's or Windows' letters."""
    if info.flag_bits & _UTF8 or info.orig_filename.isascii():
        return info.filename
    raw = info.orig_filename.encode("cp437", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeError:
        pass
    dos, windows = raw.decode("cp850", "replace"), text_of(raw)
    return dos if _swedish(dos) >= _swedish(windows) else windows


def _swedish(text: str) -> int:
    return sum(letter in _SWEDISH for letter in text)
