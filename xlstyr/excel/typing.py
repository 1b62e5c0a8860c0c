"""Lays people's answers in an issued workbook as Excel does when a person types and saves.

Used by the demonstration and by tests, so it shares nothing with the code that draws: the package's XML is edited,
cells are found by their marks (see ``layout.raw``) and everything that isn't typed into keeps its bytes.

Excel recalculates on saving; this can't. Formulas keep the cached values of the empty workbook **on purpose**, so what
is written here carries stale values: a reader must never rely on a cached value. ``fullCalcOnLoad`` makes Excel compute
them when a person opens the file; LibreOffice keeps them unless its settings say otherwise.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from typing import Protocol
from xml.sax.saxutils import escape

from xlstyr.excel.keyboard import Keyboard, written
from xlstyr.excel.zipped import Member, zipped
from xlstyr.layout.raw import ID, MARK
from xlstyr.model.errors import XlstyrError

BOOK = "xl/workbook.xml"
CONTENT_TYPES = "[Content_Types].xml"
CORE = "docProps/core.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
STRINGS = "xl/sharedStrings.xml"
STYLES = "xl/styles.xml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_STRINGS_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"

_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
_ROW = re.compile(r'<row\b[^>]*?\br="(\d+)"[^>]*?(?:/>|>(.*?)</row>)', re.DOTALL)
_CELL = re.compile(r'<c\b([^>]*?)\br="([A-Z]+)\d+"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_STYLE = re.compile(r'\bs="(\d+)"')
_TYPE = re.compile(r'\bt="(\w+)"')
_VALUE = re.compile(r"<v>(.*?)</v>", re.DOTALL)
_TEXT = re.compile(r"<t(?:\s[^>]*)?>(.*?)</t>", re.DOTALL)
_ITEM = re.compile(r"<si>(?:<t(?:\s[^>]*)?>([^<]*)</t></si>|(.*?)</si>)|<si/>", re.DOTALL)
_PHONETIC = re.compile(r"<rPh\b.*?</rPh>", re.DOTALL)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_SST = re.compile(r"<sst\b[^>]*>|<sst\b[^>]*/>")
_COUNT = re.compile(r'\bcount="(\d+)"')


class Typed(Protocol):
    """One cell that somebody typed: where, by machine keys, and exactly what."""

    @property
    def table(self) -> str:
        """Key of the table or form."""

    @property
    def row(self) -> str:
        """Id of the row; the field's key in a form."""

    @property
    def column(self) -> str:
        """Key of the column; ``value`` in a form."""

    @property
    def text(self) -> str:
        """What was typed; nothing empties the cell."""


def type_answers(workbook: bytes, typed: Sequence[Typed], by: str = "xlstyr demo") -> bytes:
    """``workbook`` with ``typed`` laid in its cells: the same bytes for the same answers.

    A number, a percentage and an ISO date become what Swedish Excel makes of them, in a cell formatted as text nothing
    but text; everything else is text (calculations such as ``=1+1`` too: nobody's answers hold any). The cells keep
    their style, whether locked or not. Cached values of formulas are stale afterwards; see the module. ``by``: who
    saved last.

    Raises:
        XlstyrError: a mark can't be found, or the cell holds a formula.
    """
    package = _Package(workbook)
    strings = _Strings(package.text(STRINGS))
    excel = Keyboard(package.text(STYLES), package.text(BOOK))
    by_table: dict[str, list[Typed]] = {}
    for one in typed:
        by_table.setdefault(one.table, []).append(one)
    for name in package.sheets():
        if not by_table:
            break
        xml = package.text(name)
        if not strings.may_hold(xml, by_table):
            continue
        sheet = _Sheet(xml, strings)
        for key in [key for key in by_table if key in sheet.tables]:
            for one in by_table.pop(key):
                sheet.write(one, excel)
        if sheet.edits:
            package.put(name, sheet.edited())
    for missing in (answers[0] for answers in by_table.values()):
        raise XlstyrError(f"no table {missing.table} for row {missing.row}, column {missing.column}")
    _save(package, strings, by)
    return package.packed()


def _save(package: "_Package", strings: "_Strings", by: str) -> None:
    if strings.added or strings.used:
        if package.text(STRINGS) == "":
            part = f'<Override PartName="/{STRINGS}" ContentType="{_STRINGS_TYPE}"/></Types>'
            package.put(CONTENT_TYPES, package.text(CONTENT_TYPES).replace("</Types>", part))
            relation = f'<Relationship Id="rIdStrings" Type="{_STRINGS_RELATION}" Target="sharedStrings.xml"/>'
            rels = package.text(RELATIONS).replace("</Relationships>", f"{relation}</Relationships>")
            package.put(RELATIONS, rels)
        package.put(STRINGS, strings.xml())
    package.put(BOOK, _calculated_on_load(package.text(BOOK)))
    if core := package.text(CORE):
        package.put(CORE, _saved_by(core, by))


class _Package:
    """The members of a workbook; what isn't changed is copied as it is packed."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.infos = {info.filename: info for info in archive.infolist()}
        self.changed: dict[str, str] = {}

    def sheets(self) -> list[str]:
        """The worksheets' parts, in the order they are packed."""
        return [name for name in self.infos if _SHEET_PART.fullmatch(name)]

    def text(self, name: str) -> str:
        """The part ``name``; empty when there is none."""
        if name in self.changed:
            return self.changed[name]
        info = self.infos.get(name)
        if info is None:
            return ""
        raw = self._raw(info)
        return (zlib.decompress(raw, -15) if info.compress_type == zipfile.ZIP_DEFLATED else raw).decode()

    def put(self, name: str, text: str) -> None:
        """Gives the part ``name`` a new text."""
        self.changed[name] = text

    def packed(self) -> bytes:
        """The package, zipped."""
        members = [Member.of(name, text.encode()) for name, text in self.changed.items()]
        for name, info in self.infos.items():
            if name in self.changed:
                continue
            raw = self._raw(info)
            deflated = info.compress_type == zipfile.ZIP_DEFLATED
            members.append(Member(name, info.CRC, info.file_size, raw) if deflated else Member.of(name, raw))
        return zipped(members)

    def _raw(self, info: zipfile.ZipInfo) -> bytes:
        """The bytes of a member as they stand, packed (the local header says how long it is itself)."""
        lengths = self.data[info.header_offset + 26 : info.header_offset + 30]
        start = info.header_offset + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        return self.data[start : start + info.compress_size]


class _Strings:
    """The shared strings: those that stand, and those that are typed."""

    def __init__(self, xml: str) -> None:
        self.part = xml
        self.items = _items(xml)
        self.numbers = {item: number for number, item in reversed(list(enumerate(self.items)))}
        self.added: list[str] = []
        self.used = 0

    def may_hold(self, sheet: str, tables: Iterable[str]) -> bool:
        """Whether a mark of ``tables`` may stand on ``sheet``: a quick look that never misses."""
        for table in tables:
            mark = MARK + table
            if mark in sheet or (mark in self.numbers and f"<v>{self.numbers[mark]}</v>" in sheet):
                return True
        return False

    def number(self, text: str) -> int:
        """The number of ``text``, which one more cell holds."""
        self.used += 1
        if text not in self.numbers:
            self.numbers[text] = len(self.items) + len(self.added)
            self.added.append(text)
        return self.numbers[text]

    def release(self) -> None:
        """A cell that held a shared string no longer does. The string itself stays, as it may."""
        self.used -= 1

    def xml(self) -> str:
        """The part, with what was added and its counts."""
        unique = len(self.items) + len(self.added)
        start = _SST.search(self.part)
        stated = _COUNT.search(start[0]) if start else None
        count = max((int(stated[1]) if stated else len(self.items)) + self.used, 0)
        counts = f'count="{count}" uniqueCount="{unique}"'
        items = "".join(_item(text) for text in self.added)
        if start is None or start[0].endswith("/>"):
            return f'{_HEAD}<sst xmlns="{_MAIN}" {counts}>{items}</sst>'
        bare = re.sub(r'\s(?:count|uniqueCount)="\d*"', "", start[0])
        end = self.part.rindex("</sst>")
        return f"{self.part[: start.start()]}{bare[:-1]} {counts}>{self.part[start.end() : end]}{items}</sst>"


def _items(xml: str) -> list[str]:
    return [_text(rich) if rich else _plain(simple) for simple, rich in _ITEM.findall(xml)]


def _text(xml: str) -> str:
    """The text in ``xml``: its runs put together, without readings."""
    if "<rPh" in xml:
        xml = _PHONETIC.sub("", xml)
    return _plain("".join(_TEXT.findall(xml)))


def _plain(text: str) -> str:
    if "&" in text:
        text = unescape(text)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _item(text: str) -> str:
    safe = escape(_TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
    space = ' xml:space="preserve"' if text != text.strip() or "\n" in text or "  " in text else ""
    return f"<si><t{space}>{safe}</t></si>"


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell's place in the sheet's XML, its attributes (without address) and what stands inside."""

    start: int
    end: int
    attributes: str
    inside: str

    @property
    def type(self) -> str:
        found = _TYPE.search(self.attributes)
        return found[1] if found else "n"

    @property
    def style(self) -> int:
        found = _STYLE.search(self.attributes)
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class _Table:
    """Where a table's columns (key → letters) and rows (id → number) stand."""

    columns: Mapping[str, str]
    rows: dict[str, int]


def _found(found: re.Match[str]) -> _Cell:
    return _Cell(found.start(), found.end(), found[1] + found[3], found[4] or "")


class _Sheet:
    """A sheet that is typed into."""

    def __init__(self, xml: str, strings: _Strings) -> None:
        self.xml = xml
        self.strings = strings
        self.rows = {int(row[1]): row.span(2) for row in _ROW.finditer(xml)}
        self.tables = self._tables()
        self.edits: dict[tuple[int, str], tuple[int, int, str]] = {}

    def _cells(self, row: int) -> dict[str, _Cell]:
        """The cells of a row by their letters."""
        return {found[2]: _found(found) for found in _CELL.finditer(self.xml, *self.rows[row])}

    def _at(self, row: int, letters: str) -> _Cell | None:
        """One cell, found without looking at the others of its row."""
        start, end = self.rows[row]
        at = self.xml.find(f' r="{letters}{row}"', start, end)
        found = _CELL.match(self.xml, self.xml.rindex("<c", start, at), end) if at >= 0 else None
        return _found(found) if found else None

    def _tables(self) -> dict[str, _Table]:
        """The tables by key, found as the reader finds them: marks in a key row, ids in the column ``id``."""
        tables: dict[str, _Table] = {}
        table: _Table | None = None
        for number in sorted(self.rows):
            mark = self.read(self._at(number, "A"))
            if mark.startswith(MARK):
                columns = {self.read(cell): letters for letters, cell in self._cells(number).items() if letters != "A"}
                table = tables.setdefault(mark.removeprefix(MARK), _Table(columns, {}))
            elif table is not None and ID in table.columns:
                row_id = self.read(self._at(number, table.columns[ID])).strip()
                if row_id:
                    table.rows.setdefault(row_id, number)
        return tables

    def read(self, cell: _Cell | None) -> str:
        """What ``cell`` holds, as text."""
        if cell is None or not cell.inside:
            return ""
        kind = cell.type
        if kind == "inlineStr":
            return _text(cell.inside)
        found = _VALUE.search(cell.inside)
        if found is None:
            return ""
        return self.strings.items[int(found[1])] if kind == "s" else _plain(found[1])

    def write(self, one: Typed, excel: Keyboard) -> None:
        """Lays one answer in its cell."""
        table = self.tables[one.table]
        letters, number = table.columns.get(one.column), table.rows.get(one.row)
        if letters is None or number is None:
            raise XlstyrError(f"table {one.table}: no row {one.row} with column {one.column}")
        cell = self._at(number, letters) or self._absent(number, letters)
        if "<f" in cell.inside:
            raise XlstyrError(f"table {one.table}: row {one.row}, column {one.column} is computed")
        earlier = self.edits.get((number, letters))
        if 't="s"' in (earlier[2] if earlier else cell.attributes):
            self.strings.release()
        xml = self._cell(f"{letters}{number}", cell.attributes, excel.value(one.text, cell.style))
        self.edits[number, letters] = (cell.start, cell.end, xml)

    def _absent(self, number: int, letters: str) -> _Cell:
        """The place of a cell that doesn't stand in its row."""
        order = (len(letters), letters)
        after = (cell.start for other, cell in self._cells(number).items() if (len(other), other) > order)
        start = min(after, default=self.rows[number][1])
        return _Cell(start, start, "", "")

    def _cell(self, ref: str, attributes: str, value: str | Decimal | None) -> str:
        style = _STYLE.search(attributes)
        start = f'<c r="{ref}"' + (f" {style[0]}" if style else "")
        match value:
            case None:
                return f"{start}/>"
            case Decimal():
                return f"{start}><v>{written(value)}</v></c>"
        return f'{start} t="s"><v>{self.strings.number(value)}</v></c>'

    def edited(self) -> str:
        """The sheet with what was typed."""
        parts, at = [], 0
        for _, (start, end, xml) in sorted(
            self.edits.items(), key=lambda edit: (edit[1][0], len(edit[0][1]), edit[0][1])
        ):
            parts += [self.xml[at:start], xml]
            at = end
        return "".join((*parts, self.xml[at:]))


def _calculated_on_load(book: str) -> str:
    """The workbook's part, told to compute everything when it is opened."""
    found = re.search(r"<calcPr\b[^>]*>", book)
    if found:
        bare = re.sub(r'\sfullCalcOnLoad="\w*"', "", found[0])
        end = "/>" if bare.endswith("/>") else ">"
        return book.replace(found[0], f'{bare.removesuffix(end)} fullCalcOnLoad="1"{end}')
    for before in ("</definedNames>", "</externalReferences>", "</functionGroups>", "</sheets>"):
        if before in book:
            return book.replace(before, f'{before}<calcPr fullCalcOnLoad="1"/>', 1)
    return book


def _saved_by(core: str, by: str) -> str:
    element = f"<cp:lastModifiedBy>{escape(by)}</cp:lastModifiedBy>"
    replaced, count = re.subn(
        r"<cp:lastModifiedBy>.*?</cp:lastModifiedBy>|<cp:lastModifiedBy/>", lambda _: element, core
    )
    return replaced if count else core.replace("</cp:coreProperties>", f"{element}</cp:coreProperties>")
