"""What a person does in LibreOffice, for ``Office.edit``."""

from typing import Any

from tests.office.runtime import load_uno, properties


class Hand:
    """A person at an open document.

    Rows and columns are numbered from 1 as on the screen.
    """

    def __init__(self, document: Any) -> None:
        """Takes hold of an open document."""
        self.document = document

    def sheet(self, title: str) -> Any:
        """Returns a sheet by its title."""
        return self.document.Sheets.getByName(title)

    def type(self, title: str, ref: str, value: float | str | None) -> None:
        """Types into a cell; texts are kept as texts, also such as look like numbers.

        Raises:
            PermissionError: The cell is locked on a protected sheet.
        """
        cell = self._writable(title, ref)
        match value:
            case None:
                cell.setFormula("")
            case str():
                cell.setString(value)
            case _:
                cell.setValue(value)

    def type_formula(self, title: str, ref: str, formula: str) -> None:
        """Types a formula: English names, arguments parted by semicolons, ``$Sheet.A1``."""
        self._writable(title, ref).setFormula(formula)

    def unprotect(self, title: str, password: str = "") -> None:
        """Takes away a sheet's protection."""
        self.sheet(title).unprotect(password)

    def sort(self, title: str, area: str, column: int, *, descending: bool = False) -> None:
        """Sorts an area by one of its columns, counted from 0 within the area."""
        uno = load_uno()
        key = uno.createUnoStruct("com.sun.star.table.TableSortField")
        key.Field, key.IsAscending = column, not descending
        fields = uno.Any("[]com.sun.star.table.TableSortField", (key,))
        cells = self.sheet(title).getCellRangeByName(area)
        options = properties(SortFields=fields, ContainsHeader=False, BindFormatsToContent=True)
        uno.invoke(cells, "sort", (options,))

    def insert_rows(self, title: str, row: int, count: int = 1) -> None:
        """Inserts empty rows before a row."""
        self.sheet(title).Rows.insertByIndex(row - 1, count)

    def delete_rows(self, title: str, row: int, count: int = 1) -> None:
        """Deletes rows."""
        self.sheet(title).Rows.removeByIndex(row - 1, count)

    def insert_columns(self, title: str, column: int, count: int = 1) -> None:
        """Inserts empty columns before a column."""
        self.sheet(title).Columns.insertByIndex(column - 1, count)

    def delete_columns(self, title: str, column: int, count: int = 1) -> None:
        """Deletes columns."""
        self.sheet(title).Columns.removeByIndex(column - 1, count)

    def hide_row(self, title: str, row: int, *, hidden: bool = True) -> None:
        """Hides or shows a row."""
        self.sheet(title).Rows.getByIndex(row - 1).IsVisible = not hidden

    def rename(self, old: str, new: str) -> None:
        """Renames a sheet."""
        self.sheet(old).Name = new

    def delete_sheet(self, title: str) -> None:
        """Deletes a sheet."""
        self.document.Sheets.removeByName(title)

    def move_sheet(self, title: str, place: int) -> None:
        """Moves a sheet to another place among the tabs, counted from 0."""
        self.document.Sheets.moveByName(title, place)

    def move_cells(self, title: str, area: str, to: str) -> None:
        """Cuts an area and pastes it with its first cell at ``to``; references follow."""
        sheet = self.sheet(title)
        target = sheet.getCellRangeByName(to).CellAddress
        sheet.moveRange(target, sheet.getCellRangeByName(area).RangeAddress)

    def copy_cells(self, title: str, area: str, to: str) -> None:
        """Copies an area and pastes it, formats and validations too."""
        sheet = self.sheet(title)
        target = sheet.getCellRangeByName(to).CellAddress
        sheet.copyRange(target, sheet.getCellRangeByName(area).RangeAddress)

    def recalculate(self) -> None:
        """Computes every formula, as loading in Excel does."""
        self.document.calculateAll()

    def _writable(self, title: str, ref: str) -> Any:
        """Returns a cell that may be written, as the user interface would have it."""
        sheet = self.sheet(title)
        cell = sheet.getCellRangeByName(ref).getCellByPosition(0, 0)
        if sheet.isProtected() and cell.CellProtection.IsLocked:
            raise PermissionError(f"{title}!{ref} is locked")
        return cell
