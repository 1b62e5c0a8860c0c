"""``generate``: a workbook for every node that the phase gives one, again only where premises changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from xlstyr.layout.content import Identity, dump
from xlstyr.model.organisation import Node
from xlstyr.rounds.prefill import node_content
from xlstyr.rounds.register import Issue
from xlstyr.rounds.round import Round, file_name
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
    """The nodes that get a workbook in the running phase, in the organisation's order."""
    return [node for node in round_.premises.organisation if round_.premises.phase_of(node.id) is not None]


def issue_workbook(round_: Round, node: Node) -> Issued:
    """The workbook of ``node``, drawn when it is new, touched, or its file is gone."""
    premises, register = round_.premises, round_.register
    phase = premises.phase_of(node.id)
    assert phase is not None
    workbook = round_.layout(phase.layout)
    before = register.issue(node.id, phase.stage)
    number = before.issue if before else 1
    content = node_content(premises, node.id, phase, workbook, number)
    digest = content.premises_digest()
    changed = before is not None and (before.premises != digest or before.layout != workbook.digest)
    if changed:
        number += 1
        identity: Identity = replace(content.identity, issue=number)
        content = replace(content, identity=identity)
    path = _path(round_, node)
    if before is not None and not changed and path.is_file():
        return Issued(node.id, node.name, number, "unchanged", path)
    write_safely(path, round_.stamp(workbook).draw(content))
    if before is None or changed:
        file = path.relative_to(round_.folder).as_posix()
        with register.transaction():
            text = dump(content)
            register.add_issue(Issue(node.id, phase.stage, number, workbook.digest, digest, text, file), round_.now)
    status = "reissued" if changed else "restored" if before is not None else "new"
    return Issued(node.id, node.name, number, status, path)


def _path(round_: Round, node: Node) -> Path:
    """One folder per committee; nodes of the same name under one committee get their id added."""
    organisation = round_.premises.organisation
    committee = organisation.committee(node.id)
    twins = round_.file_names[file_name(node.name).casefold()]
    shown = node.name if twins == 1 else f"{node.name} ({node.id})"
    name = word("folders.node", year=round_.premises.settings.year, node=file_name(shown))
    return round_.folder_of("issued") / file_name(committee.name) / name
