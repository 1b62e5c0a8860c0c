"""A specimen taken apart: members copied as they are, and parts with tokens where copies differ."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import unescape

from xlstyr.excel.geometry import IDS, SEGMENT, VARIANTS, Geometry, Placed, column_at
from xlstyr.excel.prose import AXIS_MIN
from xlstyr.excel.slots import SLOT
from xlstyr.excel.specimen import Specimen
from xlstyr.layout.definition import Table
from xlstyr.model.errors import XlstyrError

_CELL = re.compile(
    r'<c r="([A-Z]+)(\d+)"(?: s="(\d+)")?(?: t="\w+")?>(?:<f>(.*?)</f>)?<v>(777\d{7})</v></c>', re.DOTALL
)
_ROW = re.compile(r'<row r="(\d+)"([^>]*?)(?:/>|>(.*?)</row>)', re.DOTALL)
_NUMBER = re.compile(r'(?<=[A-Z$])(\d{4,5})(?![\d(])|(?<=<row r=")(\d{4,5})(?=")|(?<=<xdr:row>)(\d{4,5})(?=</xdr:row>)')
_TOKEN = re.compile(r"%%(\w+)%%")
_SPAN = re.compile(r"\{\{(\w+):(\w+)\}\}")
_CACHE = re.compile(r"<c:(num|str)Cache>.*?</c:\1Cache>", re.DOTALL)
_MARKS = re.compile(
    r'<conditionalFormatting sqref="A1">(<cfRule [^>]*>)<formula>"%%marks%%"="x"</formula></cfRule>'
    r"</conditionalFormatting>"
)


@dataclass(frozen=True, slots=True)
class RowNumber:
    """A symbolic row number; ``shift`` is −1 in drawings, which count rows from 0."""

    symbol: int
    shift: int = 0


@dataclass(frozen=True, slots=True)
class OwnRow:
    """The number of the table row being written."""


@dataclass(frozen=True, slots=True)
class SpanRow:
    """The row that the row's own value ``key`` names in ``table`` (from 1)."""

    table: str
    key: str


@dataclass(frozen=True, slots=True)
class Token:
    """A text of the content, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class SlotCell:
    """A cell outside tables whose value differs; ``formula`` is None for a plain value."""

    letters: str
    row: RowNumber | int
    style: str
    number: int
    formula: "tuple[Piece, ...] | None"


@dataclass(frozen=True, slots=True)
class TableRows:
    """Where the rows of a table go."""

    table: str


@dataclass(frozen=True, slots=True)
class MarkedCells:
    """Where cells with findings get their look: the rule of the specimen around their addresses."""

    rule: str


Piece = str | RowNumber | OwnRow | SpanRow | Token
Part = tuple[Piece | SlotCell | TableRows | MarkedCells, ...]


@dataclass(frozen=True, slots=True)
class CellPrototype:
    """One cell of a prototype row: opening text up to the row number, style, and its formula."""

    letters: str
    style: str
    key: str
    formula: tuple[Piece, ...] | None


@dataclass(frozen=True)
class RowPrototype:
    """A prototype row of one variant: its attributes and its cells from the left."""

    attributes: str
    cells: tuple[CellPrototype, ...]


@dataclass
class Package:
    """Everything needed to stamp copies of one specimen."""

    geometry: Geometry
    specimen: Specimen
    fixed: list[tuple[zipfile.ZipInfo, bytes]] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    prototypes: dict[str, dict[str, RowPrototype]] = field(default_factory=dict)
    comments: dict[str, tuple[str, str]] = field(default_factory=dict)


def take_apart(specimen: Specimen) -> Package:
    """The package of ``specimen``, compiled once; stamping only joins its pieces."""
    package = Package(specimen.geometry, specimen)
    with zipfile.ZipFile(io.BytesIO(specimen.package)) as archive:
        sheets = _sheet_parts(archive)
        for info in archive.infolist():
            data = archive.read(info)
            if not info.filename.endswith((".xml", ".rels", ".vml")):
                package.fixed.append((info, data))
                continue
            text = data.decode("utf-8")
            if info.filename in sheets:
                package.parts[info.filename] = tuple(_sheet(text, sheets[info.filename], package))
            elif specimen.commented and _is_comment(info.filename):
                continue
            else:
                part = tuple(_other(info.filename, text))
                if any(not isinstance(piece, str) for piece in part):
                    package.parts[info.filename] = part
                else:
                    package.fixed.append((info, data))
        if specimen.commented:
            package.comments = _comment_parts(archive, sheets)
    return package


def _other(name: str, text: str) -> Iterator[Piece]:
    """A part that isn't a sheet: row numbers stand in names, drawings and the references of charts only."""
    if name.startswith("xl/charts/"):
        text = _CACHE.sub("", text).replace(f'<c:min val="{AXIS_MIN}"/>', '<c:min val="%%axis_min%%"/>')
        for place, piece in enumerate(re.split(r"(<c:f>.*?</c:f>)", text)):
            yield from pieces(piece) if place % 2 else _tokens(piece)
    elif name == "xl/workbook.xml" or name.startswith("xl/drawings/"):
        yield from pieces(text)
    else:
        yield from _tokens(text)


def _tokens(text: str) -> Iterator[Piece]:
    for place, piece in enumerate(_TOKEN.split(text)):
        yield Token(piece) if place % 2 else piece


def _is_comment(name: str) -> bool:
    return name.startswith(("xl/comments", "xl/drawings/vmlDrawing"))


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part name → sheet title."""
    titles = re.findall(r'<sheet name="([^"]+)"', archive.read("xl/workbook.xml").decode())
    return {f"xl/worksheets/sheet{n}.xml": unescape(t, {"&quot;": '"', "&apos;": "'"}) for n, t in enumerate(titles, 1)}


def _comment_parts(archive: zipfile.ZipFile, sheets: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Sheet title → (its comments part, its drawing part)."""
    found = {}
    for part, title in sheets.items():
        name = part.replace("worksheets/", "worksheets/_rels/") + ".rels"
        if name in archive.namelist():
            rels = archive.read(name).decode()
            comments = re.search(r'Target="\.\./(comments\d+\.xml)"', rels)
            drawing = re.search(r'Target="\.\./(drawings/vmlDrawing\d+\.vml)"', rels)
            if comments and drawing:
                found[title] = (f"xl/{comments[1]}", f"xl/{drawing[1]}")
    return found


def pieces(text: str, own: int | None = None) -> Iterator[Piece]:
    """``text`` split where symbolic rows, tokens and spans stand; ``own`` is the prototype's own row."""
    matches: list[tuple[int, int, Piece]] = []
    for found in _NUMBER.finditer(text):
        number = int(next(group for group in found.groups() if group))
        if found[3]:
            if number + 1 >= SEGMENT:
                matches.append((found.start(), found.end(), RowNumber(number + 1, -1)))
        elif number >= SEGMENT:
            matches.append((found.start(), found.end(), OwnRow() if number == own else RowNumber(number)))
    matches += [(found.start(), found.end(), Token(found[1])) for found in _TOKEN.finditer(text)]
    matches += [(found.start(), found.end(), SpanRow(found[1], found[2])) for found in _SPAN.finditer(text)]
    at = 0
    for start, end, piece in sorted(matches, key=lambda match: match[0]):
        yield text[at:start]
        yield piece
        at = end
    yield text[at:]


def _sheet(text: str, title: str, package: Package) -> Iterator[Piece | SlotCell | TableRows | MarkedCells]:
    head, data, tail = _split_data(text)
    yield from pieces(head)
    tables = _tables_on(package.geometry, title)
    for found in _ROW.finditer(data):
        number = int(found[1])
        place = number % SEGMENT if number >= SEGMENT else -1
        if 0 <= place < len(VARIANTS):
            placed = tables[number // SEGMENT]
            table = placed.block
            assert isinstance(table, Table)
            prototype = _prototype(found[2], found[3] or "", number, table)
            package.prototypes.setdefault(table.key, {})[VARIANTS[place]] = prototype
            if place == len(VARIANTS) - 1:
                yield TableRows(table.key)
        else:
            yield from _static_row(found[0])
    yield from _with_marks(tail)


def _split_data(text: str) -> tuple[str, str, str]:
    if "<sheetData/>" in text:
        head, tail = text.split("<sheetData/>", 1)
        return f"{head}<sheetData>", "", f"</sheetData>{tail}"
    head, rest = text.split("<sheetData>", 1)
    data, tail = rest.split("</sheetData>", 1)
    head = re.sub(r'<dimension ref="[^"]*"/>', "", head)
    return f"{head}<sheetData>", data, f"</sheetData>{tail}"


def _with_marks(tail: str) -> Iterator[Piece | MarkedCells]:
    found = _MARKS.search(tail)
    if found is None:
        yield from pieces(tail)
        return
    yield from pieces(tail[: found.start()])
    yield MarkedCells(re.sub(r'priority="\d+"', 'priority="1"', found[1]))
    yield from pieces(tail[found.end() :])


def _tables_on(geometry: Geometry, title: str) -> dict[int, Placed]:
    for sheet in geometry.sheets:
        if sheet.sheet.title == title:
            return {block.segment: block for block in sheet.blocks if isinstance(block.block, Table)}
    return {}


def _static_row(row: str) -> Iterator[Piece | SlotCell]:
    row = re.sub(r' spans="[\d:]+"', "", row)
    at = 0
    for found in _CELL.finditer(row):
        yield from pieces(row[at : found.start()])
        number = int(found[2])
        place = RowNumber(number) if number >= SEGMENT else number
        formula = tuple(pieces(found[4])) if found[4] is not None else None
        yield SlotCell(found[1], place, found[3] or "0", int(found[5]) - SLOT, formula)
        at = found.end()
    yield from pieces(row[at:])


def _prototype(attributes: str, cells: str, number: int, table: Table) -> RowPrototype:
    keys = {_letters(column_at(place)): column.key for place, column in enumerate(table.column)}
    keys[_letters(IDS)] = ""
    found = []
    for cell in _CELL.finditer(cells):
        formula = tuple(pieces(cell[4], own=number)) if cell[4] is not None else None
        found.append(CellPrototype(cell[1], cell[3] or "0", keys[cell[1]], formula))
    if len(found) != len(keys):
        raise XlstyrError(f"{table.key}: {len(found)} cells drawn of {len(keys)}")
    return RowPrototype(re.sub(r' spans="[\d:]+"', "", attributes), tuple(found))


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
