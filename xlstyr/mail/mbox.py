"""A mailbox in one file (mbox), a message at a time."""

import re
from collections.abc import Iterator
from pathlib import Path

from xlstyr.mail.message import MailLimits

_FROM_LINE = re.compile(rb"From \S.*\d\d:\d\d.*\d{4}")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_QUOTED = re.compile(rb">+From ")
_LONGEST_FROM = 400
_LONGEST_LINE = 1 << 16


def split_mbox(path: Path, limits: MailLimits | None = None) -> Iterator[bytes]:
    """Every message in the file at ``path``, its quoted From lines restored, one in memory at a time.

    Of a message larger than ``limits.message`` comes so much that ``unpack`` says that it is too large. Raises
    ``OSError`` when the file can't be read.
    """
    most = (limits or MailLimits()).message
    message = bytearray()
    blank, waiting = True, b""
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            if waiting and _HEADER.match(line):
                if message.strip():
                    yield bytes(message)
                message = bytearray()
            elif len(message) <= most:
                message += waiting
            starts = blank and _FROM_LINE.match(line[:_LONGEST_FROM]) is not None
            waiting = line if starts else b""
            if not starts and len(message) <= most:
                message += line[1:] if _QUOTED.match(line) else line
            blank = not line.strip()
    message += waiting
    if message.strip():
        yield bytes(message)
