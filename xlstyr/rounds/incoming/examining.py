"""From a file's bytes to what it says: gate to contribution, with every finding."""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from xlstyr.checks.identity import Expected, check_identity
from xlstyr.checks.privacy import PRIVATE
from xlstyr.checks.process import late
from xlstyr.checks.senders import check_sender
from xlstyr.checks.submission import check_submission
from xlstyr.layout.content import Content
from xlstyr.layout.content import load as load_content
from xlstyr.layout.definition import Workbook
from xlstyr.layout.load import load_workbook, with_sheet
from xlstyr.layout.parse import parse
from xlstyr.layout.raw import RawBook
from xlstyr.layout.records import rows_of
from xlstyr.layout.submission import Submission
from xlstyr.model.bundle import Contribution, content_digest
from xlstyr.model.delivery import Delivery
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, blocked_parts, found
from xlstyr.model.plain import plain
from xlstyr.model.provenance import Source
from xlstyr.rounds.deciding.soundness import known_here, unreturned
from xlstyr.rounds.incoming.carrier import own_answers, parse_carrier
from xlstyr.rounds.incoming.quarantine import private_findings, safe_name
from xlstyr.rounds.own_sheets import without_own_sheets
from xlstyr.rounds.register import Issue
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round
from xlstyr.rounds.succeeding import reached

T = TypeVar("T")
PARTS = frozenset({"money", "goals", "control"})


@dataclass(frozen=True)
class Examined:
    """One file as examined. ``status``: accepted, partly, held, refused; ``node`` None when unidentified.

    ``contributions`` is empty for held and refused files, several for a rolled-up workbook.
    ``submission`` and ``issued`` are there when a node's workbook could be read.
    """

    name: str
    sha256: str
    node: str | None
    stage: str
    status: str
    findings: tuple[Finding, ...]
    contributions: tuple[Contribution, ...] = ()
    submission: Submission | None = None
    issued: Content | None = None

    @property
    def carrier(self) -> str | None:
        """The node whose rolled-up workbook this is; None for a node's own workbook."""
        rows = (row for one in self.contributions for row in one.rows)
        first = next(rows, None)
        own = self.submission is not None or (first is not None and first.origin.source.sha256 == self.sha256)
        return None if own else self.node

    @property
    def seal(self) -> str:
        """The code for which the file must be sealed in quarantine, ``""`` for none."""
        return next((finding.code for finding in self.findings if finding.code in PRIVATE), "")


def examine(round_: Round, data: bytes, name: str, delivery: Delivery | None = None) -> Examined:
    """What the file ``name`` says. Nothing in it raises: everything wrong is a finding.

    ``delivery`` is None for a file that is checked outside the register: then nothing depends on who sent it or when.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    sender, received = (delivery.sender, delivery.received) if delivery is not None else ("", None)
    source = Source(sha256, readable(name), sender, received)
    return surely(
        lambda: _examine(round_, data, source, delivery), lambda error: _refused(source, None, [faulty(error)])
    )


def surely(work: Callable[[], T], otherwise: Callable[[Exception], T]) -> T:
    """What ``work`` gives; of a bug of ours that one file meets, what ``otherwise`` gives, so that the next goes on."""
    try:
        return work()
    except (XlstyrError, OSError, sqlite3.Error):
        raise  # the environment: a file's content has no part in it
    except Exception as error:  # noqa: BLE001
        return otherwise(error)


def faulty(error: Exception) -> Finding:
    """XS901: the program failed at a file."""
    return found("XS901", detail=type(error).__name__)


def readable(name: str) -> str:
    """A file's name as text: one that isn't UTF-8 (unpacked from an old zip file) is read as Windows wrote it.

    What would steer a terminal, where it is shown, is marked.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        name = name.encode(errors="surrogateescape").decode("cp1252", "replace")
    return plain(name)


def _refused(source: Source, node: str | None, findings: list[Finding], stage: str = "") -> Examined:
    named = tuple(finding.at(file=source.name, node=node or "") for finding in findings)
    return Examined(source.name, source.sha256, node, stage, "refused", named)


def examine_raw(round_: Round, raw: RawBook, name: str) -> Examined:
    """What a workbook says that is open in a spreadsheet program, perhaps never saved: judged as its file would be."""
    return _judged(round_, raw, b"", [], Source("", readable(name)), None)


def _examine(round_: Round, data: bytes, source: Source, delivery: Delivery | None) -> Examined:
    raw, findings = round_.read(data)
    return _judged(round_, raw, data, findings, source, delivery)


def _judged(
    round_: Round,
    raw: RawBook | None,
    data: bytes,
    findings: list[Finding],
    source: Source,
    delivery: Delivery | None,
) -> Examined:
    """What is made of what was read. ``findings``: what reading found."""
    raw = without_own_sheets(raw) if raw is not None else None
    if private := private_findings(round_, raw, data, source.name, findings):
        return _sealed(round_, raw, source, private)
    if raw is None:
        return _refused(source, None, findings)
    findings += check_identity(raw, source.name, expected(round_))
    node = raw.identity.node if raw.identity and _is_known(round_, raw.identity.node) else None
    stage = raw.identity.stage if raw.identity else ""
    if node is not None and node in round_.names and node not in round_.reach:
        findings.append(found("XS510", node=round_.names[node], part=round_.names.get(round_.part or "", round_.part)))
    if raw.identity is None or any(f.severity == "fel" for f in findings):
        return _refused(source, node, findings, stage)
    if delivery is not None:
        findings += check_sender(round_.premises, raw.identity.node, delivery)
    if raw.identity.kind == "rollup":
        return _carrier(round_, raw, source, findings)
    return _answer(round_, raw, source, findings)


def _sealed(round_: Round, raw: RawBook | None, source: Source, findings: list[Finding]) -> Examined:
    """A file that points somebody out: nothing of what it says is known but that."""
    identity = raw.identity if raw is not None else None
    node = identity.node if identity is not None and _is_known(round_, identity.node) else None
    stage = identity.stage if identity is not None and node is not None else ""
    return _refused(replace(source, name=safe_name(source.name, source.sha256)), node, findings, stage)


def _is_known(round_: Round, node: str) -> bool:
    premises = round_.premises
    return node in premises.organisation or premises.succession.is_gone(node)


def expected(round_: Round) -> Expected:
    """What identities are compared with."""
    premises = round_.premises
    names = round_.register.issued_names()
    return Expected(
        premises.settings.round,
        premises.stage,
        round_.names,
        names,
        premises.succession,
        lambda node: reached(premises, node),
    )


def _answer(round_: Round, raw: RawBook, source: Source, findings: list[Finding]) -> Examined:
    identity = raw.identity
    assert identity is not None
    issue = round_.register.issue(identity.node, identity.stage, identity.issue)
    workbook = round_.issued_layout(identity.layout)
    if issue is None or workbook is None or issue.layout != identity.layout:
        missing = found("XS009", issue=identity.issue)
        return _refused(source, identity.node, [*findings, missing], identity.stage)
    if (above := unreturned(round_, identity)) is not None:
        return _refused(source, identity.node, [*findings, above], identity.stage)
    latest = round_.register.issue(identity.node, identity.stage)
    if latest is not None and latest.issue > issue.issue:
        findings.append(found("XS011", issue=issue.issue, latest=latest.issue))
    phase = round_.premises.phase_of(identity.node)
    findings += late(_came(round_, issue, source), phase.deadline if phase is not None else None)
    issued = load_content(issue.content)
    submission, noticed = parse(_without_feedback(raw, workbook, issued), workbook, issued, round_.lists)
    noticed += check_submission(submission, round_.premises, issued, noticed)
    named = tuple(finding.at(file=source.name, node=identity.node) for finding in (*findings, *noticed))
    blocked = blocked_parts(named)
    parts = PARTS - blocked if "identity" not in blocked else frozenset()
    rows = rows_of(submission, source)
    contribution = Contribution(
        identity.node,
        identity.stage,
        issue.issue,
        submission.identity.revision,
        content_digest(rows),
        parts,
        rows,
        findings=named,
    )
    status = "accepted" if parts == PARTS else "held" if "money" not in parts else "partly"
    return Examined(
        source.name, source.sha256, identity.node, identity.stage, status, named, (contribution,), submission, issued
    )


def _came(round_: Round, issue: Issue, source: Source) -> datetime | None:
    """When an answer came, as far as it can be so: a message that says it is older than what it answers came now."""
    came = source.received
    return round_.now if came is not None and came < round_.register.issued_at(issue) else came


def _without_feedback(raw: RawBook, workbook: Workbook, issued: Content) -> RawBook:
    """A workbook that was returned, or issued with comments, without the texts of its feedback sheet: they are ours."""
    assert raw.identity is not None
    if raw.identity.revision == 0 and "feedback" not in issued.tables:
        return raw
    feedback = with_sheet(workbook, templates() / "feedback.toml").sheets[0].title
    return replace(raw, loose={title: cells for title, cells in raw.loose.items() if title != feedback})


def _carrier(round_: Round, raw: RawBook, source: Source, findings: list[Finding]) -> Examined:
    """The contributions that a rolled-up workbook carries; a changed one is refused by its fingerprint."""
    identity = raw.identity
    assert identity is not None
    contributions, changed = parse_carrier(
        raw, _rollup_layout(round_, identity.layout), round_.names, known_here(round_, identity.stage)
    )
    contributions, foreign = own_answers(round_, identity.node, contributions)
    changed += foreign
    named = tuple(finding.at(file=source.name, node=identity.node) for finding in (*findings, *changed))
    status = "accepted" if not any(f.severity == "fel" for f in named) else "partly" if contributions else "refused"
    return Examined(source.name, source.sha256, identity.node, identity.stage, status, named, tuple(contributions))


def _rollup_layout(round_: Round, digest: str) -> Workbook | None:
    """The definition that a rolled-up workbook was drawn with, if it is known here."""
    current = load_workbook("rollup", round_.premises.settings.year, templates())
    return current if current.digest == digest else round_.issued_layout(digest)
