"""``status --workbook``: the situation workbook, drawn from its definition."""

from collections.abc import Sequence
from pathlib import Path

from xlstyr.excel.stamp import Stamp
from xlstyr.layout.load import load_workbook
from xlstyr.model.bundle import Signature
from xlstyr.reports.situation import Came, Standing, situation_content
from xlstyr.rounds.following.status import NodeStatus
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word


def write_situation(round_: Round, states: Sequence[NodeStatus]) -> Path:
    """Draws it in ``resultat/`` as things stand now."""
    workbook = load_workbook("situation", round_.premises.settings.year, templates())
    standings = [_standing(round_, status) for status in states]
    arrivals = sorted(round_.mailbook.arrivals(), key=lambda one: one.delivery.received, reverse=True)
    came = [
        Came(one.delivery.received, one.name, one.delivery.sender, one.delivery.channel, one.outcome, one.code)
        for one in arrivals
    ]
    content = situation_content(round_.premises, standings, came, round_.now, workbook)
    path = round_.folder_of("results") / word("folders.situation")
    write_safely(path, Stamp(workbook, round_.theme, {}).draw(content))
    return path


def _standing(round_: Round, status: NodeStatus) -> Standing:
    change, signature = status.change, status.signature
    return Standing(
        status.node,
        status.state,
        change.at if change is not None else None,
        change.who if change is not None else "",
        change.why if change is not None else "",
        status.deadline,
        status.certify_by,
        status.findings,
        _signed(signature) if signature is not None else "",
        status.included,
        status.is_in,
        status.late,
        status.awaits,
        status.competing,
    )


def _signed(signature: Signature) -> str:
    """Who certified, with which minutes."""
    decided = signature.decided.isoformat() if signature.decided is not None else ""
    by = signature.by or word("certify.who.owner")
    return ", ".join(text for text in (by, signature.minutes, decided) if text)
