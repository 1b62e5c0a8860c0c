"""The register: everything or nothing is written, and state follows from what happened."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Place, found
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.register import SCHEMA, Answer, Issue, Register
from xlstyr.rounds.round import Round

SHA = "ab" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the register is, in a folder with an awkward name."""
    folder = tmp_path / "Budget 2026 åäö & co"
    folder.mkdir()
    return folder / "xlstyr.db"


def issue(number: int = 1, node: str = "skola", file: str = "mallar/N/Budget Skola.xlsx") -> Issue:
    """One issued workbook."""
    return Issue(node, "proposal", number, "layout", "premises", "{}", file)


def test_a_new_register_is_empty_and_stays_after_closing(path: Path) -> None:
    with Register(path) as register:
        assert (register.answers(), register.events(), register.issued_files()) == ([], [], {})
        with register.transaction():
            register.add_event("sent", "skola", "proposal", NOW, channel="folder")
    with Register(path) as again:
        [event] = again.events()
        assert (event.seq, event.at, event.kind, event.node, event.stage) == (1, NOW, "sent", "skola", "proposal")
        assert event.data == {"channel": "folder"}


def test_a_register_of_a_newer_version_is_refused_clearly_and_left_alone(path: Path) -> None:
    Register(path).close()
    with sqlite3.connect(path) as db:
        db.execute("update meta set value = ? where key = 'schema'", (str(SCHEMA + 1),))
    db.close()
    before = path.read_bytes()
    with pytest.raises(XlstyrError, match=rf"xlstyr\.db.*{SCHEMA + 1}"):
        Register(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_register_is_an_error_with_its_name(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(XlstyrError, match=r"xlstyr\.db"):
        Register(path)
    assert path.read_bytes() == data


def test_a_register_that_another_table_layout_has_is_an_error_not_a_crash(path: Path) -> None:
    with Register(path) as register:
        register.db.execute("drop table answers")
        with pytest.raises(XlstyrError, match=r"xlstyr\.db.*answers"):
            register.answers()


@pytest.mark.parametrize(
    "change",
    ["delete from meta", "update meta set value = 'x'", "update meta set value = ''", "update meta set value = '-1'"],
)
def test_a_register_that_does_not_say_its_version_is_an_error(path: Path, change: str) -> None:
    Register(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(change)
        db.commit()
    with pytest.raises(XlstyrError, match=r"xlstyr\.db är skadad"):
        Register(path)


def test_what_fails_in_a_transaction_leaves_no_trace(path: Path) -> None:
    with Register(path) as register:
        with pytest.raises(RuntimeError), register.transaction():
            register.add_file(SHA, "svar.xlsx", 7, NOW)
            register.add_answer(Answer(SHA, "skola", "proposal", "accepted", "{}", ()), NOW)
            register.add_event("certified", "skola", "proposal", NOW)
            raise RuntimeError
        assert (register.file(SHA), register.answers(), register.events()) == (None, [], [])
    with Register(path) as again:
        assert (again.file(SHA), again.answers(), again.events()) == (None, [], [])


def test_a_locked_register_is_an_error_that_says_so(path: Path) -> None:
    with Register(path) as register:
        register.db.execute("pragma busy_timeout = 50")
        other = sqlite3.connect(path)
        other.execute("begin exclusive")
        try:
            with pytest.raises(XlstyrError, match="locked"), register.transaction():
                register.add_event("sent", "skola", "proposal", NOW)
        finally:
            other.rollback()
            other.close()
        with register.transaction():
            register.add_event("sent", "skola", "proposal", NOW)
        assert len(register.events()) == 1


def test_two_at_once_lose_nothing(path: Path) -> None:
    Register(path).close()

    def write(node: str) -> None:
        with Register(path) as register:
            for _ in range(20):
                with register.transaction():
                    register.add_event("sent", node, "proposal", NOW)

    threads = [threading.Thread(target=write, args=(node,)) for node in ("skola", "park")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Register(path) as register:
        events = register.events()
        assert [event.seq for event in events] == list(range(1, 41))
        assert {node: sum(e.node == node for e in events) for node in ("skola", "park")} == {"skola": 20, "park": 20}


def test_the_latest_issue_is_found_and_earlier_ones_stay(path: Path) -> None:
    with Register(path) as register, register.transaction():
        for number in (1, 2, 3):
            register.add_issue(issue(number, file=f"mallar/N/Budget Skola {number}.xlsx"), NOW)
        assert register.issue("skola", "proposal") == issue(3, file="mallar/N/Budget Skola 3.xlsx")
        assert register.issue("skola", "proposal", 1) == issue(1, file="mallar/N/Budget Skola 1.xlsx")
        assert register.issue("skola", "proposal", 4) is None
        assert register.issue("skola", "decision") is None
        assert register.issue("park", "proposal") is None
        assert register.issued_files() == {f"Budget Skola {number}.xlsx": "skola" for number in (1, 2, 3)}


def test_an_issue_number_is_never_used_twice(path: Path) -> None:
    with Register(path) as register:
        with register.transaction():
            register.add_issue(issue(), NOW)
        with pytest.raises(XlstyrError), register.transaction():
            register.add_issue(issue(file="mallar/N/annan.xlsx"), NOW)
        assert register.issue("skola", "proposal") == issue()
        assert len(register.events(["issued"])) == 1


def test_layouts_are_kept_and_never_overwritten(path: Path) -> None:
    with Register(path) as register, register.transaction():
        register.add_layout("d1", "first")
        register.add_layout("d1", "second")
        assert register.layout("d1") == "first"
        assert register.layout("d2") is None


def test_findings_come_back_as_they_were(path: Path) -> None:
    place = Place("svar åäö.xlsx", "skola", "Budget", "L12", "budget", "5010-407", "change")
    findings = (found("XS202", place, typed="1.234", first="1234", second="1,234"), found("XS016", name="x"))
    with Register(path) as register, register.transaction():
        register.add_file(SHA, "svar åäö.xlsx", 7, NOW)
        register.add_answer(Answer(SHA, "skola", "proposal", "held", None, findings), NOW)
        [answer] = register.answers()
    assert answer == Answer(SHA, "skola", "proposal", "held", None, findings)
    assert answer.findings[0].message == findings[0].message


def test_a_file_may_carry_rivals_of_one_node(path: Path) -> None:
    with Register(path) as register, register.transaction():
        register.add_file(SHA, "Sammanställning.xlsx", 7, NOW)
        for place, text in enumerate(("one", "other")):
            register.add_answer(Answer(SHA, "skola", "proposal", "accepted", text, (), place), NOW)
        assert [answer.contribution for answer in register.answers()] == ["one", "other"]
        assert register.said_by(SHA) == ["one", "other"]
        register.forget_answers(SHA)
        assert register.said_by(SHA) == []


def test_a_refused_file_has_said_nothing(path: Path) -> None:
    with Register(path) as register, register.transaction():
        register.add_file(SHA, "svar.pdf", 7, NOW)
        register.add_answer(Answer(SHA, "", "", "refused", None, ()), NOW)
        assert register.said_by(SHA) == []
        assert register.said_by("cd" * 32) == []


def test_answers_come_in_the_order_they_were_received(path: Path) -> None:
    with Register(path) as register, register.transaction():
        for place, sha in enumerate(("cc" * 32, "aa" * 32, "bb" * 32)):
            at = NOW + timedelta(minutes=place)
            register.add_file(sha, f"{place}.xlsx", 7, at)
            register.add_answer(Answer(sha, "skola", "proposal", "accepted", "{}", ()), at)
        assert [answer.sha256[:2] for answer in register.answers()] == ["cc", "aa", "bb"]
        register.add_file("aa" * 32, "samma.xlsx", 7, NOW + timedelta(days=1))
        assert register.file("aa" * 32) == ("1.xlsx", NOW + timedelta(minutes=1))


@given(st.text(max_size=50), st.datetimes(timezones=st.just(UTC)))
def test_any_text_and_time_comes_back(text: str, at: datetime) -> None:
    with Register(Path(":memory:")) as register, register.transaction():
        register.add_event("note", "skola", "proposal", at, text=text)
        [event] = register.events(["note"])
        assert (event.data["text"], event.at) == (text, at)
        assert register.events(["sent"]) == []


# what happened → state

STATES = [
    ([], "not_sent"),
    (["issued"], "not_sent"),
    (["issued", "sent"], "sent"),
    (["sent", "reminded"], "reminded"),
    (["sent", "accepted"], "received"),
    (["sent", "partly"], "received"),
    (["sent", "held"], "received"),
    (["sent", "refused"], "sent"),
    (["sent", "reminded", "refused"], "reminded"),
    (["sent", "accepted", "returned"], "returned"),
    (["sent", "accepted", "returned", "refused"], "returned"),
    (["sent", "accepted", "returned", "accepted"], "corrected"),
    (["sent", "accepted", "certified"], "certified"),
    (["sent", "accepted", "included"], "included"),
    (["sent", "accepted", "certified", "included"], "included"),
    (["sent", "accepted", "included", "accepted"], "received"),
    (["sent", "accepted", "returned", "accepted", "included", "returned"], "returned"),
]


@pytest.mark.parametrize(("happened", "state"), STATES, ids=[" ".join(events) or "nothing" for events, _ in STATES])
def test_state_follows_from_what_happened(
    exempelby_answered: Path, copied: Callable[[Path], Path], happened: list[str], state: str
) -> None:
    folder = copied(exempelby_answered)
    with Round(folder, NOW) as round_, round_.register.transaction():
        round_.register.db.execute("delete from events")
        for kind in happened:
            status = {"status": kind} if kind in ("accepted", "partly", "held", "refused") else {}
            round_.register.add_event("received" if status else kind, "hemtjanst", "proposal", NOW, **status)
        round_.register.add_event("certified", "hemtjanst", "internal", NOW)
        states = {one.node.id: one.state for one in node_states(round_)}
    assert states.pop("hemtjanst") == state
    assert set(states.values()) == {"not_sent"}


def test_status_names_the_deadline_of_the_running_phase(exempelby_answered: Path) -> None:
    with Round(exempelby_answered, NOW) as round_:
        deadlines = {one.node.id: one.deadline.isoformat() for one in node_states(round_)}
    assert deadlines["hemtjanst"] == "2030-06-05"
    assert deadlines["valfard"] == "2030-09-03"
    assert "exempelby" not in deadlines and "exempelby-bostader" not in deadlines
