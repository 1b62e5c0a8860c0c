"""A spreadsheet file → ``RawBook``: values, formulas and errors told apart, tables found by their marks.

From bytes alone, and nothing that arrives makes it raise, so that a gate and a child process stand around it.
``read_workbook`` reads what is our own; ``read_twice`` is what the child process runs on what arrives: two readers,
which must agree, and a search beside the cells for what points somebody out. Cached values of formulas are read but
never relied upon.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from sys import intern
from xml.etree import ElementTree as ET
from xml.parsers import expat

from xlstyr.excel.beside import beside
from xlstyr.excel.gate import Limits, gate
from xlstyr.excel.scan import scan_sheet, scan_strings
from xlstyr.excel.specimen import HIDDEN_SHEET, LISTS_SHEET
from xlstyr.layout.content import Identity
from xlstyr.layout.raw import RawBook, RawCell, RawSheet, RawValue, letters, locate
from xlstyr.model.finding import Finding, found

_OWN = Limits(active=True)  # macros are for the round's own control workbook, and named where nothing is let through
_REF = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_INTEGER = re.compile(r"-?\d{1,15}")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_workbook(data: bytes, limits: Limits = _OWN) -> tuple[RawBook | None, list[Finding]]:
    """What stands in the file ``data`` by one reader, or None with a finding that says what the file is."""
    refused = gate(data, limits)
    return (None, [refused]) if refused is not None else _read(data, None)


def read_twice(data: bytes) -> tuple[RawBook | None, list[Finding]]:
    """What stands in ``data``, which has passed the gate, by two readers; cells that they read differently in doubt."""
    from xlstyr.excel.second import SecondReader

    second = SecondReader(data)
    raw, findings = _read(data, second)
    said = beside(data)
    return (None, [*second.findings, *said]) if second.findings and raw is not None else (raw, [*findings, *said])


Compare = Callable[[RawSheet], RawSheet]


def _read(data: bytes, compare: Compare | None) -> tuple[RawBook | None, list[Finding]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Reader(archive, compare).read(), []
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        return None, [found("XS003", detail=type(error).__name__)]
    except (expat.ExpatError, ET.ParseError, KeyError, ValueError, IndexError) as error:
        return None, [found("XS003", detail=f"{type(error).__name__}: {error}"[:120])]


@dataclass
class _Reader:
    """Reads one package. ``compare`` is asked about each sheet."""

    archive: zipfile.ZipFile
    compare: Compare | None
    strings: list[str] = field(default_factory=list)
    hidden_identity: str | None = None

    def read(self) -> RawBook:
        names = set(self.archive.namelist())
        book_part = self._book_part(names)
        root = ET.fromstring(self.archive.read(book_part))
        targets = self._relations(book_part)
        strings = next((t for kind, t in targets.values() if kind == "sharedStrings" and t in names), None)
        if strings is not None:
            self.strings = _shared_strings(self.archive.read(strings))
        tables, loose = locate(self._read_sheets(root, targets, names))
        places = (self.hidden_identity, _defined_identity(root), self._custom_identity(names))
        identities = tuple(i for text in places if text and (i := Identity.parse(text)) is not None)
        macros = any(name.endswith("vbaProject.bin") or name.startswith("xl/macrosheets/") for name in names)
        links = tuple(sorted(t for kind, t in targets.values() if kind == "externalLink"))
        date1904 = any(_local(e.tag) == "workbookPr" and e.get("date1904") in ("1", "true") for e in root)
        return RawBook(identities, tables, loose, tuple(self._link(t) for t in links), macros, date1904)

    def _read_sheets(
        self, root: ET.Element, targets: dict[str, tuple[str, str]], names: set[str]
    ) -> Iterator[RawSheet]:
        """One sheet at a time, so that no more than one is held cell by cell."""
        for title, part in self._sheets(root, targets):
            if title == LISTS_SHEET or part not in names:
                continue
            sheet = _sheet(title, self.strings, self.archive.read(part))
            sheet = self.compare(sheet) if self.compare is not None else sheet
            if title == HIDDEN_SHEET:
                cell = sheet.cells.get((1, 2))
                self.hidden_identity = str(cell.value) if cell is not None else None
            else:
                yield sheet

    def _book_part(self, names: set[str]) -> str:
        if "_rels/.rels" in names:
            for kind, target in self._relations("").values():
                if kind == "officeDocument":
                    return target
        return "xl/workbook.xml"

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id → (kind, target part)."""
        folder, _, name = part.rpartition("/")
        rels = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
        if rels not in self.archive.namelist():
            return {}
        relations = {}
        for element in ET.fromstring(self.archive.read(rels)):
            target = element.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}".lstrip("/")
            relations[element.get("Id", "")] = (element.get("Type", "").rsplit("/", 1)[-1], path)
        return relations

    def _link(self, part: str) -> str:
        relations = self._relations(part)
        return next((target for _, target in relations.values()), part)

    def _sheets(self, root: ET.Element, targets: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for element in root.iter():
            if _local(element.tag) == "sheet":
                relation = next((value for key, value in element.attrib.items() if _local(key) == "id"), "")
                kind, part = targets.get(relation, ("", ""))
                if kind == "worksheet":
                    yield element.get("name", ""), part

    def _custom_identity(self, names: set[str]) -> str | None:
        if "docProps/custom.xml" not in names:
            return None
        for element in ET.fromstring(self.archive.read("docProps/custom.xml")):
            if element.get("name") == "xlstyr":
                return "".join(element.itertext())
        return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _defined_identity(root: ET.Element) -> str | None:
    for element in root.iter():
        if _local(element.tag) == "definedName" and element.get("name") == "xlstyr_identity":
            return (element.text or "").strip().strip('"')
    return None


def _shared_strings(data: bytes) -> list[str]:
    scanned = scan_strings(data)
    if scanned is not None:
        return [_unescape(text) for text in scanned]
    strings: list[str] = []
    for _, element in ET.iterparse(io.BytesIO(data)):
        if _local(element.tag) == "si":
            strings.append(_unescape("".join(_runs(element))))
            element.clear()
    return strings


def _runs(item: ET.Element) -> Iterator[str]:
    for child in item:
        name = _local(child.tag)
        if name == "t":
            yield child.text or ""
        elif name == "r":
            yield from (part.text or "" for part in child if _local(part.tag) == "t")


def _unescape(text: str) -> str:
    """``_x000D_`` and its kin as characters, such only as can be written again; every line ends in a plain new line."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
        text = _CONTROLS.sub("", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        text = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _sheet(title: str, strings: list[str], data: bytes) -> RawSheet:
    """A sheet, swept when it is plainly written and parsed when it isn't."""
    scanned = scan_sheet(data, lambda kind, text, inline: _value(kind, text, inline, strings))
    return RawSheet(title, *scanned) if scanned is not None else _SheetParser(title, strings).parse(data)


class _SheetParser:
    """One pass over a sheet's XML."""

    def __init__(self, title: str, strings: list[str]) -> None:
        self.title = title
        self.strings = strings
        self.cells: dict[tuple[int, int], RawCell] = {}
        self.hidden: set[int] = set()
        self.row = self.column = 0
        self.type = ""
        self.value: list[str] | None = None
        self.formula: list[str] | None = None
        self.text: list[str] = []
        self.into: list[str] | None = None
        self.phonetic = 0

    def parse(self, data: bytes) -> RawSheet:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(data, True)  # noqa: FBT003
        return RawSheet(self.title, self.cells, frozenset(self.hidden))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._place(attributes.get("r"))
            self.type = attributes.get("t", "n")
            self.value = self.formula = None
            self.text = []
        elif name == "v":
            self.value = self.into = []
        elif name == "f":
            self.formula = self.into = []
        elif name == "t" and not self.phonetic:
            self.into = self.text
        elif name == "rPh":
            self.phonetic += 1
        elif name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column = 0
            if attributes.get("hidden") in ("1", "true"):
                self.hidden.add(self.row)

    def _place(self, ref: str | None) -> None:
        found = _REF.fullmatch(ref) if ref else None
        if found is None:
            self.column += 1
            return
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        self.column, self.row = column, int(found[2])

    def _characters(self, text: str) -> None:
        if self.into is not None:
            self.into.append(text)

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._close()
        elif name in ("v", "f", "t"):
            self.into = None
        elif name == "rPh":
            self.phonetic -= 1

    def _close(self) -> None:
        formula = "".join(self.formula) if self.formula is not None else None
        text = "".join(self.value) if self.value is not None else None
        value, error = _value(self.type, text, "".join(self.text), self.strings)
        if value is None and formula is None and error is None:
            return
        ref = f"{letters(self.column)}{self.row}"
        before = self.cells.get((self.row, self.column))
        cell = RawCell(value, formula, error, ref)
        doubt = None if before is None or replace(before, doubt=None) == cell else _shown(before)
        self.cells[self.row, self.column] = replace(cell, doubt=doubt) if doubt is not None else cell


def _shown(cell: RawCell) -> str:
    """What stood in a cell that is written twice."""
    return str(cell.error or f"={cell.formula}" if cell.value is None else cell.value)


def _value(kind: str, text: str | None, inline: str, strings: list[str]) -> tuple[RawValue, str | None]:
    """(value, error): what a cell of type ``kind`` shows, from its value or its own text."""
    if kind == "inlineStr":
        return intern(_unescape(inline)), None  # codes and names come again and again
    if text is None:
        return None, None
    match kind:
        case "s":
            index = int(text)
            if not 0 <= index < len(strings):
                return None, f"#{text}"
            return strings[index], None
        case "str":
            return _unescape(text), None
        case "b":
            return text.strip() in ("1", "true"), None
        case "e":
            return None, text.strip()
        case "d":
            return text.strip(), None
    return _number(text.strip())


def _number(text: str) -> tuple[RawValue, str | None]:
    if not text:
        return None, None
    if _INTEGER.fullmatch(text):
        return int(text), None
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text, None
    if not number.is_finite():
        return None, text
    return (int(number), None) if number == number.to_integral_value() and abs(number) < 10**18 else (number, None)
