"""Names of files and people, however they are written."""

import email.message
import email.policy
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail import builders as b
from xlstyr.mail.coding import decoded_words
from xlstyr.mail.files import kind_of
from xlstyr.mail.reference import Reference, find_reference, format_reference
from xlstyr.mail.unpack import unpack

BOOK = b.workbook()
NAME = "Budget för Ängsbyskolan.xlsx"
UTF8 = quote(NAME.encode())
HALF = "=?utf-8?B?QnVkZ2V0IGbD?= =?utf-8?B?tnIgw4RuZ3NieXNrb2xhbi54bHN4?="
FOLDED = HALF.replace("= =", "=\r\n =")
NAMES: dict[str, str] = {
    "RFC 2231": f"attachment; filename*=utf-8''{UTF8}",
    "RFC 2231 in Latin-1": f"attachment; filename*=iso-8859-1'sv'{quote(NAME.encode('latin-1'))}",
    "RFC 2231 in pieces": f"attachment; filename*0*=utf-8''{UTF8[:20]}; filename*1*={UTF8[20:]}",
    "pieces in disorder": f"attachment;\r\n filename*1*={UTF8[30:]};\r\n filename*0*=UTF-8''{UTF8[:30]}",
    "an encoded word in quotes": '"attachment"; filename="=?utf-8?Q?Budget_f=C3=B6r_=C3=84ngsbyskolan=2Exlsx?="',
    "a letter split between two words": f'attachment; filename="{HALF}"',
    "folded between two words": f'attachment;\r\n\tfilename="{FOLDED}"',
    "without quotes": f"attachment; filename={NAME}",
    "a quote too few": f'attachment; filename="{NAME}',
    "raw UTF-8": f'attachment; filename="{NAME}"',
    "a folder": f'attachment; filename="../../etc/{NAME}"',
    "a Windows folder": f'attachment; filename="C:\\Users\\Anna\\{NAME}"',
    "an unknown charset": f"attachment; filename*=x-okänd''{UTF8}",
    "letters that turn the text": f'attachment; filename="\u202e{NAME}\u200b"',
}


@pytest.mark.parametrize("how", NAMES)
def test_a_name_is_read_as_it_was_meant(how: str) -> None:
    part = b.attached(BOOK, Content_Disposition=NAMES[how], Content_Type="application/octet-stream")
    found = unpack(b.letter(b.several(b.text(), part)))
    assert [file.name for file in found.attachments] == [NAME]
    assert found.attachments[0].data == BOOK


@pytest.mark.parametrize("policy", [email.policy.SMTP, email.policy.default, email.policy.SMTPUTF8])
def test_a_name_as_the_standard_library_writes_it(policy: email.policy.EmailPolicy) -> None:
    message = email.message.EmailMessage(policy=policy)
    message["From"], message["Subject"] = "Åsa Öst <asa@x.se>", f"SV: Budget för Ängsbyskolan {'mycket ' * 20}lång"
    message.set_content("Hej, åäö")
    message.add_attachment(BOOK, maintype="application", subtype="octet-stream", filename=NAME)
    found = unpack(message.as_bytes())
    assert [(file.name, file.data) for file in found.attachments] == [(NAME, BOOK)]
    assert (found.sender, found.subject) == ("asa@x.se", message["Subject"])


def test_a_name_in_raw_latin_1() -> None:
    data = b.letter(b.attached(BOOK, NAME)).replace(NAME.encode(), NAME.encode("latin-1"))
    assert [file.name for file in unpack(data).attachments] == [NAME]


@pytest.mark.parametrize(
    ("disposition", "kind", "name"),
    [
        ("attachment", "application/octet-stream; name=B.xlsx", "B.xlsx"),
        ("attachment", "application/octet-stream", "bilaga.xlsx"),
        ('attachment; filename="../.."', "x/y", "bilaga.xlsx"),
        ('attachment; filename="' + "a" * 500 + '.xlsx"', "x/y", "a" * 155 + ".xlsx"),
        ('attachment; filename="a\0\x07b.xlsx"', "x/y", "ab.xlsx"),
    ],
)
def test_odd_names(disposition: str, kind: str, name: str) -> None:
    found = unpack(b.letter(b.attached(BOOK, Content_Disposition=disposition, Content_Type=kind)))
    assert [file.name for file in found.attachments] == [name]


@pytest.mark.parametrize("charset", ["cp437", "cp850", "cp1252", "utf-8"])
def test_names_in_a_zip(charset: str) -> None:
    found = unpack(b.letter(b.attached(b.raw_zip([(NAME.encode(charset), BOOK, 0)]), "a.zip")))
    assert [file.name for file in found.attachments] == [NAME]


def test_paths_in_a_zip_lead_nowhere_and_are_told_apart() -> None:
    data = b.raw_zip([(b"../../x.xlsx", BOOK, 0), (b"/x.xlsx", BOOK, 0), (b"..\\x.xlsx", BOOK, 0)])
    found = unpack(b.letter(b.attached(data, "a.zip")))
    assert [file.path for file in found.attachments] == ["1/a.zip/x.xlsx", "1/a.zip/x.xlsx#2", "1/a.zip/x.xlsx#3"]
    assert {file.name for file in found.attachments} == {"x.xlsx"}


SENDERS = {
    "Anna Ek <Anna@X.se>": "anna@x.se",
    "anna@x.se": "anna@x.se",
    "<anna@x.se>": "anna@x.se",
    "anna@x.se (Anna, chef)": "anna@x.se",
    '"chef@x.se" <anna@x.se>': "anna@x.se",
    "chef@x.se <anna@x.se>": "anna@x.se",
    '"Ek, Anna" <anna@x.se>': "anna@x.se",
    '"\\"chef@x.se\\"," <anna@x.se>': "anna@x.se",
    "=?utf-8?q?chef=40x.se=2C?= <anna@x.se>": "anna@x.se",
    "(chef@x.se) anna@x.se": "anna@x.se",
    "'anna@x.se'": "anna@x.se",
    "anna@räksmörgås.se": "anna@xn--rksmrgs-5wao1o.se",
    "anna@x.se, bo@x.se": "",
    "<anna@x.se> <bo@x.se>": "",
    "Anna Ek": "",
    "": "",
    "chef@x.se anna@x.se": "",
    "undisclosed-recipients:;": "",
}


@pytest.mark.parametrize("value", SENDERS)
def test_the_sender_is_an_address_and_never_a_name(value: str) -> None:
    found = unpack(b.letter(b.text(), {"From": value, "Subject": "x"}))
    assert found.sender == SENDERS[value]


def test_two_senders_are_nobody() -> None:
    assert unpack(b"From: bo@x.se\r\n" + b.letter(b.text())).sender == ""


def test_copies_in_groups_and_lists() -> None:
    copies = "Ledning: Chef <chef@x.se>, 'bo@x.se';, Anna <anna@x.se>, chef@X.se"
    assert unpack(b.letter(b.text(), Cc=copies)).copies == ("chef@x.se", "bo@x.se", "anna@x.se")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("Thu, 21 Aug 2025 10:15:00 +0200", "2025-08-21T08:15:00+00:00"),
        ("Thu, 21 Aug 2025 10:15:00 -0000", "2025-08-21T10:15:00+00:00"),
        ("Fri, 31 Dec 9999 23:00:00 -2300", None),
        ("i torsdags", None),
        ("", None),
    ],
)
def test_the_time_is_in_utc(value: str, day: str | None) -> None:
    sent = unpack(b.letter(b.text(), Date=value)).sent
    assert (sent.isoformat() if sent else None) == day


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        ("=?utf-8?B?w6XDpA==?=", "åä"),
        ("=?utf-8?b?w6XD?= =?utf-8?b?pA==?=", "åä"),
        ("=?iso-8859-1?q?=E5_x?= och =?utf-8?q?=C3=A4?=", "å x och ä"),
        ("x =?utf-8?q?=C3=A4?= y", "x ä y"),
        ("=?x-none?q?=E4?=", "ä"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("=?punycode?q?a?=", "a"),
        ("=?utf-8?b?w6XDpA?=", "åä"),
    ],
)
def test_encoded_words(encoded: str, text: str) -> None:
    assert decoded_words(encoded) == text


REFERENCE = Reference("budget-2026", "un-forskola", "followup-2026-04-30", 12, "return")
WRITTEN = "[budget-2026/un-forskola/followup-2026-04-30/12r]"


@pytest.mark.parametrize(
    "subject",
    [
        f"Budget 2026 {WRITTEN}",
        f"SV: VB: Re: Fwd: {WRITTEN} Budget",
        WRITTEN.upper(),
        WRITTEN.replace("/", " / "),
        WRITTEN.replace("followup-", "followup-\r\n "),
        WRITTEN.replace("un-forskola", "un-\n\tforskola"),
        WRITTEN.replace("-", "\u2011"),
        WRITTEN.replace("-", "\u2013"),
        "=?utf-8?q?=5Bbudget-2026/un-forskola/?= =?utf-8?q?followup-2026-04-30/12r=5D?=",
        f"[EXTERN] {WRITTEN} och {WRITTEN}",
    ],
)
def test_a_reference_survives(subject: str) -> None:
    assert find_reference(subject) == REFERENCE
    found = unpack(b.letter(b.text(), Subject=subject))
    assert found.reference == WRITTEN


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "Budget 2026",
        "[budget-2026/un-forskola]",
        f"{WRITTEN} [budget-2026/annan/proposal/1]",
        "[" * 5000,
        "[a/b/c/1x]",
    ],
)
def test_no_reference_rather_than_a_wrong_one(subject: str) -> None:
    assert find_reference(subject) is None


ID = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)


@given(ID, ID, ID, st.integers(0, 9999), st.sampled_from(["issue", "reminder", "return", "rollup"]))
def test_references_read_back(round_: str, node: str, stage: str, issue: int, kind: str) -> None:
    reference = Reference(round_, node, stage, issue, kind)
    assert find_reference(format_reference(reference)) == reference


def test_what_could_not_be_read_back_is_not_written() -> None:
    with pytest.raises(ValueError, match="Budget 2026"):
        format_reference(Reference("Budget 2026", "un", "proposal", 1))


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b.letter(b.text()), "a.eml", "mail"),
        (b.letter(b.text()), "utan-ändelse", "mail"),
        (b"Subject: hej\r\n\r\n", "a.eml", "mail"),
        (b"Subject: hej\r\n\r\n", "a.txt", "file"),
        (b"hej: du\nnamn: anna\n", "a.eml", "file"),
        (b.msg([]), "a.dat", "msg"),
        (b.encrypted_workbook(), "a.xlsx", "file"),
        (b"From anna Thu Aug 21 10:15:00 2025\n" + b.letter(b.text()), "Inbox", "mbox"),
        (b.tnef([]), "x", "tnef"),
        (b.packed({"a.xlsx": BOOK}), "x", "zip"),
        (BOOK, "Budget.zip", "file"),
        (b.packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "a.ods", "file"),
        (b"PK\3\4trasig", "a.zip", "file"),
        (b"", "a.eml", "file"),
    ],
)
def test_what_a_file_is(data: bytes, name: str, kind: str) -> None:
    assert kind_of(data, name) == kind
