"""Messages made to take a program's time, memory or life."""

import base64
import struct
import zlib
from collections.abc import Callable
from functools import cache

from tests.mail import builders as b

MIB = 1024 * 1024
BOOK = b.workbook()
MIXED = 'multipart/mixed; boundary="b"'


def _in_all(start: bytes, piece: bytes, size: int, end: bytes = b"") -> bytes:
    return start + piece * ((size - len(start)) // len(piece)) + end


def _multipart(piece: bytes, size: int) -> bytes:
    return _in_all(b.letter(b.headed({"Content-Type": MIXED}, b"")), piece, size)


def deep_multipart(levels: int) -> bytes:
    """Multiparts in each other, a workbook in the innermost."""
    part = b.attached(BOOK)
    for level in range(levels):
        part = b.several(part, boundary=f"b{level}x")
    return b.letter(part)


def deep_messages(levels: int, size: int = 0) -> bytes:
    """Forwarded messages in each other."""
    message = b.letter(b.attached(b.workbook("1", size)))
    for _ in range(levels):
        message = b.letter(b.forwarded(message))
    return message


@cache
def bomb(size: int, copies: int = 1, wrong: bool = False) -> bytes:
    """A zip whose every entry is the same ``size`` zeros. ``wrong``: none has the right checksum."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = packer.compress(bytes(size)) + packer.flush()
    checksum = zlib.crc32(bytes(size)) ^ int(wrong)
    sizes = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, checksum, len(content), size, 1, 0)
    body = b"PK\3\4" + sizes + b"x" + content
    directory = (b"PK\1\2\x14\0" + sizes + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"x") * copies
    return (
        body
        + directory
        + b"PK\5\6"
        + struct.pack("<HHHHIIH", 0, 0, copies & 0xFFFF, copies & 0xFFFF, len(directory), len(body), 0)
    )


def shared_stream(copies: int, size: int) -> bytes:
    """A .msg where every attachment is the same stream."""
    data = bytearray(b.msg([b.msg_file("A.xlsx", b"x" * size), *[b.msg_file("B.xlsx", b"") for _ in range(copies)]]))
    name = "__substg1.0_37010102".encode("utf-16-le")
    first = data.find(name)
    at = first
    while (at := data.find(name, at + 1)) >= 0:
        data[at + 116 : at + 128] = data[first + 116 : first + 128]
    return bytes(data)


def looping_item() -> bytes:
    """A .msg whose allocation table and directory run in circles."""
    data = bytearray(b.msg([b.msg_file("A.xlsx", BOOK * 20)]))
    fat = (int.from_bytes(data[76:80], "little") + 1) * 512
    for at in range(fat, fat + 512, 4):
        data[at : at + 4] = struct.pack("<I", 1)
    return bytes(data)


def large_directory(entries: int) -> bytes:
    """An Outlook item with a directory of many megabytes."""
    return b.Cfb(
        {"__properties_version1.0": b"", **{f"__attach_version1.0_#{at:08X}": {} for at in range(entries)}}
    ).bytes


def tnef_of(attribute: bytes, size: int) -> bytes:
    """A winmail.dat that is one attribute again and again."""
    return b.letter(b.headed({"Content-Type": "application/ms-tnef"}, _in_all(b.tnef([]), attribute, size)))


EMPTY = struct.pack("<BHHIH", 2, 0x9002, 6, 0, 0)
CLAIM = struct.pack("<BHHI", 1, 0x9003, 6, 12) + b"\xff\xff\xff\xff\x02\x00\x00\x10\xff\xff\xff\xff" + b"\0\0"
ATTACKS: dict[str, Callable[[], bytes]] = {
    "840 kB of encoded words as subject": lambda: b.letter(
        b.attached(BOOK), Subject="\r\n ".join(["=?utf-8?q?=C3=A4=C3=B6?="] * 33_000)
    ),
    "39 MiB of headers": lambda: _in_all(b"Subject: x\r\n", b"a:b\r\n", 39 * MIB),
    "one header of 39 MiB": lambda: _in_all(b"Subject: x\r\nTo: ", b"a@x.se,", 39 * MIB),
    "39 MiB of folded lines": lambda: _in_all(b"Subject: x\r\n", b" \n", 39 * MIB),
    "1,000 parentheses": lambda: b.letter(b.attached(BOOK), From="(" * 1000 + "anna@x.se" + ")" * 1000 + " bo@x.se"),
    "30,000 parentheses": lambda: b.letter(b.attached(BOOK), To="(" * 30_000),
    "quotation marks and backslashes": lambda: b.letter(b.attached(BOOK), To='"\\' * 30_000, Content_Type='x; a="\\' * 4000),
    "10,000 addresses": lambda: b.letter(b.attached(BOOK), To=", ".join(f"n{at} <n{at}@x.se>" for at in range(10_000))),
    "multipart 1,000 deep": lambda: deep_multipart(1000),
    "1,000 messages deep": lambda: deep_messages(1000),
    "8 messages deep around 28 MB": lambda: deep_messages(8, 28_000_000),
    "5,000 parts": lambda: b.letter(b.several(*[b.attached(BOOK, f"{at}.xlsx") for at in range(5000)])),
    "millions of parts": lambda: _multipart(b"--b\n", 39 * MIB),
    "millions of almost boundaries": lambda: _multipart(b"\n--bx", 39 * MIB),
    "millions of hyphens": lambda: _multipart(b"\n--\n", 39 * MIB).replace(b"multipart/mixed", b"text/plain"),
    "a zip bomb": lambda: b.letter(b.attached(bomb(1024 * MIB), "a.zip")),
    "a zip of 500 bombs in the same place": lambda: b.letter(b.attached(bomb(30 * MIB, 500), "a.zip")),
    "500 bombs with wrong checksums": lambda: b.letter(b.attached(bomb(30 * MIB, 500, wrong=True), "a.zip")),
    "100 zips with bombs": lambda: b.letter(b.several(*[b.attached(bomb(30 * MIB, 5), "a.zip")] * 100)),
    "a zip of 400,000 entries": lambda: b.letter(b.attached(bomb(10, 400_000), "a.zip")),
    "broken base64 around bombs": lambda: b.letter(
        b.several(*[b.attached(bomb(300 * MIB), "a.xlsx").replace(b"UEsD", b"U!EsD")] * 20)
    ),
    "base64 of padding": lambda: b.letter(b.headed({"Content-Transfer-Encoding": "base64"}, b"A=" * 19 * MIB)),
    "a workbook of 28 MB": lambda: b.letter(b.several(b.text(), b.attached(b.workbook("1", 28_000_000)))),
    "a workbook of 28 MB in one line": lambda: b.letter(
        b.headed({"Content-Transfer-Encoding": "base64"}, base64.b64encode(b.workbook("1", 28_000_000)))
    ),
    "28 MB of quoted-printable": lambda: b.letter(b.headed({"Content-Transfer-Encoding": "quoted-printable"}, b"=C3=A4" * 5_000_000)),
    "28 MB of uuencode": lambda: b.letter(b.headed({}, b.uuencoded(b.workbook("1", 28_000_000), "a.xlsx"))),
    "uuencode of blank lines": lambda: _in_all(b.letter(b.headed({}, b"begin 644 a\n")), b"\n", 39 * MIB),
    "uuencode that begins again and again": lambda: _in_all(b.letter(b.headed({}, b"")), b"begin 644 a\n", 39 * MIB),
    "uuencode that almost begins": lambda: _in_all(b.letter(b.headed({}, b"")), b"begin", 39 * MIB),
    "base64 that begins again and again": lambda: _in_all(b.letter(b.headed({}, b"")), b"UEsDB\n", 39 * MIB),
    "tnef that claims four billion properties": lambda: tnef_of(CLAIM, 1000),
    "tnef of three million properties' claims": lambda: tnef_of(CLAIM, 39 * MIB),
    "tnef of three million files": lambda: tnef_of(EMPTY, 39 * MIB),
    "an item that runs in circles": looping_item,
    "an item with a directory of 25 MB": lambda: large_directory(200_000),
    "an item with 400 times the same 30 MB": lambda: shared_stream(400, 30 * MIB),
    "an item with 20,000 files": lambda: b.msg([b.msg_file("A.xlsx", BOOK)] * 1500),
    "zeros": lambda: bytes(39 * MIB),
    "too large": lambda: b.letter(b.attached(b.workbook("1", 40_000_000))),
}  # fmt: skip
"""Each makes its message when it is asked for: some are large."""
