"""Whatever fails and whenever it is killed: what is run again ends as if nothing had happened."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.faults.points import AFTER, BEFORE, Disk, failing
from tests.faults.scenario import (
    STEPS,
    State,
    Step,
    age,
    copy,
    differences,
    prepare,
    register,
    run,
    state,
    temporary,
    visible,
)
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.children.workers import Workers
from xlstyr.rounds.mailbook import Mailbook, Received
from xlstyr.rounds.register import Register
from xlstyr.rounds.safe import beside

KILLS = 20
MANY, FEW = 60, 8
COMMIT = ("commit", "register")


@dataclass(frozen=True)
class Passed:
    """One step of an undisturbed run: the round before and after it, what it said and what it took."""

    step: Step
    before: Path
    after: Path
    said: object
    seconds: float

    @cached_property
    def state(self) -> State:
        """What the step must end in."""
        return state(self.after)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> list[Passed]:
    """The undisturbed run, with the round as it was between any two steps."""
    place = tmp_path_factory.mktemp("undisturbed")
    folder = prepare(place / "runda")
    done = []
    for number, step in enumerate(STEPS):
        if step.before is not None:
            step.before(folder)
        before = copy(folder, place / f"{number} before")
        start = time.perf_counter()
        said = run(step, folder)
        seconds = time.perf_counter() - start
        done.append(Passed(step, before, copy(folder, place / f"{number} after"), said, seconds))
    return done


def test_the_undisturbed_run_does_what_it_should(passed: list[Passed]) -> None:
    """What the other tests compare with is no empty round."""
    tables = register(passed[-1].after)
    kinds = Counter(row[1] for row in tables["events"])
    assert kinds["issued"] == kinds["sent"] == 5
    assert kinds["returned"] >= 1 and kinds["quarantined"] >= 1 and kinds["disposed"] >= 1
    assert kinds["certified"] == 2 and kinds["included"] == 4
    assert len(tables["files"]) == 7 and len(tables["messages"]) == 2
    print({one.step.name: round(one.seconds, 2) for one in passed})


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[step.name for step in STEPS])
def test_the_same_again_changes_nothing(passed: list[Passed], tmp_path: Path, number: int) -> None:
    one = passed[number]
    folder = copy(one.after, tmp_path / "runda")
    run(one.step, folder)
    assert differences(state(folder), one.state) == []


def points(disk: Disk) -> Iterator[tuple[str, int, bool]]:
    """Everything that can fail, each by itself: before it is done, and when it is.

    Of hundreds of writes to one file (an archive's) the first and last ones and every twentieth.
    """
    for after, kinds in ((False, BEFORE), (True, AFTER)):
        for kind in kinds:
            last = disk.counts[kind]
            for number in range(1, last + 1):
                if last <= MANY or number <= FEW or number > last - FEW or number % 20 == 0:
                    yield kind, number, after


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(STEPS)), ids=[step.name for step in STEPS])
def test_whatever_fails_a_run_again_ends_the_same(passed: list[Passed], tmp_path: Path, number: int) -> None:
    one = passed[number]
    whole = visible(one.before) | visible(one.after)
    with failing(Disk(copy(one.before, tmp_path / "runda"))) as counting:
        run(one.step, counting.folder)
    tried = Counter[str]()
    for kind, place, after in points(counting):
        folder = copy(one.before, tmp_path / "runda")
        with failing(Disk(folder, kind, place, after)) as disk, suppress(OSError, XlstyrError):
            run(one.step, folder)
        what = f"{one.step.name}: {kind} {place}{' done' if after else ''}"
        assert disk.failed, what
        assert kind == "remove" or temporary(folder) == [], what
        age(folder)
        assert not visible(folder) - whole, what
        run(one.step, folder)
        assert differences(state(folder), one.state) == [], what
        tried[kind] += 1
    assert tried["commit"], "nothing was tried"
    there = sum(counting.counts[kind] for kinds in (BEFORE, AFTER) for kind in kinds)
    print(f"{one.step.name}: {sum(tried.values())} points of {there} {dict(tried)}")


def killed(step: Step, folder: Path, seconds: float) -> float | None:
    """Runs the step in a process that is killed after ``seconds``. How long it took when it had ended by then."""
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            run(step, folder)
        finally:
            os._exit(0)
    while time.perf_counter() - start < seconds:
        if os.waitpid(child, os.WNOHANG)[0]:
            return time.perf_counter() - start
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else seconds


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_whenever_it_is_killed_a_run_again_ends_the_same(passed: list[Passed], tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    spans = {one.step.name: one.seconds for one in passed}
    moments: list[str] = []
    while len(moments) < KILLS:
        [one] = chance.choices(passed, [*spans.values()])
        name = one.step.name
        moment = chance.uniform(0, spans[name])
        folder = copy(one.before, tmp_path / "runda")
        took = killed(one.step, folder, moment)
        if took is None:
            moments.append(f"{name} {moment:.3f} s")
        else:
            spans[name] = min(took, spans[name])
        what = f"seed {seed}: {name} killed after {moment:.3f} s"
        assert not visible(folder) - visible(one.before) - visible(one.after), what
        age(folder)
        run(one.step, folder)
        assert differences(state(folder), one.state) == [], what
    print(f"seed {seed}: killed at {len(moments)} moments: {', '.join(moments)}")


@pytest.mark.parametrize("name", ["collect", "collect again"])
def test_an_original_is_on_the_disk_before_anything_says_that_it_has_come(
    passed: list[Passed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Written, synced, named, its folder synced: only then registered, and committed so that it lasts."""
    one = next(one for one in passed if one.step.name == name)
    disk = Disk(copy(one.before, tmp_path / "runda"))
    add_file, add_message = Register.add_file, Mailbook.add_message

    def note_file(self: Register, sha256: str, *rest: Any) -> None:
        disk.seen.append(("register", sha256))
        add_file(self, sha256, *rest)

    def note_message(self: Mailbook, message: Received) -> None:
        disk.seen.append(("register", message.sha256))
        add_message(self, message)

    monkeypatch.setattr(Register, "add_file", note_file)
    monkeypatch.setattr(Mailbook, "add_message", note_message)
    with failing(disk):
        run(one.step, disk.folder)
    kept = {path.stem for path in one.before.rglob("*")}
    new = {sha for kind, sha in disk.seen if kind == "register"} - kept
    assert len(new) >= 3
    for sha in new:
        before = 0
        name = next(path.name for path in disk.folder.rglob(f"{sha}*"))
        written = beside(Path(name)).name
        for kind, what in (
            ("write", written),
            ("fsync", written),
            ("rename", sha),
            ("fsync", "inl\u00e4mnat"),
            ("register", sha),
        ):
            found = (place for place, (did, seen) in enumerate(disk.seen) if did == kind and what in seen)
            place = next((place for place in found if place >= before), None)
            assert place is not None, (kind, sha)
            before = place
        assert disk.seen.index(("register", sha)) == before, "registered before it was safe"
        assert COMMIT in disk.seen[before:]
    with Register(disk.folder / "xlstyr.db") as opened:
        assert opened.execute("pragma synchronous").fetchone() == (2,)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_workers_of_its_own() -> None:
    """Asking the same ones, the two would get each other's answers: one unit's figures for another's."""
    with Workers() as pool:
        assert pool.run("builtins:len", b"abc") == 3
        [mine] = pool._alive
        child = os.fork()
        if child == 0:
            try:
                other = pool.run("builtins:len", b"abcd")
                os._exit(0 if other == 4 and mine not in pool._alive else 1)
            finally:
                os._exit(2)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert pool.run("builtins:len", b"abcde") == 5
        assert pool._alive == {mine}
