"""A file of the specimen for the tests of the harness. The fixture ``office`` is everybody's: see ``tests/conftest.py``."""

from pathlib import Path

import pytest

from tests.office.specimen import draw


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The specimen as a file with an awkward name."""
    path = tmp_path_factory.mktemp("harness") / "Mall åäö 2026.xlsx"
    path.write_bytes(draw())
    return path
