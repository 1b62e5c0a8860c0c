"""Help: what the buttons do, and what stops the work on this computer."""

import xlwings as xw

from xlstyr.addin.openbook import identity_of
from xlstyr.words import word, words


def show_help(book: xw.Book) -> None:
    """A message with a line for each button, and what ``xlstyr doctor`` says must be mended."""
    book.app.alert("\n".join([*_buttons(), "", *_machine(book)]), word("engine.title"), mode="info")


def _buttons() -> list[str]:
    lines = [
        word("addin.asking.line", button=word(f"addin.button.{key}"), what=what)
        for key, what in words("addin.what").items()
    ]
    return [word("addin.asking.head"), *lines, word("addin.asking.cancel")]


def _machine(book: xw.Book) -> list[str]:
    from xlstyr.addin.doctor import examine
    from xlstyr.addin.homes import place_of
    from xlstyr.addin.places import Machine

    identity, place = identity_of(book), place_of(book)
    own = identity is not None and identity.kind == "control" and place is not None
    checks = examine(Machine.here(), place.parent if own and place is not None else None)
    stops = [f"{check.text} {check.cure}".strip() for check in checks if check.state == "stop"]
    return [word("addin.asking.stops"), *stops] if stops else [word("addin.asking.machine")]
