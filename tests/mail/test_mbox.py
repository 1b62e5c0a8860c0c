"""A mailbox in one file."""

import tracemalloc
from pathlib import Path

from tests.mail import builders as b
from xlstyr.mail.mbox import split_mbox
from xlstyr.mail.message import Kind, MailLimits
from xlstyr.mail.unpack import unpack

FROM = b"From anna@exempelby.se Thu Aug 21 10:15:00 2025\n"


def mailbox(tmp_path: Path, *messages: bytes) -> Path:
    path = tmp_path / "Inbox"
    path.write_bytes(
        b"".join(
            FROM + message.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ") + b"\n" for message in messages
        )
    )
    return path


def test_each_message_by_itself(tmp_path: Path) -> None:
    books = [b.workbook(str(number)) for number in range(3)]
    path = mailbox(tmp_path, *[b.letter(b.several(b.text(), b.attached(book))) for book in books])
    assert [unpack(data).attachments[0].data for data in split_mbox(path)] == books


def test_a_line_that_begins_with_from_is_no_new_message(tmp_path: Path) -> None:
    words = "Hej\r\n\r\nFrom anna 10:15:00 2025\r\nhej\r\n"
    found = list(split_mbox(mailbox(tmp_path, b.letter(b.text(words)), b.letter(b.text()))))
    assert len(found) == 2
    assert b"\nFrom anna 10" in found[0]
    path = tmp_path / "oskyddad"
    path.write_bytes(FROM + b.letter(b.text(words)) + b"\n" + FROM + b.letter(b.text()))
    assert len(list(split_mbox(path))) == 2


def test_what_is_no_mailbox_comes_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"hej\n" * 3)
    assert list(split_mbox(path)) == [b"hej\n" * 3]
    path.write_bytes(b"")
    assert list(split_mbox(path)) == []


def test_one_that_is_too_large_stops_no_other(tmp_path: Path) -> None:
    limits = MailLimits(message=50_000)
    path = mailbox(tmp_path, b.letter(b.attached(b.workbook("1", 200_000))), b.letter(b.text()))
    found = [unpack(data, limits) for data in split_mbox(path, limits)]
    assert [message.kind for message in found] == [Kind.UNREADABLE, Kind.LETTER]
    assert found[0].problems[0].code == "too_large"


def test_memory_is_flat(tmp_path: Path) -> None:
    path = mailbox(tmp_path, *[b.letter(b.attached(b.workbook("1", 200_000)))] * 40)
    tracemalloc.start()
    count = sum(1 for _ in split_mbox(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40
    assert peak < 2_000_000 < path.stat().st_size
