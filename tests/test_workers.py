"""The pool of child processes: what comes back, how children die, and that nothing of them is left."""

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.children.worker import pack, unpack
from xlstyr.rounds.children.workers import Bounds, Died, Reading, Workers, in_order

MIB = 2**20
SMALL = Bounds(memory=300 * MIB, seconds=2, answer=MIB)
EVAL, EXEC = "builtins:eval", "builtins:exec"
PID = b"__import__('os').getpid()"


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(SMALL) as made:
        yield made


def running() -> set[int]:
    """Our children, dead ones that nobody has buried too."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(path.parent.name))
    return found


# what comes back


def test_what_a_function_gives_comes_back(workers: Workers) -> None:
    said = workers.run(EVAL, b"[1, -2, 'a\\u00e5\\ud800', b'\\x00\\xff', None, True, 1.5, (3, [b'']), {'k': b'v'}]")
    assert said == [1, -2, "a\u00e5\ud800", b"\x00\xff", None, True, 1.5, [3, [b""]], {"k": b"v"}]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=5), inner),
)


@given(PLAIN)
def test_packing_changes_nothing(value: object) -> None:
    assert unpack(pack(value)) == value


@given(st.binary(max_size=200))
def test_unpacking_anything_raises_only_what_is_expected(data: bytes) -> None:
    """A child that was taken over can send what it likes: nothing runs, nothing large is made."""
    with suppress(ValueError, LookupError, TypeError, RecursionError, struct.error):
        unpack(data)


def test_one_child_serves_many(workers: Workers) -> None:
    assert len({workers.run(EVAL, PID) for _ in range(20)}) == 1


def test_a_child_retires() -> None:
    with Workers(Bounds(300 * MIB, 5, requests=3)) as workers:
        pids = [workers.run(EVAL, PID) for _ in range(7)]
    assert [len(set(pids[n : n + 3])) for n in (0, 3)] == [1, 1]
    assert len(set(pids)) == 3


def test_what_a_library_prints_is_no_answer(workers: Workers) -> None:
    assert workers.run(EVAL, b"print('x' * 10000) or __import__('os').system('echo hej') and None or 7") == 7
    assert workers.run(EVAL, b"1+1") == 2


# how it dies

DEATHS = [
    (b"x = bytearray(2 * 2**30)", Died("memory")),
    (b"x = [0] * 10**9", Died("memory")),
    (b"import time; time.sleep(60)", Died("time")),
    (b"while True: pass", Died("time")),
    (b"import os; os.kill(os.getpid(), 11)", Died("crash")),
    (b"import os; os.abort()", Died("memory")),
    (b"import os; os.kill(os.getpid(), 9)", Died("memory")),
    (b"import os; os._exit(0)", Died("crash")),
    (b"import sys; sys.exit(3)", Died("crash")),
    (b"raise KeyError('x')", Died("crash", "KeyError")),
    (b"(lambda f: f(f))(lambda f: f(f))", Died("crash", "RecursionError")),
    (b"import os; os.close(0)", None),
    (b"import os; [os.close(n) for n in range(1, 30)]", Died("crash")),
    (b"import os; os.write(3, b'\\xff' * 100)", Died("memory")),
    (b"open('/tmp/skrivet-av-barnet', 'w').write('x' * 9000)", Died("crash", "OSError")),
]


@pytest.mark.parametrize(("code", "outcome"), DEATHS, ids=[code.decode()[:30] for code, _ in DEATHS])
def test_a_death_is_an_outcome(workers: Workers, code: bytes, outcome: Died | None) -> None:
    """And the next request is answered, whatever became of the last."""
    before = workers.run(EVAL, PID)
    started = time.monotonic()
    assert workers.run(EXEC, code) == outcome
    assert time.monotonic() - started < 8
    assert workers.run(EVAL, b"6*7") == 42
    assert running() - {before} <= running()


def test_an_answer_too_large_is_a_death(workers: Workers) -> None:
    assert isinstance(workers.run(EVAL, b"'x' * (3 * 2**20)"), Died)
    assert workers.run(EVAL, b"6*7") == 42


def test_what_is_not_plain_is_a_fault(workers: Workers) -> None:
    assert workers.run(EVAL, b"object()") == Died("crash", "TypeError")
    assert workers.run("no_such_module:x", b"") == Died("crash", "ModuleNotFoundError")


def test_a_child_that_dies_idle_is_replaced(workers: Workers) -> None:
    """What came before, or the system, may have killed it: the file that comes next has no part in that."""
    pid = workers.run(EVAL, PID)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    assert workers.run(EVAL, b"6*7") == 42


def test_the_limits_cannot_be_raised(workers: Workers) -> None:
    code = b"__import__('resource').setrlimit(__import__('resource').RLIMIT_AS, (2**33, 2**33))"
    assert workers.run(EVAL, code) == Died("crash", "ValueError")


def test_no_secret_reaches_the_child(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLSTYR_SMTP_PASSWORD", "hemligt")
    assert "hemligt" not in str(workers.run(EVAL, b"dict(__import__('os').environ)"))


def test_a_child_that_cannot_start_is_the_environments_fault(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/finns/inte")
    with pytest.raises(XlstyrError, match="skyddade"):
        workers.run(EVAL, b"1")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(XlstyrError, match="skyddade"):
        workers.run(EVAL, b"1")


# nothing is left


def test_closing_leaves_nothing() -> None:
    before = running()
    with Workers(SMALL, size=2) as workers:
        workers.run(EVAL, b"1")
        assert running() > before
    assert running() == before
    assert workers.run(EVAL, b"6*7") == 42, "a pool can be used again"
    workers.close()
    assert running() == before


def left_by(code: str, end: signal.Signals | None) -> set[int]:
    """The children that a program leaves behind, two seconds after it has ended."""
    program = subprocess.Popen([sys.executable, "-c", dedent(code)], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    for _ in range(code.count("getpid")):  # of a child that was replaced, the pid of the next
        pid = int(program.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    if end is not None:
        program.send_signal(end)
    program.wait(20)
    program.stdout.close()
    for _ in range(40):
        if not Path(f"/proc/{pid}").exists():
            return set()
        time.sleep(0.1)
    return {pid}


SHOW = """    print(workers.run("builtins:eval", b"__import__('os').getpid()"), flush=True)
"""
START = f"""
    from xlstyr.rounds.children.workers import Workers, Bounds
    workers = Workers(Bounds(300 * 2**20, 30))
{SHOW}"""


@pytest.mark.parametrize(
    ("rest", "end"),
    [
        ("", None),
        ("    raise SystemExit(1)", None),
        ("    import os; os._exit(1)", None),
        ("    import time; time.sleep(60)", signal.SIGKILL),
        ("    import time; time.sleep(60)", signal.SIGINT),
        (
            f"    workers.run('time:sleep', b'')\n{SHOW}    workers.run('builtins:exec', b'while True: pass')",
            signal.SIGINT,
        ),
    ],
)
def test_no_child_outlives_its_parent(rest: str, end: signal.Signals | None) -> None:
    assert left_by(START + rest, end) == set()


# several at a time


def test_many_in_order() -> None:
    with Workers(SMALL, size=2) as workers:
        codes = [f"__import__('time').sleep({0.05 * (n % 3)}) or {n}".encode() for n in range(12)]
        assert list(in_order(lambda code: workers.run(EVAL, code), codes, 2)) == list(range(12))


def test_few_wait_to_be_taken() -> None:
    """However many files there are, only a few are in memory at a time."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        while taken < 1000:
            taken += 1
            yield taken

    results = in_order(lambda n: n, items(), 2)
    for n in range(1, 50):
        assert next(results) == n
        assert taken <= n + 5
    results.close()  # type: ignore[attr-defined]


def test_threads_share_a_pool() -> None:
    said: list[object] = []
    with Workers(SMALL, size=2) as workers:
        threads = [
            threading.Thread(target=lambda n=n: said.append(workers.run(EVAL, f"{n}*{n}".encode()))) for n in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(str, said)) == sorted(str(n * n) for n in range(16))


def test_reading_many_says_what_reading_one_says(exempelby_answered: Path) -> None:
    files = [(path.name, path.read_bytes()) for path in sorted((exempelby_answered / "inkorg").glob("*.xlsx"))]
    files.insert(3, ("trasig.xlsx", files[0][1][:-30]))
    files.insert(5, ("tom.xlsx", b""))
    with Reading(children=2) as many, Reading(children=1) as one:
        said = list(many.read_all(iter(files)))
        assert [key for key, *_ in said] == [name for name, _ in files]
        for (_, data), (_, raw, findings) in zip(files, said, strict=True):
            assert (raw, findings) == one.read(data)
    assert [found.code for _, raw, found_ in said if raw is None for found in found_] == ["XS003", "XS004"]


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [(Bounds(1024 * MIB, 0.0001), "lång tid"), (Bounds(1024 * MIB, 20, answer=100), "minne")],
)
def test_a_death_is_a_finding(bounds: Bounds, reason: str, exempelby_answered: Path) -> None:
    data = next((exempelby_answered / "inkorg").glob("*.xlsx")).read_bytes()
    with Reading(bounds=bounds, children=1) as reading:
        raw, findings = reading.read(data)
    assert raw is None
    assert [finding.code for finding in findings] == ["XS015"]
    assert reason in findings[0].message
