"""What points somebody out is sealed: nothing of it is known, read, counted or sent on, wherever it stood."""

import os
import re
import shutil
import sqlite3
import stat
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import NOW
from tests.mail import builders as b
from tests.office.xmledit import Edit
from xlstyr.checks.privacy import codes_of, name_codes, private_cells, title_codes
from xlstyr.cli.main import group
from xlstyr.excel.beside import beside
from xlstyr.excel.read import read_workbook
from xlstyr.layout.content import Identity
from xlstyr.layout.raw import RawBook, RawCell, RawRow, RawTable
from xlstyr.mail.unpack import unpack
from xlstyr.model.delivery import Delivery
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.replying import Return, plan_returns
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.incoming import collecting, quarantine
from xlstyr.rounds.incoming.collecting import Taken, collect, gather, recover
from xlstyr.rounds.incoming.examining import Examined, examine
from xlstyr.rounds.incoming.standing import bundle
from xlstyr.rounds.records.disposing import Decision, chosen, dispose, listed
from xlstyr.rounds.round import Round

TEXTS = tomllib.loads((Path(__file__).parent / "privacy" / "texts.toml").read_text("utf-8"))
NODE, FILE = "ekonomi-kansli", "Budget 2031 Ekonomi & kansli.xlsx"
NUMBER = "121212-1212"
GOAL = "Medarbetarmål för Anna Ek: leda arbetslaget"
ROW = ("budget", "64110-K130", "comment")
SECRETS = (NUMBER, "1212121212", "Anna Ek", "arbetslaget", "byta grupp")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


# what is found in texts


@pytest.mark.parametrize("text", TEXTS["personal"])
def test_goals_and_talks_of_one_person_are_found(text: str) -> None:
    assert codes_of(text) == ("XS040",)
    assert codes_of(f"Allt väl.\n{text}") == ("XS040",)


@pytest.mark.parametrize("text", TEXTS["group"])
def test_goals_and_figures_of_a_group_are_welcome(text: str) -> None:
    assert codes_of(text) == ()


@pytest.mark.parametrize(("kind", "find"), [("titles", title_codes), ("names", name_codes)])
def test_titles_and_names(kind: str, find: Callable[[str], tuple[str, ...]]) -> None:
    assert [text for text in TEXTS[kind]["personal"] if not find(text)] == []
    assert [text for text in TEXTS[kind]["group"] if find(text)] == []


def test_a_sheet_of_figures_about_talks_is_no_talk() -> None:
    assert title_codes("Utvecklingssamtal", ["Andel medarbetare", "87 %"]) == ()
    assert title_codes("Utvecklingssamtal", ["Vill byta grupp"]) == ("XS040",)


def test_long_texts_cost_little() -> None:
    for text in ("medarbetarmål " * 2300, "1" * 32000, "12121 " * 5400, "Anna " * 6500, "lönesamtal med " * 2100):
        codes_of(text)


def book(cells: dict[str, RawCell], loose: tuple[RawCell, ...] = (), kind: str = "node") -> RawBook:
    """A workbook with one row in the table ``budget``, and ``loose`` cells on a sheet of its own."""
    row = RawRow("r1", 11, cells)
    table = RawTable("budget", "Budget", {key: number for number, key in enumerate(cells, 1)}, (row,))
    return RawBook((Identity(kind, "r", "n", "s", 1, 0, "l"),), (table,), {"Blad1": loose} if loose else {})


def cell(value: int | str | None, ref: str = "C11", formula: str | None = None) -> RawCell:
    """One cell."""
    return RawCell(value, formula, None, ref)


TYPED = frozenset({("budget", "comment")})


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (book({"comment": cell(1212121212)}), True),  # typed as a number
        (book({"comment": cell(191212121212)}), True),
        (book({"outcome": cell(191212121212)}), True),  # no amount in kr is that large
        (book({"outcome": cell(1212121212)}), False),  # 1,2 billion kr, by the giver
        (book({"total": cell(1212121212, formula="A1*2")}), False),
        (book({"comment": cell("text")}, (cell(1212121212),)), True),
        (book({"comment": cell("text")}, (cell(1212121212),), "rollup"), False),  # amounts in kr on its pages
        (book({"comment": cell("text")}, (cell(1212121213),)), False),
        (book({"comment": cell("text")}, (cell(1212121212, formula="A1"),)), False),
        (book({"comment": cell(None)}), False),
    ],
)
def test_numbers_are_persons_only_where_amounts_are_not(raw: RawBook, *, found: bool) -> None:
    assert [finding.code for finding in private_cells(raw, TYPED)] == ["XS219"] * found


def test_what_the_giver_wrote_is_not_the_senders_fault() -> None:
    raw = book({"comment": cell(GOAL)})
    assert [finding.code for finding in private_cells(raw)] == ["XS040"]
    assert private_cells(raw, known=frozenset({GOAL})) == []


def test_a_list_of_persons_on_an_added_sheet() -> None:
    heads = (cell("Namn", "A1"), cell("Ny lön", "B1"), cell("A. Ek", "A2"), cell(41200, "B2"))
    (finding,) = private_cells(book({}, heads))
    assert (finding.code, finding.place.sheet, finding.place.cell) == ("XS040", "ett tillagt blad", "B1")
    assert private_cells(book({}, (cell("Namn", "A1"), cell("Budget", "B1")))) == []


def test_issued_workbooks_and_answers_are_clean(danderyd: Path, exempelby: Path) -> None:
    for folder in (danderyd, exempelby):
        files = [*(folder / "inkorg").rglob("*.xlsx"), *folder.glob("Styrbok*"), *(folder / "mallar").rglob("*.xlsx")]
        assert len(files) > 20
        for path in files:
            data = path.read_bytes()
            assert beside(data) == [], path.name
        assert sqlite3.connect(folder / "xlstyr.db").execute("select count(*) from files").fetchone()[0] > 10
        assert not list((folder / "karantän").glob("*"))


# a file from outside


@dataclass
class Desk:
    """A round whose inbox is empty, and one node's answer to do things with."""

    folder: Path
    answer: bytes

    def opened(self) -> Round:
        """The round."""
        return Round(self.folder, NOW)

    def lay(self, data: bytes, name: str = FILE) -> Path:
        """A file in the inbox."""
        path = self.folder / "inkorg" / name
        path.write_bytes(data)
        return path

    def collected(self) -> list[Taken]:
        """Everything in the inbox taken in."""
        with self.opened() as round_:
            return collect(round_)

    def lying(self, folder: str) -> list[Path]:
        """The files in a folder."""
        return sorted(path for path in (self.folder / folder).glob("*"))

    def dump(self) -> str:
        """The whole register as text."""
        with sqlite3.connect(self.folder / "xlstyr.db") as db:
            return "\n".join(db.iterdump())

    def edited(self, do: Callable[[Edit], object]) -> bytes:
        """The answer with something done to it."""
        edit = Edit(self.answer)
        do(edit)
        return edit.bytes()


@pytest.fixture
def desk(exempelby_answered: Path, copied: Callable[[Path], Path]) -> Desk:
    """A round with nothing taken in and an empty inbox."""
    folder = copied(exempelby_answered)
    answer = (folder / "inkorg" / FILE).read_bytes()
    shutil.rmtree(folder / "inkorg")
    (folder / "inkorg").mkdir()
    return Desk(folder, answer)


def typed(text: str | int) -> Callable[[Edit], object]:
    """Something typed in a comment."""
    return lambda edit: edit.set(*edit.at(*ROW), text)


def outside(edit: Edit) -> None:
    edit.set("Budget", "AC17", GOAL)


def sheet(title: str, *cells: str) -> Callable[[Edit], object]:
    """A sheet of one's own."""
    return lambda edit: edit.add_sheet(title, [[one] for one in cells])


def beside_sheet(edit: Edit, part: str, text: str, kind: str) -> None:
    """A part that belongs to the sheet Budget."""
    sheet_part = edit.package.sheets()["Budget"]
    rels = sheet_part.replace("worksheets/", "worksheets/_rels/") + ".rels"
    edit.package.parts.setdefault(rels, b"<Relationships></Relationships>")
    edit.package.parts[part] = text.encode()
    edit.package.link(sheet_part, part, f"{_REL}/{kind}", f"application/vnd.{kind}+xml")


def comment(edit: Edit) -> None:
    """A note on a cell, in runs of different looks, as Excel writes it."""
    runs = "<r><t>Vikarie 121212</t></r><r><rPr><b/></rPr><t>-1212</t></r>"
    text = f'<comments xmlns="{_MAIN}"><commentList><comment ref="L17" authorId="0"><text>{runs}</text></comment></commentList></comments>'
    beside_sheet(edit, "xl/comments1.xml", text, "comments")


def threaded(edit: Edit) -> None:
    text = f'<ThreadedComments><threadedComment ref="L18" id="{{1}}"><text>{GOAL}</text></threadedComment></ThreadedComments>'
    beside_sheet(edit, "xl/threadedComments/threadedComment1.xml", text, "threadedComment")


def title(edit: Edit) -> None:
    edit.package.put(
        "docProps/core.xml", edit.package.text("docProps/core.xml").replace("</dc:title>", f" {NUMBER}</dc:title>")
    )


def custom(edit: Edit) -> None:
    text = edit.package.text("docProps/custom.xml").replace(
        "</Properties>",
        f'<property fmtid="{{1}}" pid="9" name="Handläggare"><vt:lpwstr>{NUMBER}</vt:lpwstr></property></Properties>',
    )
    edit.package.put("docProps/custom.xml", text)


def header(edit: Edit) -> None:
    part = edit.package.sheets()["Budget"]
    text = edit.package.text(part)
    assert "<oddFooter>" in text
    edit.package.put(part, text.replace("<oddFooter>", f"<oddFooter>{NUMBER}", 1))


def name(edit: Edit) -> None:
    text = edit.package.text("xl/workbook.xml")
    edit.package.put(
        "xl/workbook.xml",
        text.replace("<definedNames>", f'<definedNames><definedName name="x">"{NUMBER}"</definedName>', 1),
    )


def box(edit: Edit) -> None:
    drawing = f'<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><xdr:txBody><a:p><a:r><a:t>{GOAL}</a:t></a:r></a:p></xdr:txBody></xdr:wsDr>'
    beside_sheet(edit, "xl/drawings/drawing9.xml", drawing, "drawing")


WAYS: list[tuple[str, Callable[[Edit], object], str, str, str]] = [
    ("text in a cell", typed(f"Vikarie för {NUMBER}, 120 tkr"), "XS219", "Budget", "Q17"),
    ("number in a cell", typed(1212121212), "XS219", "Budget", "Q17"),
    ("twelve digits", typed("Vikarie 19121212-1212"), "XS219", "Budget", "Q17"),
    ("goal in a cell", typed(GOAL), "XS040", "Budget", "Q17"),
    ("outside the template", outside, "XS040", "Budget", "AC17"),
    ("on a sheet of one's own", sheet("Underlag", "Vikarier", NUMBER), "XS219", "ett tillagt blad", "A2"),
    ("a sheet's title", sheet(f"Vikarie {NUMBER}", "text"), "XS219", "blad 7", ""),
    ("a sheet of a talk", sheet("Utvecklingssamtal", "Vill byta grupp"), "XS040", "ett tillagt blad", ""),
    ("a sheet of goals", sheet("Medarbetarmål", "Vill byta grupp"), "XS040", "blad 7", ""),
    ("an empty sheet of goals", sheet("Medarbetarmål Anna"), "XS040", "blad 7", ""),
    ("a note", comment, "XS219", "Budget", "L17"),
    ("a threaded comment", threaded, "XS040", "Budget", "L18"),
    ("the file's title", title, "XS219", "", ""),
    ("a property", custom, "XS219", "", ""),
    ("a footer", header, "XS219", "Budget", ""),
    ("a defined name", name, "XS219", "", ""),
    ("a text box", box, "XS040", "Budget", ""),
]


@pytest.mark.parametrize(("do", "code", "sheet_", "ref"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_sealed_wherever_it_stood(desk: Desk, do: Callable[[Edit], object], code: str, sheet_: str, ref: str) -> None:
    data = desk.edited(do)
    desk.lay(data)
    (taken,) = desk.collected()
    examined = taken.examined
    assert (taken.outcome, examined.node, examined.contributions, examined.submission) == (
        "quarantined",
        NODE,
        (),
        None,
    )
    assert {finding.code for finding in examined.findings} == {code}
    finding = examined.findings[0]
    assert (finding.severity, finding.blocks) == ("fel", "identity")
    assert (finding.place.sheet, finding.place.cell, finding.place.file) == (sheet_, ref, FILE)
    said = " ".join(one.message + one.fix + str(one.place) for one in examined.findings)
    assert not [secret for secret in SECRETS if secret in said + desk.dump()]
    (path,) = desk.lying("karantän")
    assert path.read_bytes() == data
    assert desk.lying("inlämnat") == []
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with desk.opened() as round_:
        assert write_return(round_, examined) is None
        assert bundle(round_) == {}
        assert {one.node.id: one.state for one in node_states(round_)}[NODE] in ("not_sent", "sent")
        (event,) = round_.register.events(["quarantined"])
        assert (event.node, event.data["code"], event.data["size"]) == (NODE, code, len(data))
        assert [one.outcome for one in round_.mailbook.arrivals()] == ["quarantined"]


@pytest.mark.parametrize("given", ["121212-1212.xlsx", "Medarbetarmål Anna.xlsx"])
def test_a_name_that_points_somebody_out_is_not_kept(desk: Desk, given: str) -> None:
    desk.lay(desk.answer, given)
    (taken,) = desk.collected()
    assert taken.outcome == "quarantined"
    assert taken.examined.name == f"fil {taken.examined.sha256[:8]}"
    assert not [secret for secret in (NUMBER, "Medarbetarmål") if secret in desk.dump()]


def test_the_same_words_about_a_group_are_read(desk: Desk) -> None:
    desk.lay(desk.edited(typed("Andel medarbetare med utvecklingssamtal ökar, 12 tkr")))
    (taken,) = desk.collected()
    assert taken.outcome == "accepted"
    assert desk.lying("karantän") == []


@pytest.mark.parametrize(
    ("data", "outcome"), [(f"Namn;Nr\r\nAnna;{NUMBER}\r\n", "quarantined"), ("Konto;kr\r\n6411;428\r\n", "refused")]
)
def test_a_list_in_plain_text(desk: Desk, data: str, outcome: str) -> None:
    desk.lay(data.encode("cp1252"), "underlag.csv")
    (taken,) = desk.collected()
    assert taken.outcome == outcome
    assert NUMBER not in desk.dump()


def test_a_clean_file_closes_the_gap(desk: Desk) -> None:
    desk.lay(desk.edited(typed(GOAL)))
    desk.collected()
    with desk.opened() as round_:
        assert NODE in consolidate(round_).scope.gaps
    desk.lay(desk.answer)
    (taken,) = desk.collected()
    assert taken.outcome == "accepted"
    with desk.opened() as round_:
        assert [node for node, _ in bundle(round_)] == [NODE]
    assert len(desk.lying("karantän")) == 1


def test_an_earlier_clean_answer_still_counts(desk: Desk) -> None:
    desk.lay(desk.answer)
    desk.collected()
    desk.lay(desk.edited(typed(GOAL)))
    desk.collected()
    with desk.opened() as round_:
        assert [node for node, _ in bundle(round_)] == [NODE]
        assert {one.node.id: one.state for one in node_states(round_)}[NODE] == "received"


def test_collecting_again_changes_nothing(desk: Desk) -> None:
    desk.lay(desk.edited(typed(NUMBER)))
    desk.lay(desk.answer, "annan.xlsx")
    desk.collected()
    before = desk.dump(), [(path, path.stat().st_mtime_ns) for path in desk.folder.rglob("*") if path.suffix != ".db"]
    again = desk.collected()
    assert all(taken.duplicate for taken in again)
    assert (desk.dump(), [(p, p.stat().st_mtime_ns) for p in desk.folder.rglob("*") if p.suffix != ".db"]) == before


# messages


def message(*files: tuple[str, bytes], subject: str = "Svar") -> bytes:
    """A message with files attached."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "chef@exempelby.example", "budget@exempelby.example", subject
    mail["Message-ID"] = f"<{len(files)}{len(subject)}@exempelby.example>"
    mail.set_content("Hej! Här kommer det.")
    for file, data in files:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=file)
    return mail.as_bytes()


def test_the_message_goes_with_the_file_and_the_other_file_counts(desk: Desk) -> None:
    other = next(path for path in (desk.folder / "mallar").rglob("*Lokaler*")).read_bytes()
    private = desk.edited(typed(GOAL))
    files = ((FILE, private), ("Lokaler.xlsx", other), ("Medarbetarmål Anna.xlsx", desk.edited(sheet("Eget", "text"))))
    data = message(*files, subject="Lönesamtal med Anna Ek 121212-1212")
    desk.lay(data, "svar.eml")
    taken = desk.collected()
    assert [one.outcome for one in taken].count("quarantined") == 2
    assert {path.suffix for path in desk.lying("karantän")} == {".xlsx", ".eml"}
    assert len(desk.lying("karantän")) == 3
    assert [path.read_bytes() for path in desk.lying("inlämnat")] == [other]
    assert not [secret for secret in (NUMBER, "Anna Ek", "Lönesamtal") if secret in desk.dump()]
    before = desk.dump()
    desk.collected()
    assert desk.dump() == before
    assert len(desk.lying("inlämnat")) == 1


# crashes


class Crash(BaseException):
    """The power goes."""


@pytest.mark.parametrize("where", ["before the register", "before the move", "within the move"])
def test_a_crash_in_the_middle_ends_the_same(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    undisturbed = Desk(Path(shutil.copytree(desk.folder, tmp_path / "ostörd")), desk.answer)
    letter = message((FILE, desk.edited(typed(GOAL))))
    for one in (desk, undisturbed):
        one.lay(letter, "svar.eml")
        one.lay(one.edited(typed(NUMBER)), "annan.xlsx")
    undisturbed.collected()

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        match where:
            case "before the register":
                patch.setattr(quarantine, "log", crash)
            case "before the move":
                patch.setattr(quarantine, "move", crash)
            case _:
                patch.setattr(quarantine, "move_safely", crash)
        with pytest.raises(Crash):
            desk.collected()
    assert len(desk.lying("inlämnat")) >= 1
    desk.collected()
    assert desk.dump() == undisturbed.dump()
    for folder in ("karantän", "inlämnat"):
        assert [path.name for path in desk.lying(folder)] == [path.name for path in undisturbed.lying(folder)]
    assert len(desk.lying("karantän")) == 3


def test_recovering_never_takes_in_what_is_sealed(desk: Desk) -> None:
    """A file that a crash left in place is sealed though the inbox has been emptied since."""
    data = desk.edited(typed(NUMBER))
    with desk.opened() as round_:
        sha256 = collecting.take_in(round_, data, FILE, Delivery(NOW)).examined.sha256
        (sealed,) = desk.lying("karantän")
        shutil.move(sealed, desk.folder / "inlämnat")
        assert recover(round_) == []
        assert [path.name for path in desk.lying("karantän")] == [f"{sha256}.xlsx"]
        (desk.folder / "inlämnat" / f"{'ab' * 32}.xlsx").write_bytes(desk.edited(typed(GOAL)))
        assert len(recover(round_)) == 1
    assert len(desk.lying("karantän")) == 2
    assert desk.lying("inlämnat") == []


# disposing


def test_disposed_by_a_logged_decision(desk: Desk) -> None:
    data = desk.edited(typed(NUMBER))
    desk.lay(message((FILE, data)), "svar.eml")
    copy = desk.lay(data, "kopia.xlsx")
    (_, taken) = sorted(desk.collected(), key=lambda one: not one.duplicate)
    sha256 = taken.examined.sha256
    with desk.opened() as round_:
        assert {one.kind for one in listed(round_)[0]} == {"workbook", "message"}
        wanted = chosen(round_, [sha256[:10]], all_due=False)
        assert len(wanted) == 2
        assert copy in {path for one in wanted for path in one.copies}
        dispose(round_, wanted, Decision("Personuppgifter som inte behövs", "arkivarien"))
        events = round_.register.events(["disposed"])
        assert [(e.data["why"], e.data["by"], e.data["rule"]) for e in events] == [
            ("Personuppgifter som inte behövs", "arkivarien", "quarantine")
        ] * 2
        assert listed(round_)[0] == []
    assert desk.lying("karantän") == []
    assert not copy.exists()
    assert "Gallrad 2025-06-02" in desk.dump()
    desk.lay(data, "igen.xlsx")
    (again,) = desk.collected()
    assert [finding.code for finding in again.examined.findings] == ["XS041"]
    assert desk.lying("karantän") == desk.lying("inlämnat") == []


def test_only_what_is_sealed_or_due_is_disposed_of(desk: Desk) -> None:
    desk.lay(desk.answer)
    (taken,) = desk.collected()
    with desk.opened() as round_:
        for sums in ([taken.examined.sha256], ["ab" * 32], ["a"], [""]):
            with pytest.raises(XlstyrError, match="ligger inte i karantän"):
                chosen(round_, sums, all_due=False)
    assert len(desk.lying("inlämnat")) == 1


def test_a_decision_that_a_crash_cut_short_is_carried_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.lay(desk.edited(typed(NUMBER)))
    (taken,) = desk.collected()

    def crash(*_: object) -> None:
        raise Crash

    with desk.opened() as round_:
        wanted = chosen(round_, [taken.examined.sha256], all_due=False)
        with monkeypatch.context() as patch:
            patch.setattr("xlstyr.rounds.records.disposing.erase", crash)
            with pytest.raises(Crash):
                dispose(round_, wanted, Decision("x", "y"))
        assert len(desk.lying("karantän")) == 1
        assert listed(round_)[0] == []
        assert len(round_.register.events(["disposed"])) == 1
    assert desk.lying("karantän") == []


# kept as it came


def test_originals_are_never_changed(exempelby: Path, copied: Callable[[Path], Path]) -> None:
    """Whatever is done with them: bytes and time. What a committee sends up is kept as it came too."""
    folder = copied(exempelby)
    with Round(folder, NOW) as round_:
        rolled = consolidate(round_).path
        collect(round_, [rolled])
        kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (folder / "inlämnat").glob("*")}
        assert rolled.read_bytes() in [data for data, _ in kept.values()]
        collect(round_)
        consolidate(round_)
        for path in list(kept)[:3]:
            write_return(round_, reading(round_, path))
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (folder / "inlämnat").glob("*")} == kept


def reading(round_: Round, path: Path) -> Examined:
    """What an original says."""
    return examine(round_, path.read_bytes(), path.name)


def test_a_rolled_up_workbook_is_searched(exempelby: Path, copied: Callable[[Path], Path]) -> None:
    """A text that is carried whole, though it stands on none of the pages."""
    folder = copied(exempelby)
    with Round(folder, NOW) as round_:
        rolled = consolidate(round_).path
        edit = Edit(rolled.read_bytes())
        raw, _ = read_workbook(edit.bytes())
        assert raw is not None and private_cells(raw) == []
        table = next(table for table in raw.tables if table.key == "carrier")
        ref = next(row.cells["text"] for row in table.rows if '"comment"' in str(row.cells["text"].value))
        text = re.sub(r'"comment":(?:null|"[^"]*")', f'"comment":"Vikarie {NUMBER}"', str(ref.value), count=1)
        assert NUMBER in text
        edit.set(table.sheet, ref.ref, text)
        path = folder / "inkorg" / "Sammanställning.xlsx"
        path.write_bytes(edit.bytes())
        (taken,) = collect(round_, [path])
    assert taken.outcome == "quarantined"
    assert "sammanställningen" in taken.examined.findings[0].message


def test_the_sender_gets_a_letter_and_no_workbook(desk: Desk) -> None:
    desk.lay(desk.edited(typed(f"Vikarie för {NUMBER}")))
    desk.collected()
    with desk.opened() as round_:
        (planned,) = plan_returns(round_)
    assert isinstance(planned, Return)
    assert (planned.node, planned.path, planned.refused) == (NODE, None, True)
    assert planned.letter is not None
    assert planned.letter.files == ()
    assert "Budget Q17" in planned.letter.body and "ta bort numret" in " ".join(planned.letter.body.casefold().split())
    assert NUMBER not in str(planned)


def test_the_command_counts_what_is_in_quarantine(desk: Desk) -> None:
    desk.lay(desk.edited(typed(NUMBER)))
    done = CliRunner().invoke(group, ["collect", "--round", str(desk.folder)])
    assert done.exit_code == 1
    assert "Tog in 1 fil (0 godtagna, 0 delvis, 0 hållna, 0 avvisade)" in done.output
    assert "1 i karantän" in done.output
    desk.lay(desk.answer)
    assert "karantän" not in CliRunner().invoke(group, ["collect", "--round", str(desk.folder)]).output


# what is written in a message


def written(answer: bytes | None, subject: str = "Svar", text: str = "Hej!", kind: str = "plain") -> bytes:
    """A message from the node's head, with a clean workbook."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "ekonomi-kansli@exempelby.example", "budget@exempelby.example"
    mail["Subject"], mail["Message-ID"] = subject, "<1@exempelby.example>"
    mail.set_content(text, subtype=kind)
    if answer is not None:
        mail.add_attachment(answer, maintype="application", subtype="octet-stream", filename=FILE)
    return mail.as_bytes()


def outlook(answer: bytes) -> bytes:
    """The same saved by Outlook, its text as Outlook keeps it."""
    sender = "From: ekonomi-kansli@exempelby.example\r\nSubject: Svar\r\n"
    tree = b.msg_tree([b.msg_file(FILE, answer)], transport=sender)
    return b.Cfb({**tree, "__substg1.0_1000001F": f"Vikarie {NUMBER}".encode("utf-16-le")}).bytes


def winmail(answer: bytes) -> bytes:
    """The same as Exchange packs it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"] = "ekonomi-kansli@exempelby.example", "Svar"
    data = b.tnef([b.tnef_file(FILE, answer)], f"Vikarie {NUMBER}", tag=0x1000)
    mail.add_attachment(data, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return mail.as_bytes()


LETTERS: dict[str, Callable[[bytes], bytes]] = {
    "the subject": lambda answer: written(answer, subject=f"Vikarie för {NUMBER}"),
    "the text": lambda answer: written(answer, text=f"Räknat med en vikarie för {NUMBER}."),
    "a page": lambda answer: written(answer, text=f"<p>Vikarie för <b>{NUMBER[:7]}</b>{NUMBER[7:]}</p>", kind="html"),
    "a message within": lambda answer: message(("svar.eml", written(answer, text=f"Vikarie för {NUMBER}"))),
    "Outlook's own": outlook,
    "winmail.dat": winmail,
}


@pytest.mark.parametrize("place", LETTERS)
def test_a_number_in_a_message_seals_the_message_and_its_workbook_counts(desk: Desk, place: str) -> None:
    data = LETTERS[place](desk.answer)
    desk.lay(data, "svar.msg" if place == "Outlook's own" else "svar.eml")
    with desk.opened() as round_:
        done = gather(round_)
    (taken,), (post,) = done.files, done.posts
    assert taken.outcome == "accepted"
    assert [finding.code for finding in post.findings] == ["XS045"]
    assert "XS045" in [finding.code for finding in taken.examined.findings]
    assert [path.read_bytes() for path in desk.lying("karantän")] == [data]
    assert [path.read_bytes() for path in desk.lying("inlämnat")] == [desk.answer]
    with desk.opened() as round_:
        assert [node for node, _ in bundle(round_)] == [NODE]
        assert [(one.kind, one.code) for one in listed(round_)[0]] == [("message", "XS045")]
    assert NUMBER not in desk.dump()
    before = desk.dump()
    assert all(taken.duplicate for taken in desk.collected())
    assert desk.dump() == before


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ring 08-121 212 12 12 om budgeten. Årets ram är 1212121212 kr.", "plain"),
        ("<table><tr><td>121212</td><td>1212</td></tr></table>", "html"),
        ('<p><a href="https://kommunen.example/?id=121212-1212">Underlag</a></p>', "html"),
    ],
)
def test_what_is_no_persons_number_seals_no_message(desk: Desk, text: str, kind: str) -> None:
    desk.lay(written(desk.answer, text=text, kind=kind), "svar.eml")
    (taken,) = desk.collected()
    assert taken.outcome == "accepted"
    assert desk.lying("karantän") == []


@pytest.mark.parametrize("text", ["a1212121212", "tel 1212121212 ", "1212121212 kr ", "<p "])
def test_a_long_text_costs_little_to_look_through(text: str) -> None:
    data = written(None, text=text * 100_000, kind="html")
    started = time.process_time()
    assert unpack(data).complete
    assert time.process_time() - started < 2


def test_a_message_without_a_workbook_is_sealed_too(desk: Desk) -> None:
    desk.lay(written(None, text=f"Vikarie för {NUMBER}"), "svar.eml")
    with desk.opened() as round_:
        (post,) = gather(round_).posts
    assert sorted(finding.code for finding in post.findings) == ["XS031", "XS045"]
    assert desk.lying("inlämnat") == []
    assert len(desk.lying("karantän")) == 1


def test_the_sender_is_told_of_the_number_in_the_message(desk: Desk) -> None:
    desk.lay(written(desk.answer, text=f"Vikarie för {NUMBER}"), "svar.eml")
    desk.collected()
    with desk.opened() as round_:
        (planned,) = plan_returns(round_)
    assert isinstance(planned, Return) and planned.letter is not None
    assert [finding.code for finding in planned.findings] == ["XS045"]
    assert planned.letter.to == ("ekonomi-kansli@exempelby.example",)
    assert "personnummer" in planned.letter.body
    assert NUMBER not in str(planned)


def test_a_sealed_message_is_disposed_of_and_its_workbook_stays(desk: Desk) -> None:
    copy = desk.lay(written(desk.answer, subject=f"Vikarie {NUMBER}"), "svar.eml")
    desk.collected()
    with desk.opened() as round_:
        (sealed,) = listed(round_)[0]
        dispose(round_, chosen(round_, [sealed.sha256], all_due=False), Decision("Personuppgift", "arkivarien"))
        assert [node for node, _ in bundle(round_)] == [NODE]
    assert desk.lying("karantän") == [] and not copy.exists()
    assert len(desk.lying("inlämnat")) == 1


@pytest.mark.parametrize("where", ["log_message", "move"])
def test_a_crash_while_a_message_is_sealed_ends_the_same(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    undisturbed = Desk(Path(shutil.copytree(desk.folder, tmp_path / "ostörd")), desk.answer)
    letter = written(desk.answer, text=f"Vikarie för {NUMBER}")
    for one in (desk, undisturbed):
        one.lay(letter, "svar.eml")
    undisturbed.collected()

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(quarantine, where, crash)
        with pytest.raises(Crash):
            desk.collected()
    desk.collected()
    assert desk.dump() == undisturbed.dump()
    for folder in ("karantän", "inlämnat"):
        assert [path.name for path in desk.lying(folder)] == [path.name for path in undisturbed.lying(folder)]


@pytest.mark.parametrize("shown", [[], ["--json"]])
def test_a_number_in_a_subject_is_never_shown(desk: Desk, shown: list[str]) -> None:
    desk.lay(written(None, subject=f"Vikarie för {NUMBER}"), "svar.eml")
    done = CliRunner().invoke(group, ["collect", *shown, "--round", str(desk.folder)])
    assert "Vikarie för •••" in done.output
    assert NUMBER not in done.output
