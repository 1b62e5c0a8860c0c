"""Stamps a node's workbook from a specimen: only what differs is written, the rest is copied."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

from xlstyr.excel.geometry import AFTER, FIRST, LAST, SEGMENT, Placed, column_at, quoted
from xlstyr.excel.marks import CellMark, comment_parts, printable
from xlstyr.excel.package import (
    CellPrototype,
    MarkedCells,
    OwnRow,
    Package,
    Piece,
    RowNumber,
    RowPrototype,
    SlotCell,
    SpanRow,
    TableRows,
    Token,
    take_apart,
)
from xlstyr.excel.slots import Field, Note, Slot, Text
from xlstyr.excel.specimen import draw_specimen
from xlstyr.excel.theme import Theme
from xlstyr.excel.zipped import Member, Packing, zipped
from xlstyr.layout import kinds
from xlstyr.layout.compute import Computed, ComputedRow
from xlstyr.layout.content import Content, RowContent, Value
from xlstyr.layout.definition import Column, Table, Workbook
from xlstyr.layout.evaluate import evaluator
from xlstyr.layout.lists import Choices, Lists
from xlstyr.model.errors import XlstyrError

CellValue = int | Decimal | str | bool | None
LEVEL = 4  # packs what differs a third faster than 6, a few per cent larger
_TOGETHER = 64  # rows that are packed at a time; one may hold 32 kB


class Stamp:
    """Draws workbooks of one definition. Making it costs a specimen; each ``draw`` a few milliseconds."""

    def __init__(
        self, workbook: Workbook, theme: Theme, lists: Lists, commented: bool = False, pressable: bool = False
    ) -> None:
        self.workbook = workbook
        self.lists = lists
        self.package: Package = take_apart(draw_specimen(workbook, theme, lists, commented, pressable))
        self.fixed = [Member.of(info.filename, data) for info, data in self.package.fixed]

    def draw(self, content: Content) -> bytes:
        """The workbook of ``content``: the same bytes for the same content."""
        return _Copy(self, content).draw()


@dataclass(frozen=True, slots=True)
class _Ready:
    """A prototype row ready for one table: how its height ends, and each cell with its formula cut at row numbers."""

    height: str | None
    cells: list[tuple[CellPrototype, tuple[str, ...] | None]]


class _Copy:
    """One stamping."""

    def __init__(self, stamp: Stamp, content: Content) -> None:
        self.stamp = stamp
        self.package = stamp.package
        self.content = content
        rows = {key: _at_least_one(content.tables.get(key, ())) for key in stamp.workbook.tables}
        self.computed = Computed(stamp.workbook, stamp.lists, content.forms, rows)
        self.texts = {**content.texts, "identity": content.identity.text()}
        self.firsts: dict[str, int] = {}
        self.lasts: dict[int, int] = {}
        for sheet in self.package.geometry.sheets:
            for placed in sheet.blocks:
                if isinstance(placed.block, Table):
                    first = self.row(placed.first)
                    self.firsts[placed.block.key] = first
                    self.lasts[placed.segment] = first - 1 + len(rows[placed.block.key])

    def row(self, symbol: int) -> int:
        """The real row of a symbolic one."""
        if symbol < SEGMENT:
            return symbol
        segment, offset = divmod(symbol, SEGMENT)
        last = self.lasts[segment]
        return last if offset == LAST else last + offset - AFTER

    def draw(self) -> bytes:
        marks = self._marks()
        members = list(self.stamp.fixed)
        for name, part in self.package.parts.items():
            title = self._title(name)
            packing, text = Packing(name, LEVEL), list[str]()
            for piece in part:
                match piece:
                    case str():
                        text.append(piece)
                    case SlotCell():
                        text.append(self._slot(piece))
                    case TableRows():
                        self._table(piece.table, text, packing)
                    case MarkedCells():
                        text.append(_marked(piece, marks.get(title, ())))
                    case _:
                        text.append(self._piece(piece, None, 0))
            packing.take(text)
            members.append(packing.packed())
        for title, (comments, drawing) in self.package.comments.items():
            parts = comment_parts(marks.get(title, ()), str(self.texts.get("municipality", "")))
            members += [Member.of(comments, parts[0].encode()), Member.of(drawing, parts[1].encode())]
        return zipped(members)

    def _title(self, part: str) -> str:
        if not part.startswith("xl/worksheets/sheet"):
            return ""
        number = int(part.removeprefix("xl/worksheets/sheet").removesuffix(".xml")) - 1
        sheets = self.stamp.workbook.sheets
        return sheets[number].title if number < len(sheets) else ""

    def _piece(self, piece: Piece, row: ComputedRow | None, number: int) -> str:
        match piece:
            case str():
                return piece
            case RowNumber(symbol=symbol, shift=shift):
                return str(self.row(symbol) + shift)
            case OwnRow():
                return str(number)
            case Token(name=name):
                return escape(_header_safe(self.texts.get(name, ""), name), {'"': "&quot;"})
            case SpanRow(table=table, key=key):
                place = row[key] if row is not None else None
                if not isinstance(place, int):
                    raise XlstyrError(f"{table}: {key}")
                return str(self.firsts[table] + place - 1)

    def _formula(self, pieces: Iterable[Piece], row: ComputedRow | None = None, number: int = 0) -> str:
        return "".join(piece if isinstance(piece, str) else self._piece(piece, row, number) for piece in pieces)

    def _slot(self, cell: SlotCell) -> str:
        row = cell.row if isinstance(cell.row, int) else self.row(cell.row.symbol)
        value = self._value(self.package.specimen.slots.slots[cell.number])
        formula = self._formula(cell.formula) if cell.formula is not None else None
        return _cell(f"{cell.letters}{row}", cell.style, formula, value)

    def _value(self, slot: Slot) -> CellValue:
        match slot:
            case Text(template=template):
                return template.format_map(self.texts)
            case Field(form=form, key=key):
                column = self.stamp.workbook.forms[form].columns[key]
                row = self.computed.forms[form]
                return kinds.to_cell(row[key], column, self.computed.choices(column))
            case Note(form=form, expression=expression):
                return _plain(evaluator(expression)(self.computed.forms[form]))
        return _plain(self.computed.total_of(slot.table, slot.expression))

    def _table(self, key: str, text: list[str], packing: Packing) -> None:
        table = self.stamp.workbook.tables[key]
        prototypes = self.package.prototypes[key]
        faces = {column.key: (column, self.computed.choices(column)) for column in table.column}
        wrapped = [
            (column, choices)
            for column, choices in faces.values()
            if column.is_text and not column.hidden and not column.is_formula
        ]
        ready: dict[str, _Ready] = {}
        for number, row in enumerate(self.computed.rows[key], self.firsts[key]):
            if row.variant not in ready:
                ready[row.variant] = self._ready(prototypes[row.variant], table, row.variant)
            height = _height(row, wrapped, ready[row.variant].height)
            text.append(f'<row r="{number}"{prototypes[row.variant].attributes}{height}>')
            self._table_row(ready[row.variant], row, number, faces, text)
            if number % _TOGETHER == 0:
                packing.take(text)

    def _ready(self, prototype: RowPrototype, table: Table, variant: str) -> "_Ready":
        """``prototype`` with every row number but the row's own filled in, once for all rows of a table."""
        fits = any(column.open_in(variant) for column in table.column)
        height = None if "ht=" in prototype.attributes else "" if fits else ' customHeight="1"'
        cells = [(cell, self._between(cell.formula) if cell.formula is not None else None) for cell in prototype.cells]
        return _Ready(height, cells)

    def _between(self, pieces: Iterable[Piece]) -> tuple[str, ...] | None:
        """What stands between the places of the row's own number; None when a span asks for the row's values."""
        parts = [""]
        for piece in pieces:
            if isinstance(piece, SpanRow):
                return None
            if isinstance(piece, OwnRow):
                parts.append("")
            else:
                parts[-1] += self._piece(piece, None, 0)
        return tuple(parts)

    def _table_row(
        self,
        ready: "_Ready",
        row: ComputedRow,
        number: int,
        faces: dict[str, tuple[Column, Choices | None]],
        text: list[str],
    ) -> None:
        for cell, between in ready.cells:
            if cell.key == "":
                value: CellValue = row.id or None
            else:
                column, choices = faces[cell.key]
                value = kinds.to_cell(row[cell.key], column, choices)
            if between is not None:
                formula: str | None = str(number).join(between)
            else:
                formula = self._formula(cell.formula, row, number) if cell.formula is not None else None
            if cell.key and faces[cell.key][0].link == "mark":
                formula = self._jump(row, str(value))
            text.append(_cell(f"{cell.letters}{number}", cell.style, formula, value))
        text.append("</row>")

    def _jump(self, row: ComputedRow, shown: str) -> str | None:
        """A link to the cell that a line of the feedback is about; None when it is about the whole file."""
        block = str(row["block"] or "")
        if block not in self.package.geometry.placed:
            return None
        sheet, placed = self.package.geometry.placed[block]
        place = self._place(placed, str(row["row"] or ""), str(row["column"] or ""))
        if place is None:
            return None
        target = f"#{quoted(sheet.title)}!{CellMark(*place, '').ref}".replace('"', '""')
        return escape(f'HYPERLINK("{target}","{shown.replace(chr(34), chr(34) * 2)}")')

    def _marks(self) -> dict[str, tuple[CellMark, ...]]:
        """The marks of the content, by sheet title, at their cells."""
        found: dict[str, list[CellMark]] = {}
        for mark in self.content.marks:
            sheet, placed = self.package.geometry.placed[mark.block]
            place = self._place(placed, mark.row, mark.column)
            if place is not None:
                found.setdefault(sheet.title, []).append(CellMark(*place, mark.text))
        return {title: tuple(marks) for title, marks in found.items()}

    def _place(self, placed: Placed, row_id: str, column: str) -> tuple[int, int] | None:
        block = placed.block
        if not isinstance(block, Table):
            key = column if column in placed.cells else row_id
            row, at = placed.cells.get(key, (0, 0))
            return (self.row(row), at) if row else None
        keys = list(block.columns)
        at = column_at(keys.index(column)) if column in block.columns else FIRST
        for number, row_found in enumerate(self.computed.rows[block.key], self.firsts[block.key]):
            if row_found.id == row_id:
                return number, at
        return (self.row(placed.header), at)


def _height(row: ComputedRow, wrapped: list[tuple[Column, Choices | None]], ending: str | None) -> str:
    """The row height that the longest wrapped text needs; Excel may still fit the row when it is edited.

    ``ending`` is what stands after it, None when the row has a height already.
    """
    if ending is None:
        return ""
    lines = 1
    for column, choices in wrapped:
        shown = str(kinds.to_cell(row[column.key], column, choices) or "")
        room = max(6, int(column.width * 1.15) - 2)
        if len(shown) > room or "\n" in shown:
            lines = max(lines, _lines(shown, room))
    return f' ht="{4 + 14.5 * lines:g}"{ending}'


def _lines(text: str, width: int) -> int:
    """How many lines ``text`` takes in a cell of ``width`` characters, 20 at most."""
    if sum(map(len, text.split())) > 20 * width:
        return 20
    return min(20, sum(max(1, len(textwrap.wrap(part, width))) for part in text.split("\n")))


def _at_least_one(rows: tuple[RowContent, ...]) -> tuple[RowContent, ...]:
    """A table without rows keeps one blank, locked row, so that its addresses exist."""
    return rows or (RowContent("", {}, "fixed"),)


def _header_safe(text: object, name: str) -> str:
    """``&`` starts a code in headers and footers; identity and titles elsewhere never hold it doubled."""
    return str(text) if name in ("identity", "title") else str(text).replace("&", "och")


def _plain(value: Value) -> CellValue:
    return value if isinstance(value, int | Decimal | str | None) else str(value)


def _cell(ref: str, style: str, formula: str | None, value: CellValue) -> str:
    start = f'<c r="{ref}" s="{style}"'
    inside = f"<f>{formula}</f>" if formula is not None else ""
    match value:
        case None if formula is None:
            return f"{start}/>"
        case None:
            return f'{start} t="str">{inside}<v></v></c>'
        case bool():
            return f'{start} t="b">{inside}<v>{int(value)}</v></c>'
        case int():
            return f"{start}>{inside}<v>{value}</v></c>"
        case Decimal():
            return f"{start}>{inside}<v>{format(value.normalize(), 'f')}</v></c>"
    text = escape(printable(value))
    if formula is not None:
        return f'{start} t="str">{inside}<v>{text}</v></c>'
    space = ' xml:space="preserve"' if value != value.strip() or "\n" in value else ""
    return f'{start} t="inlineStr"><is><t{space}>{text}</t></is></c>'


def _marked(piece: MarkedCells, marks: tuple[CellMark, ...]) -> str:
    if not marks:
        return ""
    refs = " ".join(dict.fromkeys(mark.ref for mark in marks))
    return f'<conditionalFormatting sqref="{refs}">{piece.rule}<formula>TRUE</formula></cfRule></conditionalFormatting>'
