"""Looks, notes and links."""

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.addin.engine.covering import covers
from tests.addin.engine.running import saved
from xlstyr.addin.libreoffice.support import NotSupportedError


@covers("Range.color", "Range.color =")
def test_background(sheet: Any) -> None:
    assert sheet["A1"].color is None
    for given in ((255, 199, 206), "#ffc7ce", 0xCEC7FF):
        sheet["A1"].color = given
        assert sheet["A1"].color == (255, 199, 206)
    assert sheet["A1:B1"].color is None
    sheet["A1"].color = None
    assert sheet["A1"].color is None


@covers(
    "Range.font", "Font.bold", "Font.bold =", "Font.italic", "Font.italic =", "Font.size", "Font.size =", "Font.color"
)
def test_fonts(sheet: Any) -> None:
    font = sheet["A1"].font
    assert (font.bold, font.italic, font.color) == (False, False, None)
    font.bold, font.italic, font.size = True, True, 16
    assert (font.bold, font.italic, font.size) == (True, True, 16.0)
    both = sheet["A1:A2"].font
    assert (both.bold, both.italic, both.size) == (None, None, None)
    both.bold = both.italic = False
    assert (font.bold, font.italic) == (False, False)


@covers("Font.color =")
def test_the_colour_of_text(sheet: Any) -> None:
    sheet["A1"].font.color = "#1f4e79"
    assert sheet["A1"].font.color == (31, 78, 121)


@covers("Range.number_format", "Range.number_format =")
def test_number_formats(app: Any, sheet: Any, tmp_path: Path) -> None:
    assert sheet["A1"].number_format == "General"
    for code in ("0.00%", "#,##0", "@", "General"):
        sheet["A1:B2"].number_format = code
        assert sheet["A1:B2"].number_format == code
    sheet["A1"].number_format = "0.0"
    assert sheet["A1:B2"].number_format is None
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as made:
        made.add_worksheet().write_number("A1", 1, made.add_format({"num_format": "0.000"}))
    with pytest.raises(NotSupportedError, match=r"Range\.number_format"):
        app.books.open(tmp_path / "a.xlsx").sheets[0]["A1"].number_format  # noqa: B018


@covers("Range.wrap_text", "Range.wrap_text =")
def test_wrapped_text(sheet: Any) -> None:
    sheet["A1"].wrap_text = True
    assert (sheet["A1"].wrap_text, sheet["B1"].wrap_text, sheet["A1:B1"].wrap_text) == (True, False, None)


@covers("Range.column_width", "Range.column_width =", "Range.row_height", "Range.row_height =", "Range.autofit()")
def test_widths_and_heights(sheet: Any) -> None:
    sheet["B:C"].column_width = 30
    assert sheet["B1:C1"].column_width == pytest.approx(30, abs=0.1)
    sheet["B2:B3"].row_height = 40
    assert sheet["A2:A3"].row_height == pytest.approx(40, abs=0.1)
    assert sheet["A1:A3"].row_height is None
    sheet["A1"].value = "en rad"
    sheet["A1:A3"].autofit()
    assert sheet["A3"].row_height < 20
    sheet["B1"].value = "kort"
    sheet["B:B"].columns.autofit()
    assert sheet["B1"].column_width < 15
    sheet["C1"].column_width = 0
    sheet["A3"].row_height = 0
    assert (sheet["C1"].column_width, sheet["A3"].row_height) == (0, 0)
    sheet["C1"].column_width = 10
    sheet["A3"].row_height = 20
    assert (sheet["C1"].column_width > 9, sheet["A3"].row_height > 19) == (True, True)
    with pytest.raises(NotSupportedError, match="row_height"):
        sheet["A:A"].row_height  # noqa: B018


@covers("Range.clear()", "Range.clear_formats()", "Sheet.clear()", "Sheet.clear_contents()")
def test_clearing(sheet: Any) -> None:
    def made() -> None:
        sheet["A1"].value = 1
        sheet["A1"].color = sheet["Z99"].color = (1, 2, 3)
        if sheet["A1"].note is None:
            sheet["A1"].add_note("x")

    def left() -> tuple[object, ...]:
        return (sheet["A1"].value, sheet["A1"].color, sheet["A1"].note is not None, sheet["Z99"].color)

    made()
    sheet["A1"].clear_formats()
    assert left() == (1.0, None, True, (1, 2, 3))
    sheet["A1"].clear()
    assert left() == (None, None, False, (1, 2, 3))
    made()
    sheet.clear_contents()
    assert left() == (None, (1, 2, 3), True, (1, 2, 3))
    sheet.clear()
    assert left() == (None, None, False, None)


@covers("Range.note", "Range.add_note()", "Note.text", "Note.text =", "Note.delete()")
def test_notes(sheet: Any) -> None:
    assert not sheet["B2"].note
    sheet["B2"].add_note("Rätta\nhär")
    sheet["B3"].add_note("en till")
    assert sheet["B2"].note.text == "Rätta\nhär"
    sheet["B2"].note.text = "annat"
    assert sheet["B2"].note.text == "annat"
    with pytest.raises(ValueError, match="already"):
        sheet["B2"].add_note("igen")
    sheet["B2"].note.delete()
    assert (sheet["B2"].note, sheet["B3"].note.text) == (None, "en till")


@covers("Range.hyperlink", "Range.add_hyperlink()")
def test_links(book: Any, tmp_path: Path) -> None:
    sheet = book.sheets[0]
    book.sheets.add("Blad 1.a", after=sheet)
    target = tmp_path / "Källa å.xlsx"
    sheet["A1"].add_hyperlink("#'Blad 1.a'!B2", "hit")
    sheet["A2"].add_hyperlink("https://exempel.se/a.b!c", "ut")
    sheet["A3"].add_hyperlink(f"{target}#Budget!C4", "fil")
    sheet["A4"].add_hyperlink("#Sheet1!A1:B2")
    sheet["A5"].value = "ingen"
    page = saved(book, tmp_path / "länkar.xlsx").sheets[0]
    assert page["A1:A5"].value == ["hit", "ut", "fil", "#Sheet1!A1:B2", "ingen"]
    links = [page[f"A{row}"].hyperlink for row in range(1, 6)]
    assert links == ["#'Blad 1.a'!B2", "https://exempel.se/a.b!c", f"{target}#Budget!C4", "#Sheet1!A1:B2", ""]
