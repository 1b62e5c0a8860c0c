"""A LibreOffice behind xlwings, for tests that press buttons."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlwings as xw

from tests.office.soffice import Office
from xlstyr.addin import running
from xlstyr.addin.libreoffice import activate


@pytest.fixture(scope="session")
def program(office: Office) -> Iterator[xw.App]:
    """LibreOffice as xlwings sees it, without windows. (``office`` says whether there is one.)"""
    activate()
    with xw.App(visible=False, add_book=False) as app:
        yield app


@pytest.fixture
def opened_book(program: xw.App) -> Iterator[Callable[[Path], xw.Book]]:
    """Opens books, the last one in front of the buttons; closes every book after the test."""

    def open_book(path: Path) -> xw.Book:
        book = program.books.open(str(path))
        book.set_mock_caller()
        return book

    yield open_book
    for book in list(program.books):
        book.close()
    if hasattr(xw.Book, "_mock_caller"):
        del xw.Book._mock_caller


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every message that somebody would have had to read."""
    said: list[str] = []

    def tell(book: xw.Book, text: str, *, critical: bool = False) -> None:
        said.append(text)

    monkeypatch.setattr(running, "tell", tell)
    return said


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: nothing is read from or written to anybody's settings."""
    home = tmp_path / "hem"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home


@pytest.fixture
def lent(tmp_path: Path) -> Callable[[Path], Path]:
    """A copy of a shared round without its inbox, to change."""
    return lambda folder: Path(shutil.copytree(folder, tmp_path / "omgång åäö"))
