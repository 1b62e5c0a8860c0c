"""What arrives passes here before any parser sees it: sizes, structure and forbidden content, from the bytes alone.

Each part is unpacked once, piece by piece, and thrown away; what a package declares of itself is never trusted.
"""

import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from xlstyr.excel.directory import Part, RefusedError, damaged, directory, odd
from xlstyr.excel.sniff import sniff, sniff_package
from xlstyr.model.finding import Finding, found
from xlstyr.words import word

_MIB = 2**20
_PIECE = 2**16
_HEAD = 2**16
_MIMETYPE = 80
_SEVERAL = 16 * _MIB  # from so much unpacked it pays to have a thread for each core
_ACTIVE_NAMES = re.compile(r"(?:^|/)(vbaproject[^/]*\.bin$|macrosheets/|dialogsheets/|activex/|embeddings/)")
_RELATIONS = re.compile(
    rb"/(vbaProject|xlMacrosheet|xlIntlMacrosheet|dialogsheet|oleObject|control|activeXControlBinary|package)[\"']"
)
_MACROS = ("vbaproject", "macrosheets/", "dialogsheets/", "xlmacrosheet", "xlintlmacrosheet", "dialogsheet")
_LIVE_LINKS = re.compile(rb"<(?:\w+:)?(ddeLink|oleLink)\b")
_PROLOG = re.compile(r"(?:\s++|<!--(?s:.*?)-->|<\?(?s:.*?)\?>)*+")
_ENCODING = re.compile(r"<\?xml[^>]*?\bencoding\s*=\s*[\"']([^\"']*)[\"']")
_PLAIN_ENCODING = re.compile(r"utf-?8|utf-16(?:le|be)?|us-ascii|iso-8859-\d+|windows-125\d", re.IGNORECASE)
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may be at most: bytes, parts, bytes unpacked, and how many times its packed size a part may be.

    ``active``: whether macros and embedded objects are let through, as only in the round's own control workbook.
    """

    file: int = 25 * _MIB
    entries: int = 2_000
    unpacked: int = 256 * _MIB
    part: int = 128 * _MIB
    ratio: int = 100
    ratio_from: int = _MIB
    active: bool = False


def gate(data: bytes, limits: Limits = Limits()) -> Finding | None:
    """Why ``data`` isn't let through to the readers, or None. Nothing in it raises."""
    if len(data) > limits.file:
        return found("XS014", size=-(-len(data) // _MIB), limit=limits.file // _MIB)
    if (refused := sniff(data)) is not None:
        return refused
    try:
        parts = directory(data, limits.entries)
        _check_kind(data, parts)
        _check_sizes(parts, limits)
        if not limits.active:
            _check_names(parts)
        _stream_all(data, parts, limits)
    except RefusedError as error:
        return error.finding
    return None


def _check_kind(data: bytes, parts: list[Part]) -> None:
    names = [part.name for part in parts]
    mimetype = next((part for part in parts if part.name == "mimetype" and not part.deflated), None)
    said = data[mimetype.start : mimetype.start + _MIMETYPE] if mimetype is not None else b""
    if (refused := sniff_package(names, said)) is not None:
        raise RefusedError(refused)


def _check_sizes(parts: list[Part], limits: Limits) -> None:
    unpacked = sum(part.size for part in parts)
    largest = max(part.size for part in parts)
    for size, limit in ((unpacked, limits.unpacked), (largest, limits.part)):
        if size > limit:
            raise RefusedError(found("XS014", size=-(-size // _MIB), limit=limit // _MIB))
    for part in parts:
        if part.size > limits.ratio_from and part.size > limits.ratio * part.packed:
            times = part.size // max(1, part.packed)
            detail = word("files.bomb.ratio", name=part.name, times=times, limit=limits.ratio)
            raise RefusedError(found("XS018", detail=detail))


def _check_names(parts: list[Part]) -> None:
    for part in parts:
        if hit := _ACTIVE_NAMES.search(part.name.casefold()):
            raise _active(hit[1], part.name)


def _active(kind: str, name: str) -> RefusedError:
    if kind.casefold().startswith(_MACROS):
        return RefusedError(found("XS012"))
    return RefusedError(found("XS021", name=name.rpartition("/")[2] or name))


def _stream_all(data: bytes, parts: list[Part], limits: Limits) -> None:
    view = memoryview(data)

    def stream(part: Part) -> None:
        _stream(view, part, limits)

    if sum(part.size for part in parts) < _SEVERAL:
        for part in parts:
            stream(part)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        list(pool.map(stream, parts))


def _stream(data: memoryview, part: Part, limits: Limits) -> None:
    """Unpacks one part and looks at it. Never holds more of it than a few pieces."""
    search = _search_of(part.name.casefold(), limits)
    head, before, crc, size = b"", b"", 0, 0
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(part.start, part.end, _PIECE):
        piece: bytes | memoryview = data[at : min(at + _PIECE, part.end)]
        while piece:
            try:
                out = unpack.decompress(piece, _MIB) if part.deflated else bytes(piece)
            except zlib.error:
                raise damaged("packing") from None
            piece = unpack.unconsumed_tail
            size += len(out)
            crc = zlib.crc32(out, crc)
            if size > part.size + _MIB:  # less than that too much is damage, which the checksum tells
                raise odd("lies", name=part.name)
            if unpack.unused_data:
                raise damaged("packing")
            if len(head) < _HEAD:
                head += out[:_HEAD]
            if search is not None:
                before = before[-_MIMETYPE:] + out.replace(b"\0", b"")
                search(before)
    if part.deflated and not unpack.eof and part.packed:
        raise damaged("packing")
    if size != part.size or crc != part.crc:
        raise damaged("checksum")
    _check_prolog(head, part.name)


def _search_of(name: str, limits: Limits) -> Callable[[bytes], None] | None:
    """What is to be looked for in the part ``name``."""
    if name.endswith(".rels") and not limits.active:
        return _search_relations
    return _search_links if "externallinks/" in name else None


def _search_relations(text: bytes) -> None:
    if hit := _RELATIONS.search(text):
        raise _active(hit[1].decode(), hit[1].decode())


def _search_links(text: bytes) -> None:
    if hit := _LIVE_LINKS.search(text):
        raise RefusedError(found("XS020", kind=word(f"files.live.{hit[1].decode()}")))


def _check_prolog(head: bytes, name: str) -> None:
    """What stands before the first element: no declaration of a document type, no encoding that hides one."""
    text = _text(head.removeprefix(b"\xef\xbb\xbf"))
    if not text.lstrip().startswith("<"):
        return
    declared = _ENCODING.match(text.lstrip())
    prolog = _PROLOG.match(text)
    assert prolog is not None
    rest = text[prolog.end() : prolog.end() + 2]
    if rest == "<!" and not text.startswith("<!--", prolog.end()):
        raise RefusedError(found("XS022"))
    if rest in ("", "<", "<!", "<?") or (declared is not None and not _PLAIN_ENCODING.fullmatch(declared[1])):
        raise odd("prolog", name=name)


def _text(head: bytes) -> str:
    codec = _UTF16.get(head[:2])
    return head.decode(codec, "replace").lstrip("\ufeff") if codec is not None else head.decode("latin-1")
