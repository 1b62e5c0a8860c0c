"""``generate``: a workbook for every node that the phase gives one, again only where premises changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from xlstyr.layout.content import Content, dump, load
from xlstyr.layout.definition import Workbook
from xlstyr.layout.load import with_sheet
from xlstyr.model.organisation import Node
from xlstyr.rounds.outgoing.commenting import FEEDBACK, commented, remarks
from xlstyr.rounds.prefill import node_content
from xlstyr.rounds.register import Issue
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round, file_name, shown_name
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

Progress = Callable[[Iterable[Node]], Iterable[Node]]


@dataclass(frozen=True, slots=True)
class Issued:
    """What happened to one node's workbook. ``status``: new, reissued, unchanged, restored."""

    node: str
    name: str
    issue: int
    status: str
    path: Path


def issue_workbooks(round_: Round, progress: Progress = iter) -> list[Issued]:
    """Draws what is new or touched by changed premises; the rest stays as it is."""
    return [issue_workbook(round_, node) for node in progress(recipients(round_))]


def recipients(round_: Round) -> list[Node]:
    """The nodes that get a workbook in the running phase, in the organisation's order; in a part of a round its own."""
    premises, reach = round_.premises, round_.reach
    return [node for node in premises.organisation if node.id in reach and premises.phase_of(node.id) is not None]


def issue_workbook(round_: Round, node: Node) -> Issued:
    """The workbook of ``node``, drawn when it is new, touched, or its file is gone.

    In a part of a round nothing is issued: what the whole round issued is drawn again where it isn't.
    """
    premises, register = round_.premises, round_.register
    phase = premises.phase_of(node.id)
    assert phase is not None
    before = register.issue(node.id, phase.stage)
    if before is not None and round_.part is not None:
        return _redrawn(round_, node, before)
    workbook = round_.layout(phase.layout)
    content = node_content(premises, node.id, phase, workbook, before.issue if before else 1)
    digest = content.premises_digest()
    if before is not None and (before.premises, before.layout) == (digest, workbook.digest):
        return _restored(round_, node, before)
    number = before.issue + 1 if before else 1
    content = replace(content, identity=replace(content.identity, issue=number))
    content = commented(content, remarks(round_, node.id))
    path = _path(round_, node)
    write_safely(path, drawn(round_, workbook, content))
    file = path.relative_to(round_.folder).as_posix()
    with register.transaction():
        text = dump(content)
        register.add_issue(Issue(node.id, phase.stage, number, workbook.digest, digest, text, file), round_.now)
    return Issued(node.id, node.name, number, "reissued" if before else "new", path)


def _restored(round_: Round, node: Node, issue: Issue) -> Issued:
    """What was issued, drawn again as it was when its file is gone."""
    path = _path(round_, node)
    if path.is_file():
        return Issued(node.id, node.name, issue.issue, "unchanged", path)
    workbook = round_.issued_layout(issue.layout)
    assert workbook is not None
    write_safely(path, drawn(round_, workbook, load(issue.content)))
    return Issued(node.id, node.name, issue.issue, "restored", path)


def _redrawn(round_: Round, node: Node, issue: Issue) -> Issued:
    """In a part of a round: what was issued, drawn where it isn't, or when the whole round has issued it anew."""
    register, key = round_.register, f"drawn {issue.node} {issue.stage}"
    path, number = _path(round_, node), str(issue.issue)
    before = register.note(key)
    if before is not None and before != number:
        path.unlink(missing_ok=True)
    done = _restored(round_, node, issue)
    if before != number:
        with register.transaction():
            register.note(key, number)
    return done


def drawn(round_: Round, workbook: Workbook, content: Content) -> bytes:
    """A workbook, with the sheet for feedback in front when there is something to say on it."""
    told = with_sheet(workbook, templates() / "feedback.toml") if FEEDBACK in content.tables else workbook
    return round_.stamp(told, commented=bool(content.marks)).draw(content)


def _path(round_: Round, node: Node) -> Path:
    """One folder per committee; nodes of the same name under one committee get their id added."""
    organisation = round_.premises.organisation
    committee = organisation.committee(node.id)
    shown = file_name(shown_name(round_, node.id))
    name = word("folders.node", year=round_.premises.settings.year, node=shown)
    return round_.folder_of("issued") / file_name(committee.name) / name
