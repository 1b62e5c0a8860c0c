"""``status``: where every node stands, derived from what has happened."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from xlstyr.model.organisation import Node
from xlstyr.rounds.issuing import recipients
from xlstyr.rounds.register import Answer, Event
from xlstyr.rounds.round import Round


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node: its state (DESIGN section 6), deadline, and how many findings its latest answer has."""

    node: Node
    state: str
    deadline: date
    errors: int
    warnings: int


def node_states(round_: Round) -> list[NodeStatus]:
    """The state of every node that should answer, in the organisation's order."""
    events: dict[str, list[Event]] = defaultdict(list)
    for event in round_.register.events():
        if event.stage == round_.premises.stage:
            events[event.node].append(event)
    answers: dict[str, Answer] = {
        answer.node: answer for answer in round_.register.answers() if answer.stage == round_.premises.stage
    }
    found = []
    for node in recipients(round_):
        phase = round_.premises.phase_of(node.id)
        assert phase is not None
        latest = answers.get(node.id)
        findings = latest.findings if latest else ()
        counts = [sum(f.severity == severity for f in findings) for severity in ("fel", "varning")]
        found.append(NodeStatus(node, _state(events[node.id]), phase.deadline, *counts))
    return found


def _state(events: list[Event]) -> str:
    """The last thing that happened decides; a file after a return counts as corrected."""
    state = "not_sent"
    for event in events:
        match event.kind:
            case "sent" | "reminded" | "returned" | "certified" | "included":
                state = event.kind
            case "received" if event.data.get("status") != "refused":
                state = "corrected" if state == "returned" else "received"
    return state
