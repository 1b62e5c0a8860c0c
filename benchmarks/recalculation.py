"""How long LibreOffice takes to recalculate the consolidated workbook: its formulas are live."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import Measured
from benchmarks.sample import NOW
from tests.office.runtime import OfficeError
from tests.office.soffice import Office
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.round import Round

SUBJECT = "recalculate the consolidated workbook"


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """Wall time of ``calculateAll``: it is another process that works, so this one is no ratio."""
    with Round(folder, NOW) as round_:
        collect(round_)
        path = consolidate(round_).path
    try:
        with Office() as office, office.opened(path) as document:
            seconds = median(_calculate(document) for _ in range(3 if quick else 7))
    except OfficeError as error:
        yield Measured(SUBJECT, "LibreOffice calculateAll", None, aim=1.0, unit="s", detail=str(error))
        return
    yield Measured(SUBJECT, "LibreOffice calculateAll", seconds, aim=1.0, unit="s", detail="wall time")


def _calculate(document: object) -> float:
    started = time.perf_counter()
    document.calculateAll()  # type: ignore[attr-defined]
    return time.perf_counter() - started
