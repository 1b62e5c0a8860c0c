"""Promise: any message is handled or refused on its own, within two seconds and 256 MB, every leaf accounted for."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mail import builders as b
from tests.mail.attacks import ATTACKS
from tests.mail.test_shapes import DAMAGED, KINDS, SHAPES
from xlstyr.mail.message import Message
from xlstyr.mail.unpack import from_plain, unpack, unpack_file

SECONDS, MEMORY = 2, 256
CHILD = f"""
import json, marshal, pathlib, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY} * 2**20,) * 2)
from xlstyr.mail.unpack import from_plain, unpack_bytes
data = pathlib.Path(sys.argv[1]).read_bytes()
start = time.process_time()
plain = marshal.dumps(unpack_bytes(data))
seconds = time.process_time() - start
found = from_plain(marshal.loads(plain))
codes = [part.code for part in found.problems]
print(json.dumps([seconds, found.complete, found.leaves, len(found.attachments), codes]))
"""
EXPECTED: dict[str, tuple[int, str]] = {
    "840 kB of encoded words as subject": (1, ""),
    "1,000 parentheses": (1, ""),
    "30,000 parentheses": (1, ""),
    "quotation marks and backslashes": (1, ""),
    "10,000 addresses": (1, ""),
    "multipart 1,000 deep": (0, "too_deep"),
    "1,000 messages deep": (0, "too_deep"),
    "8 messages deep around 28 MB": (1, ""),
    "5,000 parts": (500, "too_many_parts"),
    "a zip bomb": (0, "too_large"),
    "a workbook of 28 MB": (1, ""),
    "28 MB of uuencode": (1, ""),
    "an item with 20,000 files": (499, "too_many_parts"),
    "too large": (0, "too_large"),
}
"""What becomes of some of them: files found, and the first problem. The others need only end well."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits are set in another way there")
@pytest.mark.parametrize("attack", ATTACKS)
def test_time_and_memory(attack: str, tmp_path: Path) -> None:
    path = tmp_path / "message"
    path.write_bytes(ATTACKS[attack]())
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    seconds, complete, leaves, files, codes = json.loads(done.stdout)
    assert seconds < SECONDS
    assert complete
    assert leaves > 0
    assert "fault" not in codes
    if attack in EXPECTED:
        assert (files, codes[0] if codes else "") == EXPECTED[attack]


VALID = sorted({*(shape[0] for shape in (SHAPES | DAMAGED).values()), *(data for data, _ in KINDS.values())})


def holds(found: Message) -> None:
    assert found.complete
    assert [part for part in found.problems if part.code == "fault"] == []
    assert from_plain(found.plain()) == found


def flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def without_a_piece(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.randrange(200) :]


def with_a_piece_twice(data: bytes, chance: random.Random) -> bytes:
    at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:to] + data[at:]


@pytest.mark.parametrize("change", [flipped, cut, without_a_piece, with_a_piece_twice])
def test_messages_damaged_anywhere_are_accounted_for(change: Callable[[bytes, random.Random], bytes]) -> None:
    chance = random.Random(change.__name__)
    for _ in range(6):
        for data in VALID:
            holds(unpack(change(data, chance)))


@pytest.mark.parametrize("change", [flipped, cut, without_a_piece])
def test_containers_damaged_anywhere_are_accounted_for(change: Callable[[bytes, random.Random], bytes]) -> None:
    """Damage inside a container, where base64 doesn't stop it first."""
    book = b.workbook("1", 3000)
    inner = b.msg_inner(b.msg_tree([b.msg_file("I.xlsx", book)], start=24))
    containers = [
        b.msg([b.msg_file("A.xlsx", book), inner]),
        b.tnef([b.tnef_file("A.xlsx", book), b.tnef_embedded(b.tnef([b.tnef_file("B.xlsx", book)]))]),
        b.packed({"A.xlsx": book, "in.zip": b.packed({"B.xlsx": book})}),
    ]
    chance = random.Random(change.__name__)
    for _ in range(300):
        for data in containers:
            holds(unpack_file(change(data, chance), "x"))


@settings(max_examples=300)
@given(st.binary(max_size=2000))
def test_any_bytes_at_all(data: bytes) -> None:
    holds(unpack(data))
    holds(unpack_file(data, "x.eml"))
    holds(unpack(b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + data))


@settings(max_examples=300)
@given(st.text(max_size=300), st.sampled_from(["From", "To", "Subject", "Date", "Content-Type", "Content-Disposition"]))
def test_any_header_at_all(value: str, name: str) -> None:
    data = b.letter(b.attached(b.workbook()), {"X": "y", name: value.replace("\n", " ").replace("\r", " ")})
    holds(unpack(b"Message-ID: <1>\r\n" + data))
