"""Outlook's rich text: unpacked as Microsoft's own examples say, and searched like any other text."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail import builders as b
from xlstyr.mail.rtf import rich_text
from xlstyr.mail.unpack import unpack

HELLO = "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
RUNNING = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0"


def packed(rtf: bytes) -> bytes:
    """Rich text as it may be packed: every byte for itself."""
    pieces = b"".join(b"\0" + rtf[at : at + 8] for at in range(0, len(rtf), 8))
    return struct.pack("<IIII", len(pieces) + 12, len(rtf), 0x75465A4C, 0) + pieces


def loose(rtf: bytes) -> bytes:
    """Rich text that isn't packed."""
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


@pytest.mark.parametrize(("data", "text"), [(HELLO, "hello world"), (RUNNING, "WXYZWXYZWXYZWXYZWXYZ")])
def test_the_examples_of_the_specification(data: str, text: str) -> None:
    assert rich_text(bytes.fromhex(data), 1000).strip() == text


@pytest.mark.parametrize("pack", [packed, loose])
def test_marks_are_not_text(pack: type) -> None:
    rtf = rb"{\rtf1\ansi {\b F\'f6rskolan \u197?}\par rad 2\tab x}"
    assert rich_text(pack(rtf), 1000) == "F\u00f6rskolan \u00c5\nrad 2\nx"
    assert len(rich_text(pack(b"x" * 5000), 100)) <= 100


@given(st.binary(max_size=400))
def test_nothing_raises(data: bytes) -> None:
    for kind in (0x75465A4C, 0x414C454D):
        rich_text(struct.pack("<IIII", 0, 0, kind, 0) + data, 200)
    rich_text(data, 200)


def test_a_personal_number_is_found_in_rich_text_alone() -> None:
    rich = packed(rb"{\rtf1\ansi G\'e4ller Anna, 811218-{\b 9876}.}").decode("latin-1")
    for text, personal in ((rich, True), (packed(rb"{\rtf1 Hej}").decode("latin-1"), False)):
        data = b.tnef([b.tnef_file("Budget.xlsx", b"PK\3\4")], body=text, tag=0x1009, encoding="latin-1")
        mail = b.letter(b.attached(data, "winmail.dat", Content_Type="application/ms-tnef"))
        assert unpack(mail).personal is personal
    whole = b.msg_tree([b.msg_file("Budget.xlsx", b"PK\3\4")])
    tree = {name: part for name, part in whole.items() if not name.startswith("__substg1.0_1000")}
    assert unpack(b.Cfb({**tree, "__substg1.0_10090102": rich.encode("latin-1")}).bytes).personal
