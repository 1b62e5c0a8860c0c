"""What people and their programs send: every file is found, under its name, byte for byte."""

import base64
import email
import email.policy
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import xlstyr.mail
from tests.mail import builders as b
from xlstyr.mail.message import Kind, MailLimits, Message
from xlstyr.mail.unpack import from_plain, unpack, unpack_bytes, unpack_file
from xlstyr.words import word, words

BOOK, OTHER = b.workbook("1", 3000), b.workbook("2", 9000)


def files(message: Message) -> list[tuple[str, str, bytes]]:
    return [(file.path, file.name, file.data) for file in message.attachments]


def codes(message: Message) -> list[tuple[str, str]]:
    return [(part.path, part.code) for part in message.problems]


def ignored(message: Message) -> list[tuple[str, str]]:
    return [(part.path, part.reason) for part in message.ignored]


def test_a_plain_reply() -> None:
    found = unpack(b.letter(b.several(b.text(), b.attached(BOOK)), Cc="Chefen <chef@exempelby.se>"))
    assert files(found) == [("2/Budget.xlsx", "Budget.xlsx", BOOK)]
    assert (found.sender, found.to, found.copies) == (
        "anna.ek@exempelby.se",
        ("budget@exempelby.se",),
        ("chef@exempelby.se",),
    )
    assert found.sent is not None
    assert found.sent.astimezone(UTC) == datetime(2025, 8, 21, 8, 15, tzinfo=UTC)
    assert (found.kind, found.message_id) == (Kind.LETTER, "<1@exempelby.se>")
    assert found.reference == "[budget-2026/un-forskola/proposal/1]"
    assert ignored(found) == [("1", "text")]
    assert found.leaves == 2


NESTED = b.letter(b.several(b.text(), b.attached(BOOK, "Förskolan.xlsx"), boundary="=_inner"), Subject="Budget")
ANSWER = b.several(b.text(), b.attached(BOOK))
ZIP = b.packed({"svar/Budget.xlsx": BOOK, "svar/__MACOSX/._Budget.xlsx": b"\0\5\x16\7", "Läs mig.txt": b"hej"})
SHAPES: dict[str, tuple[bytes, list[tuple[str, bytes]], list[str]]] = {
    "several attachments": (
        b.letter(b.several(b.text(), b.attached(BOOK, "A.xlsx"), b.attached(OTHER, "B.xlsx"))),
        [("2/A.xlsx", BOOK), ("3/B.xlsx", OTHER)],
        ["text"],
    ),
    "only a file": (b.letter(b.attached(BOOK)), [("1/Budget.xlsx", BOOK)], []),
    "alternative inside": (
        b.letter(b.several(b.several(b.text(), b.text("<p>Hej</p>"), kind="alternative", boundary="=_2"), b.attached(BOOK))),
        [("2/Budget.xlsx", BOOK)],
        ["text", "text"],
    ),
    "boundaries that begin alike": (
        b.letter(b.several(b.several(b.text(), b.attached(OTHER), boundary="=_b12"), b.attached(BOOK), boundary="=_b1")),
        [("1.2/Budget.xlsx", OTHER), ("2/Budget.xlsx", BOOK)],
        ["text"],
    ),
    "forwarded as attachment": (
        b.letter(b.several(b.text(), b.forwarded(NESTED))),
        [("2/2/Förskolan.xlsx", BOOK)],
        ["text", "text"],
    ),
    "a saved message attached": (
        b.letter(b.several(b.text(), b.attached(NESTED, "Svar.eml"))),
        [("2/Svar.eml/2/Förskolan.xlsx", BOOK)],
        ["text", "text"],
    ),
    "an Outlook item attached": (
        b.letter(b.several(b.text(), b.attached(b.msg([b.msg_file("Budget förskola.xlsx", BOOK)]), "Svar.msg"))),
        [("2/Svar.msg/1/Budget förskola.xlsx", BOOK)],
        ["text", "text"],
    ),
    "zipped": (
        b.letter(b.several(b.text(), b.attached(ZIP, "bilagor.zip"))),
        [("2/bilagor.zip/svar/Budget.xlsx", BOOK), ("2/bilagor.zip/Läs mig.txt", b"hej")],
        ["system", "text"],
    ),
    "a zip in a zip": (
        b.letter(b.attached(b.packed({"in.zip": b.packed({"Budget.xlsx": BOOK})}), "ut.zip")),
        [("1/ut.zip/in.zip/Budget.xlsx", BOOK)],
        [],
    ),
    "an empty zip": (b.letter(b.attached(b.packed({}), "tom.zip")), [], ["empty"]),
    "winmail.dat": (
        b.letter(b.several(b.text(), b.attached(b.tnef([b.tnef_file("Budget förskola.xlsx", BOOK)]), "winmail.dat"))),
        [("2/winmail.dat/1/Budget förskola.xlsx", BOOK)],
        ["text", "text"],
    ),
    "winmail.dat in winmail.dat": (
        b.letter(b.attached(b.tnef([b.tnef_embedded(b.tnef([b.tnef_file("A.xlsx", BOOK)]))], body=""), "winmail.dat")),
        [("1/winmail.dat/1/VB Budget/1/A.xlsx", BOOK)],
        ["text"],
    ),
    "an empty winmail.dat": (b.letter(b.attached(b.tnef([], body=""), "winmail.dat")), [], ["empty"]),
    "uuencode": (
        b.letter(b.text("Hej\n" + b.uuencoded(BOOK, "Budget.xlsx").decode() + "Anna\n")),
        [("1/1/Budget.xlsx", BOOK)],
        ["text"],
    ),
    "base64 in the text": (
        b.letter(b.text("Hej\n\n" + base64.encodebytes(BOOK).decode() + "\nAnna\n")),
        [("1/base64-1", BOOK)],
        ["text"],
    ),
    "no text at all": (b.letter(b.several(b.text(" \r\n"), b.attached(BOOK))), [("2/Budget.xlsx", BOOK)], ["empty"]),
    "no attachment": (b.letter(b.text()), [], ["text"]),
    "a password": (b.letter(b.attached(b.encrypted_workbook())), [("1/Budget.xlsx", b.encrypted_workbook())], []),
    "an empty file": (b.letter(b.several(b.text(), b.attached(b""))), [("2/Budget.xlsx", b"")], ["text"]),
    "a logo": (
        b.letter(b.several(b.text(), b.attached(b"\x89PNG....", "logo.png", Content_ID="<logo>"), kind="related")),
        [],
        ["text", "image"],
    ),
    "a picture that is attached": (b.letter(b.attached(b"\x89PNG....", "bild.png")), [("1/bild.png", b"\x89PNG....")], []),
    "a file shown in the text": (
        b.letter(b.several(b.text(), b.attached(BOOK, Content_Disposition='inline; filename="Budget.xlsx"'))),
        [("2/Budget.xlsx", BOOK)],
        ["text"],
    ),
    "a file that is said to be a picture": (
        b.letter(b.several(b.text(), b.attached(BOOK, "x.png", Content_Type="image/png", Content_ID="<1>"))),
        [("2/x.png", BOOK)],
        ["text"],
    ),
    "a file that is said to be a signature": (
        b.letter(b.several(b.text(), b.attached(BOOK, "x", Content_Type="application/pgp-signature"))),
        [("2/x", BOOK)],
        ["text"],
    ),
    "a file that is said to be text": (
        b.letter(b.several(b.text(), b.attached(BOOK, Content_Type="text/plain", Content_Disposition="inline"))),
        [("2", BOOK)],
        ["text"],
    ),
    "a signed letter": (
        b.letter(b.several(ANSWER, b.attached(b"0\x80", "smime.p7s", Content_Type="application/pkcs7-signature"), kind="signed", boundary="=_s")),
        [("1.2/Budget.xlsx", BOOK)],
        ["text", "signature"],
    ),
    "Exchange's split text": (
        b.letter(b.several(b.text(), b.attached(BOOK), b.attached(b"Mvh Anna", "ATT00001.txt", Content_Type="text/plain"))),
        [("2/Budget.xlsx", BOOK)],
        ["text", "text"],
    ),
    "a meeting": (
        b.letter(b.several(b.text(), b.attached(b"BEGIN:VCALENDAR", "x.ics", Content_Type="text/calendar"))),
        [],
        ["text", "calendar"],
    ),
    "quoted-printable": (
        b.letter(b.several(b.text(), b.headed({"Content-Type": "text/csv; name=a.csv", "Content-Transfer-Encoding": "quoted-printable"}, b"a=3Bb=\r\n=E5"))),
        [("2/a.csv", b"a;b\xe5")],
        ["text"],
    ),
    "eight bits": (
        b.letter(b.several(b.text(), b.headed({"Content-Type": "x/y; name=Budget.xlsx", "Content-Transfer-Encoding": "binary"}, BOOK))),
        [("2/Budget.xlsx", BOOK)],
        ["text"],
    ),
    "a digest": (b.letter(b.several(b"\r\n" + NESTED, kind="digest")), [("1/2/Förskolan.xlsx", BOOK)], ["text"]),
    "bare newlines": (b.letter(ANSWER).replace(b"\r\n", b"\n"), [("2/Budget.xlsx", BOOK)], ["text"]),
    "bare carriage returns": (b.letter(ANSWER).replace(b"\r\n", b"\r").replace(b"\n", b""), [("2/Budget.xlsx", BOOK)], ["text"]),
    "a mark and blank lines first": (b"\xef\xbb\xbf\r\n" + b.letter(ANSWER), [("2/Budget.xlsx", BOOK)], ["text"]),
    "an envelope line first": (b"From anna Thu Aug 21 10:15:00 2025\r\n" + b.letter(ANSWER), [("2/Budget.xlsx", BOOK)], ["text"]),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_file_is_found(shape: str) -> None:
    data, expected, passed = SHAPES[shape]
    found = unpack(data)
    assert [(path, content) for path, _, content in files(found)] == expected
    assert sorted(reason for _, reason in ignored(found)) == sorted(passed)
    assert codes(found) == []
    assert found.leaves == len(expected) + len(passed)
    assert (found.sender, found.kind) == ("anna.ek@exempelby.se", Kind.LETTER)
    assert from_plain(unpack_bytes(data)) == found


@pytest.mark.parametrize("shape", ["several attachments", "alternative inside", "a logo", "a signed letter"])
def test_the_leaves_are_those_that_the_standard_library_sees(shape: str) -> None:
    data = SHAPES[shape][0]
    parts = [
        part for part in email.message_from_bytes(data, policy=email.policy.compat32).walk() if not part.is_multipart()
    ]
    assert unpack(data).leaves == len(parts)


DAMAGED: dict[str, tuple[bytes, list[bytes], list[tuple[str, str]]]] = {
    "base64 with rubbish in it": (b.letter(b.attached(BOOK)).replace(b"\r\nUEsD", b"\r\n!UE!sD"), [BOOK], []),
    "base64 without its padding": (b.letter(b.attached(b.workbook())).rstrip(b"=\n"), [b.workbook()], []),
    "base64 that lacks a letter": (
        b.letter(b.attached(BOOK)).replace(b"\nUEsDBB", b"\nUEsDB"),
        [],
        [("1/Budget.xlsx", "broken_base64")],
    ),
    "base64 with a letter too few inside": (
        b.letter(b.several(b.text(), b.attached(OTHER, "B.xlsx"), b.attached(b"%PDF" + BOOK, "x.pdf"))).replace(b"\nJVBERl", b"\n*JVBER"),
        [OTHER],
        [("3/x.pdf", "broken_base64")],
    ),
    "no boundary said": (
        b.letter(ANSWER).replace(b'; boundary="=_b1"', b""),
        [BOOK],
        [],
    ),
    "another boundary said": (b.letter(ANSWER).replace(b'boundary="=_b1"', b'boundary="=_b2"'), [BOOK], []),
    "no boundary anywhere": (
        b.letter(b.headed({"Content-Type": "multipart/mixed"}, base64.encodebytes(BOOK))),
        [],
        [("1", "no_boundary")],
    ),
    "the last boundary is missing": (b.letter(b.several(b.text(), b.attached(BOOK), ends=False)), [BOOK], []),
    "the headers that say multipart are gone": (b.letter(ANSWER).replace(b"Content-Type: multipart", b"X-Y: multipart"), [BOOK], []),
    "rubbish among the headers": (b.letter(ANSWER).replace(b"Content-Type: mul", b"rubbish\r\nContent-Type: mul", 1), [BOOK], []),
    "an unknown encoding": (
        b.letter(b.several(b.text(), b.attached(b"%PDF....", "x.pdf", Content_Transfer_Encoding="x-rot"))),
        [],
        [("2/x.pdf", "unknown_encoding")],
    ),
    "an unknown encoding that is base64": (b.letter(b.attached(BOOK, Content_Transfer_Encoding="base-64")), [BOOK], []),
    "no encoding said": (b.letter(b.attached(BOOK).replace(b"Content-Transfer-Encoding: base64\r\n", b"")), [BOOK], []),
    "uuencode that breaks off": (
        b.letter(b.text(b.uuencoded(BOOK, "B.xlsx").decode()[:2000])),
        [],
        [("1/1/B.xlsx", "broken_uuencode")],
    ),
    "a multipart in base64": (
        b.letter(b.headed({"Content-Type": 'multipart/mixed; boundary="=_b1"', "Content-Transfer-Encoding": "base64"}, base64.encodebytes(ANSWER.partition(b"\r\n\r\n")[2]))),
        [BOOK],
        [],
    ),
    "a zip with a password": (
        b.letter(b.attached(b.raw_zip([(b"Budget.xlsx", BOOK, 1), (b"B.xlsx", OTHER, 0)]), "a.zip")),
        [OTHER],
        [("1/a.zip/Budget.xlsx", "encrypted")],
    ),
    "a zip packed in another way": (
        b.letter(b.attached(b.packed({"Budget.xlsx": BOOK}, zipfile.ZIP_LZMA), "a.zip")),
        [],
        [("1/a.zip/Budget.xlsx", "unknown_packing")],
    ),
    "a zip with a broken file": (
        b.letter(b.attached(b.raw_zip([(b"A.xlsx", BOOK, 0), (b"B.xlsx", OTHER, 0)]).replace(BOOK, BOOK[:-1] + b"x"), "a.zip")),
        [OTHER],
        [("1/a.zip/A.xlsx", "damaged")],
    ),
    "a zip that is cut off": (b.letter(b.attached(ZIP[:-40], "a.zip")), [ZIP[:-40]], []),
    "four zips in each other": (
        b.letter(b.attached(b.packed({"2.zip": b.packed({"3.zip": b.packed({"4.zip": b.packed({"A.xlsx": BOOK})})})}), "1.zip")),
        [],
        [("1/1.zip/2.zip/3.zip/4.zip", "too_deep")],
    ),
    "a zip that is called a workbook": (b.letter(b.attached(ZIP)), [ZIP], []),
    "another archive": (b.letter(b.attached(b"Rar!\x1a\x07\0...", "a.rar")), [], [("1/a.rar", "packed")]),
    "a winmail.dat that is cut off": (
        b.letter(b.attached(b.tnef([b.tnef_file("A.xlsx", BOOK), b.tnef_file("B.xlsx", OTHER)])[:-9000], "winmail.dat")),
        [BOOK, b""],
        [("1/winmail.dat/rest", "damaged")],
    ),
    "a winmail.dat with a wrong checksum": (
        b.letter(b.attached(b.tnef([b.tnef_file("A.xlsx", BOOK), b.tnef_file("B.xlsx", OTHER)]).replace(BOOK, BOOK[:999] + b"?" + BOOK[1000:]), "winmail.dat")),
        [OTHER],
        [("1/winmail.dat/1/A.xlsx", "damaged")],
    ),
    "a cloud link": (b.letter(b.attached(b.msg([b.msg_link("Budget.xlsx")]), "x.msg")), [], [("1/x.msg/1/Budget.xlsx", "link")]),
    "a part of a message": (
        b.letter(b.headed({"Content-Type": "message/partial; number=1"}, b"...")),
        [],
        [("1", "partial")],
    ),
    "sealed": (
        b.letter(b.attached(b"0\x80...", "smime.p7m", Content_Type="application/pkcs7-mime")),
        [],
        [("1/smime.p7m", "sealed")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", DAMAGED)
def test_what_is_damaged_is_had_exactly_or_named(shape: str) -> None:
    data, expected, problems = DAMAGED[shape]
    found = unpack(data)
    assert [file.data for file in found.attachments] == expected
    assert codes(found) == problems
    assert found.complete


KINDS: dict[str, tuple[bytes, Kind]] = {
    "out of office": (b.letter(b.text(), Auto_Submitted="auto-replied"), Kind.AUTO_REPLY),
    "a machine": (b.letter(b.text(), Auto_Submitted="auto-generated (rejected)"), Kind.AUTO_REPLY),
    "not a machine": (b.letter(b.text(), Auto_Submitted="no"), Kind.LETTER),
    "an old machine": (b.letter(b.text(), X_Autoreply="yes"), Kind.AUTO_REPLY),
    "bulk": (b.letter(b.text(), Precedence="bulk"), Kind.AUTO_REPLY),
    "a mailing list": (b.letter(b.text(), Precedence="list"), Kind.LETTER),
    "Exchange asks for no replies": (b.letter(b.text(), X_Auto_Response_Suppress="All"), Kind.LETTER),
    "a bounce": (b.bounce(b.letter(ANSWER)), Kind.BOUNCE),
    "a bounce without a report": (b.letter(b.text(), From="Mail Delivery System <MAILER-DAEMON@x.se>"), Kind.BOUNCE),
    "an odd bounce": (b.letter(b.text(), X_Failed_Recipients="a@x.se"), Kind.BOUNCE),
    "an empty envelope": (b.letter(b.text(), Return_Path="<>"), Kind.BOUNCE),
    "delivered": (b.bounce(b.letter(ANSWER), "delivered"), Kind.RECEIPT),
    "read": (b.receipt(), Kind.RECEIPT),
    "our own": (b.letter(ANSWER, X_Xlstyr="[budget-2026/un-forskola/proposal/1]"), Kind.OWN),
    "Outlook's bounce": (b.msg([], kind="REPORT.IPM.Note.NDR"), Kind.BOUNCE),
    "Outlook's receipt": (b.msg([], kind="REPORT.IPM.Note.IPNRN"), Kind.RECEIPT),
    "Outlook's out of office": (b.msg([], kind="IPM.Note.Rules.OofTemplate.Microsoft"), Kind.AUTO_REPLY),
    "nothing": (b"", Kind.UNREADABLE),
    "no message": (b"\0\1\2" * 50, Kind.UNREADABLE),
    "a workbook": (BOOK, Kind.UNREADABLE),
    "a broken item": (b.msg([])[:1500], Kind.UNREADABLE),
}


@pytest.mark.parametrize("shape", KINDS)
def test_what_a_message_is_for(shape: str) -> None:
    data, kind = KINDS[shape]
    found = unpack(data)
    assert found.kind is kind
    assert found.complete
    assert found.leaves >= 1 or data.startswith(b"\xd0\xcf")


def test_what_comes_back_is_no_answer() -> None:
    """A bounce quotes our message with its workbook: it is accounted for, and nobody's answer."""
    found = unpack(b.bounce(b.letter(ANSWER)))
    assert [(file.path, file.within) for file in found.attachments] == [("3/2/Budget.xlsx", Kind.BOUNCE)]
    assert found.answers == ()
    assert ignored(found) == [("1", "text"), ("2", "report"), ("3/1", "text")]


def test_our_own_letter_sent_back_as_an_attachment_is_no_answer() -> None:
    own = b.letter(b.several(b.text(), b.attached(OTHER, "Mall.xlsx"), boundary="=_2"), X_Xlstyr="1")
    found = unpack(b.letter(b.several(b.text(), b.forwarded(own), b.attached(BOOK))))
    assert [file.name for file in found.attachments] == ["Mall.xlsx", "Budget.xlsx"]
    assert [file.name for file in found.answers] == ["Budget.xlsx"]


def test_an_outlook_item() -> None:
    inner = b.msg_tree([b.msg_file("Inre.xlsx", OTHER)], start=24)
    found = unpack(b.msg([b.msg_file("Budget förskola.xlsx", BOOK), b.msg_inner(inner), b.msg_link("Moln.xlsx")]))
    assert files(found) == [
        ("1/Budget förskola.xlsx", "Budget förskola.xlsx", BOOK),
        ("2/1/Inre.xlsx", "Inre.xlsx", OTHER),
    ]
    assert codes(found) == [("3/Moln.xlsx", "link")]
    assert (found.sender, found.to, found.copies) == (
        "anna.ek@exempelby.se",
        ("budget@exempelby.se",),
        ("chef@exempelby.se",),
    )
    assert found.sent == datetime(2025, 8, 21, 8, 15, tzinfo=UTC)
    assert (found.message_id, found.reference) == ("<2@exempelby.se>", "[budget-2026/un-forskola/proposal/1]")


def test_an_outlook_item_with_the_headers_that_came() -> None:
    transport = (
        "Microsoft Mail Internet Headers Version 2.0\r\nFrom: Bo <bo@exempelby.se>\r\nAuto-Submitted: auto-replied\r\n"
    )
    found = unpack(b.msg([], transport=transport))
    assert (found.sender, found.kind) == ("bo@exempelby.se", Kind.AUTO_REPLY)


def test_an_outlook_item_with_a_large_file() -> None:
    """Its allocation table doesn't fit in the file's header."""
    large = b.workbook("1", 9_000_000)
    assert [file.data for file in unpack(b.msg([b.msg_file("A.xlsx", large)])).attachments] == [large]


LOOSE: dict[str, tuple[bytes, str, list[str]]] = {
    "a workbook": (BOOK, "Budget.xlsx", ["Budget.xlsx"]),
    "a zip": (ZIP, "svar.zip", ["svar.zip/svar/Budget.xlsx", "svar.zip/Läs mig.txt"]),
    "winmail.dat": (b.tnef([b.tnef_file("A.xlsx", BOOK)]), "winmail.dat", ["winmail.dat/1/A.xlsx"]),
    "a message": (b.letter(ANSWER), "svar.eml", ["2/Budget.xlsx"]),
    "an Outlook item": (b.msg([b.msg_file("A.xlsx", BOOK)]), "svar.msg", ["1/A.xlsx"]),
    "a text": (b"hej", "hej.txt", ["hej.txt"]),
    "nothing": (b"", "tom.xlsx", ["tom.xlsx"]),
}


@pytest.mark.parametrize("shape", LOOSE)
def test_a_file_in_a_folder(shape: str) -> None:
    data, name, expected = LOOSE[shape]
    found = unpack_file(data, name)
    assert [file.path for file in found.attachments] == expected
    assert found.complete
    assert found.kind is Kind.LETTER


def test_every_problem_has_its_words() -> None:
    told = words("mail_in.problems")
    code = "".join(path.read_text("utf-8") for path in Path(xlstyr.mail.__file__).parent.glob("*.py"))
    assert [key for key in told if f'"{key}"' not in code] == []
    met = {code for data, _, problems in DAMAGED.values() for _, code in problems}
    assert met <= set(told)
    assert all(word(f"mail_in.problems.{key}", detail="x") for key in told)


@pytest.mark.parametrize("plain", [None, (), ((), None, (), (), (), ()), "text", unpack_bytes(b"")[:-1]])
def test_what_is_no_message_is_refused(plain: object) -> None:
    """A child process that has been taken over can't make the parent believe anything."""
    with pytest.raises((ValueError, TypeError)):
        from_plain(plain)


def cut(**changes: int) -> Callable[[bytes], Message]:
    return lambda data: unpack(data, MailLimits(**changes))


def test_limits_are_said() -> None:
    many = b.letter(b.several(*[b.attached(BOOK, f"{number}.xlsx") for number in range(9)]))
    assert codes(cut(parts=5)(many)) == [("6", "too_many_parts")]
    assert len(cut(parts=5)(many).attachments) == 5
    room = len(BOOK) * 3
    assert codes(cut(unpacked=room)(many)) == [(f"{number}/{number - 1}.xlsx", "too_large") for number in range(4, 10)]
    assert codes(cut(message=100)(many)) == [("", "too_large")]
    assert codes(cut(depth=1)(many)) == [("1", "too_deep")]
    assert codes(cut(depth=3)(b.letter(b.several(b.text(), b.forwarded(NESTED))))) == [("2/1", "too_deep")]
