"""A whole round by mail, with real servers: letters out, answers in ten odd shapes in, reminders, the rest in."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.mail.server import Post, serving
from tests.post import people as p
from tests.post.servers import Box
from xlstyr.mail.imap import MARK
from xlstyr.rounds.following.consolidating import consolidate, scope_of
from xlstyr.rounds.following.reminding import plan_reminders
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.incoming.collecting import gather
from xlstyr.rounds.incoming.standing import passed_over
from xlstyr.rounds.mailbook import Arrival
from xlstyr.rounds.outgoing.delivering import deliver
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.outgoing.sending import plan_issue
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round

WRONG = "wrong node's file"
ODD = [*(shape for shape in p.SHAPES if shape != "plain"), WRONG]
EACH = 3  # people who answer in each odd shape; everybody else answers plainly


@pytest.fixture
def post() -> Iterator[Post]:
    with serving(data_size_limit=50 * 2**20) as post:
        yield post


def shapes(everybody: list[p.Person]) -> Iterator[tuple[str, p.Person]]:
    """Who answers how. Somebody who sends another's file has that other's mail before their own: it isn't sent."""
    people = iter(everybody)
    for shape in ODD * EACH:
        yield shape, next(people)
        if shape == WRONG:
            yield "other", next(people)
    for who in people:
        yield "plain", who


def _contents(post: Post) -> list[bytes]:
    return [one.content for one in post.taken if isinstance(one.content, bytes)]


def dump(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "xlstyr.db") as db:
        lines = list(db.iterdump())
    db.close()
    return lines


def arrivals(folder: Path) -> list[Arrival]:
    with Round(folder, NOW) as round_:
        return round_.mailbook.arrivals()


def xlstyr(*args: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "xlstyr.cli.main", *args, "--json"], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode in (0, 1)
    return dict(json.loads(done.stdout))


@pytest.mark.slow
def test_a_round_by_mail(
    danderyd_answered: Path, tmp_path: Path, post: Post, box: Box, uses: Callable[..., None]
) -> None:
    answers = {path.name: path.read_bytes() for path in (danderyd_answered / "inkorg").iterdir()}
    folder = tmp_path / "budget 2026 åäö"
    start_round(folder, None, "danderyd")
    uses(folder, box)
    with (folder / "xlstyr.toml").open("a") as file:
        file.write(f'[smtp]\nhost = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\nlogin = "none"\n')
        file.write('per_minute = 100000\n[sender]\naddress = "budget@kommunen.example"\n')
    with Round(folder, NOW) as round_:
        issued = issue_workbooks(round_)

    # out: everybody gets their own workbook, once
    with Round(folder, NOW) as round_:
        planned = plan_issue(round_)
        assert planned.findings == []
        letters = deliver(round_, planned.letters, "smtp")
        assert {letter.status for letter in letters} == {"sent"}
        assert plan_issue(round_).letters == []
        sent = {path.name: path.read_bytes() for one in issued for path in [one.path]}
    everybody = p.addressed(_contents(post), sent)
    assert sorted(who.name for who in everybody) == sorted(sent)
    assert all(who.answer == sent[who.name] for who in everybody)
    assert len(everybody) >= 98
    everybody = [replace(who, answer=answers[who.name]) for who in everybody if who.name in answers]

    # in: ten odd shapes
    expected: Counter[str] = Counter()
    said: Counter[str] = Counter()
    waits: list[p.Person] = []
    laid: dict[str, bytes] = {}
    mails: list[bytes] = []
    other: p.Person | None = None
    for shape, who in shapes(everybody):
        if shape == "other":
            assert other is not None
            mails += p.plain(replace(other, name=who.name, answer=who.answer))
            laid[who.name] = who.answer
            expected["good"] += 1
            said.update(["XS036"])
            continue
        if shape == WRONG:
            other = who
            waits.append(who)
            continue
        wanted = p.SHAPES[shape]
        mails += wanted.send(who)
        expected.update(wanted.outcomes)
        said.update(wanted.codes)
        if "good" not in wanted.outcomes:
            waits.append(who)
            continue
        laid[who.name] = who.answer
        if shape == "two versions":
            laid[f"igen {who.name}"] = p.another_version(who.answer)
    box.deliver(*mails)
    with Round(folder, NOW) as round_:
        done = gather(round_, imap=True)
        assert done.failure is None
        assert passed_over(round_).replaced == frozenset()
    found = Counter(
        "good" if one.outcome in ("accepted", "partly", "held") else one.outcome for one in arrivals(folder)
    )
    assert found == expected
    codes = Counter(finding.code for finding in done.findings)
    assert {code: codes[code] for code in said} == said
    assert len(done.posts) == len(mails)
    assert box.flags() == [(MARK, r"\Seen")] * len(mails)

    # the figures are those of the same files laid in the folder
    beside = Path(shutil.copytree(danderyd_answered, tmp_path / "i mappen", ignore=shutil.ignore_patterns("inkorg")))
    (beside / "inkorg").mkdir()
    for name, data in laid.items():
        (beside / "inkorg" / name).write_bytes(data)
    with Round(beside, NOW) as there, Round(folder, NOW) as here:
        gather(there)
        totals = consolidate(here).totals
        assert totals == consolidate(there).totals
        root = here.premises.organisation.root.id
        assert scope_of(here, root)[0].gaps == scope_of(there, root)[0].gaps
        rivals = len([one for one in scope_of(here, root)[1] if one.code == "XS501"])
        assert rivals == EACH

    # status, reminders to those who haven't answered, and to nobody else
    with Round(folder, NOW) as round_:
        states = {one.node.id: one.state for one in node_states(round_)}
        nodes = round_.register.issued_files()
        phases = [round_.premises.phase_of(nodes[name]) for name in sent]
        due = max(phase.deadline for phase in phases if phase is not None)
    waiting = {nodes[who.name] for who in waits} | {nodes[name] for name in sent if name not in answers}
    assert {node for node, state in states.items() if state == "sent"} == waiting
    listed = xlstyr("status", "--round", str(folder))["nodes"]
    assert isinstance(listed, list)
    assert len(listed) == len(states)
    post.taken.clear()
    later = datetime.combine(due + timedelta(days=1), NOW.timetz())
    with Round(folder, later) as round_:
        deliver(round_, plan_reminders(round_).letters, "smtp")
        assert {one.node.id for one in node_states(round_) if one.state == "reminded"} == waiting
        assert plan_reminders(round_).letters == []
    reminded = p.addressed(_contents(post), sent)
    assert {nodes[who.name] for who in reminded} == waiting

    # the rest answer as they should; a second answer after a bad one counts
    again = [
        p.mail(who, p.with_file(who), Message_ID=f"<2.{who.node}@mail.example>")
        for who in (replace(one, answer=answers[one.name]) for one in reminded if one.name in answers)
    ]
    box.deliver(*again)
    with Round(folder, later) as round_:
        last = gather(round_, imap=True)
        assert last.failure is None
        assert len(last.posts) == len(again) == len(waits)
    for who in waits:
        (beside / "inkorg" / who.name).write_bytes(who.answer)
    with Round(beside, NOW) as there, Round(folder, later) as here:
        gather(there)
        assert consolidate(here).totals == consolidate(there).totals != totals
        gaps = scope_of(here, root)[0].gaps
        assert gaps == scope_of(there, root)[0].gaps
        assert len(gaps) == len(sent) - len(answers) + EACH  # nobody has chosen between the two versions

    # nothing more happens, whoever runs it again
    before, flags, originals = dump(folder), box.flags(), sorted((folder / "inlämnat").iterdir())
    assert flags == [(MARK, r"\Seen")] * (len(mails) + len(again))
    assert box.messages() == [*mails, *again]
    with Round(folder, later + timedelta(days=1)) as round_:
        idle = gather(round_, imap=True)
    assert (idle.posts, idle.failure, idle.findings) == ([], None, [])
    shown = xlstyr("collect", "--imap", "--round", str(folder))
    assert (shown["messages"], shown["files"], shown["left"]) == ([], [], [])
    assert (dump(folder), box.flags(), sorted((folder / "inlämnat").iterdir())) == (before, flags, originals)
    kept = {path.read_bytes() for path in originals if path.suffix == ".eml"}
    assert kept == {*mails, *again}
    print(f"{len(letters)} letters, {len(mails) + len(again)} messages, {len(arrivals(folder))} parts: {dict(found)}")
