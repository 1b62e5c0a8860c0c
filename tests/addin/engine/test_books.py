"""Books and sheets: open, save, close, caller, and what other people do to them meanwhile."""

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwings as xw

from tests.addin.engine.covering import covers
from tests.addin.engine.running import close_all, saved
from xlstyr.addin.libreoffice.office import Office
from xlstyr.addin.libreoffice.support import NotSupportedError
from xlstyr.model.errors import XlstyrError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with an awkward name, its second sheet hidden, its third protected."""
    path = tmp_path / "Styrbok å ä ö 2026.xlsx"
    with xlsxwriter.Workbook(path) as made:
        made.add_worksheet("Först").write("A1", 1)
        made.add_worksheet("Gömd").hide()
        made.add_worksheet("Låst").protect("", {"format_columns": True, "sort": True})
    return path


@covers("Books.open()", "Book.fullname", "Book.name", "Book.app", "Book.api", "Books.api", "len(Books)", "Books(…)")
def test_opening(app: Any, book: Any, file: Path) -> None:
    opened = app.books.open(file)
    assert (opened.fullname, opened.name, opened.app) == (str(file), file.name, app)
    assert (opened.api.URL, app.books.api.supportsService("com.sun.star.frame.Desktop")) == (file.as_uri(), True)
    assert (len(app.books), app.books[1].name, app.books[file.name.upper()].name) == (2, file.name, file.name)
    assert app.books.open(file) == opened
    assert len(app.books) == 2
    with pytest.raises(KeyError):
        app.books["saknas.xlsx"]
    with pytest.raises(KeyError):
        app.books(3)
    with pytest.raises(FileNotFoundError):
        app.books.open(file.with_name("saknas.xlsx"))
    with pytest.raises(NotSupportedError, match="password"):
        app.books.open(file.with_name(file.name).rename(file.with_name("b.xlsx")), password="x")


def test_what_can_not_be_opened(app: Any, book: Any, file: Path) -> None:
    somebody = Office()
    somebody.open(file)
    with pytest.raises(XlstyrError, match=f"inte öppna {file.name}"):
        app.books.open(file)
    assert somebody.process is not None
    somebody.process.kill()
    with pytest.raises(XlstyrError, match="låsfil"):
        app.books.open(file)
    somebody.close()
    file.with_name(f".~lock.{file.name}#").unlink()
    assert app.books.open(file).sheets[0]["A1"].value == 1.0
    broken = file.with_name("trasig.xlsx")
    broken.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(XlstyrError, match=r"inte öppna trasig\.xlsx"):
        app.books.open(broken)


def test_macros_of_what_a_button_opens_may_not_run(app: Any, book: Any, file: Path) -> None:
    assert app.books.open(file).api.AllowMacroExecution is False
    close_all(app)
    assert app.impl.office.open(file, MacroExecutionMode=4).AllowMacroExecution is True


def test_read_only(app: Any, book: Any, file: Path) -> None:
    opened = app.books.open(file, read_only=True)
    for change in (opened.save, lambda: setattr(opened.sheets[0]["A1"], "value", 2), opened.sheets[0]["A1"].clear):
        with pytest.raises(XlstyrError, match="öppen bara för läsning"):
            change()
    opened.save(file.with_name("kopia.xlsx"))
    opened.close()
    assert app.books.open(file).sheets[0]["A1"].value == 1.0


@covers("Books.add()", "Book.save()", "Book.close()", "for … in Books")
def test_saving(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = app.books.add()
    made.sheets[0]["A1"].value = "åäö"
    name = made.name
    made.save()
    assert made.fullname == str(tmp_path / f"{name}.xlsx")
    for ending in (".xlsx", ".xlsm", ".ods"):
        made.save(f"Prov å{ending}")
        assert made.name == f"Prov å{ending}"
        made.sheets[0]["A1"].value = ending
        made.save()
    made.close()
    assert [book.name for book in app.books] == []
    assert not list(tmp_path.glob(".~lock*"))
    for ending in (".xlsx", ".xlsm", ".ods"):
        reopened = app.books.open(f"Prov å{ending}")
        assert reopened.sheets[0]["A1"].value == ending
        reopened.close()
    made = app.books.add()
    for wrong in ("x.xlsb", "x"):
        with pytest.raises(NotSupportedError, match=r"Book\.save"):
            made.save(wrong)
    with pytest.raises(NotSupportedError, match="password"):
        made.save("x.xlsx", password="hemlig")
    with pytest.raises(XlstyrError, match="finns inte"):
        made.save(tmp_path / "ingen" / "x.xlsx")
    (tmp_path / "mapp.xlsx").mkdir()
    with pytest.raises(XlstyrError, match=r"mapp\.xlsx kunde inte sparas"):
        made.save(tmp_path / "mapp.xlsx")
    made.close()


def test_the_caller_is_found_by_name(app: Any, book: Any, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app.books.open(file)
    app.books.add()
    monkeypatch.setattr(sys, "argv", ["python", f"--wb={file.name}", "--from_xl=1", "--app=", "--hwnd=7"])
    assert xw.Book.caller().fullname == str(file)
    monkeypatch.setattr(sys, "argv", ["python", "--wb=annan.xlsx", "--from_xl=1"])
    with pytest.raises(FileNotFoundError):
        xw.Book.caller()


@covers("Books.active", "Book.activate()", "App.activate()", "Book.sheets", "App.books")
def test_which_book_is_in_front(shown: Any, window: Any) -> None:
    second = shown.books.add()
    second.activate()
    assert shown.books.active == second
    assert xw.books.active == second
    window.activate()
    assert shown.books.active == window
    assert len(window.sheets) == 1


def test_no_book_is_open(app: Any) -> None:
    with pytest.raises(XlstyrError, match="Ingen arbetsbok är öppen"):
        app.books.active  # noqa: B018


def test_the_user_closes_the_book_meanwhile(book: Any) -> None:
    sheet, names = book.sheets[0], book.names
    cells = sheet["A1"]
    book.api.close(True)
    uses: list[Callable[[], object]] = [
        lambda: book.name,
        lambda: book.sheets[0],
        lambda: len(book.sheets),
        lambda: sheet.name,
        lambda: cells.value,
        lambda: setattr(cells, "value", 1),
        lambda: cells.formula,
        lambda: cells.color,
        lambda: sheet.used_range,
        lambda: len(names),
        lambda: names.add("x", "=1"),
        lambda: book.save("x.xlsx"),
        lambda: sheet.api.ProtectContents,
        lambda: sheet.visible,
        lambda: sheet.index,
        book.close,
    ]
    for use in uses:
        with pytest.raises(XlstyrError, match="har stängts under arbetet"):
            use()


@covers("Sheets(…)", "len(Sheets)", "for … in Sheets", "Sheets.api", "Sheet.name", "Sheet.name =", "Sheet.index")
def test_sheets(app: Any, book: Any, file: Path) -> None:
    sheets = app.books.open(file).sheets
    assert ([sheet.name for sheet in sheets], len(sheets), sheets.api.Count) == (["Först", "Gömd", "Låst"], 3, 3)
    assert (sheets["GÖMD"].index, sheets[-1].name, sheets(1).name) == (2, "Låst", "Först")
    sheets[0].name = "Nu med blank"
    assert sheets["nu med blank"]["A1"].value == 1.0
    for missing in ("Saknas", 4):
        with pytest.raises(xw.NoSuchObjectError):
            sheets(missing)
    with pytest.raises(NotSupportedError, match="in Sheets"):
        assert "Först" in sheets
    for wrong in ("x" * 32, "a:b", "'a"):
        with pytest.raises((XlstyrError, ValueError)):
            sheets[0].name = wrong


@covers("Sheets.add()", "Sheet.delete()")
def test_adding_and_removing_sheets(book: Any) -> None:
    first = book.sheets[0]
    book.sheets.add("Sist", after=first)
    book.sheets.add("Före", before=first)
    made = book.sheets.add()
    assert [sheet.name for sheet in book.sheets] == [made.name, "Före", "Sheet1", "Sist"]
    for wrong in ("x" * 32, "a/b", "a[b", "'a"):
        with pytest.raises(XlstyrError, match="kan inte vara namn på ett blad"):
            book.sheets.add(wrong)
    with pytest.raises(ValueError, match="already"):
        book.sheets.add("SIST")
    for sheet in list(book.sheets)[1:]:
        sheet.delete()
    with pytest.raises(XlstyrError, match="är det sista"):
        made.delete()
    assert len(book.sheets) == 1


def test_a_new_sheet_comes_before_the_active_one_as_in_excel(window: Any) -> None:
    window.sheets.add("B", after=window.sheets[0])
    window.sheets.add("mellan")
    assert [sheet.name for sheet in window.sheets] == ["Sheet1", "mellan", "B"]


@covers("Sheet.visible", "Sheet.visible =", "Sheet.activate()", "Sheet.select()", "Sheets.active", "Sheet.book")
def test_hidden_sheets_and_the_active_one(shown: Any, window: Any, file: Path) -> None:
    opened = shown.books.open(file)
    first, hidden, last = opened.sheets
    assert (first.visible, hidden.visible, hidden.book == opened) == (True, False, True)
    last.activate()
    assert opened.sheets.active == last
    first.select()
    assert opened.sheets.active == first
    with pytest.raises(XlstyrError, match="Bladet Gömd är dolt"):
        hidden.activate()
    assert hidden["A1"].value is None
    hidden.visible = True
    hidden.activate()
    first.visible = last.visible = False
    with pytest.raises(XlstyrError, match="är det sista"):
        hidden.visible = False
    assert hidden.visible


@covers("Sheet.api", "SheetProtection.ProtectContents", "SheetProtection.Protect()", "SheetProtection.Unprotect()")
def test_protection_comes_back_as_it_was(app: Any, book: Any, file: Path) -> None:
    opened = app.books.open(file)
    locked = opened.sheets["Låst"]
    assert [sheet.api.ProtectContents for sheet in opened.sheets] == [False, False, True]
    locked.api.Unprotect()
    locked["A1"].value = 5
    locked.api.Protect(AllowSorting=True)
    opened.sheets[0].api.Protect("hemlig")
    with pytest.raises(XlstyrError, match="skyddat med ett lösenord"):
        opened.sheets[0].api.Unprotect("fel")
    opened.sheets[0].api.Unprotect("hemlig")
    again = saved(opened, file).sheets["Låst"]
    assert (again.api.ProtectContents, again["A1"].value) == (True, 5.0)
    text = zipfile.ZipFile(file).read("xl/worksheets/sheet3.xml").decode()
    assert 'formatColumns="false"' in text
    assert 'sort="false"' in text
    assert "formatCells" not in text
