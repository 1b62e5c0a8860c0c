"""Letters as bytes: what we write can be read back by others, byte for byte, whatever stands in names and subjects."""

import email
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlstyr.mail.addresses import usable
from xlstyr.mail.compose import Mail, draft, encoded_size, finished, message_id
from xlstyr.mail.reference import Reference, find_reference
from xlstyr.mail.texts import Texts
from xlstyr.mail.unpack import unpack
from xlstyr.model.errors import XlstyrError

AT = datetime(2025, 6, 2, 9, tzinfo=UTC)
REFERENCE = "[budget-2026/enebybergs-forskolor-och-fritidsgardar/proposal/12]"
BOOK = b"PK\x03\x04 not quite a workbook \x00\xff\r\n.\r\nFrom x" * 500
MAIL = Mail(
    to=("forskolan@kommunen.example", "bitradande@kommunen.example"),
    subject=f"Budget 2026 med plan 2027–2028: Förskolan Ängen & Ån – svara senast 5 juni {REFERENCE}",
    body="Hej!\n\nÅÄÖ åäö – ”citat”.\n.\nFrån punkt och slut: 1\u00a0250 tkr.\n",
    files=(("Budget 2026 Förskolan Ängen & Ån.xlsx", BOOK), ('Budget 2026 Ån; "2".xlsx', BOOK[::-1])),
    copies=("controller@kommunen.example",),
    answers=("budget@kommunen.example",),
    mark=REFERENCE,
    sender="ekonomi@kommunen.example",
    sender_name="Ekonomi, Åby kommun",
)


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def attachments(message: EmailMessage) -> dict[str | None, bytes]:
    return {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}  # type: ignore[misc]


def test_a_draft_says_everything_and_is_unsent() -> None:
    data = draft(MAIL)
    message = parsed(data)
    assert message["X-Unsent"] == "1"
    assert "Date" not in message
    assert "Message-ID" not in message
    assert message["Subject"] == MAIL.subject
    for header, addresses in (("To", MAIL.to), ("Cc", MAIL.copies), ("Reply-To", MAIL.answers)):
        assert tuple(one.addr_spec for one in message[header].addresses) == addresses
    [sender] = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Ekonomi, Åby kommun", MAIL.sender)
    assert message["X-Xlstyr"] == REFERENCE
    body = message.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == MAIL.body
    assert attachments(message) == dict(MAIL.files)
    kinds = {part.get_content_type() for part in message.iter_attachments()}
    assert kinds == {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert draft(MAIL) == data


def test_a_finished_message_has_its_time_and_id() -> None:
    key = message_id(REFERENCE, AT, MAIL.sender)
    message = parsed(finished(MAIL, key, AT))
    assert message["Message-ID"] == key
    assert message["Date"].datetime == AT
    assert "X-Unsent" not in message
    assert message_id(REFERENCE, AT, MAIL.sender) == key
    assert message_id(f"{REFERENCE}#2", AT, MAIL.sender) != key
    assert key.endswith("@kommunen.example>")


def test_our_own_reader_knows_it() -> None:
    message = unpack(finished(MAIL, "<1@kommunen.example>", AT))
    assert message.kind == "own"
    assert message.to == MAIL.to
    assert message.reference == REFERENCE
    assert {file.name: file.data for file in message.attachments} == dict(MAIL.files)


TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@settings(max_examples=150, deadline=None)
@given(subject=TEXT, name=TEXT, file=TEXT, body=TEXT)
def test_nothing_in_names_and_subjects_becomes_a_header(subject: str, name: str, file: str, body: str) -> None:
    mail = Mail(
        ("a@b.example",),
        f"{subject} {REFERENCE}",
        body,
        ((f"{file}.xlsx", BOOK),),
        sender="c@d.example",
        sender_name=name,
    )
    message = parsed(draft(mail))
    wanted = {"subject", "from", "to", "x-xlstyr", "x-unsent", "mime-version", "content-type"}
    assert {key.lower() for key in message} == wanted
    assert [one.addr_spec for one in message["To"].addresses] == ["a@b.example"]
    assert [one.addr_spec for one in message["From"].addresses] == ["c@d.example"]
    assert list(attachments(message).values()) == [BOOK]
    if "[" not in subject and "]" not in subject:
        assert find_reference(str(message["Subject"])) == Reference(
            "budget-2026", "enebybergs-forskolor-och-fritidsgardar", "proposal", 12
        )


def test_headers_cant_be_added() -> None:
    evil = "Hej\r\nBcc: alla@kommunen.example\r\n\r\nText"
    mail = Mail(
        ("a@b.example",), evil, "text", ((f"{evil}.xlsx", b"1"),), mark=evil, sender="c@d.example", sender_name=evil
    )
    data = draft(mail)
    message = parsed(data)
    assert "Bcc" not in message
    assert message["Subject"] == "Hej Bcc: alla@kommunen.example Text"


@given(st.lists(st.integers(0, 200_000), max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_size_is_counted_as_it_is_sent(sizes: list[int]) -> None:
    mail = Mail(
        ("a@b.example",),
        "x",
        "åäö\n" * 50,
        tuple((f"Förskolan {n} " + "å" * 150, b"x" * size) for n, size in enumerate(sizes)),
    )
    real, counted = len(draft(mail)), encoded_size(sizes)
    assert real <= counted <= real + 10_000


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (" Chef@Kommunen.Example ", "Chef@kommunen.example"),
        ("a.b+c@d.se", "a.b+c@d.se"),
        ("chef@malmö.example", "chef@xn--malm-8qa.example"),
        ("åsa@kommunen.example", None),
        ("chef@kommunen", None),
        ("chef@", None),
        ("@kommunen.example", None),
        ("chef", None),
        ("", None),
        ("a b@kommunen.example", None),
        ("a@b.se\r\nBcc: c@d.se", None),
        ("a@b.se, c@d.se", None),
        ("Chefen <a@b.se>", None),
        (".a@b.se", None),
        ("a..b@c.se", None),
        ("a@-b.se", None),
        ("a@b..se", None),
        (f"{'a' * 250}@b.se", None),
        (f"a@{'b' * 70}.se", None),
    ],
)
def test_addresses(typed: str, wanted: str | None) -> None:
    assert usable(typed) == wanted


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    (tmp_path / "egna").mkdir()
    (tmp_path / "medföljande").mkdir()
    (tmp_path / "medföljande" / "issue.txt.j2").write_text("Ämne: {{ title }}\n\nHej\n", "utf-8")
    return Texts(tmp_path / "egna", tmp_path / "medföljande")


def test_the_rounds_own_template_comes_first(texts: Texts, tmp_path: Path) -> None:
    own = tmp_path / "egna" / "issue.txt.j2"
    own.write_bytes(
        "\ufeff{# Vår #}\r\nÄmne: Vår {{ title }}\r\n\r\nRad ett\r\nRad två {{ names|join(', ') }}\r\n\r\n".encode()
    )
    assert texts.render("issue", {"title": "budget", "names": ["a", "b"]}) == ("Vår budget", "Rad ett\nRad två a, b\n")


def test_the_shipped_template_is_there_otherwise(texts: Texts) -> None:
    assert texts.render("issue", {"title": "Budget\r\nBcc: x"})[0] == "Budget"


@pytest.mark.parametrize(
    ("template", "line", "said"),
    [
        (b"\xc3\x84mne: x\n\n{{ finns_inte }}\n", 3, "finns_inte"),
        (b"\xc3\x84mne: x\n\nrad\n{% if %}\n", 4, ""),
        (b"\xc3\x84mne: x\n\nrad\n\n{{ title.deadline.nej }}\n", 5, "deadline"),
        (b"\xc3\x84mne: x\n{{ ''.__class__.__mro__ }}\n", 2, "__class__"),
        (b"\xc3\x84mne: x\n\n{{ 1 / 0 }}\n", 3, "zero"),
        (b"\xc3\x84mne: x\n{% for n in range(1000000000) %}{{ n }}{% endfor %}\n", 2, ""),
        (b"Hej!\n", 1, "Ämne:"),
        (b"\xc3\x84mne:\n\nHej!\n", 1, "Ämne:"),
        (b"\xc3\x84mne: x\n\nH\xe4lsningar\n", 3, "UTF-8"),
        (b"\xc3\x84mne: x\n{% include 'x' %}\n", 2, ""),
    ],
)
def test_a_broken_template_names_file_and_line(
    texts: Texts, tmp_path: Path, template: bytes, line: int, said: str
) -> None:
    (tmp_path / "egna" / "issue.txt.j2").write_bytes(template)
    with pytest.raises(XlstyrError, match=rf"issue\.txt\.j2, rad {line},") as told:
        texts.render("issue", {"title": "x"})
    assert said in str(told.value)
