"""What a message is for: a letter from somebody, or something that a machine sent."""

import re

from xlstyr.mail.headers import Headers, addresses, parameters
from xlstyr.mail.message import Kind

_NOT_DELIVERED = re.compile(rb"^action[ \t]*:[ \t]*(?:failed|delayed)", re.IGNORECASE | re.MULTILINE)
_DELIVERED = re.compile(rb"^action[ \t]*:[ \t]*(?:delivered|relayed|expanded)", re.IGNORECASE | re.MULTILINE)
PEEK = 256 * 1024
"""How much of a message's beginning tells its kind."""
_OUTLOOK_KINDS = (
    (re.compile(r"report\..*\.ndr", re.IGNORECASE), Kind.BOUNCE),
    (re.compile(r"report\..*\.(dr|ipnrn|ipnnrn)", re.IGNORECASE), Kind.RECEIPT),
    (re.compile(r"ipm\.note\.rules\.(oof|reply)template.*", re.IGNORECASE), Kind.AUTO_REPLY),
)


def kind_of_message(headers: Headers, data: bytes) -> Kind:
    """The kind of a message with these headers; ``data`` is its bytes, to see what a report is about.

    ``X-Auto-Response-Suppress`` alone says nothing: Exchange sets it on ordinary letters. Nor does a mailing list.
    """
    if headers.raw("x-xlstyr"):
        return Kind.OWN
    report = _report(headers, data)
    if report is not None:
        return report
    if headers.word("auto-submitted") not in ("", "no"):
        return Kind.AUTO_REPLY
    if headers.raw("x-autoreply").lower() not in ("", "no") or headers.raw("x-autorespond"):
        return Kind.AUTO_REPLY
    if headers.word("precedence") in ("auto_reply", "bulk", "junk"):
        return Kind.AUTO_REPLY
    return Kind.BOUNCE if headers.raw("return-path").replace(" ", "") == "<>" else Kind.LETTER


def _report(headers: Headers, data: bytes) -> Kind | None:
    """Bounce or receipt, or None when the message isn't about another message."""
    for pattern, kind in _OUTLOOK_KINDS:
        if pattern.fullmatch(headers.raw("x-outlook-class")):
            return kind
    if headers.word("content-type") == "multipart/report":
        about = parameters(headers.raw("content-type")).get("report-type", "").lower()
        if about == "disposition-notification":
            return Kind.RECEIPT
        start = data[:PEEK]
        return Kind.RECEIPT if _DELIVERED.search(start) and not _NOT_DELIVERED.search(start) else Kind.BOUNCE
    senders = [address.partition("@")[0] for address in addresses(headers.all("from"), 2)]
    daemon = headers.raw("from").lower().startswith(("mailer-daemon", "<mailer-daemon"))
    return Kind.BOUNCE if headers.raw("x-failed-recipients") or "mailer-daemon" in senders or daemon else None
