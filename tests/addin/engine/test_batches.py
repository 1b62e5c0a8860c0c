"""What is asked of many cells in one call is what each of them says."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import xlwings as xw
from xlwings import NoSuchObjectError

from xlstyr.addin import looks, native
from xlstyr.addin.libreoffice import activate, batches
from xlstyr.addin.libreoffice.support import uno_error
from xlstyr.addin.looks import Look, add_links, change_looks, looks_of, set_widths
from xlstyr.addin.native import hidden_rows
from xlstyr.model.errors import XlstyrError


@pytest.fixture(params=["in one call", "cell by cell"], autouse=True)
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As LibreOffice is asked, and as Excel is."""
    if request.param == "cell by cell":
        monkeypatch.setattr(looks, "batches_of", lambda sheet: None)
        monkeypatch.setattr(native, "batches_of", lambda sheet: None)


def test_looks(sheet: Any) -> None:
    sheet["B2"].color = (255, 199, 206)
    sheet["C3"].add_note("Rätta\nhär")
    before = looks_of(sheet, ["A1", "B2", "C3"])
    assert before == {"A1": Look("-", ""), "B2": Look("#ffc7ce", ""), "C3": Look("-", "Rätta\nhär")}
    after = {"A1": Look("#0000ff", "ny"), "B2": Look("-", ""), "C3": Look("-", "")}
    change_looks(sheet, before, after)
    assert looks_of(sheet, ["A1", "B2", "C3"]) == after
    assert looks_of(sheet, ["C3"]) == {"C3": Look("-", "")}
    assert looks_of(sheet, []) == {}


def test_what_is_as_it_was_is_not_touched(sheet: Any) -> None:
    sheet["A1"].add_note("orörd")
    told = looks_of(sheet, ["A1", "A2"])
    sheet["A1"].note.text = "ändrad sedan"
    change_looks(sheet, told, told)
    assert sheet["A1"].note.text == "ändrad sedan"
    change_looks(sheet, told, {"A1": Look("#010203", "orörd")})
    assert (sheet["A1"].color, sheet["A1"].note.text) == ((1, 2, 3), "ändrad sedan")


def test_links(sheet: Any) -> None:
    add_links(sheet, {"A1": ("#'Sheet1'!B2", "hit"), "C9": ("https://exempel.se", "ut")})
    add_links(sheet, {})
    assert [sheet[cell].hyperlink for cell in ("A1", "C9", "A2")] == ["#'Sheet1'!B2", "https://exempel.se", ""]
    assert (sheet["A1"].value, sheet["C9"].value) == ("hit", "ut")


def test_widths(sheet: Any) -> None:
    usual = sheet["A1"].column_width
    set_widths(sheet, {(2, 2): 30, (4, 6): 12.5, (8, 9): 0})
    found = [round(sheet[f"{column}1"].column_width, 1) for column in "ABCDEFGHIJ"]
    assert found == pytest.approx([usual, 30, usual, 12.5, 12.5, 12.5, usual, 0, 0, usual], abs=0.1)


def test_hidden_rows(sheet: Any) -> None:
    sheet["3:5"].row_height = 0
    assert hidden_rows(sheet, 1, 10) == {3, 4, 5}
    assert hidden_rows(sheet, 3, 5) == {3, 4, 5}
    assert hidden_rows(sheet, 4, 4) == {4}
    assert hidden_rows(sheet, 6, 9) == hidden_rows(sheet, 9, 6) == frozenset()


def test_a_protected_sheet_says_so(sheet: Any) -> None:
    plain = {"A1": Look("-", "")}
    sheet.api.Protect()
    changes: list[Callable[[], None]] = [
        lambda: change_looks(sheet, plain, {"A1": Look("#010203", "")}),
        lambda: add_links(sheet, {"A1": ("#'Sheet1'!B2", "hit")}),
        lambda: set_widths(sheet, {(1, 1): 3}),
    ]
    for change in changes:
        with pytest.raises(XlstyrError, match="skyddat"):
            change()


def test_a_closed_book_says_so(book: Any) -> None:
    sheet = book.sheets[0]
    book.close()
    asks: list[Callable[[], object]] = [lambda: looks_of(sheet, ["A1"]), lambda: hidden_rows(sheet, 1, 2)]
    for ask in (*asks, book.impl.activate):
        with pytest.raises(XlstyrError, match="stängts"):
            ask()


def test_what_libreoffice_cannot_do_is_told_opens_no_window_and_is_over_then(shown: Any, sheet: Any) -> None:
    office = sheet.book.app.impl.office
    beyond = ((0, 0, 255, None), (99_999, 0, 255, None))
    for function, arguments in (("SetLooks", (sheet.impl.uno_sheet, beyond)), ("ShownAs", (None, None)), ("Okänd", ())):
        with pytest.raises(uno_error()):
            office.inside(function, *arguments)
        change_looks(sheet, {"B1": Look("-", "")}, {"B1": Look("#010203", "n")})
        set_widths(sheet, {(1, 1): 3})
        sheet.book.activate()
        assert (sheet["B1"].color, hidden_rows(sheet, 1, 3)) == ((1, 2, 3), frozenset())
    with pytest.raises(XlstyrError, match=r"Range\.note"):
        batches.looks(sheet.impl, ["XFE1"])


@pytest.mark.parametrize("address", ["", "A", "1", "A0", "A1:B2", "foo bar", "Sheet1!A1"])
def test_only_one_cell_is_a_cell(sheet: Any, address: str) -> None:
    with pytest.raises(NoSuchObjectError):
        batches.looks(sheet.impl, [address])


def test_a_program_that_is_gone_is_told() -> None:
    activate()
    app = xw.App(visible=False, add_book=True)
    sheet = app.books[0].sheets[0]
    asks: list[Callable[[], object]] = [lambda: looks_of(sheet, ["A1"]), lambda: hidden_rows(sheet, 1, 2)]
    asks += [lambda: set_widths(sheet, {(1, 1): 3}), lambda: [one.name for one in app.books[0].sheets]]
    os.kill(app.pid, signal.SIGKILL)
    try:
        for ask in asks:
            with pytest.raises(XlstyrError, match="stängts"):
                ask()
    finally:
        app.quit()
