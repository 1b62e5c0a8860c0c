"""Draws the blocks of a sheet in the specimen: forms, tables, prose and charts."""

import textwrap
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlstyr.excel.geometry import (
    AFTER,
    FIRST,
    IDS,
    MARKS,
    SEGMENT,
    VARIANTS,
    Geometry,
    Placed,
    PlacedSheet,
    column_at,
    is_read,
    label_span,
    quoted,
)
from xlstyr.excel.slots import SLOT, Field, Note, Slots, Sum, Text
from xlstyr.excel.theme import Looks, check_format, number_format
from xlstyr.layout import kinds
from xlstyr.layout.definition import Chart, Column, Form, Prose, Table
from xlstyr.layout.formula import ExcelText
from xlstyr.layout.raw import END, ID, MARK
from xlstyr.words import word

AXIS_MIN = 7_777_777  # where a waterfall's axis starts: differs between copies
TONES = (("\u2714", "good"), ("\u25cb", "warn"), ("\u25b2", "bad"), ("\u2013", "muted"))


@dataclass
class Pen:
    """What drawing one sheet needs."""

    book: xlsxwriter.Workbook
    sheet: Worksheet
    placed: PlacedSheet
    geometry: Geometry
    slots: Slots
    looks: Looks

    def slot_text(self, row: int, column: int, template: str, look: Format) -> None:
        """A text that may hold placeholders; plain text is written as it is. Rows and columns from 0."""
        if "{" in template:
            self.sheet.write_number(row, column, self.slots.take(Text(template)), look)
        elif template:
            self.sheet.write_string(row, column, template, look)

    def flag(self) -> Format:
        """The look of a cell that a finding points at: fill, frame and a sign."""
        colour = self.looks.theme.colour
        return self.book.add_format(
            {
                "bg_color": f"#{colour['warn_fill']}",
                "bold": True,
                "border": 1,
                "border_color": f"#{colour['bad']}",
                "num_format": '"\u25b2 "#,##0;"\u25b2 "\u2212#,##0;"\u25b2 "0;"\u25b2 "@',
            }
        )

    def tone(self, row: int, column: int, last_row: int | None = None) -> None:
        """Status words get their colour by their first sign."""
        last = row if last_row is None else last_row
        for sign, colour in TONES:
            look = self.book.add_format(
                {"font_color": f"#{self.looks.theme.colour[colour]}", "bold": colour != "muted"}
            )
            rule = {"type": "text", "criteria": "begins with", "value": sign, "format": look}
            self.sheet.conditional_format(row, column, last, column, rule)

    def merge(self, row: int, first: int, last: int, look: Format) -> None:
        """One wide cell from ``first`` to ``last``, if they differ."""
        if last > first:
            self.sheet.merge_range(row, first, row, last, None, look)

    def validate(self, row: int, column_number: int, last_row: int, column: Column) -> None:
        """Excel's own check of what is typed, with Swedish messages."""
        rule = kinds.validation(column)
        if rule is None:
            return
        options: dict[str, Any] = {
            "input_title": rule.title[:32],
            "input_message": rule.prompt[:255],
            "error_title": word("drawing.error_title"),
            "error_message": rule.error[:255],
            "ignore_blank": True,
        }
        options |= _rule_options(rule, column, self)
        self.sheet.data_validation(row, column_number, last_row, column_number, options)


def _rule_options(rule: kinds.Validation, column: Column, pen: Pen) -> dict[str, Any]:
    match rule.type:
        case "list" if column.kind == "choice":
            return {"validate": "list", "source": f"={choice_name(column)}"}
        case "list" if column.to and column.to[0] in "[=":
            table, key = column.to.strip("[]=").split(".")
            return {"validate": "list", "source": f"={pen.geometry.area(table, key)}"}
        case "list":
            return {"validate": "list", "source": f"=list_{column.to}"}
        case "length":
            return {"validate": "length", "criteria": "<=", "value": int(rule.maximum or 0)}
        case "date":
            return {"validate": "integer", "criteria": "between", "minimum": 20_000, "maximum": 80_000}
    limits = {"minimum": _plain(rule.minimum), "maximum": _plain(rule.maximum)}
    return {"validate": rule.type, "criteria": "between", **limits}


def choice_name(column: Column) -> str:
    """The defined name of a choice column's list."""
    return f"val_{'_'.join(column.choices)}"[:200]


def _plain(number: Decimal | None) -> int | float:
    number = number or Decimal(0)
    return int(number) if number == number.to_integral_value() else float(number)


def draw_form(pen: Pen, placed: Placed, form: Form) -> None:
    """A form in its style, with its key row when anybody answers in it."""
    if is_read(form):
        _key_row(pen, placed.keys, form.key, {next(iter(placed.cells.values()))[1]: "value"})
    shown = [column for column in form.field if not column.hidden and form.style != "hidden"]
    draw = {"cards": _card, "steps": _step, "checks": _check}.get(form.style, _listed)
    for number, column in enumerate(shown, 1):
        row, place = placed.cells[column.key]
        draw(pen, form, column, row - 1, place, number)
        if is_read(form):
            pen.sheet.write_string(row - 1, IDS, column.key)
    for column in (column for column in form.field if column not in shown):
        row, place = placed.cells[column.key]
        pen.sheet.set_row(row - 1, None, None, {"hidden": True})
        _value(pen, form, column, row - 1, place, pen.looks.make(num_format=number_format(column)))


def _key_row(pen: Pen, row: int, key: str, keys: dict[int, str]) -> None:
    pen.sheet.set_row(row - 1, None, None, {"hidden": True})
    pen.sheet.write_string(row - 1, MARKS, f"{MARK}{key}")
    pen.sheet.write_string(row - 1, IDS, ID)
    for column, name in keys.items():
        pen.sheet.write_string(row - 1, column, name)


def _writer(pen: Pen, block: Form | Table, row: int = 0) -> ExcelText:
    return ExcelText(pen.geometry.addresses(pen.placed.sheet, block, row))


def _value(pen: Pen, form: Form, column: Column, row: int, place: int, look: Format) -> None:
    slot = pen.slots.take(Field(form.key, column.key))
    if column.expression:
        pen.sheet.write_formula(row, place, "=" + _writer(pen, form).write(column.expression), look, slot)
    else:
        pen.sheet.write_number(row, place, slot, look)


def _card(pen: Pen, form: Form, column: Column, row: int, place: int, number: int) -> None:
    looks = pen.looks
    right = column_at(2 * number - 1)
    rows = (
        (row - 1, looks.make(align="center", font_color="@muted", bg_color="@card", font_size=10)),
        (
            row,
            looks.make(
                bold=True,
                font_size=24,
                align="center",
                font_color="@band",
                bg_color="@card",
                num_format=number_format(column),
            ),
        ),
        (
            row + 1,
            looks.make(align="center", font_color="@muted", bg_color="@card", font_size=10, bold=bool(column.tone)),
        ),
    )
    for at, look in rows:
        pen.merge(at, place, right, look)
    pen.sheet.set_row(row, 38)
    pen.sheet.set_row(row + 2, 14)
    pen.sheet.write_string(row - 1, place, column.header, rows[0][1])
    _value(pen, form, column, row, place, rows[1][1])
    if column.note:
        text = _writer(pen, form).write(column.note)
        pen.sheet.write_formula(row + 1, place, f"={text}", rows[2][1], pen.slots.take(Note(form.key, column.note)))
    if isinstance(column.tone, str):
        pen.tone(row + 1, place)


def _step(pen: Pen, form: Form, column: Column, row: int, place: int, number: int) -> None:
    looks, last = pen.looks, len(pen.placed.widths) - 1
    line = {"bottom": 1, "bottom_color": "@line"}
    pen.sheet.set_row(row, 30)
    pen.sheet.write_string(
        row, FIRST, str(number), looks.make(bold=True, font_size=14, align="center", font_color="@accent", **line)
    )
    link = looks.make(bold=True, font_size=12, font_color="@accent", underline=1, **line)
    _link(pen, row, column_at(1), column, link)
    text = looks.make(font_color="@muted", text_wrap=True, indent=1, **line)
    pen.merge(row, column_at(2), column_at(last - 2), text)
    pen.sheet.write_string(row, column_at(2), column.help, text)
    look = looks.make(bold=True, indent=1, **line)
    pen.merge(row, place, column_at(last), look)
    _value(pen, form, column, row, place, look)
    pen.tone(row, place)


def _link(pen: Pen, row: int, place: int, column: Column, look: Format) -> None:
    target = next((s for s in pen.geometry.workbook.sheets if s.key == column.link), None)
    if target is None:
        pen.sheet.write_string(row, place, column.header, look)
    else:
        pen.sheet.write_url(row, place, f"internal:{quoted(target.title)}!C1", look, column.header)


def _check(pen: Pen, form: Form, column: Column, row: int, place: int, number: int) -> None:
    line = {"bottom": 1, "bottom_color": "@line"}
    pen.sheet.set_row(row, 24)
    form_look = pen.looks.make(bold=True, align="center", font_color="@good", num_format=check_format(column), **line)
    _value(pen, form, column, row, place, form_look)
    late = pen.book.add_format({"font_color": f"#{pen.looks.theme.colour['warn']}"})
    pen.sheet.conditional_format(row, place, row, place, {"type": "cell", "criteria": ">", "value": 0, "format": late})
    _link(pen, row, column_at(1), column, pen.looks.make(bold=True, font_color="@accent", underline=1, **line))
    pen.sheet.write_string(row, column_at(2), column.help, pen.looks.make(font_color="@muted", text_wrap=True, **line))


def _listed(pen: Pen, form: Form, column: Column, row: int, place: int, number: int) -> None:
    open_ = column.open_in("normal")
    span = label_span(pen.placed.widths)
    label = pen.looks.make(font_color="@ink" if open_ else "@muted", bold=open_, text_wrap=True, indent=1)
    mark = "\u270e " if open_ else ""
    pen.sheet.write_string(row, column_at(span - 1), mark + column.header, label)
    pen.sheet.set_row(row, 90 if column.tall else 24 if open_ else 20)
    look = pen.looks.value(column, open_)
    if not open_:
        pen.merge(row, place, column_at(len(pen.placed.widths) - 1), look)
    _value(pen, form, column, row, place, look)
    if open_:
        pen.validate(row, place, row, column)
        _hint(pen, form, column, row)


def _hint(pen: Pen, form: Form, column: Column, row: int) -> None:
    """Beside an open cell: a live note if there is one, else what to write; in the next column that shows."""
    span = label_span(pen.placed.widths)
    hidden = {place for table in pen.placed.sheet.tables for place, c in enumerate(table.column) if c.hidden}
    free = [place for place in range(span + 1, len(pen.placed.widths)) if place not in hidden]
    if not free:
        return
    at = column_at(free[0])
    if column.note:
        look = pen.looks.make(bold=True, indent=1)
        text = _writer(pen, form).write(column.note)
        pen.sheet.write_formula(row, at, f"={text}", look, pen.slots.take(Note(form.key, column.note)))
    else:
        hint = pen.looks.make(font_color="@muted", indent=1, text_wrap=form.style != "inline")
        pen.sheet.write_string(row, at, column.help, hint)


def draw_table(pen: Pen, placed: Placed, table: Table) -> None:
    """A table: key row, totals, header, and one prototype row per variant."""
    keys = {column_at(place): column.key for place, column in enumerate(table.column)}
    if table.is_read:
        _key_row(pen, placed.keys, table.key, keys)
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
            pen.sheet.write_formula(row, at, "=" + _writer(pen, table).write(expression), look, slot)
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
    writer = _writer(pen, table, row)
    for place, column in enumerate(table.column):
        look = pen.looks.cell(column, variant, table, first=place == 0)
        if column.hidden and _shared(pen, place):
            look = pen.looks.make(num_format=";;;")
        if column.expression and variant != "section":
            pen.sheet.write_formula(row - 1, column_at(place), "=" + writer.write(column.expression), look, SLOT)
        else:
            pen.sheet.write_number(row - 1, column_at(place), SLOT, look)


def draw_prose(pen: Pen, placed: Placed, prose: Prose) -> None:
    """Headings, paragraphs, or the legend of how cells look."""
    if prose.type == "legend":
        _legend(pen, placed.top - 1)
        return
    heading = pen.looks.make(bold=True, font_size=13, font_color="@band")
    for number, text in enumerate(prose.text):
        row = placed.top - 1 + number
        if prose.style == "section":
            pen.sheet.set_row(row, 24)
            pen.slot_text(row, FIRST, text, heading)
        elif text.startswith("# "):
            pen.sheet.set_row(row, 28)
            pen.slot_text(row, FIRST, text[2:], heading)
        else:
            look = pen.looks.make(text_wrap=prose.style == "text", font_size=12 if prose.style == "list" else 11)
            pen.sheet.set_row(row, 18 * (1 + len(text) // 115) if prose.style == "text" else 20)
            pen.slot_text(row, FIRST, text, look)


def _legend(pen: Pen, row: int) -> None:
    looks = pen.looks
    pen.sheet.write_string(row, FIRST, word("drawing.legend"), looks.make(bold=True, font_color="@band"))
    samples = (
        (
            "\u270e " + word("drawing.yes_please"),
            looks.make(bg_color="@input", border=1, border_color="@input_line", indent=1),
        ),
        (word("drawing.computed"), looks.make(bg_color="@computed", indent=1, bottom=1, bottom_color="@line")),
        ("\u25a0 " + word("drawing.fixed"), looks.make(font_color="@muted", indent=1, bottom=1, bottom_color="@line")),
    )
    for number, (text, look) in enumerate(samples):
        pen.sheet.write_string(row + 1, column_at(1 + number), text, look)


def draw_chart(pen: Pen, placed: Placed, chart: Chart) -> None:
    """A chart over a table's columns: one series, labels on it, no legend, alternative text."""
    colour = pen.looks.theme.colour
    kind: dict[str, Any] = {"type": "bar"} if chart.kind == "bar" else {"type": "column"}
    if chart.kind == "waterfall":
        kind["subtype"] = "stacked"
    drawn = pen.book.add_chart(kind)
    names = [name for name in (chart.categories, chart.values, chart.base, chart.falls) if name]
    parts = {name: name.split(".") for name in names}
    areas = {name: f"={pen.geometry.area(table, key)}" for name, (table, key) in parts.items()}
    if chart.base:
        drawn.add_series(
            {
                "categories": areas[chart.categories],
                "values": areas[chart.base],
                "fill": {"none": True},
                "border": {"none": True},
            }
        )
    series = [(chart.values, "accent_light" if chart.falls else "accent", chart.labels)]
    if chart.falls:
        series.append((chart.falls, "warn_light", f"\u2212{chart.labels}"))
    for values, fill, labels in series:
        shown = f"{labels};{labels};" if chart.falls else labels
        label = {"value": True, "num_format": shown, "font": {"size": 9, "color": f"#{colour['ink']}"}}
        drawn.add_series(
            {
                "categories": areas[chart.categories],
                "values": areas[values],
                "fill": {"color": f"#{colour[fill]}"},
                "gap": 45,
                "data_labels": label,
            }
        )
    drawn.set_title({"name": chart.title, "name_font": {"size": 12, "color": f"#{colour['band']}"}, "overlay": False})
    drawn.set_legend({"none": True})
    hidden_axis = {"visible": False, "major_gridlines": {"visible": False}}
    if chart.kind == "bar":
        drawn.set_x_axis(hidden_axis)
        drawn.set_y_axis({"reverse": True, "line": {"none": True}, "num_font": {"size": 9}})
    else:
        lowest = {"min": AXIS_MIN} if chart.kind == "waterfall" else {}
        drawn.set_y_axis(hidden_axis | lowest)
        drawn.set_x_axis({"num_font": {"size": 9}})
    drawn.set_chartarea({"border": {"none": True}})
    left = sum(_pixels(width) for width in pen.placed.widths) * (chart.place - 1) / chart.share
    width = sum(_pixels(width) for width in pen.placed.widths) / chart.share - 8
    drawn.set_size({"width": int(width), "height": chart.height})
    column, offset = _column_at_pixel(pen.placed.widths, left)
    place = {"description": chart.about, "object_position": 1, "x_offset": offset}
    pen.sheet.insert_chart(placed.top - 1, column, drawn, place)


def _pixels(width: float) -> int:
    return int(width * 7 + 5)


def _column_at_pixel(widths: tuple[float, ...], pixel: float) -> tuple[int, int]:
    """The column that a distance from the first column falls in, and how far into it."""
    taken = 0.0
    for place, width in enumerate(widths):
        if taken + _pixels(width) > pixel:
            return column_at(place), int(pixel - taken)
        taken += _pixels(width)
    return column_at(len(widths) - 1), 0
