"""Typing in a workbook: what Swedish Excel would have stored, in the right cell, and nothing else changed."""

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from xlstyr.excel.read import read_workbook
from xlstyr.excel.typing import type_answers
from xlstyr.layout.raw import RawCell
from xlstyr.model.errors import XlstyrError

FORMATS = {"general": "General", "text": "@", "share": "0.0 %", "named": '"■ "@', "day": "yyyy-mm-dd"}
COLUMNS = ("id", *FORMATS, "sum", "far")
Value = int | float | str | bool | datetime | None


@dataclass(frozen=True)
class Answer:
    """What somebody typed."""

    table: str
    row: str
    column: str
    text: str


def build(inline: bool = False, date1904: bool = False) -> bytes:
    """A form and a table on one sheet, a table on another; ``inline``: no shared strings at all."""
    file = io.BytesIO()
    options = {"in_memory": True, "constant_memory": inline, "default_date_format": "yyyy-mm-dd"}
    book = xlsxwriter.Workbook(file, {**options, "date_1904": date1904})
    book.set_properties({"author": "Kommunen", "created": datetime(2025, 1, 1)})
    formats = {key: book.add_format({"num_format": code}) for key, code in FORMATS.items()}
    first = book.add_worksheet("Start")
    first.write_row(0, 0, ["table:answer", "", "id", "value"])
    for number, field in enumerate(("accept", "note"), 1):
        first.write_row(number, 1, ["Fråga", field])
        first.write_blank(number, 3, None, formats["text"])
    _table(first, 4, "budget", formats)
    second = book.add_worksheet("Annat")
    second.write_string(0, 1, "table:budgetary isn't a mark here")
    _table(second, 2, "staff", formats)
    book.close()
    return file.getvalue()


def _table(sheet: xlsxwriter.worksheet.Worksheet, at: int, key: str, formats: dict[str, object]) -> None:
    sheet.write_row(at, 0, [f"table:{key}", *COLUMNS])
    sheet.write_row(at + 1, 1, ["#head", *FORMATS])
    for number, row_id in enumerate(("a & b", "n1"), at + 2):
        sheet.write_string(number, 1, row_id)
        for column, style in enumerate(formats.values(), 2):
            sheet.write_blank(number, column, None, style)
        sheet.write_formula(number, 2 + len(formats), f"=C{number + 1}*2", None, 7)


BOOKS = {"shared": build(), "inline": build(inline=True)}


@pytest.fixture(params=BOOKS)
def book(request: pytest.FixtureRequest) -> bytes:
    """A workbook, with strings kept either way."""
    return BOOKS[request.param]


def put(text: str, column: str = "general") -> list[Answer]:
    """One answer in the table ``budget``."""
    return [Answer("budget", "n1", column, text)]


def seen(data: bytes, answer: Answer) -> Value:
    """The cell of ``answer`` as openpyxl reads it, found from the drawing above."""
    sheets = openpyxl.load_workbook(io.BytesIO(data))
    sheet: Worksheet = sheets["Annat" if answer.table == "staff" else "Start"]
    if answer.table == "answer":
        value: Value = sheet.cell({"accept": 2, "note": 3}[answer.row], 4).value  # type: ignore[assignment]
    else:
        first = {"budget": 7, "staff": 5}[answer.table]
        row = first + ("a & b", "n1").index(answer.row)
        value = sheet.cell(row, 2 + COLUMNS.index(answer.column)).value  # type: ignore[assignment]
    return value


def read(data: bytes, answer: Answer) -> RawCell:
    """The cell of ``answer`` as the project's own reader finds it."""
    raw, findings = read_workbook(data)
    assert raw is not None and not findings
    table = next(table for table in raw.tables if table.key == answer.table)
    return next(row for row in table.rows if row.id == answer.row).cells[answer.column]


def parts(data: bytes) -> dict[str, bytes]:
    """The package's parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-120", -120),
        ("\u2212120", -120),
        ("+40", 40),
        ("-0", 0),
        ("1 500", 1500),
        ("-1\u00a0234\u202f567", -1_234_567),
        ("0,5", 0.5),
        (",5", 0.5),
        (" 12 ", 12),
        ("12,5 %", 0.125),
        ("7%", 0.07),
        ("1 50", "1 50"),
        ("1.5", "1.5"),
        ("1,5,2", "1,5,2"),
        ("-", "-"),
        ("%", "%"),
        (",", ","),
        ("\u2013120", "\u2013120"),
        ("120 tkr", "120 tkr"),
        ("2025-02-30", "2025-02-30"),
        ("1899-12-31", "1899-12-31"),
        ("Ökning <60 & mer", "Ökning <60 & mer"),
        ("  två\nrader  ", "  två\nrader  "),
        ("a_x0041_b", "a_x0041_b"),
    ],
)
def test_becomes_what_excel_makes_of_it(book: bytes, text: str, value: Value) -> None:
    assert seen(type_answers(book, put(text)), put(text)[0]) == value


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("text", "0012", "0012"),
        ("text", "2025-09-01", "2025-09-01"),
        ("named", "12", 12),
        ("share", "12,5", 0.125),
        ("share", "0,5", 0.5),
        ("share", "-3", -0.03),
        ("share", "12,5 %", 0.125),
        ("day", "2025-09-01", datetime(2025, 9, 1)),
        ("far", "3", 3),
    ],
)
def test_the_format_of_the_cell_decides(book: bytes, column: str, text: str, value: Value) -> None:
    assert seen(type_answers(book, put(text, column)), put(text, column)[0]) == value


@pytest.mark.parametrize(
    ("text", "plain", "since_1904"),
    [
        ("2025-09-01", 45901, 44439),
        ("1900-02-28", 59, "1900-02-28"),
        ("1900-03-01", 61, "1900-03-01"),
        ("1904-01-02", 1463, 1),
    ],
)
def test_days(text: str, plain: int, since_1904: int | str) -> None:
    assert read(type_answers(BOOKS["shared"], put(text)), put(text)[0]).value == plain
    assert read(type_answers(build(date1904=True), put(text)), put(text)[0]).value == since_1904


def test_binary_fractions_are_written_as_excel_does() -> None:
    sheet = parts(type_answers(BOOKS["shared"], put("0,29")))["xl/worksheets/sheet1.xml"].decode()
    assert "<v>0.28999999999999998</v>" in sheet


def test_forms_tables_and_sheets(book: bytes) -> None:
    answers = [
        Answer("staff", "n1", "general", "1"),
        Answer("answer", "accept", "value", "Ja"),
        Answer("budget", "a & b", "text", "Ja"),
        Answer("budget", "n1", "far", "längst bort"),
        Answer("staff", "a & b", "day", "2025-12-31"),
        Answer("answer", "note", "value", "12"),
    ]
    done = type_answers(book, answers)
    assert [seen(done, one) for one in answers] == [1, "Ja", "Ja", "längst bort", datetime(2025, 12, 31), "12"]
    assert [str(read(done, one).value) for one in answers] == ["1", "Ja", "Ja", "längst bort", "46022", "12"]


def test_the_last_typed_counts_and_nothing_empties(book: bytes) -> None:
    done = type_answers(book, [*put("first"), *put("second")])
    assert seen(done, put("")[0]) == "second"
    again = type_answers(done, put(""))
    assert seen(again, put("")[0]) is None
    assert_counts(again)


def assert_counts(data: bytes) -> None:
    """The shared strings say how many they are and how often they are used."""
    found = parts(data)
    strings = found["xl/sharedStrings.xml"].decode()
    used = sum(text.count(b't="s"') for name, text in found.items() if name.startswith("xl/worksheets/"))
    counted = re.search(r'count="(\d+)" uniqueCount="(\d+)"', strings)
    assert counted and counted.groups() == (str(used), str(strings.count("<si>")))


def test_counts_of_strings(book: bytes) -> None:
    answers = [Answer("budget", row, "text", text) for row in ("a & b", "n1") for text in ("same", "same", "n1", "x y")]
    done = type_answers(book, answers)
    assert_counts(done)
    assert_counts(type_answers(done, answers))


def cells(sheet: bytes) -> dict[str, str]:
    """Every cell's XML by address."""
    return {found[1]: found[0] for found in re.finditer(r'<c r="(\w+)".*?(?:/>|</c>)', sheet.decode())}


def test_nothing_else_changes(book: bytes) -> None:
    done = type_answers(book, [*put("5"), *put("text", "text")])
    before, after = parts(book), parts(done)
    same = {name for name in before if before[name] == after[name]}
    assert {"docProps/app.xml", "xl/styles.xml", "xl/worksheets/sheet2.xml", "xl/theme/theme1.xml"} <= same
    was, now = (cells(found["xl/worksheets/sheet1.xml"]) for found in (before, after))
    assert {ref for ref in now if was.get(ref) != now[ref]} == {"C8", "D8"}
    assert now["D8"].startswith(was["D8"].removesuffix("/>") + ' t="s"')
    assert now["H8"] == was["H8"] and "<f>C8*2</f><v>7</v>" in now["H8"]


def test_computed_on_load_and_saved_by() -> None:
    book = BOOKS["shared"]
    found = parts(type_answers(book, put("5"), by="A & B"))
    assert b'fullCalcOnLoad="1"' in found["xl/workbook.xml"]
    assert b"<cp:lastModifiedBy>A &amp; B</cp:lastModifiedBy>" in found["docProps/core.xml"]


@pytest.mark.parametrize("calc", ['<calcPr calcId="1"/>', '<calcPr fullCalcOnLoad="0" calcId="1"></calcPr>', ""])
def test_computed_on_load_whatever_stood(calc: str) -> None:
    book = parts(BOOKS["shared"])
    text = re.sub("<calcPr[^>]*/>", calc, book["xl/workbook.xml"].decode())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:  # stored, not deflated
        for name, part in {**book, "xl/workbook.xml": text.encode()}.items():
            archive.writestr(name, part)
    done = type_answers(file.getvalue(), put("5"))
    workbook = parts(done)["xl/workbook.xml"].decode()
    assert workbook.count("fullCalcOnLoad") == 1 and 'fullCalcOnLoad="1"' in workbook
    assert seen(done, put("5")[0]) == 5


def test_same_bytes_for_same_answers(book: bytes) -> None:
    answers = [*put("5"), Answer("staff", "n1", "text", "mer")]
    assert type_answers(book, answers) == type_answers(book, answers)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (Answer("nothing", "n1", "text", "x"), ("nothing", "n1", "text")),
        (Answer("budgetary isn't a mark here", "n1", "text", "x"), ("budgetary", "n1", "text")),
        (Answer("budget", "n9", "text", "x"), ("budget", "n9", "text")),
        (Answer("budget", "n1", "nowhere", "x"), ("budget", "n1", "nowhere")),
        (Answer("budget", "accept", "value", "x"), ("budget", "accept", "value")),
        (Answer("budget", "n1", "sum", "x"), ("budget", "n1", "sum")),
    ],
)
def test_what_cannot_be_typed_is_named(book: bytes, answer: Answer, named: Iterable[str]) -> None:
    with pytest.raises(XlstyrError) as error:
        type_answers(book, [answer])
    assert all(part in str(error.value) for part in named)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40))
def test_any_text_is_kept(text: str) -> None:
    for book in BOOKS.values():
        assert read(type_answers(book, put(text, "text")), put(text, "text")[0]).value == text


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=3))
def test_any_number_is_read_back(number: Decimal) -> None:
    text = f"{number:,.3f}".replace(",", "\u00a0").replace(".", ",")
    read_back = read(type_answers(BOOKS["shared"], put(text)), put(text)[0]).value
    assert isinstance(read_back, int | Decimal)
    assert float(read_back) == float(number)
