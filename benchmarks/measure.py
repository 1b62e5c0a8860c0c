"""Measuring on a noisy machine: CPU time, interleaved rounds, medians, ratios."""

import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table: a value against what it must and should be at most (None: for information)."""

    subject: str
    compared: str
    value: float | None
    must: float | None = None
    aim: float | None = None
    unit: str = "×"
    detail: str = ""

    @property
    def verdict(self) -> str:
        """How the value stands to the bar."""
        if self.value is None:
            return "skipped"
        if self.must is None and self.aim is None:
            return "–"
        if self.aim is not None and self.value <= self.aim:
            return "aim"
        return "must" if self.must is not None and self.value <= self.must else "MISSED"

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        fields = {name: getattr(self, name) for name in ("subject", "compared", "value", "must", "aim", "unit")}
        return {**fields, "verdict": self.verdict, "detail": self.detail}


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of ``work`` in this process."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def interleaved(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each work. Every round runs all of them, so that noise hits them alike."""
    return medians({name: lambda work=work: cpu(work) for name, work in works.items()}, rounds)  # type: ignore[misc]


def medians(timers: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each timer's seconds over interleaved rounds."""
    taken: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timer in timers.items():
            taken[name].append(timer())
    return {name: median(times) for name, times in taken.items()}


def child_cpu(command: Sequence[str]) -> float:
    """CPU seconds of a Python child process that runs ``command``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ms(seconds: float) -> str:
    """Milliseconds, for the details."""
    return f"{seconds * 1000:.3g} ms"
