"""Danderyd's round: workbooks are drawn, people type in them, and what they say is checked."""

from pathlib import Path

import pytest

from tests.checks.desk import Desk, read_premises


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk where any node's workbook can be filled in and checked."""
    folder: Path = tmp_path_factory.mktemp("round")
    return Desk(read_premises(folder / "Styrbok 2026.xlsx"))
