"""Linearity: a synthetic round of many nodes against one of few, each step in a process of its own."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import ROOT, Measured
from benchmarks.sample import NOW, lay_multiplied, multiplied_round
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.incoming.collecting import gather
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.round import Round

SUBJECT = "generate + collect + consolidate"
SIZES, QUICK = (500, 5_000), (100, 500)
_STEPS: dict[str, Callable[[Round], object]] = {
    "generate": issue_workbooks,
    "collect": gather,
    "consolidate": consolidate,
}


@dataclass(frozen=True, slots=True)
class Run:
    """CPU seconds and MB of each step of a round of ``nodes`` nodes, each step a process."""

    nodes: int
    cpu: dict[str, float]
    memory: dict[str, int]

    @property
    def peak(self) -> int:
        """The largest process."""
        return max(self.memory.values())


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """CPU of many nodes ÷ that of few × how many times more there are; peak memory."""
    few, many = QUICK if quick else SIZES
    # the small round before and after the large one, so that a machine that slows down hits both
    first, large, last = run(few), run(many), run(few)
    small = {step: (first.cpu[step] + last.cpu[step]) / 2 for step in _STEPS}
    times = large.nodes / first.nodes
    ratio = sum(large.cpu.values()) / sum(small.values()) / times
    shown = ", ".join(f"{step} {large.cpu[step] / small[step] / times:.2f}" for step in _STEPS)
    seconds = f"{sum(small.values()):.1f} s and {sum(large.cpu.values()):.1f} s"
    compared = f"{large.nodes} nodes ÷ ({times:.1f} × {first.nodes} nodes), CPU"
    yield Measured(SUBJECT, compared, ratio, 1.1, 1.02, detail=f"{shown}; {seconds}")
    held = ", ".join(f"{step} {megabytes}" for step, megabytes in large.memory.items())
    memory = f"peak memory, {large.nodes} nodes"
    yield Measured(SUBJECT, memory, large.peak, 500, 250, "MB", f"{held}; {first.peak} at {first.nodes} nodes")


def run(nodes: int) -> Run:
    """A round of ``nodes`` nodes from start to finish; making it and typing the answers isn't measured."""
    with tempfile.TemporaryDirectory() as name:
        made = int(_child("prepare", name, nodes)["nodes"])
        found = {"generate": _child("generate", name)}
        _child("lay", name)
        found |= {step: _child(step, name) for step in ("collect", "consolidate")}
    cpu = {step: found[step]["cpu"] for step in _STEPS}
    return Run(made, cpu, {step: round(said["memory"]) for step, said in found.items()})


def _child(step: str, folder: str, nodes: int = 0) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.scale", step, folder, str(nodes)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    said: dict[str, float] = json.loads(done.stdout)
    return said


def main(step: str, folder: Path, nodes: int) -> dict[str, float]:
    """One step in this process."""
    if step == "prepare":
        multiplied_round(folder, nodes)
        with Round(folder, NOW) as round_:
            return {"nodes": len(round_.premises.organisation)}
    if step == "lay":
        return {"laid": lay_multiplied(folder)}
    started = time.process_time()
    with Round(folder, NOW) as round_:
        _STEPS[step](round_)
    return {"cpu": time.process_time() - started, "memory": _peak()}


def _peak() -> float:
    """The most memory this process has held, MB. Linux counts a parent's in ``ru_maxrss``, so its own book is asked."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
