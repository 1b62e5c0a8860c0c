"""Outlook's rich text, to be searched: unpacked (MS-OXRTFCP) and without its marks. Nothing here raises."""

import re
import struct

_HEAD = struct.Struct("<IIII")
_PACKED, _LOOSE = 0x75465A4C, 0x414C454D
_FONTS = rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
_NAMES = rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
_START = b"%s%s\r\n%s" % (_FONTS, _NAMES, rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx")
_WINDOW = 4096
_MARK = re.compile(r"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,6})\s?\??|\\([a-z]{1,32})(?:-?\d{1,10})?\s?|\\[^a-z]|[{}\r\n]")
_BREAKS = frozenset({"par", "line", "tab", "cell", "row", "page"})


def rich_text(packed: bytes, most: int) -> str:
    """What is written in the first ``most`` bytes of compressed rich text; ``""`` for anything else."""
    return _without_marks(_unpacked(packed, most).decode("cp1252", "replace"))


def _unpacked(packed: bytes, most: int) -> bytes:
    if len(packed) < _HEAD.size:
        return b""
    kind = _HEAD.unpack_from(packed)[2]
    if kind != _PACKED:
        return packed[_HEAD.size : _HEAD.size + most] if kind == _LOOSE else b""
    window = bytearray(_START.ljust(_WINDOW, b"\0"))
    at, here, found = _HEAD.size, len(_START), bytearray()
    while at < len(packed) and len(found) < most:
        steps = packed[at]
        at += 1
        for bit in range(8):
            if not steps >> bit & 1:
                piece, used = packed[at : at + 1], 1
            else:
                reference = int.from_bytes(packed[at : at + 2], "big")
                if reference >> 4 == here or at + 2 > len(packed):
                    return bytes(found)
                piece, used = _copied(window, reference, here), 2
            at += used
            for one in piece:
                window[here] = one
                here = (here + 1) % _WINDOW
            found += piece
    return bytes(found[:most])


def _copied(window: bytearray, reference: int, here: int) -> bytes:
    """What a reference stands for: it may run on into what it writes itself."""
    start, length = reference >> 4, (reference & 15) + 2
    ahead = (here - start) % _WINDOW or _WINDOW
    whole = bytes(window[(start + n) % _WINDOW] for n in range(min(length, ahead)))
    return (whole * length)[:length]


def _without_marks(text: str) -> str:
    def said(mark: re.Match[str]) -> str:
        if mark[1]:
            return bytes.fromhex(mark[1]).decode("cp1252", "replace")
        if mark[2]:
            return chr(int(mark[2]) % 0x10000)
        return "\n" if mark[3] in _BREAKS else ""

    return _MARK.sub(said, text)
