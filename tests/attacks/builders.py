"""The attacks: each makes of an honest answer's parts what is sent instead."""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.attacks.zips import Member, changed, members, zipped
from tests.mess import hands as h
from tests.office.a1 import letters
from tests.office.xmledit import Edit

MIB = 2**20
Parts = dict[str, bytes]
Build = Callable[[Parts], bytes]
BUDGET = "Budget"
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@dataclass(frozen=True)
class Attack:
    """A file, and the codes that it may end in; an empty code: it is read, and read right."""

    name: str
    build: Build
    codes: tuple[str, ...]


def attack(name: str, build: Build, *codes: str) -> Attack:
    """One attack, for the tables."""
    return Attack(name, build, codes)


# packages that lie


def with_part(name: str, data: bytes, **changes: object) -> Build:
    """One more part, with something untrue about it."""
    return lambda parts: changed({**parts, name: data}, name, **changes)


def many(count: int) -> Build:
    """So many parts more."""
    return lambda parts: zipped([*members(parts), *(Member(f"xl/media/{n}.png", b"x", 0) for n in range(count))])


def fat(parts: Parts) -> bytes:
    """Three parts that are 300 MB together, each plausible."""
    line = Random(1).randbytes(MIB // 24)
    piece = b"".join(line[:n] + bytes(24 * len(line) - n) for n in range(0, len(line), len(line) // 6))[: 10 * MIB]
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = deflate.compress(piece * 10) + deflate.flush()
    big = Member("", size=100 * MIB, packed=packed, crc=zlib.crc32(piece * 10))
    return zipped([*members(parts), *(replace(big, name=f"xl/media/{n}.bin") for n in range(3))])


def overlapping(parts: Parts) -> bytes:
    """A part whose header and bytes lie inside another's: each file counts twice."""
    inner = zipped([Member("xl/media/inre.png", b"x" * 99, 0)])[: 30 + 17 + 99]
    outer = Member("xl/media/yttre.png", inner, 0)
    at = len(zipped(members(parts))) - len(_records(zipped(members(parts))))
    hidden = Member("xl/media/inre.png", b"x" * 99, 0, offset=at + 30 + len(outer.name))
    return zipped([*members(parts), outer, hidden])


def shared_body(parts: Parts) -> bytes:
    """Many records of the same bytes, as in a bomb of overlapping parts."""
    at = len(zipped(members(parts))) - len(_records(zipped(members(parts))))
    body = Member("xl/media/a.png", b"x" * MIB)
    return zipped([*members(parts), body, *(Member(f"xl/media/a{n}.png", body.data, offset=at) for n in range(50))])


def _records(data: bytes) -> bytes:
    return data[data.index(b"PK\1\2") :]


def two_ends(parts: Parts) -> bytes:
    """Two whole packages, one in the comment of the other: which one is read?"""
    return zipped(members(parts), comment=zipped([Member("xl/workbook.xml", b"<x/>")]))


def end_between(parts: Parts) -> bytes:
    """An end mark in a part's own header, where no data lies."""
    return zipped([*members(parts), Member("xl/PK\5\6" + "\1" * 18 + ".png", b"x")])


def cut(share: float) -> Build:
    """The first part of the file."""
    return lambda parts: (data := zipped(members(parts)))[: int(len(data) * share)]


def flipped(parts: Parts) -> bytes:
    """A byte of a stored part was changed on the way."""
    data = bytearray(zipped([*members(parts), Member("xl/media/a.png", b"hela bilden", 0)]))
    at = data.index(b"hela bilden")
    data[at] ^= 1
    return bytes(data)


PACKAGES = (
    attack("too large", with_part("xl/media/a.png", Random(1).randbytes(26 * MIB), method=0), "XS014"),
    attack("a part too large", with_part("xl/media/a.bin", b"", size=129 * MIB, packed=b"x" * 3 * MIB), "XS014"),
    attack("too large together", fat, "XS014"),
    attack("ratio", with_part("xl/media/a.bin", bytes(2 * MIB)), "XS018"),
    attack("ratio in the sheet", lambda parts: zipped(members(padded(parts, 40 * MIB))), "XS018"),
    attack("ratio that is denied", with_part("xl/media/a.bin", bytes(50 * MIB), size=1000), "XS019"),
    attack("too many parts", many(2_001), "XS018"),
    attack("overlapping parts", overlapping, "XS019"),
    attack("parts that share their bytes", shared_body, "XS019"),
    attack("another name in the header", with_part("xl/a.xml", b"<x/>", local_name="xl/b.xml"), "XS019"),
    attack("bzip2", with_part("xl/media/a.png", b"x", method=12, packed=b"BZh"), "XS019"),
    attack("a part locked with a password", with_part("xl/media/a.png", b"x", method=0, flags=1), "XS002"),
    attack("twice", lambda parts: zipped([*members(parts), Member("xl/workbook.xml", b"<x/>")]), "XS019"),
    attack("twice but for case", lambda parts: zipped([*members(parts), Member("XL/Workbook.xml", b"<x/>")]), "XS019"),
    *(
        attack(f"name {name!r}", with_part(name, b"x"), "XS019")
        for name in ("../x.xml", "xl/../../x.xml", "/etc/x", "xl\\x.xml", "C:/x.xml", "xl/\0x")
    ),
    attack("two ends", two_ends, "XS019"),
    attack("an end in a header", end_between, "XS019"),
    attack("something in front", lambda parts: zipped(members(parts), prefix=b"PK\3\4" + bytes(60)), "XS019"),
    attack("something after", lambda parts: zipped(members(parts), tail=b"<script>alert(1)</script>"), "XS019"),
    attack("false checksum", with_part("xl/a.xml", b"<x/>", crc=1), "XS003"),
    attack("false size", with_part("xl/a.xml", b"<x/>", size=9), "XS003"),
    attack("not deflated", with_part("xl/a.xml", b"<x/>", packed=b"\xff" * 9), "XS003"),
    attack("a changed byte", flipped, "XS003"),
    *(attack(f"cut at {share}", cut(share), "XS003") for share in (0.01, 0.3, 0.7, 0.99)),
)


# forbidden content


def linked(name: str, kind: str, content: bytes = b"<x/>") -> Build:
    """A part that the workbook points to."""

    def build(parts: Parts) -> bytes:
        edit = Edit(zipped(members(parts)))
        h.add_part(name, content, kind)(edit)
        return edit.bytes()

    return build


def live_link(kind: str) -> Build:
    """A link to another program."""
    link = f'<externalLink xmlns="{_NAMESPACE}"><{kind} ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    return linked("xl/externalLinks/externalLink1.xml", "externalLink", link.encode())


def prolog(start: str, encoding: str = "utf-8") -> Build:
    """A sheet that begins so."""

    def build(parts: Parts) -> bytes:
        name, text = sheet_of(parts)
        body = re.sub(r"^<\?xml[^>]*\?>\s*", "", text)
        return zipped(members({**parts, name: (start + body).encode(encoding)}))

    return build


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]>'
FETCH = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">'
CONTENTS = (
    attack("macros", linked("xl/vbaProject.bin", "vbaProject"), "XS012"),
    attack("macros by another name", linked("xl/printerSettings.bin", "vbaProject"), "XS012"),
    attack("macros in another case", linked("xl/VBAPROJECT.BIN", "x"), "XS012"),
    attack("old macro sheet", linked("xl/macrosheets/sheet1.xml", "xlMacrosheet"), "XS012"),
    attack("old macro sheet by another name", linked("xl/worksheets/s.xml", "xlIntlMacrosheet"), "XS012"),
    attack("dialogue sheet", linked("xl/dialogsheets/sheet1.xml", "dialogsheet"), "XS012"),
    attack("control", linked("xl/activeX/activeX1.xml", "control"), "XS021"),
    attack("embedded object", linked("xl/embeddings/oleObject1.bin", "oleObject"), "XS021"),
    attack("embedded document", linked("xl/media/a.docx", "package"), "XS021"),
    attack("link to a program", live_link("ddeLink"), "XS020"),
    attack("linked object", live_link("oleLink"), "XS020"),
    attack("billion laughs", prolog(LAUGHS), "XS022"),
    attack("fetches a file", prolog(FETCH), "XS022"),
    attack("type after a comment", prolog(f"<!-- {'x' * 900} --><!DOCTYPE x>"), "XS022"),
    attack("type in UTF-16", prolog(f"\ufeff{LAUGHS}", "utf-16-le"), "XS022"),
    attack("type in UTF-16, big", prolog(f"\ufeff{LAUGHS}", "utf-16-be"), "XS022"),
    attack("a comment without end", prolog("<!--" + "x" * 80_000), "XS019"),
    attack("unreadable encoding", prolog('<?xml version="1.0" encoding="cp037"?>'), "XS019"),
)


# what isn't a workbook


def office_package(mimetype: bytes) -> bytes:
    """An OpenDocument package."""
    return zipped([Member("mimetype", mimetype, 0), Member("content.xml", b"<x/>")])


OTHERS = (
    attack("empty", lambda _: b"", "XS004"),
    attack("locked with a password", lambda _: h.OLE + bytes(900) + "EncryptedPackage".encode("utf-16-le"), "XS002"),
    attack("old Excel named xlsx", lambda _: h.OLE + bytes(900) + "Workbook".encode("utf-16-le"), "XS002"),
    attack("Outlook message", lambda _: h.OLE + bytes(900) + "__substg1.0_".encode("utf-16-le"), "XS001"),
    attack("ods", lambda _: office_package(b"application/vnd.oasis.opendocument.spreadsheet"), "XS001"),
    attack("csv", lambda _: "Konto;Budget\n6430;12\n6440;13\n".encode("cp1252"), "XS001"),
    attack("csv in UTF-16", lambda _: "\ufeffKonto\tBudget\n6430\t12\n".encode("utf-16-le"), "XS001"),
    attack("web page", lambda _: b"\xef\xbb\xbf\r\n<!DOCTYPE html><html><a href='https://x.example'>x</a>", "XS001"),
    attack("shortcut", lambda _: b"[InternetShortcut]\r\nURL=https://x.example", "XS001"),
    attack("pdf", lambda _: b"%PDF-1.7\n1 0 obj", "XS001"),
    attack("zip of a workbook", lambda parts: zipped([Member("Budget.xlsx", zipped(members(parts)))]), "XS001"),
    attack("empty zip", lambda _: zipped([]), "XS001"),
    attack("random", lambda _: Random(3).randbytes(50_000), "XS001"),
    attack("only a signature", lambda _: b"PK\3\4", "XS003"),
)


# what passes the gate and must be survived by the readers


def sheet_of(parts: Parts, title: str = BUDGET) -> tuple[str, str]:
    """(part, text) of a sheet."""
    edit = Edit(zipped(members(parts)))
    name = edit.package.sheets()[title]
    return name, parts[name].decode()


def padded(parts: Parts, size: int) -> Parts:
    """The same with a sheet that is mostly space."""
    name, text = sheet_of(parts)
    return {**parts, name: text.replace("<sheetData>", " " * size + "<sheetData>").encode()}


def sheet(change: Callable[[str], str], encoding: str = "utf-8") -> Build:
    """The budget sheet written otherwise."""

    def build(parts: Parts) -> bytes:
        name, text = sheet_of(parts)
        new = change(text)
        assert new != text or encoding != "utf-8"
        return zipped(members({**parts, name: new.encode(encoding)}))

    return build


def last_rows(rows: str) -> Build:
    """More rows at the end of the budget sheet."""
    return sheet(lambda text: text.replace("</sheetData>", f"{rows}</sheetData>"))


def after_data(xml: str) -> Build:
    """Something after the cells, where merges and links stand."""
    mark = r"<(mergeCells|conditionalFormatting|dataValidations)\b"
    return sheet(lambda text: re.sub(mark, rf"{xml}<\1", text, count=1))


def dimension(ref: str) -> Build:
    """The sheet lies about its size."""
    return sheet(lambda text: text.replace("<sheetViews>", f'<dimension ref="{ref}"/><sheetViews>'))


def lying_strings(parts: Parts) -> bytes:
    """Shared strings that claim to be four billion."""
    text = parts["xl/sharedStrings.xml"].decode()
    lie = re.sub(r'(count|uniqueCount)="\d+"', r'\1="4294967295"', text)
    assert lie != text
    return zipped(members({**parts, "xl/sharedStrings.xml": lie.encode()}))


def amount(xml: str) -> Build:
    """The first typed amount is written so. ``{ref}`` and ``{style}`` are filled in."""

    def build(parts: Parts) -> bytes:
        edit = Edit(zipped(members(parts)))
        name = edit.package.sheets()[BUDGET]
        ref = edit.at("budget", edit_row(edit), "change")[1]
        text = parts[name].decode()
        cell = re.search(rf'<c r="{ref}"([^>]*?)(?:/>|>.*?</c>)', text)
        assert cell is not None
        return zipped(members({**parts, name: text.replace(cell[0], xml.format(ref=ref)).encode()}))

    return build


def row_twice(parts: Parts) -> bytes:
    """The row of the first typed amount comes once more, last, with another amount."""
    edit = Edit(zipped(members(parts)))
    ref = edit.at("budget", edit_row(edit), "change")[1]
    number = re.sub(r"\D", "", ref)
    return last_rows(f'<row r="{number}"><c r="{ref}"><v>9000</v></c></row>')(parts)


def edit_row(edit: Edit) -> str:
    """The row whose amount is written otherwise: the first that takes one."""
    table = edit.table("budget")
    column = table.columns["change"]
    rows = edit.rows(table.sheet)
    return next(row for row, at in table.rows.items() if isinstance(rows[at].get(column), int | float))


def strict(parts: Parts) -> bytes:
    """The same workbook in the strict variant of the format."""
    spelled = {_NAMESPACE: "spreadsheetml/main", _TYPE: "officeDocument/relationships"}
    turned = dict(parts)
    for usual, short in spelled.items():
        new = f"http://purl.oclc.org/ooxml/{short}".encode()
        turned = {name: data.replace(usual.encode(), new) for name, data in turned.items()}
    return zipped(members(turned))


def deep(parts: Parts) -> bytes:
    """A workbook part nested a million levels."""
    name = "xl/workbook.xml"
    nested = "<a>" * 10**6 + "</a>" * 10**6
    data = parts[name].decode().replace("</workbook>", f"{nested}</workbook>").encode()
    return changed({**parts, name: data}, name, method=0)


def swarm(parts: Parts) -> bytes:
    """Six million cells in 100 MB."""
    random = Random(5)
    row = "".join(f'<c r="{letters(n)}{{n}}"><v>{random.randrange(10**6)}</v></c>' for n in range(1, 200))
    rows = "".join(f'<row r="{n}">{row.replace("{n}", str(n))}</row>' for n in range(5000, 22_000))
    return last_rows(rows)(parts)


def other_book(parts: Parts) -> bytes:
    """A workbook that fetches values from another."""
    edit = Edit(zipped(members(parts)))
    h.external_link(edit)
    return edit.bytes()


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
BEYOND = '<row r="9999999"><c r="XFD9999999"><v>1</v></c></row>'
BESIDE = '<row r="999"><c r="ZZZ999"><v>1</v></c></row>'
MERGES = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
LINKS = '<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>'
READERS = (
    attack("a cell in the last corner", last_rows(FAR), "XS015"),
    attack("a cell beyond the last row", last_rows(BEYOND), "XS015"),
    attack("a cell beyond the last column", last_rows(BESIDE), ""),
    attack("a row number without end", last_rows(f'<row r="{"9" * 5000}"><c><v>1</v></c></row>'), "XS003"),
    attack("a negative row", last_rows('<row r="-5"><c><v>1</v></c></row>'), "XS023"),
    attack("the whole grid merged", after_data(MERGES), ""),
    attack("the whole grid a link", after_data(LINKS), ""),
    attack("dimension too large", dimension("A1:XFD1048576"), ""),
    attack("dimension too small", dimension("A1:A1"), ""),
    attack("false count of strings", lying_strings, "XS015", ""),
    attack("a negative string", amount('<c r="{ref}" t="s"><v>-1</v></c>'), "XS204"),
    attack("a string that isn't there", amount('<c r="{ref}" t="s"><v>999999999</v></c>'), "XS023"),
    attack("the amount twice", amount('<c r="{ref}"><v>1</v></c><c r="{ref}"><v>2000</v></c>'), "XS221"),
    attack("the row twice", row_twice, "XS221"),
    attack("digits with a line", amount('<c r="{ref}"><v>1_000</v></c>'), "XS221"),
    attack("not a number", amount('<c r="{ref}"><v>NaN</v></c>'), "XS204"),
    attack("infinite", amount('<c r="{ref}"><v>1e999</v></c>'), "XS216", "XS221"),
    attack("digits of another script", amount('<c r="{ref}"><v>\u0661\u0662</v></c>'), "XS221"),
    attack("a sheet in UTF-16", sheet(lambda text: re.sub(r"^<\?xml[^>]*\?>", "\ufeff", text), "utf-16-le"), "XS023"),
    attack("strict variant", strict, ""),
    attack("a sheet without end", sheet(lambda text: text.replace("</sheetData>", "")), "XS003"),
    attack("deep nesting", deep, ""),
    attack("a link to another workbook", other_book, "XS013"),
)


def parts_of(data: bytes) -> Parts:
    """The parts of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}
