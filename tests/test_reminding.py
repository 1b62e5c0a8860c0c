"""``remind``: only those who haven't answered, a step at a time, each step once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.mail import desk
from tests.mail.server import scripted
from tests.office.xmledit import Edit
from xlstyr.cli.main import group
from xlstyr.mail.reference import find_reference
from xlstyr.mail.smtp import Pace
from xlstyr.model.premises import Contact
from xlstyr.rounds.following.reminding import plan_reminders
from xlstyr.rounds.following.replying import Return, laid, plan_returns
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.outgoing.commenting import comment
from xlstyr.rounds.outgoing.delivering import deliver
from xlstyr.rounds.outgoing.letters import Outgoing
from xlstyr.rounds.outgoing.sending import Plan, plan_issue
from xlstyr.rounds.round import Round

UNITS = {
    "ekonomi-kansli",
    "bibliotek-arkiv",
    "asens-forskola",
    "angsskolan",
    "hemtjanst",
    "bjorkbacken",
    "gata-park",
    "lokaler-stad",
}
"""Those whose last day is 5 June."""


@pytest.fixture
def round_(exempelby_answered: Path, copied: Callable[[Path], Path], opened: Callable[[Path], Round]) -> Round:
    """A round whose workbooks are sent; nobody has answered."""
    round_ = opened(desk.unsent(copied(exempelby_answered)))
    deliver(round_, plan_issue(round_).letters, "folder")
    return round_


def remind(round_: Round, day: date, channel: str = "draft", node: str | None = None) -> tuple[Plan, list[Letter]]:
    round_.now = desk.on(day)
    plan = plan_reminders(round_, node)
    return plan, deliver(round_, plan.letters, channel, pace=Pace(sleep=lambda _: None))


def nodes(letters: list[Letter] | list[Outgoing]) -> set[str]:
    return {letter.node if isinstance(letter, Letter) else letter.nodes[0] for letter in letters}


def test_nobody_is_reminded_before_the_day(round_: Round) -> None:
    plan, letters = remind(round_, date(2030, 6, 1))
    assert (letters, len(plan.already)) == ([], 16)


def test_those_who_have_answered_are_left_alone(round_: Round) -> None:
    collect(
        round_, [round_.folder / "inkorg" / f"Budget 2031 {name}.xlsx" for name in ("Åsens förskola", "Ängsskolan F–9")]
    )
    plan, letters = remind(round_, date(2030, 6, 2))
    assert nodes(letters) == UNITS - {"asens-forskola", "angsskolan"}
    assert all(letter.copies == () for letter in letters)
    assert len(plan.already) == 8
    states = {state.node.id: state.state for state in node_states(round_)}
    assert (states["hemtjanst"], states["asens-forskola"], states["styrelsen"]) == ("reminded", "received", "sent")


def test_a_refused_file_is_no_answer(round_: Round) -> None:
    name = "Budget 2031 Hemtjänst öster & väster.xlsx"
    edit = Edit((round_.folder / "inkorg" / name).read_bytes())
    (round_.folder / "inkorg" / name).write_bytes(edit.bytes()[:-2000])
    [taken] = collect(round_, [round_.folder / "inkorg" / name])
    assert taken.examined.status == "refused"
    assert "hemtjanst" in nodes(remind(round_, date(2030, 6, 2))[1])


TO_CORRECT = ("budget", "64110-V520", "change", "1.234")
TO_EXPLAIN = ("budget", "50210-V520", "comment", None)
PERSONAL = ("signoff", "message", "value", "Ring 811228-9874.")


def answered_badly(round_: Round, cell: tuple[str, str, str, str | None] | None = TO_CORRECT) -> None:
    """Hemtjänst has answered with something to correct, and it was returned the same day."""
    name = "Budget 2031 Hemtjänst öster & väster.xlsx"
    edit = Edit((round_.folder / "inkorg" / name).read_bytes())
    if cell is not None:
        edit.set(*edit.at(*cell[:3]), cell[3])
    (round_.folder / "inkorg" / name).write_bytes(edit.bytes())
    collect(round_, [round_.folder / "inkorg" / name])
    returns = [laid(round_, one) for one in plan_returns(round_, ["hemtjanst"]) if isinstance(one, Return)]
    deliver(round_, [one.letter for one in returns if one.letter is not None])


def test_a_returned_answer_that_is_never_corrected_is_reminded_of(round_: Round) -> None:
    answered_badly(round_)
    assert {one.node.id: one.state for one in node_states(round_)}["hemtjanst"] == "returned"
    plan, _ = remind(round_, date(2030, 6, 2), node="hemtjanst")
    [letter] = plan.letters
    assert "väntar på din rättning" in letter.subject and "väntar på din rättning" in letter.body
    assert "inte fått arbetsboken" not in letter.body
    assert [path.parent.name for path in letter.files] == ["retur"]
    assert remind(round_, date(2030, 6, 3), node="hemtjanst")[1] == []  # each step once
    for path in letter.files:
        path.unlink()
    plan, _ = remind(round_, date(2030, 6, 6), node="hemtjanst")
    assert [path.name for path in plan.letters[0].files] == ["Budget 2031 Hemtjänst öster & väster.xlsx"]


def test_a_return_that_asks_for_nothing_is_never_reminded_of(round_: Round) -> None:
    comment(round_, "hemtjanst", "Tack för ett fint underlag!")
    answered_badly(round_, None)
    [letter] = desk.drafts(round_.folder).values()
    said = desk.text(letter)
    assert "svaret räknas som det är" in said and "Tack för ett fint underlag!" in said
    assert "GÖR SÅ HÄR" not in said and "Sista dag" not in said and "OM DU ÄNDÅ VILL ÄNDRA" in said
    for day in (date(2030, 6, 2), date(2030, 6, 20)):
        plan, letters = remind(round_, day, node="hemtjanst")
        assert (letters, plan.already) == ([], [])


def test_an_explanation_is_asked_for_without_saying_that_the_answer_is_missing(round_: Round) -> None:
    answered_badly(round_, TO_EXPLAIN)
    plan, _ = remind(round_, date(2030, 6, 20), node="hemtjanst")
    [letter] = plan.letters
    assert "väntar på din förklaring" in letter.subject and "Det räknas" in letter.body
    assert "rättad fil" not in letter.body and "saknar" not in letter.subject + letter.body
    assert letter.copies == ()
    assert [path.parent.name for path in letter.files] == ["retur"]


@pytest.mark.parametrize("quarantined", [False, True])
def test_who_sent_what_could_not_be_read_is_asked_to_send_it_again(round_: Round, quarantined: bool) -> None:
    name = "Budget 2031 Hemtjänst öster & väster.xlsx"
    path = round_.folder / "inkorg" / name
    if quarantined:
        answered_badly(round_, PERSONAL)
    else:
        path.write_bytes(path.read_bytes()[:-2000])
        collect(round_, [path])
        returns = [laid(round_, one) for one in plan_returns(round_, ["hemtjanst"]) if isinstance(one, Return)]
        deliver(round_, [one.letter for one in returns if one.letter is not None])
    plan, _ = remind(round_, date(2030, 6, 2), node="hemtjanst")
    [letter] = plan.letters
    assert letter.subject.startswith("Skicka din fil på nytt")
    assert "Här är arbetsboken som vi skickade den" in letter.body
    assert "Det du har skrivit står kvar" not in letter.body and "Fliken Återkoppling" not in letter.body
    assert [file.parent.name for file in letter.files] == ["Välfärdsnämnden"]


def test_copies_are_named_as_people_do_and_reminders_have_no_number(round_: Round) -> None:
    plan, _ = remind(round_, date(2030, 6, 20), node="hemtjanst")
    [letter] = plan.letters
    assert "går till controller.valfard@exempelby.example och omsorg@exempelby.example." in letter.body
    assert "nummer" not in letter.body


def test_a_corrected_answer_is_reminded_of_no_more(round_: Round) -> None:
    answered_badly(round_)
    [returned] = (round_.folder / "retur").iterdir()
    edit = Edit(returned.read_bytes())
    edit.set(*edit.at("budget", "64110-V520", "change"), 2)
    path = round_.folder / "inkorg" / returned.name
    path.write_bytes(edit.bytes())
    collect(round_, [path])
    assert remind(round_, date(2030, 6, 2), node="hemtjanst")[1] == []


def test_those_who_never_got_anything_arent_reminded(round_: Round) -> None:
    round_.register.db.execute("delete from events where kind = 'sent' and node = 'hemtjanst'")
    assert "hemtjanst" not in nodes(remind(round_, date(2030, 6, 2))[1])


def test_each_step_once_with_the_right_copies(round_: Round) -> None:
    seen = {}
    for day in (
        date(2030, 6, 2),
        date(2030, 6, 3),
        date(2030, 6, 6),
        date(2030, 6, 9),
        date(2030, 6, 10),
        date(2030, 6, 30),
    ):
        _, letters = remind(round_, day, node="hemtjanst")
        seen[day.day] = [letter.copies for letter in letters]
    controller = "controller.valfard@exempelby.example"
    assert seen == {2: [()], 3: [], 6: [(controller,)], 9: [], 10: [(controller, "omsorg@exempelby.example")], 30: []}
    told = [event.data for event in round_.register.events(["reminded"])]
    assert [data["level"] for data in told] == [1, 2, 3]
    assert len({data["letter"] for data in told}) == 3


def test_whoever_comes_late_gets_only_the_latest_step(round_: Round) -> None:
    _, [letter] = remind(round_, date(2030, 6, 20), node="hemtjanst")
    assert len(letter.copies) == 2
    assert remind(round_, date(2030, 6, 21), node="hemtjanst")[1] == []


def test_the_certifier_is_found_upwards_and_nobody_gets_two(round_: Round) -> None:
    steps = '[[reminder]]\ndays = 0\ncopy_to = ["certifier", "controller", "line_parent"]\n'
    desk.write_settings(round_, steps)
    desk.with_contacts(round_, Contact("omsorg", "responsible", "Chef", "HEMTJANST@exempelby.example"))
    _, [letter] = remind(round_, date(2030, 6, 5), node="hemtjanst")
    assert letter.copies == ("controller.valfard@exempelby.example",)


def test_the_reminder_says_what_is_missing_and_has_the_workbook(round_: Round) -> None:
    remind(round_, date(2030, 6, 2), node="hemtjanst")
    [(name, message)] = desk.drafts(round_.folder).items()
    assert name == "Påminnelse Budget 2031 Hemtjänst öster & väster.eml"
    subject = str(message["Subject"])
    assert subject.startswith("Påminnelse: Hemtjänst")
    reference = find_reference(subject)
    assert reference is not None
    assert (reference.node, reference.kind, reference.issue) == ("hemtjanst", "reminder", 1)
    assert "onsdag 5 juni 2030" in desk.text(message)
    issue = round_.register.issue("hemtjanst", "proposal")
    assert issue is not None
    assert desk.files(message) == {Path(issue.file).name: (round_.folder / issue.file).read_bytes()}
    remind(round_, date(2030, 6, 6), node="hemtjanst")
    [message] = desk.drafts(round_.folder).values()
    assert str(message["Subject"]).startswith("Vi saknar ditt svar")
    assert message["Cc"] == "controller.valfard@exempelby.example"
    assert "controller.valfard@exempelby.example" in desk.text(message)


def test_one_person_gets_one_reminder(round_: Round) -> None:
    head = "rektor@exempelby.example"
    desk.with_contacts(round_, *(c for node in ("asens-forskola", "angsskolan") for c in desk.responsible(node, head)))
    _, letters = remind(round_, date(2030, 6, 2))
    [letter] = [letter for letter in letters if letter.recipients == (head,)]
    assert letter.node == "asens-forskola angsskolan"


def test_the_second_run_changes_nothing(round_: Round) -> None:
    remind(round_, date(2030, 6, 6))
    before, said = desk.everything(round_.folder), desk.register(round_)
    assert remind(round_, date(2030, 6, 6))[1] == []
    assert (desk.everything(round_.folder), desk.register(round_)) == (before, said)


def test_gaps_are_named(round_: Round) -> None:
    desk.with_contacts(round_, drop=("hemtjanst",))
    plan, letters = remind(round_, date(2030, 6, 6))
    assert [(f.code, f.place.node) for f in plan.findings] == [("XS820", "hemtjanst")]
    assert nodes(letters) == UNITS - {"hemtjanst"}


def test_an_unsure_reminder_isnt_sent_again_but_the_next_step_is(round_: Round) -> None:
    hello = [("ehlo", "250 test"), ("mail", "250 ok"), ("rcpt", "250 ok"), ("DATA", "354 go")]
    with scripted([[*hello, (".", "hang up")]]) as (port, _):
        server = f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nlogin = "none"\n'
        desk.write_settings(round_, f'[sender]\naddress = "a@b.example"\n{server}')
        _, [letter] = remind(round_, date(2030, 6, 2), "smtp", "hemtjanst")
    assert letter.status == "unsure"
    plan, letters = remind(round_, date(2030, 6, 3), node="hemtjanst")
    assert ([f.code for f in plan.findings], letters) == (["XS825"], [])
    assert "…" not in plan.findings[0].fix
    plan, letters = remind(round_, date(2030, 6, 6), node="hemtjanst")
    assert ([f.code for f in plan.findings], nodes(letters)) == ([], {"hemtjanst"})


def test_other_deadlines_other_days(round_: Round) -> None:
    """Each kind of node has its own last day, and a changed one holds at once."""
    assert nodes(remind(round_, date(2030, 6, 12))[1]) == UNITS | {"barn-unga", "omsorg"}
    later = tuple(replace(phase, deadline=date(2030, 9, 1)) for phase in round_.premises.phases)
    desk.put(round_, phases=later)
    assert remind(round_, date(2030, 6, 30))[1] == []


def test_the_command(round_: Round) -> None:
    folder = round_.folder
    desk.write_settings(folder, "[[reminder]]\ndays = -3000\n")
    dry = CliRunner().invoke(group, ["remind", "--round", str(folder), "--node", "omsorg", "--dry-run"])
    assert (dry.exit_code, "Skulle skrivas: 3" in dry.output, "/1p]" in dry.output) == (0, True, True)
    said = CliRunner().invoke(group, ["remind", "--round", str(folder), "--node", "omsorg"])
    assert (said.exit_code, "Utkast i" in said.output) == (0, True)
    third = CliRunner().invoke(group, ["remind", "--round", str(folder), "--node", "omsorg"])
    assert "Har inte svarat eller rättat, men ska inte påminnas i dag: 3." in third.output
    again = CliRunner().invoke(
        group, ["remind", "--round", str(folder), "--node", "omsorg", "--level", "own", "--json"]
    )
    assert (again.exit_code, '"already": [\n  "omsorg"\n ]' in again.output) == (0, True)
