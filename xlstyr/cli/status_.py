"""``xlstyr status``."""

from collections import Counter
from pathlib import Path

import click

from xlstyr.cli.output import json_option, put_json, round_option, say
from xlstyr.rounds.round import Round
from xlstyr.rounds.status import NodeStatus, node_states
from xlstyr.words import word

MARKS = {"not_sent": "·", "sent": "○", "reminded": "○", "returned": "▲"}


@click.command("status", help=word("cli.help.status"))
@round_option
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Show where every node stands."""
    with Round(folder) as round_:
        states = node_states(round_)
        if as_json:
            put_json({"nodes": [_json(state) for state in states]})
            return
        for state in states:
            depth = len(round_.premises.organisation.path(state.node.id)) - 2
            _show(state, depth)
    for name, count in Counter(state.state for state in states).items():
        say("status_sum", count=count, state=word(f"terms.state.{name}"))


def _json(state: NodeStatus) -> dict[str, str]:
    return {"node": state.node.id, "state": state.state, "deadline": state.deadline.isoformat()}


def _show(state: NodeStatus, depth: int) -> None:
    note = ""
    if state.errors or state.warnings:
        note = word("cli.said.errors_note", errors=state.errors, warnings=state.warnings)
    name = "  " * max(depth, 0) + state.node.name
    mark = MARKS.get(state.state, "✔")
    say("status_line", mark=mark, name=f"{name:<52}", state=word(f"terms.state.{state.state}"), note=note)
