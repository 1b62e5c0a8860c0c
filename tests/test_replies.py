"""``return``: who gets what back, once, with what is most important in the letter and the giver's comments on top."""

import email
import email.policy
import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.worksheet.worksheet import Worksheet

from tests.conftest import NOW
from tests.mess import hands
from tests.office.xmledit import Edit, Typed
from tests.post.people import people, with_password
from xlstyr.cli.main import group
from xlstyr.layout.content import Identity
from xlstyr.model.delivery import Delivery
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.replying import IN_LETTER, Return, plan_returns
from xlstyr.rounds.incoming.collecting import collect, take_in
from xlstyr.rounds.incoming.standing import bundle
from xlstyr.rounds.outgoing.commenting import untold
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.round import Round

NODE, OTHER = "hemtjanst", "angsskolan"
NAME = "Hemtjänst öster & väster"
RESPONSIBLE, CONTROLLER = "hemtjanst@exempelby.example", "controller.valfard@exempelby.example"
Cell = tuple[str, str, str, Typed]

FAULTY: tuple[Cell, ...] = (
    ("budget", "64110-V520", "change", "1.234"),  # fel: ambiguous
    ("budget", "50210-V520", "comment", None),  # varning: a large change without a comment
    ("goals", "n1", "text", "Fler vet vem som kommer"),  # varningar: no indicator, nothing it belongs to
    ("staff", "s2", "change", "en halv"),  # fel
)


def put(data: bytes, *cells: Cell) -> bytes:
    """A workbook with something typed: (table, row, column, value)."""
    edit = Edit(data)
    for table, row_id, column, value in cells:
        edit.set(*edit.at(table, row_id, column), value)
    return edit.bytes()


def answers(folder: Path, *cells: Cell, node: str = NAME) -> Path:
    """Changes the answer of ``node`` that lies in the inbox."""
    path = folder / "inkorg" / f"Budget 2031 {node}.xlsx"
    path.write_bytes(put(path.read_bytes(), *cells))
    return path


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    """A command's answer as JSON."""
    done = CliRunner().invoke(group, [*arguments, "--round", str(folder), "--json"])
    assert done.exit_code in (0, 1), done.output
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


def letters(folder: Path) -> list[EmailMessage]:
    """The drafts in the outbox."""
    policy = email.policy.default
    paths = sorted((folder / "utkorg").rglob("*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=policy) for path in paths]


def body(letter: EmailMessage) -> str:
    """The text of a letter."""
    part = letter.get_body()
    assert part is not None
    return str(part.get_content())


def feedback(path: Path) -> Worksheet:
    """The sheet that a returned workbook opens with."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet.title == "Återkoppling"
    return sheet


def lines(sheet: Worksheet) -> list[list[Any]]:
    """The lines below its head: severity, place, message, cure, code."""
    rows = [[cell.value for cell in row[2:]] for row in sheet.iter_rows()]
    rows = [[value for number, value in enumerate(row) if number != 1] for row in rows]  # without the hidden column
    head = next(number for number, row in enumerate(rows) if row[0] == "Allvar")
    return [row for row in rows[head + 1 :] if row[0]]


def dump(folder: Path) -> tuple[list[object], dict[str, bytes]]:
    """What has happened and every file that goes out."""
    with Round(folder, NOW) as round_:
        events: list[object] = [(e.kind, e.node, e.data) for e in round_.register.events()]
        events += round_.mailbook.letters()
    files = {str(p): p.read_bytes() for name in ("retur", "utkorg") for p in (folder / name).rglob("*") if p.is_file()}
    return events, files


@pytest.fixture
def folder(exempelby_answered: Path, tmp_path: Path) -> Path:
    """The round with the inbox as it came."""
    return Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))


@pytest.fixture
def faulty(folder: Path) -> Path:
    """The round where one answer needs a lot of mending."""
    answers(folder, *FAULTY)
    run(folder, "collect")
    return folder


def test_an_answer_with_faults_is_returned_to_its_responsible_with_a_copy_to_the_controller(faulty: Path) -> None:
    [item] = run(faulty, "return")["returns"]
    assert (item["node"], item["to"]) == (NODE, [RESPONSIBLE])
    [letter] = letters(faulty)
    assert (letter["To"], letter["Cc"]) == (RESPONSIBLE, CONTROLLER)
    [attached] = letter.iter_attachments()
    [returned] = (faulty / "retur").iterdir()
    assert attached.get_filename() == returned.name == Path(item["return"]).name
    assert attached.get_content() == returned.read_bytes()
    identity = Identity.parse(str(Edit(returned.read_bytes()).get("_xlstyr", "B1")))
    assert identity is not None and (identity.node, identity.revision) == (NODE, 1)
    assert "[exempelby-2031/hemtjanst/proposal/1r]" in letter["Subject"]


def test_the_letter_says_the_three_most_important_first_and_how_many_more_there_are(faulty: Path) -> None:
    [item] = run(faulty, "return")["returns"]
    codes = [finding["code"] for finding in item["findings"]]
    severities = [finding["severity"] for finding in item["findings"]]
    assert len(codes) > IN_LETTER and {"XS202", "XS203", "XS302"} <= set(codes)
    assert severities == sorted(severities)  # fel, varning
    assert set(severities) == {"fel", "varning"}
    [letter] = letters(faulty)
    text = " ".join(body(letter).split())
    places = [text.find(" ".join(str(finding["message"]).split())) for finding in item["findings"]]
    assert places[:IN_LETTER] == sorted(places[:IN_LETTER]) and places[0] > 0
    assert places[IN_LETTER:] == [-1] * (len(codes) - IN_LETTER)
    for finding in item["findings"][:IN_LETTER]:
        assert " ".join(str(finding["fix"]).split()) in text
    assert f"Ytterligare {len(codes) - IN_LETTER} finns i filen" in text
    assert "Behöver rättas" in letter["Subject"]


def test_the_feedback_sheet_has_the_same_order(faulty: Path) -> None:
    [item] = run(faulty, "return")["returns"]
    shown = [line[4] for line in lines(feedback(Path(item["return"])))]
    asked = [finding["code"] for finding in item["findings"]]
    assert [code for code in shown if code in asked] == asked


def test_nothing_is_returned_twice(faulty: Path) -> None:
    run(faulty, "return")
    before = dump(faulty)
    assert run(faulty, "return") == {"returns": [], "waiting": []}
    assert run(faulty, "return", NODE) == {"returns": [], "waiting": [{"node": NODE, "why": "returned"}]}
    assert dump(faulty) == before


def test_a_dry_run_says_it_and_writes_nothing(faulty: Path) -> None:
    before = dump(faulty)
    planned = run(faulty, "return", "--dry-run")
    assert [item["node"] for item in planned["returns"]] == [NODE]
    assert dump(faulty) == before
    assert run(faulty, "return") == planned


def test_the_command_says_whether_anything_has_been_written_or_has_left(faulty: Path) -> None:
    def said(*arguments: str) -> str:
        return CliRunner().invoke(group, ["return", *arguments, "--round", str(faulty)]).output

    dry = said("--dry-run")
    assert "Skulle skrivas: 1. Inget har skrivits eller skickats." in dry and "Utkast" not in dry
    real = said()
    assert "utkorg: 1. Inget har lämnat datorn: öppna dem, läs och tryck Skicka." in real
    assert "utskickade" not in real and "Skulle skrivas" not in real
    assert "Väntar: 1." in said(NODE) and "Inget att återlämna." in said()


def test_who_has_nothing_to_mend_gets_nothing_unless_named(faulty: Path) -> None:
    assert [item["node"] for item in run(faulty, "return", "--dry-run")["returns"]] == [NODE]
    [item] = run(faulty, "return", OTHER)["returns"]
    assert (item["node"], item["findings"]) == (OTHER, [])


def test_who_has_not_answered_is_waited_for(folder: Path) -> None:
    run(folder, "collect")
    assert run(folder, "return", "bjorkbacken")["waiting"] == [{"node": "bjorkbacken", "why": "no_answer"}]


def test_being_late_is_nothing_to_send_back(folder: Path) -> None:
    with Round(folder, NOW + timedelta(days=3000)) as round_:
        taken = collect(round_)
        assert {"XS701"} <= {f.code for item in taken for f in item.examined.findings}
        assert list(plan_returns(round_)) == []


def test_a_corrected_answer_is_returned_anew_and_says_what_is_left(faulty: Path) -> None:
    run(faulty, "return")
    [returned] = (faulty / "retur").iterdir()
    path = faulty / "inkorg" / returned.name
    path.write_bytes(put(returned.read_bytes(), ("budget", "64110-V520", "change", 2)))
    run(faulty, "collect", str(path))
    [item] = run(faulty, "return")["returns"]
    assert Path(item["return"]).name == f"Budget 2031 {NAME} – återkoppling 2.xlsx"
    assert item["compared"]["mended"] == 1 and item["compared"]["left"] > 0
    sheet = feedback(Path(item["return"]))
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert any(f"rättat: 1, kvar: {item['compared']['left']}, nytt: 0" in text for text in texts)
    assert all(str(line[0]).endswith("kvar") for line in lines(sheet) if "Notis" not in str(line[0]))
    [letter] = letters(faulty)  # the first draft has been replaced
    assert "1 rättat" in body(letter)
    with Round(faulty, NOW) as round_:
        assert len(round_.register.events(["returned"])) == 2


def test_the_sender_gets_it_when_the_control_workbook_knows_the_address(folder: Path) -> None:
    data = answers(folder, *FAULTY).read_bytes()
    for sender, to in ((CONTROLLER, CONTROLLER), ("nagon@annanstans.example", RESPONSIBLE)):
        copied = Path(shutil.copytree(folder, folder.parent / sender))
        with Round(copied, NOW) as round_:
            take_in(round_, data, f"Budget 2031 {NAME}.xlsx", Delivery(NOW, "imap", "m" * 64, "2", sender))
            [planned] = plan_returns(round_)
            assert isinstance(planned, Return) and planned.letter is not None
            assert planned.letter.to == (to,)
            assert planned.letter.copies == (() if to == CONTROLLER else (CONTROLLER,))


def test_a_file_that_could_not_be_read_gets_a_letter_without_a_workbook(folder: Path) -> None:
    path = folder / "inkorg" / f"Budget 2031 {NAME}.xlsx"
    edit = Edit(path.read_bytes())
    hands.add_part("xl/vbaProject.bin", b"x", "vbaProject")(edit)
    path.write_bytes(edit.bytes())
    run(folder, "collect")
    [item] = run(folder, "return")["returns"]
    assert item["return"] is None
    assert [finding["code"] for finding in item["findings"]] == ["XS012"]
    [letter] = letters(folder)
    assert list(letter.iter_attachments()) == []
    assert "gick inte att läsa" in body(letter)
    assert run(folder, "return") == {"returns": [], "waiting": []}


def test_an_unread_file_is_told_to_its_sender_when_nothing_else_says_whose_it_is(folder: Path) -> None:
    with Round(folder, NOW) as round_:
        take_in(round_, b"%PDF-1.7 budget", "Skannat.pdf", Delivery(NOW, "imap", "m" * 64, "2", RESPONSIBLE))
        take_in(round_, b"%PDF-1.7 other", "Annat.pdf", Delivery(NOW, "imap", "n" * 64, "2", "okand@nagon.example"))
        [planned] = plan_returns(round_)
        assert isinstance(planned, Return) and planned.letter is not None
        assert (planned.node, planned.letter.to, planned.file) == (NODE, (RESPONSIBLE,), "Skannat.pdf")
        assert [finding.code for finding in planned.findings] == ["XS001"]


def test_an_unread_file_is_forgotten_when_a_good_one_came_after_it(folder: Path) -> None:
    with Round(folder, NOW) as round_:
        take_in(round_, b"%PDF-1.7 budget", f"Budget 2031 {NAME}.xlsx", Delivery(NOW))
        round_.now = NOW + timedelta(hours=1)
        collect(round_)
        assert list(plan_returns(round_)) == []


def test_without_an_address_the_workbook_is_there_and_it_is_said(faulty: Path) -> None:
    [control] = faulty.glob("Styrbok*.xlsx")
    edit = Edit(control.read_bytes())
    table = edit.table("contacts")
    for place in table.rows.values():
        if edit.get(table.sheet, f"{table.columns['email']}{place}") == RESPONSIBLE:
            edit.set(table.sheet, f"{table.columns['email']}{place}", None)
    control.write_bytes(edit.bytes())
    done = CliRunner().invoke(group, ["return", "--round", str(faulty)])
    assert "ingen adress" in done.stdout
    assert len(list((faulty / "retur").iterdir())) == 1
    assert letters(faulty) == []
    assert run(faulty, "return")["returns"] == []


def test_rivals_are_decided_before_anything_is_returned(faulty: Path) -> None:
    path = faulty / "inkorg" / f"Budget 2031 {NAME}.xlsx"
    rival = path.with_name("annan.xlsx")
    rival.write_bytes(put(path.read_bytes(), ("signoff", "message", "value", "Ett annat svar.")))
    run(faulty, "collect", str(rival))
    assert run(faulty, "return") == {"returns": [], "waiting": [{"node": NODE, "why": "rival"}]}
    run(faulty, "collect", "--use", str(rival), "--why", "Chefens")
    [item] = run(faulty, "return")["returns"]
    assert item["file"] == "annan.xlsx"


def test_a_certified_node_is_said_to_be_certified_though_another_answer_competes(folder: Path) -> None:
    run(folder, "collect")
    assert CliRunner().invoke(group, ["certify", NODE, "--round", str(folder)]).exit_code == 0
    path = folder / "inkorg" / f"Budget 2031 {NAME}.xlsx"
    rival = path.with_name("annan.xlsx")
    rival.write_bytes(put(path.read_bytes(), ("signoff", "message", "value", "Ett annat svar.")))
    run(folder, "collect", str(rival))
    assert run(folder, "return", NODE) == {"returns": [], "waiting": [{"node": NODE, "why": "certified"}]}


def test_an_unread_answer_is_in_the_history_and_its_letter_has_a_name_that_people_know(folder: Path) -> None:
    with Round(folder, NOW) as round_:
        answer = (folder / "inkorg" / f"Budget 2031 {NAME}.xlsx").read_bytes()
        [who] = people(round_, {f"Budget 2031 {NAME}.xlsx": answer})
    shutil.rmtree(folder / "inkorg")
    (folder / "inkorg").mkdir()
    [letter] = with_password(replace(who, address="privat@annan.example", name="Bok1.xlsx"))
    (folder / "inkorg" / "svar.eml").write_bytes(letter)
    run(folder, "collect")
    [change] = [one for one in run(folder, "status", NODE)["history"] if one["state"] == "unread"]
    assert (change["why"], change["file"], change["who"]) == ("XS002", "Bok1.xlsx", "privat@annan.example")
    text = CliRunner().invoke(group, ["status", NODE, "--round", str(folder)]).output
    assert "kom, gick inte att läsa" in text and "XS002" in text
    assert "unread" not in {one["state"] for one in run(folder, "status", OTHER)["history"]}
    [item] = run(folder, "return")["returns"]
    assert item["node"] == NODE
    [path] = (folder / "utkorg").glob("*.eml")
    assert NAME in path.name
    assert NODE not in path.name


def test_what_came_in_a_roll_up_is_returned_by_whoever_made_it(faulty: Path, exempelby_answered: Path) -> None:
    with Round(faulty, NOW) as round_:
        mailed = consolidate(round_, "valfard").path
    above = Path(shutil.copytree(exempelby_answered, faulty.parent / "ovan"))
    shutil.rmtree(above / "inkorg")
    (above / "inkorg").mkdir()
    shutil.copy(mailed, above / "inkorg")
    run(above, "collect")
    assert run(above, "return") == {"returns": [], "waiting": [{"node": NODE, "why": "carried"}]}


# comments

TEXT = '=HYPERLINK("http://exempel.example";"Klicka") Se över @SUM(A1) för 64110'


def comment_in_control(folder: Path, node: str, text: str, about: str = "") -> None:
    """The economy department writes a comment in the control workbook."""
    [control] = folder.glob("Styrbok*.xlsx")
    edit = Edit(control.read_bytes())
    table = edit.table("comments")
    place = next(place for place in table.rows.values() if not edit.get(table.sheet, f"{table.columns['text']}{place}"))
    for column, value in (("node", node), ("about", about or None), ("text", text)):
        edit.set(table.sheet, f"{table.columns[column]}{place}", value)
    control.write_bytes(edit.bytes())


def test_comments_stand_first_with_a_word_of_their_own_and_are_no_formulas(faulty: Path) -> None:
    comment_in_control(faulty, NODE, TEXT, about="64110 Livsmedel")
    [item] = run(faulty, "return", NODE, "--comment", "  Tack för ett fint underlag!  ")["returns"]
    assert item["comments"] == [TEXT, "Tack för ett fint underlag!"]
    sheet = feedback(Path(item["return"]))
    first, second, third = lines(sheet)[:3]
    assert first[:3] == ["✎ Kommentar", "64110 Livsmedel", TEXT]
    assert second[:3] == ["✎ Kommentar", "Hela filen", "Tack för ett fint underlag!"]
    assert third[0].startswith("▲")
    [cell] = [cell for row in sheet.iter_rows() for cell in row if cell.value == TEXT]
    assert cell.data_type == "s"
    assert TEXT in body(letters(faulty)[0])


def test_comments_are_not_read_back_as_answers(faulty: Path) -> None:
    comment_in_control(faulty, NODE, TEXT)
    [item] = run(faulty, "return", NODE)["returns"]
    with Round(faulty, NOW) as round_:
        [before] = bundle(round_)[NODE, "proposal"]
        path = Path(shutil.copy(item["return"], faulty / "inkorg"))
        [taken] = collect(round_, [path])
        [after] = taken.examined.contributions
    assert after.digest == before.digest and after.revision == 1
    assert not {"XS108", "XS111"} & {finding.code for finding in taken.examined.findings}


def test_a_comment_in_the_control_workbook_is_sent_by_itself_once(folder: Path) -> None:
    run(folder, "collect")
    comment_in_control(folder, OTHER, "Fint arbete med målen.")
    [item] = run(folder, "return")["returns"]
    assert (item["node"], item["comments"]) == (OTHER, ["Fint arbete med målen."])
    assert run(folder, "return") == {"returns": [], "waiting": []}
    comment_in_control(folder, OTHER, "En sak till: volymerna.")
    [item] = run(folder, "return")["returns"]
    assert item["comments"] == ["Fint arbete med målen.", "En sak till: volymerna."]


def test_a_comment_told_once_does_not_follow_the_next_return(faulty: Path) -> None:
    run(faulty, "return", NODE, "--comment", "Bara den här gången.")
    [returned] = (faulty / "retur").iterdir()
    path = faulty / "inkorg" / returned.name
    path.write_bytes(put(returned.read_bytes(), ("budget", "64110-V520", "change", 2)))
    run(faulty, "collect", str(path))
    [item] = run(faulty, "return")["returns"]
    assert item["comments"] == []


def test_a_comment_is_an_event_with_its_text(faulty: Path) -> None:
    run(faulty, "return", NODE, "--comment", "Se 811228-9874 här.")
    with Round(faulty, NOW) as round_:
        [event] = round_.register.events(["commented"])
    assert event.node == NODE
    assert "811228" not in str(event.data["text"])  # numbers of persons go no further


def test_a_comment_without_a_node_is_a_usage_error(faulty: Path) -> None:
    done = CliRunner().invoke(group, ["return", "--comment", "Hej", "--round", str(faulty)])
    assert done.exit_code == 2


def test_comments_alone_reissue_nothing_but_are_in_what_is_issued(folder: Path) -> None:
    comment_in_control(folder, NODE, TEXT, "Personal")
    with Round(folder, NOW) as round_:
        assert {item.status for item in issue_workbooks(round_)} == {"unchanged"}
    [control] = folder.glob("Styrbok*.xlsx")
    edit = Edit(control.read_bytes())
    table = edit.table("nodes")
    place = next(p for p in table.rows.values() if edit.get(table.sheet, f"{table.columns['node']}{p}") == NODE)
    edit.set(table.sheet, f"{table.columns['name']}{place}", "Hemtjänst")
    control.write_bytes(edit.bytes())
    with Round(folder, NOW) as round_:
        [again] = [item for item in issue_workbooks(round_) if item.status == "reissued"]
        assert [line[:3] for line in lines(feedback(again.path))] == [["✎ Kommentar", "Personal", TEXT]]
        data = again.path.read_bytes()
        [taken] = collect(round_, [again.path])
        assert "XS108" not in {finding.code for finding in taken.examined.findings}
        assert taken.examined.submission is not None
        again.path.unlink()
        [restored] = [item for item in issue_workbooks(round_) if item.status == "restored"]
        assert restored.path.read_bytes() == data
        assert not untold(round_, NODE)


def test_check_with_return_shows_the_same_comments_as_the_command(faulty: Path) -> None:
    comment_in_control(faulty, NODE, "Tänk på volymerna.")
    path = faulty / "inkorg" / f"Budget 2031 {NAME}.xlsx"
    [checked] = run(faulty, "check", str(path), "--return")["files"]
    assert lines(feedback(Path(checked["return"])))[0][2] == "Tänk på volymerna."
    assert run(faulty, "return") == {"returns": [], "waiting": []}  # that was the return of it


@pytest.fixture
def channels(faulty: Path) -> Callable[[str], Iterable[Path]]:
    """Returns by a channel; the files that lie in the outbox then."""

    def by(channel: str) -> Iterable[Path]:
        run(faulty, "return", "--channel", channel)
        return [path for path in (faulty / "utkorg").rglob("*") if path.is_file()]

    return by


def test_by_folder_the_letter_lies_beside_the_workbook(channels: Callable[[str], Iterable[Path]]) -> None:
    assert sorted(path.suffix for path in channels("folder")) == [".txt", ".xlsx"]


def test_a_roll_up_that_was_changed_on_the_way_is_told_to_whoever_sent_it(folder: Path, tmp_path: Path) -> None:
    run(folder, "collect")
    with Round(folder, NOW) as round_:
        mailed = consolidate(round_, "samhalle").path
    edit = Edit(mailed.read_bytes())
    edit.delete_sheet("Fakta")
    above = Path(shutil.copytree(folder, tmp_path / "ovan"))
    changed = above / "inkorg" / mailed.name
    changed.write_bytes(edit.bytes())
    time.sleep(1.1)  # times are kept in seconds, and this comes later than the others
    run(above, "collect", str(changed))
    [item] = run(above, "return")["returns"]
    assert (item["node"], item["return"], [f["code"] for f in item["findings"]]) == ("samhalle", None, ["XS509"])
    [letter] = letters(above)
    assert letter["To"] == "samhalle@exempelby.example"
    assert "gick inte att läsa" not in body(letter)
    assert run(above, "return")["returns"] == []
