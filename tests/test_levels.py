"""Level by level: a controller's part of a round, roll-ups upwards by any route, and what is changed on the way."""

import email
import email.policy
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.office.soffice import Office as LibreOffice
from tests.office.xmledit import Edit, Typed
from tests.test_loop import Office, assert_same, files_of, said, typed
from xlstyr.cli.main import group
from xlstyr.model.bundle import Bundle, Contribution, Row, content_digest, dump, load
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.model.premises import Contact
from xlstyr.model.records import BudgetLine
from xlstyr.rollup.merge import bundle_of, merge
from xlstyr.rounds.following.consolidating import consolidate, scope_of, totals
from xlstyr.rounds.following.lending import Lent, lend, upwards
from xlstyr.rounds.following.reminding import plan_reminders
from xlstyr.rounds.following.replying import Return, plan_returns
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.incoming.examining import examine
from xlstyr.rounds.incoming.standing import bundle, choose, contributions
from xlstyr.rounds.outgoing.delivering import deliver as post
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.outgoing.sending import plan_issue
from xlstyr.rounds.register import Register
from xlstyr.rounds.round import Round

Copied = Callable[[Path], Path]
Opened = Callable[[Path], Round]
PART = "valfard"
BELOW = {"valfard", "valfard-forv", "barn-unga", "asens-forskola", "angsskolan", "omsorg", "hemtjanst", "bjorkbacken"}


@pytest.fixture
def lent(exempelby_answered: Path, tmp_path: Path) -> Lent:
    """The part of the round for the controller of Välfärdsnämnden."""
    with Round(exempelby_answered, NOW) as round_:
        return lend(round_, tmp_path / "min del åäö", PART)


def deliver(answered: Path, folder: Path, *nodes: str) -> None:
    """Lays what nodes have answered in the inbox of a folder."""
    for path in files_of(answered, nodes):
        shutil.copy(path, folder / "inkorg")


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    """A command's answer as JSON."""
    done = CliRunner().invoke(group, [*arguments, "--round", str(folder), "--json"])
    assert done.exit_code in (0, 1), done.output
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


def faults(findings: tuple[Finding, ...]) -> list[str]:
    """The codes of what is fel."""
    return [finding.code for finding in findings if finding.severity == "fel"]


# a part of a round


def test_a_part_has_the_premises_and_issues_of_its_nodes_and_nothing_of_any_answer(
    lent: Lent, exempelby: Path, tmp_path: Path
) -> None:
    with Round(exempelby, NOW) as round_:  # here everybody's answer has been taken in
        taken = lend(round_, tmp_path / "annan", PART)
        theirs = {issue.node: issue for node in BELOW for issue in round_.register.issues(node)}
    for folder in (lent.folder, taken.folder):
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        common = [
            name for name in files if name.startswith("brev/") or name in ("xlstyr.toml", "retention.toml")
        ]  # how letters are written
        files = [name for name in files if name not in common]
        assert files == [
            "Styrbok 2031.xlsx",
            "mallar/Välfärdsnämnden/Budget 2031 Välfärdsnämnden.xlsx",
            "theme.toml",
            "xlstyr.db",
        ]
        assert (folder / files[0]).read_bytes() == (exempelby / files[0]).read_bytes()
        assert (folder / files[1]).read_bytes() == (exempelby / files[1]).read_bytes()
        with Register(folder / "xlstyr.db") as register:
            assert register.answers() == []
            assert {event.kind for event in register.events()} == {"issued", "sent"}
            assert {event.node for event in register.events()} == BELOW
            assert {issue.node: issue for node in BELOW for issue in register.issues(node)} == theirs
            assert register.execute("select count(*) from files").fetchone() == (0,)


def test_what_has_been_sent_and_reminded_of_is_known_in_the_part(
    exempelby_answered: Path, copied: Copied, tmp_path: Path
) -> None:
    whole, folder = copied(exempelby_answered), tmp_path / "del"
    with Round(whole, NOW) as round_:
        round_.register.db.execute("delete from events where kind = 'sent'")
        round_.register.db.commit()
        post(round_, [one for one in plan_issue(round_).letters if one.nodes != ("bjorkbacken",)])
        lend(round_, folder, PART)
        round_.now = datetime(2030, 6, 6, 9, tzinfo=UTC)
        assert post(round_, plan_reminders(round_, "hemtjanst").letters)
        lend(round_, folder, PART)
        same = lend(round_, folder, PART)
    with Round(folder, datetime(2030, 6, 7, 9, tzinfo=UTC)) as part:
        states = {one.node.id: one.state for one in node_states(part)}
        assert states == dict.fromkeys(BELOW, "sent") | {"hemtjanst": "reminded", "bjorkbacken": "not_sent"}
        assert len(part.register.events(["sent", "reminded"])) == len(BELOW)
        issue_workbooks(part)
        assert {node for one in plan_issue(part).letters for node in one.nodes} == {"bjorkbacken"}
        assert plan_reminders(part, "hemtjanst").letters == []
    assert same.node == PART


def test_a_part_is_small_enough_to_mail(lent: Lent) -> None:
    assert lent.size == sum(path.stat().st_size for path in lent.folder.rglob("*") if path.is_file())
    assert lent.size < 2 * 2**20


def test_the_command_makes_a_part(exempelby_answered: Path, tmp_path: Path) -> None:
    target = tmp_path / "del"
    arguments = ["init", str(target), "--part", PART, "--from", str(exempelby_answered), "--json"]
    done = CliRunner().invoke(group, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["part"] == PART
    assert (target / "Styrbok 2031.xlsx").is_file()


@pytest.mark.parametrize("arguments", [[], ["--part", PART], ["--part", PART, "--year", "2031"], ["--from", "."]])
def test_half_a_wish_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    done = CliRunner().invoke(group, ["init", str(tmp_path / "ny"), *arguments])
    assert done.exit_code == 2
    assert not (tmp_path / "ny").exists()


def test_a_part_of_a_node_that_is_not_there(exempelby_answered: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        group, ["init", str(tmp_path / "ny"), "--part", "vlfard", "--from", str(exempelby_answered)]
    )
    assert done.exit_code == 2
    assert "valfard" in done.output


def test_another_round_is_never_written_over(exempelby_answered: Path, copied: Copied, lent: Lent) -> None:
    other = copied(exempelby_answered)
    with Round(exempelby_answered, NOW) as round_:
        for folder, node in ((other, PART), (lent.folder, "samhalle")):
            with pytest.raises(XlstyrError, match="annan omgång"):
                lend(round_, folder, node)


def test_a_part_of_a_part(lent: Lent, tmp_path: Path) -> None:
    with Round(lent.folder, NOW) as part:
        smaller = lend(part, tmp_path / "omsorg", "omsorg")
        assert smaller.nodes == 3
        with pytest.raises(XlstyrError):
            lend(part, tmp_path / "annat", "samhalle")


def test_in_a_part_everything_works_and_it_is_the_same_upstairs(
    exempelby_answered: Path, lent: Lent, tmp_path: Path
) -> None:
    deliver(exempelby_answered, lent.folder, *BELOW)
    with Round(lent.folder, NOW) as part:
        assert {taken.outcome for taken in collect(part)} == {"accepted"}
    assert {item["node"] for item in run(lent.folder, "status")["nodes"]} == BELOW
    rolled = run(lent.folder, "rollup", PART)
    assert rolled["missing"] == ["bjorkbacken"]
    assert run(lent.folder, "consolidate")["totals"] == rolled["totals"]
    desks = Office(exempelby_answered, tmp_path)
    whole = desks.roll_up(None, desks.answers("exempelby"))
    rest = [path for path in desks.answers("exempelby") if path not in desks.answers(PART)]
    assert_same(whole, desks.roll_up(None, [Path(rolled["workbook"]), *rest]))


def test_a_part_returns_to_its_own_units(exempelby_answered: Path, lent: Lent) -> None:
    [path] = files_of(exempelby_answered, ["hemtjanst"])
    (lent.folder / "inkorg" / path.name).write_bytes(typed(path, ("budget", "64110-V520", "change", "1.234")))
    run(lent.folder, "collect")
    [item] = run(lent.folder, "return")["returns"]
    assert (item["node"], item["to"]) == ("hemtjanst", ["hemtjanst@exempelby.example"])
    edit = Edit(Path(item["return"]).read_bytes())
    edit.set(*edit.at("budget", "64110-V520", "change"), 2)
    corrected = lent.folder / "inkorg" / Path(item["return"]).name
    corrected.write_bytes(edit.bytes())
    [taken] = run(lent.folder, "collect", str(corrected))["files"]
    assert (taken["status"], len(taken["compared"][0]["mended"])) == ("accepted", 1)


def test_an_answer_from_elsewhere_is_named_and_left_to_whom_it_concerns(exempelby_answered: Path, lent: Lent) -> None:
    deliver(exempelby_answered, lent.folder, "gata-park", "samhalle")
    with Round(lent.folder, NOW) as part:
        taken = collect(part)
        assert [faults(one.examined.findings) for one in taken] == [["XS510"], ["XS510"]]
        assert "Välfärdsnämnden" in taken[0].examined.findings[0].message
        assert said(part) == {}


def test_a_roll_up_from_elsewhere_is_refused_as_well(exempelby_answered: Path, lent: Lent, tmp_path: Path) -> None:
    desks = Office(exempelby_answered, tmp_path)
    shutil.copy(desks.mailed("samhalle", desks.answers("samhalle")), lent.folder / "inkorg")
    with Round(lent.folder, NOW) as part:
        [taken] = collect(part)
        assert faults(taken.examined.findings) == ["XS510"]


def test_in_a_part_generate_draws_what_was_issued_and_issues_nothing(exempelby_answered: Path, lent: Lent) -> None:
    with Round(lent.folder, NOW) as part:
        items = {item.node: item for item in issue_workbooks(part)}
        assert {node for node, item in items.items() if item.status == "restored"} == BELOW - {PART}
        assert items[PART].status == "unchanged"
        assert {item.status for item in issue_workbooks(part)} == {"unchanged"}
    for item in items.values():
        above = exempelby_answered / item.path.relative_to(lent.folder)
        assert item.path.read_bytes() == above.read_bytes()


def new_frame(folder: Path, node: str) -> None:
    """The economy department changes a frame."""
    [control] = folder.glob("Styrbok*.xlsx")
    edit = Edit(control.read_bytes())
    table = edit.table("frames")
    place = next(p for p in table.rows.values() if edit.get(table.sheet, f"{table.columns['node']}{p}") == node)
    ref = f"{table.columns['previous']}{place}"
    was = edit.get(table.sheet, ref)
    assert isinstance(was, int)
    edit.set(table.sheet, ref, was + 100)
    control.write_bytes(edit.bytes())


def test_a_part_follows_when_its_round_gets_a_control_workbook_with_buttons(
    exempelby_answered: Path, copied: Copied, tmp_path: Path
) -> None:
    whole, folder = copied(exempelby_answered), tmp_path / "del"
    with Round(whole, NOW) as round_:
        lend(round_, folder, PART)
        assert round_.control_path is not None
        (folder / f"{round_.control_path.stem} - Kopia.xlsx").write_bytes(b"min egen")
        round_.control_path.rename(round_.control_path.with_suffix(".xlsm"))
    with Round(whole, NOW) as round_:
        lend(round_, folder, PART)
    with Round(folder, NOW) as part:
        assert part.control_path is not None
        assert part.control_path.suffix == ".xlsm"
    assert len(list(folder.glob("Styrbok*"))) == 2


def test_a_part_is_renewed_when_workbooks_are_issued_again_and_keeps_what_came(
    exempelby_answered: Path, copied: Copied, tmp_path: Path
) -> None:
    whole = copied(exempelby_answered)
    folder = tmp_path / "del"
    with Round(whole, NOW) as round_:
        lend(round_, folder, PART)
    deliver(exempelby_answered, folder, "hemtjanst")
    run(folder, "collect")
    new_frame(whole, "angsskolan")
    with Round(whole, NOW) as round_:
        [again] = [item for item in issue_workbooks(round_) if item.node == "angsskolan"]
        renewed = lend(round_, folder, PART)
        same = lend(round_, folder, PART)
    assert renewed == same
    edit = Edit(again.path.read_bytes())
    edit.set(*edit.at("answer", "accept", "value"), "Ja")
    (folder / "inkorg" / again.path.name).write_bytes(edit.bytes())
    with Round(folder, NOW) as part:
        collect(part)
        found = {node: one.issue for (node, _), rivals in bundle(part).items() for one in rivals}
        assert found == {"hemtjanst": 1, "angsskolan": 2}
        assert [event.data["issue"] for event in part.register.events(["issued"], "angsskolan")] == [1, 2]


def test_what_is_typed_in_a_part_is_never_drawn_over_unless_it_is_issued_anew(
    exempelby_answered: Path, copied: Copied, tmp_path: Path
) -> None:
    whole, folder = copied(exempelby_answered), tmp_path / "del"
    with Round(whole, NOW) as round_:
        lend(round_, folder, "angsskolan")
        [own] = (folder / "mallar").rglob("*.xlsx")
        own.write_bytes(typed(own, ("budget", "n1", "comment", "Halvfärdigt")))
        begun = own.read_bytes()
        lend(round_, folder, "angsskolan")
        with Round(folder, NOW) as part:
            assert [item.status for item in issue_workbooks(part)] == ["unchanged"]
        assert own.read_bytes() == begun
    new_frame(whole, "angsskolan")
    with Round(whole, NOW) as round_:
        [again] = [item for item in issue_workbooks(round_) if item.node == "angsskolan"]
        lend(round_, folder, "angsskolan")
    assert own.read_bytes() == again.path.read_bytes()


def test_a_part_that_was_broken_off_is_taken_up_again(
    exempelby_answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "del"
    with Round(exempelby_answered, NOW) as round_:
        with monkeypatch.context() as patched:
            patched.setattr("xlstyr.rounds.following.lending.write_safely", lambda path, data: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                lend(round_, folder, PART)
        assert lend(round_, folder, PART).issues == len(BELOW)


# what a level adds of its own


def test_the_total_is_children_own_and_adjustments(exempelby_answered: Path, lent: Lent) -> None:
    deliver(exempelby_answered, lent.folder, *(BELOW - {PART}))
    run(lent.folder, "collect")
    below = run(lent.folder, "rollup", PART)["totals"]["net_cost"]["2031"]
    [own] = (lent.folder / "mallar").rglob("*.xlsx")
    cells: dict[str, Typed] = {
        "account": "64110 Livsmedel och material",
        "activity": "V520 Insatser i hemmet",
        "budget": -750,
    }
    adjusted = typed(
        own,
        *(("adjustments", "n1", column, value) for column, value in cells.items()),
        ("adjustments", "n1", "comment", "Effektivisering som nämnden fördelar senare, 750 tkr."),
        ("answer", "accept", "value", "Ja"),
        ("signoff", "done", "value", "Ja"),
        ("signoff", "who", "value", "Controller"),
    )
    (lent.folder / "inkorg" / own.name).write_bytes(adjusted)
    [taken] = [item for item in run(lent.folder, "collect")["files"] if item["node"] == PART]
    assert taken["status"] == "accepted", taken
    with Round(lent.folder, NOW) as part:
        [own_said] = bundle(part)[PART, "proposal"]
        lines = [row.record for row in own_said.rows if isinstance(row.record, BudgetLine)]
        period = scope_of(part, PART)[0].premises.settings.year
    plain = sum(
        line.net_cost(p) or 0
        for line in lines
        if not line.adjustment
        for p, _ in line.amounts
        if str(p) == f"budget-{period}"
    )
    assert run(lent.folder, "rollup", PART)["totals"]["net_cost"]["2031"] == below + plain - 750_000


# upwards


def letter(folder: Path) -> Any:
    """The only draft in the outbox."""
    [path] = (folder / "utkorg").glob("*.eml")
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def test_a_roll_up_goes_to_the_controllers_above_with_what_is_missing(exempelby_answered: Path, tmp_path: Path) -> None:
    folder = tmp_path / "omsorg"
    with Round(exempelby_answered, NOW) as round_:
        lend(round_, folder, "omsorg")
    deliver(exempelby_answered, folder, "omsorg", "hemtjanst")
    run(folder, "collect")
    done = run(folder, "rollup", "omsorg", "--send")
    assert done["sent_to"] == ["controller.valfard@exempelby.example"]
    mail = letter(folder)
    assert mail["To"] == "controller.valfard@exempelby.example"
    assert "2 av 3 svar" in mail["Subject"] and "exempelby-2031/omsorg/proposal" in mail["Subject"]
    text = mail.get_body().get_content()
    assert "Äldreboendet Björkbacken: " in text
    assert "controller.valfard@" not in text.partition("Frågor?")[2]  # nobody is told to ask themselves
    assert "omsorg@exempelby.example" in text.partition("Frågor?")[2]
    assert "med fil, blad och cell" in text
    [attached] = mail.iter_attachments()
    assert attached.get_filename() == "Sammanställning Vård & omsorg.xlsx"
    assert attached.get_content() == Path(done["workbook"]).read_bytes()


def test_nothing_is_mailed_upwards_when_nothing_counts(lent: Lent) -> None:
    done = CliRunner().invoke(group, ["rollup", PART, "--send", "--round", str(lent.folder)])
    assert (done.exit_code, "Inget svar är inräknat; inget brev skrevs." in done.stdout) == (1, True)
    assert list((lent.folder / "utkorg").iterdir()) == []
    assert run(lent.folder, "rollup", PART, "--send")["sent_to"] == []


def test_the_command_says_that_the_letter_is_a_draft_and_what_is_wrong_where(
    exempelby_answered: Path, lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(exempelby_answered, lent.folder, *BELOW)
    path = lent.folder / "inkorg" / "Budget 2031 Hemtjänst öster & väster.xlsx"
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("budget", "64110-V520", "change"), "1.234")
    path.write_bytes(edit.bytes())
    run(lent.folder, "collect")
    said = CliRunner().invoke(group, ["rollup", PART, "--send", "--round", str(lent.folder)]).stdout
    assert "Utkast till budgetchef@exempelby.example i " in said and "utkorg, med Sammanställning" in said
    assert "fel XS202  Hemtjänst öster & väster Budget " in said
    assert "xlstyr status NODE" in said
    monkeypatch.setattr("xlstyr.cli.rollup_.SHOWN", 0)
    said = CliRunner().invoke(group, ["rollup", PART, "--round", str(lent.folder)]).stdout
    assert "fel XS202" not in said and "… och 1 till: xlstyr rollup valfard --json" in said


def test_what_is_issued_anew_is_said_to_be_unsent(exempelby_answered: Path, copied: Copied) -> None:
    folder = copied(exempelby_answered)
    new_frame(folder, "angsskolan")
    said = CliRunner().invoke(group, ["generate", "--round", str(folder)]).stdout
    assert "0 nya, 2 i ny utgåva" in said and said.rstrip().endswith("Skicka dem med xlstyr send.")
    assert "Skicka dem" not in CliRunner().invoke(group, ["generate", "--round", str(folder)]).stdout


def test_a_roll_up_that_is_mailed_upwards_counts_there(
    exempelby: Path, exempelby_answered: Path, copied: Copied, lent: Lent
) -> None:
    """As a mail program sends the draft on, and as our own server would: our mark is on it both ways."""
    deliver(exempelby_answered, lent.folder, *BELOW)
    run(lent.folder, "collect")
    run(lent.folder, "rollup", PART, "--send")
    [draft] = (lent.folder / "utkorg").iterdir()
    assert b"X-Xlstyr:" in draft.read_bytes()
    for number, identity in enumerate((b"<abc@kommunen.example>", b"<xlstyr.abc@kommunen.example>")):
        above = copied(exempelby_answered).rename(lent.folder.with_name(f"ovan {number}"))
        for path in (above / "inkorg").iterdir():
            path.unlink()
        head = b"From: controller.valfard@exempelby.example\r\nDate: Mon, 02 Jun 2025 10:00:00 +0200\r\n"
        sent = draft.read_bytes().replace(b"X-Unsent: 1\r\n", head + b"Message-ID: " + identity + b"\r\n")
        (above / "inkorg" / "brev.eml").write_bytes(sent)
        [message] = run(above, "collect")["messages"]
        assert (message["kind"], message["files"]) == ("letter", 1)
        assert run(above, "rollup", PART)["totals"] == run(lent.folder, "rollup", PART)["totals"]


def test_a_roll_up_without_send_writes_no_letter(exempelby_answered: Path, lent: Lent) -> None:
    deliver(exempelby_answered, lent.folder, *BELOW)
    run(lent.folder, "collect")
    assert "sent_to" not in run(lent.folder, "rollup", PART)
    assert list((lent.folder / "utkorg").iterdir()) == []


def without_the_roots_contacts(folder: Path) -> None:
    """The control workbook names nobody for the whole."""
    (control,) = folder.glob("Styrbok*.xlsx")
    edit = Edit(control.read_bytes())
    table = edit.table("contacts")
    rows = edit.rows(table.sheet)
    for place in table.rows.values():
        if rows[place].get(table.columns["node"]) == "exempelby":
            edit.set(table.sheet, f"{table.columns['email']}{place}", None)
    control.write_bytes(edit.bytes())


def test_a_committee_right_below_the_root_sends_to_the_roots_controller(exempelby_answered: Path, lent: Lent) -> None:
    deliver(exempelby_answered, lent.folder, *BELOW)
    run(lent.folder, "collect")
    assert run(lent.folder, "rollup", PART, "--send")["sent_to"] == ["budgetchef@exempelby.example"]
    [draft] = (lent.folder / "utkorg").iterdir()
    assert email.message_from_bytes(draft.read_bytes())["To"] == "budgetchef@exempelby.example"


def test_nobody_above_with_an_address_is_said(exempelby_answered: Path, lent: Lent) -> None:
    without_the_roots_contacts(lent.folder)
    deliver(exempelby_answered, lent.folder, *BELOW)
    run(lent.folder, "collect")
    done = CliRunner().invoke(group, ["rollup", PART, "--send", "--round", str(lent.folder)])
    assert "XS826" in done.stdout
    assert "Ingen ovanför Välfärdsnämnden har en e-postadress" in done.stdout
    assert list((lent.folder / "utkorg").iterdir()) == []
    said = run(lent.folder, "rollup", PART, "--send")
    assert said["sent_to"] == []
    assert [f["node"] for f in said["findings"] if f["code"] == "XS826"] == [PART]


def test_upwards_is_by_line_and_falls_back_on_the_mailbox_for_answers(exempelby: Path, opened: Opened) -> None:
    premises = opened(exempelby).premises
    assert upwards(premises, "hemtjanst") == ("controller.valfard@exempelby.example",)
    assert upwards(premises, "bibliotek-arkiv") == (
        "controller.samhalle@exempelby.example",
    )  # its line, not its committee
    assert upwards(premises, "exempelby") == ()
    assert upwards(premises, "samhalle") == ("budgetchef@exempelby.example",)
    nobody = replace(premises, contacts=tuple(c for c in premises.contacts if c.node != "exempelby"))
    assert upwards(nobody, "samhalle") == ()
    owner = Contact("exempelby", "responsible", "Ekonomichef", "ekonomi@exempelby.example")
    assert upwards(replace(nobody, contacts=(*nobody.contacts, owner)), "samhalle") == (owner.email,)
    premises = nobody
    answers = replace(premises, settings=replace(premises.settings, answers="budget@exempelby.example"))
    assert upwards(answers, "samhalle") == ("budget@exempelby.example",)
    assert upwards(answers, "exempelby") == ()


def test_an_answer_that_goes_by_another_committees_line_counts_once_where_it_belongs(
    exempelby_answered: Path, tmp_path: Path
) -> None:
    """The library answers to the committee's administration that its manager reports to; its money is Kommunstyrelsen's."""
    desks = Office(exempelby_answered, tmp_path)
    [library] = files_of(exempelby_answered, ["bibliotek-arkiv"])
    whole = desks.roll_up(None, desks.answers("exempelby"))
    alone = desks.roll_up("samhalle", desks.answers("samhalle"))
    administration = desks.mailed("samhalle-forv", [library, *desks.answers("samhalle-forv")])
    committee = desks.roll_up("samhalle", [administration, *files_of(exempelby_answered, ["samhalle"])])
    assert committee[1].totals == alone[1].totals  # it is carried, not counted
    assert "bibliotek-arkiv" in committee[2]
    rest = [p for p in desks.answers("exempelby") if p not in [library, *desks.answers("samhalle")]]
    assert_same(whole, desks.roll_up(None, [committee[0], *rest]))
    assert_same(whole, desks.roll_up(None, [committee[0], library, *rest]))


# the same answer by many routes


def correct(said_: Contribution, by: int) -> Contribution:
    """What a node says after a return, a first amount changed."""
    rows = list(said_.rows)
    for number, row in enumerate(rows):
        if isinstance(row.record, BudgetLine) and row.record.amounts:
            (period, amount), *rest = reversed(row.record.amounts)
            record = replace(row.record, amounts=(*reversed(rest), (period, amount + by)))
            rows[number] = Row(row.table, row.id, row.owner, record, row.origin)
            break
    return replace(said_, revision=said_.revision + 1, digest=content_digest(tuple(rows)), rows=tuple(rows))


@pytest.fixture(scope="module")
def round_above(exempelby: Path) -> Iterator[Round]:
    """The round, for its premises; its register isn't asked. Shared: read only."""
    with Round(exempelby, NOW) as round_:
        yield round_


def figures(round_: Round, whole: Bundle) -> tuple[object, ...]:
    """What the roll-up at the root says."""
    scope, _ = scope_of(round_, round_.premises.organisation.root.id, whole)
    return totals(scope), scope.gaps, {node: (one.rank, one.digest) for node, one in scope.contributions.items()}


def carried(round_: Round, node: str, inbox: list[Bundle]) -> Bundle:
    """What the roll-up of ``node`` over its inbox carries, as text, as in a workbook."""
    whole: Bundle = {}
    for one in inbox:
        whole = merge(whole, one)
    return bundle_of(load(dump(one)) for one in scope_of(round_, node, whole)[0].carried)


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_route_and_order_gives_the_same_figures(round_above: Round, random: Random) -> None:
    """Some directly, some by line, some by committee, some by both; corrected, rival, twice, and old after new."""
    organisation = round_above.premises.organisation
    root = organisation.root.id
    answers = contributions(round_above)
    for one in random.sample(answers, 4):
        answers.append(correct(one, random.choice((-1000, 1000))))
    for one in random.sample(answers, 1):
        answers.append(correct(replace(one, revision=one.revision - 1), 7000))  # a rival of the same rank
    expected = figures(round_above, bundle_of(answers))

    inboxes: dict[str, list[Bundle]] = {node.id: [] for node in organisation}
    stations = random.sample([node.id for node in organisation if organisation.children(node.id)], 4)
    waiting = [*answers, *random.sample(answers, 3)]
    random.shuffle(waiting)
    while waiting:
        some, waiting = waiting[:7], waiting[7:]
        for one in some:
            places = [node.id for node in organisation if one.node in organisation.reach(node.id)]
            inboxes[random.choice([p for p in places if p in (*stations, root)])].append(bundle_of([one]))
        for station in random.sample(stations, 2):  # rolls up what it has so far, perhaps not for the last time
            above = [p.id for p in organisation if p.id != station and station in organisation.reach(p.id)]
            target = random.choice([p for p in above if p in (*stations, root)] or [root])
            inboxes[target].append(carried(round_above, station, inboxes[station]))
    for station in sorted(stations, key=lambda node: -len(organisation.reach(root) & organisation.reach(node)))[::-1]:
        if station != root:
            inboxes[root].append(carried(round_above, station, inboxes[station]))
    random.shuffle(inboxes[root])
    assert (
        figures(round_above, bundle_of(one for each in inboxes[root] for said_ in each.values() for one in said_))
        == expected
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_route_and_order_of_real_files_gives_the_same_workbook(
    exempelby_answered: Path, tmp_path: Path, seed: int
) -> None:
    """A corrected unit before or after its committee's roll-up, a roll-up twice, an older one after a newer."""
    random = Random(seed)
    desks = Office(exempelby_answered, tmp_path)
    [first] = files_of(exempelby_answered, ["hemtjanst"])
    with Round(desks.desk([first]), NOW) as round_:
        collect(round_)
        [planned] = plan_returns(round_, ["hemtjanst"])
        assert isinstance(planned, Return)
        second = tmp_path / "Budget 2031 Hemtjänst öster & väster – återkoppling.xlsx"
        second.write_bytes(planned.data)
    second.write_bytes(typed(second, ("signoff", "message", "value", "Rättat."), ("budget", "64110-V520", "change", 3)))
    desks.answered = Path(shutil.copytree(exempelby_answered, tmp_path / "utdelat"))
    with Round(desks.answered, NOW) as round_:  # every desk knows that the answer was returned
        write_return(round_, examine(round_, first.read_bytes(), first.name))
    everything = [*desks.answers("exempelby"), second]
    whole = desks.roll_up(None, everything)
    older = desks.mailed("valfard", desks.answers("valfard"))
    newer_name = tmp_path / "nyare" / older.name
    newer_name.parent.mkdir()
    shutil.copy(desks.mailed("valfard", [older, second]), newer_name)
    department = desks.mailed("omsorg", [first] if random.random() < 0.5 else [first, second])
    rest = [path for path in desks.answers("exempelby") if path not in desks.answers("valfard")]
    mail = [older, newer_name, department, *rest]
    if random.random() < 0.5:
        mail += desks.answers("valfard")
    random.shuffle(mail)
    folder = desks.desk([])
    with Round(folder, NOW) as round_:
        for number, path in enumerate(mail):
            place = folder / "inkorg" / str(number)
            place.mkdir()
            collect(round_, [Path(shutil.copy(path, place))])
        done = consolidate(round_)
        assert said(round_) == whole[2]
        assert (done.totals, done.missing) == (whole[1].totals, whole[1].missing)


def test_a_roll_up_that_says_nothing_new_moves_no_state(exempelby_answered: Path, tmp_path: Path) -> None:
    desks = Office(exempelby_answered, tmp_path)
    three = [path for path in desks.answers("samhalle") if "Gata" not in path.name]
    older, newer = (desks.mailed("samhalle", mail) for mail in (three, desks.answers("samhalle")))
    folder = desks.desk([older])
    with Round(folder, NOW) as round_:
        collect(round_)
        consolidate(round_)
        path = Path(shutil.copy(newer, folder / "inkorg" / "nyare.xlsx"))
        collect(round_, [path])
        states = {status.node.id: status.state for status in node_states(round_)}
        assert {node: states[node] for node in ("samhalle", "samhalle-forv", "lokaler-stad", "gata-park")} == {
            "samhalle": "included",
            "samhalle-forv": "included",
            "lokaler-stad": "included",
            "gata-park": "received",
        }


def test_the_last_decision_stands_over_one_made_on_a_lower_level(exempelby_answered: Path, tmp_path: Path) -> None:
    desks = Office(exempelby_answered, tmp_path)
    [one] = files_of(exempelby_answered, ["hemtjanst"])
    other = tmp_path / "Budget 2031 Hemtjänst öster & väster (1).xlsx"
    other.write_bytes(typed(one, ("signoff", "message", "value", "Det här gäller.")))
    below = desks.desk([*desks.answers("valfard"), other])
    with Round(below, NOW) as round_:
        collect(round_)
        for _ in range(3):
            choose(round_, one, "Enhetens")
        mailed = consolidate(round_, "valfard").path
        [decided] = said(round_)["hemtjanst"]
    with Round(desks.desk([mailed, other]), NOW) as round_:
        collect(round_)
        assert said(round_)["hemtjanst"] == [decided]
        choose(round_, other, "Ekonomichefen")
        [counts] = said(round_)["hemtjanst"]
        assert counts != decided
        collect(round_)
        assert said(round_)["hemtjanst"] == [counts]


# hand edits of what is carried


@pytest.fixture
def mailed(exempelby_answered: Path, tmp_path: Path) -> tuple[Office, Path]:
    """People at desks, and the roll-up of Samhällsnämnden on its way."""
    desks = Office(exempelby_answered, tmp_path)
    return desks, desks.mailed("samhalle", desks.answers("samhalle"))


ALL = {"samhalle", "samhalle-forv", "gata-park", "lokaler-stad"}


def arrives(desks: Office, path: Path) -> tuple[str, list[Finding], set[str]]:
    """What becomes of a roll-up at the level above: outcome, fel, and whose answers it has given."""
    with Round(desks.desk([path]), NOW) as round_:
        [taken] = collect(round_)
        found = [finding for finding in taken.examined.findings if finding.severity == "fel"]
        return taken.outcome, found, set(said(round_))


def lines_of(edit: Edit, sheet: str = "Fakta") -> tuple[dict[str, str], dict[int, dict[str, Any]]]:
    """(heading → column, row → cells) of the page of facts."""
    rows = edit.rows(sheet)
    head = next(place for place, cells in rows.items() if "#head" in cells.values())
    columns = {str(text): letters for letters, text in rows[head].items()}
    return columns, {place: cells for place, cells in rows.items() if place > head and columns["Konto"] in cells}


CHANGED: dict[str, tuple[str, Any]] = {
    "an amount": ("Budget 2031", 999_999),
    "an amount taken away": ("Budget 2031", None),
    "last year's amount": ("Budget 2030", 1),
    "the account": ("Konto", "64110"),
    "the comment": ("Kommentar", "Beslutat av nämnden."),
    "the file": ("Fil", "En annan fil.xlsx"),
    "the sheet": ("Blad", "Blad1"),
    "the cell": ("Cell", "A1"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_line_changed_on_fakta_is_found_at_its_cell(mailed: tuple[Office, Path], what: str) -> None:
    desks, path = mailed
    edit = Edit(path.read_bytes())
    header, value = CHANGED[what]
    columns, lines = lines_of(edit)
    place = next(place for place, cells in lines.items() if cells.get(columns[header]) not in (None, value))
    edit.set("Fakta", f"{columns[header]}{place}", value)
    path.write_bytes(edit.bytes())
    outcome, [fault], nodes = arrives(desks, path)
    assert (fault.code, fault.place.sheet, outcome, nodes) == ("XS505", "Fakta", "partly", ALL)
    assert fault.place.cell.endswith(str(place))


def test_lines_deleted_from_fakta_are_counted_by_node(mailed: tuple[Office, Path]) -> None:
    desks, path = mailed
    edit = Edit(path.read_bytes())
    columns, lines = lines_of(edit)
    mine = [place for place, cells in lines.items() if cells[columns["Nod"]] == "Lokaler & städ"]
    for place in sorted(mine[:2], reverse=True):
        edit.delete_row("Fakta", place)
    path.write_bytes(edit.bytes())
    outcome, [fault], nodes = arrives(desks, path)
    assert (fault.code, dict(fault.args), outcome) == ("XS509", {"node": "Lokaler & städ", "count": "2"}, "partly")
    assert nodes == ALL


def test_every_line_of_a_unit_deleted_from_fakta_is_found(mailed: tuple[Office, Path]) -> None:
    desks, path = mailed
    edit = Edit(path.read_bytes())
    columns, lines = lines_of(edit)
    mine = [place for place, cells in lines.items() if cells[columns["Nod"]] == "Lokaler & städ"]
    for place in sorted(mine, reverse=True):
        edit.delete_row("Fakta", place)
    path.write_bytes(edit.bytes())
    _, [fault], nodes = arrives(desks, path)
    assert (fault.code, dict(fault.args)["count"], nodes) == ("XS509", str(len(mine)), ALL)


def test_fakta_deleted_altogether_is_found(mailed: tuple[Office, Path]) -> None:
    desks, path = mailed
    edit = Edit(path.read_bytes())
    edit.delete_sheet("Fakta")
    path.write_bytes(edit.bytes())
    _, found, nodes = arrives(desks, path)
    assert ([fault.code for fault in found], nodes) == (["XS509"], ALL)


def test_a_line_copied_on_fakta_is_found(mailed: tuple[Office, Path]) -> None:
    desks, path = mailed
    edit = Edit(path.read_bytes())
    _, lines = lines_of(edit)
    edit.copy_row("Fakta", min(lines), max(lines) + 1)
    path.write_bytes(edit.bytes())
    _, found, nodes = arrives(desks, path)
    assert ([fault.code for fault in found], nodes) == (["XS505"], ALL)


def test_an_answer_taken_out_with_its_lines_is_found(mailed: tuple[Office, Path]) -> None:
    """Both what is carried and what is shown: only the seal over the whole knows."""
    desks, path = mailed
    edit = Edit(path.read_bytes())
    columns, lines = lines_of(edit)
    mine = [place for place, cells in lines.items() if cells[columns["Nod"]] == "Lokaler & städ"]
    table = edit.table("carrier")
    keys = {p: str(edit.get(table.sheet, f"{table.columns['contribution']}{p}")) for p in table.rows.values()}
    [carried_] = [place for place, key in keys.items() if key.startswith("lokaler-stad ")]
    edit.delete_row(table.sheet, carried_)
    for place in sorted(mine, reverse=True):
        edit.delete_row("Fakta", place)
    path.write_bytes(edit.bytes())
    outcome, [fault], nodes = arrives(desks, path)
    assert (fault.code, dict(fault.args)) == ("XS508", {"found": "3", "expected": "4"})
    assert (outcome, nodes) == ("partly", ALL - {"lokaler-stad"})


def test_an_answer_put_in_from_another_roll_up_is_found(mailed: tuple[Office, Path]) -> None:
    desks, path = mailed
    other = Edit(desks.mailed("styrelsen", desks.answers("styrelsen")).read_bytes())
    theirs = other.table("carrier")
    place = next(iter(p for row_id, p in theirs.rows.items() if row_id.startswith("c")))
    edit = Edit(path.read_bytes())
    table = edit.table("carrier")
    new = max(table.rows.values()) + 1
    edit.copy_row(table.sheet, new - 1, new)
    for column in ("contribution", "part", "text"):
        value = other.get(theirs.sheet, f"{theirs.columns[column]}{place}")
        assert isinstance(value, int | str)
        edit.set(table.sheet, f"{table.columns[column]}{new}", value)
    path.write_bytes(edit.bytes())
    _, [fault], _ = arrives(desks, path)
    assert fault.code == "XS508"


def test_the_seal_itself_taken_away_is_found(mailed: tuple[Office, Path]) -> None:
    desks, path = mailed
    edit = Edit(path.read_bytes())
    table = edit.table("carried")
    edit.set(table.sheet, f"{table.columns['seal']}{table.rows['whole']}", None)
    path.write_bytes(edit.bytes())
    _, found, nodes = arrives(desks, path)
    assert ([fault.code for fault in found], nodes) == (["XS508"], ALL)


def test_hidden_shown_renamed_and_reordered_sheets_give_no_alarm(mailed: tuple[Office, Path]) -> None:
    desks, path = mailed
    edit = Edit(path.read_bytes())
    edit.show_sheet("_bidrag")
    edit.show_sheet("Fakta", "hidden")
    edit.rename_sheet("Fakta", "Alla rader")
    edit.rename_sheet("_bidrag", "Rör ej")
    edit.rename_sheet("Ramar", "Våra ramar")
    edit.unprotect("Alla rader")
    _, lines = lines_of(edit, "Alla rader")
    edit.swap_rows("Alla rader", min(lines), max(lines))
    edit.hide_row("Alla rader", min(lines))
    path.write_bytes(edit.bytes())
    assert arrives(desks, path) == ("accepted", [], ALL)


@pytest.mark.parametrize(
    "text", ["=1+1", " Å, ä & ö <b>\nrad två ", "_x0041_ och\tflik", "'citat", "12", "\u00a0hårt\u202fmellanslag"]
)
def test_odd_comments_give_no_alarm(exempelby_answered: Path, tmp_path: Path, text: str) -> None:
    desks = Office(exempelby_answered, tmp_path)
    [path] = files_of(exempelby_answered, ["gata-park"])
    data = Edit(path.read_bytes())
    row_id = next(one for one in data.table("budget").rows if not one.startswith(("#", "n")))
    odd = tmp_path / path.name
    odd.write_bytes(typed(path, ("budget", row_id, "comment", text)))
    rest = [one for one in desks.answers("samhalle") if one.name != path.name]
    outcome, found, nodes = arrives(desks, desks.mailed("samhalle", [odd, *rest]))
    assert (outcome, found, nodes) == ("accepted", [], ALL)


def test_a_roll_up_saved_by_another_program_gives_no_alarm(
    mailed: tuple[Office, Path], office: LibreOffice, tmp_path: Path
) -> None:
    desks, path = mailed
    saved = office.resave(path, tmp_path / "sparad" / path.name)
    outcome, found, nodes = arrives(desks, saved)
    assert (outcome, [fault.message for fault in found], nodes) == ("accepted", [], ALL)


def test_the_level_above_can_follow_every_line_to_file_sheet_cell_and_original(mailed: tuple[Office, Path]) -> None:
    """Källor and Fakta of the consolidated workbook name the units' own files, which aren't here."""
    desks, path = mailed
    originals = {p.name for p in desks.answers("samhalle")}
    with Round(desks.desk([path]), NOW) as round_:
        collect(round_)
        edit = Edit(consolidate(round_).path.read_bytes())
    columns, lines = lines_of(edit)
    shown = {cells[columns["Fil"]] for cells in lines.values()}
    assert shown == originals
    assert all(cells.get(columns["Blad"]) and cells.get(columns["Rad"]) for cells in lines.values())
    cells = [cell for row in edit.rows("Källor").values() for cell in row.values()]
    assert originals <= {str(cell) for cell in cells}
