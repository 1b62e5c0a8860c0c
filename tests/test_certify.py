"""Certification: by the right role, of what has no fel; then locked, in whatever order answers came, until reopened."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.office.xmledit import Edit, Typed
from xlstyr.cli.main import group
from xlstyr.excel.stamp import Stamp
from xlstyr.model.bundle import Contribution, Signature
from xlstyr.model.delivery import Delivery
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.model.records import BudgetLine
from xlstyr.reports.rollup import rollup_content
from xlstyr.rounds.deciding.certifying import certifiers, certify, reopen
from xlstyr.rounds.deciding.locking import lock_of
from xlstyr.rounds.following.consolidating import consolidate, scope_of, totals
from xlstyr.rounds.following.lending import lend
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.following.status import NodeStatus, history, node_states
from xlstyr.rounds.incoming.collecting import Taken, take_in
from xlstyr.rounds.incoming.examining import examine
from xlstyr.rounds.incoming.standing import bundle, choose, passed_over
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.register import Event
from xlstyr.rounds.round import Round

UNIT, COMMITTEE = "hemtjanst", "valfard"
CERTIFIER = "controller.valfard@exempelby.example"
HEAD = "hemtjanst@exempelby.example"
STRANGER = "nagon@annan.example"


@dataclass
class Place:
    """A round at work, and the answers that its people would send. ``came`` counts the messages."""

    round: Round
    answers: Path
    came: int = field(default=0, init=False)

    def data(self, node: str, **typed: Typed) -> bytes:
        """The answer of ``node``, with other values on its Klart sheet (``budget`` is the first change, in tkr)."""
        issue = self.round.register.issue(node, self.round.premises.stage)
        assert issue is not None
        return changed((self.answers / "inkorg" / Path(issue.file).name).read_bytes(), **typed)

    def mail(self, data: bytes, sender: str = HEAD, *copies: str, name: str = "svar.xlsx") -> Taken:
        """One message with one workbook is collected."""
        self.came += 1
        delivery = Delivery(self.round.now, "message", f"m{self.came}", "1", sender, copies)
        return take_in(self.round, data, name, delivery)

    def corrected(self, data: bytes, **typed: Typed) -> bytes:
        """What ``data`` becomes when it is returned (revision + 1) and something is changed in it."""
        returned = write_return(self.round, examine(self.round, data, "svar.xlsx"))
        assert returned is not None
        return changed(returned.read_bytes(), **typed)

    def status(self, node: str = UNIT) -> NodeStatus:
        """Where a node stands."""
        return next(one for one in node_states(self.round) if one.node.id == node)

    def said(self, node: str = UNIT) -> set[str]:
        """The digests of what counts for ``node``."""
        return {one.digest for one in bundle(self.round).get((node, self.round.premises.stage), ())}

    def summed(self) -> dict[str, dict[str, int | None]]:
        """The totals of the whole municipality."""
        return totals(scope_of(self.round, self.round.premises.organisation.root.id)[0])

    def told(self, code: str) -> list[Finding]:
        """The findings of rule ``code`` about all the answers together."""
        found = scope_of(self.round, self.round.premises.organisation.root.id)[1]
        return [finding for finding in found if finding.code == code]

    def at(self, now: datetime) -> None:
        """It is another day."""
        self.round.now = now


def changed(data: bytes, budget: Typed = None, **typed: Typed) -> bytes:
    """``data`` with other values on its Klart sheet, and in the first row that may be changed (tkr, with a reason)."""
    edit = Edit(data)
    for key, value in typed.items():
        edit.set(*edit.at("signoff", key, "value"), value)
    if budget is not None:
        row = next(row for row in edit.table("budget").rows if not row.startswith(("#", "n")))
        edit.set(*edit.at("budget", row, "change"), budget)
        edit.set(*edit.at("budget", row, "comment"), f"Tjänst vakant till augusti, {budget} tkr")
    return edit.bytes()


def codes(taken: Taken) -> list[str]:
    """The codes about certification that collecting told."""
    return [finding.code for finding in taken.examined.findings if finding.code.startswith("XS70")]


@pytest.fixture
def place(exempelby_answered: Path, copied: Callable[[Path], Path], opened: Callable[[Path], Round]) -> Place:
    """Exempelby with nothing collected."""
    return Place(opened(copied(exempelby_answered)), exempelby_answered)


# who


@pytest.mark.parametrize(("node", "of"), [(UNIT, "valfard"), ("valfard", "valfard"), ("gata-park", "samhalle")])
def test_the_nearest_certifier_above_certifies(exempelby: Path, node: str, of: str) -> None:
    with Round(exempelby, NOW) as round_:
        assert [one.email for one in certifiers(round_.premises, node)] == [f"controller.{of}@exempelby.example"]
        assert certifiers(round_.premises, "exempelby") == ()


@pytest.mark.parametrize(
    ("sender", "copies"), [(CERTIFIER, ()), (HEAD, (CERTIFIER,)), (HEAD, (STRANGER, CERTIFIER.title()))]
)
def test_an_answer_from_or_with_copy_to_a_certifier_is_certified(
    place: Place, sender: str, copies: tuple[str, ...]
) -> None:
    taken = place.mail(place.data(UNIT), sender, *copies)
    assert codes(taken) == []
    status = place.status()
    assert (status.state, status.late) == ("certified", "")
    assert status.signature is not None
    assert (status.signature.by, status.signature.role, status.signature.at) == (CERTIFIER, "certifier", NOW)
    assert [one.state for one in history(place.round, UNIT)] == ["sent", "received", "certified"]
    consolidate(place.round)
    status = place.status()
    assert status.state == "included"
    assert status.signature is not None


@pytest.mark.parametrize("sender", [STRANGER, "", "gata-park@exempelby.example"])
def test_anybody_can_write_a_certifier_in_copy(place: Place, sender: str) -> None:
    taken = place.mail(place.data(UNIT), sender, CERTIFIER)
    assert (place.status().state, place.status().signature) == ("received", None)
    [told] = [finding for finding in taken.examined.findings if finding.code == "XS035"]
    assert (sender or "okänd avsändare") in told.message


def test_a_certification_by_copy_tells_who_sent_it(place: Place) -> None:
    place.mail(place.data(UNIT), HEAD, CERTIFIER)
    assert f"genom kopia, sänt av {HEAD}" in history(place.round, UNIT)[-1].why


@pytest.mark.parametrize("sender", ["", HEAD, STRANGER, "controller.samhalle@exempelby.example"])
def test_an_answer_from_others_is_in_and_provisional(place: Place, sender: str) -> None:
    place.mail(place.data(UNIT), sender)
    status = place.status()
    assert (status.state, status.signature) == ("received", None)


def test_an_answer_that_is_not_ready_is_not_certified(place: Place) -> None:
    for number, ready in enumerate(("Nej", None)):
        place.mail(place.data(UNIT, done=ready, message=str(number)), HEAD, CERTIFIER)
        assert (place.status().state, place.status().signature) == ("received", None)


# what


def test_fel_stop_certification_and_never_consolidation(place: Place) -> None:
    """A frame that is passed: the money counts all the same."""
    taken = place.mail(place.data(UNIT, budget=-900), HEAD, CERTIFIER)
    assert [f.code for f in taken.examined.findings if f.severity == "fel"] == ["XS301"]
    [stopped] = [finding for finding in taken.examined.findings if finding.code == "XS706"]
    assert stopped.severity == "varning"
    assert "1 fel" in stopped.message
    status = place.status()
    assert (status.state, status.signature, status.errors) == ("received", None, 1)
    scope, _ = scope_of(place.round, UNIT)
    assert scope.complete


def test_an_explanation_that_is_missing_stops_certification(place: Place) -> None:
    edit = Edit(place.data(UNIT, budget=900))
    row = next(row for row in edit.table("budget").rows if not row.startswith(("#", "n")))
    edit.set(*edit.at("budget", row, "comment"), None)
    taken = place.mail(edit.bytes(), HEAD, CERTIFIER)
    assert "XS302" in [finding.code for finding in taken.examined.findings]
    assert codes(taken) == ["XS706"]
    assert "en förklaring" in taken.examined.findings[-1].message
    assert place.status().signature is None
    refused = certify(place.round, UNIT, CERTIFIER)
    assert [(f.code, f.severity) for f in refused.findings] == [("XS706", "fel")]
    place.mail(place.corrected(edit.bytes(), budget=900), HEAD, CERTIFIER)
    status = place.status()
    assert (status.state, status.signature is not None) == ("certified", True)


def decision(place: Place, **typed: Typed) -> bytes:
    """The committee's answer with its Klart sheet filled in so."""
    clean: dict[str, Typed] = {"done": "Ja", "status": None, "minutes": None, "decided": None}
    return place.data(COMMITTEE, **(clean | typed))


DAY = (date(2030, 9, 2) - date(1899, 12, 30)).days
DECIDED: dict[str, Typed] = {"status": "Nämndens beslut", "minutes": "VN § 45", "decided": DAY}


def test_a_committee_certifies_a_decision_with_its_minutes(place: Place) -> None:
    taken = place.mail(decision(place, **DECIDED), CERTIFIER)
    assert codes(taken) == []
    signature = place.status(COMMITTEE).signature
    assert signature is not None
    assert (signature.minutes, signature.decided) == ("VN § 45", date(2030, 9, 2))
    assert "VN § 45, 2030-09-02" in history(place.round, COMMITTEE)[-1].why


@pytest.mark.parametrize(
    ("typed", "told", "left"),
    [
        ({"status": "Nämndens beslut"}, ["XS702", "XS706"], "paragraf"),
        ({"status": "Nämndens beslut", "minutes": "VN § 45"}, ["XS702", "XS706"], "beslutsdatum"),
        ({}, ["XS706"], "paragraf"),
        ({**DECIDED, "status": "Förvaltningens förslag"}, ["XS706"], "förvaltningens förslag"),
    ],
)
def test_a_committee_certifies_nothing_without_a_decision(
    place: Place, typed: dict[str, Typed], told: list[str], left: str
) -> None:
    taken = place.mail(decision(place, **typed), CERTIFIER)
    assert codes(taken) == told
    assert left in taken.examined.findings[-1].message
    assert place.status(COMMITTEE).signature is None


def test_minutes_given_by_hand_do_for_a_committee(place: Place) -> None:
    place.mail(decision(place, status="Förvaltningens förslag"), "")
    assert [f.code for f in certify(place.round, COMMITTEE, CERTIFIER).findings] == ["XS706"]
    assert [f.code for f in certify(place.round, COMMITTEE, CERTIFIER, "§ 9").findings] == ["XS706"]
    done = certify(place.round, COMMITTEE, CERTIFIER, "§ 9", date(2030, 9, 1))
    assert done.signature is not None
    assert (done.signature.minutes, done.signature.decided, done.findings) == ("§ 9", date(2030, 9, 1), ())


# when


@pytest.mark.parametrize(("day", "told"), [(5, []), (6, ["XS701", "XS705"])])
def test_certifying_after_the_last_day_is_told(place: Place, day: int, told: list[str]) -> None:
    place.at(datetime(2030, 6, day, 9, tzinfo=UTC))
    taken = place.mail(place.data(UNIT), HEAD, CERTIFIER)
    assert codes(taken) == told
    assert place.status().signature is not None


def test_the_last_day_to_certify_may_be_later_than_the_answer(place: Place) -> None:
    (book,) = place.round.folder.glob("Styrbok*.xlsx")
    edit = Edit(book.read_bytes())
    table = edit.table("phases")
    for row in table.rows:
        if edit.get(*edit.at("phases", row, "stage")) and not row.startswith("#"):
            later = (date(2030, 6, 8) - date(1899, 12, 30)).days
            edit.set(*edit.at("phases", row, "certify_by"), later)
    book.write_bytes(edit.bytes())
    with Round(place.round.folder, datetime(2030, 6, 8, 9, tzinfo=UTC)) as round_:
        other = Place(round_, place.answers)
        other.mail(place.data(UNIT), "")
        assert (other.status().certify_by, other.status().late) == (date(2030, 6, 8), "")
        assert certify(round_, UNIT, CERTIFIER).findings == ()
        other.mail(place.data("angsskolan"), "")
        round_.now = datetime(2030, 6, 9, 9, tzinfo=UTC)
        assert other.status("angsskolan").late == "certification"
        assert [f.code for f in certify(round_, "angsskolan", CERTIFIER).findings] == ["XS705"]
        assert other.status("angsskolan").late == ""


# locked


@pytest.mark.parametrize("first", ["certified", "other"])
@pytest.mark.parametrize("returned", [False, True])
def test_a_certified_answer_stands_in_whatever_order_another_comes(place: Place, first: str, returned: bool) -> None:
    mine = place.data(UNIT)
    other = place.corrected(mine, budget=50) if returned else place.data(UNIT, budget=50)
    letters = {"certified": lambda: place.mail(mine, CERTIFIER), "other": lambda: place.mail(other, HEAD)}
    taken = [letters.pop(first)(), next(iter(letters.values()))()]
    assert codes(taken[-1]) == ["XS703"]
    assert place.said() == {examine(place.round, mine, "svar.xlsx").contributions[0].digest}
    assert [f.code for f in place.told("XS703")] == ["XS703"]
    assert place.told("XS501") == place.told("XS502") == []
    assert place.status().state == "certified"
    kept = {path.stem for path in (place.round.folder / "inlämnat").iterdir()}
    assert {one.examined.sha256 for one in taken} <= kept
    consolidate(place.round)
    assert place.status().state == "included"


def test_reopened_with_a_reason_rank_decides_again(place: Place) -> None:
    mine = place.data(UNIT)
    place.mail(mine, CERTIFIER)
    before = place.summed()
    later = place.corrected(mine, budget=50)
    place.mail(later, HEAD)
    assert place.summed() == before
    done = reopen(place.round, UNIT, "Fel lönenivå", CERTIFIER)
    assert done.findings == ()
    assert place.said() == {examine(place.round, later, "svar.xlsx").contributions[0].digest}
    assert place.summed() != before
    status = place.status()
    assert (status.state, status.signature) == ("corrected", None)
    change = history(place.round, UNIT)[-1]
    assert (change.who, change.why) == (CERTIFIER, "Fel lönenivå")
    again = certify(place.round, UNIT)
    assert again.signature is not None
    assert (again.signature.role, again.signature.why) == ("owner", "Fel lönenivå")
    assert place.status().state == "certified"


def test_choosing_a_file_that_is_locked_out_is_refused_with_the_way_out(place: Place, tmp_path: Path) -> None:
    place.mail(place.data(UNIT), CERTIFIER)
    other = tmp_path / "annat svar.xlsx"
    other.write_bytes(place.data(UNIT, message="ett annat svar"))
    place.mail(other.read_bytes(), HEAD)
    with pytest.raises(XlstyrError, match="--reopen"):
        choose(place.round, other)
    assert place.round.register.events(["decided"]) == []
    reopen(place.round, UNIT, "Fel fil")
    assert choose(place.round, other).node == UNIT


def test_collecting_says_that_a_node_is_certified(place: Place) -> None:
    place.mail(place.data(UNIT), CERTIFIER)
    inbox = place.round.folder_of("inbox")
    for path in inbox.iterdir():
        path.unlink()
    (inbox / "ett annat svar.xlsx").write_bytes(place.data(UNIT, message="ett annat svar"))
    code, out = run(place.round.folder, "collect")
    assert code == 0
    assert "XS703" in out
    assert "ett annat svar.xlsx" in out
    assert "1 av dem räknas inte: noden är klarmarkerad" in out
    assert "ersatta" not in out


def test_collecting_says_who_certified_by_sending(place: Place) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Date"] = CERTIFIER, "budget@exempelby.example", NOW
    message["Subject"], message["Message-ID"] = "Svar", "<1@exempelby.example>"
    message.set_content("Hej")
    message.add_attachment(place.data(UNIT), maintype="application", subtype="octet-stream", filename="svar.xlsx")
    inbox = place.round.folder_of("inbox")
    for path in inbox.iterdir():
        path.unlink()
    (inbox / "svar.eml").write_bytes(message.as_bytes())
    code, out = run(place.round.folder, "collect")
    name = place.round.premises.organisation[UNIT].name
    assert code == 0 and f"Klarmarkerade av sig själva: {name} ({CERTIFIER})." in out
    assert "Meddelanden: 1 nytt (1 brev), 0 kända sedan tidigare." in out
    again = run(place.round.folder, "collect")[1]
    assert "Klarmarkerade" not in again and "Meddelanden: inga nya, 1 känt sedan tidigare." in again


def test_what_is_locked_out_is_not_called_replaced(place: Place) -> None:
    first = place.data(UNIT, budget=50)
    place.mail(first, HEAD)
    place.mail(place.corrected(first, budget=40), CERTIFIER)
    other = place.mail(place.corrected(first, budget=40, message="ett annat svar"), HEAD)
    passed = passed_over(place.round)
    assert passed.replaced == {hashlib.sha256(first).hexdigest()}
    assert passed.locked_out == {other.examined.sha256}


def test_an_answer_that_was_chosen_away_is_no_news_to_a_certified_node(place: Place) -> None:
    """Whoever chose knows of it; another that comes later is told."""
    first, second = place.data(UNIT, budget=50), place.data(UNIT, budget=40)
    for data in (first, second):
        place.mail(data, HEAD)
    (one,) = examine(place.round, first, "svar.xlsx").contributions
    choose(place.round, one.digest, "Ringde")
    assert certify(place.round, UNIT, CERTIFIER).findings == ()
    assert codes(place.mail(place.corrected(first, budget=30), HEAD)) == ["XS703"]


@pytest.mark.parametrize(
    ("made", "cure"),
    [
        ("", "Påminn enheten"),
        ("rivals", "xlstyr collect --use FIL"),
        ("fel", "väljer Ja på Klart att lämna in"),
    ],
)
def test_what_is_left_is_cured_by_its_cause(place: Place, made: str, cure: str) -> None:
    if made:
        place.mail(place.data(UNIT, budget=-900 if made == "fel" else 50), HEAD)
    if made == "rivals":
        place.mail(place.data(UNIT, budget=40), HEAD)
    (finding,) = certify(place.round, UNIT, CERTIFIER).findings
    assert (finding.code, cure in finding.fix) == ("XS706", True)
    assert ("Påminn" in finding.fix) == (not made)


def test_an_older_answer_is_no_news_to_a_certified_node(place: Place) -> None:
    """What a correction had replaced before it was certified isn't locked out by anybody."""
    first = place.data(UNIT, budget=50)
    place.mail(first, HEAD)
    place.mail(place.corrected(first, budget=40), CERTIFIER)
    assert place.told("XS703") == []
    assert len(place.told("XS502")) == 1


def test_the_same_message_again_changes_nothing_and_never_certifies_anew(place: Place) -> None:
    data = place.data(UNIT)
    delivery = Delivery(NOW, "message", "m", "1", HEAD, (CERTIFIER,))
    take_in(place.round, data, "svar.xlsx", delivery)
    events = place.round.register.events()
    assert take_in(place.round, data, "svar.xlsx", delivery).duplicate
    assert place.round.register.events() == events
    reopen(place.round, UNIT, "Fel lönenivå")
    take_in(place.round, data, "svar.xlsx", delivery)
    assert place.status().signature is None


def test_a_certifier_who_sends_on_a_file_that_has_come_certifies_it(place: Place) -> None:
    place.mail(place.data(UNIT), HEAD)
    assert place.status().signature is None
    taken = place.mail(place.data(UNIT), CERTIFIER)
    assert taken.duplicate
    assert place.status().state == "certified"


def test_a_certified_file_that_would_be_read_otherwise_now_says_what_was_certified(place: Place) -> None:
    """The control workbook moves a group of accounts to the other side: nobody has certified that."""
    data = place.data(UNIT)
    place.mail(data, CERTIFIER)
    (book,) = place.round.folder.glob("Styrbok*.xlsx")
    edit = Edit(book.read_bytes())
    [said] = bundle(place.round)[UNIT, "proposal"]
    used = {row.record.account for row in said.rows if isinstance(row.record, BudgetLine)}
    group_ = place.round.premises.accounts[sorted(used)[0]].group
    table = edit.table("groups")
    row = next(row for row in table.rows if edit.get(*edit.at("groups", row, "group")) == group_)
    side = edit.get(*edit.at("groups", row, "side"))
    edit.set(*edit.at("groups", row, "side"), "Intäkt" if side == "Kostnad" else "Kostnad")
    book.write_bytes(edit.bytes())
    with Round(place.round.folder, NOW) as round_:
        other = Place(round_, place.answers)
        issue_workbooks(round_)
        before = round_.register.events(["certified", "reopened"])
        taken = [other.mail(data, HEAD) for _ in range(2)]
        assert [one.duplicate for one in taken] == [False, True]
        assert "XS517" in [finding.code for finding in taken[0].examined.findings]
        assert round_.register.events(["certified", "reopened"]) == before
        assert other.said() == {said.digest}
        assert other.status().signature is not None
        assert "XS517" in [finding.code for finding in other.status().findings]
        reopen(round_, UNIT, "Ny kontoplan")
        other.mail(data, HEAD)
        assert (other.status().signature, other.said() != {said.digest}) == (None, True)


# by hand


def test_what_came_by_folder_is_certified_by_hand(place: Place) -> None:
    place.mail(place.data(UNIT), "")
    done = certify(place.round, UNIT, f" {CERTIFIER.title()} ")
    assert done.signature is not None
    assert (done.signature.by, done.signature.role, done.findings) == (CERTIFIER, "certifier", ())
    assert certify(place.round, UNIT, CERTIFIER) == done
    assert len(place.round.register.events(["certified"])) == 1


def test_nobody_else_certifies_or_reopens(place: Place) -> None:
    place.mail(place.data(UNIT), "")
    for by in (HEAD, STRANGER):
        refused = certify(place.round, UNIT, by)
        assert [(f.code, f.severity) for f in refused.findings] == [("XS704", "fel")]
        assert CERTIFIER in refused.findings[0].fix
    assert place.status().signature is None
    certify(place.round, UNIT)
    assert [f.code for f in reopen(place.round, UNIT, "skäl", STRANGER).findings] == ["XS704"]
    assert place.status().signature is not None


def test_there_must_be_one_answer_to_certify(place: Place) -> None:
    nothing = certify(place.round, UNIT)
    assert "inget svar" in nothing.findings[0].message
    place.mail(place.data(UNIT), "")
    place.mail(place.data(UNIT, message="ett annat svar"), "")
    rivals = certify(place.round, UNIT)
    assert "två olika svar" in rivals.findings[0].message
    assert place.round.register.events(["certified"]) == []
    assert [f.code for f in reopen(place.round, UNIT, "skäl").findings] == ["XS707"]


def run(folder: Path, *args: str) -> tuple[int, str]:
    """(exit code, what was said) of a command."""
    done = CliRunner().invoke(group, [*args, "--round", str(folder)])
    return done.exit_code, done.output


def test_the_command_certifies_and_reopens(place: Place) -> None:
    folder = place.round.folder
    place.mail(place.data(UNIT), "")
    assert run(folder, "certify", UNIT, "--by", STRANGER)[0] == 1
    code, out = run(folder, "certify", UNIT, "--by", CERTIFIER)
    assert code == 0
    assert f"Controller, välfärd ({CERTIFIER})" in out
    for wrong in (["--reopen"], ["--why", "x"], ["--reopen", "--why", "  "]):
        assert run(folder, "certify", UNIT, *wrong)[0] == 2
    assert run(folder, "certify", "hemtjnst")[0] == 2
    said: dict[str, Any] = json.loads(run(folder, "certify", UNIT, "--reopen", "--why", "Fel", "--json")[1])
    assert said == {
        "node": UNIT,
        "certified": False,
        "by": None,
        "minutes": None,
        "decided": None,
        "findings": [],
    }
    code, out = run(folder, "certify", COMMITTEE, "--minutes", "§ 1", "--decided", "2030-09-01", "--json")
    assert (code, json.loads(out)["findings"][0]["code"]) == (1, "XS706")


# upwards


def carried(day: int, digest: str, kind: str = "certified") -> Event:
    """A certification that came with a rolled-up workbook."""
    at = NOW + timedelta(days=day)
    return Event(1, NOW, kind, UNIT, "proposal", {"digest": digest, "carried": True, "signed": at.isoformat()})


@given(st.permutations([carried(1, "a"), carried(1, "b"), carried(2, "c"), carried(2, "d"), carried(3, "a")]))
def test_roll_ups_in_any_order_and_again_certify_the_same(events: list[Event]) -> None:
    for some in (events, [*events, *events]):
        lock = lock_of(some)
        assert lock is not None
        assert (lock.digest, lock.signature.at) == ("a", NOW + timedelta(days=3))
    two = [event for event in events if event.data["digest"] in "cd"]
    lock = lock_of(two)
    assert lock is not None
    assert lock.digest == "d"


def above(place: Place, tmp_path: Path) -> Place:
    """The round of the level above, where nothing has come."""
    folder = Path(shutil.copytree(place.answers, tmp_path / "ovanför"))
    return Place(Round(folder, NOW), place.answers)


def test_a_certified_answer_is_certified_above_when_it_is_carried(place: Place, tmp_path: Path) -> None:
    place.mail(place.data(UNIT), CERTIFIER)
    place.mail(place.data("angsskolan"), HEAD)
    rolled = consolidate(place.round, COMMITTEE).path
    top = above(place, tmp_path)
    with top.round:
        top.mail(rolled.read_bytes(), CERTIFIER, name=rolled.name)
        assert (top.status().state, top.status("angsskolan").state) == ("certified", "received")
        assert top.status().signature == place.status().signature
        later = place.corrected(place.data(UNIT), budget=50)
        assert codes(top.mail(later, HEAD)) == ["XS703"]
        assert top.said() == place.said()


@pytest.mark.parametrize("first", ["carried", "direct"])
def test_a_carried_certification_stands_by_whatever_route_a_correction_came(
    place: Place, tmp_path: Path, first: str
) -> None:
    place.mail(place.data(UNIT), CERTIFIER)
    rolled = consolidate(place.round, COMMITTEE).path.read_bytes()
    top = above(place, tmp_path)
    with top.round:
        later = top.corrected(place.data(UNIT), budget=50)
        files = [rolled, later] if first == "carried" else [later, rolled]
        taken = [top.mail(data, CERTIFIER if data is rolled else HEAD) for data in files]
        assert "XS703" in codes(taken[-1])
        assert top.said() == place.said()


def test_the_level_below_may_certify_anew_and_what_is_lifted_above_stays_so(place: Place, tmp_path: Path) -> None:
    place.mail(place.data(UNIT), CERTIFIER)
    first = consolidate(place.round, COMMITTEE).path.read_bytes()
    reopen(place.round, UNIT, "Fel lönenivå", CERTIFIER)
    place.mail(place.corrected(place.data(UNIT), budget=50), HEAD)
    place.at(datetime(2025, 6, 3, 9, tzinfo=UTC))
    certify(place.round, UNIT, CERTIFIER)
    second = consolidate(place.round, COMMITTEE).path.read_bytes()
    top = above(place, tmp_path)
    with top.round:
        for number, data in enumerate((second, first, first, second)):
            top.mail(data, CERTIFIER, name=f"Sammanställning {number}.xlsx")
            assert top.said() == place.said()
        signature = top.status().signature
        assert signature is not None
        assert signature.why == "Fel lönenivå"
        reopen(top.round, UNIT, "Nytt beslut")
        top.mail(second, CERTIFIER)
        assert top.status().signature is None


def rolled_with(round_: Round, node: str, *said: Contribution) -> bytes:
    """A roll-up of ``node`` that carries ``said``: whole and sealed, made by somebody who can."""
    scope = replace(scope_of(round_, node)[0], carried=said)
    workbook = round_.layout("rollup")
    return Stamp(workbook, round_.theme, {}).draw(rollup_content(scope, workbook, round_.premises.stage))


def carrying(place: Place, node: str) -> Contribution:
    """The certified answer of ``node``, as it is carried."""
    place.mail(place.data(node), "")
    assert certify(place.round, node).signature is not None
    [said] = bundle(place.round)[node, "proposal"]
    return said


def test_a_roll_up_speaks_for_what_is_below_its_node_alone(place: Place, tmp_path: Path) -> None:
    foreign, own = carrying(place, "angsskolan"), carrying(place, UNIT)
    data = rolled_with(place.round, UNIT, foreign, replace(own, signature=None))
    top = above(place, tmp_path)
    with top.round:
        taken = top.mail(data, HEAD)
        told = [finding for finding in taken.examined.findings if finding.code == "XS511"]
        assert (len(told), "Ängsskolan" in told[0].message) == (1, True)
        assert taken.examined.status == "partly"
        assert (top.said("angsskolan"), top.said()) == (set(), {own.digest})


def test_a_roll_up_never_carries_what_was_never_issued(place: Place, tmp_path: Path) -> None:
    data = rolled_with(place.round, COMMITTEE, replace(carrying(place, UNIT), issue=0))
    top = above(place, tmp_path)
    with top.round:
        top.mail(data, CERTIFIER)
        assert top.said() == set()


@pytest.mark.parametrize(
    ("by", "role", "sender", "accepted"),
    [
        (CERTIFIER, "certifier", CERTIFIER, True),
        (CERTIFIER, "certifier", "budgetchef@exempelby.example", True),
        (CERTIFIER, "certifier", STRANGER, False),
        (CERTIFIER, "certifier", "", False),
        (CERTIFIER, "certifier", HEAD, False),
        (HEAD, "certifier", CERTIFIER, False),
        ("", "owner", CERTIFIER, False),
    ],
)
def test_a_carried_certification_counts_from_whom_it_may_come(
    place: Place, tmp_path: Path, by: str, role: str, sender: str, accepted: bool
) -> None:
    said = replace(carrying(place, UNIT), signature=Signature(by, role, NOW))
    data = rolled_with(place.round, COMMITTEE, said)
    top = above(place, tmp_path)
    with top.round:
        taken = top.mail(data, sender)
        assert (top.status().signature is not None) == accepted
        assert ("XS516" in [finding.code for finding in taken.examined.findings]) != accepted
        assert top.said() == {said.digest}
        if not accepted and (by, role) == (CERTIFIER, "certifier"):
            top.mail(data, CERTIFIER)
            assert top.status().signature is not None


def test_a_roll_up_of_the_whole_carries_what_its_owner_certified(place: Place, tmp_path: Path) -> None:
    data = rolled_with(place.round, "exempelby", carrying(place, UNIT))
    top = above(place, tmp_path)
    with top.round:
        top.mail(data, "budgetchef@exempelby.example")
        assert top.status().signature is not None


def test_in_a_part_a_certifier_must_be_named(place: Place, tmp_path: Path) -> None:
    lend(place.round, tmp_path / "del", COMMITTEE)
    with Round(tmp_path / "del", NOW) as round_:
        part = Place(round_, place.answers)
        part.mail(place.data(UNIT), "")
        for by in ("", "budgetchef@exempelby.example"):
            assert [finding.code for finding in certify(round_, UNIT, by).findings] == ["XS704"]
        assert certify(round_, UNIT, CERTIFIER).signature is not None
        assert [finding.code for finding in reopen(round_, UNIT, "skäl").findings] == ["XS704"]


def test_which_certified_answer_counts_never_depends_on_the_order(place: Place, tmp_path: Path) -> None:
    first, equal = place.data(UNIT, budget=50), place.data(UNIT, budget=60)
    later = place.corrected(first, budget=40)
    place.mail(first, CERTIFIER)
    rolled = consolidate(place.round, COMMITTEE).path.read_bytes()
    wanted = examine(place.round, later, "svar.xlsx").contributions[0].digest
    letters = [(first, HEAD), (equal, HEAD), (later, HEAD), (rolled, "")]
    for number, order in enumerate(list(permutations(letters))[::3]):
        folder = Path(shutil.copytree(place.round.folder, tmp_path / str(number)))
        with Round(folder, NOW) as round_:
            reopen(round_, UNIT, "allt om igen")
            top = Place(round_, place.answers)
            for data, sender in order:
                top.mail(data, sender, CERTIFIER)
            assert top.said() == {wanted}


def test_a_certification_of_a_correction_replaces_the_former_one(place: Place) -> None:
    first = place.data(UNIT, budget=50)
    place.mail(first, CERTIFIER)
    taken = place.mail(place.corrected(first, budget=40), HEAD, CERTIFIER)
    assert "XS708" in codes(taken)
    assert place.said() == {one.digest for one in taken.examined.contributions}


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0)])
def test_what_the_level_below_lifts_falls_above(place: Place, tmp_path: Path, order: tuple[int, ...]) -> None:
    place.mail(place.data(UNIT), CERTIFIER)
    rolled = [consolidate(place.round, COMMITTEE).path.read_bytes()]
    reopen(place.round, UNIT, "Fel lönenivå", CERTIFIER)
    rolled.append(consolidate(place.round, COMMITTEE).path.read_bytes())
    top = above(place, tmp_path)
    with top.round:
        told = [code for number in order for code in codes(top.mail(rolled[number], CERTIFIER))]
        status = top.status()
        assert (status.signature, status.state) == (None, "received")
        assert told.count("XS709") == (1 if order[0] == 0 else 0)
        assert top.said() == place.said()
        certify(place.round, UNIT, CERTIFIER)
        top.mail(consolidate(place.round, COMMITTEE).path.read_bytes(), CERTIFIER)
        assert top.status().state == "certified"


def test_what_was_certified_above_is_not_lifted_from_below(place: Place, tmp_path: Path) -> None:
    place.mail(place.data(UNIT), CERTIFIER)
    reopen(place.round, UNIT, "Fel lönenivå", CERTIFIER)
    rolled = consolidate(place.round, COMMITTEE).path.read_bytes()
    top = above(place, tmp_path)
    with top.round:
        top.mail(place.data(UNIT), CERTIFIER)
        top.mail(rolled, CERTIFIER)
        assert top.status().state == "certified"


@pytest.mark.parametrize("first", ["read", "carried"])
def test_of_an_answer_that_was_read_here_a_carried_copy_tells_nothing_else(
    place: Place, tmp_path: Path, first: str
) -> None:
    """The level below has no rule for what is held here."""
    data = place.data(UNIT, budget=99_999_999)
    [said] = examine(place.round, data, "svar.xlsx").contributions
    assert "money" not in said.parts
    free = replace(said, parts=frozenset({"money", "goals", "control"}), findings=())
    rolled = rolled_with(place.round, COMMITTEE, free)
    top = above(place, tmp_path)
    with top.round:
        for one in (data, rolled) if first == "read" else (rolled, data):
            top.mail(one, CERTIFIER)
        [kept] = bundle(top.round)[UNIT, "proposal"]
        assert (kept.parts, kept.findings) == (said.parts, kept.findings)
        assert any(finding.severity == "fel" for finding in kept.findings)
        assert [finding.code for finding in certify(top.round, UNIT, CERTIFIER).findings] == ["XS706"]


def test_what_was_chosen_here_goes_before_what_was_chosen_below(place: Place, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.xlsx" for name in "ab"}
    for amount, path in enumerate(files.values(), 50):
        path.write_bytes(place.data(UNIT, budget=amount))
        place.mail(path.read_bytes(), "")
    top = above(place, tmp_path)
    with top.round:
        for path in files.values():
            top.mail(path.read_bytes(), "")
        mine = choose(top.round, files["b"])
        for _ in range(2):
            choose(place.round, files["a"])
        top.mail(consolidate(place.round, COMMITTEE).path.read_bytes(), CERTIFIER)
        assert top.said() == {mine.digest}


def test_sources_say_what_is_certified(place: Place) -> None:
    place.mail(decision(place, **DECIDED), CERTIFIER)
    place.mail(place.data(UNIT), "")
    edit = Edit(consolidate(place.round).path.read_bytes())
    texts = {str(value) for row in edit.rows("Källor").values() for value in row.values()}
    [told] = [text for text in texts if text.startswith("✔")]
    assert all(part in told for part in (CERTIFIER, "2025-06-02", "VN § 45", "2030-09-02"))
    assert "○ provisorisk" in texts
