"""Where the parts of a multipart lie, and what a part's bytes are once its transfer encoding is undone."""

import binascii
import re

from xlstyr.mail.coding import exact_base64, lenient_base64, uu_blocks

_AFTER = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
_GUESS = re.compile(rb"\n--(\S[^\r\n]{0,200}+)\r?\ncontent-[a-z-]{2,40}[ \t]*:", re.IGNORECASE)
_STRAY = (b"UEsDB", b"0M8R4KGx", b"eJ8+I")
"""How a zip package, an OLE file and a winmail.dat begin in base64."""
_STRAY_RUN = re.compile(rb"(?:[A-Za-z0-9+/]{20,}\r?\n)*+[A-Za-z0-9+/]*={0,2}")
_MOST_HITS = 20_000
PLAIN = ("", "7bit", "8bit", "binary")
"""Transfer encodings that change nothing."""
_UU = ("x-uuencode", "uuencode", "x-uue", "uue")

Span = tuple[int, int]


def spans(data: bytes, start: int, end: int, boundary: bytes) -> list[Span]:
    """Where the parts of a multipart body between ``start`` and ``end`` lie: none when ``boundary`` is nowhere.

    A part whose end isn't marked goes to the end.
    """
    delimiter = b"--" + boundary
    parts: list[Span] = []
    opened = -1
    at = start if data.startswith(delimiter, start, end) else _next(data, delimiter, start, end)
    for _ in range(_MOST_HITS):
        if at < 0:
            break
        if after := _AFTER.match(data, at + len(delimiter), end):
            if opened >= 0:
                parts.append((opened, _before_newline(data, opened, at)))
            opened = -1 if after[1] else after.end()
            at = max(at, after.end() - 1)
        at = _next(data, delimiter, at, end)
    if opened >= 0:
        parts.append((opened, end))
    return parts


def _next(data: bytes, delimiter: bytes, at: int, end: int) -> int:
    found = data.find(b"\n" + delimiter, at, end)
    return found + 1 if found >= 0 else -1


def _before_newline(data: bytes, start: int, at: int) -> int:
    for newline in (b"\r\n", b"\n"):
        if data[max(start, at - len(newline)) : at] == newline:
            return at - len(newline)
    return max(start, at)


def guessed_spans(data: bytes, start: int, end: int) -> list[Span]:
    """Where the parts lie when the header doesn't tell: a line with hyphens above a part's header shows it."""
    boundary = _guessed_boundary(data, start, end)
    return spans(data, start, end, boundary) if boundary else []


def _guessed_boundary(data: bytes, start: int, end: int) -> bytes | None:
    if data.startswith(b"--", start, end) and (found := _GUESS.match(b"\n" + data[start : min(end, start + 400)])):
        return found[1].rstrip(b" \t")
    at = start
    for _ in range(_MOST_HITS):
        at = data.find(b"\n--", at, end)
        if at < 0:
            return None
        if found := _GUESS.match(data, at, end):
            return found[1].rstrip(b" \t")
        at += 3
    return None


def decoded(body: bytes, encoding: str) -> tuple[bytes | None, str]:
    """The bytes of a part, and a problem's code.

    Bytes without a code are exactly what was sent. Bytes with a code are what could be had: they must be proved by
    their own checksums. None when there is nothing to be had.
    """
    if encoding == "base64":
        exact = exact_base64(body)
        return (lenient_base64(body), "broken_base64") if exact is None else (exact, "")
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body), ""
    if encoding in _UU:
        content = next((content for _, content in uu_blocks(body)), None)
        return content, "" if content is not None else "broken_uuencode"
    if body.lstrip()[:8].startswith(_STRAY) and (exact := exact_base64(body)) is not None:
        return exact, ""
    return (body, "" if encoding in PLAIN else "unknown_encoding")


def stray_base64(data: bytes, most: int) -> list[bytes | None]:
    """Files in base64 that lie in the middle of a text: what they hold, None for one that can't be read."""
    found: list[bytes | None] = []
    for sign in _STRAY:
        at = 0
        while len(found) < most and (at := data.find(sign, at)) >= 0:
            run = _STRAY_RUN.match(data, at)
            if run and len(run[0]) > 200 and data[at - 1 : at] in (b"", b"\n"):
                found.append(exact_base64(run[0]))
                at = run.end()
            at += len(sign)
    return found
