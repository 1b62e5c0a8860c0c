"""One specimen workbook per layout, drawn with XlsxWriter; ``stamp`` makes every node's copy from it.

What differs between copies is drawn as a slot: a number from ``SLOT`` upwards. Texts inside parts of the
package (headers, footers, properties) are tokens ``%%name%%``.
"""

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from xlstyr.excel.forms import draw_form
from xlstyr.excel.geometry import FIRST, IDS, MARGIN, MARKS, Geometry, Placed, PlacedSheet, column_at
from xlstyr.excel.pen import Pen, choice_name
from xlstyr.excel.prose import draw_buttons, draw_chart, draw_prose
from xlstyr.excel.slots import Slots
from xlstyr.excel.tables import draw_table
from xlstyr.excel.theme import Looks, Theme
from xlstyr.layout.definition import Buttons, Chart, Form, Prose, Table, Workbook
from xlstyr.layout.lists import Lists
from xlstyr.words import word

HIDDEN_SHEET = "_xlstyr"
LISTS_SHEET = "Listor"
PROTECTION = {
    "sort": True,
    "autofilter": True,
    "format_columns": True,
    "format_rows": True,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}


@dataclass
class Specimen:
    """The drawn package and what its slots stand for. ``readers``: whether comments may be added."""

    package: bytes
    geometry: Geometry
    slots: Slots = field(repr=False)
    commented: bool = False


def draw_specimen(
    workbook: Workbook, theme: Theme, lists: Lists, commented: bool = False, pressable: bool = False
) -> Specimen:
    """The specimen of ``workbook`` with its lists.

    ``commented`` prepares it for marks (returns), ``pressable`` gives it real buttons (it will carry macros).
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_size(2400, 1400)
    book.set_calc_mode("auto")
    geometry, slots, looks = Geometry(workbook), Slots(), Looks(book, theme)
    sheets = [(placed, book.add_worksheet(placed.sheet.title)) for placed in geometry.sheets]
    _define_names(book, workbook, lists, geometry)
    for placed, sheet in sheets:
        _SheetDrawing(book, sheet, placed, geometry, slots, looks).draw(commented, pressable)
    _draw_lists(book, workbook, lists)
    _draw_identity(book)
    visible = [sheet for placed, sheet in sheets if not placed.sheet.hidden]
    visible[0].activate()
    _properties(book)
    book.close()
    return Specimen(buffer.getvalue(), geometry, slots, commented)


def _properties(book: xlsxwriter.Workbook) -> None:
    book.set_properties(
        {
            "title": "%%title%%",
            "subject": "%%node%%",
            "author": "%%municipality%%",
            "company": "%%municipality%%",
            "created": datetime(2000, 1, 1, tzinfo=UTC),
        }
    )
    book.set_custom_property("xlstyr", "%%identity%%", "text")


def _define_names(book: xlsxwriter.Workbook, workbook: Workbook, lists: Lists, geometry: Geometry) -> None:
    for name, letter, count in _list_columns(workbook, lists):
        book.define_name(name, f"={LISTS_SHEET}!${letter}$2:${letter}${max(2, count + 1)}")
    book.define_name("xlstyr_identity", '="%%identity%%"')
    for table in workbook.tables.values():
        if table.is_read:
            for key in table.columns:
                book.define_name(f"x.{table.key}.{key}", f"={geometry.area(table.key, key)}")


def _list_columns(workbook: Workbook, lists: Lists) -> list[tuple[str, str, int]]:
    """(defined name, column letter, rows) of every list on the hidden sheet."""
    found: list[tuple[str, int]] = []
    for name, choices in lists.items():
        found.append((f"list_{name}", len(choices.labels)))
        found.extend((f"list_{name}_{attribute}", len(choices.labels)) for attribute in choices.attributes)
    found.extend((name, len(choices)) for name, choices in _inline_choices(workbook).items())
    return [(name, xl_col_to_name(place), count) for place, (name, count) in enumerate(found)]


def _inline_choices(workbook: Workbook) -> dict[str, list[str]]:
    """The lists of choice columns by defined name."""
    found: dict[str, list[str]] = {}
    for block in (block for sheet in workbook.sheets for block in sheet.answerable):
        for column in block.columns.values():
            if column.kind == "choice":
                found[choice_name(column)] = list(column.choices.values())
    return found


def _draw_lists(book: xlsxwriter.Workbook, workbook: Workbook, lists: Lists) -> None:
    sheet = book.add_worksheet(LISTS_SHEET)
    columns: list[list[str]] = []
    for choices in lists.values():
        columns.append(list(choices.labels.values()))
        columns.extend([values.get(code, "") for code in choices.labels] for values in choices.attributes.values())
    columns.extend(_inline_choices(workbook).values())
    names = [name for name, _, _ in _list_columns(workbook, lists)]
    for place, (name, values) in enumerate(zip(names, columns, strict=True)):
        sheet.write_string(0, place, name)
        for row, text in enumerate(values, 1):
            sheet.write_string(row, place, text)
    sheet.protect()
    sheet.hide()


def _draw_identity(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet(HIDDEN_SHEET)
    sheet.write_string(0, 0, "xlstyr")
    sheet.write_formula(0, 1, '="%%identity%%"', None, "%%identity%%")
    sheet.write_string(1, 0, word("drawing.hands_off"))
    sheet.protect()
    sheet.very_hidden()


class _SheetDrawing:
    """Draws one sheet of the specimen."""

    def __init__(
        self,
        book: xlsxwriter.Workbook,
        sheet: Worksheet,
        placed: PlacedSheet,
        geometry: Geometry,
        slots: Slots,
        looks: Looks,
    ) -> None:
        self.pen = Pen(book, sheet, placed, geometry, slots, looks)
        self.placed = placed

    def draw(self, commented: bool, pressable: bool) -> None:
        pen, sheet = self.pen, self.pen.sheet
        self._columns()
        self._band()
        for block in self.placed.blocks:
            self._block(block, pressable)
        self._page()
        sheet.conditional_format("A1", {"type": "formula", "criteria": '="%%marks%%"="x"', "format": pen.flag()})
        if commented:
            sheet.write_comment("A1", "x", {"author": "%%municipality%%"})
        plain = any(table.plain for table in self.placed.sheet.tables)  # the control workbook grows as its owner likes
        sheet.protect("", PROTECTION | {"insert_rows": plain, "delete_rows": plain})
        if self.placed.sheet.hidden:
            sheet.hide()

    def _block(self, placed: Placed, pressable: bool) -> None:
        match placed.block:
            case Form():
                draw_form(self.pen, placed, placed.block)
            case Table():
                draw_table(self.pen, placed, placed.block)
            case Prose():
                draw_prose(self.pen, placed, placed.block)
            case Buttons():
                draw_buttons(self.pen, placed, placed.block, pressable=pressable)
            case Chart():
                draw_chart(self.pen, placed, placed.block)

    def _columns(self) -> None:
        sheet = self.pen.sheet
        sheet.hide_gridlines(2)
        sheet.set_column(MARKS, MARKS, 3, None, {"hidden": True})
        sheet.set_column(MARGIN, MARGIN, 2)
        sheet.set_column(IDS, IDS, 3, None, {"hidden": True})
        hidden = self._hidden_columns()
        for place, width in enumerate(self.placed.widths):
            column = column_at(place)
            sheet.set_column(column, column, width, None, {"hidden": True} if place in hidden else {})

    def _hidden_columns(self) -> set[int]:
        tables = self.placed.sheet.tables
        shown = {place for table in tables for place, column in enumerate(table.column) if not column.hidden}
        shown |= set(range(len(self.placed.sheet.grid)))
        return set(range(len(self.placed.widths))) - shown if tables else set()

    def visible(self) -> int:
        """The number of visible columns, counted from the first."""
        hidden = self._hidden_columns()
        return max(place for place in range(len(self.placed.widths)) if place not in hidden) + 1

    def _band(self) -> None:
        pen, definition = self.pen, self.placed.sheet
        pen.sheet.set_row(0, 34)
        pen.sheet.set_row(1, 20)
        pen.sheet.set_row(2, 12)
        for place in range(self.visible()):
            pen.sheet.write_blank(0, column_at(place), None, pen.looks.band())
            pen.sheet.write_blank(1, column_at(place), None, pen.looks.band(note=True))
        for row in (0, 1):
            pen.sheet.write_blank(row, IDS, None, pen.looks.band(note=bool(row)))
            pen.sheet.write_blank(row, MARGIN, None, pen.looks.band(note=bool(row)))
        pen.slot_text(0, FIRST, definition.heading or definition.title, pen.looks.band())
        pen.slot_text(1, FIRST, definition.subtitle, pen.looks.band(note=True))
        if pen.looks.theme.logo is not None:
            pen.sheet.insert_image(
                0,
                column_at(self.visible() - 1),
                str(pen.looks.theme.logo),
                {"y_scale": 0.7, "x_scale": 0.7, "decorative": True},
            )

    def _page(self) -> None:
        sheet, definition = self.pen.sheet, self.placed.sheet
        tables = [block for block in self.placed.blocks if isinstance(block.block, Table)]
        only = tables[0] if len(tables) == 1 else None
        shown = [b for b in self.placed.blocks if not (isinstance(b.block, Form) and b.block.style == "hidden")]
        wide = self.visible()
        last = tables[-1].bottom if tables and tables[-1] is shown[-1] else self.placed.end
        if not definition.hidden:  # LibreOffice prints hidden sheets that have a print area
            sheet.print_area(0, MARGIN, last - 1, column_at(wide - 1))
        (sheet.set_portrait if definition.portrait else sheet.set_landscape)()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 1 if definition.one_page else 0)
        sheet.set_margins(0.5, 0.5, 0.6, 0.6)
        sheet.set_header("&L&9%%municipality%%&R&9%%title%%")
        sheet.set_footer("&L&9%%node%% \u00b7 &A&C&9%%label%%&R&9" + word("drawing.page") + " &P (&N)")
        if only is not None and isinstance(only.block, Table):
            if only is shown[-1]:
                sheet.repeat_rows(only.header - 1)
            sheet.freeze_panes(only.first - 1, FIRST + 2 if only.first < 14 else 0)
            if only.block.grow or not only.block.is_read:
                sheet.autofilter(only.header - 1, FIRST, only.last - 1, column_at(len(only.block.column) - 1))
        else:
            sheet.freeze_panes(2, 0)
        row, column = self._first_input()
        sheet.set_selection(row, column, row, column)

    def _first_input(self) -> tuple[int, int]:
        for placed in self.placed.blocks:
            if isinstance(placed.block, Form):
                for column in placed.block.field:
                    if column.open_in("normal") and column.key in placed.cells:
                        return placed.cells[column.key][0] - 1, placed.cells[column.key][1]
        return 2, FIRST
