"""Reads the plain shape of sheets and shared strings that Excel, LibreOffice and this package write, in one sweep.

Only for speed: whatever is written in any other way gives None, and ``read`` takes it apart with a real XML parser.
What is recognised here means exactly the same there; everything around the cells goes through the parser too.
"""

import re
from collections.abc import Callable
from functools import cache
from xml.parsers import expat
from xml.sax.saxutils import unescape

from xlstyr.layout.raw import RawCell, RawValue

LARGEST = 2**24  # what is larger is parsed piece by piece, so that it isn't held in memory twice
_TEXT = r"([^<&]*(?:&(?:amp|lt|gt|quot|apos);[^<&]*)*)"
_ATTRIBUTES = r'(?: [\w:.]+="[^"<&]*")*'
_SPACE = r'(?: xml:space="preserve")?'
_CELLS = re.compile(
    rf'<c r="([A-Z]{{1,3}})([1-9]\d{{0,6}})"(?: s="\d+")?(?: t="(\w+)")?>'
    rf"(?:(<f){_ATTRIBUTES}(?:/>|>{_TEXT}</f>))?(?:(<v){_SPACE}(?:/>|>{_TEXT}</v>))?"
    rf"(?:<is><t{_SPACE}>{_TEXT}</t></is>)?</c>"
    rf'|<row r="([1-9]\d{{0,6}})"({_ATTRIBUTES})(/?)>|(</row>)'
    r'|(?:<c r="[A-Z]{1,3}[1-9]\d{0,6}"(?: s="\d+")?/>)+'
    r"|(.+)",
    re.DOTALL | re.ASCII,
)
_STRINGS = re.compile(rf"<si><t{_SPACE}>{_TEXT}</t></si>|(.+)", re.DOTALL)
_ENCODING = re.compile(rb"\s*<\?xml[^>]*?encoding=[\"']([^\"']+)[\"']")
_UNUSUAL = bytes([*range(9), *range(11, 32)])
_QUOTES = {"&quot;": '"', "&apos;": "'"}


Shown = Callable[[str, str | None, str], tuple[RawValue, str | None]]
"""(type, value, own text) of a cell → (value, error)."""


def scan_sheet(data: bytes, shown: Shown) -> tuple[dict[tuple[int, int], RawCell], frozenset[int]] | None:
    """(cells, hidden rows) of a sheet; None when it isn't written in the plain way.

    Raises ``expat.ExpatError`` when what stands around the cells isn't well-formed.
    """
    text = _inside(data, b"<sheetData>", b"</sheetData>", (b"<c ", b"<row"))
    if text is None:
        return None
    cells: dict[tuple[int, int], RawCell] = {}
    hidden: set[int] = set()
    inside = False
    written = 0
    for letters, number, kind, f, formula, v, value, inline, row, attributes, empty, end, rest in _CELLS.findall(text):
        if letters:
            found, error = shown(kind or "n", _plain(value) if v else None, _plain(inline) if inline else "")
            if found is not None or f or error is not None:
                said = _plain(formula) if f else None
                cells[int(number), _column(letters)] = RawCell(found, said, error, letters + number)
                written += 1
        elif rest or (row and inside) or (end and not inside):
            return None
        elif row or end:
            inside = bool(row and not empty)
            if ' hidden="1"' in attributes or ' hidden="true"' in attributes:
                hidden.add(int(row))
    return None if inside or written > len(cells) else (cells, frozenset(hidden))


def scan_strings(data: bytes) -> list[str] | None:
    """The shared strings as written; None when they aren't written in the plain way."""
    start = data.find(b"<si>")
    opening = data[:start].rpartition(b"<sst")[2]
    text = _inside(data, b"<sst" + opening, b"</sst>", (b"<si",)) if start > 0 else None
    found = _STRINGS.findall(text) if text is not None else [("", "x")]
    return None if any(rest for _, rest in found) else [_plain(string) for string, _ in found]


def _inside(data: bytes, start: bytes, end: bytes, nowhere_else: tuple[bytes, ...]) -> str | None:
    """What stands between ``start`` and ``end``; None when anything about it or its surroundings is unusual."""
    if len(data) > LARGEST:
        return None
    head, opened, rest = data.partition(start)
    body, closed, tail = rest.rpartition(end)
    around = head + opened + closed + tail
    declared = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
    if not opened or not closed or (declared is not None and declared[1].lower() != b"utf-8"):
        return None
    if b"<!" in around or around.count(start) > 1 or any(mark in around for mark in nowhere_else):
        return None
    if len(body.translate(None, _UNUSUAL)) != len(body) or b"]]>" in body or b"\xef\xbf" in body:
        return None
    expat.ParserCreate().Parse(around, True)  # noqa: FBT003
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _plain(text: str) -> str:
    """``text`` with its entities as characters."""
    return unescape(text, _QUOTES) if "&" in text else text


@cache
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
