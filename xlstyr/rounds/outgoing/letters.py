"""Letters before they go: who gets which files with what text, and what they are called in the register."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from xlstyr.layout.definition import Form, Table, Workbook
from xlstyr.mail.addresses import usable
from xlstyr.mail.reference import Reference, format_reference
from xlstyr.mail.texts import Texts
from xlstyr.model.organisation import NodeKind
from xlstyr.model.premises import Contact, Phase
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round, file_name, shown_name
from xlstyr.words import word

UNDECIDED = ("sending", "unsure")
"""Statuses of letters that a server may or may not have taken."""
_QUICK = (NodeKind.UNIT,)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One letter to write. ``kind``: issue, reminder, return, rollup.

    ``key`` is its name in the register: the reference that stands in its subject, and ``#2`` and on for later letters
    about the same. ``issues`` goes with ``nodes``. ``seen`` and ``since`` are the status and time that the register
    had for ``key`` (``""``, None: nothing). ``data`` is what its event holds besides.
    """

    key: str
    kind: str
    nodes: tuple[str, ...]
    stage: str
    issues: tuple[int, ...]
    to: tuple[str, ...]
    copies: tuple[str, ...]
    answers: tuple[str, ...]
    subject: str
    body: str
    files: tuple[Path, ...]
    title: str
    seen: str = ""
    since: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """What a template may say of one node: its ``file``, ``deadline`` in words, the tabs to fill in.

    ``quick``: it is filled in in some twenty minutes. ``deadline`` is ``""`` for a node outside the phase.
    """

    node: str
    name: str
    file: str
    deadline: str
    certify_by: str
    sheets: tuple[str, ...]
    quick: bool


class Writer:
    """Writes letters in one round: knows the templates, and what the register calls those already written.

    Raises ``XlstyrError`` for a template that can't be used.
    """

    def __init__(self, round_: Round) -> None:
        self._round = round_
        self._texts = Texts(round_.folder_of("letters"), templates() / "letters")
        self._rows = {letter.reference: letter for letter in round_.mailbook.letters()}
        self._taken: set[str] = set()
        self._tabs: dict[str, tuple[str, ...]] = {}

    def outgoing(
        self,
        kind: str,
        nodes: tuple[str, ...],
        to: Iterable[str],
        files: tuple[Path, ...],
        *,
        copies: Iterable[str] = (),
        asked: Iterable[Contact] = (),
        part: tuple[int, int] = (1, 1),
        data: Mapping[str, object] | None = None,
        **texts: object,
    ) -> Outgoing:
        """A letter about ``nodes`` (the first gives its reference) with ``files``; ``texts`` are for its template.

        ``asked`` are those to ask, and to answer where the round has no mailbox for answers (none given: the nodes'
        controllers). ``part`` is (number, of how many) when one recipient's files are split.
        """
        round_, to = self._round, tuple(to)
        issues = tuple(_issue(round_, node) for node in nodes)
        reference = Reference(round_key(round_), nodes[0][:80], round_.premises.stage[:40], issues[0], kind)
        base = format_reference(reference)
        key, number = self._key(base, kind, nodes, to)
        asked = tuple(asked) or tuple(c for node in nodes for c in round_.premises.controllers(node))
        answers = answer_to(round_, asked)
        others = [contact for contact in asked if contact.email.casefold() not in {one.casefold() for one in to}]
        values = {**self._values(nodes, files, others, answers), "part": part[0], "parts": part[1], **texts}
        copies = tuple(copies)
        subject, body = self._texts.render(kind, {**values, "copies": copies})
        parts = word("mail_out.part", part=part[0], parts=part[1]) if part[1] > 1 else ""
        row = self._rows.get(key)
        return Outgoing(
            key,
            kind,
            nodes,
            round_.premises.stage,
            issues,
            to,
            copies,
            answers,
            f"{subject}{parts} {base}",
            body,
            files,
            self._title(kind, nodes, files, parts, number),
            row.status if row else "",
            row.at if row else None,
            dict(data or {}),
        )

    def _title(self, kind: str, nodes: tuple[str, ...], files: tuple[Path, ...], parts: str, number: int) -> str:
        """What the letter's file or folder is called: after its first workbook, else after its first node.

        What comes back is called after the node: the workbook's own name says that it comes back.
        """
        book = files[0].stem if files and kind != "return" else shown_name(self._round, nodes[0])
        several = word("mail_out.several") if len(nodes) > 1 else ""
        again = word("mail_out.numbered", number=number) if number > 1 else ""
        return file_name(word(f"mail_out.title.{kind}", book=f"{book}{several}{parts}")) + again

    def _key(self, base: str, kind: str, nodes: tuple[str, ...], to: tuple[str, ...]) -> tuple[str, int]:
        """The first name that is free, or that the same letter has when it has not been known to leave."""
        number = 1
        while True:
            key = base if number == 1 else f"{base}#{number}"
            row = self._rows.get(key)
            same = row is not None and _open(row, kind) and nodes_of(row) == nodes and set(row.recipients) == set(to)
            if key not in self._taken and (row is None or same):
                self._taken.add(key)
                return key, number
            number += 1

    def _values(
        self, nodes: tuple[str, ...], files: tuple[Path, ...], asked: Iterable[Contact], answers: tuple[str, ...]
    ) -> dict[str, object]:
        """What every template may say; ``asked`` are those to turn to, never the recipient."""
        premises, now = self._round.premises, self._round.today
        settings = premises.settings
        paired = [path.name for path in files] if len(files) == len(nodes) else [""] * len(nodes)
        phases = [premises.phase_of(node) for node in nodes]
        days = [phase.deadline for phase in phases if phase]
        contacts = dict.fromkeys(_shown(contact) for contact in asked)
        return {
            "title": settings.title,
            "municipality": settings.municipality,
            "year": settings.year,
            "label": settings.label,
            "sender": self._round.settings.sender.name or settings.municipality,
            "books": [self._book(*one) for one in zip(nodes, paired, phases, strict=True)],
            "files": [path.name for path in files],
            "deadline": day_in_words(min(days)) if days else "",
            "deadline_short": day_in_words(min(days), "date_short") if days else "",
            "one_deadline": len(set(days)) <= 1,
            "late": bool(days) and min(days) < now,
            "contacts": [contact for contact in contacts if contact],
            "answers": answers,
        }

    def _book(self, node: str, file: str, phase: Phase | None) -> Book:
        own = self._round.premises.organisation[node]
        certify_by = phase.certify_by if phase else None
        return Book(
            node,
            own.name,
            file,
            day_in_words(phase.deadline) if phase else "",
            day_in_words(certify_by) if certify_by else "",
            self._sheets(node),
            own.kind in _QUICK,
        )

    def _sheets(self, node: str) -> tuple[str, ...]:
        issue = self._round.register.issue(node, self._round.premises.stage)
        if issue is None:
            return ()
        if issue.layout not in self._tabs:
            workbook = self._round.issued_layout(issue.layout)
            self._tabs[issue.layout] = _tabs(workbook) if workbook else ()
        return self._tabs[issue.layout]


def _shown(contact: Contact) -> str:
    """A contact as the letter names it; ``""`` when nothing is known."""
    if contact.function and contact.email:
        return word("mail_out.contact", function=contact.function, email=contact.email)
    return contact.function or contact.email


def _open(row: Letter, kind: str) -> bool:
    return row.status in ("failed", *UNDECIDED) or (kind == "issue" and row.status in ("draft", "laid"))


def nodes_of(letter: Letter) -> tuple[str, ...]:
    """Every node that a letter is about."""
    return tuple(letter.node.split())


def plain_key(key: str) -> str:
    """A letter's name as it is easily typed: without the brackets of its reference."""
    return key.replace("[", "").replace("]", "")


def round_key(round_: Round) -> str:
    """The round's id as references write it."""
    plain = unicodedata.normalize("NFKD", round_.premises.settings.round.casefold())
    return re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")[:60] or "x"


def addresses(contacts: Iterable[Contact]) -> tuple[str, ...]:
    """The addresses of ``contacts`` that mail can reach, each once."""
    found: dict[str, str] = {}
    for contact in contacts:
        address = usable(contact.email)
        if address is not None:
            found.setdefault(address.casefold(), address)
    return tuple(found.values())


def answer_to(round_: Round, asked: Iterable[Contact]) -> tuple[str, ...]:
    """Where answers go: the round's mailbox for answers, else the sender's, else those ``asked``."""
    for address in (round_.premises.settings.answers, round_.settings.sender.answers):
        if (plain := usable(address)) is not None:
            return (plain,)
    return addresses(asked)


def day_in_words(day: date, form: str = "date_long") -> str:
    """``torsdag 5 juni 2025``, or ``5 juni`` as ``date_short``."""
    weekday, month = word(f"terms.weekday.{day.isoweekday()}"), word(f"terms.month.{day.month}")
    return word(f"mail_out.{form}", weekday=weekday, day=day.day, month=month, year=day.year)


def _issue(round_: Round, node: str) -> int:
    issue = round_.register.issue(node, round_.premises.stage)
    return issue.issue if issue else 0


def _tabs(workbook: Workbook) -> tuple[str, ...]:
    """The tabs where the receiver may write."""
    return tuple(sheet.title for sheet in workbook.sheets if not sheet.hidden and any(map(_to_fill, sheet.answerable)))


def _to_fill(block: Form | Table) -> bool:
    if isinstance(block, Form):
        return any(column.open_in("normal") for column in block.field)
    variants = ("normal", "free") if block.grow else ("normal",)
    return block.is_read and any(column.open_in(variant) for column in block.column for variant in variants)
