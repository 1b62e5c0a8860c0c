"""``remind``: those who were sent a workbook and whom the round waits for, as ``status`` says.

They haven't answered, or haven't corrected or explained what was returned to them.

By steps counted from the deadline.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from xlstyr.model.days import local_day
from xlstyr.model.finding import Finding
from xlstyr.model.organisation import Node
from xlstyr.model.premises import Contact
from xlstyr.rounds.deciding.certifying import certifiers
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.outgoing.delivering import troubles
from xlstyr.rounds.outgoing.letters import Writer, addresses, nodes_of
from xlstyr.rounds.outgoing.sending import Parcel, Plan, parcel, parts, responsible, scope_of_mail
from xlstyr.rounds.outgoing.sent import Sent
from xlstyr.rounds.round import Round


@dataclass(frozen=True, slots=True)
class Due:
    """A node that is due a reminder of ``level`` (from 1), with copies to ``copies``.

    ``awaits`` is what it has to send (``NodeStatus.awaits``). ``back``: the parcel is the workbook returned to it.
    """

    parcel: Parcel
    level: int
    copies: tuple[str, ...]
    awaits: str
    back: bool = False


def plan_reminders(round_: Round, node: str | None = None, level: str = "all") -> Plan:
    """Reminders that are due today. Each step once per node; only the latest, when several have been passed.

    ``Plan.already`` names the nodes that were sent their workbook, are waited for, and are due nothing today.
    ``level`` goes with ``node`` as in ``sending.scope_of_mail``. Raises ``XlstyrError`` as ``plan_issue`` does.
    """
    made, sent = Plan(), Sent(round_)
    groups: dict[tuple[object, ...], list[Due]] = defaultdict(list)
    undecided = sent.undecided("reminder")
    awaits = {one.node.id: one.awaits for one in node_states(round_)}
    for one in scope_of_mail(round_, node, level):
        if one.id not in sent.sent or not awaits[one.id]:
            continue
        step = _step(round_, one, round_.now)
        unsure = [row for row in undecided if one.id in nodes_of(row) and _step(round_, one, row.at) >= step]
        made.findings.extend(troubles(unsure))
        if step == 0 or unsure or any(done >= step for done in sent.reminded[one.id]):
            made.already.append(one.id)
            continue
        due = _due(round_, one, step, awaits[one.id])
        if isinstance(due, Due):
            groups[(*sorted(map(str.casefold, due.parcel.to)), step, due.copies, due.awaits, due.back)].append(due)
        else:
            made.findings.extend(due)
    _write(round_, groups, made)
    return made


def _step(round_: Round, node: Node, at: datetime) -> int:
    """The number (from 1) of the latest step whose day had come for ``node`` at ``at``; 0 before the first."""
    phase = round_.premises.phase_of(node.id)
    assert phase is not None
    gone = (local_day(at) - phase.deadline).days
    return sum(step.days <= gone for step in round_.settings.reminder)


def _due(round_: Round, node: Node, step: int, awaits: str) -> Due | list[Finding]:
    to, findings = responsible(round_, node)
    if not to:
        return findings
    one = parcel(round_, node, to)
    if isinstance(one, Finding):
        return [one]
    back = _returned(round_, node) if awaits in ("correction", "explanation") else None
    if back is not None:
        one = replace(one, path=back, size=back.stat().st_size)
    copies = addresses(_copied(round_, node, step)) if awaits != "explanation" else ()  # its answer counts as it is
    taken = {address.casefold() for address in to}
    left = tuple(address for address in copies if address.casefold() not in taken)
    return Due(one, step, left, awaits, back is not None)


def _returned(round_: Round, node: Node) -> Path | None:
    """The workbook that was last returned to ``node``; None when there was none, or it is gone."""
    events = round_.register.events(("returned",), node.id)
    path = round_.folder_of("returns") / str(events[-1].data.get("file", "")) if events else None
    return path if path is not None and path.is_file() else None


def _copied(round_: Round, node: Node, step: int) -> list[Contact]:
    """Those who get a copy of the reminder, by their role."""
    premises = round_.premises
    found: list[Contact] = []
    for role in sorted(round_.settings.reminder, key=lambda one: one.days)[step - 1].copy_to:
        match role:
            case "controller":
                found.extend(premises.controllers(node.id))
            case "certifier":
                found.extend(certifiers(premises, node.id))
            case "line_parent" if node.line is not None:
                found.extend(premises.contacts_of(node.line, "responsible"))
    return found


def _write(round_: Round, groups: dict[tuple[object, ...], list[Due]], made: Plan) -> None:
    writer = Writer(round_)
    for group in groups.values():
        copies, step = group[0].copies, group[0].level
        whole = parts(round_, [due.parcel for due in group], made.findings)
        for number, part in enumerate(whole, 1):
            letter = writer.outgoing(
                "reminder",
                tuple(one.node.id for one in part),
                part[0].to,
                tuple(one.path for one in part),
                copies=copies,
                part=(number, len(whole)),
                data={"level": step, "cc": list(copies)},
                level=step,
                awaits=group[0].awaits,
                returned=group[0].awaits != "answer",
                back=group[0].back,
            )
            made.letters.append(letter)
