"""What people do to a filled workbook: each mess is read exactly right, or named where it is; no sum is ever wrong.

``MESSES`` is the table. A mess is made in the XML or in LibreOffice, never by the project's own drawing, and
the figures it must come to are reckoned from the sheet's own cells (``tests/mess/desk.py``).
"""

import re
import shutil
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.conftest import NOW, take_in
from tests.mess import chance
from tests.mess import hands as h
from tests.mess.desk import Desk, Outcome, figures
from tests.office.hand import Hand
from tests.office.soffice import Office
from tests.office.xmledit import Edit
from xlstyr.excel.read import read_workbook
from xlstyr.layout.content import load
from xlstyr.layout.parse import parse
from xlstyr.model.finding import Finding
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.incoming.examining import examine
from xlstyr.rounds.incoming.standing import choose
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.round import Round

NODE, ANSWER = "ekonomi-kansli", "Budget 2031 Ekonomi & kansli.xlsx"
INJECTION = "=cmd|' /C calc'!A0"
LONG = "Vi köper mindre och lånar mer av andra. " * 800


@dataclass(frozen=True)
class Mess:
    """One kind of mess. ``kr``: what it does to rows of the budget, in kr; None: the node's money is held.

    ``says``: the codes that the file gets, exactly. ``at``: where the first of them is, as ``table row column``
    (its address is then the cell's, wherever that has gone), ``Sheet!A1``, or ``""`` for the file as a whole.
    """

    name: str
    do: h.Do
    says: str = ""
    at: str = ""
    kr: Mapping[str, int] | None = field(default_factory=dict)
    file: str = ANSWER


def amount(text: str, kr: int, also: str = "") -> Mess:
    """Text for a number in Ändring ± that is read as so many kr."""
    return Mess(f"text: {text!r}", h.typed(text), f"XS201 {also}", "budget 64110-K130 change", {h.ROW: kr})


def asked(value: str | float, code: str) -> Mess:
    """Something in Ändring ± that is asked back."""
    return Mess(f"{code}: {value!r}", h.typed(value), code, "budget 64110-K130 change", None)


def sent(name: str, data: bytes, code: str, file: str = ANSWER) -> Mess:
    """Something else than the workbook."""
    return Mess(name, h.instead(data), code, "", None, file)


MESSES = [
    Mess("nothing", lambda edit: None),
    # rows
    Mess("rows sorted", lambda e: h.sort_rows(e, "change")),
    Mess("rows sorted by name", lambda e: h.sort_rows(e, "account")),
    Mess(
        "sorted but for names and ids",
        lambda e: h.swap_cells(e, "64110-K130", "70110-K130", "activity", "comment"),
        "XS118",
        "budget 64110-K130 outcome",
        None,
    ),
    Mess(
        "only what is typed was sorted: the sheet shows it so",
        lambda e: h.swap_cells(e, "50110-K130", "70110-K130", "change", "comment"),
        kr={"50110-K130": -430_000, "70110-K130": 430_000},
    ),
    Mess(
        "row inserted in the middle",
        lambda e: h.insert_row(
            e, "70110-K130", account="64110 Livsmedel och material", activity="K130 Ekonomi & kansli", change=20
        ),
        "XS105 XS309",
        "Budget!C18",
        {"new": 20_000},
    ),
    Mess(
        "row inserted with a budget of its own",
        lambda e: h.insert_row(
            e,
            "70110-K130",
            account="64110 Livsmedel och material",
            activity="K130 Ekonomi & kansli",
            change=20,
            budget=600_000,
        ),
        "XS110 XS105 XS309",
        "Budget!M18",
        None,
    ),
    Mess(
        "row inserted with the budget that it gets",
        lambda e: h.insert_row(
            e,
            "70110-K130",
            account="64110 Livsmedel och material",
            activity="K130 Ekonomi & kansli",
            change=20,
            budget=20_000,
        ),
        "XS105 XS309",
        "Budget!C18",
        {"new": 20_000},
    ),
    Mess(
        "row inserted with a proposal",
        lambda e: h.insert_row(
            e,
            "70110-K130",
            account="64110 Livsmedel och material",
            activity="K130 Ekonomi & kansli",
            proposal=500_000,
            change=20,
        ),
        "XS119 XS105 XS309",
        "Budget!J18",
        None,
    ),
    *(
        Mess(f"own row with a given amount: {key}", h.typed(value, "n1", key), "XS119", f"budget n1 {key}", None)
        for key, value in (("proposal", 500_000), ("previous", 1), ("index_1", 0.5), ("locked", "Ja"))
    ),
    Mess("proposal alone on a free row", h.typed(500_000, "n2", "proposal"), "XS119 XS306", "budget n2 proposal", None),
    Mess("given text on an own row", h.typed("Vårt", "n1", "level", "goals"), "XS111", "goals n1 level"),
    Mess("empty row inserted", lambda e: h.insert_row(e, "70110-K130")),
    Mess(
        "row inserted with an amount only",
        lambda e: h.insert_row(e, "70110-K130", change=20),
        "XS105 XS306",
        "Budget!L18",
        None,
    ),
    Mess("given row deleted", h.delete_row("64110-K130"), "XS104", "budget 64110-K130", None),
    Mess("free rows deleted", h.both(*(h.delete_row(f"n{n}") for n in range(2, 11)))),
    Mess("own row deleted", h.delete_row("n1"), kr={"n1": -65_000}),
    Mess("row copied", h.copy_row("70110-K130"), "XS106", "Budget!C19", None),
    Mess("own row copied", h.copy_row("n1"), "XS106", "Budget!C22", None),
    Mess("row hidden", lambda e: e.hide_row("Budget", h.place(e, "70110-K130")), "XS112", "budget 70110-K130"),
    Mess("rows filtered", lambda e: h.filtered(e, "comment"), "XS112", "Budget!C12"),
    Mess("id typed over", h.typed("64110-K13", h.ROW, "id"), "XS104 XS105 XS119 XS306", "budget 64110-K130", None),
    Mess("id emptied", h.typed(None, h.ROW, "id"), "XS104 XS105 XS119 XS306", "budget 64110-K130", None),
    # sheets and columns
    Mess("sheet renamed", lambda e: e.rename_sheet("Budget", "Vår budget & plan"), "XS107", "Vår budget & plan!"),
    Mess("sheet deleted", lambda e: e.delete_sheet("Budget"), "XS101 XS101", "", None),
    Mess("sheet with goals deleted", lambda e: e.delete_sheet("Mål och uppdrag"), "XS101 XS101 XS101"),
    Mess("sheet copied", lambda e: h.copy_sheet(e, "Budget"), "XS103 XS103", "Budget!", None),
    Mess(
        "own sheet added", lambda e: e.add_sheet("Mitt blad", [["Anteckning", 12_000]]), "XS108 XS108", "Mitt blad!A1"
    ),
    Mess("columns change places", lambda e: e.swap_columns("Budget", "L", "Q"), "XS109", "Budget!"),
    Mess("column inserted", lambda e: e.insert_column("Budget", "L")),
    Mess("column with comments deleted", lambda e: e.delete_column("Budget", "Q"), "XS102", "Budget!", None),
    Mess("column with changes deleted", lambda e: e.delete_column("Budget", "L"), "XS102", "Budget!", None),
    Mess("column with outcomes deleted", lambda e: e.delete_column("Budget", "G"), "XS102", "Budget!", None),
    # amounts written as text
    amount("12", 12_000),
    amount("-1 234", -1_234_000, "XS218 XS302 XS602"),
    amount("\u22121\u00a0234", -1_234_000, "XS218 XS302 XS602"),
    amount("−12", -12_000),
    amount("–12", -12_000),
    amount("12 tkr", 12_000),
    amount("25 000 kr", 25_000),
    amount("25000:-", 25_000),
    amount("0,02 mnkr", 20_000),
    amount("12,5", 12_500, "XS207"),
    amount("１２", 12_000),
    amount("+12", 12_000),
    amount("  12\u202f", 12_000),
    *(asked(text, "XS202") for text in ("1.234,50", "1.234", "1,234", "1e5", "1_000", "(12)", "12-", "1 50", "1,5,2")),
    *(asked(text, "XS203") for text in ("ca 100", "12 %", "tolv", "l2", "12 st", "2031-05-01", "-", "=", "NaN")),
    # numbers and formulas
    Mess("decimals", h.typed(12.5), "XS207", "budget 64110-K130 change", {h.ROW: 12_500}),
    asked(12.34567, "XS215"),
    Mess("kronor for tkr", h.typed(250_000), "XS211 XS301 XS302", "budget 64110-K130 change", None),
    asked(47_969, "XS211 XS301 XS302"),  # a date, as Excel stores it
    asked(10**15, "XS216"),
    asked(12_000_000, "XS212"),
    Mess("truth value", h.typed(value=True), "XS203", "budget 64110-K130 change", None),
    Mess("change emptied", h.typed(None, "70110-K130"), "XS301", "", {"70110-K130": 430_000}),
    Mess("calculation", h.formula("1200+300-1490"), "XS205", "budget 64110-K130 change", {h.ROW: 10_000}),
    Mess("calculation, badly cached", h.formula("=5*2", 99), "XS205", "budget 64110-K130 change", {h.ROW: 10_000}),
    *(
        Mess(f"formula: ={text}", h.formula(text, 10), "XS206", "budget 64110-K130 change", None)
        for text in ("J17*2", "SUM(L12:L14)", "'[1]Fjol 2030'!$B$4", "Personal!K7/1000", "RAND()", "1,5*2")
    ),
    *(
        Mess(f"error {text}", h.error(text), "XS204", "budget 64110-K130 change", None)
        for text in ("#REF!", "#N/A", "#DIV/0!", "#VÄRDEFEL!")
    ),
    # what isn't theirs to change
    Mess("formula typed over", h.typed(500_000, h.ROW, "budget"), "XS110", "budget 64110-K130 budget", None),
    Mess("formula typed over by its value", h.typed(428_400, h.ROW, "budget"), "XS117", "budget 64110-K130 budget"),
    Mess(
        "formula changed",
        h.formula("J17*1.05", 449_820, h.ROW, "budget"),
        "XS110",
        "budget 64110-K130 budget",
        None,
    ),
    Mess(
        "account changed",
        h.typed("70110 Tjänster och konsulter", h.ROW, "account"),
        "XS111",
        "budget 64110-K130 account",
    ),
    Mess("proposal changed", h.typed(1, h.ROW, "proposal"), "XS111", "budget 64110-K130 proposal"),
    Mess("hidden index changed", h.typed(0.5, h.ROW, "index_1"), "XS111", "budget 64110-K130 index_1"),
    Mess("mean pay changed", h.typed(90_000, "s2", "pay", "staff"), "XS111", "staff s2 pay"),
    Mess("amount typed in a heading", lambda e: h.beside(e, "L16", 25), "XS108", "Budget!L16"),
    Mess("amount typed on a total", lambda e: h.beside(e, "L9", 25), "XS108", "Budget!L9"),
    Mess("amount below the table", lambda e: h.beside(e, "L33", 25.5), "XS108", "Budget!L33"),
    Mess("note beside the table", lambda e: h.beside(e, "AC17", "Fråga Karin"), "XS108", "Budget!AC17"),
    # choices
    *(
        Mess(f"choice: {value!r}", h.typed(value, "accept", "value", "answer"), "XS209", "answer accept value", None)
        for value in ("Kanske", "Jaa", "J", "x", True, 1)
    ),
    *(Mess(f"choice: {value!r}", h.typed(value, "accept", "value", "answer")) for value in ("ja", " JA ", "Ja\u00a0")),
    Mess(
        "answer emptied",
        h.typed(None, "accept", "value", "answer"),
        "XS208" + 5 * " XS305",
        "answer accept value",
        None,
    ),
    Mess(
        "proposal not accepted",
        h.typed("Nej", "accept", "value", "answer"),
        " ".join(5 * ["XS305"]),
        "budget 64110-K130 change",
        None,
    ),
    Mess("account without its name", h.typed(62110, "n1", "account")),
    Mess("account as text without its name", h.typed("62110", "n1", "account")),
    Mess("account by an older name", h.typed("62110 El och värme", "n1", "account")),
    Mess("account misspelt", h.typed("El, värme & vattn", "n1", "account"), "XS209", "budget n1 account", None),
    Mess("account of another year", h.typed("62119 El", "n1", "account"), "XS209", "budget n1 account", None),
    # texts
    Mess("formula as text", h.typed(INJECTION, "70110-K130", "comment")),
    Mess("very long text", h.typed(LONG, "64110-K130", "comment"), "XS213", "budget 64110-K130 comment"),
    Mess("control characters", h.typed("El\x00\x07\x1b dyrare\x0b", "64110-K130", "comment")),
    Mess("text that looks like a mark", h.typed("table:budget", "64110-K130", "comment")),
    Mess(
        "personal identity number",
        h.typed("Vikarie för 19121212-1212", "64110-K130", "comment"),
        "XS219",
        "budget 64110-K130 comment",
        None,
    ),
    # what the workbook is
    Mess("saved under another unit's name", lambda e: None, "XS017", "", None, "Budget 2031 Bibliotek & arkiv.xlsx"),
    Mess("own file name", lambda e: None, file="Vår budget – åäö (slutlig) kopia.xlsx"),
    Mess("downloaded twice", lambda e: None, file="Budget 2031 Ekonomi & kansli (1).XLSX"),
    Mess("other round", h.identity(1, "exempelby-2030"), "XS006", "", None),
    Mess("unknown node", h.identity(2, "ekonomi"), "XS007", "", None),
    Mess("other stage", h.identity(3, "internal"), "XS010", "", None),
    Mess("unknown issue", h.identity(4, "7"), "XS009", "", None),
    Mess("unknown layout", h.identity(6, "0123456789abcdef"), "XS009", "", None),
    Mess("no workbook of ours", h.identity(0, "annat"), "XS005", "", None),
    *(
        Mess(f"identity changed in the {place} only", h.identity(2, "gata-park", (place,)), "XS008", "", None)
        for place in ("sheet", "name", "property")
    ),
    Mess("hidden sheet deleted", lambda e: h.lose_identity(e, all_of_it=False)),
    Mess("all identity lost", lambda e: h.lose_identity(e, all_of_it=True), "XS005", "", None),
    Mess("macros", h.add_part("xl/vbaProject.bin", b"\xd0\xcf", "vbaProject"), "XS012", "", None),
    Mess("old macro sheet", h.add_part("xl/macrosheets/sheet1.xml", b"<x/>", "xlMacrosheet"), "XS012", "", None),
    Mess("link to another file", h.external_link, "XS013", "", None),
    # what isn't the workbook at all
    sent("empty", b"", "XS004"),
    sent("only zeros", bytes(4096), "XS004"),
    sent("text", b"Hej! Se bifogad budget.", "XS001"),
    sent("csv", "Konto;Budget\n64110;428\n".encode("cp1252"), "XS001"),
    sent("page with a link", b"<!DOCTYPE html><html><a href='https://x.example'>Budget</a></html>", "XS001"),
    sent("pdf", b"%PDF-1.7\n1 0 obj", "XS001", "Budget.pdf"),
    sent("image", b"\x89PNG\r\n\x1a\n0000", "XS001"),
    sent("rtf", rb"{\rtf1 Budget}", "XS001"),
    sent("random", bytes(range(255, 0, -1)) * 9, "XS001"),
    sent("old Excel", h.OLE + bytes(2000), "XS002"),
    sent("locked with a password", h.OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500), "XS002"),
    sent("document", h.zip_of("word/document.xml"), "XS001"),
    sent("zip", h.zip_of("Budget.xlsx"), "XS001"),
    sent("workbook without sheets", h.zip_of("xl/workbook.xml"), "XS005"),
    Mess("cut off", h.truncated, "XS003", "", None),
    Mess("damaged", h.flipped, "XS003", "", None),
]


@dataclass(frozen=True)
class ByHand:
    """A mess made in LibreOffice, else as ``Mess``."""

    name: str
    do: Callable[[Hand], object]
    says: str = ""
    at: str = ""
    kr: Mapping[str, int] | None = field(default_factory=dict)


def sorted_by_hand(hand: Hand) -> None:
    hand.unprotect("Budget")
    hand.sort("Budget", "C11:AA30", 9, descending=True)


def row_by_hand(hand: Hand) -> None:
    hand.unprotect("Budget")
    hand.insert_rows("Budget", 18)
    for ref, value in (("C18", "64110 Livsmedel och material"), ("E18", "K130 Ekonomi & kansli"), ("L18", 20)):
        hand.type("Budget", ref, value)


def unprotected(do: Callable[[Hand], object]) -> Callable[[Hand], object]:
    """Takes away the protection of the budget first."""

    def doing(hand: Hand) -> None:
        hand.unprotect("Budget")
        do(hand)

    return doing


def sheet_copied(hand: Hand) -> None:
    hand.document.Sheets.copyByName("Budget", "Budget_2", 3)


BY_HAND = [
    ByHand("saved again", lambda hand: None),
    ByHand("typed", lambda hand: hand.type("Budget", "L17", 12), kr={h.ROW: 12_000}),
    ByHand(
        "text typed",
        lambda hand: hand.type("Budget", "L17", "12 tkr"),
        "XS201",
        "budget 64110-K130 change",
        {h.ROW: 12_000},
    ),
    ByHand(
        "calculation typed",
        lambda hand: hand.type_formula("Budget", "L17", "=1200+300-1490"),
        "XS205",
        "budget 64110-K130 change",
        {h.ROW: 10_000},
    ),
    ByHand(
        "reference typed",
        lambda hand: hand.type_formula("Budget", "L17", "=J17/10000"),
        "XS206",
        "budget 64110-K130 change",
        None,
    ),
    ByHand("rows sorted", sorted_by_hand),
    ByHand("row inserted", row_by_hand, "XS105 XS309", "Budget!C18", {"new": 20_000}),
    ByHand(
        "given row deleted",
        unprotected(lambda hand: hand.delete_rows("Budget", 17)),
        "XS104",
        "budget 64110-K130",
        None,
    ),
    ByHand("free rows deleted", unprotected(lambda hand: hand.delete_rows("Budget", 23, 8))),
    ByHand("sheet renamed", lambda hand: hand.rename("Budget", "Äskat & klart"), "XS107", "Äskat & klart!"),
    ByHand("sheet moved", lambda hand: hand.move_sheet("Budget", 0)),
    ByHand("sheet deleted", lambda hand: hand.delete_sheet("Budget"), "XS101 XS101", "", None),
    ByHand("sheet copied", sheet_copied, "XS103 XS103", "Budget!", None),
    ByHand("column inserted", unprotected(lambda hand: hand.insert_columns("Budget", 12))),
    ByHand("column deleted", unprotected(lambda hand: hand.delete_columns("Budget", 12)), "XS102", "Budget!", None),
    ByHand(
        "comments cut and pasted at the far right",
        unprotected(lambda hand: hand.move_cells("Budget", "Q6:Q30", "AD6")),
        "XS109",
        "Budget!",
    ),
    ByHand("row hidden", unprotected(lambda hand: hand.hide_row("Budget", 18)), "XS112", "budget 70110-K130"),
    ByHand(
        "amount pasted over the line above",
        unprotected(lambda hand: hand.copy_cells("Budget", "L18", "L17")),
        "XS218 XS302 XS602",
        "budget 64110-K130 change",
        {h.ROW: -430_000},
    ),
    ByHand(
        "whole row pasted over another",
        unprotected(lambda hand: hand.copy_cells("Budget", "C18:AA18", "C17")),
        "XS104 XS106",
        "budget 64110-K130",
        None,
    ),
]


@pytest.fixture(scope="session")
def desk(exempelby_answered: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Exempelby's round, where a unit with posts and a row, goal and indicator of its own is about to answer."""
    return prepared(exempelby_answered, tmp_path_factory.mktemp("mess"), ANSWER, NODE)


@pytest.fixture(scope="session")
def large_desk(danderyd_answered: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Danderyd's round, where a preschool is about to answer."""
    name = "Budget 2026 Ekbackens förskola.xlsx"
    return prepared(danderyd_answered, tmp_path_factory.mktemp("mess"), name, "ekbackens-forskola")


def prepared(answered: Path, folder: Path, name: str, node: str) -> Desk:
    """A round where everybody else's answer has been taken in."""
    round_ = Path(shutil.copytree(answered, folder / "runda"))
    answer = Path(shutil.move(round_ / "inkorg" / name, folder / name))
    take_in(round_)
    return Desk(round_, answer, node)


def in_its_cell(finding: Finding, at: str, data: bytes) -> bool:
    """Whether ``finding`` is where ``at`` says, also by its address in the file that was sent."""
    place = finding.place
    if "!" in at:
        return f"{place.sheet}!{place.cell}" == at
    if not at:
        return not place.cell
    table, row, *column = at.split(" ")
    is_field = column == ["value"]
    row_and_column = ["", row] if is_field else [row, *column]
    if [place.table, place.row, place.column][: 1 + len(row_and_column)] != [table, *row_and_column]:
        return False
    edit = Edit(data)
    if row not in edit.table(table).rows:
        return not place.cell
    sheet, ref = edit.at(table, row, column[0] if column else "account")
    return (place.sheet, place.cell) == (sheet, ref)


def judge(desk: Desk, mess: Mess | ByHand, outcome: Outcome, data: bytes) -> None:
    """Read exactly right, or named in its place and then left out of the sums."""
    found = outcome.findings
    assert sorted(f.code for f in found) == sorted(mess.says.split()), [(f.code, f.place, f.message) for f in found]
    assert "\u2026" not in "".join(f.message + f.fix for f in found if "\u2026" not in str(f.args))
    if mess.at:
        assert any(in_its_cell(f, mess.at, data) for f in found if f.code == mess.says.split()[0]), found
    if mess.kr is not None:
        assert desk.rows_read(outcome) == desk.rows_expected(mess.kr)
    assert outcome.net_cost == desk.expected(mess.kr)
    assert (desk.node in outcome.missing) == (mess.kr is None)


@pytest.mark.parametrize("mess", MESSES, ids=lambda mess: mess.name)
def test_mess(desk: Desk, tmp_path: Path, mess: Mess) -> None:
    edit = Edit(desk.data)
    made = mess.do(edit)
    data = made if isinstance(made, bytes) else edit.bytes()
    judge(desk, mess, desk.handed_in(tmp_path, {mess.file: data}), data)


@pytest.mark.parametrize("mess", BY_HAND, ids=lambda mess: mess.name)
def test_mess_by_hand(desk: Desk, office: Office, tmp_path: Path, mess: ByHand) -> None:
    data = h.in_office(office, mess.do, desk.data)
    judge(desk, mess, desk.handed_in(tmp_path, {ANSWER: data}), data)


@pytest.mark.parametrize("seed", range(150))
def test_random_edits(desk: Desk, tmp_path: Path, seed: int) -> None:
    """Every figure of every row is exactly right, or each fault is named in its row and cell and nothing is summed."""
    person = chance.work(desk.data, list(desk.lines), seed)
    data = person.edit.bytes()
    outcome = desk.handed_in(tmp_path, {ANSWER: data})
    shown = [(f.code, f.place.row, f.place.cell, f.message) for f in outcome.findings]
    if person.faults:
        assert desk.node in outcome.missing, (person.did, shown)
        assert outcome.net_cost == desk.expected(None)
        for fault in person.faults:
            assert any(named(f, fault, data) for f in outcome.findings), (person.did, fault, shown)
    else:
        before = Edit(desk.data)
        kr = {f"new{n}": tkr * 1000 for n, tkr in enumerate(person.own)}
        for row, tkr in person.typed.items():
            was = before.get(*before.at("budget", row, "change"))
            kr[row] = ((tkr or 0) - (was if isinstance(was, int) else 0)) * 1000
        assert desk.node not in outcome.missing, (person.did, shown)
        assert desk.rows_read(outcome) == desk.rows_expected(kr), (person.did, shown)
        assert outcome.net_cost == desk.expected(kr), (person.did, shown)


def named(finding: Finding, fault: tuple[str, str, str], data: bytes) -> bool:
    """Whether ``finding`` names ``fault`` at its cell, wherever that has gone."""
    code, row, column = fault
    place = finding.place
    if finding.code != code or (row and place.row != row) or (column and place.column != column):
        return False
    return not (row and column) or (place.sheet, place.cell) == Edit(data).at("budget", row, column)


def sort_largest(edit: Edit) -> None:
    """Sorts every row below the headings by last year's budget."""
    table = edit.table("budget")
    places = [place for row, place in table.rows.items() if row not in ("#head", "#total")]
    edit.sort("Budget", min(places), max(places), table.columns["previous"], descending=True)


@pytest.mark.parametrize("own", ["J{n}*1.1", "{ours}*1.1", 'IF(COUNT($J{n})=0,"",N($J{n}))'])
def test_a_formula_of_their_own_down_the_whole_column(desk: Desk, tmp_path: Path, own: str) -> None:
    """That every row has the same formula doesn't make it the one that was issued."""
    edit = Edit(desk.data)
    rows = {row: place for row, place in edit.table("budget").rows.items() if not row.startswith("#")}
    for row, place in rows.items():
        ours = edit.formula(*edit.at("budget", row, "budget"))
        edit.set(*edit.at("budget", row, "budget"), 12_345_000, formula=own.format(n=place, ours=ours))
    outcome = desk.handed_in(tmp_path, {ANSWER: edit.bytes()})
    assert {(f.code, f.place.row, f.place.cell) for f in outcome.findings} == {
        ("XS110", row, f"M{rows[row]}") for row in desk.lines if not row.startswith("n") or row == "n1"
    }
    assert outcome.net_cost == desk.expected(None)
    assert NODE in outcome.missing


def test_a_workbook_of_another_definition_is_judged_by_its_own_formulas(desk: Desk) -> None:
    """What a formula was in another edition of the template isn't known: then what most rows have is."""
    row, other = h.ROW, "70110-K130"
    edit = Edit(desk.data)
    for one in edit.table("budget").rows:
        if not one.startswith("#"):
            sheet, ref = edit.at("budget", one, "budget")
            edit.set(sheet, ref, 1, formula=f"{edit.formula(sheet, ref)}+0")
    issued_still, typed_over = edit.at("budget", other, "budget"), edit.at("budget", row, "budget")
    edit.set(*issued_still, 1, formula=Edit(desk.data).formula(*issued_still))
    edit.set(*typed_over, 1, formula="J17*1.1")
    raw, _ = read_workbook(edit.bytes())
    assert raw is not None and raw.identity is not None
    with desk.opened(desk.folder) as round_:
        issue = round_.register.issue(NODE, "proposal")
        workbook = round_.issued_layout(raw.identity.layout)
        assert issue is not None and workbook is not None
        newer = workbook.model_copy(update={"digest": "0123456789abcdef"})
        found = {
            edition.digest: {f.place.row for f in parse(raw, edition, load(issue.content), round_.lists)[1]}
            for edition in (workbook, newer)
        }
    assert found[newer.digest] == {row}
    assert other not in found[workbook.digest] and len(found[workbook.digest]) > 2


LARGE = [
    Mess("nothing", lambda edit: None, file="Budget 2026 Ekbackens förskola - kopia.xlsx"),
    Mess("rows sorted", sort_largest),
    Mess("columns change places", lambda e: e.swap_columns("Budget", "L", "J"), "XS109", "Budget!"),
]


def typed_rows(desk: Desk) -> list[str]:
    """The given rows of a budget that the sender may change."""
    edit = Edit(desk.data)
    return [row for row in desk.lines if edit.get(*edit.at("budget", row, "locked")) == "Nej"]


@pytest.mark.parametrize("mess", LARGE, ids=lambda mess: mess.name)
def test_mess_in_danderyd(large_desk: Desk, tmp_path: Path, mess: Mess) -> None:
    edit = Edit(large_desk.data)
    mess.do(edit)
    name = mess.file if mess.file != ANSWER else large_desk.answer.name
    outcome = large_desk.handed_in(tmp_path, {name: edit.bytes()})
    before = large_desk.handed_in(tmp_path / "before", {large_desk.answer.name: large_desk.data})
    usual = " ".join(finding.code for finding in before.findings)
    judge(large_desk, replace(mess, says=f"{mess.says} {usual}", at=mess.at), outcome, edit.bytes())


@pytest.mark.parametrize("value", ["12 tkr", 12, "12 000 kr", "x", "1.234", None])
def test_typed_in_danderyd(large_desk: Desk, tmp_path: Path, value: str | int | None) -> None:
    row, edit = typed_rows(large_desk)[-1], Edit(large_desk.data)
    was = edit.get(*edit.at("budget", row, "change"))
    edit.set(*edit.at("budget", row, "change"), value)
    outcome = large_desk.handed_in(tmp_path, {large_desk.answer.name: edit.bytes()})
    code = {"12 tkr": "XS201", "12 000 kr": "XS201", "x": "XS203", "1.234": "XS202"}.get(str(value), "")
    assert not code or code in [f.code for f in outcome.findings if f.place.cell == edit.at("budget", row, "change")[1]]
    held = value in ("x", "1.234")
    tkr = (12 if value is not None else 0) - (was if isinstance(was, int) else 0)
    assert outcome.net_cost == large_desk.expected(None if held else {row: tkr * 1000})
    assert (large_desk.node in outcome.missing) == held


# what is sent, and what has been sent before


def test_other_workbooks(desk: Desk, large_desk: Desk, tmp_path: Path) -> None:
    """Another unit's workbook under this unit's name, and one of another municipality: named, and nothing counts."""
    other = next((desk.folder / "mallar").rglob("*Björkbacken.xlsx")).read_bytes()
    for number, (data, code) in enumerate([(other, "XS017"), (large_desk.data, "XS006"), (control(desk), "XS005")]):
        outcome = desk.handed_in(tmp_path / str(number), {ANSWER: data})
        assert [finding.code for finding in outcome.findings] == [code]
        assert outcome.net_cost == desk.expected(None)
        assert outcome.missing == {desk.node, "bjorkbacken"}


def control(desk: Desk) -> bytes:
    """The control workbook itself."""
    return (desk.folder / "Styrbok 2031.xlsx").read_bytes()


def test_a_file_name_from_a_mac(desk: Desk, tmp_path: Path) -> None:
    """A name in decomposed letters is the same name."""
    other = next((desk.folder / "mallar").rglob("*Björkbacken.xlsx"))
    outcome = desk.handed_in(tmp_path, {unicodedata.normalize("NFD", other.name): desk.data})
    assert [finding.code for finding in outcome.findings] == ["XS017"]


def test_the_same_file_twice(desk: Desk, tmp_path: Path) -> None:
    outcome = desk.handed_in(tmp_path, {ANSWER: desk.data, "Budget igen.xlsx": desk.data})
    assert [finding.code for finding in outcome.findings] == ["XS016"]
    assert ANSWER in outcome.findings[0].message
    assert outcome.net_cost == desk.expected({})


def test_the_same_content_in_two_files(desk: Desk, tmp_path: Path) -> None:
    """A copy saved again says the same: no conflict, and counted once."""
    outcome = desk.handed_in(tmp_path, {ANSWER: desk.data, "Budget kopia.xlsx": Edit(desk.data).bytes()})
    assert not outcome.findings
    assert outcome.net_cost == desk.expected({})


@pytest.mark.parametrize("chosen", [0, 1])
def test_two_answers_that_differ(desk: Desk, tmp_path: Path, chosen: int) -> None:
    """Neither counts until a person has chosen."""
    edit = Edit(desk.data)
    h.typed(12)(edit)
    files = {ANSWER: desk.data, "Budget 2031 Ekonomi & kansli (1).xlsx": edit.bytes()}
    outcome = desk.handed_in(tmp_path, files)
    assert not outcome.findings
    assert [(f.code, f.place.node) for f in outcome.shown if f.code == "XS501"] == [("XS501", NODE)]
    assert all(name in next(f.message for f in outcome.shown if f.code == "XS501") for name in files)
    assert NODE in outcome.missing
    assert outcome.net_cost == desk.expected(None)
    with desk.opened(tmp_path / "runda") as round_:
        choose(round_, tmp_path / "runda" / "inkorg" / list(files)[chosen])
        net_cost, missing, shown = figures(round_)
    assert not [f for f in shown if f.code == "XS501"]
    assert NODE not in missing
    assert net_cost == desk.expected({h.ROW: 12_000} if chosen else {})


def test_a_corrected_return_replaces_the_first(desk: Desk, tmp_path: Path) -> None:
    """The workbook that was sent back, put right, counts instead of what was wrong; nothing is lost on the way."""
    edit = Edit(desk.data)
    h.typed("ca 12")(edit)
    outcome = desk.handed_in(tmp_path, {ANSWER: edit.bytes()})
    assert NODE in outcome.missing
    with desk.opened(tmp_path / "runda") as round_:
        path = write_return(round_, outcome.said[0])
        assert path is not None
        again = Edit(path.read_bytes())
        assert again.get(*again.at("budget", h.ROW, "change")) == "ca 12"
        h.typed(12)(again)
        path.write_bytes(again.bytes())
        (taken,) = collect(round_, [path])
        assert [f.code for f in taken.examined.findings if f.severity == "fel"] == []
        net_cost, missing, _ = figures(round_)
    assert NODE not in missing
    assert net_cost == desk.expected({h.ROW: 12_000})


def test_an_older_issue_is_still_read(desk: Desk, exempelby_answered: Path, tmp_path: Path) -> None:
    """The premises changed and a new workbook went out; the old one is read as it was issued, and says so."""
    folder = desk.copy(tmp_path)
    book = folder / "Styrbok 2031.xlsx"
    edit = Edit(book.read_bytes())
    row = next(n for n, cells in edit.rows(edit.table("opening").sheet).items() if NODE in cells.values())
    table = edit.table("opening")
    amount_at = f"{table.columns['budget']}{row}"
    was = edit.get(table.sheet, amount_at)
    assert isinstance(was, int)
    edit.set(table.sheet, amount_at, was + 500_000)
    book.write_bytes(edit.bytes())
    with Round(folder, NOW) as round_:
        assert [issued.node for issued in issue_workbooks(round_) if issued.status == "reissued"] == [NODE]
        shutil.copyfile(desk.answer, folder / "inkorg" / ANSWER)
        (taken,) = collect(round_, [folder / "inkorg" / ANSWER])
        assert [finding.code for finding in taken.examined.findings] == ["XS011"]
        assert figures(round_)[0] == desk.expected({})
        newer = next((folder / "mallar").rglob(ANSWER))
        newer = Path(shutil.copyfile(newer, folder / "inkorg" / "nyare.xlsx"))
        again = Edit(newer.read_bytes())
        again.set(*again.at("answer", "accept", "value"), "Ja")
        newer.write_bytes(again.bytes())
        collect(round_, [newer])
        new_desk = Desk(folder, newer, NODE)
        assert figures(round_)[0] != desk.expected({})
        assert [figures(round_)[0][year] - desk.others[year] for year in desk.others] == new_desk.own({})


# text stays text


def test_text_is_never_a_formula(desk: Desk, tmp_path: Path) -> None:
    """What looks like a formula or a link comes back as the same text in the return and in the consolidated workbook."""
    texts = [INJECTION, '=HYPERLINK("http://x.example","Klicka")', "@SUM(A1)", "+1+cmd|'x'!A1", "-2+3", "{=1+1}"]
    edit = Edit(desk.data)
    for place_, text in zip(("message", "who"), texts, strict=False):
        edit.set(*edit.at("signoff", place_, "value"), text)
    for row, text in zip(("n2", "n3"), texts[2:], strict=False):
        edit.set(*edit.at("goals", row, "text"), text)
    edit.set(*edit.at("budget", h.ROW, "comment"), INJECTION)
    edit.set(*edit.at("indicators", "n1", "comment"), texts[1])
    outcome = desk.handed_in(tmp_path, {ANSWER: edit.bytes()})
    assert not [f for f in outcome.findings if f.severity == "fel"]
    with desk.opened(tmp_path / "runda") as round_:
        returned = write_return(round_, outcome.said[0])
        assert returned is not None
        written = [Edit(returned.read_bytes()), Edit(consolidate(round_).path.read_bytes())]
    assert written[0].get(*written[0].at("signoff", "message", "value")) == INJECTION
    assert written[0].get(*written[0].at("budget", h.ROW, "comment")) == INJECTION
    for book in written:
        seen = {text for title in book.titles for cells in book.rows(title).values() for text in cells.values()}
        assert seen & set(texts)
        for title in book.titles:
            for at, cells in book.rows(title).items():
                for letter, value in cells.items():
                    if value in texts:
                        assert book.formula(title, f"{letter}{at}") is None
        xml = "".join(book.package.text(part) for part in book.package.parts if part.startswith("xl/worksheets"))
        assert not any("cmd|" in formula for formula in re.findall(r"<f\b[^>]*>([^<]*)</f>", xml))
        links = "".join(book.package.text(part) for part in book.package.parts if part.endswith(".rels"))
        assert "x.example" not in links


# LibreOffice


@pytest.mark.parametrize("formats", [("xlsx",), ("ods", "xlsx"), ("xlsx", "ods", "xlsx")], ids="-".join)
@pytest.mark.parametrize("node", ["Ekonomi & kansli", "Välfärdsnämnden", "Barn & unga", "Finans & skatt"])
def test_saved_again_says_the_same(
    exempelby: Path, office: Office, opened: Callable[[Path], Round], formats: tuple[str, ...], node: str
) -> None:
    """A workbook that LibreOffice has saved says exactly the same, and nothing more is wrong with it."""
    path = exempelby / "inkorg" / f"Budget 2031 {node}.xlsx"
    round_ = opened(exempelby)
    first = examine(round_, path.read_bytes(), path.name)
    again = examine(round_, h.round_trip(office, formats, path.read_bytes()), path.name)
    assert again.findings == first.findings
    assert [c.digest for c in again.contributions] == [c.digest for c in first.contributions] != []


@pytest.mark.parametrize(("fmt", "code"), [("xls", "XS002"), ("ods", "XS001"), ("csv", "XS001"), ("pdf", "XS001")])
def test_saved_as_something_else(desk: Desk, office: Office, tmp_path: Path, fmt: str, code: str) -> None:
    data = h.round_trip(office, (fmt,), desk.data)
    outcome = desk.handed_in(tmp_path, {f"Budget 2031 Ekonomi & kansli.{fmt}": data})
    assert [finding.code for finding in outcome.findings] == [code]
    assert outcome.net_cost == desk.expected(None)
    assert NODE in outcome.missing
