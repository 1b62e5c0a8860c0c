"""The header block of a message or a part, within limits whatever it holds."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from operator import itemgetter

from xlstyr.mail.coding import decoded_words, one_line, percent_decoded, text_of
from xlstyr.mail.message import MailLimits

_USED = (
    "from|to|cc|subject|date|message-id|in-reply-to|content-type|content-transfer-encoding|content-disposition|"
    "content-id|mime-version|received|return-path|auto-submitted|x-autoreply|x-autorespond|precedence|"
    "x-failed-recipients|x-xlstyr"
)
_STARTERS = frozenset(_USED.split("|")) - {"precedence", "x-autoreply", "x-autorespond"}
_NAMED = rb"[!-9;-~]+[ \t]*:[^\n]*(?:\n|\Z)"
_BLOCK = re.compile(rb"(?:>?From [^\n]*\n)?+(?:" + _NAMED + rb"(?:[ \t][^\n]*(?:\n|\Z)|" + _NAMED + rb")*+)?+")
_HEADER = re.compile(rb"^(" + _USED.encode() + rb")[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE | re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n")
_MOST_OF_ONE = 10
_NESTING = {"(": 1, ")": -1}
_LISTS = (b"from", b"to", b"cc")
_PARAMETER = re.compile(r';\s*([^\s=;*"]+)(?:\*(\d{1,3}))?(\*)?\s*=\s*("(?:[^"\\]|\\.?)*+(?:"|\Z)|[^;]*)')
_ADDRESS_TOKEN = re.compile(r'"(?:[^"\\]|\\.?)*+(?:"|\Z)|<[^<>]*>|[()]|[,;]|[^"(),;<>]+|.', re.DOTALL)
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]{1,120}@[^\s<>@,;:\"()\[\]]{1,200}")


@dataclass(frozen=True, slots=True)
class Headers:
    """What was kept of a header block: raw values by lower-case name, in the order given."""

    values: dict[str, list[str]]

    def all(self, name: str) -> list[str]:
        """Every value of ``name``, folding undone."""
        return self.values.get(name, [])

    def raw(self, name: str) -> str:
        """The first value of ``name``, ``""`` for none."""
        return self.values.get(name, [""])[0]

    def text(self, name: str, longest: int = 300) -> str:
        """The first value of ``name`` on one line, its encoded words decoded."""
        return one_line(decoded_words(self.raw(name)), longest)

    def word(self, name: str) -> str:
        """The first word of ``name`` in lower case, without parameters: ``multipart/mixed``, ``base64``."""
        return re.split(r"[;\s(]", self.raw(name).strip(), maxsplit=1)[0].strip("\"'").lower()

    @property
    def are_a_message(self) -> bool:
        """Whether these headers begin a message."""
        return not _STARTERS.isdisjoint(self.values)


def read_headers(data: bytes, start: int, end: int, limits: MailLimits) -> tuple[Headers, int]:
    """The headers of ``data[start:end]`` and where the body begins.

    Only headers that mean something here are kept, each cut at ``limits.header`` (a list of addresses at
    ``limits.kept``), all together at ``limits.kept``. A line that is no header ends the block.
    """
    block = _BLOCK.match(data, start, min(end, start + limits.headers))
    block_end = block.end() if block else start
    values: dict[str, list[str]] = {}
    room = limits.kept
    for found in _HEADER.finditer(data, start, block_end):
        kept = values.setdefault(found[1].decode().lower(), [])
        longest = limits.kept if found[1].lower() in _LISTS else limits.header
        raw = data[found.start(2) : min(found.end(2), found.start(2) + min(longest, room))]
        if raw and len(kept) < _MOST_OF_ONE:
            kept.append(text_of(raw.translate(None, b"\r\n\0")).strip())
            room -= len(raw)
    blank = _BLANK.match(data, block_end, end)
    return Headers({name: kept for name, kept in values.items() if kept}), blank.end() if blank else block_end


def parameters(value: str) -> dict[str, str]:
    """The parameters of a header value by lower-case name, RFC 2231 pieces joined and decoded.

    What is written against the rules is read as it was meant: encoded words, lacking quotation marks, spaces.
    """
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for found in _PARAMETER.finditer(value):
        text = found[4].strip()
        if text[:1] == '"':
            text = re.sub(r'\\(["\\])', r"\1", text[1:].removesuffix('"'))
        pieces.setdefault(found[1].lower(), {})[int(found[2] or 0)] = (bool(found[3]), text)
    return {name: _joined(dict(sorted(parts.items()))) for name, parts in pieces.items()}


def _joined(parts: dict[int, tuple[bool, str]]) -> str:
    encoded, first = parts[min(parts)]
    if not encoded:
        return decoded_words("".join(text for _, text in parts.values()))
    charset, _, rest = first.partition("'")
    _, mark, start = rest.partition("'")
    texts = [start if mark else first, *[text for _, text in list(parts.values())[1:]]]
    return percent_decoded("".join(texts), charset)


def addresses(values: Iterable[str], most: int) -> tuple[str, ...]:
    """The e-mail addresses in headers such as From and Cc: lower case, each once, at most ``most``.

    Display names and comments are never taken for an address: what stands in angle brackets wins.
    """
    found: dict[str, None] = {}
    for value in values:
        for address in _addresses(value):
            if len(found) >= most:
                return tuple(found)
            found[address] = None
    return tuple(found)


def _addresses(value: str) -> Iterator[str]:
    depth = 0
    bare, angled = "", list[str]()
    for token in map(itemgetter(0), _ADDRESS_TOKEN.finditer(value)):
        if token in ("(", ")"):
            depth = max(0, depth + _NESTING[token])
        elif token[0] == '"' and (len(token) == 1 or token[-1] != '"'):
            yield from _addresses(value.replace('"', " "))
            return
        elif depth or token[0] == '"':
            continue
        elif token in (",", ";"):
            yield from _one_address(angled or [bare.rpartition(":")[2]])
            bare, angled = "", list[str]()
        elif token[0] == "<" and len(token) > 1:
            angled.append(token[1:-1])
        else:
            bare += token
    yield from _one_address(angled or [bare.rpartition(":")[2]])


def _one_address(texts: list[str]) -> Iterator[str]:
    for text in texts:
        address = text.strip().strip("'").lower().removeprefix("mailto:").removeprefix("smtp:").strip()
        if _ADDRESS.fullmatch(address):
            yield _in_ascii(address)


def _in_ascii(address: str) -> str:
    """The domain as servers write it, so that one address always reads the same."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def received_of(headers: Headers) -> datetime | None:
    """When the last server that passed a message on got it, in UTC; None when none says."""
    return date_of(headers.raw("received").rpartition(";")[2].strip())


def date_of(value: str) -> datetime | None:
    """The time that a Date header says, in UTC; None when it says none."""
    try:
        date = parsedate_to_datetime(value[:100])
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
