"""``send``: every recipient gets exactly the right workbooks, once, by the channel that was chosen."""

import email
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from click.testing import CliRunner

from tests.conftest import NOW
from tests.mail import desk
from tests.mail.server import Post as Box
from tests.mail.server import scripted, serving
from tests.office.xmledit import Edit
from xlstyr.cli.main import group
from xlstyr.mail.reference import find_reference
from xlstyr.mail.smtp import Pace
from xlstyr.model.errors import XlstyrError
from xlstyr.model.premises import Contact
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.mailbook import Letter, Mailbook
from xlstyr.rounds.outgoing.delivering import deliver, troubles
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.outgoing.letters import nodes_of
from xlstyr.rounds.outgoing.sending import EVERYTHING, Plan, plan_issue
from xlstyr.rounds.register import Register
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round
from xlstyr.rounds.settings import Settings, load_settings
from xlstyr.rounds.start import start_round

ROOT = Path(__file__).parents[1]
SHARED = ("asens-forskola", "angsskolan", "hemtjanst")
HEAD = "rektor@exempelby.example"


@pytest.fixture
def folder(exempelby_answered: Path, copied: Callable[[Path], Path]) -> Path:
    """A round whose workbooks are issued and not yet sent, to change."""
    return desk.unsent(copied(exempelby_answered))


@pytest.fixture
def round_(folder: Path, opened: Callable[[Path], Round]) -> Round:
    """The same, open."""
    return opened(folder)


def send(round_: Round, channel: str = "draft", to: Path | None = None, **wanted: Any) -> tuple[Plan, list[Letter]]:
    """Plans and delivers, without waiting."""
    plan = plan_issue(round_, folders=channel == "folder", **wanted)
    return plan, deliver(round_, plan.letters, channel, to=to, pace=Pace(sleep=lambda _: None))


def issued(round_: Round, node: str) -> tuple[str, bytes]:
    """Name and bytes of the workbook of ``node``."""
    issue = round_.register.issue(node, round_.premises.stage)
    assert issue is not None
    path = round_.folder / issue.file
    return path.name, path.read_bytes()


def shared(round_: Round) -> None:
    """One person is responsible for three nodes."""
    desk.with_contacts(round_, *(c for node in SHARED for c in desk.responsible(node, HEAD)))


def codes(plan: Plan) -> list[tuple[str, str]]:
    return [(finding.code, finding.place.node) for finding in plan.findings]


def change_control(round_: Round, *nodes: str) -> None:
    """The economy department changes what ``nodes`` are told: their workbooks are issued anew."""
    opening = dict(round_.premises.opening)
    for node in nodes:
        first, *rest = opening[node]
        opening[node] = (replace(first, budget=(first.budget or 0) + 500_000), *rest)
    desk.put(round_, opening=opening)
    assert [one.node for one in issue_workbooks(round_) if one.status == "reissued"] == list(nodes)


# who gets what


def test_everybody_gets_their_own_workbook(round_: Round) -> None:
    plan, letters = send(round_)
    assert plan.findings == []
    assert {letter.status for letter in letters} == {"draft"}
    messages = desk.drafts(round_.folder)
    expected = [node.id for node in round_.premises.organisation if round_.premises.phase_of(node.id)]
    assert len(messages) == len(expected) == 16
    seen = {}
    for message in messages.values():
        reference = find_reference(str(message["Subject"]))
        assert reference is not None
        node = reference.node
        assert (reference.round, reference.stage, reference.issue, reference.kind) == (
            "exempelby-2031",
            "proposal",
            1,
            "issue",
        )
        assert message["To"] == f"{node}@exempelby.example"
        assert desk.files(message) == dict([issued(round_, node)])
        assert message["X-Unsent"] == "1"
        seen[node] = message
    assert sorted(seen) == sorted(expected)
    states = {state.node.id: state.state for state in node_states(round_)}
    assert set(states.values()) == {"sent"}


def test_the_letter_says_what_a_busy_head_needs(round_: Round) -> None:
    send(round_)
    message = desk.drafts(round_.folder)["Budget 2031 Åsens förskola.eml"]
    said = desk.text(message)
    for wanted in (
        "onsdag 5 juni 2030",
        "Budget 2031 Åsens förskola.xlsx",
        "Personal, Budget, Mål och uppdrag, Klart",
        "Aktivera redigering",
        "tjugo minuter",
        "Svara på det här meddelandet med filen bifogad",
        "controller.valfard@exempelby.example",
        "Exempelby kommun",
        "exempel – allt är påhittat",
    ):
        assert wanted in said, wanted
    assert "5 juni" in str(message["Subject"])
    assert message["Reply-To"] == "controller.valfard@exempelby.example"
    assert "tjugo minuter" not in desk.text(desk.drafts(round_.folder)["Budget 2031 Välfärdsnämnden.eml"])


def test_one_person_with_several_nodes_gets_one_letter(round_: Round) -> None:
    shared(round_)
    send(round_)
    [message] = [m for m in desk.drafts(round_.folder).values() if m["To"] == HEAD]
    assert desk.files(message) == dict(issued(round_, node) for node in SHARED)
    assert "3 arbetsböcker" in str(message["Subject"])
    assert len(desk.drafts(round_.folder)) == 14
    reference = "[exempelby-2031/asens-forskola/proposal/1]"
    assert str(message["Subject"]).endswith(reference)
    [letter] = [one for one in round_.mailbook.letters() if one.recipients == (HEAD,)]
    assert (letter.reference, nodes_of(letter)) == (reference, SHARED)


def test_two_responsible_see_each_other(round_: Round) -> None:
    desk.with_contacts(
        round_, *desk.responsible("hemtjanst", "a@exempelby.example", "B@exempelby.example", "A@exempelby.example")
    )
    send(round_, node="hemtjanst")
    [message] = desk.drafts(round_.folder).values()
    assert message["To"] == "a@exempelby.example, B@exempelby.example"


def test_what_is_too_much_for_one_message_is_split_and_numbered(round_: Round) -> None:
    shared(round_)
    sizes = {"asens-forskola": 500_000, "angsskolan": 300_000, "hemtjanst": 2_000_000}
    for node, size in sizes.items():
        issue = round_.register.issue(node, "proposal")
        assert issue is not None
        path = round_.folder / issue.file
        path.write_bytes(path.read_bytes() + b"\0" * size)
    desk.write_settings(round_, "[sender]\nlargest = 1\n")
    plan, letters = send(round_)
    assert codes(plan) == [("XS823", "hemtjanst")]
    mine = [letter for letter in letters if letter.recipients == (HEAD,)]
    assert [nodes_of(letter) for letter in mine] == [("asens-forskola",), ("angsskolan",)]
    assert ["(1 av 2)" in mine[0].subject, "(2 av 2)" in mine[1].subject] == [True, True]
    assert all(path.stat().st_size <= 1024 * 1024 for path in (round_.folder / "utkorg").iterdir())
    states = {state.node.id: state.state for state in node_states(round_)}
    assert (states["hemtjanst"], states["angsskolan"]) == ("not_sent", "sent")


def test_gaps_are_named_and_stop_nobody_else(round_: Round) -> None:
    bad = [
        Contact("omsorg", "responsible", "Chef", "åsa@exempelby.example"),
        *desk.responsible("omsorg", "x@y.example"),
    ]
    lost = desk.responsible("hemtjanst", "chef@exempelby")
    desk.with_contacts(round_, *bad, *lost, drop=("asens-forskola",))
    (round_.folder / "mallar" / "Välfärdsnämnden" / "Budget 2031 Ängsskolan F–9.xlsx").unlink()
    plan, letters = send(round_)
    assert sorted(codes(plan)) == [
        ("XS820", "asens-forskola"),
        ("XS821", "hemtjanst"),
        ("XS821", "omsorg"),
        ("XS822", "angsskolan"),
    ]
    assert all("…" not in finding.message + finding.fix for finding in plan.findings)
    assert len(letters) == 13
    assert next(letter for letter in letters if letter.node == "omsorg").recipients == ("x@y.example",)


@pytest.mark.parametrize(
    ("node", "level", "wanted"),
    [
        ("samhalle-forv", "own", {"samhalle-forv"}),
        ("samhalle-forv", "down", {"gata-park", "lokaler-stad", "bibliotek-arkiv"}),
        ("valfard", "down", {"valfard-forv"}),
        (
            "valfard-forv",
            "all",
            {"valfard-forv", "barn-unga", "asens-forskola", "angsskolan", "omsorg", "hemtjanst", "bjorkbacken"},
        ),
        ("exempelby", "down", {"styrelsen", "valfard", "samhalle"}),
        ("asens-forskola", "down", set()),
    ],
)
def test_mail_follows_the_line(round_: Round, node: str, level: str, wanted: set[str]) -> None:
    """The library answers to one committee with its money, and to another's administration in the line."""
    plan = plan_issue(round_, node, level)
    assert {one for letter in plan.letters for one in letter.nodes} == wanted


def test_levels_without_workbooks_are_passed_through(round_: Round) -> None:
    phases = tuple(phase for phase in round_.premises.phases if phase.kind not in ("department", "administration"))
    desk.put(round_, phases=phases)
    plan = plan_issue(round_, "valfard", "down")
    assert {one for letter in plan.letters for one in letter.nodes} == {
        "asens-forskola",
        "angsskolan",
        "hemtjanst",
        "bjorkbacken",
    }


def test_a_node_that_isnt_there_is_an_error(round_: Round) -> None:
    with pytest.raises(XlstyrError, match="finns-inte"):
        plan_issue(round_, "finns-inte")


def test_answers_go_to_the_mailbox_or_to_whoever_sends(round_: Round) -> None:
    giver = Contact("barn-unga", "controller", "Ekonom", "ekonom.barn@exempelby.example")
    desk.put(round_, contacts=(*round_.premises.contacts, giver))
    [letter] = plan_issue(round_, "hemtjanst").letters
    assert letter.answers == ("controller.valfard@exempelby.example",)
    assert {one.answers for one in plan_issue(round_, "barn-unga", "down").letters} == {
        ("ekonom.barn@exempelby.example",)
    }
    assert "Ekonom (ekonom.barn@exempelby.example)" in plan_issue(round_, "barn-unga", "down").letters[0].body
    desk.put(round_, settings=replace(round_.premises.settings, answers="budget@exempelby.example"))
    assert {one.answers for one in plan_issue(round_).letters} == {("budget@exempelby.example",)}


# once


def test_the_second_run_changes_nothing(round_: Round) -> None:
    shared(round_)
    send(round_)
    before, said = desk.everything(round_.folder), desk.register(round_)
    plan, letters = send(round_)
    assert (plan.letters, letters, len(plan.already)) == ([], [], 16)
    assert desk.everything(round_.folder) == before
    assert desk.register(round_) == said


def test_a_draft_that_was_sent_and_tidied_away_isnt_written_again(round_: Round) -> None:
    send(round_, node="hemtjanst")
    [draft] = (round_.folder / "utkorg").iterdir()
    was = draft.read_bytes()
    draft.unlink()
    assert send(round_, node="hemtjanst")[1] == []
    send(round_, node="hemtjanst", again=EVERYTHING)
    assert draft.read_bytes() == was


def test_a_dry_run_writes_nothing(round_: Round) -> None:
    before = desk.everything(round_.folder)
    plan = plan_issue(round_)
    assert len(plan.letters) == 16
    assert desk.everything(round_.folder) == before


def test_a_reissued_workbook_goes_again_and_the_old_draft_goes(round_: Round) -> None:
    send(round_)
    change_control(round_, "hemtjanst")
    plan, [letter] = send(round_)
    assert letter.reference == "[exempelby-2031/hemtjanst/proposal/2]"
    assert len(plan.already) == 15
    messages = [m for m in desk.drafts(round_.folder).values() if m["To"] == "hemtjanst@exempelby.example"]
    assert [desk.files(message) for message in messages] == [dict([issued(round_, "hemtjanst")])]
    assert "/2]" in str(messages[0]["Subject"])


def test_a_draft_with_one_old_workbook_is_written_anew_with_all(round_: Round) -> None:
    """Nobody can send the old one by mistake, and none of its other workbooks is lost."""
    shared(round_)
    send(round_)
    change_control(round_, "angsskolan")
    send(round_)
    [message] = [m for m in desk.drafts(round_.folder).values() if m["To"] == HEAD]
    assert desk.files(message) == dict(issued(round_, node) for node in SHARED)
    before = desk.everything(round_.folder)
    assert send(round_)[1] == []
    assert desk.everything(round_.folder) == before


def test_those_who_have_answered_arent_sent_again_with_the_others(round_: Round) -> None:
    shared(round_)
    send(round_)
    collect(round_, [round_.folder / "inkorg" / "Budget 2031 Åsens förskola.xlsx"])
    change_control(round_, "angsskolan")
    send(round_)
    [message] = [m for m in desk.drafts(round_.folder).values() if m["To"] == HEAD]
    assert desk.files(message) == dict(issued(round_, node) for node in ("angsskolan", "hemtjanst"))


def test_a_draft_that_somebody_has_changed_is_left(round_: Round) -> None:
    desk.with_contacts(round_, *desk.responsible("hemtjanst", "old@exempelby.example"))
    send(round_, node="hemtjanst")
    [draft] = (round_.folder / "utkorg").iterdir()
    draft.write_bytes(draft.read_bytes() + b"mine")
    desk.with_contacts(round_, *desk.responsible("hemtjanst", "new@exempelby.example"))
    send(round_, node="hemtjanst")
    assert draft.read_bytes().endswith(b"mine")
    assert len(list((round_.folder / "utkorg").iterdir())) == 2


@pytest.mark.parametrize("why", ["reissued", "another address"])
def test_a_replaced_draft_that_a_crash_left_goes_at_the_next_run(
    round_: Round, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    desk.with_contacts(round_, *desk.responsible("hemtjanst", "old@exempelby.example"))
    send(round_)
    old = desk.everything(round_.folder / "utkorg")
    if why == "reissued":
        change_control(round_, "hemtjanst")
    else:
        desk.with_contacts(round_, *desk.responsible("hemtjanst", "new@exempelby.example"))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("xlstyr.rounds.outgoing.delivering._sweep", crash)
        with pytest.raises(KeyboardInterrupt):
            send(round_)
    new = set(desk.everything(round_.folder / "utkorg").items()) - set(old.items())
    assert send(round_)[1] == []
    left = desk.everything(round_.folder / "utkorg")
    assert len(new) == 1 and new <= set(left.items())
    assert len(left) == len(old)
    before = desk.everything(round_.folder)
    assert send(round_)[1] == []
    assert desk.everything(round_.folder) == before


def test_a_corrected_address_replaces_the_draft_to_the_wrong_one(round_: Round) -> None:
    desk.with_contacts(round_, *desk.responsible("hemtjanst", "old@exempelby.example"))
    send(round_)
    desk.with_contacts(round_, *desk.responsible("hemtjanst", "new@exempelby.example"))
    _, [letter] = send(round_)
    assert letter.recipients == ("new@exempelby.example",)
    to = [str(message["To"]) for message in desk.drafts(round_.folder).values()]
    assert "old@exempelby.example" not in to
    assert len(to) == 16


def test_a_new_colleague_gets_it_and_the_other_not_again(round_: Round) -> None:
    send(round_)
    desk.with_contacts(round_, *desk.responsible("hemtjanst", "hemtjanst@exempelby.example", "ny@exempelby.example"))
    _, [letter] = send(round_)
    assert letter.recipients == ("ny@exempelby.example",)
    to = [str(message["To"]) for message in desk.drafts(round_.folder).values()]
    assert {"ny@exempelby.example", "hemtjanst@exempelby.example"} <= set(to)
    assert len(to) == 17


def test_odd_round_names_still_give_references(round_: Round) -> None:
    desk.put(round_, settings=replace(round_.premises.settings, round="Årsbudget 2031 / våren"))
    [letter] = plan_issue(round_, "hemtjanst").letters
    reference = find_reference(letter.subject)
    assert reference is not None
    assert reference.round == "arsbudget-2031-varen"


@pytest.mark.slow
@pytest.mark.parametrize("channel", ["draft", "folder"])
def test_a_crash_at_any_write_leaves_nothing_lost_and_nothing_double(
    exempelby_answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    """Every n-th write to disk and to the register fails in turn; the next run ends as an undisturbed one."""

    def result(folder: Path) -> tuple[dict[str, bytes], list[str]]:
        with Round(folder, NOW) as round_:
            shared(round_)
            send(round_, channel, node="valfard-forv", level="all")
            files_ = {name: data for name, data in desk.everything(folder).items() if not name.endswith(".db")}
            return files_, sorted(str((e.kind, e.node, e.data)) for e in round_.register.events())

    base = desk.unsent(
        Path(shutil.copytree(exempelby_answered, tmp_path / "base", ignore=shutil.ignore_patterns("inkorg")))
    )
    wanted = result(Path(shutil.copytree(base, tmp_path / "whole")))
    tried = 0
    for where, name in ((os, "fsync"), (Mailbook, "put_letter"), (Register, "add_event")):
        plain = getattr(where, name)
        for number in range(1, 4):
            calls: list[int] = []

            def fail(
                *args: Any, number: int = number, plain: Any = plain, calls: list[int] = calls, **kwargs: Any
            ) -> Any:
                calls.append(1)
                if len(calls) == number:
                    raise OSError("disk full")
                return plain(*args, **kwargs)

            folder = Path(shutil.copytree(base, tmp_path / f"{name}{number}"))
            with monkeypatch.context() as patch:
                patch.setattr(where, name, fail)
                with pytest.raises(OSError, match="disk full"):
                    result(folder)
            got, events = result(folder)
            left = {name: data for name, data in got.items() if ".~" not in name}
            assert (left, events) == wanted, (name, number)
            tried += 1
    assert tried == 9


# templates


def test_the_rounds_own_text_is_used(round_: Round) -> None:
    own = round_.folder / "brev"
    (own / "issue.txt.j2").write_text("Ämne: Dags!\n\nHej {{ books[0].name }}, {{ deadline }}.\n", "utf-8")
    [letter] = plan_issue(round_, "hemtjanst").letters
    assert letter.subject == "Dags! [exempelby-2031/hemtjanst/proposal/1]"
    assert letter.body == "Hej Hemtjänst öster & väster, onsdag 5 juni 2030.\n"


def test_a_broken_template_stops_before_the_first_letter(round_: Round) -> None:
    last = "bjorkbacken"
    template = "Ämne: x\n\nHej\n{% if books[0].node == '" + last + "' %}{{ fel }}{% endif %}\n"
    (round_.folder / "brev" / "issue.txt.j2").write_text(template, "utf-8")
    before = desk.everything(round_.folder)
    with pytest.raises(XlstyrError, match=r"issue\.txt\.j2, rad 4"):
        send(round_)
    assert desk.everything(round_.folder) == before


# folders


def test_a_folder_for_each_with_workbook_and_letter(round_: Round, tmp_path: Path) -> None:
    desk.with_contacts(round_, drop=("asens-forskola",))
    plan, letters = send(round_, "folder", tmp_path / "Teams")
    assert plan.findings == []
    assert {letter.status for letter in letters} == {"laid"}
    place = tmp_path / "Teams" / "Budget 2031 Åsens förskola"
    name, data = issued(round_, "asens-forskola")
    assert (place / name).read_bytes() == data
    said = (place / "Läs mig först.txt").read_text("utf-8-sig")
    assert "Ämne: Budget 2031" in said
    assert "Aktivera redigering" in said
    assert len(list((tmp_path / "Teams").iterdir())) == 16
    before = desk.everything(tmp_path)
    assert send(round_, "folder", tmp_path / "Teams")[1] == []
    assert desk.everything(tmp_path) == before


def test_what_somebody_has_filled_in_is_never_written_over(round_: Round) -> None:
    send(round_, "folder", node="hemtjanst")
    place = round_.folder / "utkorg" / "Budget 2031 Hemtjänst öster & väster"
    workbook = place / "Budget 2031 Hemtjänst öster & väster.xlsx"
    workbook.write_bytes(b"my work of three days")
    for number in range(2):
        change_control(round_, "hemtjanst")
        send(round_, "folder", node="hemtjanst")
        beside = place / f"Budget 2031 Hemtjänst öster & väster (utgåva {number + 2}).xlsx"
        assert beside.read_bytes() == issued(round_, "hemtjanst")[1]
    assert workbook.read_bytes() == b"my work of three days"


# through a server


def smtp_settings(where: Round | Path, port: int) -> None:
    desk.write_settings(
        where,
        f'[sender]\naddress = "ekonomi@exempelby.example"\nname = "Ekonomi"\n'
        f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nlogin = "none"\nseconds = 20\n',
    )


@pytest.fixture
def box(folder: Path) -> Any:
    with serving() as box:
        smtp_settings(folder, box.port)
        yield box


def parsed(envelope: Envelope) -> EmailMessage:
    """The message that a server took."""
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_smtp_sends_each_once(round_: Round, box: Box) -> None:
    shared(round_)
    _, letters = send(round_, "smtp")
    assert {letter.status for letter in letters} == {"sent"}
    assert len(box.taken) == 14
    got = {}
    for envelope in box.taken:
        message = parsed(envelope)
        [to] = envelope.rcpt_tos
        assert message["To"] == to
        assert "X-Unsent" not in message
        assert message["Date"].datetime == NOW
        got[to] = desk.files(message)
    assert got[HEAD] == dict(issued(round_, node) for node in SHARED)
    assert got["omsorg@exempelby.example"] == dict([issued(round_, "omsorg")])
    said = desk.register(round_)
    assert send(round_, "smtp")[1] == []
    assert len(box.taken) == 14
    assert desk.register(round_) == said
    assert {state.state for state in node_states(round_)} == {"sent"}


def test_what_is_drafted_isnt_mailed_too(round_: Round, box: Box) -> None:
    send(round_)
    assert send(round_, "smtp")[1] == []
    assert box.taken == []
    _, [letter] = send(round_, "smtp", node="hemtjanst", again=EVERYTHING)
    assert (letter.status, len(box.taken)) == ("sent", 1)
    assert len(desk.drafts(round_.folder)) == 15


def test_only_what_failed_is_sent_again(round_: Round, box: Box) -> None:
    desk.with_contacts(round_, *desk.responsible("omsorg", "finns@exempelby.example", "borta@exempelby.example"))
    box.answers = {
        "hemtjanst@exempelby.example": ["550 5.1.1 okänd"],
        "borta@exempelby.example": ["550 5.1.1 okänd"],
        "barn-unga@exempelby.example": ["450 4.2.0 senare"],
    }
    _, letters = send(round_, "smtp")
    bad = {f.place.node: f.message for f in troubles(letters) if f.code == "XS824"}
    assert sorted(bad) == ["barn-unga", "hemtjanst", "omsorg"]
    assert "550 5.1.1 ok" in bad["hemtjanst"]
    states = {state.node.id: state.state for state in node_states(round_)}
    assert [states[node] for node in ("hemtjanst", "omsorg", "barn-unga")] == ["not_sent", "sent", "not_sent"]
    assert len(box.taken) == 14
    box.answers = {}
    _, letters = send(round_, "smtp")
    assert {letter.recipients for letter in letters} == {
        ("hemtjanst@exempelby.example",),
        ("borta@exempelby.example",),
        ("barn-unga@exempelby.example",),
    }
    assert troubles(letters) == []
    assert len(box.taken) == 17
    assert send(round_, "smtp")[1] == []


HELLO = [("ehlo", "250 test"), ("mail", "250 ok"), ("rcpt", "250 ok"), ("DATA", "354 go")]


def test_an_unsure_letter_is_named_and_waits_for_a_person(round_: Round) -> None:
    with scripted([[*HELLO, (".", "hang up")]]) as (port, _):
        smtp_settings(round_, port)
        _, [letter] = send(round_, "smtp", node="hemtjanst")
    assert letter.status == "unsure"
    with serving() as box:
        smtp_settings(round_, box.port)
        said = desk.register(round_)
        plan, letters = send(round_, "smtp", node="hemtjanst")
        assert (letters, codes(plan)) == ([], [("XS825", "hemtjanst")])
        assert "xlstyr send --channel smtp --again exempelby-2031/hemtjanst/proposal/1" in plan.findings[0].fix
        assert desk.register(round_) == said
        round_.now = NOW.replace(hour=15)
        for number in (1, 2):
            _, [again] = send(round_, "smtp", again="exempelby-2031/hemtjanst/proposal/1")
            assert (again.status, len(box.taken)) == ("sent", number)
        ids = [parsed(one)["Message-ID"] for one in box.taken]
    assert again.reference == "[exempelby-2031/hemtjanst/proposal/1]#2"
    assert len(set(ids)) == 2
    assert plan_issue(round_, "hemtjanst").findings == []
    with pytest.raises(XlstyrError, match="finns/inte"):
        plan_issue(round_, again="finns/inte/proposal/1")


def test_the_unsure_letter_keeps_its_id_when_it_goes_again(round_: Round) -> None:
    with scripted([[*HELLO, (".", "hang up")]]) as (port, heard):
        smtp_settings(round_, port)
        send(round_, "smtp", node="hemtjanst")
    first = [line for line in heard if line.startswith(("Message-ID", "Date"))]
    with scripted([[*HELLO, (".", "250 ok"), ("quit", "221 bye")]]) as (port, heard):
        smtp_settings(round_, port)
        round_.now = NOW.replace(hour=15)
        send(round_, "smtp", again="[exempelby-2031/hemtjanst/proposal/1]")
    assert first == [line for line in heard if line.startswith(("Message-ID", "Date"))]


@pytest.mark.slow
def test_killed_in_the_middle_nothing_goes_twice(folder: Path) -> None:
    """SIGKILL while the server has the message and hasn't answered: two had gone, one is unsure, the rest go later."""
    done = [("mail", "250 ok"), ("rcpt", "250 ok"), ("DATA", "354 go"), (".", "250 taken")]
    with scripted([[("ehlo", "250 test"), *done, *done, *done[:3], (".", "")]]) as (port, heard):
        smtp_settings(folder, port)
        command = [sys.executable, "-m", "xlstyr.cli.main", "send", "--channel", "smtp", "--round", str(folder)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while heard.count(".") < 3:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    rcpts = [line.partition("<")[2].rstrip(">").lower() for line in heard if line.startswith("rcpt")]
    with serving() as box, Round(folder, NOW) as round_:
        smtp_settings(round_, box.port)
        plan, letters = send(round_, "smtp")
        assert [code for code, _ in codes(plan)] == ["XS825"]
        assert len(letters) == 13
        went = [*rcpts, *(to for one in box.taken for to in one.rcpt_tos)]
        assert len(went) == len(set(went)) == 16
        plan, letters = send(round_, "smtp")
        assert ([code for code, _ in codes(plan)], letters) == (["XS825"], [])


def test_two_who_send_at_once_dont_send_twice(round_: Round, box: Box, folder: Path) -> None:
    mine = plan_issue(round_).letters
    with Round(folder, NOW) as other:
        assert len(send(other, "smtp", node="barn-unga", level="all")[1]) == 3
    assert len(deliver(round_, mine, "smtp")) == 13
    assert len(box.taken) == 16
    assert send(round_, "smtp")[1] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "e-postserver"),
        ('[smtp]\nhost = "x.example"\n', "avsändare"),
        ('[sender]\naddress = "fel"\n[smtp]\nhost = "x.example"\n', "avsändare"),
        (
            '[sender]\naddress = "a@b.example"\n[smtp]\nhost = "x.example"\nsecret = "env:FINNS_INTE_42"\n',
            "FINNS_INTE_42",
        ),
    ],
)
def test_settings_that_lack_something_stop_before_anything_goes(round_: Round, text: str, said: str) -> None:
    desk.write_settings(round_, text)
    before = desk.register(round_)
    with pytest.raises(XlstyrError, match=said):
        send(round_, "smtp")
    assert desk.register(round_) == before


# the settings file


def test_the_shipped_settings_are_the_defaults() -> None:
    """What stands in the file that every round gets is what holds without it, and everything stands there."""
    import tomllib

    text = (templates() / "xlstyr.toml").read_text("utf-8")
    assert load_settings(templates()) == Settings()
    stated = tomllib.loads(text)
    whole = Settings().model_dump(mode="json")
    assert {key: set(value) for key, value in stated.items() if isinstance(value, dict)} == {
        key: set(value) for key, value in whole.items() if isinstance(value, dict)
    }
    assert stated["reminder"] == whole["reminder"]


def test_a_new_round_gets_settings_and_letters_to_change(tmp_path: Path) -> None:
    start_round(tmp_path / "ny", 2031, None)
    assert load_settings(tmp_path / "ny") == Settings()
    names = {path.name for path in (tmp_path / "ny" / "brev").iterdir()}
    assert {"issue.txt.j2", "reminder.txt.j2"} <= names


# the command


def run(*words: object, code: int = 0) -> Any:
    done = CliRunner().invoke(group, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def test_the_command_says_what_lies_where(folder: Path) -> None:
    import json

    dry = run("send", "--round", folder, "--dry-run", "--node", "samhalle-forv", "--level", "down").output
    assert "Skulle skrivas: 3" in dry
    assert "lokaler-stad@exempelby.example" in dry
    told = json.loads(run("send", "--round", folder, "--json", "--node", "hemtjanst").stdout)
    assert told["channel"] == "draft"
    [letter] = told["letters"]
    assert (letter["status"], letter["nodes"], letter["reference"]) == (
        "draft",
        ["hemtjanst"],
        "exempelby-2031/hemtjanst/proposal/1",
    )
    assert (folder / letter["file"]).is_file()
    said = run("send", "--round", folder).output
    assert ("Utkast i" in said, "Inget har lämnat datorn" in said, "redan fått sin arbetsbok: 1" in said) == (
        True,
        True,
        True,
    )
    assert "Inget nytt att skicka" in run("send", "--round", folder).output
    assert json.loads(run("send", "--round", folder, "--json", "--dry-run").stdout)["letters"] == []


def test_when_nobody_has_an_address_that_is_said_and_not_that_there_is_nothing_new(folder: Path) -> None:
    [control] = folder.glob("Styrbok*.xlsx")
    edit = Edit(control.read_bytes())
    table = edit.table("contacts")
    for place in table.rows.values():
        edit.set(table.sheet, f"{table.columns['email']}{place}", None)
    control.write_bytes(edit.bytes())
    said = run("send", "--round", folder).output
    assert said.startswith("Inget skickades: 16 saknar adress.") and "Inget nytt" not in said


def test_the_command_refuses_what_it_doesnt_understand(folder: Path) -> None:
    assert "hemtjanst" in run("send", "--round", folder, "--node", "hemtjnst", code=2).output
    assert "--node" in run("send", "--round", folder, "--level", "down", code=2).output


def test_what_couldnt_be_sent_is_exit_code_1(folder: Path, box: Box) -> None:
    box.answers = {"hemtjanst@exempelby.example": ["550 okänd"]}
    said = run("send", "--round", folder, "--channel", "smtp", code=1).output
    assert ("Skickade: 15" in said, "Gick inte iväg: 1" in said, "XS824" in said) == (True, True, True)
