"""No workbook, and no file beside one, can choose what program a button starts."""

import importlib.util
import re
from pathlib import Path

import pytest
import xlsxwriter

from tests.office.soffice import Office
from xlstyr.addin.building import run_python, trimmed
from xlstyr.excel.macros import with_macros
from xlstyr.excel.vba import Kind, Module
from xlstyr.model.errors import XlstyrError

EVIL = "C:\\ondska\\python.exe"
GOOD = "C:\\god\\python.exe"


def original() -> str:
    """xlwings' own text, as it is installed."""
    spec = importlib.util.find_spec("xlwings")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "xlwings_custom_addin.bas").read_text("utf-8")
    return text.replace("\r\n", "\n")


def function(text: str, name: str) -> str:
    """One function of a module."""
    found = re.search(rf"(?ms)^(Public )?(Function|Sub) {name}\(.*?^End (Function|Sub)", text)
    assert found, name
    return found[0]


def for_excel_on_windows(text: str) -> str:
    """``text`` with its conditional lines decided: LibreOffice's compiler doesn't know them."""
    kept, shown = [], [True]
    for line in text.split("\n"):
        word = line.split()[0] if line.split() else ""
        if word == "#If":
            shown.append("Mac" not in line)
        elif word in ("#Else", "#ElseIf"):
            shown[-1] = not shown[-1] and word == "#Else"
        elif word == "#End":
            shown.pop()
        elif all(shown) and "= ExpandEnvironmentStrings(GetConfig)" not in line:  # a call to itself, there
            kept.append(line)
    return "\n".join(kept)


@pytest.fixture(scope="module")
def built() -> str:
    """The module as it is shipped."""
    return next(module.code for module in run_python() if module.name == "xlwings")


def test_the_settings_are_looked_for_in_no_open_workbook_and_in_no_folder_of_one(built: str) -> None:
    look_up = function(built, "GetConfig")
    assert "ActiveWorkbook" not in look_up
    assert "GetDirectoryConfigFilePath" not in look_up
    assert "GetConfigFromSheet(ThisWorkbook)" in look_up
    assert "GetConfigFilePath()" in look_up
    assert "ActiveWorkbook" in function(original(), "GetConfig")


def test_a_sheet_with_python_in_its_name_reroutes_nothing(built: str) -> None:
    run = function(built, "RunPython")
    assert '".py"' not in run
    assert "uses_embedded_code = True\n" not in run.replace("If uses_embedded_code = True Then\n", "")
    assert '".py"' in function(original(), "RunPython")


def test_neither_workbook_nor_folder_comes_among_the_places_that_python_imports_from(built: str) -> None:
    code = "\n".join(line for line in built.split("\n") if not line.lstrip().startswith("'"))
    lines = [line.strip() for line in code.split("\n") if line.strip().startswith("PYTHONPATH =")]
    assert lines.count('PYTHONPATH = "false;;;;;"') == 3
    assert not [line for line in lines if "FullName" in line]
    commands = re.findall(r'-c ""import xlwings\.utils', code)
    assert len(commands) == code.count('-P -B -c ""import xlwings.utils') == 1


def test_python_is_never_whichever_happens_to_be_first_in_the_path(built: str) -> None:
    assert 'GetConfig("INTERPRETER", "python")' not in built
    assert "xlstyr addin install" in function(built, "RunPython")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'Workbook Sheet Config", "'Config in the workbook"),
        ("    ' Directory Config", "    ' Folder Config"),
        ("    For i = 1 To 2\n", "    For i = 1 To 3\n"),
        ('AddExcelDir & ";" & ActiveFullName', 'AddExcelDir & ";;" & ActiveFullName'),
        (
            "Public Function RunPython",
            "Public Sub Other()\n    Load ActiveWorkbook.Path\nEnd Sub\n\nPublic Function RunPython",
        ),
        ('PROJECT_NAME As String = "', 'PROJECT As String = "'),
    ],
)
def test_a_version_of_xlwings_that_looks_otherwise_is_not_shipped_uncut(before: str, after: str) -> None:
    text = original()
    assert before in text
    with pytest.raises(XlstyrError, match="xlwings"):
        trimmed(text.replace(before, after))


STUBS = f"""
Public Const PROJECT_NAME As String = "xlstyr"
Public Function SheetExists(wb, sheetName As String) As Boolean
    Dim n As Long
    For n = 1 To wb.Worksheets.Count
        If wb.Worksheets(n).Name = sheetName Then SheetExists = True
    Next
End Function
Public Function GetConfigFromSheet(wb)
    Dim d As Ordbok
    Set d = New Ordbok
    d.Fill wb.Sheets(PROJECT_NAME & ".conf").Range("B1").Value
    Set GetConfigFromSheet = d
End Function
Public Function GetFullName(wb)
    GetFullName = wb.FullName
End Function
Public Function GetDirectoryConfigFilePath() As String
    GetDirectoryConfigFilePath = "beside"
End Function
Public Function GetConfigFilePath() As String
    GetConfigFilePath = "own"
End Function
Public Function FileExists(path) As Boolean
    FileExists = True
End Function
Public Function GetConfigFromFile(path, key, ByRef value) As Boolean
    value = IIf(path = "beside", "{EVIL}", "{GOOD}")
    GetConfigFromFile = True
End Function
"""
WORDS = """
Private content As String
Public Sub Fill(value)
    content = value
End Sub
Public Function Exists(key) As Boolean
    Exists = True
End Function
Public Function Item(key)
    Item = content
End Function
"""


def asked(office: Office, folder: Path, text: str, sheets: dict[str, str]) -> str:
    """What the look-up of ``text`` answers in a workbook with settings ``sheets`` (title → interpreter)."""
    plain = folder / "bok.xlsx"
    book = xlsxwriter.Workbook(plain)
    for title, interpreter in {"Blad": "", **sheets}.items():
        book.add_worksheet(title).write_row(0, 0, ["INTERPRETER_WIN", interpreter])
    book.close()
    look_up = STUBS + for_excel_on_windows(function(text, "GetConfig"))
    look_up = look_up.replace('SheetExists(ThisWorkbook, PROJECT_NAME & ".conf")', "False")  # no settings of its own
    modules = [
        Module(
            "Fraga",
            look_up + '\nPublic Function Svar()\n    Svar = GetConfig("INTERPRETER_WIN", "", "")\nEnd Function\n',
        ),
        Module("Ordbok", WORDS, Kind.CLASS),
    ]
    path = folder / "bok.xlsm"
    path.write_bytes(with_macros(plain.read_bytes(), modules))
    with office.opened(path, macros=True) as document:
        place = "vnd.sun.star.script:xlstyr.Fraga.Svar?language=Basic&location=document"
        return str(document.getScriptProvider().getScript(place).invoke((), (), ())[0])


@pytest.mark.office
@pytest.mark.parametrize("sheets", [{"xlstyr.conf": EVIL}, {"xlwings.conf": EVIL}, {"kod.py": EVIL}, {}])
def test_the_look_up_run_in_a_hostile_workbook_answers_with_the_users_own(
    office: Office, tmp_path: Path, built: str, sheets: dict[str, str]
) -> None:
    assert asked(office, tmp_path, built, sheets) == GOOD


@pytest.mark.office
def test_the_same_look_up_uncut_would_have_obeyed_the_workbook(office: Office, tmp_path: Path) -> None:
    assert asked(office, tmp_path, original(), {"xlstyr.conf": EVIL}) == EVIL
    assert asked(office, tmp_path, original(), {}) == EVIL  # the file beside it
