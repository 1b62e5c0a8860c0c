"""Text and bytes as messages encode them: charsets, encoded words, base64, quoted-printable, uuencode.

The standard library's own header parser isn't used on what comes in: one long subject takes it gigabytes, and nested
comments overflow its stack. Everything here is linear.
"""

import binascii
import re
import unicodedata
from collections.abc import Iterator
from html import unescape

_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=")
_CHARSET = re.compile(
    r"utf-?8|(us-)?ascii|iso-?8859-\d+|latin-?\d|windows-125\d|cp\d+|utf-?16(le|be)?|koi8-[ru]|mac\w*"
)
_BLOCK = re.compile(r"</?(?:td|th|tr|table|p|div|br|li|h\d)\b[^<>]*>", re.IGNORECASE)
_INLINE = re.compile(r"<[^<>]*>")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET + b"="))
_MOST_ENDS = 10_000
_BEGIN = re.compile(rb"begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,300})\r?\n")
_LINE = re.compile(rb"([^\r\n]*)(?:\r\n|\n|\r|\Z)")
_MOST_BLOCKS = 50
_MOST_TRIES = 20_000


def text_of(data: bytes, charset: str = "") -> str:
    """``data`` as text: by ``charset`` when it is one we know and it fits, else UTF-8, else Windows-1252."""
    names = [charset] if _CHARSET.fullmatch(charset.lower()) else []
    for name in (*names, "utf-8"):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def without_markup(text: str) -> str:
    """What is read in a page of HTML; what stands in different paragraphs or cells stays apart."""
    return unescape(_INLINE.sub("", _BLOCK.sub(" | ", text)))


def decoded_words(text: str) -> str:
    """``text`` with its encoded words (RFC 2047) decoded, also where a letter was split between two of them."""
    pieces: list[str] = []
    waiting: list[bytes] = []
    charset, end = "", 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        same = found[1].split("*")[0].lower() == charset
        if waiting and (between.strip() or not same):
            pieces.append(text_of(b"".join(waiting), charset))
            waiting = []
        if between.strip() or not end:
            pieces.append(between)
        charset, end = found[1].split("*")[0].lower(), found.end()
        waiting.append(_word_bytes(found[2].lower(), found[3]))
    if waiting:
        pieces.append(text_of(b"".join(waiting), charset))
    return "".join((*pieces, text[end:]))


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding == "q":
        return binascii.a2b_qp(raw, header=True)
    return lenient_base64(raw)


def percent_decoded(text: str, charset: str) -> str:
    """A value of RFC 2231: percent signs and two digits are bytes in ``charset``."""
    raw = _PERCENT.sub(lambda found: chr(int(found[1], 16)), text.encode("utf-8", "replace").decode("latin-1"))
    return text_of(raw.encode("latin-1"), charset)


def one_line(text: str, longest: int) -> str:
    """``text`` on one line without control and formatting characters, cut at ``longest``."""
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text[: 4 * longest]))
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] != "C").strip()[:longest]


def exact_base64(data: bytes) -> bytes | None:
    """What ``data`` says, or None when it isn't plain base64 from beginning to end."""
    clean = data.translate(None, b"\r\n\t ")
    try:
        return binascii.a2b_base64(clean, strict_mode=True) if clean else b""
    except binascii.Error:
        return None


def lenient_base64(data: bytes) -> bytes:
    """What can be had of ``data``, whatever stands between the letters. It has to be proved before it is believed."""
    pieces = []
    letters = data.translate(None, _NOT_BASE64)
    if letters.count(b"=") > _MOST_ENDS:
        return b""
    for piece in re.split(b"=+", letters):
        whole = piece if len(piece) % 4 != 1 else piece[:-1]
        pieces.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(pieces)


def uu_blocks(data: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Every file written into ``data`` as uuencode: its name, and its bytes or None when a line of it is broken."""
    at = 0
    for _ in range(_MOST_BLOCKS):
        begin = _next_begin(data, at)
        if begin is None:
            return
        content, at = _uu_lines(data, begin.end())
        yield text_of(begin[1]), content


def _next_begin(data: bytes, at: int) -> re.Match[bytes] | None:
    if at == 0 and (found := _BEGIN.match(data)):
        return found
    at -= 1
    for _ in range(_MOST_TRIES):
        at = data.find(b"\nbegin", max(0, at))
        if at < 0:
            return None
        if found := _BEGIN.match(data, at + 1):
            return found
        at += 1
    return None


def _uu_lines(data: bytes, at: int) -> tuple[bytes | None, int]:
    pieces: list[bytes] = []
    blank = False
    while at < len(data) and (line := _LINE.match(data, at)):
        at = line.end()
        text = line[1].rstrip()
        if text == b"end":
            return b"".join(pieces), at
        if blank:
            break
        blank = text in (b"", b"`")
        try:
            pieces.append(b"" if blank else binascii.a2b_uu(text))
        except binascii.Error:
            break
    return None, at
