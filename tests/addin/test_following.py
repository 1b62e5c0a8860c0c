"""Följ siffran: every figure that is a sum leads to exactly the cells that it is made of, and the files open there."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
import xlwings as xw

from tests.conftest import NOW
from xlstyr.addin import buttons
from xlstyr.addin.building import with_buttons
from xlstyr.addin.following import Step, Trail, trail_of
from xlstyr.addin.formulas import Tracer, Value, exact
from xlstyr.addin.native import unprotected
from xlstyr.addin.originals import copy_of
from xlstyr.addin.originals import folder as copies_folder
from xlstyr.addin.trails import verdict_of
from xlstyr.addin.trees import Box, UntraceableError
from xlstyr.model.delivery import Delivery
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.incoming.collecting import take_in
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round
from xlstyr.words import word

Open = Callable[[Path], xw.Book]


class Sheet:
    """One sheet of constants and formulas, as a grid."""

    def __init__(self, cells: Mapping[tuple[int, int], object]) -> None:
        self.cells = cells

    def _rows(self, box: Box) -> list[list[object]]:
        return [[self.cells.get((r, c)) for c in range(box[1], box[3] + 1)] for r in range(box[0], box[2] + 1)]

    def values(self, sheet: str, box: Box) -> list[list[Value]]:
        pairs = self._rows(box)
        return [[exact(cell[1] if isinstance(cell, tuple) else cell) for cell in row] for row in pairs]

    def formulas(self, sheet: str, box: Box) -> list[list[str | None]]:
        return [[cell[0] if isinstance(cell, tuple) else None for cell in row] for row in self._rows(box)]


def traced(formula: str, shown: object = 1, **cells: object) -> dict[str, Fraction]:
    """The cells (of a sheet where A1:A3 are 10, 20, 30) that ``formula`` is made of."""
    grid: dict[tuple[int, int], object] = {(1, 1): 10, (2, 1): 20, (3, 1): 30, (1, 2): "x", (2, 2): "y", (3, 2): "xy"}
    grid |= {(int(key[1:]), ord(key[0]) - 64): value for key, value in cells.items()}
    grid[9, 9] = (formula, shown)
    parts = Tracer(Sheet(grid), "S").follow(("S", 9, 9))
    return {f"{chr(64 + column)}{row}": times for (_, row, column), times in parts.items()}


@pytest.mark.parametrize(
    ("formula", "parts"),
    [
        ("SUM(A1:A3)", {"A1": 1, "A2": 1, "A3": 1}),
        ("0-SUM(A1:A2)", {"A1": -1, "A2": -1}),
        ('IF(COUNT(A1:A3)=0,"",A1+2*A2)', {"A1": 1, "A2": 2}),
        ('SUMIFS(A1:A3,B1:B3,"x*")', {"A1": 1, "A3": 1}),
        ('SUMIFS(A1:A3,B1:B3,"X")', {"A1": 1}),
        ("SUMIFS(S!$A$1:$A$3,$B$1:$B$3,$B$2)", {"A2": 1}),
        ("N(A1)/4-N(A2)", {"A1": Fraction(1, 4), "A2": -1}),
        ("MAX(A1,A3)", {"A3": 1}),
        ("ABS(A1-A3)", {"A1": -1, "A3": 1}),
        ("ROUND(ROUND(A1/3,6),0)", {"A1": Fraction(1, 3)}),
        ("-(A1)", {"A1": -1}),
        ("C1+A1", {"A1": 3, "A2": 1}),
        ('IF(TRIM(D1)="",A1,A2)', {"A1": 1}),
        ("A1-A1+A2", {"A2": 1}),
    ],
)
def test_formulas_are_followed(formula: str, parts: dict[str, int | Fraction]) -> None:
    assert traced(formula, C1=("A1*2+A2", 40)) == parts


@pytest.mark.parametrize(
    ("formula", "shown", "reason"),
    [
        ("A1/A2", 0.5, "quotient"),
        ("A1*A2", 200, "quotient"),
        ("A1/2-1", 4, "quotient"),
        ("COUNT(A1:A3)", 3, "count"),
        ("IF(A1=10,1,0)", 1, "count"),
        ('A1&""', "10", "text"),
        ("SUM(A1:A3)", None, "blank"),
        ("VLOOKUP(A1,A1:B3,2)", 1, "formula"),
        ("SUM(A1:A3", 1, "formula"),
        ("[1]Annan!A1", 1, "formula"),
    ],
)
def test_what_cannot_be_followed_is_refused(formula: str, shown: object, reason: str) -> None:
    with pytest.raises(UntraceableError) as error:
        traced(formula, shown)
    assert error.value.reason == reason
    assert word(f"addin.untraceable.{reason}")


def test_numbers_are_exact() -> None:
    assert exact(0.1) == Fraction(1, 10)
    assert exact(2.0**53) == 2**53
    assert exact("") is None


@pytest.fixture(scope="session")
def result(exempelby: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The consolidated workbook of the second municipality. Shared: read only."""
    folder = Path(shutil.copytree(exempelby, tmp_path_factory.mktemp("foljd") / "runda"))
    with Round(folder, NOW) as round_:
        return consolidate(round_).path


def figures(book: xw.Book, title: str) -> list[tuple[int, int, float]]:
    """Every third figure that a sheet shows in columns people see."""
    used = book.sheets[title].used_range
    rows = used.options(ndim=2).value
    places = [
        (r, c, value)
        for r, row in enumerate(rows, used.row)
        for c, value in enumerate(row, used.column)
        if isinstance(value, float)
    ]
    return places[::7]


PAGES = (
    "Driftbudget per n\u00e4mnd",
    "Driftbudget per verksamhet",
    "Driftbudget per kostnadsslag",
    "Ramar",
    "Kub",
    "Fakta",
)


@pytest.mark.parametrize("title", PAGES)
def test_every_sum_is_exactly_its_parts(result: Path, opened_book: Open, title: str) -> None:
    book = opened_book(result)
    followed = 0
    for row, column, shown in figures(book, title)[:40]:
        try:
            trail = trail_of(book, title, row, column)
        except XlstyrError:
            continue
        followed += 1
        if trail.total != Fraction(repr(shown)):
            assert "avrundad" in verdict_of(trail), (title, row, column)
        for step in trail.steps:
            assert bool(step.sha256) == bool(step.file)
            assert step.cell
    assert followed > 5


def test_the_steps_lead_to_the_cells_in_the_originals(result: Path, opened_book: Open) -> None:
    """The amounts stand in the cells of the files that were sent in, read here by another library."""
    book = opened_book(result)
    sheet = book.sheets["Driftbudget per n\u00e4mnd"]
    trail = trail_of(book, sheet.name, 9, 6)  # last year's budget, which nobody computes
    assert len(trail.steps) > 10
    folder = result.parents[1] / "inl\u00e4mnat"
    files = {
        step.sha256: openpyxl.load_workbook(folder / f"{step.sha256}.xlsx", data_only=True) for step in trail.steps
    }
    for step in trail.steps:
        there = files[step.sha256][step.sheet][step.cell].value
        assert Fraction(str(there)) in (step.amount, step.amount / 1000), step


def test_the_sheet_that_shows_it(result: Path, opened_book: Open, lent: Callable[[Path], Path]) -> None:
    folder = lent(result.parents[1])
    book = opened_book(folder / "resultat" / result.name)
    book.sheets["Driftbudget per n\u00e4mnd"].activate()
    book.sheets["Driftbudget per n\u00e4mnd"]["H9"].select()
    originals = {path: path.read_bytes() for path in (folder / "inl\u00e4mnat").iterdir()}
    assert buttons.follow()
    sheet = book.sheets["F\u00f6lj siffran"]
    trail = trail_of(book, "Driftbudget per n\u00e4mnd", 9, 8)
    rows = sheet.range("B1:N80").value
    assert "Driftbudget per n\u00e4mnd!H9" in rows[1][0]
    assert "exakt siffran" in rows[2][0]
    shown = [row for row in rows if row[9]][1:]
    assert [row[0] for row in shown] == [step.node for step in trail.steps]
    assert sum(row[3] for row in shown) == trail.shown
    total = next(row for row in rows if row[0] == "Summa")
    assert total[3] == trail.shown
    nodes = {row[0]: row[2] for row in rows[5 : 5 + len(trail.by_node)]}
    assert nodes == {node: float(amount) for node, amount in trail.by_node.items()}
    number = 1 + rows.index(shown[0])
    assert sheet.range(f"H{number}").hyperlink.endswith(f"!{shown[0][6]}")
    sheet.range(f"D{number}").select()
    assert buttons.follow()
    source = book.app.books.active
    copy = Path(source.fullname)
    assert copy.parent == copies_folder()
    assert copy.name.isascii()
    assert copy.name.endswith(f"-{trail.steps[0].sha256[:8]}.xlsx")
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == trail.steps[0].sha256
    assert sheet.range(f"H{number}").hyperlink == f"{copy}#'{shown[0][5]}'!{shown[0][6]}"
    assert source.sheets.active.name == shown[0][5]
    assert {path: path.read_bytes() for path in (folder / "inl\u00e4mnat").iterdir()} == originals


@pytest.fixture
def followed(result: Path, opened_book: Open, lent: Callable[[Path], Path]) -> xw.Book:
    """A consolidated workbook in its round, with a followed figure in front."""
    book = opened_book(lent(result.parents[1]) / "resultat" / result.name)
    book.sheets["Kub"].activate()
    book.sheets["Kub"]["P6"].select()
    assert buttons.follow()
    return book


def line_of(book: xw.Book) -> int:
    """The first row of the followed figure that leads to a file; it is selected."""
    sheet = book.sheets["F\u00f6lj siffran"]
    row = next(place for place, digest in enumerate(sheet.range("O1:O40").value, 1) if digest)
    book.activate()
    sheet.activate()
    sheet.range(f"B{row}").select()
    return row


def home(book: xw.Book) -> Path:
    """The folder of the round that a result lies in."""
    return Path(book.fullname).parents[1]


def test_a_workbook_chooses_neither_the_file_nor_its_name(
    followed: xw.Book, program: xw.App, told: list[str], tmp_path: Path
) -> None:
    """Whatever stands where the digest was, nothing opens but what the register knows as an answer."""
    sheet, folder = followed.sheets["F\u00f6lj siffran"], home(followed)
    row = line_of(followed)
    macros = start_round(tmp_path / "makron", None, "exempelby", equip=with_buttons).read_bytes()
    others = {
        "e" * 64 + ".xlsm": macros,
        "f" * 64 + ".xlsx": (folder / "inl\u00e4mnat").glob("*.xlsx").__next__().read_bytes(),
    }
    for name, data in others.items():
        (folder / "inl\u00e4mnat" / name).write_bytes(data)
    with Round(folder, NOW) as round_:
        refused = take_in(round_, macros, "Budget.xlsx", Delivery(NOW))
    assert refused.outcome == "refused"
    digest = str(sheet[f"O{row}"].value)
    forged = [
        "*",
        "*.xlsm",
        f"{digest[:20]}*",
        f"../inl\u00e4mnat/{digest}",
        digest.upper(),
        f"{digest}\n",
        "e" * 64,
        "f" * 64,
    ]
    before = {path: path.read_bytes() for path in copies_folder().iterdir()}
    books = [book.fullname for book in program.books]
    for text in [*forged, refused.examined.sha256]:
        with unprotected(sheet):
            sheet[f"O{row}"].value = text
            sheet[f"F{row}"].value = "..\\Rolig fil.hta"
        line_of(followed)
        assert not buttons.follow(), text
        assert told.pop() == word("addin.follow.no_original", file="..\\Rolig fil.hta")
        assert [book.fullname for book in program.books] == books
    assert {path: path.read_bytes() for path in copies_folder().iterdir()} == before
    with unprotected(sheet):
        sheet[f"O{row}"].value = digest
    line_of(followed)
    assert buttons.follow()
    name = Path(program.books.active.fullname).name
    assert name.endswith(f"-{digest[:8]}.xlsx")
    assert "Rolig" not in name


def test_the_same_file_may_be_open_already(followed: xw.Book, program: xw.App, told: list[str]) -> None:
    """The file as the unit mailed it is open; only a book by the copy's own name is in the way, and is named."""
    row = line_of(followed)
    name = str(followed.sheets["F\u00f6lj siffran"][f"F{row}"].value)
    mailed = program.books.open(str(next((home(followed) / "mallar").rglob(name))))
    line_of(followed)
    assert buttons.follow()
    copy = Path(program.books.active.fullname)
    program.books[copy.name].close()
    mailed.save(str(home(followed) / copy.name))
    line_of(followed)
    assert not buttons.follow()
    assert told == [word("addin.same_name", book=copy.name)]


def test_copies_are_verified_and_go_at_the_next_press(followed: xw.Book, program: xw.App, told: list[str]) -> None:
    line_of(followed)
    assert buttons.follow()
    copy = Path(program.books.active.fullname)
    whole = copy.read_bytes()
    program.books[copy.name].close()
    copy.chmod(0o600)
    copy.write_bytes(b"something else")
    line_of(followed)
    assert buttons.follow()
    assert copy.read_bytes() == whole
    left = copies_folder() / "Gammal-12345678.xlsx"
    left.write_bytes(b"old")
    left.chmod(0o400)
    followed.activate()
    followed.sheets["Kub"].activate()
    followed.sheets["Kub"]["P2"].select()
    assert not buttons.follow()
    assert left.exists()
    followed.sheets["Kub"]["P6"].select()
    assert buttons.follow()
    assert not left.exists()
    assert copy.exists(), "it is open"
    digest = hashlib.sha256(whole).hexdigest()
    (home(followed) / "inl\u00e4mnat" / f"{digest}.xlsx").write_bytes(b"damaged")
    with Round(home(followed), NOW) as round_:
        assert copy_of(round_, digest) is None


def test_kind_messages(result: Path, opened_book: Open, told: list[str]) -> None:
    book = opened_book(result)
    sheet = book.sheets["Driftbudget per n\u00e4mnd"]
    sheet.activate()
    for cell, reason in (("C9", "text"), ("C4", "blank"), ("L9", "text")):
        sheet[cell].select()
        assert not buttons.follow()
        assert told.pop() == word(f"addin.untraceable.{reason}")


def test_a_changed_figure_is_named(result: Path, opened_book: Open) -> None:
    book = opened_book(result)
    sheet = book.sheets["Kub"]
    sheet.api.Unprotect()
    formula = sheet["P6"].formula
    sheet["P6"].value = f"={formula[1:]}+5"
    with pytest.raises(XlstyrError):
        trail_of(book, "Kub", 6, 16)
    facts = book.sheets["Fakta"]
    facts.api.Unprotect()
    sheet["P6"].value = 123.0
    trail = trail_of(book, "Kub", 7, 16)
    assert trail.total == trail.shown
    with pytest.raises(XlstyrError):
        trail_of(book, "Kub", 6, 16)


def test_without_the_round_it_is_followed_but_not_opened(
    result: Path, opened_book: Open, told: list[str], tmp_path: Path
) -> None:
    """A roll-up that came by mail: it carries what it takes to follow a figure."""
    alone = tmp_path / "mejlad" / result.name
    alone.parent.mkdir()
    shutil.copyfile(result, alone)
    book = opened_book(alone)
    book.sheets["Kub"].activate()
    book.sheets["Kub"]["P6"].select()
    assert buttons.follow()
    sheet = book.sheets["F\u00f6lj siffran"]
    values = sheet.range("B1:O30").value
    row = next(place for place, line in enumerate(values, 1) if line[13])
    assert len(values[row - 1][13]) == 64
    sheet.range(f"B{row}").select()
    assert not buttons.follow()
    assert "exempelby-2031" in told[0]


def test_a_followed_workbook_can_still_be_sent_upwards(
    result: Path, opened_book: Open, lent: Callable[[Path], Path], tmp_path: Path
) -> None:
    from xlstyr.rounds.incoming.examining import examine

    folder = lent(result.parents[1])
    book = opened_book(folder / "resultat" / result.name)
    book.sheets["Kub"].activate()
    book.sheets["Kub"]["P6"].select()
    assert buttons.follow()
    saved = tmp_path / result.name
    book.save(str(saved))
    with Round(folder, NOW) as round_:
        findings = examine(round_, saved.read_bytes(), saved.name).findings
        assert [f.code for f in findings if f.code in ("XS505", "XS108")] == []
        assert node_states(round_)


def test_verdicts() -> None:
    trail = Trail("Blad", "A1", Fraction(10), ())
    assert "skiljer" in verdict_of(trail)
    assert "avrundad" in verdict_of(Trail("Blad", "A1", Fraction(1, 3), ()))
    assert "exakt" in verdict_of(Trail("Blad", "A1", Fraction(0), ()))
    one = Step("Nod", "", "", "", "", "", "Blad", "B1", Fraction(10), Fraction(10))
    assert "1 belopp fr\u00e5n 1 st\u00e4lle." in verdict_of(Trail("Blad", "A1", Fraction(10), (one,)))
