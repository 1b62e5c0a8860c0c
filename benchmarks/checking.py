"""Kontrollera in an open workbook: reading the book, judging it, marking it; the start of Python aside.

Reading and marking go over UNO to LibreOffice here; Excel is reached over COM or Apple events, which this machine has
none of. What is the same everywhere is measured on its own.
"""

import os
import shutil
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.measure import Measured, ms

SUBJECT = "Kontrollera, one unit"
_BAR = 0.5  # seconds, for all of it


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

    from xlstyr.addin.checking import show
    from xlstyr.addin.homes import home_of
    from xlstyr.addin.openbook import identity_of, raw_book
    from xlstyr.rounds.incoming.examining import examine_raw
    from xlstyr.rounds.round import Round

    copy = Path(shutil.copytree(folder, folder.with_name("checking")))
    with Round(copy) as round_:
        node = next(one for one in round_.premises.organisation if one.kind.value == "unit")
        issue = round_.register.issue(node.id, round_.premises.stage)
        assert issue is not None
    taken: dict[str, list[float]] = {name: [] for name in ("reading", "round", "judging", "marking", "all")}
    with xw.App(visible=False, add_book=False) as app:
        for _ in range(rounds):
            book = app.books.open(str(copy / issue.file))
            identity = identity_of(book)
            assert identity is not None
            clock = [time.perf_counter()]
            raw = raw_book(book)
            clock.append(time.perf_counter())
            with home_of(book, identity) as round_:
                clock.append(time.perf_counter())
                findings = examine_raw(round_, raw, book.name).findings
                clock.append(time.perf_counter())
            show(book, findings)
            clock.append(time.perf_counter())
            steps = [after - before for before, after in pairwise(clock)]
            for name, seconds in zip(taken, (*steps, sum(steps)), strict=True):
                taken[name].append(seconds)
            book.close()
    middle = {name: median(seconds) for name, seconds in taken.items()}
    own = middle["round"] + middle["judging"]
    first = f"{ms(taken['round'][0])} at the first press"
    detail = f"the control workbook {ms(middle['round'])}, {first}; the answer {ms(middle['judging'])}"
    yield Measured(SUBJECT, "without the program's part", own, _BAR, None, "s", detail)
    detail = f"{len(findings)} findings: reading {ms(middle['reading'])} and marking {ms(middle['marking'])} over UNO"
    yield Measured(SUBJECT, "all, LibreOffice", middle["all"], None, _BAR, "s", detail)
