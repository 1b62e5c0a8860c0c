"""Makes the fixture ``office`` known to the tests of this package, and a file of the specimen."""

from pathlib import Path

import pytest

from tests.office.plugin import office, pytest_collection_modifyitems
from tests.office.specimen import draw

__all__ = ["book", "office", "pytest_collection_modifyitems"]


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The specimen as a file with an awkward name."""
    path = tmp_path_factory.mktemp("harness") / "Mall åäö 2026.xlsx"
    path.write_bytes(draw())
    return path
