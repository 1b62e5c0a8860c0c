"""The reference that rides in a subject, so that an answer is known whatever its sender did to the rest of it."""

import re
import unicodedata
from dataclasses import dataclass

from xlstyr.mail.coding import decoded_words

_KINDS = {"issue": "", "reminder": "p", "return": "r", "rollup": "s"}
_LETTERS = {letter: kind for kind, letter in _KINDS.items()}
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_FORM = re.compile(r"\[([a-z0-9-]{1,60})/([a-z0-9-]{1,80})/([a-z0-9-]{1,40})/(\d{1,4})([prs]?)\]")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Reference:
    """What a message is about. ``kind``: issue, reminder, return or rollup."""

    round: str
    node: str
    stage: str
    issue: int
    kind: str = "issue"


def format_reference(reference: Reference) -> str:
    """``[budget-2026/un-forskola/proposal/1]``; a letter after the issue for reminders (p), returns (r), roll-ups (s).

    Raises ``ValueError`` when a part holds more than lower-case letters, digits and hyphens.
    """
    parts = (reference.round, reference.node, reference.stage, f"{reference.issue}{_KINDS[reference.kind]}")
    text = f"[{'/'.join(parts)}]"
    if not _FORM.fullmatch(text):
        raise ValueError(text)
    return text


def find_reference(subject: str) -> Reference | None:
    """The reference in a subject, or None when there is none, or several that differ.

    Space that folding left in it, upper case, typographic hyphens and words that are still encoded don't matter.
    """
    text = decoded_words(subject[:_LONGEST])
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).translate(_DASHES)).lower()
    found = {
        Reference(round_, node, stage, int(issue), _LETTERS[kind])
        for round_, node, stage, issue, kind in _FORM.findall(text)
    }
    return found.pop() if len(found) == 1 else None
