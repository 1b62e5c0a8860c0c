"""Books in the LibreOffice behind xlwings that all tests of a process share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlwings as xw


@pytest.fixture(scope="session")
def app(program: xw.App) -> xw.App:
    """LibreOffice as xlwings sees it, without a screen."""
    return program


@pytest.fixture
def shown(app: xw.App) -> Iterator[xw.App]:
    """The same, whose books have windows, though nobody sees them."""
    app.visible = True
    yield app
    app.visible = False


@pytest.fixture
def book(app: xw.App) -> Iterator[xw.Book]:
    """A new, empty book. Whatever a test leaves open is closed."""
    yield app.books.add()
    close_all(app)


@pytest.fixture
def window(shown: xw.App) -> Iterator[xw.Book]:
    """A new, empty book with a window."""
    yield shown.books.add()
    close_all(shown)


@pytest.fixture
def sheet(book: xw.Book) -> xw.Sheet:
    """Its sheet."""
    return book.sheets[0]


def close_all(app: xw.App) -> None:
    """Closes every book."""
    for one in list(app.books):
        one.close()


def uno_cell(cells: xw.Range) -> Any:
    """The first cell as LibreOffice has it."""
    return cells.api.getCellByPosition(0, 0)


def saved(book: xw.Book, path: Path) -> xw.Book:
    """``book`` saved, closed and opened again."""
    app = book.app
    book.save(path)
    book.close()
    return app.books.open(path)


__all__ = ["app", "book", "close_all", "saved", "sheet", "shown", "uno_cell", "window"]
