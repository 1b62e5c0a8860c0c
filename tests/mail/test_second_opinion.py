"""What the builders make is what other programs take it for: two libraries that share no code with ours read the same."""

import zipfile
from io import BytesIO

import olefile
from oxmsg import Message as OutlookMessage
from tnefparse import TNEF

from tests.mail import builders as b
from xlstyr.mail.unpack import unpack, unpack_file

BOOK, LARGE = b.workbook("1", 3000), b.workbook("2", 8_000_000)


def test_winmail_dat() -> None:
    data = b.tnef([b.tnef_file("Budget förskola.xlsx", BOOK), b.tnef_file("B.xlsx", LARGE[:500_000])])
    theirs = [(file.long_filename(), bytes(file.data)) for file in TNEF(data).attachments]
    assert theirs == [(file.name, file.data) for file in unpack_file(data, "").attachments]


def test_winmail_dat_keeps_its_last_bytes() -> None:
    """A file that lies in a property ends with the zeros that a zip ends with."""
    inner = b.tnef([b.tnef_file("A.xlsx", BOOK)])
    found = unpack_file(b.tnef([b.tnef_embedded(inner)]), "")
    assert [file.data for file in found.attachments] == [BOOK]
    assert zipfile.is_zipfile(BytesIO(found.attachments[0].data))


def test_outlook_items() -> None:
    data = b.msg([b.msg_file("Budget förskola.xlsx", BOOK), b.msg_file("B.xlsx", LARGE)])
    theirs, ours = OutlookMessage.load(data), unpack(data)
    assert [(file.file_name, file.file_bytes) for file in theirs.attachments] == [
        (file.name, file.data) for file in ours.attachments
    ]
    assert (theirs.subject, theirs.sent_date) == (ours.subject, ours.sent)
    assert {person.email_address for person in theirs.recipients} == {*ours.to, *ours.copies}


def test_compound_files() -> None:
    """olefile finds no fault in the files that the tests build."""
    with olefile.OleFileIO(b.msg([b.msg_file("B.xlsx", LARGE)])) as file:
        assert file.parsing_issues == []
        assert file.openstream(["__attach_version1.0_#00000000", "__substg1.0_37010102"]).read() == LARGE
