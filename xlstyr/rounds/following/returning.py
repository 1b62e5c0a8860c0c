"""A sender's workbook drawn afresh with each finding at its cell, for ``check --return`` and ``return``.

The original is untouched.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from xlstyr.layout.content import Content, Mark, RowContent, Value
from xlstyr.layout.definition import Workbook
from xlstyr.layout.load import with_sheet
from xlstyr.layout.submission import AnswerRow, Submission
from xlstyr.model.bundle import Contribution
from xlstyr.model.finding import Finding
from xlstyr.model.premises import Remark
from xlstyr.model.records import BudgetLine
from xlstyr.rounds.deciding.comparing import Compared, corrected
from xlstyr.rounds.deciding.soundness import note_return
from xlstyr.rounds.incoming.examining import Examined
from xlstyr.rounds.outgoing.commenting import FEEDBACK, comment_rows, key_of, remarks
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round, file_name
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

ORDER = ("fel", "varning", "notis")
ASKED = ("fel", "varning")
_OURS = ("XS03", "XS7")
"""Findings about who sent an answer and when: nothing that its sender can put right in it."""
MENDED = frozenset({"XS101", "XS102", "XS103", "XS104", "XS106", "XS110", "XS118"})
"""Faults that drawing afresh mends by itself, so that the proposal would stand where the sender meant something."""


def write_return(round_: Round, examined: Examined) -> Path | None:
    """The return workbook of ``examined`` in ``retur/``; None when the file couldn't be read at all.

    It is noted for a file that has been taken in; of another that its correction may come.
    """
    drawn = draw_return(round_, examined)
    if drawn is None:
        return None
    path, data = drawn
    assert examined.submission is not None
    with round_.register.transaction():
        note_return(round_.register, examined.submission.identity)
    write_safely(path, data)
    if round_.register.file(examined.sha256) is not None:
        with round_.register.transaction():
            asks = asks_of(examined.findings, examined.status)
            about = noted(round_, examined.node or "", examined.sha256, path, asks)
            round_.register.add_event("returned", examined.node or "", examined.stage, round_.now, **about)
    return path


def asked(findings: Iterable[Finding]) -> list[Finding]:
    """The fel and varningar that the sender of an answer can do something about."""
    return [finding for finding in findings if finding.severity in ASKED and not finding.code.startswith(_OURS)]


def asks_of(findings: Iterable[Finding], status: str) -> str:
    """What a return of an answer waits for: ``resend`` (nothing could be read), ``correction``, ``explanation``.

    ``""``: for nothing. The answer counts as it is, and its sender may leave it so.
    """
    if status == "refused":
        return "resend"
    severities = {finding.severity for finding in asked(findings)}
    if "fel" in severities or status != "accepted":
        return "correction"
    return "explanation" if severities else ""


def noted(round_: Round, node: str, sha256: str, path: Path | None, asks: str) -> dict[str, object]:
    """What the event of a return says: which answer, in which file, with which comments, and what is waited for."""
    told = [key_of(remark) for remark in remarks(round_, node, sha256)]
    return {"sha256": sha256, "file": path.name if path is not None else "", "comments": told, "asks": asks}


def draw_return(round_: Round, examined: Examined) -> tuple[Path, bytes] | None:
    """Where the return workbook of ``examined`` belongs, and its bytes; None when the file couldn't be read at all."""
    submission, issued = examined.submission, examined.issued
    if submission is None or issued is None:
        return None
    node = submission.identity.node
    said = examined.contributions[0] if examined.contributions else None
    compared = corrected(round_, said, examined.sha256)[1] if said is not None else None
    told = remarks(round_, node, examined.sha256)
    workbook = with_sheet(submission.workbook, templates() / "feedback.toml")
    findings = ranked(examined.findings, said)
    content = return_content(submission, issued, findings, workbook, told, compared)
    return _path(round_, examined, content), round_.stamp(workbook, commented=True).draw(content)


def _path(round_: Round, examined: Examined, content: Content) -> Path:
    """The file's name as it came, with the revision from the second return on."""
    revision = content.identity.revision
    key = "returned" if revision == 1 else "returned_again"
    return round_.folder_of("returns") / word(f"folders.{key}", stem=_stem(round_, examined), revision=revision)


def _stem(round_: Round, examined: Examined) -> str:
    """The name without what earlier returns added; with the node's id when it isn't the name the node was issued."""
    added = re.escape(word("folders.returned", stem="").removesuffix(".xlsx"))
    stem = re.sub(rf"({added}( \d+)?)+( \(\d+\))?$", "", file_name(Path(examined.name).stem))
    mine = round_.register.issued_files().get(f"{stem}.xlsx") == examined.node
    return stem if mine else f"{stem} ({examined.node})"


def ranked(findings: Iterable[Finding], said: Contribution | None) -> tuple[Finding, ...]:
    """The most important first: fel that hold money, other fel, varningar, notiser; the largest change first."""
    amounts = _amounts(said) if said is not None else {}

    def rank(finding: Finding) -> tuple[int, bool, int]:
        place = finding.place
        held = finding.severity == "fel" and finding.blocks in ("money", "identity")
        return ORDER.index(finding.severity), not held, -amounts.get((place.table, place.row), 0)

    return tuple(sorted(findings, key=rank))


def _amounts(said: Contribution) -> dict[tuple[str, str], int]:
    """How much each line changes, in kr: the budget against the last one stated before it."""
    found = {}
    for row in said.rows:
        if isinstance(row.record, BudgetLine):
            budgets = sorted((period.year, amount) for period, amount in row.record.amounts if period.kind == "budget")
            before, after = [0, 0, *(amount for _, amount in budgets)][-2:]
            found[row.table, row.id] = abs(after - before)
    return found


def return_content(
    submission: Submission,
    issued: Content,
    findings: tuple[Finding, ...],
    workbook: Workbook,
    told: Iterable[Remark] = (),
    compared: Compared | None = None,
) -> Content:
    """What was read, with marks, ``findings`` as they are ordered: revision + 1, so that the corrected file outranks.

    ``told`` are the giver's comments, first on the feedback sheet.
    """
    tables = {key: _rows(submission, issued, key) for key in submission.tables}
    comments = comment_rows(told)
    standing = _standing(compared)
    lines = [_feedback(finding, number, standing) for number, finding in enumerate(findings, 1)]
    tables[FEEDBACK] = (*comments, *lines)
    identity = replace(issued.identity, revision=submission.identity.revision + 1)
    corrects = compared if compared is not None and not compared.rival else None
    after = word("returns.compared", **corrects.counts) if corrects is not None else ""
    texts = {**issued.texts, FEEDBACK: _head(findings, len(comments)), "compared": after}
    forms = {key: dict(values) for key, values in {**issued.forms, **submission.forms}.items()}
    for (form, key), typed in submission.held.items():
        forms[form][key] = typed
    if any(finding.code in MENDED for finding in findings):
        for form, key in (("answer", "accept"), ("signoff", "done")):  # to be approved anew: it isn't what was sent
            forms.setdefault(form, {})[key] = None
    marks = tuple(_mark(f) for f in findings if f.place.table in workbook.sheet_of and f.severity != "notis")
    return Content(identity, texts, forms, {**issued.tables, **tables}, marks)


def _head(findings: Iterable[Finding], comments: int) -> str:
    severities = [finding.severity for finding in findings]
    counts = {severity: severities.count(severity) for severity in ORDER}
    head = word("returns.head", **counts) if severities else word("returns.nothing")
    before = word("returns.comments_head", count=comments) if comments else ""
    return before + head


def _standing(compared: Compared | None) -> Mapping[str, str]:
    """What has become of a finding since the former answer, by its key; nothing in a first return."""
    if compared is None or compared.rival:
        return {}
    return {f.key: "left" for f in compared.left} | {f.key: "new" for f in compared.new}


def _rows(submission: Submission, issued: Content, table: str) -> tuple[RowContent, ...]:
    """Issued rows in their order with what was typed, the sender's own rows after them, then free rows."""
    answered = {row.id: row for row in submission.tables[table]}
    rows: list[RowContent] = []
    for before in issued.tables.get(table, ()):
        if before.variant != "free":
            answer = answered.get(before.id)
            values: dict[str, Value] = {**before.values, **(_typed(answer) if answer else {})}
            rows.append(replace(before, values=values))
    free = [row for row in issued.tables.get(table, ()) if row.variant == "free"]
    own = [RowContent(row.id, _typed(row), "free") for row in submission.tables[table] if row.new]
    taken = {row.id for row in own}
    return (*rows, *own, *(row for row in free if row.id not in taken))


def _typed(row: AnswerRow) -> dict[str, Value]:
    """What was typed on a row: what couldn't be read stands as it did, so that it is asked about until it is mended."""
    return {**row.values, **row.held}


def _mark(finding: Finding) -> Mark:
    place = finding.place
    text = f"{word(f'returns.{finding.severity}')} {finding.code}: {finding.message}\n{finding.fix}"
    return Mark(place.table, place.row, place.column, text)


def _feedback(finding: Finding, number: int, standing: Mapping[str, str]) -> RowContent:
    place = finding.place
    severity = word(f"returns.{finding.severity}")
    if finding.key in standing:
        severity = word(f"returns.standing.{standing[finding.key]}", severity=severity)
    values: dict[str, Value] = {
        "severity": severity,
        "place": f"{place.sheet} {place.cell}".strip() or word("returns.whole"),
        "message": finding.message,
        "fix": finding.fix,
        "code": finding.code,
        "block": place.table or None,
        "row": place.row or None,
        "column": place.column or None,
    }
    return RowContent(f"b{number}", values)
