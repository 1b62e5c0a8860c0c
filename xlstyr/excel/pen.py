"""What drawing a sheet of the specimen needs: the sheet, where things stand, their looks, and the slots."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlstyr.excel.geometry import IDS, MARKS, Geometry, PlacedSheet
from xlstyr.excel.slots import Slots, Text
from xlstyr.excel.theme import Looks
from xlstyr.layout import kinds
from xlstyr.layout.definition import Column, Form, Table
from xlstyr.layout.formula import ExcelText
from xlstyr.layout.raw import ID, MARK
from xlstyr.words import word

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


def key_row(pen: Pen, row: int, key: str, keys: dict[int, str]) -> None:
    """The hidden row by which a table or form is found: its mark, and the columns' keys. ``row`` from 1."""
    pen.sheet.set_row(row - 1, None, None, {"hidden": True})
    pen.sheet.write_string(row - 1, MARKS, f"{MARK}{key}")
    pen.sheet.write_string(row - 1, IDS, ID)
    for column, name in keys.items():
        pen.sheet.write_string(row - 1, column, name)


def writer(pen: Pen, block: Form | Table, row: int = 0) -> ExcelText:
    """Writes the formulas of ``block`` as seen from ``row``."""
    return ExcelText(pen.geometry.addresses(pen.placed.sheet, block, row))
