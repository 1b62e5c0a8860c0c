"""A worksheet's XML as rows and cells; everything else in it is kept as it stands."""

import re
from dataclasses import dataclass, field

from tests.office.a1 import area, join, split, translated
from tests.office.package import Package, attributes, coded, plain, written
from tests.office.values import Error, Value

_DATA = re.compile(r"<sheetData\b[^>]*?(?:/>|>(.*)</sheetData>)", re.DOTALL)
_ROW = re.compile(r"<row\b([^>]*?)(?:/>|>(.*?)</row>)", re.DOTALL)
CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_FORMULA = re.compile(r"<f\b([^>]*?)(?:/>|>(.*?)</f>)", re.DOTALL)
_VALUE = re.compile(r"<v\b[^>]*?(?:/>|>(.*?)</v>)", re.DOTALL)
_TEXT = re.compile(r"<t\b[^>]*?(?:/>|>(.*?)</t>)", re.DOTALL)
_PHONETIC = re.compile(r"<rPh\b.*?</rPh>", re.DOTALL)
_ITEM = re.compile(r"<si\b[^>]*?(?:/>|>(.*?)</si>)", re.DOTALL)


def texts(xml: str) -> str:
    """Returns the plain text of a rich or plain string item."""
    return "".join(plain(text) for text in _TEXT.findall(_PHONETIC.sub("", xml)))


def text_element(text: str) -> str:
    """Returns a ``<t>`` element."""
    keep = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f"<t{keep}>{coded(text)}</t>"


class Strings:
    """The strings shared by a workbook's sheets."""

    def __init__(self, package: Package) -> None:
        """Reads the part of shared strings, if there is one."""
        self._package = package
        self.part = next(
            (
                link.target
                for link in package.relationships(package.workbook)
                if link.kind.endswith("/sharedStrings") and link.target in package.parts
            ),
            None,
        )
        xml = package.text(self.part) if self.part else ""
        self.items = [texts(item) for item in _ITEM.findall(xml)]
        self._kept = len(self.items)
        self._places = {text: place for place, text in enumerate(self.items)}

    def place(self, text: str) -> int | None:
        """Returns the number of a text, added if it is new; None if nothing is shared."""
        if self.part is None:
            return None
        if text not in self._places:
            self._places[text] = len(self.items)
            self.items.append(text)
        return self._places[text]

    def store(self) -> None:
        """Writes added strings to the part; the counts, which are optional, are left out."""
        new = self.items[self._kept :]
        if self.part is None or not new:
            return
        xml = re.sub(r"<sst\b[^>]*>", _without_counts, self._package.text(self.part), count=1)
        added = "".join(f"<si>{text_element(text)}</si>" for text in new)
        self._package.put(self.part, xml.replace("</sst>", f"{added}</sst>"))
        self._kept = len(self.items)


def _without_counts(match: re.Match[str]) -> str:
    """Drops the attributes of ``<sst>`` that would no longer be true."""
    opened = re.sub(r'\s(?:count|uniqueCount)="[^"]*"', "", match[0])
    return opened[:-2] + "></sst>" if opened.endswith("/>") else opened


@dataclass(slots=True)
class Cell:
    """A cell: its attributes but for the reference, and the XML inside it."""

    attributes: dict[str, str] = field(default_factory=dict)
    inner: str = ""

    @property
    def has_formula(self) -> bool:
        """Whether the cell computes."""
        return "<f" in self.inner

    @property
    def formula(self) -> str | None:
        """The formula's text, without equals sign."""
        match = _FORMULA.search(self.inner)
        return None if match is None else plain(match[2] or "")

    @formula.setter
    def formula(self, text: str) -> None:
        match = _FORMULA.search(self.inner)
        assert match is not None
        self.inner = self.inner.replace(match[0], f"<f{match[1]}>{coded(text)}</f>", 1)

    @property
    def formula_attributes(self) -> dict[str, str]:
        """The attributes of the formula: kind and area of shared and array formulas."""
        match = _FORMULA.search(self.inner)
        return {} if match is None else attributes(match[1])

    def set_formula_attributes(self, values: dict[str, str]) -> None:
        """Replaces the attributes of the formula."""
        self.inner = re.sub(r"<f\b[^>]*?(/?)>", lambda match: f"<f{written(values)}{match[1]}>", self.inner, count=1)

    def value(self, strings: list[str]) -> Value:
        """Returns the value that stands in the cell, for a formula the cached one."""
        kind = self.attributes.get("t", "n")
        if kind == "inlineStr":
            return texts(self.inner)
        match = _VALUE.search(self.inner)
        if match is None or not match[1]:
            return "" if kind == "str" else None
        return _value(kind, match[1], strings)

    def put(self, value: Value, strings: Strings, formula: str | None = None) -> None:
        """Replaces what stands in the cell, written as Excel writes it."""
        self.attributes.pop("t", None)
        start = "" if formula is None else f"<f>{coded(formula)}</f>"
        match value:
            case None:
                self.inner = start
            case bool():
                self.attributes["t"] = "b"
                self.inner = f"{start}<v>{int(value)}</v>"
            case int() | float():
                self.inner = f"{start}<v>{digits(value)}</v>"
            case Error():
                self.attributes["t"] = "e"
                self.inner = f"{start}<v>{coded(value.text)}</v>"
            case str() if formula is not None:
                self.attributes["t"] = "str"
                self.inner = f"{start}<v>{coded(value)}</v>"
            case str():
                place = strings.place(value)
                self.attributes["t"] = "inlineStr" if place is None else "s"
                self.inner = f"<is>{text_element(value)}</is>" if place is None else f"<v>{place}</v>"


def _value(kind: str, text: str, strings: list[str]) -> Value:
    """Returns the value of a ``<v>`` element."""
    match kind:
        case "s":
            return strings[int(text)]
        case "b":
            return text.strip() == "1"
        case "e":
            return Error(plain(text))
        case "n":
            return int(text) if re.fullmatch(r"-?\d+", text.strip()) else float(text)
        case _:
            return plain(text)


def digits(value: float) -> str:
    """Returns a number as Excel stores it: whole numbers without decimals, else all digits."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value).replace("e", "E")


@dataclass(slots=True)
class Row:
    """A row: its attributes but for the number, and its cells by column."""

    attributes: dict[str, str] = field(default_factory=dict)
    cells: dict[int, Cell] = field(default_factory=dict)


class Sheet:
    """A worksheet.

    Attributes:
        head: The XML before the rows.
        tail: The XML after the rows.
        rows: Rows by number.
    """

    def __init__(self, xml: str) -> None:
        """Takes the XML apart."""
        match = _DATA.search(xml)
        if match is None:
            raise ValueError("not a worksheet: no <sheetData>")
        self.head, self.tail = xml[: match.start()], xml[match.end() :]
        self.rows: dict[int, Row] = {}
        number = 0
        for tag, content in _ROW.findall(match[1] or ""):
            values = attributes(tag)
            number = int(values.pop("r", number + 1))
            values.pop("spans", None)
            row = self.rows.setdefault(number, Row(values))
            column = 0
            for cell_tag, inner in CELL.findall(content):
                cell_values = attributes(cell_tag)
                ref = cell_values.pop("r", None)
                column = split(ref)[1] if ref else column + 1
                row.cells[column] = Cell(cell_values, inner)

    def xml(self) -> str:
        """Puts the XML together again."""
        lines = []
        for number, row in sorted(self.rows.items()):
            cells = "".join(
                f'<c r="{join(number, column)}"{written(cell.attributes)}'
                + (f">{cell.inner}</c>" if cell.inner else "/>")
                for column, cell in sorted(row.cells.items())
            )
            lines.append(f'<row r="{number}"{written(row.attributes)}>{cells}</row>')
        return f"{self.head}<sheetData>{''.join(lines)}</sheetData>{self.tail}"

    def cell(self, ref: str) -> Cell | None:
        """Returns the cell, if there is one."""
        number, column = split(ref)
        row = self.rows.get(number)
        return None if row is None else row.cells.get(column)

    def make(self, ref: str) -> Cell:
        """Returns the cell, made with the row's style if there was none."""
        number, column = split(ref)
        row = self.rows.setdefault(number, Row())
        style = {"s": row.attributes["s"]} if "s" in row.attributes else {}
        return row.cells.setdefault(column, Cell(style))

    def formula_cells(self) -> dict[str, Cell]:
        """Returns all cells that compute, those inside an array formula's area too."""
        found = {}
        for number, row in self.rows.items():
            for column, cell in row.cells.items():
                if not cell.has_formula:
                    continue
                found[join(number, column)] = cell
                values = cell.formula_attributes
                if values.get("t") in {"array", "dataTable"} and "ref" in values:
                    for place in _inside(values["ref"]):
                        if other := self.cell(place):
                            found[place] = other
        return found

    def unshare(self) -> None:
        """Writes each shared formula out in full, so that its cells can be moved apart."""
        masters: dict[str, tuple[int, int, str]] = {}
        shared: list[tuple[int, int, Cell]] = []
        for number, row in self.rows.items():
            for column, cell in row.cells.items():
                values = cell.formula_attributes if 't="shared"' in cell.inner else {}
                if values.get("t") == "shared":
                    shared.append((number, column, cell))
                    if cell.formula:
                        masters[values["si"]] = number, column, cell.formula
        for number, column, cell in shared:
            values = cell.formula_attributes
            top, left, text = masters[values["si"]]
            cell.formula = translated(text, number - top, column - left)
            cell.set_formula_attributes({})


def _inside(areas: str) -> list[str]:
    """Returns the references of all cells of an area."""
    top, left, bottom, right = area(areas)
    return [join(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
