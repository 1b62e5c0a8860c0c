"""Rounds that tests share: the samples run once per session, copied for whoever changes something."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.office.plugin import office, pytest_collection_modifyitems
from xlstyr.rounds.demo import lay_answers
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round

NOW = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)


def run_sample(folder: Path, sample: str) -> Path:
    """The sample's round in ``folder`` with every answer in the inbox, nothing taken in yet."""
    start_round(folder, None, sample)
    with Round(folder, NOW) as round_:
        lay_answers(round_, sample, issue_workbooks(round_))
    return folder


def take_in(folder: Path) -> Path:
    """Everything in the inbox taken in."""
    with Round(folder, NOW) as round_:
        collect(round_)
    return folder


@pytest.fixture(scope="session")
def danderyd_answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Danderyd round with its answers in the inbox. Shared: copy before changing anything."""
    return run_sample(tmp_path_factory.mktemp("danderyd") / "budget 2026 åäö", "danderyd")


@pytest.fixture(scope="session")
def danderyd(danderyd_answered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Danderyd round with its answers taken in. Shared: read only."""
    return take_in(Path(shutil.copytree(danderyd_answered, tmp_path_factory.mktemp("taken") / "runda")))


@pytest.fixture(scope="session")
def exempelby_answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second municipality's round with its answers in the inbox. Shared: copy before changing anything."""
    return run_sample(tmp_path_factory.mktemp("exempelby") / "budget", "exempelby")


@pytest.fixture(scope="session")
def exempelby(exempelby_answered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second municipality's round with its answers taken in. Shared: read only."""
    return take_in(Path(shutil.copytree(exempelby_answered, tmp_path_factory.mktemp("taken") / "runda")))


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Copies a shared round, to change."""
    return lambda folder: Path(shutil.copytree(folder, tmp_path / "runda"))


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Round]]:
    """Opens rounds and closes them after the test."""
    rounds: list[Round] = []

    def open_round(folder: Path) -> Round:
        rounds.append(Round(folder, NOW))
        return rounds[-1]

    yield open_round
    for round_ in rounds:
        round_.close()


__all__ = ["office", "pytest_collection_modifyitems"]
