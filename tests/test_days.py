"""Which day it is: Sweden's, wherever the computer believes that it is."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from xlstyr.checks.process import late
from xlstyr.model.days import local_day
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.outgoing.letters import Writer
from xlstyr.rounds.round import Round

LAST = date(2030, 6, 5)
EVENING = datetime(2030, 6, 5, 21, 59, tzinfo=UTC)
NIGHT = datetime(2030, 6, 5, 22, 1, tzinfo=UTC)


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Tokyo"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The computer's clock is set to another time zone."""
    if not hasattr(time, "tzset"):
        pytest.skip("the time zone can't be set here")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_a_day_ends_at_midnight_in_sweden(exempelby_answered: Path) -> None:
    assert (local_day(EVENING), local_day(NIGHT)) == (LAST, date(2030, 6, 6))
    assert [len(list(late(at, LAST))) for at in (EVENING, NIGHT)] == [0, 1]
    for now, overdue in (EVENING, ""), (NIGHT, "answer"):
        with Round(exempelby_answered, now) as round_:
            assert round_.today == local_day(now)
            [unit] = [one for one in node_states(round_) if one.node.id == "hemtjanst"]
            assert (unit.deadline, unit.late) == (LAST, overdue)
            who, texts = ("hemtjanst",), Writer(round_)
            letter = texts.outgoing(
                "reminder", who, ("a@b.example",), (), level=1, awaits="answer", returned=False, back=False
            )
            subject = letter.subject
            assert subject.startswith("Vi saknar" if overdue else "Påminnelse")
