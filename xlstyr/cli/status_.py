"""``xlstyr status``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.nodes import checked_node
from xlstyr.cli.output import finding_json, json_option, put_json, round_option, say, show_findings
from xlstyr.model.organisation import Organisation
from xlstyr.rounds.deciding.certifying import shown
from xlstyr.rounds.following.situation import write_situation
from xlstyr.rounds.following.status import TOLD, UNANSWERED, Change, NodeStatus, history, node_states
from xlstyr.rounds.round import Round
from xlstyr.words import word

MARKS = {"not_sent": "\u2013", "sent": "\u25cb", "reminded": "\u25cb", "returned": "\u25b2", "certified": "\u2714"}
IN, STOPPED, WIDTH, CELLS, NAMED = "\u25cf", "\u25b2", 46, 7, 12


@click.command("status", help=word("cli.help.status"))
@click.argument("node", required=False, metavar="[NODE]")
@click.option("--workbook", "drawn", is_flag=True, help=word("cli.arguments.situation"))
@round_option
@json_option
def command(node: str | None, drawn: bool, folder: Path, as_json: bool) -> None:
    """Show where every node stands, or one node with its history."""
    with Round(folder) as round_:
        organisation = round_.premises.organisation
        if node is not None:
            checked_node(organisation, node)
        states = node_states(round_)
        path = write_situation(round_, states) if drawn else None
        if as_json:
            _put(round_, states, node, path)
        elif node is not None:
            _show_node(round_, states, node)
        else:
            _show_all(organisation, states)
    if path is not None and not as_json:
        say("workbook", path=path)


def _put(round_: Round, states: Sequence[NodeStatus], node: str | None, path: Path | None) -> None:
    data: dict[str, object] = {"nodes": [_json(one) for one in states if node in (None, one.node.id)]}
    if node is not None:
        data["history"] = [_change_json(change) for change in history(round_, node)]
        data["findings"] = [finding_json(f) for one in states if one.node.id == node for f in one.findings]
    put_json(data | ({"workbook": str(path)} if path is not None else {}))


def _json(status: NodeStatus) -> dict[str, object]:
    change, signature = status.change, status.signature
    return {
        "node": status.node.id,
        "state": status.state,
        "since": change.at.isoformat() if change else None,
        "who": change.who or None if change else None,
        "why": change.why or None if change else None,
        "errors": status.errors,
        "warnings": status.warnings,
        "counts": status.is_in,
        "competing": status.competing,
        "awaits": status.awaits or None,
        "certified": signature is not None,
        "certified_by": signature.by or signature.role if signature else None,
        "included": status.included,
        "deadline": status.deadline.isoformat(),
        "certify_by": status.certify_by.isoformat(),
        "late": status.late or None,
    }


def _change_json(change: Change) -> dict[str, str | None]:
    texts = {"who": change.who, "why": change.why, "file": change.file, "sha256": change.sha256}
    return {"at": change.at.isoformat(), "state": change.state, **{key: text or None for key, text in texts.items()}}


@dataclass
class _Branch:
    """How many nodes should answer in a node and below it, and the answers of how many count."""

    expected: int = 0
    given: int = 0

    @property
    def bar(self) -> str:
        """As ``12/14`` and a row of blocks; only a complete branch fills it."""
        full = CELLS * self.given // self.expected
        return f"{self.given}/{self.expected} " + "\u2588" * full + "\u2591" * (CELLS - full)


def _branches(organisation: Organisation, states: dict[str, NodeStatus]) -> dict[str, _Branch]:
    """Every node with an answer awaited in it or below, from the root down by decision."""
    order = organisation.subtree(organisation.root.id)
    branches = {node.id: _Branch() for node in order}
    for node in reversed(order):
        branch, status = branches[node.id], states.get(node.id)
        branch.expected += status is not None
        branch.given += status is not None and status.is_in
        if node.parent in branches:
            branches[node.parent].expected += branch.expected
            branches[node.parent].given += branch.given
    return {key: branch for key, branch in branches.items() if branch.expected}


def _show_all(organisation: Organisation, states: Sequence[NodeStatus]) -> None:
    by_node = {status.node.id: status for status in states}
    depth = {organisation.root.id: 0}
    for node_id, branch in _branches(organisation, by_node).items():
        node = organisation[node_id]
        depth[node_id] = depth.get(node.parent or "", -1) + 1
        name = f"{'  ' * depth[node_id]}{node.name}"
        bar = branch.bar if branch.expected > 1 or node_id not in by_node else ""
        _line(name, bar, by_node.get(node_id))
    echo()
    for state, count in Counter(status.state for status in states).items():
        echo(word(f"cli.states.{state}", count=count))
    certified = sum(status.signature is not None for status in states)
    say("status_certified", count=certified, expected=len(states))
    for late in ("answer", "certification"):
        names = [status.node.name for status in states if status.late == late]
        if names:
            more = word("cli.said.and_more", count=len(names) - NAMED) if len(names) > NAMED else ""
            text = word(f"cli.said.late_{late}", count=len(names), names=", ".join(names[:NAMED]) + more)
            echo(text, fg="red")


def _line(name: str, bar: str, status: NodeStatus | None) -> None:
    mark, told, colour = " ", "", None
    if status is not None:
        mark, told, colour = _mark(status), _told(status), _colour(status)
    line = word("cli.said.status_line", mark=mark, name=f"{name:<{WIDTH}}", bar=f"{bar:<15}", told=told).rstrip()
    echo(line, fg=colour, bold=bool(bar))


def _mark(status: NodeStatus) -> str:
    if status.held or status.competing:
        return STOPPED
    return MARKS["certified"] if status.signature is not None else MARKS.get(status.state, IN)


def _colour(status: NodeStatus) -> str | None:
    if status.late or status.errors or status.held:
        return "red"
    if status.signature is not None:
        return "green"
    return "yellow" if status.warnings or status.state == "returned" else None


def _told(status: NodeStatus) -> str:
    if status.competing:
        return word("cli.said.rivals_note")
    parts = [word("terms.state.certified")] if status.signature is not None and status.state != "certified" else []
    parts.append(word(f"terms.state.{status.state}"))
    errors = word("cli.said.errors_note", count=status.errors) if status.errors else ""
    if status.held:
        parts.append(": ".join(filter(None, (word("cli.said.held_note"), errors))))
    elif errors:
        parts.append(errors)
    if status.warnings:
        parts.append(word("cli.said.warnings_note", count=status.warnings))
    return ", ".join(filter(None, (*parts, _time_note(status))))


def _time_note(status: NodeStatus) -> str:
    """When something is due, or was."""
    if status.late == "certification":
        return word("cli.said.late_certification_note", deadline=status.certify_by)
    if status.awaits not in ("", "explanation"):
        return word("cli.said.late_note" if status.late else "cli.said.due_note", deadline=status.deadline)
    return word("cli.said.former_note") if status.is_in and status.state in UNANSWERED else ""


def _show_node(round_: Round, states: Sequence[NodeStatus], node: str) -> None:
    premises = round_.premises
    status = next((one for one in states if one.node.id == node), None)
    if status is None:
        say("not_asked", node=premises.organisation[node].name)
        return
    say("status_node", node=status.node.name, told=_told(status), deadline=status.deadline)
    if status.signature is not None:
        say("status_signed", by=shown(premises, node, status.signature), day=_time(status.signature.at))
    for change in history(round_, node):
        file = (
            word("cli.said.status_file", file=change.file, digest=change.sha256[:8]) if change.sha256 else change.file
        )
        facts = [text for text in (change.who, change.why, file) if text]
        state = word("cli.said.status_told" if change.state == TOLD else f"terms.state.{change.state}")
        echo(word("cli.said.status_change", at=_time(change.at), state=state, facts=", ".join(facts)).rstrip())
    if status.findings:
        show_findings(status.findings)
    elif status.is_in:
        say("nothing_found")


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
