"""Messages as people, Outlook and broken servers send them, written byte by byte."""

import base64
import hashlib
import io
import struct
import zipfile
import zlib
from binascii import b2a_uu
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Union

Tree = Mapping[str, Union[bytes, "Tree"]]
FREE, END, FAT, NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
HEADERS = {
    "From": "Anna Ek <Anna.Ek@Exempelby.se>",
    "To": "budget@exempelby.se",
    "Subject": "SV: Budget 2026 [budget-2026/un-forskola/proposal/1]",
    "Date": "Thu, 21 Aug 2025 10:15:00 +0200",
    "Message-ID": "<1@exempelby.se>",
    "MIME-Version": "1.0",
}


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 8, 21, 10, 0, 0)), data, method)
    return out.getvalue()


def workbook(text: str = "1", size: int = 0) -> bytes:
    """What begins and ends as a workbook; ``size`` bytes of what doesn't compress come with it."""
    filler = hashlib.shake_128(text.encode()).digest(size) if size else b""
    content = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": text.encode(), "xl/filler.bin": filler}
    return packed(content)


def raw_zip(entries: Iterable[tuple[bytes, bytes, int]]) -> bytes:
    """A zip archive of stored (name, data, flags), names as they are."""
    body, directory, count = b"", b"", 0
    for name, data, flags in entries:
        sizes = struct.pack("<III", zlib.crc32(data), len(data), len(data))
        head = struct.pack("<HHHHH", 20, flags, 0, 0, 0) + sizes + struct.pack("<HH", len(name), 0)
        directory += b"PK\1\2\x14\0" + head + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + head + name + data
        count += 1
    return body + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)


def headed(headers: Mapping[str, str], body: bytes) -> bytes:
    """A message or part: headers as they are given (in UTF-8), a blank line, a body."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return lines.encode() + b"\r\n" + body


def text(words: str = "Hej, här kommer vår budget.\r\nAnna\r\n") -> bytes:
    """A part that people read."""
    return headed({"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}, words.encode())


def attached(data: bytes, name: str = "Budget.xlsx", **headers: str) -> bytes:
    """A part with a file, in base64. ``headers`` are added, with ``_`` for ``-``."""
    usual = {
        "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Content-Transfer-Encoding": "base64",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return headed(usual | {key.replace("_", "-"): value for key, value in headers.items()}, base64.encodebytes(data))


def several(*parts: bytes, kind: str = "mixed", boundary: str = "=_b1", ends: bool = True) -> bytes:
    """A multipart with its own header."""
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    last = b"--" + boundary.encode() + b"--\r\n" if ends else b""
    return headed({"Content-Type": f'multipart/{kind}; boundary="{boundary}"'}, body + last)


def letter(part: bytes, headers: Mapping[str, str] | None = None, **more: str) -> bytes:
    """A message whose body is ``part`` (a part with its header)."""
    known = {
        **(HEADERS if headers is None else headers),
        **{key.replace("_", "-"): value for key, value in more.items()},
    }
    return "".join(f"{name}: {value}\r\n" for name, value in known.items()).encode() + part


def forwarded(message: bytes) -> bytes:
    """A message as an attachment."""
    return headed({"Content-Type": "message/rfc822", "Content-Disposition": "attachment"}, message)


def uuencoded(data: bytes, name: str) -> bytes:
    """A file written into a text."""
    lines = b"".join(b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return b"begin 644 " + name.encode() + b"\n" + lines + b"`\nend\n"


def bounce(original: bytes, action: str = "failed") -> bytes:
    """What a server sends when it couldn't deliver ``original``."""
    status = headed({"Content-Type": "message/delivery-status"}, f"Action: {action}\r\nStatus: 5.1.1\r\n".encode())
    report = several(text("Meddelandet kom inte fram."), status, forwarded(original), kind="report", boundary="=_b9")
    report = report.replace(b"multipart/report;", b"multipart/report; report-type=delivery-status;")
    return letter(report, {"From": "MAILER-DAEMON@exempelby.se", "Return-Path": "<>", "Subject": "Undelivered"})


def receipt() -> bytes:
    """A read receipt."""
    status = headed({"Content-Type": "message/disposition-notification"}, b"Disposition: manual-action; displayed\r\n")
    report = several(text("Ditt meddelande har öppnats."), status, kind="report")
    return letter(report.replace(b"/report;", b"/report; report-type=disposition-notification;"))


# --- winmail.dat -------------------------------------------------------------------------------------------------


def _attribute(level: int, name: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def _property(tag: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<HHII", kind, tag, 1, len(data)) + data + b"\0" * (-len(data) % 4)


def tnef_file(name: str, data: bytes) -> list[bytes]:
    """A file as Outlook writes it: short name and bytes as attributes, the whole name as a property."""
    properties = [
        struct.pack("<HHI", 0x0003, 0x3705, 1),
        struct.pack("<HH", 0x000B, 0x7FFE) + b"\0\0\0\0",
        _property(0x3707, 0x001F, (name + "\0").encode("utf-16-le")),
    ]
    return [
        _attribute(2, 0x9002, 6, b"\1\0" + b"\0" * 12),
        _attribute(2, 0x8010, 1, b"BUDGET~1.XLS\0"),
        _attribute(2, 0x800F, 6, data),
        _attribute(2, 0x9005, 6, struct.pack("<I", len(properties)) + b"".join(properties)),
    ]


def tnef_embedded(inner: bytes) -> list[bytes]:
    """A message inside: TNEF in a property of object type."""
    value = bytes.fromhex("0703020000000000c000000000000046") + inner
    properties = struct.pack("<I", 2) + _property(0x3701, 0x000D, value) + _property(0x3001, 0x001E, b"VB Budget\0")
    return [_attribute(2, 0x9002, 6, b"\1\0" + b"\0" * 12), _attribute(2, 0x9005, 6, properties)]


def tnef(files: Iterable[list[bytes]], body: str = "Hej", tag: int = 0x1009, encoding: str = "utf-8") -> bytes:
    """A winmail.dat; its ``body`` is rich text, plain as ``tag`` 0x1000."""
    attributes = [
        _attribute(1, 0x9006, 8, struct.pack("<I", 0x10000)),
        _attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0)),
    ]
    if body:
        attributes.append(
            _attribute(1, 0x9003, 6, struct.pack("<I", 1) + _property(tag, 0x0102, body.encode(encoding)))
        )
    for file in files:
        attributes.extend(file)
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


# --- .msg --------------------------------------------------------------------------------------------------------


class Cfb:
    """An OLE compound file (version 3) of a tree of names to bytes or trees."""

    def __init__(self, tree: Tree) -> None:
        self.entries: list[bytearray] = []
        self.mini = b""
        self.mini_fat: list[int] = []
        self.sectors: list[bytes] = []
        self.fat: list[int] = []
        self._entry("Root Entry", 5, END, 0)
        self._children(0, tree)
        self.bytes = self._written()

    def _entry(self, name: str, kind: int, start: int, size: int) -> int:
        raw = name.encode("utf-16-le") + b"\0\0"
        head = raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw), kind, 1, NONE, NONE, NONE)
        self.entries.append(bytearray(head + b"\0" * 36 + struct.pack("<IQ", start, size)))
        return len(self.entries) - 1

    def _children(self, parent: int, tree: Tree) -> None:
        former = None
        for name, value in tree.items():
            if isinstance(value, bytes):
                number = self._entry(name, 2, self._stored(value), len(value))
            else:
                number = self._entry(name, 1, 0, 0)
                self._children(number, value)
            place, where = (self.entries[parent], 76) if former is None else (self.entries[former], 72)
            place[where : where + 4] = struct.pack("<I", number)
            former = number

    def _stored(self, data: bytes) -> int:
        if not data:
            return END
        if len(data) >= 4096:
            return self._chain(data)
        start = len(self.mini_fat)
        count = -(-len(data) // 64)
        self.mini += data.ljust(count * 64, b"\0")
        self.mini_fat += [*range(start + 1, start + count), END]
        return start

    def _chain(self, data: bytes) -> int:
        start = len(self.sectors)
        count = -(-len(data) // 512)
        self.sectors += [data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512)]
        self.fat += [*range(start + 1, start + count), END]
        return start

    def _written(self) -> bytes:
        if self.mini:
            self.entries[0][116:128] = struct.pack("<IQ", self._chain(self.mini), len(self.mini))
        directory = self._chain(b"".join(self.entries))
        mini_fat = self._chain(struct.pack(f"<{len(self.mini_fat)}I", *self.mini_fat)) if self.mini_fat else END
        count = more = 0
        while count * 128 < len(self.fat) + count + more:
            count += 1
            more = max(0, -(-(count - 109) // 127))
        places = [len(self.sectors) + number for number in range(count)]
        first_more = len(self.sectors) + count if more else END
        self.fat += [FAT] * count + [0xFFFFFFFC] * more
        table = struct.pack(f"<{count * 128}I", *self.fat, *[FREE] * (count * 128 - len(self.fat)))
        rest = [places[109 + at * 127 :][:127] for at in range(more)]
        difat = b"".join(
            struct.pack("<128I", *some, *[FREE] * (127 - len(some)), first_more + at + 1 if at + 1 < more else END)
            for at, some in enumerate(rest)
        )
        head = (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
        )
        head += struct.pack(
            "<IIIIIIIII", 0, count, directory, 0, 4096, mini_fat, int(bool(self.mini)), first_more, more
        )
        head += struct.pack("<109I", *places[:109], *[FREE] * (109 - len(places[:109])))
        return head + b"".join(self.sectors) + table + difat


def _msg_text(tag: int, value: str) -> dict[str, bytes]:
    return {f"__substg1.0_{tag:04X}001F": value.encode("utf-16-le")}


def _msg_properties(start: int, numbers: Mapping[int, int], texts: Mapping[str, object]) -> dict[str, bytes]:
    found = b"".join(
        struct.pack("<HHIQ", 3 if tag != 0x0039 else 0x40, tag, 6, value) for tag, value in numbers.items()
    )
    for name in texts:
        if name.startswith("__substg1.0_") and name.endswith(("001F", "0102")):
            found += struct.pack("<HHIQ", int(name[16:], 16), int(name[12:16], 16), 6, 0)
    return {"__properties_version1.0": b"\0" * start + found}


def msg_file(name: str, data: bytes) -> dict[str, Union[bytes, "Tree"]]:
    """An attachment in a .msg, by value."""
    texts = {**_msg_text(0x3707, name), **_msg_text(0x3704, "BUDGET~1.XLS"), "__substg1.0_37010102": data}
    return {**texts, **_msg_properties(8, {0x3705: 1}, texts)}


def msg_link(name: str) -> dict[str, Union[bytes, "Tree"]]:
    """An attachment that is only a link to a file somewhere."""
    texts = _msg_text(0x3707, name)
    return {**texts, **_msg_properties(8, {0x3705: 7}, texts)}


def msg_inner(tree: Tree) -> dict[str, Union[bytes, "Tree"]]:
    """A message in a message."""
    texts = _msg_text(0x3001, "VB Budget")
    return {**texts, "__substg1.0_3701000D": tree, **_msg_properties(8, {0x3705: 5}, texts)}


def msg_tree(files: Iterable[Tree], *, start: int = 32, transport: str = "", kind: str = "IPM.Note") -> Tree:
    """What a .msg holds."""
    texts = {
        **_msg_text(0x001A, kind),
        **_msg_text(0x0037, HEADERS["Subject"]),
        **_msg_text(0x5D02, "Anna.Ek@Exempelby.se"),
        **_msg_text(0x1035, "<2@exempelby.se>"),
        **_msg_text(0x1000, "Hej"),
        **(_msg_text(0x007D, transport) if transport else {}),
    }
    sent = int((datetime(2025, 8, 21, 8, 15, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    people = {}
    for number, (address, role) in enumerate((("budget@exempelby.se", 1), ("chef@exempelby.se", 2))):
        who = _msg_text(0x39FE, address)
        people[f"__recip_version1.0_#{number:08X}"] = {**who, **_msg_properties(8, {0x0C15: role}, who)}
    lie = {f"__attach_version1.0_#{number:08X}": file for number, file in enumerate(files)}
    return {**texts, **_msg_properties(start, {0x0039: sent}, texts), **people, **lie}


def msg(files: Iterable[Tree], transport: str = "", kind: str = "IPM.Note") -> bytes:
    """A .msg as Outlook saves it."""
    return Cfb(msg_tree(files, transport=transport, kind=kind)).bytes


def encrypted_workbook() -> bytes:
    """A workbook with a password: an OLE file that isn't a message."""
    return Cfb({"EncryptedPackage": b"\1" * 5000, "EncryptionInfo": b"\2" * 200}).bytes
