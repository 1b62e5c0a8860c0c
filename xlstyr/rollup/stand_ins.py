"""Answers of units that others have followed: they stand in until those have answered, and never count beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xlstyr.layout.submission import part_of
from xlstyr.model.bundle import Bundle, Contribution, Row
from xlstyr.model.succession import Succession


@dataclass(frozen=True)
class Stands:
    """What counts, and what became of the answers of former nodes.

    ``bundle`` has former nodes' answers under the node that they stand in for; rivals stay under the former node, for a
    person to choose. ``stand_ins``: node → the former nodes whose answers count for it. ``replaced``: former nodes that
    are spoken for by those that followed them. ``undivided``: former nodes that were split, and aren't.
    """

    bundle: Bundle
    stand_ins: Mapping[str, tuple[str, ...]]
    replaced: tuple[str, ...] = ()
    undivided: tuple[str, ...] = ()


def stand_in(bundle: Bundle, succession: Succession, stage: str) -> Stands:
    """``bundle`` as it counts at ``stage`` with ``succession`` in force: the same by whatever route answers came."""
    answered = {node for node, when in bundle if when == stage}
    gone = sorted(node for node in answered if succession.is_gone(node))
    if not gone:
        return Stands(bundle, {})
    view = dict(bundle)
    waiting: dict[str, list[Contribution]] = {}
    replaced, undivided = [], []
    covered = succession.covered(answered)
    for former in gone:
        said = view.pop((former, stage))
        heir = succession.heir(former)
        if former in covered:
            replaced.append(former)
        elif heir is None or succession.after(former) & answered:
            undivided.append(former)
        elif len(said) > 1:
            view[former, stage] = said
        else:
            waiting.setdefault(heir, []).extend(said)
    for heir, answers in waiting.items():
        view[heir, stage] = frozenset({_together(heir, stage, answers)})
    stand_ins = {heir: tuple(one.node for one in answers) for heir, answers in waiting.items()}
    return Stands(view, stand_ins, tuple(replaced), tuple(undivided))


def _together(heir: str, stage: str, answers: list[Contribution]) -> Contribution:
    """The answers of former nodes as ``heir``'s own: provisional, with every row's origin as it was."""
    parts = frozenset[str]().union(*(one.parts for one in answers))
    rows = tuple(
        _row(heir, one.node, row) for one in answers for row in one.rows if part_of(row.table) in {"", *one.parts}
    )
    findings = tuple(finding for one in answers for finding in one.findings)
    digest = "+".join(one.digest for one in answers)
    return Contribution(heir, stage, 0, 0, digest, parts, rows, findings=findings)


def _row(heir: str, former: str, row: Row) -> Row:
    return replace(row, id=f"{former}:{row.id}", owner=heir, record=replace(row.record, node=heir))
