"""What safety costs: the gate and the child process, beside what reading costs; and the gate on the largest file."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from benchmarks.measure import Measured, cpu, medians, ms
from benchmarks.reading import calamine
from benchmarks.sample import inbox
from xlstyr.excel.gate import Limits, gate
from xlstyr.excel.handover import from_plain, read_bytes
from xlstyr.excel.read import read_twice, read_workbook
from xlstyr.rounds.children.worker import pack, unpack
from xlstyr.rounds.children.workers import WORKBOOKS, Reading, Workers

GATE = "gate"
WORKER = "worker: pipe, encoding, decoding"
BOTH = "gate + worker"
READERS = "both readers"
_ECHO = "builtins:bytes"
_MIB = 2**20


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """Each ÷ reading by both readers, CPU of parent and child; the start of a child; the gate at its limits."""
    files = [path.read_bytes() for path in inbox(folder)][:: 5 if quick else 2]
    with Workers(WORKBOOKS) as workers:
        workers.run(_ECHO, b"")
        taken = medians(_timers(files, workers), 5 if quick else 15)
    each = {name: seconds / len(files) for name, seconds in taken.items()}
    reading, worker = each["readers"], each["encoding"] + each["pipe"]
    detail = f"of {ms(reading)} a file"
    parts = f"encoding and decoding {ms(each['encoding'])}, pipe {ms(each['pipe'])}"
    yield Measured(GATE, READERS, each["gate"] / reading, detail=f"{ms(each['gate'])} {detail}")
    yield Measured(WORKER, READERS, worker / reading, detail=f"{parts} {detail}")
    together = each["gate"] + worker
    yield Measured(BOTH, READERS, together / reading, 0.5, 0.35, detail=f"{ms(together)} {detail}")
    yield Measured(BOTH, "the first reader alone", together / each["first"], 0.5, detail=f"of {ms(each['first'])}")
    yield Measured(READERS, "the first reader alone", reading / each["first"], detail=detail)
    yield Measured(READERS, "calamine, all sheets", reading / each["calamine"], detail=f"of {ms(each['calamine'])}")
    yield _start(files[0])
    yield _largest()


def _timers(files: Sequence[bytes], workers: Workers) -> dict[str, Callable[[], float]]:
    plain = [read_bytes(data) for data in files]
    sizes = [len(pack(one)) for one in plain]

    def encoding() -> None:
        for one in plain:
            from_plain(unpack(pack(one)))

    def handed() -> None:
        for data in files:
            read_bytes(data)

    def piped() -> float:
        """Wall time of files and answers of the same sizes through the pipes, with nothing done between."""
        started = time.perf_counter()
        for data, size in zip(files, sizes, strict=True):
            workers.run(_ECHO, data[:size].ljust(size))
        return time.perf_counter() - started

    return {
        "gate": lambda: cpu(lambda: [gate(data) for data in files]),
        "first": lambda: cpu(lambda: [read_workbook(data) for data in files]) - cpu(lambda: [gate(d) for d in files]),
        "readers": lambda: cpu(lambda: [read_twice(data) for data in files]),
        "encoding": lambda: max(0.0, cpu(handed) - cpu(lambda: [read_twice(d) for d in files])) + cpu(encoding),
        "pipe": piped,
        "calamine": lambda: cpu(lambda: [calamine(data) for data in files]),
    }


def _start(data: bytes) -> Measured:
    started = time.perf_counter()
    with Reading(children=1) as reading:
        reading.read(data)
        taken = time.perf_counter() - started
    return Measured("a child's start and first file", "–", taken * 1000, unit="ms")


def _largest() -> Measured:
    """A file at the limits: 25 MiB, 250 MiB unpacked, as compressible as that makes it."""
    from tests.attacks.zips import Member, zipped

    random = Random(1)
    line = b"".join(b'<c r="A%d"><v>%d</v></c>' % (n % 999, random.randrange(10**5)) for n in range(30_000))
    piece = (line + bytes(len(line)))[: 2 * len(line)]
    whole = piece * (25 * _MIB // len(piece))
    parts = [Member("xl/workbook.xml", b"<x/>"), *(Member(f"xl/media/{n}.bin", whole + bytes([n])) for n in range(10))]
    data = zipped(parts)
    limits = Limits(file=64 * _MIB)
    assert gate(data, limits) is None
    times = []
    for _ in range(5):
        started = time.perf_counter()
        gate(data, limits)
        times.append(time.perf_counter() - started)
    detail = f"{len(data) // _MIB} MB, {sum(len(part.data) for part in parts) // _MIB} MB unpacked"
    return Measured("gate, file at the limits", "–", sorted(times)[2], 0.5, unit="s", detail=detail)
