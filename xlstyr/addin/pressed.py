"""``python -m xlstyr.addin.pressed``: a button of a control workbook in LibreOffice has been pressed.

Its macro names the function; nothing but the buttons' own functions is run, whatever it says.
"""

import re
import sys
from collections.abc import Sequence
from urllib.parse import unquote

_CALL = re.compile(r"from xlstyr\.addin import buttons; buttons\.(\w+)\(\)")


def main(arguments: Sequence[str]) -> None:
    """Runs the button that the first of ``arguments`` names, for the book that ``--wb=`` names."""
    import xlwings as xw

    from xlstyr.addin import buttons
    from xlstyr.addin.libreoffice import activate

    said = [unquote(argument) for argument in arguments]
    call = _CALL.fullmatch(said[0]) if said else None
    name = next((text.removeprefix("--wb=") for text in said[1:] if text.startswith("--wb=")), None)
    if call is None or call[1] not in buttons.BUTTONS or name is None:
        sys.exit(2)
    activate()
    app = xw.apps.active
    if app is None:
        sys.exit(2)
    app.books[name].set_mock_caller()
    if not getattr(buttons, call[1])():
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
