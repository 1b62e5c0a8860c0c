"""What bytes are, by themselves: their names and types in a message are only what somebody claims."""

import re

from xlstyr.mail import compound, tnef
from xlstyr.mail.coding import one_line
from xlstyr.mail.headers import read_headers
from xlstyr.mail.message import MailLimits
from xlstyr.mail.zips import archive_of

_OUTLOOK = "__properties_version1.0".encode("utf-16-le")
_FROM_LINE = re.compile(rb"From \S[^\n]*\d\d:\d\d[^\n]*\d{4}[^\n]*\r?\n[!-9;-~]+[ \t]*:")
_FILES = (b"PK\x03\x04", b"PK\x05\x06", compound.SIGNATURE, tnef.SIGNATURE, b"%PDF")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"\xd7\xcd\xc6\x9a", b"\x01\0\0\0", b"II*\0", b"RIFF")
_PACKED = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar", b"\x1f\x8b\x08": "gz", b"BZh": "bz2", b"\xfd7zXZ": "xz"}
_SYSTEM = re.compile(r"(.*/)?(__MACOSX/.*|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)", re.IGNORECASE)
_EXTENSIONS = {b"PK": ".xlsx", compound.SIGNATURE[:2]: ".xls", b"%P": ".pdf"}
_LONGEST_FROM = 400
_LONGEST_NAME = 160
_LEAST_KNOWN = 2


def is_file(data: bytes) -> bool:
    """Whether ``data`` begins as a file of a kind that matters here, whatever it is called."""
    return data.startswith(_FILES)


def is_image(data: bytes, content_type: str) -> bool:
    """Whether ``data`` is a picture."""
    return data.startswith(_IMAGES) or (content_type.startswith("image/") and not is_file(data))


def packed_as(data: bytes) -> str:
    """``"7z"``, ``"rar"`` and so on for an archive that isn't opened here, else ``""``."""
    return next((name for sign, name in _PACKED.items() if data.startswith(sign)), "")


def is_system_file(path: str) -> bool:
    """Whether an entry of an archive is something that the computer put there."""
    return _SYSTEM.fullmatch(path) is not None


def is_outlook(data: bytes) -> bool:
    """Whether ``data`` is an Outlook item rather than another OLE file."""
    return data.startswith(compound.SIGNATURE) and _OUTLOOK in data


def is_mail(data: bytes, name: str) -> bool:
    """Whether ``data`` begins as a message does: with at least two headers that messages have, one if it is .eml."""
    if is_file(data) or b"\0" in data[:200]:
        return False
    headers, _ = read_headers(data, len(data) - len(data.lstrip(b"\r\n")), len(data), MailLimits())
    known = len(headers.values) if headers.are_a_message else 0
    return known >= (1 if name.lower().endswith(".eml") else _LEAST_KNOWN)


def kind_of(data: bytes, name: str) -> str:
    """What a file in a watched folder is: mail, msg, mbox, tnef, zip (an archive to open) or file."""
    if is_outlook(data):
        return "msg"
    if data.startswith(tnef.SIGNATURE):
        return "tnef"
    if archive_of(data):
        return "zip"
    if _FROM_LINE.match(data[:_LONGEST_FROM]):
        return "mbox"
    return "mail" if is_mail(data.removeprefix(b"\xef\xbb\xbf"), name) else "file"


def file_name(text: str, data: bytes, nameless: str) -> str:
    """A name to show and keep: the last part of a path, on one line; ``nameless`` with an ending when there is none."""
    last = re.split(r"[\\/]", one_line(text, 2000))[-1].strip(" .")
    if not last:
        return nameless + _EXTENSIONS.get(data[:2], "")
    stem, dot, ending = last.rpartition(".")
    if len(last) > _LONGEST_NAME and dot and len(ending) < 10:
        return stem[: _LONGEST_NAME - len(ending) - 1] + dot + ending
    return last[:_LONGEST_NAME]
