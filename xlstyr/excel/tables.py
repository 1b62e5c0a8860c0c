"""Draws tables: key row, totals, header and one prototype row per variant."""

import textwrap

from xlstyr.excel.geometry import AFTER, IDS, MARKS, SEGMENT, VARIANTS, Placed, column_at
from xlstyr.excel.pen import Pen, key_row, writer
from xlstyr.excel.slots import SLOT, Sum
from xlstyr.layout.definition import Column, Table
from xlstyr.layout.raw import END


def draw_table(pen: Pen, placed: Placed, table: Table) -> None:
    """A table: key row, totals, header, and one prototype row per variant."""
    keys = {column_at(place): column.key for place, column in enumerate(table.column)}
    if table.is_read:
        key_row(pen, placed.keys, table.key, keys)
    else:
        pen.sheet.set_row(placed.keys - 1, 6)
    for number, total in enumerate(table.total):
        _total(pen, table, placed.total(number) - 1, number, total.strong)
    header = placed.header - 1
    lines = max(_header_lines(column) for column in table.column if not column.hidden)
    pen.sheet.set_row(header, max(34, 6 + 15 * lines))
    pen.sheet.write_string(header, IDS, "#head")
    for place, column in enumerate(table.column):
        pencil = "\u270e " if column.writer == "receiver" and not column.is_formula and table.is_read else ""
        if column.hidden and _shared(pen, place):
            continue
        pen.sheet.write_string(header, column_at(place), pencil + column.header, pen.looks.header(column))
    for number, variant in enumerate(VARIANTS):
        _prototype(pen, placed, table, SEGMENT * placed.segment + number, variant)
    if table.is_read:
        pen.sheet.write_string(SEGMENT * placed.segment + AFTER, MARKS, END)
    for place, column in enumerate(table.column):
        if table.is_read:
            pen.validate(placed.first - 1, column_at(place), placed.last - 1, column)
        if column.tone:
            pen.tone(placed.first - 1, column_at(place), placed.last - 1)


def _total(pen: Pen, table: Table, row: int, number: int, strong: bool) -> None:
    total = table.total[number]
    pen.sheet.write_string(row, IDS, "#total")
    first = True
    for place, column in enumerate(table.column):
        at = column_at(place)
        if column.key in total.columns:
            expression = total.expression.replace("{}", f"[{table.key}.{column.key}]")
            slot = pen.slots.take(Sum(table.key, column.key, expression))
            look = pen.looks.total(_in_kr(column), strong)
            pen.sheet.write_formula(row, at, "=" + writer(pen, table).write(expression), look, slot)
        elif first:
            pen.sheet.write_string(row, at, total.header, pen.looks.total(None, strong, label=True))
        elif not column.hidden and column.key != "status":
            pen.sheet.write_blank(row, at, None, pen.looks.total(None, strong))
        first = False


def _in_kr(column: Column) -> Column:
    """Totals are computed in kr whatever the column's unit."""
    return column.model_copy(update={"unit": "kr"}) if column.unit else column


def _header_lines(column: Column) -> int:
    return len(textwrap.wrap(column.header, max(4, int(column.width)))) or 1


def _shared(pen: Pen, place: int) -> bool:
    """Whether another table on the sheet shows the column where this one hides a value."""
    others = (table.column[place] for table in pen.placed.sheet.tables if place < len(table.column))
    return place < len(pen.placed.sheet.grid) or any(not column.hidden for column in others)


def _prototype(pen: Pen, placed: Placed, table: Table, row: int, variant: str) -> None:
    wraps = any(column.kind == "text" and not column.hidden for column in table.column)
    if table.compact:
        pen.sheet.set_row(row - 1, 15)
    elif variant == "section" or not wraps:
        pen.sheet.set_row(row - 1, 22 if variant == "section" else 18)
    pen.sheet.write_number(row - 1, IDS, SLOT)
    formulas = writer(pen, table, row)
    for place, column in enumerate(table.column):
        look = pen.looks.cell(column, variant, table, first=place == 0)
        if column.hidden and _shared(pen, place):
            look = pen.looks.make(num_format=";;;")
        if column.expression and variant != "section":
            pen.sheet.write_formula(row - 1, column_at(place), "=" + formulas.write(column.expression), look, SLOT)
        else:
            pen.sheet.write_number(row - 1, column_at(place), SLOT, look)
