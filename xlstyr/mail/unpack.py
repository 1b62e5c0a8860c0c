"""One message, or one file that may hold several, taken apart. Nothing here raises, whatever the bytes."""

from typing import Any

from xlstyr.mail.compound import BrokenFileError
from xlstyr.mail.files import is_mail, is_outlook, kind_of
from xlstyr.mail.headers import Headers, addresses, date_of, received_of
from xlstyr.mail.letters import PEEK, kind_of_message
from xlstyr.mail.message import Kind, MailLimits, Message, Problem
from xlstyr.mail.outlook import open_item
from xlstyr.mail.reference import find_reference, format_reference
from xlstyr.mail.taking import Spot, Taking

_LIMITS = MailLimits()
_BOM = b"\xef\xbb\xbf"


def unpack(data: bytes, limits: MailLimits = _LIMITS) -> Message:
    """The message that ``data`` is: as a mail server gives it (.eml), or as Outlook saves it (.msg)."""
    try:
        return _unpack(data, limits)
    except Exception as error:  # noqa: BLE001 (a bug met by one message must not stop the next)
        return _unreadable("fault", type(error).__name__)


def unpack_file(data: bytes, name: str, limits: MailLimits = _LIMITS) -> Message:
    """A file from a watched folder: a message, or a loose archive, winmail.dat or file, which has no sender.

    An mbox is given message by message instead (``mail.mbox.split_mbox``).
    """
    try:
        if kind_of(data, name) in ("mail", "msg", "mbox"):
            return _unpack(data, limits)
        taking = Taking(limits)
        taking.file(data, name)
        return taking.found(Message())
    except Exception as error:  # noqa: BLE001 (a bug met by one file must not stop the next)
        return _unreadable("fault", type(error).__name__)


def unpack_bytes(data: bytes, *limits: int) -> tuple[Any, ...]:
    """``unpack`` for a child process: plain values, which ``from_plain`` makes a message of.

    ``limits``: the fields of ``MailLimits`` in their order, those left out as they are by default.
    """
    return unpack(data, MailLimits(*limits)).plain()


def unpack_file_bytes(data: bytes, *limits: int) -> tuple[Any, ...]:
    """``unpack_file`` for a child process. The file's own name isn't known there, nor needed."""
    return unpack_file(data, "", MailLimits(*limits)).plain()


def from_plain(plain: Any) -> Message:
    """The message that ``unpack_bytes`` gave. Raises ``ValueError`` or ``TypeError`` for anything else."""
    return Message.of(plain)


def _unreadable(code: str, detail: str = "") -> Message:
    return Message(kind=Kind.UNREADABLE, problems=(Problem("", code, detail),), leaves=1)


def _unpack(data: bytes, limits: MailLimits) -> Message:
    if len(data) > limits.message:
        return _unreadable("too_large")
    taking = Taking(limits)
    if is_outlook(data):
        try:
            item = open_item(data)
        except BrokenFileError:
            item = None
        return taking.found(_described(taking.item(item, Spot()), b"")) if item else _unreadable("damaged")
    data = data.removeprefix(_BOM).lstrip(b"\r\n")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if not is_mail(data, ".eml"):
        return _unreadable("not_a_message")
    return taking.found(_described(taking.message(data, 0, len(data), Spot()), data[:PEEK]))


def _described(headers: Headers, data: bytes) -> Message:
    """A message as its headers describe it, with nothing in it yet."""
    senders = addresses(headers.all("from"), 2)
    people = MailLimits().people
    subject = headers.text("subject")
    reference = find_reference(subject)
    return Message(
        message_id=headers.text("message-id"),
        answers_to=headers.text("in-reply-to"),
        sender=senders[0] if len(senders) == 1 else "",
        to=addresses(headers.all("to"), people),
        copies=addresses(headers.all("cc"), people),
        subject=subject,
        sent=date_of(headers.raw("date")),
        received=received_of(headers),
        kind=kind_of_message(headers, data),
        reference=format_reference(reference) if reference else "",
    )
