"""Which cells a range is: addresses, slices, used cells, ends, and what lies outside."""

from typing import Any

import pytest
import xlwings as xw

from tests.addin.engine.covering import covers
from xlstyr.addin.libreoffice.support import NotSupportedError
from xlstyr.model.errors import XlstyrError


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("B2", "$B$2"),
        ("$b$2:c3", "$B$2:$C$3"),
        ("C3:B2", "$B$2:$C$3"),
        ("A:A", "$A:$A"),
        ("b:c", "$B:$C"),
        ("2:3", "$2:$3"),
        ("XFD1048576", "$XFD$1048576"),
    ],
)
@covers("Sheet.range()", "Range.address")
def test_addresses(sheet: Any, given: str, address: str) -> None:
    assert sheet[given].address == sheet.range(given).address == address


@covers("Sheet.cells", "Range.row", "Range.column", "Range.shape", "len(Range)", "Range(…)")
def test_rows_columns_and_slices(sheet: Any) -> None:
    assert sheet.range((2, 3)).address == "$C$2"
    assert sheet.range((4, 3), (2, 1)).address == "$A$2:$C$4"
    assert sheet.range(sheet["B2"], sheet["C9"]).address == "$B$2:$C$9"
    assert sheet[0:4, 1:3].address == "$B$1:$C$4"
    assert sheet[0, 16383].address == "$XFD$1"
    area = sheet["B2:D5"]
    assert (area.row, area.column, area.shape, area.size, len(area)) == (2, 2, (4, 3), 12, 12)
    assert (area(2, 1).address, area(5).address, area[-1].address) == ("$B$3", "$C$3", "$D$5")
    assert [cell.address for cell in sheet["A1:B2"]] == ["$A$1", "$B$1", "$A$2", "$B$2"]
    assert [row.address for row in area.rows][1] == "$B$3:$D$3"
    assert area.columns[2].address == "$D$2:$D$5"
    assert (area.offset(1, -1).address, area.resize(1, 1).address) == ("$A$3:$C$6", "$B$2")
    assert area.last_cell.address == "$D$5"
    assert sheet.cells.shape == (1_048_576, 16_384)


@pytest.mark.parametrize("given", [(0, 1), (1, 0), (1, 16_385), (1_048_577, 1)])
def test_outside_the_sheet(sheet: Any, given: tuple[int, int]) -> None:
    with pytest.raises(IndexError, match="utanför bladet Sheet1"):
        sheet.range(given)
    with pytest.raises(IndexError):
        sheet["A1"].offset(-1, 0)
    with pytest.raises(IndexError):
        sheet[0:0, :].value  # noqa: B018


@pytest.mark.parametrize("given", ["", "saknas", "A1,B2", "XFE1", "A1048577", "A1:B", "kr"])
def test_no_such_cells(sheet: Any, given: str) -> None:
    with pytest.raises((xw.NoSuchObjectError, XlstyrError)):
        sheet.range(given)


@covers("Range.get_address()")
def test_addresses_with_sheet_and_book(app: Any, book: Any) -> None:
    plain = book.sheets[0]["A1:B2"]
    assert plain.get_address(False, False) == "A1:B2"
    assert plain.get_address(True, False) == "A$1:B$2"
    assert plain.get_address(include_sheetname=True) == "'Sheet1'!$A$1:$B$2"  # xlwings: the book's name has a blank
    quoted = book.sheets.add("O'Brien 2")["C3"]
    assert quoted.get_address(external=True) == f"'[{book.name}]O''Brien 2'!$C$3"
    assert quoted.get_address(False, False, include_sheetname=True) == "'O''Brien 2'!C3"


@covers("Sheet.used_range")
def test_used_cells(sheet: Any) -> None:
    assert sheet.used_range.address == "$A$1"
    sheet["B3"].value = 1
    sheet["D7"].value = "=B3"
    assert sheet.used_range.address == "$B$3:$D$7"
    sheet["A100000"].color = (1, 2, 3)
    assert sheet.used_range.last_cell.row == 7
    sheet["E1"].value = [[number] for number in range(200_000)]
    assert sheet.used_range.shape[0] == 200_000
    assert sheet["E199999:E200001"].value == [199_998.0, 199_999.0, None]


@covers("Range.end()", "Range.expand()")
def test_ends_and_expansion(sheet: Any) -> None:
    sheet["B2"].value = [[1, 2, 3], [4, 5, 6], ['=""', None, 9]]
    ends = {way: sheet["B2"].end(way).address for way in ("down", "up", "right", "left", "d")}
    assert ends == {"down": "$B$4", "up": "$B$1", "right": "$D$2", "left": "$A$2", "d": "$B$4"}
    assert sheet["B5"].end("down").address == "$B$1048576"
    assert sheet["B5"].end("right").address == "$XFD$5"
    assert sheet["A2"].end("right").address == "$B$2"
    assert sheet["B2"].expand().address == "$B$2:$D$3"  # xlwings takes "" for nothing when it looks at two cells
    assert sheet["B2"].expand("right").address == "$B$2:$D$2"
    assert sheet["D2"].expand("down").address == "$D$2:$D$4"
    with pytest.raises(NotSupportedError, match=r"Range\.end"):
        sheet["B2"].end("snett")


@covers("Range.sheet", "Range.api")
def test_where_a_range_is(book: Any) -> None:
    other = book.sheets.add("Ö", after=book.sheets[0])
    area = book.sheets[0].range("Ö!B2")
    assert (area.sheet.name, area.sheet.book.name) == ("Ö", book.name)
    assert other.range("'Sheet1'!A1").sheet == book.sheets[0]
    assert area.api.RangeAddress.StartRow == 1
    assert area == other["B2"]


@covers("Range.select()", "App.selection")
def test_selection(window: Any) -> None:
    other = window.sheets.add("Andra")
    other["B2:C3"].select()
    assert window.app.selection.address == "$B$2:$C$3"
    window.sheets[1]["D4"].select()
    assert (window.selection.address, window.selection.sheet.name) == ("$D$4", "Sheet1")
    document = window.api
    several = document.createInstance("com.sun.star.sheet.SheetCellRanges")
    for area in ("A1:B2", "D4"):
        several.addRangeAddress(window.sheets[1][area].api.RangeAddress, False)
    document.CurrentController.select(several)
    assert window.selection.address == "$A$1:$B$2"
