"""Where every block of a definition stands on its sheet, in symbolic rows.

Columns: A marks (hidden), B margin, C the first column, D row ids (hidden), E and on the rest. The ids stand
inside the table, so that whoever sorts takes them along.

Rows: a table's length differs between workbooks, so rows after a table are symbolic. Table number ``g`` (from 1,
over the whole workbook) owns the numbers ``1000 g``…``1000 g + 999``: ``+0…4`` are its prototype rows, ``+10 + n``
is the n-th row after its last, ``+999`` its last row. Numbers below 1000 are rows as they are.
"""

from dataclasses import dataclass, field

from xlsxwriter.utility import xl_col_to_name

from xlstyr.layout import expression as ex
from xlstyr.layout.definition import Block, Buttons, Chart, Column, Form, Prose, Sheet, Table, Workbook

MARKS, MARGIN, FIRST, IDS = 0, 1, 2, 3
SEGMENT, AFTER, LAST = 1000, 10, 999
VARIANTS = ("normal", "fixed", "free", "section", "sum")
ROW_PIXELS = 20


def column_at(place: int) -> int:
    """The physical column (from 0) of the n-th visible column."""
    return FIRST if place == 0 else place + IDS


@dataclass
class Placed:
    """A block with its first symbolic row (from 1). ``cells``: form field → (row, column)."""

    block: Block
    top: int
    keys: int = 0
    first: int = 0
    segment: int = 0
    cells: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The symbolic last data row of a table."""
        return SEGMENT * self.segment + LAST

    def total(self, number: int) -> int:
        """The row of a total: above a table, which may grow; below a matrix, which doesn't."""
        block = self.block
        if isinstance(block, Table) and not block.is_read:
            return SEGMENT * self.segment + AFTER + 1 + number
        return self.keys + 1 + number

    @property
    def bottom(self) -> int:
        """The last row of a table with the totals below it, if it has any."""
        block = self.block
        below = isinstance(block, Table) and not block.is_read and block.total
        return self.total(len(block.total) - 1) if isinstance(block, Table) and below else self.last

    @property
    def header(self) -> int:
        """The header row of a table, just above its data."""
        return self.first - 1


@dataclass
class PlacedSheet:
    """A sheet with its blocks placed. ``end`` is the last symbolic row used."""

    sheet: Sheet
    widths: tuple[float, ...]
    blocks: list[Placed]
    end: int


class Geometry:
    """Places all blocks of a workbook and gives their addresses."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self._segment = 0
        self.sheets = [self._place(sheet) for sheet in workbook.sheets]
        self.placed: dict[str, tuple[Sheet, Placed]] = {
            block.block.key: (placed.sheet, block)
            for placed in self.sheets
            for block in placed.blocks
            if isinstance(block.block, Form | Table)
        }

    def _place(self, sheet: Sheet) -> PlacedSheet:
        widths = _widths(sheet)
        row = 4
        blocks = []
        for block in sheet.block:
            placed = Placed(block, row)
            match block:
                case Form():
                    row = _place_form(placed, block, widths)
                case Table():
                    row = self._place_table(placed, block)
                case Prose():
                    row += 3 if block.type == "legend" else max(1, len(block.text))
                case Buttons():
                    row += len(block.button) + 1
                case Chart() if block.place == block.share:
                    row += block.height // ROW_PIXELS + 2
            blocks.append(placed)
        return PlacedSheet(sheet, widths, blocks, row)

    def _place_table(self, placed: Placed, table: Table) -> int:
        self._segment += 1
        placed.segment = self._segment
        placed.keys = placed.top
        below = 0 if table.is_read else len(table.total)
        placed.first = placed.top + 2 + len(table.total) - below
        return SEGMENT * self._segment + AFTER + 2 + below

    def addresses(self, sheet: Sheet, block: Form | Table, row: int = 0) -> "SheetAddresses":
        """Addresses as seen from ``row`` of ``block`` on ``sheet``."""
        return SheetAddresses(self, sheet, block, row)

    def table_column(self, table: str, key: str) -> int:
        """The physical column of a table's column."""
        keys = list(self.workbook.tables[table].columns)
        return column_at(keys.index(key))

    def area(self, table: str, key: str) -> str:
        """The address of a table's column, with its sheet."""
        sheet, placed = self.placed[table]
        name = xl_col_to_name(self.table_column(table, key), col_abs=True)
        return f"{quoted(sheet.title)}!{name}${placed.first}:{name}${placed.last}"


@dataclass(frozen=True)
class SheetAddresses:
    """``formula.Addresses`` for one block: ``row`` is the symbolic row of a table row."""

    geometry: Geometry
    sheet: Sheet
    block: Form | Table
    row: int

    def column(self, ref: ex.Ref) -> Column | None:
        """The definition of what ``ref`` means here."""
        return self.geometry.workbook.column(ref.block or self.block.key, ref.key)

    def cell(self, ref: ex.Ref) -> str:
        """``$H12`` on the same row, ``'Sheet'!$C$5`` for a form's field."""
        owner = ref.block or self.block.key
        sheet, placed = self.geometry.placed[owner]
        if isinstance(placed.block, Form):
            row, column = placed.cells[ref.key]
            address = f"{xl_col_to_name(column, col_abs=True)}${row}"
            return address if sheet is self.sheet else f"{quoted(sheet.title)}!{address}"
        return f"{xl_col_to_name(self.geometry.table_column(owner, ref.key), col_abs=True)}{self.row}"

    def area(self, ref: ex.Ref) -> str:
        """A whole column of a table, with its sheet unless it is this one."""
        owner = ref.block or self.block.key
        if owner in self.geometry.workbook.forms:
            return self.cell(ref)
        address = self.geometry.area(owner, ref.key)
        return address.rpartition("!")[2] if self.geometry.placed[owner][0] is self.sheet else address

    def span(self, ref: ex.Ref, first: ex.Ref, last: ex.Ref) -> str:
        """A part of a column whose row numbers come from the row's own values: ``{{key}}`` until stamping."""
        sheet, _ = self.geometry.placed[ref.block or ""]
        name = xl_col_to_name(self.geometry.table_column(ref.block or "", ref.key), col_abs=True)
        table = ref.block
        return f"{quoted(sheet.title)}!{name}${{{{{table}:{first.key}}}}}:{name}${{{{{table}:{last.key}}}}}"


def quoted(title: str) -> str:
    """A sheet title as it stands in a formula."""
    return "'" + title.replace("'", "''") + "'"


def _widths(sheet: Sheet) -> tuple[float, ...]:
    count = max([len(sheet.grid), *(len(table.column) for table in sheet.tables)])
    widths = list(sheet.grid) + [0.0] * (count - len(sheet.grid))
    if not sheet.grid:
        for table in sheet.tables:
            for place, column in enumerate(table.column):
                widths[place] = max(widths[place], column.width)
    return tuple(width or 12 for width in widths)


def label_span(widths: tuple[float, ...]) -> int:
    """How many visible columns a form's labels take: until they are wide enough to read."""
    taken = 0.0
    for place, width in enumerate(widths):
        taken += width
        if taken >= 24:
            return place + 1
    return max(1, len(widths) - 1)


def is_read(form: Form) -> bool:
    """Whether anybody answers in ``form``."""
    return any(column.open_in("normal") for column in form.field)


def _place_form(placed: Placed, form: Form, widths: tuple[float, ...]) -> int:
    row = placed.top
    if is_read(form):
        placed.keys = row
        row += 1
    shown = [column for column in form.field if not column.hidden and form.style != "hidden"]
    hidden = [column for column in form.field if column not in shown]
    match form.style:
        case "cards":
            for place, column in enumerate(shown):
                placed.cells[column.key] = (row + 1, column_at(2 * place))
            row += 4
        case "steps":
            for column in shown:
                placed.cells[column.key] = (row, column_at(max(0, len(widths) - 2)))
                row += 1
            row += 1
        case "checks":
            for column in shown:
                placed.cells[column.key] = (row, FIRST)
                row += 1
            row += 1
        case _ if shown:
            value = column_at(label_span(widths))
            for column in shown:
                placed.cells[column.key] = (row, value)
                row += 1
            row += 0 if form.style == "inline" else 1
    if hidden:
        for place, column in enumerate(hidden):
            placed.cells[column.key] = (row, column_at(place))
        row += 1
    return row
