"""Edits of a workbook's XML do what people's edits do."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from tests.office import a1
from tests.office.compare import cached_values
from tests.office.hand import Hand
from tests.office.package import CONTENT_TYPES, Package, coded, plain
from tests.office.poison import poison
from tests.office.soffice import Office
from tests.office.specimen import FIRST, LAST, draw, read
from tests.office.values import Error, Value
from tests.office.xmledit import Edit, Typed

BUDGET = "Årets budget"


def test_an_untouched_edit_reads_the_same() -> None:
    """Taking a sheet apart and putting it together changes nothing."""
    for title in (BUDGET, "Start"):
        edit = Edit(draw())
        edit.rows(title)
        old, new = Package(draw()), Package(edit.bytes())
        assert old.parts.keys() == new.parts.keys()
        assert cached_values(edit.bytes()) == cached_values(draw())
        rows = [
            [(cell.coordinate, cell.value, cell.style_id) for row in sheet.iter_rows() for cell in row]
            for sheet in (read(data, values=True)[title] for data in (draw(), edit.bytes()))
        ]
        assert rows[0] == rows[1]


@pytest.mark.parametrize(
    "value",
    [0, -12, 1234567.25, 0.1, True, False, "", "=1+1", ' a\n<b> & "c" _x0041_ ', "åäö", None],
)
def test_typed_values_come_back(value: Typed) -> None:
    """A typed value is read back, here and by openpyxl, with type and style."""
    edit = Edit(draw())
    edit.set(BUDGET, "F7", value)
    edit.set("Mål", "ZZ99", value)
    assert edit.get(BUDGET, "F7") == value
    again = Edit(edit.bytes())
    assert again.get(BUDGET, "F7") == value
    assert type(again.get("Mål", "ZZ99")) is type(value)
    if value not in ("", None):
        found = read(edit.bytes())[BUDGET]["F7"]
        if isinstance(value, str):
            assert found.data_type == "s" or value.startswith("=")
            assert plain(found.value) == plain(value)
        else:
            assert found.value == value
    assert read(edit.bytes())[BUDGET]["F7"].protection.locked is False


def test_typed_text_without_shared_strings() -> None:
    """Texts are written in place where a workbook shares none."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        book.add_worksheet("Start").write_string("A1", "på rad ett")
    edit = Edit(out.getvalue())
    assert edit.find("Start", "på rad ett") == ["A1"]
    edit.set("Start", "D1", "  på plats ")
    written = Package(edit.bytes())
    assert "på plats" in written.text(written.sheets()["Start"])
    assert Edit(edit.bytes()).get("Start", "D1") == "  på plats "
    assert read(edit.bytes())["Start"]["D1"].value == "  på plats "


def test_formulas_and_errors_are_typed() -> None:
    """Formulas keep their cached value, and errors are errors."""
    edit = Edit(draw())
    edit.set("Start", "B2", 7, formula="=3+4", style=0)
    edit.set("Start", "B3", None, error="#REF!")
    again = Edit(edit.bytes())
    assert (again.formula("Start", "B2"), again.get("Start", "B2")) == ("3+4", 7)
    assert (again.formula("Start", "B3"), again.get("Start", "B3")) == (None, Error("#REF!"))


def test_cells_are_found_by_machine_keys() -> None:
    """A cell is found wherever people have moved it."""
    edit = Edit(draw())
    assert edit.at("lines", "L2", "change") == (BUDGET, "F7")
    edit.insert_row(BUDGET, 2)
    edit.insert_column(BUDGET, "A")
    edit.swap_columns(BUDGET, "G", "E")
    edit.rename_sheet(BUDGET, "O'Briens 2026")
    edit.swap_rows("O'Briens 2026", 7, 8)
    assert edit.at("lines", "L2", "change") == ("O'Briens 2026", "E7")
    assert edit.get(*edit.at("lines", "L2", "change")) == -20
    assert edit.table("goals").rows == {"M1": 3, "M2": 4}
    assert edit.table("tasks").columns == {"id": "B", "task": "C"}
    assert edit.find("Mål", "Trygg") == ["D4"]
    with pytest.raises(KeyError):
        edit.at("lines", "L9", "change")
    with pytest.raises(KeyError):
        edit.table("nothing")


XmlEdit = Callable[[Edit], object]
HandEdit = Callable[[Hand], object]

SAME_EDITS: dict[str, tuple[XmlEdit, HandEdit]] = {
    "row inserted": (lambda e: e.insert_row(BUDGET, 8), lambda h: h.insert_rows(BUDGET, 8)),
    "row inserted on top": (lambda e: e.insert_row(BUDGET, 1), lambda h: h.insert_rows(BUDGET, 1)),
    "row deleted": (lambda e: e.delete_row(BUDGET, 7), lambda h: h.delete_rows(BUDGET, 7)),
    "first row deleted": (lambda e: e.delete_row(BUDGET, 6), lambda h: h.delete_rows(BUDGET, 6)),
    "last row deleted": (lambda e: e.delete_row(BUDGET, 9), lambda h: h.delete_rows(BUDGET, 9)),
    "column inserted": (
        lambda e: e.insert_column(BUDGET, "D"),
        lambda h: h.insert_columns(BUDGET, 4),
    ),
    "column deleted": (
        lambda e: e.delete_column(BUDGET, "D"),
        lambda h: h.delete_columns(BUDGET, 4),
    ),
    "used column deleted": (
        lambda e: e.delete_column(BUDGET, "E"),
        lambda h: h.delete_columns(BUDGET, 5),
    ),
    "sheet renamed": (lambda e: e.rename_sheet("Mål", "2 mål"), lambda h: h.rename("Mål", "2 mål")),
    "sheet deleted": (lambda e: e.delete_sheet("Mål"), lambda h: h.delete_sheet("Mål")),
    "rows sorted": (
        lambda e: e.sort(BUDGET, FIRST, LAST, "E"),
        lambda h: h.sort(BUDGET, f"A{FIRST}:G{LAST}", 4),
    ),
    "rows sorted by text, descending": (
        lambda e: e.sort(BUDGET, FIRST, LAST, "C", descending=True),
        lambda h: h.sort(BUDGET, f"A{FIRST}:G{LAST}", 2, descending=True),
    ),
}


@pytest.mark.parametrize("name", SAME_EDITS)
def test_an_xml_edit_does_what_libreoffice_does(name: str, office: Office, book: Path, tmp_path: Path) -> None:
    """The same edit, done in LibreOffice, gives the same cells, formulas and rules."""
    by_xml, by_hand = SAME_EDITS[name]
    edit = Edit(book.read_bytes())
    edit.unprotect(BUDGET)
    by_xml(edit)
    mine = tmp_path / "mine.xlsx"
    mine.write_bytes(edit.bytes())

    def change(document: Any) -> None:
        hand = Hand(document)
        hand.unprotect(BUDGET)
        by_hand(hand)
        hand.recalculate()

    theirs = office.edit(book, tmp_path / "theirs.xlsx", change)
    assert office.recalculated(mine) == office.recalculated(theirs)
    other = Edit(theirs.read_bytes())
    assert edit.titles == other.titles
    for title in edit.titles:
        assert texts_and_numbers(edit, title) == texts_and_numbers(other, title)
    assert rules(mine) == rules(theirs)


def texts_and_numbers(edit: Edit, title: str) -> dict[str, Value]:
    """Returns the typed values of a sheet, those of formulas left out."""
    return {
        f"{column}{row}": value
        for row, values in edit.rows(title).items()
        for column, value in values.items()
        if edit.formula(title, f"{column}{row}") is None and f"{column}{row}" != "B10"
    }


def rules(path: Path) -> set[tuple[str, str]]:
    """Returns (title, area) of all validations and (name, area) of all defined names.

    LibreOffice leaves the formula of a validation as it was when columns move; Excel does not.
    """
    book = openpyxl.load_workbook(path)
    found = {(sheet.title, str(rule.sqref)) for sheet in book for rule in sheet.data_validations.dataValidation}
    return found | {(name, str(value.value)) for name, value in book.defined_names.items()}


def test_edits_that_libreoffice_has_no_one_call_for(office: Office, tmp_path: Path) -> None:
    """Copied, hidden and added rows and sheets, and swapped columns."""
    edit = Edit(draw())
    edit.copy_row(BUDGET, 7, 7)
    edit.hide_row(BUDGET, 6)
    edit.hide_row(BUDGET, 4, hidden=False)
    edit.show_sheet("Listor")
    edit.swap_columns(BUDGET, "C", "F")
    edit.add_sheet("Nytt & eget", [["a", 1], [None, 2.5, True]])
    edit.set("Nytt & eget", "C1", 4.5, formula="B1+B2+1")
    path = tmp_path / "edited.xlsx"
    path.write_bytes(edit.bytes())
    found = openpyxl.load_workbook(path)
    sheet = found[BUDGET]
    assert [sheet[f"B{row}"].value for row in range(6, 11)] == ["L1", "L2", "L2", "L3", "L4"]
    assert sheet["G7"].value == '=IF(C7="",E7,E7+C7)'
    assert sheet["G2"].value == "=SUM(G6:G10)"
    assert sheet.row_dimensions[6].hidden
    assert not sheet.row_dimensions[4].hidden
    assert found["Listor"].sheet_state == "visible"
    assert [[cell.value for cell in row] for row in found["Nytt & eget"].iter_rows()] == [
        ["a", 1, "=B1+B2+1"],
        [None, 2.5, True],
    ]
    assert office.recalculated(path)[BUDGET, "G2"] == 2435 + 780
    assert office.recalculated(path)["Nytt & eget", "C1"] == 4.5


def test_a_deleted_sheet_leaves_no_parts_behind() -> None:
    """The sheet's chart goes with it, and references to it are lost."""
    edit = Edit(draw())
    edit.delete_sheet(BUDGET)
    left = Package(edit.bytes())
    assert not [part for part in left.parts if "chart" in part or "drawing" in part]
    assert "chart" not in left.text(CONTENT_TYPES)
    assert edit.formula("Start", "B2") == "SUM(#REF!)"
    assert read(edit.bytes()).sheetnames == ["Start", "Mål", "Listor"]


def test_charts_and_rules_follow_rows() -> None:
    """Charts, validations, conditional formats and merged cells move along."""
    edit = Edit(draw())
    edit.insert_row(BUDGET, 1)
    edit.insert_row(BUDGET, 9)
    package = Package(edit.bytes())
    assert "'Årets budget'!$G$7:$G$11" in package.text("xl/charts/chart1.xml")
    sheet = read(edit.bytes())[BUDGET]
    (rule,) = sheet.conditional_formatting
    assert (str(rule.sqref), rule.rules[0].formula) == ("C7:G11", ["$F7<0"])
    assert [str(area) for area in sheet.merged_cells.ranges] == ["C2:F2"]
    found = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert found == {"D7:D11": "answers", "F7:F11": "ISNUMBER(F7)"}
    edit.delete_row(BUDGET, 2)
    assert not read(edit.bytes())[BUDGET].merged_cells.ranges


def test_shared_formulas_are_written_out() -> None:
    """Excel shares formulas between cells; each keeps its own when rows move."""
    package = Package(draw())
    part = package.sheets()["Mål"]
    shared = (
        '<row r="9"><c r="A9"><f t="shared" ref="A9:A10" si="0">B9+$B$3</f><v>0</v></c></row>'
        '<row r="10"><c><f t="shared" si="0"/><v>0</v></c></row></sheetData>'
    )
    package.put(part, package.text(part).replace("</sheetData>", shared))
    edit = Edit(package.bytes())
    assert edit.formula("Mål", "A10") == "B10+$B$3"
    edit.delete_row("Mål", 9)
    assert edit.formula("Mål", "A9") == "B9+$B$3"
    assert set(cached_values(poison(package.bytes()))) >= {("Mål", "A9"), ("Mål", "A10")}


# references


@pytest.mark.parametrize(
    ("formula", "after"),
    [
        ("A1+A2", "A1+A3"),
        ("SUM(A1:A4)", "SUM(A1:A5)"),
        ("SUM($A:$A)+SUM(2:2)", "SUM($A:$A)+SUM(3:3)"),
        ('"A2"&LOG10(A2)&A2_b&x.A2', '"A2"&LOG10(A3)&A2_b&x.A2'),
        ("'A2 x'!A2+Blad!$B$2+[1]Blad!A2", "'A2 x'!A2+Blad!$B$3+[1]Blad!A2"),
        ("'O''Br A2'!name+Tab[A2]", "'O''Br A2'!name+Tab[A2]"),
        ("_xlfn.IFNA(A2,1E2)", "_xlfn.IFNA(A3,1E2)"),
    ],
)
def test_references_follow_an_inserted_row(formula: str, after: str) -> None:
    """References move; texts, functions, names and other workbooks stay."""
    move = a1.Move(rows=a1.inserted(2))
    assert a1.moved(formula, "Blad", "Blad", move) == after


def test_references_of_other_edits() -> None:
    """Deleting, copying, renaming and removing as Excel does."""
    gone = a1.Move(rows=a1.deleted(2))
    assert a1.moved("A2+SUM(A2:A4)+SUM(A1:A2)+SUM(A2:B2)", "B", "B", gone) == ("#REF!+SUM(A2:A3)+SUM(A1:A1)+SUM(#REF!)")
    assert a1.translated("A1+$A$1+A$1+$A1+B!C2:C3", 1, 1) == "B2+$A$1+B$1+$A2+B!D3:D4"
    assert a1.translated("A1", -1) == "#REF!"
    assert a1.renamed("Mål!A1+'Mål'!x+Målet!A1", "Mål", "R1C1") == "'R1C1'!A1+'R1C1'!x+Målet!A1"
    assert a1.orphaned("Mål!A1+A1", "Mål") == "#REF!+A1"
    assert [a1.letters(n) for n in (1, 26, 27, 702, 703, 16384)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
    assert a1.number("XFD") == 16384
    assert a1.split("$B$7") == (7, 2)


def test_text_survives_the_xml() -> None:
    """Any text is the same after writing and reading."""
    for text in ("a & <b>", "\x07_x0041_\r\n", 'citat"'):
        assert plain(coded(text)) == text
