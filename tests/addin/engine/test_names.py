"""Defined names: of the book, of a sheet, of cells and of constants."""

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwings as xw

from tests.addin.engine.covering import covers
from xlstyr.model.errors import XlstyrError


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("='Blad 2'!$B$2:$C$3", "='Blad 2'!$B$2:$C$3"),
        ("=Sheet1!$A$1", "=Sheet1!$A$1"),
        ('="control|2026|a.$b\'x|åäö!A1 ""q"""', '="control|2026|a.$b\'x|åäö!A1 ""q"""'),
        ("=SUM(Sheet1!$A$1:$A$3,2)", "=SUM(Sheet1!$A$1:$A$3,2)"),
        ("=3.5", "=3.5"),
        ("bara text", '="bara text"'),
    ],
)
@covers("Names.add()", "Name.refers_to", "Names(…)", "Names.contains()")
def test_what_a_name_stands_for(book: Any, given: str, said: str) -> None:
    book.sheets.add("Blad 2", after=book.sheets[0])
    book.names.add("Namn_å", given)
    assert book.names["namn_Å"].refers_to == said
    assert "Namn_å" in book.names
    assert "annat" not in book.names
    with pytest.raises(KeyError):
        book.names["annat"]


def test_a_name_in_a_formula(book: Any) -> None:
    sheet = book.sheets[0]
    sheet["A1"].value = [[1], [2], [4]]
    book.names.add("summan", "=SUM(Sheet1!$A$1:$A$3,2)")
    sheet["B1"].value = "=summan"
    assert sheet["B1"].value == 9.0
    book.names.add("summan", "=Sheet1!$A$3")
    assert (sheet["B1"].value, len(book.names)) == (4.0, 1)


@covers("Name.refers_to_range", "Name.name", "Name.api")
def test_the_cells_of_a_name(book: Any) -> None:
    other = book.sheets.add("Blad 2", after=book.sheets[0])
    book.names.add("ruta", "='Blad 2'!$B$2:$C$3")
    book.names.add("text", '="x"')
    name = book.names["ruta"]
    assert (name.name, name.refers_to_range, name.api.Name) == ("ruta", other["B2:C3"], "ruta")
    assert book.sheets[0].range("RUTA") == other["B2:C3"]
    with pytest.raises(xw.NoSuchObjectError):
        book.names["text"].refers_to_range  # noqa: B018


@covers("len(Names)", "Names.snapshot()", "Names.api", "Book.names", "Sheet.names", "Name.delete()")
def test_names_of_a_file(app: Any, book: Any, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "n.xlsx") as made:
        page = made.add_worksheet("Blad 1.a")
        made.add_worksheet("B")
        made.define_name("hela", "='Blad 1.a'!$A$1")
        made.define_name("'Blad 1.a'!egen", "='Blad 1.a'!$B$2")
        made.define_name("B!egen", "=B!$C$3")
        page.print_area("A1:C3")
    opened = app.books.open(tmp_path / "n.xlsx")
    assert {name.name for name in opened.names} == {"hela", "'Blad 1.a'!egen", "B!egen"}
    assert (len(opened.names), len(opened.names.impl), opened.names.api.Count) == (3, 3, 1)
    own = opened.sheets["Blad 1.a"].names
    assert [(name.name, name.refers_to) for name in own] == [("'Blad 1.a'!egen", "='Blad 1.a'!$B$2")]
    assert opened.names["B!egen"].refers_to_range == opened.sheets["B"]["C3"]
    assert opened.sheets["B"].range("egen").address == "$C$3"
    opened.names["B!egen"].delete()
    del opened.names["hela"]
    assert [name.name for name in opened.names] == ["'Blad 1.a'!egen"]
    assert opened.names[0].name == "'Blad 1.a'!egen"


@pytest.mark.parametrize("name", ["A1", "två ord", "1a", ""])
def test_what_can_not_be_a_name(book: Any, name: str) -> None:
    with pytest.raises(XlstyrError, match="kan inte vara ett namn"):
        book.names.add(name, "=Sheet1!$A$1")
