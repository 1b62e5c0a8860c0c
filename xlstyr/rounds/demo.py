"""``demo``: the sample round with its people's answers, from start to consolidated workbook."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta

from xlstyr.excel.typing import type_answers
from xlstyr.rounds.outgoing.issuing import Issued
from xlstyr.rounds.resources import data_folder
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import write_safely
from xlstyr.rounds.samples import answers


def lay_answers(
    round_: Round, sample: str, issued: Iterable[Issued], progress: Callable[[list[Issued]], Iterable[Issued]] = iter
) -> int:
    """Types the sample's answers in the issued workbooks, as people would, and lays them in the inbox."""
    typed = answers(data_folder("samples") / sample)
    inbox = round_.folder_of("inbox")
    count = 0
    with round_.register.transaction():
        for item in issued:
            round_.register.add_event(
                "sent", item.node, round_.premises.stage, round_.now, channel="folder", issue=item.issue
            )
    for item in progress([item for item in issued if item.node in typed]):
        write_safely(inbox / item.path.name, type_answers(item.path.read_bytes(), typed[item.node]))
        count += 1
    return count


def in_time(round_: Round) -> datetime:
    """A morning in the week before the first deadline of the running phase: nobody in a sample is late."""
    phases = [round_.premises.phase_of(node.id) for node in round_.premises.organisation]
    first = min(phase.deadline for phase in phases if phase is not None)
    return datetime.combine(first - timedelta(days=7), time(9), UTC)
