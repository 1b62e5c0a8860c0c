"""What people do to a workbook, done to its XML without any spreadsheet library.

The tests need issued workbooks with rows sorted, columns moved, sheets renamed and values
typed. Neither the code that draws workbooks nor a library that might repair or lose something
takes part. Cells, formulas, validations, conditional formats, merged cells, defined names and
charts follow an edit as in Excel; anchors of drawings and comments do not, and sheets with
Excel tables refuse to be moved about.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from html import unescape
from typing import Literal

from tests.office import a1
from tests.office.a1 import Move, join, letters, number
from tests.office.markup import move_areas, move_columns, rewrite_formulas, rewrite_names
from tests.office.package import Package, attributes, quoted_attribute, written
from tests.office.sheet import Cell, Row, Sheet, Strings
from tests.office.tables import Table, read_table
from tests.office.values import Error, Value

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_SHEET = re.compile(r"<sheet\b([^>]*?)/>")
_LOCAL = re.compile(r'<definedName\b[^>]*\blocalSheetId="(\d+)"[^>]*>[^<]*</definedName>')

Typed = int | float | str | bool | None


class Edit:
    """A workbook that is being edited."""

    def __init__(self, data: bytes) -> None:
        """Reads an xlsx file."""
        self.package = Package(data)
        self._strings = Strings(self.package)
        self._parts = self.package.sheets()
        self._open: dict[str, Sheet] = {}
        for link in self.package.relationships(self.package.workbook):
            if link.kind.endswith("/calcChain"):
                self.package.unlink(self.package.workbook, link.target)

    def bytes(self) -> bytes:
        """Returns the workbook as it is now."""
        for title, sheet in self._open.items():
            self.package.put(self._parts[title], sheet.xml())
        self._strings.store()
        return self.package.bytes()

    # looking

    @property
    def titles(self) -> list[str]:
        """The sheets' titles in the order of the tabs, hidden ones too."""
        return list(self._parts)

    def get(self, title: str, ref: str) -> Value:
        """Returns a cell's value, for a formula the cached one."""
        cell = self._sheet(title).cell(ref)
        return None if cell is None else cell.value(self._strings.items)

    def formula(self, title: str, ref: str) -> str | None:
        """Returns a cell's formula without equals sign, if it has one."""
        cell = self._sheet(title).cell(ref)
        return None if cell is None else cell.formula

    def rows(self, title: str) -> dict[int, dict[str, Value]]:
        """Returns the values of a sheet: by row number, then by column letters."""
        return {
            place: {
                letters(column): value
                for column, cell in sorted(row.cells.items())
                if (value := cell.value(self._strings.items)) is not None
            }
            for place, row in sorted(self._sheet(title).rows.items())
        }

    def find(self, title: str, text: str) -> list[str]:
        """Returns the references of all cells of a sheet that hold a text."""
        return [
            f"{column}{place}"
            for place, values in self.rows(title).items()
            for column, value in values.items()
            if value == text
        ]

    def table(self, key: str) -> Table:
        """Finds a table by its marker, wherever it has been moved.

        Raises:
            KeyError: No sheet has the marker ``table:<key>``.
        """
        for title in self._parts:
            for marker in self.find(title, f"table:{key}"):
                return read_table(key, title, marker, self.rows(title))
        raise KeyError(f"no sheet has the marker table:{key}")

    def at(self, table: str, row_id: str, column: str) -> tuple[str, str]:
        """Returns (sheet title, reference) of a table's cell by row id and column key.

        Raises:
            KeyError: The table, the row or the column is not there.
        """
        found = self.table(table)
        return found.sheet, f"{found.columns[column]}{found.rows[row_id]}"

    # cells

    def set(
        self,
        title: str,
        ref: str,
        value: Typed,
        *,
        formula: str | None = None,
        error: str | None = None,
        style: int | None = None,
    ) -> None:
        """Types into a cell; its style is kept unless another is given.

        Args:
            title: The sheet's title.
            ref: The cell.
            value: The value; None clears the cell. With a formula, the cached value.
            formula: A formula, with or without equals sign.
            error: An error's text, such as ``#REF!``, instead of a value.
            style: Number of a cell format in the workbook's styles.
        """
        cell = self._sheet(title).make(ref)
        text = None if formula is None else formula.removeprefix("=")
        cell.put(value if error is None else Error(error), self._strings, text)
        if style is not None:
            cell.attributes["s"] = str(style)

    # rows

    def delete_row(self, title: str, place: int) -> None:
        """Deletes a row; those below move up."""
        self._move(title, Move(rows=a1.deleted(place)))

    def insert_row(self, title: str, place: int) -> None:
        """Inserts an empty row before ``place``, formatted as the row above it."""
        self._move(title, Move(rows=a1.inserted(place)))
        rows = self._sheet(title).rows
        if above := rows.get(place - 1):
            cells = {column: _empty(cell) for column, cell in above.cells.items()}
            values = {k: v for k, v in above.attributes.items() if k != "hidden"}
            rows[place] = Row(values, cells)

    def copy_row(self, title: str, source: int, target: int) -> None:
        """Copies a row and inserts the copy before row ``target``."""
        self._move(title, Move(rows=a1.inserted(target)))
        rows = self._sheet(title).rows
        source += source >= target
        rows[target] = deepcopy(rows[source])
        _translate(rows[target], target - source)

    def swap_rows(self, title: str, one: int, other: int) -> None:
        """Lets two rows change places as sorting does."""
        self._arrange(title, {one: other, other: one})

    def sort(self, title: str, first: int, last: int, column: str, *, descending: bool = False) -> None:
        """Sorts the rows from ``first`` to ``last`` by a column, as Excel: numbers before texts."""
        values = self.rows(title)

        def rank(place: int) -> tuple[bool, bool, float, str]:
            value = values.get(place, {}).get(column)
            is_number = isinstance(value, int | float)
            amount = float(value) if isinstance(value, int | float) else 0.0
            return value is None, not is_number, amount, str(value).casefold()

        filled = [n for n in range(first, last + 1) if not rank(n)[0]]
        blank = [n for n in range(first, last + 1) if rank(n)[0]]
        order = sorted(filled, key=rank, reverse=descending) + blank
        self._arrange(title, dict(zip(range(first, last + 1), order, strict=True)))

    def hide_row(self, title: str, place: int, *, hidden: bool = True) -> None:
        """Hides or shows a row."""
        row = self._sheet(title).rows.setdefault(place, Row())
        row.attributes.pop("hidden", None)
        if hidden:
            row.attributes["hidden"] = "1"

    # columns

    def insert_column(self, title: str, column: str) -> None:
        """Inserts an empty column before ``column``."""
        self._move(title, Move(columns=a1.inserted(number(column))))

    def delete_column(self, title: str, column: str) -> None:
        """Deletes a column; those to the right move left."""
        self._move(title, Move(columns=a1.deleted(number(column))))

    def swap_columns(self, title: str, one: str, other: str) -> None:
        """Lets two columns change places as cutting and pasting does: references follow."""
        self._move(title, Move(columns=a1.swapped(number(one), number(other))))

    # sheets

    def rename_sheet(self, old: str, new: str) -> None:
        """Renames a sheet; formulas follow."""
        self._rewrite(lambda formula, _: a1.renamed(formula, old, new), about=old)
        self._tag(old, name=quoted_attribute(new))
        self._parts = {new if title == old else title: p for title, p in self._parts.items()}
        self._open = {new if title == old else title: s for title, s in self._open.items()}

    def delete_sheet(self, title: str) -> None:
        """Deletes a sheet; references to it become ``#REF!``."""
        index = self.titles.index(title)
        part = self._parts.pop(title)
        self._open.pop(title, None)
        self._rewrite(lambda formula, _: a1.orphaned(formula, title), about=title)
        xml = _SHEET.sub(lambda match: "" if _title(match[1]) == title else match[0], self._workbook())

        def local(match: re.Match[str]) -> str:
            place = int(match[1])
            if place == index:
                return ""
            new = f'localSheetId="{place - (place > index)}"'
            return match[0].replace(f'localSheetId="{place}"', new, 1)

        xml = re.sub(r"<definedNames>\s*</definedNames>", "", _LOCAL.sub(local, xml))
        xml = re.sub(r' (?:activeTab|firstSheet)="\d+"', "", xml)
        self.package.put(self.package.workbook, xml)
        self.package.unlink(self.package.workbook, part)

    def add_sheet(self, title: str, rows: list[list[Typed]]) -> None:
        """Adds a sheet last, with values from cell A1 on."""
        taken = self.package.parts
        part = next(p for n in range(1, 10_000) if (p := f"xl/worksheets/sheet{n}.xml") not in taken)
        head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        self.package.put(part, f'{head}<worksheet xmlns="{_MAIN}"><sheetData/></worksheet>')
        link = self.package.link(self.package.workbook, part, _KIND, _TYPE)
        ids = [int(attributes(tag)["sheetId"]) for tag in _SHEET.findall(self._workbook())]
        entry = f'<sheet name="{quoted_attribute(title)}" sheetId="{max(ids) + 1}" r:id="{link}"/>'
        xml = self._workbook().replace("</sheets>", f"{entry}</sheets>")
        self.package.put(self.package.workbook, xml)
        self._parts[title] = part
        for place, values in enumerate(rows, 1):
            for column, value in enumerate(values, 1):
                if value is not None:
                    self.set(title, join(place, column), value)

    def show_sheet(self, title: str, state: Literal["visible", "hidden", "veryHidden"] = "visible") -> None:
        """Shows or hides a sheet."""
        self._tag(title, state=state)

    def unprotect(self, title: str) -> None:
        """Takes away a sheet's protection."""
        sheet = self._sheet(title)
        sheet.tail = re.sub(r"<sheetProtection\b[^>]*/>", "", sheet.tail)

    # within

    def _workbook(self) -> str:
        """Returns the XML of the workbook part."""
        return self.package.text(self.package.workbook)

    def _sheet(self, title: str) -> Sheet:
        """Returns a sheet, taken apart on first use."""
        if title not in self._open:
            sheet = Sheet(self.package.text(self._parts[title]))
            sheet.unshare()
            self._open[title] = sheet
        return self._open[title]

    def _tag(self, title: str, **values: str) -> None:
        """Changes attributes of a sheet's entry in the workbook part."""

        def one(match: re.Match[str]) -> str:
            if _title(match[1]) != title:
                return match[0]
            return f"<sheet{written({**attributes(match[1]), **values})}/>"

        self.package.put(self.package.workbook, _SHEET.sub(one, self._workbook()))

    def _arrange(self, title: str, sources: dict[int, int]) -> None:
        """Lets each row take the cells of another, formulas as copied; row settings stay."""
        rows = self._sheet(title).rows
        old = {place: rows.get(place, Row()).cells for place in sources.values()}
        for place, source in sources.items():
            row = rows.setdefault(place, Row())
            row.cells = old[source]
            _translate(row, place - source)

    def _move(self, title: str, move: Move) -> None:
        """Moves rows or columns of a sheet and whatever refers to them."""
        sheet = self._sheet(title)
        if "<tableParts" in sheet.tail:
            raise ValueError(f"{title} has an Excel table, which is not moved")
        moved: dict[int, Row] = {}
        for place, row in sheet.rows.items():
            span = move.rows(place, place)
            if span is None:
                continue
            cells = {
                new[0]: cell for column, cell in row.cells.items() if (new := move.columns(column, column)) is not None
            }
            moved[span[0]] = Row(row.attributes, cells)
        sheet.rows = moved
        for row in moved.values():
            for cell in row.cells.values():
                values = cell.formula_attributes
                if area := values.get("ref"):
                    cell.set_formula_attributes({**values, "ref": move.area(area) or area})
        sheet.head = move_columns(move_areas(sheet.head, move), move)
        sheet.tail = move_areas(sheet.tail, move)
        self._rewrite(lambda formula, own: a1.moved(formula, own, title, move), about=title)

    def _rewrite(self, change: Callable[[str, str | None], str], *, about: str) -> None:
        """Rewrites all formulas that may refer to a sheet.

        Args:
            change: Is given a formula and the title of its sheet, if any.
            about: The sheet's title.
        """
        for title in self._parts:
            if title != about and not self._mentions(title, about):
                continue
            sheet = self._sheet(title)
            for row in sheet.rows.values():
                for cell in row.cells.values():
                    if text := cell.formula:
                        new = change(text, title)
                        if new != text:
                            cell.formula = new
            own = partial(_on, change, title)
            sheet.head = rewrite_formulas(sheet.head, own)
            sheet.tail = rewrite_formulas(sheet.tail, own)
        nowhere = partial(_on, change, None)
        names = rewrite_names(self._workbook(), nowhere)
        self.package.put(self.package.workbook, names)
        for part in self.package.parts:
            if part.startswith("xl/charts/chart"):
                self.package.put(part, rewrite_formulas(self.package.text(part), nowhere))

    def _mentions(self, title: str, about: str) -> bool:
        """Whether a sheet's formulas may refer to another sheet."""
        name = about.replace("'", "''")
        sheet = self._open.get(title)
        if sheet is None:
            return _holds(self.package.text(self._parts[title]), name)
        cells = (cell for row in sheet.rows.values() for cell in row.cells.values())
        return _holds(sheet.head + sheet.tail, name) or any(
            cell.has_formula and _holds(cell.inner, name) for cell in cells
        )


def _on(change: Callable[[str, str | None], str], title: str | None, formula: str) -> str:
    """Rewrites a formula that stands on a sheet."""
    return change(formula, title)


def _holds(xml: str, text: str) -> bool:
    """Whether XML holds a text, escaped or not."""
    return text in xml or ("&" in xml and text in unescape(xml))


def _title(tag: str) -> str:
    """Returns the title in a sheet's entry of the workbook part."""
    return unescape(attributes(tag)["name"])


def _empty(cell: Cell) -> Cell:
    """Returns an empty cell of the same style."""
    return Cell({k: v for k, v in cell.attributes.items() if k == "s"})


def _translate(row: Row, distance: int) -> None:
    """Lets a moved row's relative references follow along."""
    for cell in row.cells.values():
        if text := cell.formula:
            cell.formula = a1.translated(text, distance)
