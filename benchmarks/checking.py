"""Kontrollera in an open workbook: reading the book, judging it, marking it; the start of Python aside.

Each press is a process of its own, as a button's is, in a LibreOffice that runs already. Reading and marking go over
UNO to LibreOffice here; Excel is reached over COM or Apple events, which this machine has none of. What is the same
everywhere is measured on its own.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import ROOT, Measured, ms

SUBJECT = "Kontrollera, one unit"
STEPS = ("attaching", "reading", "round", "judging", "marking")
_BAR = 0.5  # seconds, for all but the attaching


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """Seconds of each step by the clock, the median of some presses on one unit's workbook as it was issued."""
    from xlstyr.addin.libreoffice import activate
    from xlstyr.model.errors import XlstyrError

    home = folder.with_name("home")
    home.mkdir()
    usual = {key: os.environ.get(key) for key in ("HOME", "USERPROFILE")}
    os.environ.update(dict.fromkeys(usual, str(home)))  # what is remembered isn't this user's
    try:
        activate()
        yield from _measured(folder, 5 if quick else 15)
    except XlstyrError as error:
        yield Measured(SUBJECT, "s", None, detail=str(error))
    finally:
        for key, value in usual.items():
            os.environ.update({key: value}) if value is not None else os.environ.pop(key)


def _measured(folder: Path, rounds: int) -> Iterator[Measured]:
    import xlwings as xw

    from xlstyr.rounds.round import Round

    copy = Path(shutil.copytree(folder, folder.with_name("checking")))
    with Round(copy) as round_:
        node = next(one for one in round_.premises.organisation if one.kind.value == "unit")
        issue = round_.register.issue(node.id, round_.premises.stage)
        assert issue is not None
    presses: list[dict[str, float]] = []
    agains: list[dict[str, float]] = []
    with xw.App(visible=False, add_book=False) as app:
        for _ in range(rounds):
            book = app.books.open(str(copy / issue.file))
            presses.append(_pressed(app.impl.office.pipe))
            agains.append(_pressed(app.impl.office.pipe))
            book.close()
    first, presses = presses[0], presses[1:]
    middle, again = (
        {name: median(press[name] for press in taken) for name in (*STEPS, "all")} for taken in (presses, agains)
    )
    own = middle["round"] + middle["judging"]
    once = f"{ms(first['round'])} at the first press"
    detail = f"the control workbook {ms(middle['round'])}, {once}; the answer {ms(middle['judging'])}"
    yield Measured(SUBJECT, "without the program's part", own, _BAR, None, "s", detail)
    over = f"reading {ms(middle['reading'])} and marking {ms(middle['marking'])} over UNO"
    more = f"{ms(again['all'])} when pressed again; attaching {ms(middle['attaching'])}"
    detail = f"{first['findings']:.0f} findings: {over}; {more}"
    yield Measured(SUBJECT, "all, LibreOffice", middle["all"], None, _BAR, "s", detail)


def _pressed(pipe: str) -> dict[str, float]:
    """Seconds of each step of one press, in a process that attaches to the LibreOffice behind ``pipe``."""
    from xlstyr.addin.libreoffice.office import PIPE

    command = [sys.executable, "-m", "benchmarks.checking"]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env={**os.environ, PIPE: pipe})
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def press() -> dict[str, float]:
    """What the button does, with the clock: the book in front is read, judged and marked."""
    import xlwings as xw

    from xlstyr.addin.checking import show
    from xlstyr.addin.homes import home_of
    from xlstyr.addin.libreoffice import activate
    from xlstyr.addin.openbook import identity_of, raw_book
    from xlstyr.rounds.incoming.examining import examine_raw

    activate()
    gc.freeze()  # as the button does
    clock = [time.perf_counter()]
    book = xw.books.active
    clock.append(time.perf_counter())
    identity = identity_of(book)
    assert identity is not None
    raw = raw_book(book)
    clock.append(time.perf_counter())
    with home_of(book, identity) as round_:
        clock.append(time.perf_counter())
        findings = examine_raw(round_, raw, book.name).findings
        clock.append(time.perf_counter())
    show(book, findings)
    clock.append(time.perf_counter())
    taken = {name: after - before for name, before, after in zip(STEPS, clock, clock[1:], strict=False)}
    return {**taken, "all": clock[-1] - clock[1], "findings": len(findings)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(press()))
