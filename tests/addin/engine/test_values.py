"""Values in and out of cells: what xlwings promises of Excel holds, or there is an error."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from tests.addin.engine.covering import covers
from tests.addin.engine.running import uno_cell
from xlstyr.addin.libreoffice.support import NotSupportedError
from xlstyr.model.errors import XlstyrError

NOON = dt.datetime(2026, 3, 1, 12, 30, 15, 250_000)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (1, 1.0),
        (-0.125, -0.125),
        (Decimal("1234.5"), 1234.5),
        (10**15, 1e15),
        (True, True),
        (False, False),
        ("två ord\nåäö 🙂", "två ord\nåäö 🙂"),
        (None, None),
        ("", None),
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (dt.date(2026, 2, 28), dt.datetime(2026, 2, 28)),
        (NOON, NOON),
        (pd.Timestamp(NOON), NOON),
        (np.datetime64(NOON, "ns"), NOON),
        (np.int64(7), 7.0),
        (np.bool_(True), True),
        (" ", " "),
    ],
)
@covers("Range.value", "Range.value =")
def test_what_is_written_is_read(sheet: Any, written: Any, read: Any) -> None:
    sheet["B2"].value = written
    value = sheet["B2"].value
    assert (type(value), value) == (type(read), read)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("6430", 6430.0),
        ("0412", 412.0),
        (" -1.5e3 ", -1500.0),
        ("12%", 0.12),
        ("true", True),
        ("2026-03-01", dt.datetime(2026, 3, 1)),
        ("2026-03-01 09:30", dt.datetime(2026, 3, 1, 9, 30)),
        ("2026-13-01", "2026-13-01"),
        ("1,5", "1,5"),
        ("3 av 4", "3 av 4"),
        ("-", "-"),
        ("E5", "E5"),
        ("'0412", "0412"),
        ("'=A1", "=A1"),
        ("=", "="),
    ],
)
def test_text_is_taken_as_excel_takes_it(sheet: Any, typed: str, read: object) -> None:
    sheet["A1"].value = typed
    assert sheet["A1"].value == read


@pytest.mark.parametrize("text", ["0412", "=A1+1", "2026-03-01", "TRUE", "12%", "#N/A"])
def test_text_stays_text_where_cells_are_formatted_as_text(sheet: Any, text: str) -> None:
    sheet["B1:B2"].number_format = "@"
    sheet["A1:B2"].value = [["x", text], ["1", text]]
    assert sheet["A1:B2"].value == [["x", text], [1.0, text]]
    assert sheet["B1"].formula == text


def test_a_truth_value_leaves_nothing_behind(sheet: Any) -> None:
    sheet["A1:A3"].value = [[True], ["x"], [False]]
    sheet["A1:A3"].value = [[5], [0], [True]]
    assert sheet["A1:A3"].value == [5.0, 0.0, True]
    assert isinstance(sheet["A2"].value, float)
    sheet["A3"].value = 1
    assert isinstance(sheet["A3"].value, float)


def test_a_date_keeps_a_format_of_the_cells_own(sheet: Any) -> None:
    sheet["A1"].number_format = "0.00"
    sheet["A1:A2"].value = [[dt.date(2026, 3, 1)], [dt.date(2026, 3, 1)]]
    assert sheet["A1:A2"].value == [46082.0, dt.datetime(2026, 3, 1)]


def test_one_value_fills_an_area_and_rows_start_at_its_corner(sheet: Any) -> None:
    sheet["A1:B3"].value = 0
    sheet["B2"].value = [[1, 2], [3, None]]
    assert sheet["A1:C3"].value == [[0.0, 0.0, None], [0.0, 1.0, 2.0], [0.0, 3.0, None]]
    sheet["A5"].value = [1, "två", None]
    assert sheet["A5:C5"].value == [1.0, "två", None]


def test_shapes_and_options(sheet: Any) -> None:
    sheet["A1"].value = [[1, None], [NOON, "x"]]
    assert sheet["A1:A2"].value == [1.0, NOON]
    assert sheet["A1:B1"].value == [1.0, None]
    assert sheet["A1"].options(ndim=1).value == [1.0]
    assert sheet["A1"].options(ndim=2).value == [[1.0]]
    assert sheet["A1:B2"].options(numbers=int, dates=dt.date, empty="–").value == [[1, "–"], [dt.date(2026, 3, 1), "x"]]
    assert sheet["A1:B2"].options(transpose=True).value == [[1.0, NOON], [None, "x"]]
    frame = sheet["A1"].options(pd.DataFrame, header=False, index=False, expand="table").value
    assert frame.shape == (2, 1)


def test_errors_are_none_or_their_names_in_whatever_language(sheet: Any) -> None:
    said = {"=1/0": "#DIV/0!", "=NA()": "#N/A", "=saknas": "#NAME?", '=VALUE("x")': "#VALUE!", "#N/A": "#N/A"}
    sheet["A1"].value = [[text] for text in said]
    assert sheet["A1:A5"].value == [None] * 5
    assert sheet["A1:A5"].options(err_to_str=True).value == list(said.values())


def test_what_formulas_give(sheet: Any) -> None:
    sheet["A1"].value = [["=1>0"], ['=""'], ['="x"&1'], ["=DATE(2026,1,2)"], ["=2^0.5"]]
    sheet["A4"].number_format = "yyyy-mm-dd"
    assert sheet["A1:A5"].value == [True, None, "x1", dt.datetime(2026, 1, 2), 2**0.5]


def test_what_cells_can_not_hold_is_refused(sheet: Any) -> None:
    for value in (dt.time(12, 30), Path("x"), 1j, object()):
        with pytest.raises(NotSupportedError, match=r"Range\.value ="):
            sheet["A1"].value = value


def test_a_file_from_excel_is_read_as_excel_reads_it(app: Any, book: Any, tmp_path: Path) -> None:
    path = tmp_path / "Å ö.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as made:
        page = made.add_worksheet()
        page.write_boolean("A1", True)
        page.write_datetime("A2", NOON, made.add_format({"num_format": "d mmm yyyy hh:mm:ss.000"}))
        page.write_number("A3", 0.5, made.add_format({"num_format": "hh:mm"}))
        page.write_string("A4", "=1+1")
        page.write_string("A5", "012")
        page.write_formula("A6", "=1>0", None, True)
    page = app.books.open(path).sheets[0]
    assert page["A1:A6"].value == [True, NOON, 0.5, "=1+1", "012", True]
    assert page["A1:A6"].formula == (("TRUE",), (page["A2"].formula,), ("0.5",), ("=1+1",), ("012",), ("=1>0",))


def test_whole_columns_have_their_shape_and_whole_sheets_are_refused(sheet: Any) -> None:
    sheet["B3"].value = "x"
    column = sheet["B:B"].value
    assert (len(column), column[:4], column[-1]) == (1_048_576, [None, None, "x", None], None)
    for wrong in ("value", "formula"):
        with pytest.raises(NotSupportedError, match=f"Range.*{wrong}"):
            getattr(sheet.cells, wrong)
        with pytest.raises(NotSupportedError):
            setattr(sheet.cells, wrong, 1)


@covers("Range.clear_contents()")
def test_contents_are_cleared_and_nothing_else(sheet: Any) -> None:
    sheet["A1"].value = [[1, "x"], ["=A1", NOON]]
    sheet["A1"].color = (1, 2, 3)
    sheet["A1"].add_note("kvar")
    sheet["A1:B2"].clear_contents()
    assert sheet["A1:B2"].value == [[None, None], [None, None]]
    assert (sheet["A1"].color, sheet["A1"].note.text) == ((1, 2, 3), "kvar")


def test_merged_cells_have_the_value_of_the_first(sheet: Any) -> None:
    sheet["A1:B1"].api.merge(True)
    sheet["A1"].value = "rubrik"
    assert sheet["A1:C1"].value == ["rubrik", None, None]
    sheet["A1:B1"].clear_contents()
    assert sheet["A1"].value is None


def test_what_is_locked_is_never_silently_left(sheet: Any) -> None:
    sheet["A1:C1"].value = [1, 2, 3]
    free = uno_cell(sheet["B1"])
    protection = free.CellProtection
    protection.IsLocked = False
    free.CellProtection = protection
    sheet.api.Protect()
    sheet["B1"].value = "=A1+1"
    assert sheet["B1"].value == 2.0
    sheet["B1"].clear_contents()
    assert sheet["B1"].value is None
    changes: list[Callable[[], object]] = [
        lambda: setattr(sheet["A1"], "value", 9),
        lambda: setattr(sheet["B1:C1"], "value", [8, 9]),
        lambda: setattr(sheet["A1"], "formula", "=1"),
        sheet["A1:B1"].clear_contents,
        sheet["B1"].clear,
        sheet["B1"].clear_formats,
        lambda: setattr(sheet["B1"], "color", (1, 1, 1)),
        lambda: setattr(sheet["B1"], "number_format", "0"),
        lambda: setattr(sheet["B1"], "wrap_text", True),
        lambda: setattr(sheet["B1"], "column_width", 3),
        lambda: setattr(sheet["B1"], "row_height", 3),
        sheet["B1"].autofit,
        lambda: setattr(sheet["B1"].font, "bold", True),
        lambda: sheet["B1"].add_note("x"),
        lambda: sheet["B1"].add_hyperlink("#Sheet1!A1", "x"),
        sheet.clear,
    ]
    for change in changes:
        with pytest.raises(XlstyrError, match="Bladet Sheet1 är skyddat"):
            change()
    assert sheet["A1:C1"].value == [1.0, None, 3.0]
