"""``status``: where every node stands, how it came there, what is late, and the same as a workbook."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.conftest import NOW
from tests.office.compare import compare
from tests.office.soffice import Office
from tests.office.xmledit import Edit, Typed
from xlstyr.cli.main import group
from xlstyr.model.delivery import Delivery
from xlstyr.rounds.deciding.certifying import certify, reopen
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.replying import Return, plan_returns
from xlstyr.rounds.following.replying import laid as kept
from xlstyr.rounds.following.situation import write_situation
from xlstyr.rounds.following.status import history, node_states
from xlstyr.rounds.incoming.collecting import collect, take_in
from xlstyr.rounds.outgoing.commenting import comment
from xlstyr.rounds.outgoing.delivering import deliver
from xlstyr.rounds.round import Round

UNIT = "hemtjanst"
LATE = datetime(2030, 6, 10, 9, tzinfo=UTC)

COURSES = [
    (["issued", "sent", "issued", "sent"], "sent"),
    (["sent", "accepted", "sent"], "received"),
    (["sent", "accepted", "issued"], "received"),
    (["sent", "accepted", "issued", "sent"], "sent"),
    (["sent", "accepted", "reminded"], "received"),
    (["sent", "accepted", "returned", "reminded"], "returned"),
    (["sent", "accepted", "returned", "accepted", "accepted"], "corrected"),
    (["sent", "accepted", "certified", "accepted"], "certified"),
    (["sent", "accepted", "certified", "included", "accepted", "returned"], "included"),
    (["sent", "accepted", "included", "certified"], "certified"),
    (["sent", "accepted", "returned", "included"], "returned"),
    (["sent", "accepted", "returned", "included", "accepted"], "corrected"),
    (["sent", "accepted", "certified", "included", "reopened"], "received"),
    (["sent", "accepted", "certified", "returned", "accepted", "reopened"], "corrected"),
    (["sent", "accepted", "certified", "reopened", "certified"], "certified"),
    (["sent", "accepted", "certified", "refused"], "certified"),
    (["sent", "accepted", "included", "commented", "decided", "quarantined", "archived"], "included"),
    (["sent", "accepted", "told"], "received"),
    (["sent", "accepted", "included", "told"], "included"),
    (["sent", "accepted", "told", "accepted"], "corrected"),
    (["sent", "accepted", "returned", "told"], "returned"),
    (["sent", "accepted", "asked"], "returned"),
]
"""``told``: a return that asks for nothing. ``asked``: one that asks for an explanation."""
ASKS = {"told": "", "asked": "explanation"}


@pytest.mark.parametrize(("happened", "state"), COURSES, ids=[" ".join(events) for events, _ in COURSES])
def test_state_follows_from_what_happened(
    exempelby_answered: Path, copied: Callable[[Path], Path], happened: list[str], state: str
) -> None:
    with Round(copied(exempelby_answered), NOW) as round_, round_.register.transaction():
        round_.register.db.execute("delete from events")
        for minute, kind in enumerate(happened):
            status = {"status": kind} if kind in ("accepted", "refused") else {}
            data = status or ({"asks": ASKS[kind]} if kind in ASKS else {"digest": "0" * 64})
            at = NOW + timedelta(minutes=minute)
            event = "received" if status else "returned" if kind in ASKS else kind
            round_.register.add_event(event, UNIT, "proposal", at, **data)
        one = next(one for one in node_states(round_) if one.node.id == UNIT)
        told = history(round_, UNIT)
    assert one.state == state
    assert (one.signature is not None) == ("certified" in happened and happened[-1] != "reopened")
    assert [change for change in told if change.state == state][-1] == one.change
    assert [change.at for change in told] == sorted(change.at for change in told)


@pytest.fixture
def place(exempelby_answered: Path, copied: Callable[[Path], Path], opened: Callable[[Path], Round]) -> Round:
    """Exempelby with nothing collected."""
    return opened(copied(exempelby_answered))


def test_history_tells_when_who_why_and_which_file(place: Round) -> None:
    name = "Budget 2031 Hemtjänst öster & väster.xlsx"
    data = (place.folder / "inkorg" / name).read_bytes()
    place.now = NOW + timedelta(hours=1)
    take_in(place, data, name, Delivery(place.now, "message", "m1", "1", "hemtjanst@exempelby.example"))
    place.now = NOW + timedelta(hours=2)
    certify(place, UNIT, "controller.valfard@exempelby.example")
    place.now = NOW + timedelta(hours=3)
    reopen(place, UNIT, "Fel lönenivå")
    assert [(one.at - NOW, one.state, one.who, one.why, one.file) for one in history(place, UNIT)] == [
        (timedelta(0), "sent", "", "", ""),
        (timedelta(hours=1), "received", "hemtjanst@exempelby.example", "", name),
        (timedelta(hours=2), "certified", "controller.valfard@exempelby.example", "", ""),
        (timedelta(hours=3), "received", "Styrbokens ägare", "Fel lönenivå", ""),
    ]


def test_who_is_late_follows_the_deadline_of_each_kind(place: Round) -> None:
    collect(place)
    assert {one.late for one in node_states(place)} == {""}
    place.now = LATE
    late = {one.node.id: one.late for one in node_states(place) if one.late}
    assert late.pop("bjorkbacken") == "answer"
    units = {n.id for n in place.premises.organisation if n.kind == "unit"}
    assert late == dict.fromkeys(units - {"bjorkbacken"}, "certification")


def test_findings_are_those_of_the_answer_that_stands(place: Round) -> None:
    name = "Budget 2031 Hemtjänst öster & väster.xlsx"
    edit = Edit((place.folder / "inkorg" / name).read_bytes())
    row = next(row for row in edit.table("budget").rows if not row.startswith(("#", "n")))
    good = edit.bytes()
    edit.set(*edit.at("budget", row, "change"), -900)

    def errors() -> int:
        return next(one.errors for one in node_states(place) if one.node.id == UNIT)

    take_in(place, edit.bytes(), name, Delivery(NOW))
    assert errors() == 1
    take_in(place, b"", name, Delivery(NOW))
    assert errors() == 1
    take_in(place, good, "rival.xlsx", Delivery(NOW))
    assert errors() == 2, "both are alive, and nobody has chosen"


def laid(place: Round, node: str, *cells: tuple[str, str, str, Typed], name: str = "") -> Path:
    """The answer of ``node`` with other values, outside the inbox. Row ``1`` is the first that was issued."""
    issue = place.register.issue(node, "proposal")
    assert issue is not None
    file = Path(issue.file).name
    edit = Edit((place.folder / "inkorg" / file).read_bytes())
    for table, given, column, value in cells:
        first = next(row for row in edit.table(table).rows if not row.startswith(("#", "n")))
        edit.set(*edit.at(table, first if given == "1" else given, column), value)
    path = place.folder / (name or file)
    path.write_bytes(edit.bytes())
    return path


def send_back(place: Round, *nodes: str) -> None:
    """Their answers are returned, as drafts."""
    returns = [kept(place, one) for one in plan_returns(place, nodes) if isinstance(one, Return)]
    deliver(place, [one.letter for one in returns if one.letter is not None])


WARNED = ("budget", "50210-V520", "comment", None)
"""A large change that nobody has explained: a varning."""
HELD = ("budget", "1", "change", "1.234")
"""An amount that can be read in two ways: a fel that holds the money."""
OVER = ("budget", "1", "change", -5000)
"""More than the frame: a fel, and the money counts all the same."""
RIVAL = ("signoff", "message", "value", "Ett annat svar.")


@pytest.fixture
def various(place: Round) -> Round:
    """Answers of every kind; all but those that can't be were returned, and it is after the last day."""
    collect(place, [laid(place, node) for node in ("lokaler-stad", "gata-park", "asens-forskola")])
    collect(place, [laid(place, "hemtjanst", WARNED), laid(place, "angsskolan")])
    collect(place, [laid(place, "angsskolan", RIVAL, name="annan.xlsx")])
    collect(place, [laid(place, "ekonomi-kansli", OVER), laid(place, "bibliotek-arkiv", HELD)])
    comment(place, "lokaler-stad", "Tack för ett fint underlag!")
    send_back(place, "lokaler-stad", "hemtjanst", "ekonomi-kansli", "bibliotek-arkiv")
    place.now = LATE
    return place


def test_what_counts_is_what_the_sums_have_whatever_has_been_returned(various: Round) -> None:
    states = {one.node.id: one for one in node_states(various)}
    scope = consolidate(various).scope
    assert {node for node, one in states.items() if one.is_in} == {one.id for one in scope.expected} - set(scope.gaps)
    told = {node: (one.state, one.awaits, one.late, one.held) for node, one in states.items() if node in RETURNED}
    assert told == RETURNED
    assert states["angsskolan"].competing and not states["angsskolan"].is_in


RETURNED = {
    "lokaler-stad": ("received", "", "certification", False),  # comments alone
    "hemtjanst": ("returned", "explanation", "certification", False),  # a varning: it counts
    "ekonomi-kansli": ("returned", "correction", "answer", False),  # a fel that holds nothing
    "bibliotek-arkiv": ("returned", "correction", "answer", True),
    "bjorkbacken": ("sent", "answer", "answer", False),
}


def test_a_return_takes_nobody_out_of_the_sums_that_were_made(place: Round) -> None:
    collect(place, [laid(place, "hemtjanst", WARNED), laid(place, "lokaler-stad")])
    consolidate(place)
    comment(place, "lokaler-stad", "Tack!")
    send_back(place, "hemtjanst", "lokaler-stad")
    states = {one.node.id: one for one in node_states(place)}
    assert [(states[node].state, states[node].included) for node in ("hemtjanst", "lokaler-stad")] == [
        ("returned", True),
        ("included", True),
    ]
    assert [change.state for change in history(place, "lokaler-stad")][-1] == "told"


def test_the_tree_and_the_workbook_say_who_is_held_and_who_competes(various: Round) -> None:
    edit = Edit(write_situation(various, node_states(various)).read_bytes())
    nodes = {str(row[0]): [str(value) for value in row] for row in texts(edit, "Noder")[3:] if row}
    names = {node.id: node.name for node in various.premises.organisation}
    assert any("Två svar tävlar" in text for text in nodes[names["angsskolan"]])
    assert any("Rättelsen är 5 dagar sen" in text for text in nodes[names["bibliotek-arkiv"]])
    assert not any("Väntar på svar" in text for text in nodes[names["lokaler-stad"]])
    assert any("1 att förklara" in text or "Klarmarkera" in text for text in nodes[names["hemtjanst"]])
    collect(various, [laid(various, "omsorg", HELD)])
    counted = sum(one.is_in for one in node_states(various))
    various.close()
    out = run(various.folder)[1]
    lines = {line[2:].strip().split("  ")[0]: line for line in out.splitlines() if line}
    assert lines[names["angsskolan"]].startswith("▲") and lines[names["angsskolan"]].endswith("två svar tävlar")
    assert lines[names["omsorg"]].startswith("▲") and "inkommen, hålls: 1 fel" in lines[names["omsorg"]]
    assert f"{counted}/16" in lines["Exempelby kommun"]
    assert "1 påmind" not in out and "3 returnerade" in out


def test_both_rivals_are_in_the_history_with_their_checksums(various: Round) -> None:
    files = [change.file for change in history(various, "angsskolan") if change.state == "received"]
    assert files == ["Budget 2031 Ängsskolan F–9.xlsx", "annan.xlsx"]
    various.close()
    out = run(various.folder, "angsskolan")[1]
    sums = [hashlib.sha256((various.folder / file).read_bytes()).hexdigest()[:8] for file in ("annan.xlsx",)]
    assert f"annan.xlsx ({sums[0]})" in out


def test_an_answer_to_a_former_issue_that_counts_is_not_waited_for(place: Round) -> None:
    collect(place, [laid(place, "hemtjanst")])
    with place.register.transaction():
        place.register.add_event("issued", "hemtjanst", "proposal", NOW, issue=2)
        place.register.add_event("sent", "hemtjanst", "proposal", NOW, issue=2)
    place.now = LATE
    one = next(one for one in node_states(place) if one.node.id == "hemtjanst")
    assert (one.state, one.is_in, one.awaits, one.late) == ("sent", True, "", "certification")


# the command


def run(folder: Path, *args: str) -> tuple[int, str]:
    """(exit code, what was said) of ``status``."""
    done = CliRunner().invoke(group, ["status", *args, "--round", str(folder)])
    return done.exit_code, done.output


def test_the_tree_shows_progress_of_each_branch(place: Round) -> None:
    collect(place)
    place.close()
    code, out = run(place.folder)
    assert code == 0
    lines = {line[2:].strip().split("  ")[0]: line for line in out.splitlines() if line}
    assert "15/16 ██████░" in lines["Exempelby kommun"]
    assert "7/8 ██████░" in lines["Välfärdsnämnden"]
    assert "4/4 ███████" in lines["Samhällsnämnden"]
    assert "█" not in lines["Ängsskolan F–9"]
    assert "utskickad, senast 2030-06-05" in lines["Äldreboendet Björkbacken"]
    assert lines["Äldreboendet Björkbacken"].startswith("○")
    assert lines["Ängsskolan F–9"].index("Ä") > lines["Barn & unga"].index("B") > lines["Välfärdsnämnden"].index("V")
    assert "0 av 16 klarmarkerade" in out
    assert "\x1b" not in out, "colours are for terminals"


def test_json_tells_everything_of_each_node(place: Round) -> None:
    collect(place)
    certify(place, UNIT)
    consolidate(place)
    place.close()
    said: dict[str, Any] = json.loads(run(place.folder, "--json")[1])
    assert set(said) == {"nodes"}
    nodes = {node.pop("node"): node for node in said["nodes"]}
    assert len(nodes) == 16
    node = nodes[UNIT]
    assert (node["state"], node["certified"], node["certified_by"]) == ("included", True, "owner")
    assert (node["errors"], node["warnings"], node["late"]) == (0, 0, None)
    assert (node["deadline"], node["certify_by"]) == ("2030-06-05", "2030-06-05")
    assert (node["since"], node["who"], node["why"]) == (NOW.isoformat(), None, None)
    assert (nodes["angsskolan"]["certified"], nodes["bjorkbacken"]["state"]) == (False, "sent")


def test_one_node_is_told_with_its_history_and_findings(place: Round) -> None:
    collect(place)
    certify(place, UNIT, "controller.valfard@exempelby.example")
    place.close()
    code, out = run(place.folder, UNIT)
    assert code == 0
    assert "Hemtjänst öster & väster: klarmarkerad" in out
    assert "Controller, välfärd (controller.valfard@exempelby.example)" in out
    assert "inkommen  Budget 2031 Hemtjänst öster & väster.xlsx" in out
    said = json.loads(run(place.folder, UNIT, "--json")[1])
    assert [change["state"] for change in said["history"]] == ["sent", "received", "certified"]
    assert (len(said["nodes"]), said["findings"]) == (1, [])


def test_a_node_that_nobody_has_or_that_gets_no_workbook(exempelby: Path) -> None:
    code, out = run(exempelby, "hemtjnst")
    assert code == 2
    assert "Menade du hemtjanst?" in out
    assert run(exempelby, "exempelby-bostader")[0] == 0
    assert json.loads(run(exempelby, "exempelby-bostader", "--json")[1])["nodes"] == []


# the workbook


def texts(edit: Edit, sheet: str) -> list[list[object]]:
    """What each row of a sheet shows, blanks and the two hidden columns left out."""
    rows = edit.rows(sheet).values()
    return [[value for key, value in row.items() if key not in "AD" and value not in (None, "")] for row in rows]


def test_the_workbook_says_what_status_says(place: Round) -> None:
    collect(place)
    take_in(place, b"Hej!", "hej.txt", Delivery(NOW, "message", "m9", "1", "nagon@annan.example"))
    certify(place, UNIT, "controller.valfard@exempelby.example")
    consolidate(place)
    place.now = LATE
    states = node_states(place)
    path = write_situation(place, states)
    edit = Edit(path.read_bytes())
    page = texts(edit, "Lägesbild")
    assert next(row for row in page if row and row[0] == 15)[:4] == [15, 1, 15, 1]
    welfare = next(row for row in page if row and row[0] == "Välfärdsnämnden" and len(row) > 3)
    assert welfare[1:3] == [8, 7]
    assert "▲ Sena svar" in welfare
    assert next(row for row in page if "Äldreboendet Björkbacken" in row)[:2] == ["Äldreboendet Björkbacken", 5]
    assert ["Inräknad och klarmarkerad", 1] in page
    assert ["Inräknad", 14] in page
    nodes = {row[0]: row for row in texts(edit, "Noder")[3:] if row}
    assert len(nodes) == 17
    assert "✔ controller.valfard@exempelby.example" in nodes["Hemtjänst öster & väster"]
    assert "▲ Svaret är 5 dagar sent" in nodes["Äldreboendet Björkbacken"]
    [odd] = [row for row in texts(edit, "Inkommet") if "hej.txt" in row]
    assert {"nagon@annan.example", "▲ avvisad"} <= set(odd)
    before = path.read_bytes()
    assert write_situation(place, states).read_bytes() == before


def test_the_workbook_of_a_round_where_nothing_has_happened(exempelby_answered: Path, place: Round) -> None:
    edit = Edit(write_situation(place, node_states(place)).read_bytes())
    page = texts(edit, "Lägesbild")
    assert ["Ingen är sen."] in page
    assert ["Inga anmärkningar."] in page
    assert ["Utskickad", 16] in page


def test_the_workbook_is_no_answer(place: Round) -> None:
    path = write_situation(place, node_states(place))
    taken = take_in(place, path.read_bytes(), path.name, Delivery(NOW))
    assert [f.code for f in taken.examined.findings] == ["XS005"]


@pytest.mark.slow
@pytest.mark.parametrize("sample", ["danderyd", "exempelby"])
def test_formulas_agree_with_another_program(
    sample: str,
    request: pytest.FixtureRequest,
    copied: Callable[[Path], Path],
    opened: Callable[[Path], Round],
    office: Office,
) -> None:
    round_ = opened(copied(request.getfixturevalue(sample)))
    comparison = compare(write_situation(round_, node_states(round_)), office)
    assert comparison.differences == []
    assert comparison.compared > 40


def test_the_command_draws_the_workbook(exempelby: Path, copied: Callable[[Path], Path]) -> None:
    folder = copied(exempelby)
    code, out = run(folder, "--workbook")
    assert code == 0
    assert "Lägesbild.xlsx" in out
    said = json.loads(run(folder, "--workbook", "--json")[1])
    assert Path(said["workbook"]).is_file()
