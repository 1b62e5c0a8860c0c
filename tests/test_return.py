"""``check --return``: the sender gets what they typed, drawn afresh, with every finding at its cell."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.workbook.workbook import Workbook as Book

from tests.conftest import NOW
from tests.office.a1 import split
from tests.office.compare import compare
from tests.office.soffice import Office
from tests.office.xmledit import Edit, Typed
from xlstyr.cli.main import group
from xlstyr.layout.content import Identity
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.incoming.examining import Examined, examine
from xlstyr.rounds.incoming.standing import bundle
from xlstyr.rounds.round import Round

NODE = "hemtjanst"
FILE = "Budget 2031 Hemtjänst öster & väster.xlsx"


@dataclass
class Sent:
    """An answer as it was sent, the return of it, and what ``check`` said."""

    folder: Path
    path: Path
    data: bytes
    findings: list[dict[str, Any]]
    returned: Path
    edit: Edit = field(repr=False)

    @cached_property
    def book(self) -> Book:
        """The return with its formulas."""
        return openpyxl.load_workbook(self.returned)

    @cached_property
    def back(self) -> Edit:
        """The return, by its machine keys."""
        return Edit(self.returned.read_bytes())

    def value(self, table: str, row: str, column: str) -> Any:
        """What the return shows."""
        sheet, ref = self.back.at(table, row, column)
        return self.book[sheet][ref].value

    def examined(self, path: Path) -> Examined:
        """What a file says in this round."""
        with Round(self.folder, NOW) as round_:
            return examine(round_, path.read_bytes(), path.name)


def send(folder: Path, work: Callable[[Edit], object]) -> Sent:
    """The sample's answer with something done to it, checked with a return."""
    path = folder / "inkorg" / FILE
    edit = Edit(path.read_bytes())
    work(edit)
    data = edit.bytes()
    path.write_bytes(data)
    done = CliRunner().invoke(group, ["check", str(path), "--return", "--round", str(folder), "--json"])
    assert done.exit_code in (0, 1), done.output
    [item] = json.loads(done.stdout)["files"]
    return Sent(folder, path, data, item["findings"], Path(item["return"]), edit)


def put(edit: Edit, table: str, row: str, column: str, value: Typed) -> None:
    """Types in a cell."""
    edit.set(*edit.at(table, row, column), value)


OUTSIDE = ("Budget", "AF40")


def faulty(edit: Edit) -> None:
    """A bit of everything that goes wrong, and rows of the sender's own."""
    put(edit, "budget", "30110-V520", "change", "tolv")
    put(edit, "budget", "64110-V520", "change", "1.234")
    put(edit, "budget", "50210-V520", "comment", "Å, ä & ö <b>\nrad två")
    put(edit, "budget", "n1", "account", "64110 Livsmedel och material")
    put(edit, "budget", "n1", "activity", "V520 Insatser i hemmet")
    put(edit, "budget", "n1", "change", 35)
    put(edit, "budget", "n1", "comment", "Egen rad: larm, 35 tkr.")
    put(edit, "goals", "n1", "text", "Fler vet vem som kommer")
    put(edit, "staff", "s2", "change", 0.5)
    for row, column, value in (("50110-V520", "budget", 1), ("50110-V520", "status", "klart")):
        put(edit, "budget", row, column, value)
    put(edit, "budget", "50110-V520", "proposal", 5_000_000)
    edit.set(*OUTSIDE, "Kom ihåg att fråga Eva")


@pytest.fixture(scope="module")
def sent(exempelby_answered: Path, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """The faulty answer and its return. Shared: read only."""
    folder = Path(shutil.copytree(exempelby_answered, tmp_path_factory.mktemp("retur") / "runda åäö"))
    return send(folder, faulty)


def test_the_original_is_untouched_and_the_return_has_its_own_name(sent: Sent) -> None:
    assert sent.path.read_bytes() == sent.data
    assert sent.returned == sent.folder / "retur" / f"{Path(FILE).stem} – återkoppling.xlsx"
    assert list((sent.folder / "inlämnat").iterdir()) == []


def test_the_return_holds_what_was_typed(sent: Sent) -> None:
    assert sent.value("budget", "50210-V520", "change") == -560
    assert sent.value("budget", "50210-V520", "comment") == "Å, ä & ö <b>\nrad två"
    assert sent.value("staff", "s1", "change") == 1
    assert sent.value("staff", "s2", "change") == 0.5
    assert sent.value("answer", "accept", "value") is None  # a formula was overwritten: approve what is drawn anew
    assert sent.value("signoff", "who", "value") == "Enhetschef"
    assert sent.value("assignments", "om-schema", "action") == "Nytt schema prövas i öster i januari."


def test_the_senders_own_rows_are_there(sent: Sent) -> None:
    assert str(sent.value("budget", "n1", "account")).startswith("64110")
    assert (sent.value("budget", "n1", "change"), sent.value("budget", "n1", "comment")) == (
        35,
        "Egen rad: larm, 35 tkr.",
    )
    assert sent.value("goals", "n1", "text") == "Fler vet vem som kommer"
    assert len([row for row in sent.back.table("budget").rows if row.startswith("n")]) == 10


def marked(sent: Sent) -> dict[tuple[str, str], str]:
    """(sheet, cell) → the comment there, over the whole return."""
    found = {}
    for sheet in sent.book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.comment is not None:
                    found[sheet.title, cell.coordinate] = cell.comment.text
    return found


def pointed(sent: Sent) -> dict[tuple[str, str], list[str]]:
    """(sheet, cell) → the codes found there; notices and what is outside the template get no comment."""
    found: dict[tuple[str, str], list[str]] = {}
    for finding in sent.findings:
        if finding["severity"] != "notis" and finding["cell"] and finding["code"] != "XS108":
            found.setdefault((finding["sheet"], finding["cell"]), []).append(finding["code"])
    return found


def test_comments_stand_at_exactly_the_cells_of_the_findings(sent: Sent) -> None:
    wanted = pointed(sent)
    assert {code for codes in wanted.values() for code in codes} >= {"XS203", "XS202", "XS110", "XS111", "XS401"}
    assert set(marked(sent)) == set(wanted)


def test_each_comment_says_code_severity_message_and_cure(sent: Sent) -> None:
    comments = marked(sent)
    for finding in sent.findings:
        place = (finding["sheet"], finding["cell"])
        if place in pointed(sent) and finding["severity"] != "notis":
            text = comments[place]
            assert finding["code"] in text and finding["message"] in text and finding["fix"] in text
            assert {"fel": "Fel", "varning": "Varning"}[finding["severity"]].casefold() in text.casefold()


def test_cells_with_findings_look_different(sent: Sent) -> None:
    """A conditional format that always holds covers each of them, and nothing else."""
    covered: set[tuple[str, str]] = set()
    for sheet in sent.book.worksheets:
        for area in sheet.conditional_formatting:
            if any(rule.type == "expression" and rule.formula == ["TRUE"] and rule.dxf for rule in area.rules):
                covered |= {(sheet.title, ref) for ref in str(area.sqref).split()}
    assert covered == set(pointed(sent))


def test_feedback_comes_first_and_lists_every_finding(sent: Sent) -> None:
    assert sent.book.sheetnames[0] == "Återkoppling"
    assert sent.book.active is not None and sent.book.active.title == "Återkoppling"
    shown = [str(cell.value) for row in sent.book["Återkoppling"].iter_rows() for cell in row if cell.value is not None]
    for finding in sent.findings:
        assert finding["message"] in shown
        assert finding["code"] in shown
        assert finding["fix"] in shown
    counts = [sum(f["severity"] == s for f in sent.findings) for s in ("fel", "varning")]
    assert any(str(counts[0]) in text and str(counts[1]) in text and "fel" in text for text in shown)


def test_feedback_links_to_the_cells(sent: Sent) -> None:
    links = {
        (found[1].replace("''", "'"), found[2])
        for row in sent.book["Återkoppling"].iter_rows()
        for cell in row
        if cell.data_type == "f" and (found := re.match(r"""=HYPERLINK\("#'(.*?)'!([A-Z]+\d+)",""", str(cell.value)))
    }
    assert links >= set(pointed(sent))
    assert {sheet for sheet, _ in links} <= set(sent.book.sheetnames)


def test_feedback_is_sorted_with_what_stops_first(sent: Sent) -> None:
    sheet = sent.book["Återkoppling"]
    severities = [str(cell.value) for row in sheet.iter_rows() for cell in row[2:3] if cell.value]
    order = [text for text in severities if text.split()[-1].casefold() in ("fel", "varning", "notis")]
    ranks = [("fel", "varning", "notis").index(text.split()[-1].casefold()) for text in order]
    assert len(ranks) == len(sent.findings)
    assert ranks == sorted(ranks)


def test_what_lay_outside_the_template_is_named_not_kept(sent: Sent) -> None:
    [outside] = [finding for finding in sent.findings if finding["code"] == "XS108"]
    assert (outside["sheet"], outside["cell"]) == OUTSIDE
    assert "Kom ihåg att fråga Eva" in outside["message"]
    assert sent.book[OUTSIDE[0]][OUTSIDE[1]].value is None


def test_overwritten_formulas_are_formulas_again_and_given_cells_as_given(sent: Sent) -> None:
    for column in ("budget", "status"):
        assert str(sent.value("budget", "50110-V520", column)).startswith("=")
    assert sent.value("budget", "50110-V520", "proposal") != 5_000_000


def test_the_revision_is_one_higher_in_all_three_places(sent: Sent) -> None:
    before, after = ([Identity.parse(text) for text in identities(path)] for path in (sent.path, sent.returned))
    assert [one and one.revision for one in before] == [0, 0, 0]
    assert [one and one.revision for one in after] == [1, 1, 1]
    assert len(set(after)) == 1
    first, second = before[0], after[0]
    assert first is not None and second is not None
    assert (first.node, first.issue, first.layout, first.stage) == (
        second.node,
        second.issue,
        second.layout,
        second.stage,
    )


def identities(path: Path) -> list[str]:
    """What the hidden sheet, the defined name and the custom property say."""
    book: Any = openpyxl.load_workbook(path)
    [prop] = [prop.value for prop in book.custom_doc_props.props if prop.name == "xlstyr"]
    texts = [book["_xlstyr"]["B1"].value, book.defined_names["xlstyr_identity"].attr_text, prop]
    return [str(text).removeprefix("=").strip('"') for text in texts]


def said(examined: Examined) -> tuple[object, ...]:
    """What an answer says, approvals aside, whatever its revision, addresses and row numbers."""
    submission = examined.submission
    assert submission is not None
    approvals = {("answer", "accept"), ("signoff", "done")}
    forms = {
        (form, key): value
        for form, values in submission.forms.items()
        for key, value in values.items()
        if (form, key) not in approvals
    }
    tables = {
        key: [(row.id, {name: value for name, value in row.values.items() if value is not None}) for row in rows]
        for key, rows in submission.tables.items()
    }
    return forms, tables


def test_the_return_says_exactly_what_was_read(sent: Sent) -> None:
    first, second = sent.examined(sent.path), sent.examined(sent.returned)
    assert said(first) == said(second)


def test_what_drawing_mended_must_be_approved_anew(sent: Sent) -> None:
    """An overwritten formula is a formula again: sent back untouched it would say the proposal, which nobody meant."""
    back = sent.examined(sent.returned)
    assert back.submission is not None
    assert back.submission.forms["answer"]["accept"] is None
    assert back.submission.forms["signoff"]["done"] is None
    assert back.status == "held"


def test_checking_again_returns_the_same_bytes(sent: Sent) -> None:
    before = sent.returned.read_bytes()
    again = CliRunner().invoke(group, ["check", str(sent.path), "--return", "--round", str(sent.folder)])
    assert again.exit_code == 1
    assert "Återkoppling" in again.stdout
    assert sent.returned.read_bytes() == before


def test_the_corrected_return_outranks_the_first_answer(exempelby_answered: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    sent = send(folder, lambda edit: put(edit, "budget", "64110-V520", "change", "1.234"))
    with Round(folder, NOW) as round_:
        collect(round_)
        [first] = bundle(round_)[NODE, "proposal"]
        assert "money" not in first.parts
        edit = Edit(sent.returned.read_bytes())
        put(edit, "budget", "64110-V520", "change", 12)
        put(edit, "budget", "64110-V520", "comment", "Dyrare handskar, 12 tkr.")
        corrected = folder / "inkorg" / sent.returned.name
        corrected.write_bytes(edit.bytes())
        [item] = collect(round_, [corrected])
        assert item.examined.status == "accepted"
        [second] = bundle(round_)[NODE, "proposal"]
        assert (second.issue, second.revision) == (1, 1)
        assert second.parts == {"money", "goals", "control"}
        assert second.digest != first.digest


def typed(table: str, row: str, column: str, value: Typed) -> Callable[[Edit], object]:
    """Somebody types in a cell."""
    return lambda edit: put(edit, table, row, column, value)


def changed(**what: Any) -> Callable[[Edit], object]:
    """Something that is no plain value stands in Ändring ±."""
    return lambda edit: edit.set(*edit.at("budget", "64110-V520", "change"), what.pop("value", None), **what)


def own_row(edit: Edit, account: str) -> None:
    """A row of the sender's own."""
    for column, value in (("account", account), ("activity", "V520 Insatser i hemmet"), ("change", 35)):
        put(edit, "budget", "n1", column, value)
    put(edit, "budget", "n1", "comment", "Larm, 35 tkr.")


def own_row_with_proposal(edit: Edit) -> None:
    """A row of the sender's own, with an amount where only the giver writes."""
    own_row(edit, "64110")
    put(edit, "budget", "n1", "proposal", 500_000)


def faults_of(examined: Examined) -> set[tuple[str, str, str, str]]:
    """The fel of a file, by code and place."""
    found = (f for f in examined.findings if f.severity == "fel")
    return {(f.code, f.place.table, f.place.row, f.place.column) for f in found}


UNREAD: list[tuple[str, Callable[[Edit], object]]] = [
    *(("XS202", typed("budget", "64110-V520", "change", text)) for text in ("1.234", "1e5", "(12)")),
    *(("XS203", typed("budget", "64110-V520", "change", value)) for value in ("ca 12", "=", "tolv", True)),
    ("XS204", changed(error="#REF!")),
    ("XS206", changed(value=12, formula="J12*2")),
    ("XS206", changed(value=12, formula="[1]Fjol!A1")),
    ("XS212", typed("budget", "64110-V520", "change", -20_000_000)),
    ("XS212", typed("budget", "64110-V520", "change", "-20000000")),
    ("XS215", typed("budget", "64110-V520", "change", 12.34567)),
    ("XS216", typed("budget", "64110-V520", "change", 10**15)),
    ("XS203", typed("staff", "s2", "change", "en halv")),
    ("XS209", typed("answer", "accept", "value", "Kanske")),
    ("XS209", lambda edit: own_row(edit, "Handskar & larm")),
    ("XS119", own_row_with_proposal),
    ("XS119", typed("budget", "n1", "previous", 500_000)),
]


@pytest.mark.parametrize(("code", "work"), UNREAD, ids=[f"{n} {code}" for n, (code, _) in enumerate(UNREAD)])
def test_what_is_held_is_still_held_when_the_return_comes_back_untouched(
    exempelby_answered: Path, tmp_path: Path, code: str, work: Callable[[Edit], object]
) -> None:
    """What couldn't be read stands where it stood: nothing is taken for an answer that nobody has given."""
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    sent = send(folder, work)
    faults = faults_of(sent.examined(sent.path))
    assert code in {fault[0] for fault in faults}
    with Round(folder, NOW) as round_:
        collect(round_)
        back = Path(shutil.copy(sent.returned, folder / "inkorg"))
        [again] = collect(round_, [back])
        assert faults_of(again.examined) == faults
        [counted] = bundle(round_)[NODE, "proposal"]
    assert again.examined.status == "held"
    assert counted.revision == 1 and "money" not in counted.parts


def everything_unread(edit: Edit) -> None:
    """Cells that can't be read in every kind of column, on given rows and own."""
    rows = [row for row in edit.table("budget").rows if not re.match(r"#|n\d", row)]
    kinds: list[Typed] = ["ca 12", "1.234", 12.34567, -20_000_000, True]
    for row, value in zip(rows, kinds, strict=False):
        put(edit, "budget", row, "change", value)
    own_row(edit, "Handskar & larm")
    put(edit, "budget", "n1", "proposal", 500_000)
    put(edit, "budget", "n1", "locked", "Kanske")
    put(edit, "answer", "accept", "value", "Kanske")
    put(edit, "staff", "s1", "change", "en halv")
    put(edit, "indicators", "n1", "name", "Nöjda brukare")
    put(edit, "indicators", "n1", "target", "många")


def test_formulas_count_what_could_not_be_read_as_the_sheet_does(
    exempelby_answered: Path, tmp_path: Path, office: Office
) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    sent = send(folder, everything_unread)
    assert sent.value("staff", "s1", "change") == "en halv"
    comparison = compare(sent.returned, office)
    assert comparison.differences == []
    assert comparison.compared >= 60


def test_a_return_of_a_return_counts_on(exempelby_answered: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    sent = send(folder, faulty)
    shutil.copy(sent.returned, sent.path)
    again = send(folder, lambda edit: put(edit, "budget", "64110-V520", "change", "2.345"))
    identity = Identity.parse(identities(again.returned)[0])
    assert identity is not None and identity.revision == 2
    assert "Återkoppling" in again.book.sheetnames
    assert again.book.sheetnames.count("Återkoppling") == 1
    assert "XS108" not in {finding["code"] for finding in again.findings}


def test_drift_is_repaired(exempelby_answered: Path, tmp_path: Path) -> None:
    """Sorted, renamed, moved: the return stands as it was issued, and comments follow the rows."""
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    issued = Edit(next((folder / "mallar").rglob(FILE)).read_bytes())

    def mess(edit: Edit) -> None:
        put(edit, "budget", "50110-V520", "change", "tolv")
        rows = edit.table("budget").rows
        edit.swap_rows("Budget", rows["50110-V520"], rows["64110-V520"])
        edit.rename_sheet("Budget", "Min budget")

    sent = send(folder, mess)
    assert sent.back.titles[1:] == issued.titles
    assert sent.back.table("budget") == issued.table("budget")
    [place] = [place for place, text in marked(sent).items() if "tolv" in text]
    assert place == issued.at("budget", "50110-V520", "change")


def test_an_inserted_row_comes_back_as_a_row_of_the_senders_own(exempelby_answered: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))

    def insert(edit: Edit) -> None:
        place = edit.table("budget").rows["64110-V520"]
        edit.insert_row("Budget", place)
        columns = edit.table("budget").columns
        typed: dict[str, Typed] = {
            "account": "64110 Livsmedel och material",
            "activity": "V520 Insatser i hemmet",
            "change": 7,
        }
        for column, value in {**typed, "comment": "Inskjuten rad"}.items():
            edit.set("Budget", f"{columns[column]}{place}", value)

    sent = send(folder, insert)
    assert "XS105" in {finding["code"] for finding in sent.findings}
    found = sent.back.find("Budget", "Inskjuten rad")
    assert len(found) == 1
    row, _ = split(found[0])
    assert sent.book["Budget"].cell(row, 12).value == 7
    first, second = sent.examined(sent.path), sent.examined(sent.returned)
    assert first.contributions[0].digest == second.contributions[0].digest


def test_a_perfect_answer_is_returned_with_a_kind_word(exempelby_answered: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    sent = send(folder, lambda edit: None)
    assert [finding for finding in sent.findings if finding["severity"] != "notis"] == []
    assert marked(sent) == {}
    assert sent.book.sheetnames[0] == "Återkoppling"


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"%PDF-1.7 ...", "XS001"), (b"", "XS004"), (b"PK\x03\x04 cut off", "XS003")],
)
def test_what_is_no_workbook_gets_a_finding_and_no_return(
    exempelby_answered: Path, tmp_path: Path, data: bytes, code: str
) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    path = tmp_path / "svar åäö.xlsx"
    path.write_bytes(data)
    done = CliRunner().invoke(group, ["check", str(path), "--return", "--round", str(folder), "--json"])
    assert done.exit_code == 1
    [item] = json.loads(done.stdout)["files"]
    assert (item["node"], item["status"], [f["code"] for f in item["findings"]]) == (None, "refused", [code])
    assert "return" not in item
    assert list((folder / "retur").iterdir()) == []
