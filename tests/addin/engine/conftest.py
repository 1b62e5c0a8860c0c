"""LibreOffice behind xlwings for the tests of the engine."""

from tests.addin.engine.running import app, book, sheet, shown, window

__all__ = ["app", "book", "sheet", "shown", "window"]
