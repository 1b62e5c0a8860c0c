"""The harness itself: does it see what is wrong, and do its edits do what people's do?"""

import io
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.office.compare import Comparison, agree, cached_values, compare, differences
from tests.office.hand import Hand
from tests.office.poison import NUMBER, TEXT, poison
from tests.office.runtime import OfficeError
from tests.office.soffice import Office, formula_values
from tests.office.specimen import FIRST, LAST, draw, read
from tests.office.values import Error, Value
from tests.office.xmledit import Edit

BUDGET = "Årets budget"


def test_poison_reaches_every_formula_and_nothing_else() -> None:
    """Every cached value is wrong afterwards; formulas and typed cells are as before."""
    before, after = draw(), poison(draw())
    spoiled = {value for _, value in cached_values(after).values()}
    assert spoiled == {NUMBER, TEXT}
    assert [f for f, _ in cached_values(before).values()] == [f for f, _ in cached_values(after).values()]
    old, new = read(before), read(after)
    for sheet in old:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f" and cell.coordinate != "B10":
                    assert new[sheet.title][cell.coordinate].value == cell.value


def test_poison_refuses_a_workbook_without_formulas() -> None:
    """A poisoned workbook without formulas would prove nothing."""
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    with pytest.raises(ValueError, match="nothing to poison"):
        poison(out.getvalue())


def test_poison_is_read_unless_recalculated(office: Office, tmp_path: Path) -> None:
    """LibreOffice believes the poison on loading, so only calculateAll() can be right."""
    path = tmp_path / "poisoned.xlsx"
    path.write_bytes(poison(draw()))
    with office.opened(path) as document:
        read_only = formula_values(document)
        document.calculateAll()
        computed = formula_values(document)
    assert read_only["Start", "B2"] == NUMBER
    assert read_only["Start", "B4"] == TEXT
    assert computed["Start", "B2"] == 2435
    assert computed["Start", "B4"] == "Över, se F6"
    assert computed["Start", "B5"] == ""
    assert read_only.keys() == computed.keys()


def test_a_right_workbook_has_no_differences(office: Office, book: Path) -> None:
    """The specimen's cached values are what LibreOffice computes."""
    assert compare(book, office) == Comparison(len(cached_values(book.read_bytes())), [])


@pytest.mark.parametrize("planted", [2436, 2434.9, 0, NUMBER])
def test_a_planted_value_is_a_difference(office: Office, tmp_path: Path, planted: float) -> None:
    """A wrong cached value is found, and only that."""
    path = tmp_path / "planted.xlsx"
    path.write_bytes(draw(planted=planted))
    (found,) = differences(path, office)
    assert (found.sheet, found.ref, found.cached, found.computed) == ("Start", "B2", planted, 2435)
    assert "=SUM(" in str(found)


def test_errors_are_differences_on_either_side(office: Office, tmp_path: Path) -> None:
    """An error is never accepted, not even where both sides have it."""
    edit = Edit(draw())
    edit.set("Start", "C2", 5, formula="B2/0")
    edit.set("Start", "C3", 5, formula="NOSUCH(B2)")
    edit.set("Start", "C4", 5, formula="#REF!+1")
    edit.set("Start", "C5", 5, formula='MATCH("nej",Mål!B3:B4,0)')
    edit.set("Start", "C6", None, formula="1+1", error="#VALUE!")
    edit.set("Start", "C7", None, formula="1/0", error="#DIV/0!")
    path = tmp_path / "errors.xlsx"
    path.write_bytes(edit.bytes())
    found = {one.ref: (one.cached, one.computed) for one in differences(path, office)}
    assert found == {
        "C2": (5, Error("#DIV/0!")),
        "C3": (5, Error("#NAME?")),
        "C4": (5, Error("#REF!")),
        "C5": (5, Error("#N/A")),
        "C6": (Error("#VALUE!"), 2.0),
        "C7": (Error("#DIV/0!"), Error("#DIV/0!")),
    }


def test_a_formula_without_cached_value_is_a_difference(office: Office, tmp_path: Path) -> None:
    """Readers without a calculator would see nothing in such cells."""
    path = tmp_path / "openpyxl.xlsx"
    read(draw()).save(path)
    assert {"B2", "B4", "G2"} <= {found.ref for found in differences(path, office)}


@pytest.mark.parametrize(
    ("cached", "computed", "same"),
    [
        (1, 1.0, True),
        (True, 1.0, True),
        (None, "", True),
        ("", "", True),
        ("", 0.0, False),
        (None, 0.0, False),
        (0.1 + 0.2, 0.3, True),
        (12_345_678_901, 12_345_678_902.0, False),
        (12_345_678_901, 12_345_678_901.4, False),
        (12_345_678_901.5, 12_345_678_902.5, False),
        (1 / 3, 0.3333333, True),
        (0.3334, 0.3333, False),
        ("a", "a ", False),
        ("1", 1.0, False),
        (Error("#N/A"), Error("#N/A"), False),
    ],
)
def test_agreement(cached: Value, computed: Value, same: bool) -> None:
    """Whole numbers agree exactly, others to within a millionth and a thousandth."""
    assert agree(cached, computed) is same


# LibreOffice


def test_resave_keeps_the_values(office: Office, book: Path, tmp_path: Path) -> None:
    """A workbook survives LibreOffice, by way of ods too, and the original is untouched."""
    again = office.resave(book, tmp_path / "again.xlsx")
    assert not differences(again, office)
    ods = office.resave(book, tmp_path / "again.ods", "ods")
    back = office.resave(ods, tmp_path / "back.xlsx")
    assert not differences(back, office)
    assert not list(book.parent.glob(".~lock*"))


def test_a_hand_edits(office: Office, book: Path, tmp_path: Path) -> None:
    """Typing, sorting, renaming and moving tabs in LibreOffice end up in the file."""

    def change(document: Any) -> None:
        hand = Hand(document)
        with pytest.raises(PermissionError):
            hand.type(BUDGET, "E6", 1)
        hand.type(BUDGET, "F6", 100)
        hand.type(BUDGET, "D6", "007")
        hand.unprotect(BUDGET)
        hand.type_formula(BUDGET, "F8", "=SUM(E6;E7)")
        hand.sort(BUDGET, f"B{FIRST}:G{LAST}", 3)
        hand.rename("Mål", "Våra mål")
        hand.move_sheet("Listor", 0)

    data = office.edit(book, tmp_path / "edited.xlsx", change).read_bytes()
    edit = Edit(data)
    assert edit.titles == ["Listor", "Start", BUDGET, "Våra mål"]
    assert [edit.get(BUDGET, f"B{row}") for row in range(FIRST, LAST + 1)] == [
        "L4",
        "L3",
        "L2",
        "L1",
    ]
    assert edit.get(*edit.at("lines", "L1", "change")) == 100
    assert edit.get(*edit.at("lines", "L1", "answer")) == "007"


def test_pages_become_pictures(office: Office, book: Path, tmp_path: Path) -> None:
    """Every visible sheet is printed."""
    pages = office.png(book, tmp_path, dpi=30)
    assert len(pages) >= 3
    assert all(page.read_bytes().startswith(b"\x89PNG") for page in pages)
    assert office.pdf(book, tmp_path / "all.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.usefixtures("office")
def test_a_killed_office_starts_again(book: Path) -> None:
    """A crash costs one test and not the session."""
    with Office() as office:
        first = office.recalculated(book)
        process = office.process
        assert process is not None
        process.kill()
        process.wait()
        assert office.recalculated(book) == first


@pytest.mark.usefixtures("office")
def test_a_call_that_takes_too_long_is_ended(book: Path) -> None:
    """A hanging LibreOffice fails one test and starts again for the next."""
    with Office(limit=1) as office:
        with pytest.raises(OfficeError, match="more than 1 s"), office.opened(book):
            time.sleep(1.5)
        assert office.recalculated(book)
