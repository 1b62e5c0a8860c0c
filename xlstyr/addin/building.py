"""``addin build``: the add-in ``xlstyr.xlam`` from the VBA text in ``macros/``, without Excel and on any system.

What starts Python is our own (``macros/Start.bas``). It finds its settings by xlwings' code (BSD), read from the
installed package, with every way in from a workbook cut out (``trimming``).
"""

from importlib.util import find_spec
from pathlib import Path

from xlstyr.addin.trimming import settings_code
from xlstyr.excel.macros import addin, pairs_book, with_macros
from xlstyr.excel.vba import Kind, Module
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.resources import data_folder
from xlstyr.words import word

NAME = "xlstyr.xlam"
INTERPRETER = r"%LOCALAPPDATA%\xlstyr\python\python.exe"
"""Where IT puts Python, unless another place is named when the add-in is built. The user's own settings come after."""
_NEEDED = ("GetConfig", "FileExists", "ParentFolder", "CreateGUID", "WScript", "ToPosixPath")
"""What ``macros/Start.bas`` calls of xlwings'."""


def build_addin(python: str = INTERPRETER) -> bytes:
    """The add-in's bytes, the same every time. ``python`` is the interpreter's path, with ``%ENV%`` expanded in Excel.

    Raises:
        XlstyrError: xlwings isn't installed, or its text is of a kind that this version doesn't know how to cut.
    """
    modules = [_own("Styrning"), *run_python(own_sheet=True)]
    workbook = Module("ThisWorkbook", _text("TillaggsBok.cls"), Kind.WORKBOOK)
    ribbon = (data_folder("macros") / "customUI14.xml").read_bytes()
    return addin(pairs_book("xlstyr.conf", {"INTERPRETER_WIN": python}), modules, workbook, ribbon)


def with_buttons(book: bytes) -> bytes:
    """The control workbook ``book`` (.xlsx) as an .xlsm whose buttons run the same functions as the add-in's tab.

    It has no settings of its own: what its sheets say is anybody's who can write in them, signed macros or not.
    """
    return with_macros(book, [_own("Styrning"), *run_python(own_sheet=False)])


def with_office_buttons(book: bytes) -> bytes:
    """The control workbook ``book`` (.xlsx) as an .xlsm whose buttons work in a LibreOffice that xlstyr has started."""
    return with_macros(book, [_own("Styrning"), Module("xlwings", _filled("LibreOffice.bas"))])


def _own(name: str) -> Module:
    return Module(name, _text(f"{name}.bas"))


def _text(name: str) -> str:
    return (data_folder("macros") / name).read_text("utf-8")


def _filled(name: str) -> str:
    """A text of ours with what several have in common in its place."""
    no_python = word("addin.no_python").replace('"', '""')
    return _text(name).replace("{no_python}", no_python).replace("{coded}", _text("Kodad.bas").strip())


def run_python(*, own_sheet: bool) -> list[Module]:
    """The modules that start Python. ``own_sheet``: whether the workbook that they are put in may have their settings.

    Raises:
        XlstyrError: xlwings isn't installed, or its text is of a kind that this version doesn't know how to cut.
    """
    spec = find_spec("xlwings")
    if spec is None or spec.origin is None:
        raise XlstyrError(word("addin.no_xlwings"))
    folder = Path(spec.origin).parent
    text = (folder / "xlwings_custom_addin.bas").read_text("utf-8").replace("\r\n", "\n")
    settings = settings_code(text, _NEEDED, own_sheet=own_sheet)
    start = Module("xlwings", f"{settings}\n{_filled('Start.bas')}")
    if not own_sheet:
        return [start]
    dictionary = (folder / "addin" / "Dictionary.cls").read_text("utf-8")
    return [start, Module("Dictionary", dictionary, Kind.CLASS)]
