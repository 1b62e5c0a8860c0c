"""``python -m xlstyr.addin.pressed``: a button has been pressed in Excel or LibreOffice.

Its macro names the button and says which workbook it was pressed in. Nothing but the buttons' own functions is run,
whatever it says.
"""

import gc
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

if TYPE_CHECKING:
    import xlwings as xw

_WRONG = 2
"""What it ends with when it isn't called as the macros call it. All else has been told whoever pressed."""
_CODED = re.compile("-([0-9A-F]{4})")


def functions() -> dict[str, Callable[[], bool]]:
    """Every button by its name in macros and on the command line: all that a press can run."""
    from xlstyr.addin import buttons

    return {name.rstrip("_"): getattr(buttons, name) for name in buttons.BUTTONS}


def main(arguments: Sequence[str]) -> None:
    """Runs the button that the first of ``arguments`` names, in the open workbook that ``--book=`` names.

    ``--engine=`` says in which program, and ``--hwnd=`` in which of several Excel on Windows.
    """
    options = dict(argument.removeprefix("--").split("=", 1) for argument in arguments[1:] if "=" in argument)
    function = functions().get(arguments[0]) if arguments else None
    engine = options.get("engine")
    if function is None or engine not in ("excel", "libreoffice") or not options.get("book"):
        print(word("addin.not_pressed"), file=sys.stderr)  # noqa: T201
        sys.exit(_WRONG)
    app = _program(engine, options.get("hwnd", ""))
    try:
        book = open_book(app, decoded(options["book"]))
    except XlstyrError as error:
        app.alert(str(error), word("engine.title"), mode="critical")
        return
    book.set_mock_caller()
    gc.freeze()  # what has been imported isn't looked through again and again while somebody waits
    function()


def decoded(text: str) -> str:
    """The path that a macro has written with letters and digits alone: four hexadecimal digits for each UTF-16 unit."""
    units = _CODED.sub(lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def open_book(app: "xw.App", path: str) -> "xw.Book":
    """The workbook that is open from ``path``, as the program itself says where it is.

    Raises:
        XlstyrError: none is, or more than one.
    """
    from xlstyr.addin.native import full_name

    # a Mac spells one path in several ways; Excel has no two of one name open there
    spelled = _last if sys.platform == "darwin" else str
    wanted = _folded(spelled(path))
    found = [book for book in app.books if _folded(spelled(full_name(book))) == wanted]
    if len(found) != 1:
        raise XlstyrError(word("addin.which_book", book=_last(path)))
    return found[0]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _last(path: str) -> str:
    return re.split(r"[/\\:]", path)[-1]


def _program(engine: str, window: str) -> "xw.App":
    """The program that the button was pressed in; on Windows by its ``window``, since several Excel may be running."""
    import xlwings as xw

    from xlstyr.addin.native import process_of

    if engine == "libreoffice":
        from xlstyr.addin.libreoffice import activate

        activate()
    try:
        app = xw.apps[process_of(int(window))] if window else xw.apps.active
    except (KeyError, xw.XlwingsError):  # no such window; no Excel on this system
        app = None
    if app is None:
        print(word("addin.no_program"), file=sys.stderr)  # noqa: T201
        sys.exit(_WRONG)
    return app


if __name__ == "__main__":
    main(sys.argv[1:])
