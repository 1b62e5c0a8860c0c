"""Draws prose (headings, paragraphs, the legend of how cells look), buttons and charts."""

from typing import Any

from xlstyr.excel.geometry import FIRST, Placed, column_at
from xlstyr.excel.pen import Pen
from xlstyr.layout.definition import Buttons, Chart, Prose
from xlstyr.words import word

AXIS_MIN = 7_777_777  # where a waterfall's axis starts: differs between copies


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


def draw_buttons(pen: Pen, placed: Placed, buttons: Buttons, *, pressable: bool) -> None:
    """One row a button: the button itself, or its caption where no macros are, and what it does beside it."""
    caption = pen.looks.make(bold=True, font_color="@band", valign="vcenter", indent=1)
    words = pen.looks.make(valign="vcenter", font_color="@muted", indent=1)
    for number, button in enumerate(buttons.button):
        row = placed.top - 1 + number
        pen.sheet.set_row(row, 27)
        pen.sheet.write_string(row, column_at(1), button.help, words)
        if not pressable:
            pen.sheet.write_string(row, FIRST, button.caption, caption)
            continue
        size = {"width": _pixels(pen.placed.widths[0]) - 10, "height": 30, "x_offset": 4, "y_offset": 3}
        options = {"macro": button.macro, "caption": button.caption, "description": button.help}
        pen.sheet.insert_button(row, FIRST, options | size)


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
