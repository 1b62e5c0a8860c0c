"""``check --return``: the sender's workbook drawn afresh with each finding at its cell. The original is untouched."""

from dataclasses import replace
from pathlib import Path

from xlstyr.layout.content import Content, Mark, RowContent, Value
from xlstyr.layout.definition import Workbook
from xlstyr.layout.load import with_sheet
from xlstyr.layout.submission import AnswerRow, Submission
from xlstyr.model.finding import Finding
from xlstyr.rounds.examining import Examined
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round, file_name
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

ORDER = ("fel", "varning", "notis")
MENDED = frozenset({"XS101", "XS102", "XS103", "XS104", "XS106", "XS110", "XS118"})
"""Faults that drawing afresh mends by itself, so that the proposal would stand where the sender meant something."""


def write_return(round_: Round, examined: Examined) -> Path | None:
    """The return workbook of ``examined`` in ``retur/``; None when the file couldn't be read at all."""
    submission, issued = examined.submission, examined.issued
    if submission is None or issued is None:
        return None
    workbook = with_sheet(submission.workbook, templates() / "feedback.toml")
    content = return_content(submission, issued, examined.findings, workbook)
    data = round_.stamp(workbook, commented=True).draw(content)
    path = round_.folder_of("returns") / word("folders.returned", stem=_stem(round_, examined))
    write_safely(path, data)
    if round_.register.file(examined.sha256) is not None:
        with round_.register.transaction():
            round_.register.add_event("returned", examined.node or "", examined.stage, round_.now, file=path.name)
    return path


def _stem(round_: Round, examined: Examined) -> str:
    """The file's name as it came; with the node's id when it isn't the name the node was issued."""
    stem = file_name(Path(examined.name).stem)
    mine = round_.register.issued_files().get(f"{stem}.xlsx") == examined.node
    return stem if mine else f"{stem} ({examined.node})"


def return_content(
    submission: Submission, issued: Content, findings: tuple[Finding, ...], workbook: Workbook
) -> Content:
    """What was read, with marks: revision + 1, so that the corrected file outranks the first."""
    ordered = sorted(findings, key=lambda finding: ORDER.index(finding.severity))
    tables = {key: _rows(submission, issued, key) for key in submission.tables}
    tables["feedback"] = tuple(_feedback(finding, number) for number, finding in enumerate(ordered, 1))
    identity = replace(issued.identity, revision=submission.identity.revision + 1)
    counts = {severity: sum(f.severity == severity for f in ordered) for severity in ORDER}
    texts = {**issued.texts, "feedback": word("returns.head", **counts) if ordered else word("returns.nothing")}
    forms = {key: dict(values) for key, values in {**issued.forms, **submission.forms}.items()}
    for (form, key), typed in submission.held.items():
        forms[form][key] = typed
    if any(finding.code in MENDED for finding in ordered):
        for form, key in (("answer", "accept"), ("signoff", "done")):  # to be approved anew: it isn't what was sent
            forms.setdefault(form, {})[key] = None
    marks = tuple(_mark(f) for f in ordered if f.place.table in workbook.sheet_of and f.severity != "notis")
    return Content(identity, texts, forms, {**issued.tables, **tables}, marks)


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


def _feedback(finding: Finding, number: int) -> RowContent:
    place = finding.place
    values: dict[str, Value] = {
        "severity": word(f"returns.{finding.severity}"),
        "place": f"{place.sheet} {place.cell}".strip() or word("returns.whole"),
        "message": finding.message,
        "fix": finding.fix,
        "code": finding.code,
        "block": place.table or None,
        "row": place.row or None,
        "column": place.column or None,
    }
    return RowContent(f"b{number}", values)
