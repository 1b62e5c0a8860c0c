"""People who answer by mail, each in a way of their own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import Header

from tests.mail import builders as b
from tests.office.xmledit import Edit
from xlstyr.mail.reference import Reference, find_reference, format_reference
from xlstyr.rounds.round import Round

BOX = "budget@kommunen.example"


@dataclass(frozen=True)
class Person:
    """Who answers for ``node``: from which address, on which letter, with which file."""

    node: str
    address: str
    reference: str
    name: str
    answer: bytes


def people(round_: Round, answers: Mapping[str, bytes]) -> list[Person]:
    """Everybody who has something to say: ``answers`` are files by name, as they lie in an inbox."""
    found = []
    premises = round_.premises
    for name, data in sorted(answers.items()):
        node = round_.register.issued_files()[name]
        issue = round_.register.issue(node, premises.stage)
        assert issue is not None
        (one, *_) = premises.contacts_of(node, "responsible")
        reference = format_reference(Reference(premises.settings.round, node, premises.stage, issue.issue))
        found.append(Person(node, one.email, reference, name, data))
    return found


def addressed(letters: Iterable[bytes], answers: Mapping[str, bytes]) -> list[Person]:
    """Those who got letters, as they open them: who they are, and the reference and the workbooks that came."""
    found = []
    for data in letters:
        letter = message_from_bytes(data, policy=policy.default)
        reference = find_reference(str(letter["Subject"]))
        assert reference is not None
        (address, *_) = (one.addr_spec for one in letter["To"].addresses)
        for part in letter.iter_attachments():
            name = str(part.get_filename())
            if name in answers:
                node = reference.node
                found.append(Person(node, address, format_reference(reference), name, answers[name]))
    return found


def mail(who: Person, body: bytes, **headers: str) -> bytes:
    """A reply from ``who`` on the letter that came with the workbook."""
    usual = {
        "From": f"=?utf-8?q?F=C3=B6rskolechefen?= <{who.address}>",
        "To": BOX,
        "Subject": Header(f"SV: Budget att fylla i åäö {who.reference}", "utf-8", maxlinelen=70).encode(linesep="\r\n"),
        "Date": "Mon, 02 Jun 2025 08:15:00 +0200",
        "Message-ID": f"<{who.node}@mail.example>",
        "MIME-Version": "1.0",
    }
    whole = b.letter(body, usual | {name.replace("_", "-"): value for name, value in headers.items()})
    return b"\r\n".join(whole.splitlines())


def with_file(who: Person) -> bytes:
    """A text and the workbook."""
    return b.several(b.text(), b.attached(who.answer, _q(who.name)))


def _q(name: str) -> str:
    return Header(name, "utf-8", maxlinelen=10_000).encode()


def another_version(data: bytes, words: str = "Det här är den andra versionen.") -> bytes:
    """The same workbook with other words to the controller."""
    edit = Edit(data)
    edit.set(*edit.at("signoff", "message", "value"), words)
    return edit.bytes()


def plain(who: Person) -> list[bytes]:
    return [mail(who, with_file(who))]


def forwarded(who: Person) -> list[bytes]:
    whole = b.several(b.text(), b.forwarded(mail(who, with_file(who))), boundary="=_vb")
    return [mail(who, whole, Message_ID=f"<vb.{who.node}@mail.example>")]


def zipped(who: Person) -> list[bytes]:
    archive = b.packed({f"svar/{who.name}": who.answer})
    return [mail(who, b.several(b.text(), b.attached(archive, "svar.zip", Content_Type="application/zip")))]


def several(who: Person) -> list[bytes]:
    """The workbook with a logo in the signature and a page of minutes that is no workbook."""
    picture = {"Content_Type": "image/png", "Content_Disposition": "inline", "Content_ID": "<logo>"}
    logo = b.attached(b"\x89PNG\r\n\x1a\n" + bytes(200), "image001.png", **picture)
    minutes = b.attached(b"%PDF-1.7 " + who.node.encode(), "protokoll.pdf", Content_Type="application/pdf")
    return [mail(who, b.several(b.text(), logo, b.attached(who.answer, _q(who.name)), minutes))]


def winmail(who: Person) -> list[bytes]:
    data = b.tnef([b.tnef_file(who.name, who.answer)])
    return [mail(who, b.several(b.text(), b.attached(data, "winmail.dat", Content_Type="application/ms-tnef")))]


def two_versions(who: Person) -> list[bytes]:
    later = Person(who.node, who.address, who.reference, who.name, another_version(who.answer))
    return [mail(who, with_file(who)), mail(who, with_file(later), Message_ID=f"<igen.{who.node}@mail.example>")]


def nothing(who: Person) -> list[bytes]:
    return [mail(who, b.text("Här kommer budgeten!\r\n"))]


def auto_reply(who: Person) -> list[bytes]:
    return [mail(who, b.text("Jag är ledig till den 12 augusti.\r\n"), Auto_Submitted="auto-replied")]


def with_password(who: Person) -> list[bytes]:
    locked = b.Cfb({"EncryptedPackage": who.node.encode() * 300, "EncryptionInfo": b"\2" * 200}).bytes
    return [mail(who, b.several(b.text(), b.attached(locked, _q(who.name))))]


def broken_base64(who: Person) -> list[bytes]:
    part = b.attached(who.answer, _q(who.name))
    head, _, body = part.partition(b"\r\n\r\n")
    broken = head + b"\r\n\r\n" + body[: len(body) // 2] + b"\r\n%%%% klippt av en brandv\xe4gg %%%%\r\n"
    return [mail(who, b.several(b.text(), broken))]


@dataclass(frozen=True)
class Shape:
    """What people send, and what must become of it: outcomes of every part, codes of what is said, does it count."""

    send: Callable[[Person], list[bytes]]
    outcomes: tuple[str, ...]
    codes: tuple[str, ...] = ()
    counts: bool = True


SHAPES = {
    "plain": Shape(plain, ("good",)),
    "forwarded": Shape(forwarded, ("good",)),
    "zipped": Shape(zipped, ("good",)),
    "several": Shape(several, ("good", "ignored", "refused"), ("XS001",)),
    "winmail": Shape(winmail, ("good",)),
    "two versions": Shape(two_versions, ("good", "good"), ("XS501",), counts=False),
    "nothing": Shape(nothing, (), ("XS031",), counts=False),
    "auto-reply": Shape(auto_reply, (), (), counts=False),
    "password": Shape(with_password, ("refused",), ("XS002",), counts=False),
    "broken base64": Shape(broken_base64, ("unreadable",), ("XS030",), counts=False),
}
"""``good`` is accepted or partly: as the same file would be from a folder."""
