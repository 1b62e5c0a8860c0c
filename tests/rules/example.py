"""The example of a rule, read from its table: what people do, and the finding that it must give, and where."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.mess import hands as h
from tests.office.a1 import letters, number, split
from tests.office.tables import Table
from tests.office.xmledit import Edit, Typed

ROUND = ("ny utgåva", "lämna in igen", "lämna in annan", "lämna in rättad", "lämna inte in", "lämna in sent")
FILES = {
    "text": "Hej! Här kommer vår budget.".encode(),
    "lösenord": h.OLE + bytes(900) + "EncryptedPackage".encode("utf-16-le"),
    "tom": b"",
}
IDENTITY = {"round": 1, "node": 2, "stage": 3, "issue": 4, "layout": 6}


@dataclass(frozen=True)
class Step:
    """One line of an example."""

    does: str
    table: str
    row: str
    column: str
    value: str
    gives: str


@dataclass(frozen=True)
class Spot:
    """Where a finding must be: machine keys, and the cell in the workbook that was sent (``""``: none)."""

    table: str = ""
    row: str = ""
    column: str = ""
    sheet: str = ""
    cell: str = ""


def steps(text: str) -> list[Step]:
    """The lines of an example, without its head."""
    rows = [[part.strip() for part in line.strip().strip("|").split("|")] for line in text.strip().splitlines()]
    assert rows[0] == ["gör", "tabell", "rad", "kolumn", "värde", "ger"]
    return [Step(*row) for row in rows[1:]]


class Desk:
    """A workbook on which the steps of an example are taken. ``titles``: sheet key → title."""

    def __init__(self, data: bytes, titles: dict[str, str]) -> None:
        self.edit = Edit(data)
        self.titles = titles
        self.instead: bytes | None = None
        self.renamed = False

    @property
    def data(self) -> bytes:
        """What is sent."""
        return self.edit.bytes() if self.instead is None else self.instead

    def take(self, step: Step) -> Spot:
        """Takes one step; where its finding must be, before later steps move it."""
        match step.does:
            case "skriv" | "formel" | "felvärde":
                return self._type(step)
            case "kontrollera" if not step.table:
                return Spot()
            case "kontrollera":
                row = self.row_id(self.edit.table(step.table), step.row)
                return Spot(step.table, row, step.column, *self.edit.at(step.table, row, step.column))
            case "fil":
                return self._file(step.value)
            case "identitet":
                places = ("sheet", "name", "property") if step.row == "alla" else ("sheet",)
                h.identity(IDENTITY[step.column], step.value, places)(self.edit)
                return Spot()
            case does if does.endswith("blad"):
                return self._sheet(step)
            case does if does.endswith("kolumn"):
                return self._column(step)
            case does if does.endswith("rad"):
                return self._row(step)
        raise AssertionError(step.does)

    def row_id(self, table: Table, row: str) -> str:
        """The id of a row: free rows are called so, given ones by their number."""
        if not row.isdigit():
            return row
        given = [one for one in table.rows if not one.startswith("#") and not re.fullmatch(r"n\d+", one)]
        return given[int(row) - 1]

    def _value(self, text: str) -> Typed:
        """A cell's value as Excel takes it; quotes keep a text a text, braces fetch another cell."""
        if found := re.fullmatch(r"\{(\w+)\.(\w+)\.(\w+)\}", text):
            table = self.edit.table(found[1])
            value = self.edit.get(*self.edit.at(found[1], self.row_id(table, found[2]), found[3]))
            assert value is None or isinstance(value, int | float | str)
            return value
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text) if "." in text else int(text)
        return text.strip('"') or None

    def _type(self, step: Step) -> Spot:
        edit, table = self.edit, self.edit.table(step.table)
        is_form = "value" in table.columns and not step.row
        row, column = (step.column, "value") if is_form else (self.row_id(table, step.row), step.column)
        if column == "utanför":
            ref = f"{letters(max(map(number, table.columns.values())) + 2)}{table.rows[row]}"
            edit.set(table.sheet, ref, step.value)
            return Spot(sheet=table.sheet, cell=ref)
        sheet, ref = edit.at(step.table, row, column)
        match step.does:
            case "formel":
                edit.set(sheet, ref, None, formula=step.value)
            case "felvärde":
                edit.set(sheet, ref, None, error=step.value)
            case _:
                edit.set(sheet, ref, self._value(step.value))
        return Spot(step.table, "" if is_form else row, step.column, sheet, ref)

    def _file(self, value: str) -> Spot:
        match value:
            case "makron":
                h.add_part("xl/vbaProject.bin", b"x", "vbaProject")(self.edit)
            case "länkar":
                h.external_link(self.edit)
            case "avbruten":
                self.instead = h.truncated(self.edit)
            case "stor":
                self.edit.package.parts["xl/media/image1.png"] = Random(1).randbytes(26 * 2**20)
            case "annan arbetsbok":
                h.lose_identity(self.edit, all_of_it=True)
            case "annat namn":
                self.renamed = True
            case _:
                self.instead = FILES[value]
        return Spot()

    def _sheet(self, step: Step) -> Spot:
        title = self.titles[step.table]
        match step.does:
            case "ta bort blad":
                self.edit.delete_sheet(title)
                return Spot(step.table)
            case "dubblera blad":
                h.copy_sheet(self.edit, title)
                return Spot(step.table, sheet=title)
            case "byt namn på blad":
                self.edit.rename_sheet(title, step.value)
                return Spot(sheet=step.value)
        raise AssertionError(step.does)

    def _column(self, step: Step) -> Spot:
        table = self.edit.table(step.table)
        letter = table.columns[step.column]
        match step.does:
            case "ta bort kolumn":
                self.edit.delete_column(table.sheet, letter)
                return Spot(step.table, "", step.column, table.sheet)
            case "flytta kolumn":
                self.edit.swap_columns(table.sheet, letter, letters(number(letter) - 1))
                return Spot(step.table, sheet=table.sheet)
        raise AssertionError(step.does)

    def _row(self, step: Step) -> Spot:
        edit, table = self.edit, self.edit.table(step.table)
        row = self.row_id(table, step.row)
        place = table.rows[row]
        first = min((letter for key, letter in table.columns.items() if key != "id"), key=number)
        match step.does:
            case "ta bort rad":
                edit.delete_row(table.sheet, place)
                return Spot(step.table, row)
            case "dubblera rad":
                edit.copy_row(table.sheet, place, place + 1)
                return Spot(step.table, row, sheet=table.sheet)
            case "dölj rad":
                edit.hide_row(table.sheet, place)
                return Spot(step.table, row, "", table.sheet, f"{first}{place}")
            case "infoga rad":
                edit.insert_row(table.sheet, place)
                ref = f"{table.columns[step.column]}{place}"
                edit.set(table.sheet, ref, self._value(step.value))
                return Spot(step.table, sheet=table.sheet, cell=ref)
        raise AssertionError(step.does)

    def moved(self, spots: list[tuple[str, Spot]]) -> Iterator[tuple[str, Spot]]:
        """The spots with their cells as they stand now."""
        for code, spot in spots:
            is_row = spot.cell and spot.table and spot.row and spot.column
            if is_row and split(spot.cell):
                sheet, ref = self.edit.at(spot.table, spot.row, spot.column)
                yield code, Spot(spot.table, spot.row, spot.column, sheet, ref)
            else:
                yield code, spot
