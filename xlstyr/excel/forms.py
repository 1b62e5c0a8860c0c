"""Draws forms: cards, steps, checks, lists and hidden values."""

from xlsxwriter.format import Format

from xlstyr.excel.geometry import FIRST, IDS, Placed, column_at, is_read, label_span, quoted
from xlstyr.excel.pen import Pen, key_row, writer
from xlstyr.excel.slots import Field, Note
from xlstyr.excel.theme import check_format, number_format
from xlstyr.layout.definition import Column, Form


def draw_form(pen: Pen, placed: Placed, form: Form) -> None:
    """A form in its style, with its key row when anybody answers in it."""
    if is_read(form):
        key_row(pen, placed.keys, form.key, {next(iter(placed.cells.values()))[1]: "value"})
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


def _value(pen: Pen, form: Form, column: Column, row: int, place: int, look: Format) -> None:
    slot = pen.slots.take(Field(form.key, column.key))
    if column.expression:
        pen.sheet.write_formula(row, place, "=" + writer(pen, form).write(column.expression), look, slot)
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
        text = writer(pen, form).write(column.note)
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
        text = writer(pen, form).write(column.note)
        pen.sheet.write_formula(row, at, f"={text}", look, pen.slots.take(Note(form.key, column.note)))
    else:
        hint = pen.looks.make(font_color="@muted", indent=1, text_wrap=form.style != "inline")
        pen.sheet.write_string(row, at, column.help, hint)
