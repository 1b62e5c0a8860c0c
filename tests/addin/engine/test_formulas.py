"""Formulas: written in Excel's English, read back the same, in Excel's shapes."""

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.addin.engine.covering import covers
from xlstyr.model.errors import XlstyrError


@pytest.mark.parametrize(
    "formula",
    [
        "=A1+1",
        "=SUM($A$1:B2,3)",
        "='Blad 2'!$B$3",
        "=IFERROR(INDEX('Blad 2'!A:A,MATCH(1,'Blad 2'!B:B,0)),\"\")",
        '=IF(A1,"a;b","c.d!e")',
        "='O''Brien'!A1",
        "=_xlfn.IFNA(A1,1)",
        "=SUM((A1,B2))",
        '=IF(A1="~","~ ~",1)',
        "=SUM({1,2;3,4})",
        "=konto_å*2",
        "=-A1%",
    ],
)
@covers("Range.formula", "Range.formula =")
def test_a_formula_is_the_same_when_it_comes_back(book: Any, formula: str) -> None:
    sheet = book.sheets[0]
    for title in ("Blad 2", "O'Brien"):
        book.sheets.add(title, after=book.sheets[-1])
    book.names.add("konto_å", "='Blad 2'!$B$3")
    sheet["D4"].formula = formula
    assert sheet["D4"].formula == formula
    sheet["D5"].value = formula
    assert sheet["D4:D5"].formula == ((formula,), (formula,))


def test_constants_are_what_the_formula_bar_shows(sheet: Any) -> None:
    sheet["A1"].value = [[1, 0.1 + 0.2, True, None], ["x", 1e20, -2.5, "'=A1"], ["12", "'012", "=1=1", 123456789012]]
    assert sheet["A1:D3"].formula == (
        ("1", "0.3", "TRUE", ""),
        ("x", "1E+20", "-2.5", "=A1"),
        ("12", "012", "=1=1", "123456789012"),
    )
    assert sheet["A1"].formula == "1"
    assert sheet["B1:D1"].formula == (("0.3", "TRUE", ""),)


def test_one_formula_over_an_area_moves_along_and_many_do_not(sheet: Any) -> None:
    sheet["B1:C2"].formula = "=A1*$A$1"
    assert sheet["B1:C2"].formula == (("=A1*$A$1", "=B1*$A$1"), ("=A2*$A$1", "=B2*$A$1"))
    sheet["B1:B2"].formula = [["=A1"], ["=A1"]]
    assert sheet["B1:B2"].formula == (("=A1",), ("=A1",))


def test_a_formula_that_can_not_be_read_is_said(sheet: Any) -> None:
    with pytest.raises(XlstyrError, match=r"formeln =IF\("):
        sheet["A1"].formula = "=IF("


@covers("Range.has_array")
def test_array_formulas_of_a_file(app: Any, book: Any, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as made:
        page = made.add_worksheet()
        page.write_array_formula("A1:A2", "{=ROW(A1:A2)*2}")
        page.write_string("B1", "{=text}")
        page.write_formula("B2", "=NA()", None, "#N/A")
    sheet = app.books.open(tmp_path / "a.xlsx").sheets[0]
    assert sheet["A1:B2"].formula == (("=ROW(A1:A2)*2", "{=text}"), ("=ROW(A1:A2)*2", "=NA()"))
    assert [sheet[cell].has_array for cell in ("A1", "A2", "B1")] == [True, True, False]
