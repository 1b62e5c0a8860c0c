"""Builds ``vbaProject.bin`` from VBA text (MS-OVBA), without Excel and the same bytes every time.

No performance cache is written, so that Office compiles from the source when the file is opened.
"""

import struct
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from xlstyr.excel.compound import compound

_CODE_PAGE = 1252
_ENCODING = f"cp{_CODE_PAGE}"
_CHUNK = 4096
_REFERENCES = {
    "stdole": r"*\G{00020430-0000-0000-C000-000000000046}#2.0#0#C:\Windows\System32\stdole2.tlb#OLE Automation",
    "Office": (
        r"*\G{2DF8D04C-5BFA-101B-BDE5-00AA0044DE52}#2.0#0#"
        r"C:\Program Files\Common Files\Microsoft Shared\OFFICE16\MSO.DLL#Microsoft Office 16.0 Object Library"
    ),
}
_EXPORT_HEAD = ("Attribute VB_", "VERSION ", "BEGIN", "END", "  MultiUse")


class Kind(Enum):
    """What a module is; the value is its base class."""

    STANDARD = ""
    CLASS = "0{FCFB3D2A-A0FA-1068-A738-08002B3371B5}"
    WORKBOOK = "0{00020819-0000-0000-C000-000000000046}"
    SHEET = "0{00020820-0000-0000-C000-000000000046}"

    @property
    def is_document(self) -> bool:
        """Whether it belongs to the workbook or one of its sheets."""
        return self in (Kind.WORKBOOK, Kind.SHEET)


@dataclass(frozen=True, slots=True)
class Module:
    """One module: its name (ASCII) and its text, with or without the head that an export carries."""

    name: str
    code: str = ""
    kind: Kind = Kind.STANDARD

    def source(self) -> str:
        """The text as the project keeps it: attributes first, lines ended as in Windows."""
        lines = self.code.replace("\r\n", "\n").split("\n")
        while lines and (lines[0].startswith(_EXPORT_HEAD) or not lines[0].strip()):
            lines.pop(0)
        return "\r\n".join([f'Attribute VB_Name = "{self.name}"', *self._attributes(), *lines]).rstrip() + "\r\n"

    def _attributes(self) -> list[str]:
        if self.kind is Kind.STANDARD:
            return []
        document = self.kind.is_document
        flags = {
            "GlobalNameSpace": False,
            "Creatable": False,
            "PredeclaredId": document,
            "Exposed": document,
            "TemplateDerived": False,
            "Customizable": document,
        }
        return [f'Attribute VB_Base = "{self.kind.value}"', *(f"Attribute VB_{k} = {v}" for k, v in flags.items())]


def build_project(modules: Sequence[Module], name: str) -> bytes:
    """The ``vbaProject.bin`` of a project ``name`` with ``modules``, documents first as Excel has them.

    Raises:
        UnicodeEncodeError: a text holds a character that VBA's code page (Western European) lacks.
    """
    streams = {module.name: compress(module.source().encode(_ENCODING)) for module in modules}
    directory = compress(_directory(name, modules))
    vba = {"_VBA_PROJECT": b"\xcc\x61\xff\xff\x00\x00\x00", "dir": directory, **streams}
    return compound({"VBA": vba, "PROJECT": _project(name, modules), "PROJECTwm": _names(modules)})


def _project(name: str, modules: Iterable[Module]) -> bytes:
    ident = "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"xlstyr:{name}")).upper() + "}"
    lines = [f'ID="{ident}"']
    for module in modules:
        kind = "Document" if module.kind.is_document else "Class" if module.kind is Kind.CLASS else "Module"
        lines.append(f"{kind}={module.name}" + ("/&H00000000" if kind == "Document" else ""))
    lines += [
        f'Name="{name}"',
        'HelpContextID="0"',
        'VersionCompatible32="393222000"',
        f'CMG="{_hidden(ident, bytes(4), 0x41)}"',
        f'DPB="{_hidden(ident, bytes(1), 0x82)}"',
        f'GC="{_hidden(ident, bytes([255]), 0xC3)}"',
        "",
        "[Host Extender Info]",
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000",
        "",
        "[Workspace]",
        *(f"{module.name}=0, 0, 0, 0, C" for module in modules),
    ]
    return ("\r\n".join(lines) + "\r\n").encode(_ENCODING)


def _names(modules: Iterable[Module]) -> bytes:
    pairs = (m.name.encode(_ENCODING) + b"\0" + m.name.encode("utf-16-le") + b"\0\0" for m in modules)
    return b"".join(pairs) + b"\0\0"


def _hidden(ident: str, data: bytes, seed: int) -> str:
    """The project's protection state, made unreadable as the format asks (MS-OVBA 2.4.3); no secret."""
    key = sum(ident.encode("ascii")) & 0xFF
    out = [seed, seed ^ 2, seed ^ key]
    before, last, plain = out[1], out[2], key
    for byte in b"\x07" * ((seed & 6) // 2) + struct.pack("<I", len(data)) + data:
        hidden = byte ^ ((before + plain) & 0xFF)
        out.append(hidden)
        before, last, plain = last, hidden, byte
    return bytes(out).hex().upper()


def _record(number: int, payload: bytes) -> bytes:
    return struct.pack("<HI", number, len(payload)) + payload


def _directory(name: str, modules: Sequence[Module]) -> bytes:
    """The ``dir`` stream (MS-OVBA 2.3.4.2): information, references, modules."""
    word = struct.Struct("<I").pack
    parts = [_record(0x01, word(1)), _record(0x02, word(0x409)), _record(0x14, word(0x409))]
    parts += [_record(0x03, struct.pack("<H", _CODE_PAGE)), _record(0x04, name.encode(_ENCODING))]
    parts += [_record(0x05, b""), _record(0x40, b""), _record(0x06, b""), _record(0x3D, b"")]
    parts += [_record(0x07, word(0)), _record(0x08, word(0)), struct.pack("<HIIH", 9, 4, 1361024421, 6)]
    parts += [_record(0x0C, b""), _record(0x3C, b"")]
    for reference, library in _REFERENCES.items():
        text = library.encode(_ENCODING)
        parts += [_record(0x16, reference.encode(_ENCODING)), _record(0x3E, reference.encode("utf-16-le"))]
        parts.append(_record(0x0D, word(len(text)) + text + bytes(6)))
    parts += [_record(0x0F, struct.pack("<H", len(modules))), _record(0x13, b"\xff\xff")]
    for module in modules:
        plain, wide = module.name.encode(_ENCODING), module.name.encode("utf-16-le")
        parts += [_record(0x19, plain), _record(0x47, wide), _record(0x1A, plain), _record(0x32, wide)]
        parts += [_record(0x1C, b""), _record(0x48, b""), _record(0x31, word(0)), _record(0x1E, word(0))]
        parts += [_record(0x2C, b"\xff\xff"), _record(0x21 if module.kind is Kind.STANDARD else 0x22, b"")]
        parts.append(_record(0x2B, b""))
    return b"".join(parts) + _record(0x10, b"")


def compress(data: bytes) -> bytes:
    """``data`` run-length packed in chunks of 4096 bytes (MS-OVBA 2.4.1).

    Raises:
        ValueError: the last chunk can't be made smaller: it is no VBA text.
    """
    out = bytearray(b"\x01")
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        body = _packed(chunk)
        if len(body) <= _CHUNK:
            out += struct.pack("<H", 0xB000 | (len(body) - 1)) + body
        elif len(chunk) == _CHUNK:
            out += struct.pack("<H", 0x3FFF) + chunk
        else:
            raise ValueError(len(data))
    return bytes(out)


def _packed(chunk: bytes) -> bytes:
    body = bytearray()
    seen: dict[bytes, list[int]] = {}
    position = 0
    while position < len(chunk):
        flags, at = 0, len(body)
        body.append(0)
        for bit in range(8):
            if position >= len(chunk):
                break
            length, distance = _longest(chunk, position, seen)
            if length:
                flags |= 1 << bit
                body += struct.pack("<H", ((distance - 1) << (16 - _distance_bits(position))) | (length - 3))
            else:
                length = 1
                body.append(chunk[position])
            for passed in range(position, position + length):
                seen.setdefault(chunk[passed : passed + 3], []).append(passed)
            position += length
        body[at] = flags
    return bytes(body)


def _distance_bits(position: int) -> int:
    return max(4, (position - 1).bit_length()) if position else 4


def _longest(chunk: bytes, position: int, seen: dict[bytes, list[int]]) -> tuple[int, int]:
    """(length, distance) of the longest earlier text that stands at ``position`` too; (0, 0) when none is 3 long."""
    limit = min((0xFFFF >> _distance_bits(position)) + 3, len(chunk) - position)
    best = distance = 0
    for earlier in reversed(seen.get(chunk[position : position + 3], ())):
        length = 0
        while length < limit and chunk[earlier + length] == chunk[position + length]:
            length += 1
        if length > best:
            best, distance = length, position - earlier
            if best == limit:
                break
    return (best, distance) if best >= 3 else (0, 0)
