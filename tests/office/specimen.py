"""A small workbook of the kind that units get, for the harness's own tests."""

import io
from typing import Any

import openpyxl
import xlsxwriter

LINES = [
    ("L1", "Undervisning", 1200, 45),
    ("L2", "Hyra & städ", 800, -20),
    ("L3", "Hyra <hus>", 310, None),
    ("L4", "Livsmedel", 95, 5),
]
FIRST = 6  # the row of the first line, as on the screen
LAST = FIRST + len(LINES) - 1


def draw(*, planted: float | None = None) -> bytes:
    """Draws the workbook with right cached values.

    Args:
        planted: A wrong cached value for the total on the first sheet.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    locked = book.add_format({"bg_color": "#EEEEEE", "num_format": "#,##0"})
    free = book.add_format({"bg_color": "#FFF9DB", "num_format": "#,##0", "locked": False})
    start = book.add_worksheet("Start")
    budget = book.add_worksheet("Årets budget")
    goals = book.add_worksheet("Mål")
    lists = book.add_worksheet("Listor")
    lists.hide()
    lists.write_column(0, 0, ["ja", "nej", "kanske, sen"])
    book.define_name("answers", "=Listor!$A$1:$A$3")
    book.define_name("change", f"='Årets budget'!$F${FIRST}:$F${LAST}")
    _draw_start(start, locked, planted)
    _draw_budget(book, budget, locked, free)
    _draw_goals(goals, free)
    book.close()
    return out.getvalue()


def read(data: bytes, *, values: bool = False) -> Any:
    """Opens a workbook with openpyxl, which shares no code with the harness."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def _draw_start(sheet: Any, locked: Any, planted: float | None) -> None:
    """Draws the totals, among them texts, truth values, a name and an empty answer."""
    given = sum(line[2] for line in LINES)
    change = sum(line[3] or 0 for line in LINES)
    area = f"'Årets budget'!$G${FIRST}:$G${LAST}"
    total = given + change if planted is None else planted
    sheet.write_string("A1", "Start")
    sheet.write_formula("B2", f"=SUM({area})", locked, total)
    sheet.write_formula("B3", "=SUM(change)", locked, change)
    sheet.write_formula("B4", '=IF(B3>0,"Över, se F6","")', locked, "Över, se F6")
    sheet.write_formula("B5", '=IF(B3>1000,"Över","")', locked, "")
    sheet.write_formula("B6", "=B2>0", locked, True)
    sheet.write_formula("B7", f"=B2/{len(LINES)}", locked, (given + change) / len(LINES))
    sheet.write_formula("B8", '=INDEX(Mål!$D$3:$D$4,MATCH("M2",Mål!$B$3:$B$4,0))', locked, "Trygg")
    sheet.write_array_formula("B9:B10", "{=ROW(B9:B10)*2}", locked, 18)
    sheet.write_number("B10", 20, locked)


def _draw_budget(book: Any, sheet: Any, locked: Any, free: Any) -> None:
    """Draws a table with marker column, key row, validations, a rule and a chart."""
    sheet.protect()
    sheet.set_column("A:B", None, None, {"hidden": True})
    sheet.set_column("C:C", 30)
    sheet.merge_range("C1:F1", "Årets budget", locked)
    sheet.write_formula("G2", f"=SUM(G{FIRST}:G{LAST})", locked, _all())
    sheet.write_row("A4", ["table:lines", "id", "text", "answer", "given", "change", "budget"])
    sheet.set_row(3, None, None, {"hidden": True})
    sheet.write_row("C5", ["Rad", "Svar", "Budget 2025", "Ändring", "Budget 2026"])
    for row, (key, text, given, change) in enumerate(LINES, FIRST):
        sheet.write_string(f"B{row}", key)
        sheet.write_string(f"C{row}", text, locked)
        sheet.write_blank(f"D{row}", None, free)
        sheet.write_number(f"E{row}", given, locked)
        if change is None:
            sheet.write_blank(f"F{row}", None, free)
        else:
            sheet.write_number(f"F{row}", change, free)
        budget = given + (change or 0)
        sheet.write_formula(f"G{row}", f'=IF(F{row}="",E{row},E{row}+F{row})', locked, budget)
    sheet.data_validation(f"D{FIRST}:D{LAST}", {"validate": "list", "source": "=answers"})
    sheet.data_validation(f"F{FIRST}:F{LAST}", {"validate": "custom", "value": f"=ISNUMBER(F{FIRST})"})
    rule = {"type": "formula", "criteria": f"=$F{FIRST}<0", "format": book.add_format({"bold": 1})}
    sheet.conditional_format(f"C{FIRST}:G{LAST}", rule)
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "categories": f"='Årets budget'!$C${FIRST}:$C${LAST}",
            "values": f"='Årets budget'!$G${FIRST}:$G${LAST}",
        }
    )
    sheet.insert_chart("I6", chart)


def _draw_goals(sheet: Any, free: Any) -> None:
    """Draws two tables below each other."""
    sheet.write_row("A2", ["table:goals", "id", "number", "goal"])
    sheet.write_row("A3", [None, "M1", 1, "Nöjd"])
    sheet.write_row("A4", [None, "M2", 2, "Trygg"], free)
    sheet.write_row("A6", ["table:tasks", "id", "task"])
    sheet.write_row("A7", [None, "M1", "Uppdrag"])


def _all() -> int:
    """Returns the total of the budget column."""
    return sum(line[2] + (line[3] or 0) for line in LINES)
