"""A round, an honest answer to it, and reading through a child process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.attacks.builders import Parts, parts_of
from tests.conftest import NOW
from xlstyr.rounds.children.workers import Reading
from xlstyr.rounds.incoming.examining import Examined, examine
from xlstyr.rounds.round import Round

ANSWER = "Budget 2031 Ekonomi & kansli.xlsx"


@pytest.fixture(scope="session")
def honest(exempelby_answered: Path) -> Parts:
    """The parts of an honest answer."""
    return parts_of((exempelby_answered / "inkorg" / ANSWER).read_bytes())


@pytest.fixture(scope="session")
def reading() -> Iterator[Reading]:
    """Reading as it is done with what arrives."""
    with Reading(children=1) as made:
        yield made


@pytest.fixture(scope="session")
def examined(exempelby_answered: Path, reading: Reading) -> Iterator[Callable[[bytes], Examined]]:
    """What becomes of a file, through the gate and the child process."""
    with Round(exempelby_answered, NOW) as round_:
        round_.__dict__["read"] = reading.read
        yield lambda data: examine(round_, data, ANSWER)
