"""The fixture ``office``: one LibreOffice for all tests of a process."""

import os
from collections.abc import Iterator

import pytest

from tests.office.runtime import OfficeError, find_soffice, load_uno
from tests.office.soffice import Office


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    """A running LibreOffice; without one, tests are skipped, but fail where ``CI`` is set."""
    try:
        find_soffice()
        load_uno()
    except OfficeError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with Office() as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test that uses the fixture, so that ``-m "not office"`` leaves them out."""
    for item in items:
        if "office" in getattr(item, "fixturenames", ()):
            item.add_marker("office")
