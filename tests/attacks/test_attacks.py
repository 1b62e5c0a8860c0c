"""Promise 1: any file at all ends accepted or in a coded finding, within its time and memory, and the next is read."""

import resource
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from tests.attacks.builders import CONTENTS, MIB, OTHERS, PACKAGES, READERS, Attack, Parts, swarm
from tests.attacks.zips import Member, members, zipped
from xlstyr.excel.gate import Limits, gate
from xlstyr.model.finding import Finding
from xlstyr.model.records import BudgetLine
from xlstyr.rounds.children.workers import WORKBOOKS, Reading
from xlstyr.rounds.incoming.examining import Examined

STOPPED = (*PACKAGES, *CONTENTS, *OTHERS)
Examine = Callable[[bytes], Examined]
SECONDS = 20.0 + 2.0
"""Seconds for a file: the limit, and what starting a child may take."""


def largest_child() -> int:
    """The most memory, KiB, that any child of this process has held so far, LibreOffice's too."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def names(attacks: tuple[Attack, ...]) -> list[str]:
    return [attack.name for attack in attacks]


@pytest.mark.parametrize("attack", STOPPED, ids=names(STOPPED))
def test_stopped_at_the_gate(attack: Attack, honest: Parts) -> None:
    """Each is refused from its bytes alone, and in plain words."""
    data = attack.build(honest)
    started = time.process_time()
    finding = gate(data)
    assert time.process_time() - started < 0.5
    assert finding is not None
    assert finding.code in attack.codes, finding.message
    assert (finding.severity, finding.blocks) == ("fel", "identity")
    assert "\u2026" not in finding.message
    assert "{" not in finding.message + finding.fix


@pytest.mark.parametrize("attack", READERS, ids=names(READERS))
def test_survived_by_the_readers(attack: Attack, honest: Parts, examined: Examine) -> None:
    """What passes the gate ends in its code, or is read right; the child may die, the next file doesn't notice."""
    data = attack.build(honest)
    before = time.process_time()
    assert gate(data) is None
    assert time.process_time() - before < 0.5
    untouched = examined(zipped(members(honest)))
    largest = largest_child()
    started = time.monotonic()
    said = examined(data)
    assert time.monotonic() - started < SECONDS
    assert largest_child() <= max(largest, 1024 * 1024)
    faults = [finding.code for finding in said.findings if finding.severity == "fel"]
    if faults or "" not in attack.codes:
        assert set(attack.codes) & set(faults), [finding.message for finding in said.findings]
        assert "money" not in {part for one in said.contributions for part in one.parts}
    else:
        assert [one.digest for one in said.contributions] == [one.digest for one in untouched.contributions] != []
    assert examined(zipped(members(honest))) == untouched


def test_what_takes_too_long_is_ended_and_the_next_file_read(honest: Parts) -> None:
    """Six million cells; the limit is lower here than in a round, so that nobody waits for it."""
    data, seconds = swarm(honest), 6.0
    largest = largest_child()
    with Reading(bounds=replace(WORKBOOKS, seconds=seconds), children=1) as reading:
        started = time.monotonic()
        read, findings = reading.read(data)
        assert time.monotonic() - started < seconds + 2
        assert (read, [finding.code for finding in findings]) == (None, ["XS015"])
        assert largest_child() <= max(largest, 1024 * 1024)
        assert reading.read(zipped(members(honest)))[0] is not None


def test_random_damage_never_raises(honest: Parts, examined: Examine) -> None:
    """Flipped, cut, doubled and shuffled bytes: a finding, or exactly what was said."""
    whole = zipped(members(honest))
    said = examined(whole)
    random = Random(2026)
    for _ in range(300):
        data = bytearray(whole)
        match random.randrange(4):
            case 0:
                data[random.randrange(len(data))] ^= 1 << random.randrange(8)
            case 1:
                del data[random.randrange(len(data)) :]
            case 2:
                at = random.randrange(len(data))
                data[at:at] = data[at : at + random.randrange(1, 4000)]
            case 3:
                at = random.randrange(len(data))
                del data[at : at + random.randrange(1, 400)]
        found = examined(bytes(data))
        assert found.status == "refused" or found.contributions == () or found.findings == said.findings
        if found.contributions:
            assert [one.digest for one in found.contributions] == [one.digest for one in said.contributions]


def test_damage_inside_the_sheets(honest: Parts, examined: Examine) -> None:
    """Parts whose text is damaged, though the package is whole: never a figure that nobody typed without a word."""
    random = Random(7)
    said = examined(zipped(members(honest)))
    names_ = [name for name in honest if name.endswith((".xml", ".rels"))]
    for _ in range(400):
        name = random.choice(names_)
        text = bytearray(honest[name])
        at = random.randrange(len(text))
        text[at : at + 1] = random.choice((b"<", b">", b'"', b"&", b"\0", b"\xff", b"/", b" ", b"x", b"_"))
        found = examined(zipped(members({**honest, name: bytes(text)})))
        assert not any(finding.code == "XS901" for finding in found.findings), (name, at)
        if not set(found.findings) - set(said.findings):
            assert amounts(found) == amounts(said), (name, at)
    assert amounts(said)


def amounts(said: Examined) -> dict[str, object]:
    """The amounts of each line."""
    rows = [row for one in said.contributions for row in one.rows if isinstance(row.record, BudgetLine)]
    return {row.id: row.record.amounts for row in rows if isinstance(row.record, BudgetLine)}


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(file=10_000), "XS014"),
        (Limits(entries=5), "XS018"),
        (Limits(unpacked=50_000), "XS014"),
        (Limits(part=20_000), "XS014"),
        (Limits(ratio=2, ratio_from=1_000), "XS018"),
    ],
)
def test_every_limit_can_be_set(limits: Limits, code: str, honest: Parts) -> None:
    data = zipped(members(honest))
    assert gate(data) is None
    finding = gate(data, limits)
    assert finding is not None
    assert finding.code == code


def test_macros_are_let_through_only_when_asked(honest: Parts) -> None:
    data = zipped([*members(honest), Member("xl/vbaProject.bin", b"x")])
    refused: Finding | None = gate(data)
    assert refused is not None
    assert gate(data, Limits(active=True)) is None


@pytest.mark.slow
def test_the_largest_that_passes_is_seen_through_in_half_a_second(honest: Parts) -> None:
    """25 MB that are 250 MB unpacked: a generous guard here, measured in the benchmarks."""
    random = Random(1)
    line = b"".join(b'<c r="A%d"><v>%d</v></c>' % (n % 999, random.randrange(10**6)) for n in range(60_000))
    piece = (line * (20 * MIB // len(line) + 1))[: 20 * MIB]
    large = [Member(f"xl/media/{n}.bin", piece + bytes([n])) for n in range(10)]
    data = zipped([*members(honest), *large])
    assert len(data) > 20 * MIB
    started = time.monotonic()
    assert gate(data, Limits(file=64 * MIB)) is None
    assert time.monotonic() - started < 5
