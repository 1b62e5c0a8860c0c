"""``addin build``: the add-in ``xlstyr.xlam`` from the VBA text in ``macros/``, without Excel and on any system.

The part of it that starts Python is xlwings' own (BSD), read from the installed package. As it comes, it lets the
workbook that happens to be open choose what program runs; those ways in are cut out here, and a text that no longer
has them where they were is refused rather than shipped uncut.
"""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from xlstyr.excel.macros import addin, pairs_book, with_macros
from xlstyr.excel.vba import Kind, Module
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.resources import data_folder
from xlstyr.words import word

NAME = "xlstyr.xlam"
INTERPRETER = r"%LOCALAPPDATA%\xlstyr\python\python.exe"
"""Where IT puts Python, unless another place is named when the add-in is built. The user's own settings come after."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """From the text ``start`` up to ``end`` (which stays) stands ``instead``, ``times`` times."""

    start: str
    end: str
    instead: str = ""
    times: int = 1


_CUTS = (
    # a sheet "xlstyr.conf" in the workbook that is open
    _Cut("            'Workbook Sheet Config\n", "            'Add-in Sheet Config"),
    # a file "xlstyr.conf" beside the workbook that is open
    _Cut("    ' Directory Config\n", "    ' User Config\n"),
    # a sheet whose name ends in ".py" sends the call to xlwings.pro
    _Cut("    For i = 1 To 2\n        If i = 1 Then\n            Set wb = ActiveWorkbook", "    If uses_embedded_code"),
    # the workbook's path, where a semicolon or a percent sign in a folder's name makes an entry of its own
    _Cut('PYTHONPATH = AddExcelDir & ";" & Active', "\n", 'PYTHONPATH = "false;;;;;"', 3),
    # any python that happens to be first in the path, started where the user last opened a file
    _Cut('interpreter = GetConfig("INTERPRETER", "python")', "\n", "MsgBox {no_python}, 16\n        Exit Function"),
    # on a Mac: a script that hands the workbook's name to a shell as it is, and one that asks for it
    _Cut('AppleScriptTask("xlwings-"', ', "VbaHandler"', 'AppleScriptTask("xlstyr.applescript"'),
    _Cut('MsgBox "To enable RunPython, please run', "\n", "MsgBox {no_python}, 16"),
    # the folder that the process happens to stand in comes first among the places that Python imports from
    _Cut('" -B -c ""import xlwings.utils', ";", '" -P -B -c ""import xlwings.utils'),
)
_STILL_ALLOWED = re.compile(
    r"--wb=|BOOK_CALLER|ActiveWorkbook\.FullName|ActiveWorkbook\.Name|SheetExists\(ActiveWorkbook, \"Error\"\)"
    r"|ActiveWorkbook\.Sheets(\.Add\(\)|\(\"Error\"\))|ActiveWorkbook\.VBProject|Set wb = ActiveWorkbook"
    r"|GetDirectoryPath\(ActiveWorkbook\)"
)


def build_addin(python: str = INTERPRETER) -> bytes:
    """The add-in's bytes, the same every time. ``python`` is the interpreter's path, with ``%ENV%`` expanded in Excel.

    Raises:
        XlstyrError: xlwings isn't installed, or its text is of a kind that this version doesn't know how to cut.
    """
    modules = [_own("Styrning"), *run_python()]
    workbook = Module("ThisWorkbook", _text("TillaggsBok.cls"), Kind.WORKBOOK)
    ribbon = (data_folder("macros") / "customUI14.xml").read_bytes()
    settings = {"INTERPRETER_WIN": python, "ADD_WORKBOOK_TO_PYTHONPATH": "FALSE", "SHOW CONSOLE": "FALSE"}
    return addin(pairs_book("xlstyr.conf", settings), modules, workbook, ribbon)


def with_buttons(book: bytes) -> bytes:
    """The control workbook ``book`` (.xlsx) as an .xlsm whose buttons run the same functions as the add-in's tab."""
    return with_macros(book, [_own("Styrning"), *run_python()])


def with_office_buttons(book: bytes) -> bytes:
    """The control workbook ``book`` (.xlsx) as an .xlsm whose buttons work in a LibreOffice that xlstyr has started."""
    return with_macros(book, [_own("Styrning"), Module("xlwings", _text("LibreOffice.bas"))])


def _own(name: str) -> Module:
    return Module(name, _text(f"{name}.bas"))


def _text(name: str) -> str:
    return (data_folder("macros") / name).read_text("utf-8")


def run_python() -> list[Module]:
    """Xlwings' modules that start Python, with every way in from a workbook cut out."""
    spec = find_spec("xlwings")
    if spec is None or spec.origin is None:
        raise XlstyrError(word("addin.no_xlwings"))
    folder = Path(spec.origin).parent
    text = (folder / "xlwings_custom_addin.bas").read_text("utf-8").replace("\r\n", "\n")
    dictionary = (folder / "addin" / "Dictionary.cls").read_text("utf-8")
    return [Module("xlwings", trimmed(text)), Module("Dictionary", dictionary, Kind.CLASS)]


def trimmed(text: str) -> str:
    """Xlwings' module without what lets an open workbook decide what runs; named for this project.

    Raises:
        XlstyrError: something that should be cut isn't there exactly as often as it should, or more has come.
    """
    text = _replaced(text, _Cut('PROJECT_NAME As String = "', "\n", 'PROJECT_NAME As String = "xlstyr"'))
    for cut in _CUTS:
        text = _replaced(text, cut)
    code = [line for line in text.split("\n") if not line.lstrip().startswith("'")]
    if strange := [line for line in code if "ActiveWorkbook" in line and not _STILL_ALLOWED.search(line)]:
        raise XlstyrError(word("addin.unknown_xlwings", detail=strange[0].strip()))
    return text


def _replaced(text: str, cut: _Cut) -> str:
    pieces = text.split(cut.start)
    if len(pieces) != cut.times + 1 or any(cut.end not in piece for piece in pieces[1:]):
        raise XlstyrError(word("addin.unknown_xlwings", detail=cut.start.strip()[:60]))
    instead = cut.instead.replace("{no_python}", _quoted(word("addin.no_python")))
    return pieces[0] + "".join(instead + piece[piece.index(cut.end) :] for piece in pieces[1:])


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
