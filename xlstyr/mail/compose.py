"""Messages out as bytes: drafts that a person opens and sends, and finished messages for a server."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from xlstyr.mail.coding import one_line

OWN = "X-Xlstyr"
"""The header that tells our own letters from answers."""
OUR_ID = "<xlstyr."
"""How the Message-IDs begin of what we hand to a server."""
_WORKBOOK = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {".xlsx": _WORKBOOK, ".xlsm": "vnd.ms-excel.sheet.macroEnabled.12", ".pdf": "pdf"}
_LINE = 57  # bytes in a line of base64
_ROOM = 8 * 1024
"""What the headers, the part headers and the text of one message take."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. Addresses are such as ``addresses.usable`` gives; ``files`` are (name, bytes).

    ``mark`` is our own reference. ``sender`` may be ``""`` in a draft: whoever sends it is the sender.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    files: tuple[tuple[str, bytes], ...] = ()
    copies: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    mark: str = ""
    sender: str = ""
    sender_name: str = ""


def draft(mail: Mail) -> bytes:
    """An ``.eml`` that opens as an unsent draft in Outlook. The same mail gives the same bytes."""
    message = _headed(mail)
    message["X-Unsent"] = "1"
    return _whole(message, mail)


def finished(mail: Mail, message_id: str, at: datetime) -> bytes:
    """A message to hand to a server. The same mail, id and time give the same bytes."""
    message = _headed(mail)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    return _whole(message, mail)


def message_id(key: str, at: datetime, sender: str) -> str:
    """The id of the letter ``key`` that was first written ``at``: whoever gets it twice can tell.

    The time keeps a trial run in a copied round apart from the real one, which servers would drop as a duplicate.
    """
    digest = hashlib.sha256(f"{key} {at.isoformat()}".encode()).hexdigest()
    return f"{OUR_ID}{digest[:32]}@{sender.rpartition('@')[2]}>"


def encoded_size(sizes: Iterable[int]) -> int:
    """At most how many bytes a message with a page of text and attachments of these sizes (bytes) becomes."""
    lines = sum(-(-size // _LINE) for size in sizes)
    return lines * (_LINE // 3 * 4 + 2) + _ROOM


def _headed(mail: Mail) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(mail.subject, 1000)
    if mail.sender:
        message["From"] = Address(display_name=one_line(mail.sender_name, 100), addr_spec=mail.sender)
    for header, addresses in (("To", mail.to), ("Cc", mail.copies), ("Reply-To", mail.answers)):
        if addresses:
            message[header] = ", ".join(addresses)
    message[OWN] = one_line(mail.mark, 200) or "1"
    return message


def _whole(message: EmailMessage, mail: Mail) -> bytes:
    message.set_content(mail.body, cte="quoted-printable")
    for name, data in mail.files:
        kind = _TYPES.get(name[name.rfind(".") :].casefold(), "octet-stream")
        message.add_attachment(data, maintype="application", subtype=kind, filename=one_line(name, 200))
    if mail.files:
        message.set_boundary(_boundary(mail))
    return message.as_bytes()


def _boundary(mail: Mail) -> str:
    """No random one, so that the same mail gives the same bytes; in base64 and ``=_`` it can't stand."""
    digest = hashlib.sha256(f"{mail.mark} {mail.subject} {mail.body}".encode())
    return f"=_xlstyr_{digest.hexdigest()[:32]}"
