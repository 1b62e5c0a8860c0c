"""No workbook, no formula and no file beside one can start a program, or choose which one a button starts."""

import importlib.util
import io
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from oletools.olevba import VBA_Parser

from tests.office.soffice import Office
from xlstyr.addin.building import build_addin, run_python, with_buttons, with_office_buttons
from xlstyr.addin.trimming import settings_code
from xlstyr.excel.macros import with_macros
from xlstyr.excel.vba import Kind, Module
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.resources import data_folder
from xlstyr.words import word

EVIL = "C:\\ondska\\python.exe"
GOOD = "C:\\god\\python.exe"
GUARD = 'If TypeName(Application.Caller) = "Range" Then Exit '
CALLBACKS = re.compile(r"control As Object|Optional control As Object|control As Object, ByRef svar")


def original() -> str:
    """xlwings' own text, as it is installed."""
    spec = importlib.util.find_spec("xlwings")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "xlwings_custom_addin.bas").read_text("utf-8")
    return text.replace("\r\n", "\n")


def procedure(text: str, name: str) -> str:
    """One procedure of a module."""
    found = re.search(rf"(?ms)^(Public |Private )?(Function|Sub) {name}\(.*?^End \2", text)
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


def module(*, own_sheet: bool) -> str:
    """The module as it is shipped: in the add-in, or in a control workbook."""
    return next(one.code for one in run_python(own_sheet=own_sheet) if one.name == "xlwings")


def plain_book(folder: Path, sheets: dict[str, list[str]], name: str = "bok") -> bytes:
    """A workbook without macros: title → what stands in its first row."""
    path = folder / f"{name}.xlsx"
    book = xlsxwriter.Workbook(path)
    for title, cells in sheets.items():
        book.add_worksheet(title).write_row(0, 0, cells)
    book.close()
    return path.read_bytes()


BUILDS: dict[str, Callable[[Path], bytes]] = {
    "addin": lambda _: build_addin(),
    "excel": lambda folder: with_buttons(plain_book(folder, {"Blad": []})),
    "libreoffice": lambda folder: with_office_buttons(plain_book(folder, {"Blad": []})),
}


@pytest.mark.parametrize("build", BUILDS)
def test_nothing_that_is_built_can_be_called_from_a_cell(build: str, tmp_path: Path) -> None:
    data = BUILDS[build](tmp_path)
    found = {v.rpartition(".")[0]: code for _, _, v, code in VBA_Parser("bok.xlsm", data=data).extract_macros()}
    assert {"Styrning", "xlwings"} < found.keys()
    checked = 0
    for name, code in found.items():
        if "VB_Base" in code:  # a class's or a workbook's functions are no worksheet functions
            continue
        lines = [line.strip() for line in code.replace("\r\n", "\n").split("\n")]
        declared = [line for line in lines if re.match(r"(\w+ )*(Function|Sub|Property|Declare) ?\w*\(?", line)]
        declared = [line for line in declared if not line.startswith(("End ", "Exit ", "'"))]
        checked += len(declared)
        for line in declared:
            assert line.startswith(("Private Function ", "Private Sub ", "Public Sub ")), f"{name}: {line}"
        public = {line for line in declared if line.startswith("Public Sub ")}
        if name == "xlwings":
            assert public == {"Public Sub RunPython(knapp As String)"}
        else:
            taken = {re.sub(r"^.*?\(|\)$", "", line) for line in public}
            assert all(text == "" or CALLBACKS.fullmatch(text) for text in taken), taken
    assert checked > 15


def test_what_comes_from_xlwings_and_what_starts_something_does_nothing_when_a_cell_asks() -> None:
    text = module(own_sheet=True)
    theirs = text[: text.index("Public Sub RunPython")]
    assert theirs.count(GUARD) == len(re.findall(r"(?m)^Private (Function|Sub) ", theirs)) > 8
    start = procedure(text, "RunPython").split("\n")
    assert start[2].strip() == f"{GUARD}Sub"
    assert start[1].strip().startswith("Dim ")


def test_just_what_is_needed_is_taken_from_xlwings() -> None:
    text = module(own_sheet=True)
    for gone in (
        "Declare ",
        "XLPy",
        "RunFrozenPython",
        "SaveConfigToFile",
        "ImportPythonUDFs",
        "Conda",
        "prepare_sys_path",
    ):
        assert gone in original() or gone == "Conda"
        assert gone not in text
    known = {name.casefold() for name in re.findall(r"(?:Function|Sub) (\w+)\(", text)}
    assert {"getconfig", "fileexists", "parentfolder", "createguid", "wscript", "toposixpath"} < known
    code = re.sub(r'"[^"\n]*"|\'.*', "", text)
    called = {name.casefold() for name in re.findall(r"(?<![.\w])([A-Za-z]\w*)\(", code)} - known
    builtin = {
        "environ",
        "left",
        "mid",
        "right",
        "replace",
        "split",
        "chr",
        "hex",
        "asc",
        "ascw",
        "dir",
        "ubound",
        "val",
    }
    builtin |= {
        "getattr",
        "eof",
        "typename",
        "instrrev",
        "lcase",
        "ucase",
        "len",
        "cint",
        "timer",
        "createobject",
        "range",
    }
    builtin |= {"macscript", "appleScriptTask".casefold(), "pathparts"}
    assert called <= builtin, called - builtin


def test_the_settings_are_looked_for_in_no_open_workbook_and_in_no_folder_of_one() -> None:
    look_up = procedure(module(own_sheet=True), "GetConfig")
    assert "ActiveWorkbook" not in look_up
    assert "GetDirectoryConfigFilePath" not in look_up
    assert "GetConfigFromSheet(ThisWorkbook)" in look_up
    assert "GetConfigFilePath()" in look_up
    assert "ActiveWorkbook" in procedure(original(), "GetConfig")


def test_a_control_workbook_holds_no_settings() -> None:
    text = module(own_sheet=False)
    assert "ThisWorkbook" not in text
    assert "Sheet" not in procedure(text, "GetConfig").replace("sheet -> directory", "").replace("conf sheet", "")
    assert not [one for one in run_python(own_sheet=False) if one.name == "Dictionary"]


def test_the_active_workbook_is_asked_for_nothing_but_where_it_is() -> None:
    code = "\n".join(line for line in module(own_sheet=True).split("\n") if not line.lstrip().startswith("'"))
    asked = re.findall(r"ActiveWorkbook(\.\w+| Is Nothing)", code)
    assert set(asked) == {".FullName", " Is Nothing"}
    assert code.count("Kodad(ActiveWorkbook.FullName)") == code.count("ActiveWorkbook.FullName") == 2


def test_what_is_started_is_named_by_its_whole_path_and_imports_nothing_from_where_it_stands() -> None:
    text = module(own_sheet=True)
    assert 'Environ("SystemRoot") & "\\System32\\cmd.exe /C "' in text
    assert text.count("cmd.exe") == 1
    script = (data_folder("macros") / "xlstyr.applescript").read_text("utf-8")
    for code in (text, script, (data_folder("macros") / "LibreOffice.bas").read_text("utf-8")):
        assert len(re.findall(r" -P (-B )?(-u -W ignore )?-m xlstyr\.addin\.pressed ", code)) == 1
        assert "-c " not in code
    for part in ("interpreter", "buttonName", '("--book=" & bookPath)', "logPath"):
        assert f"quoted form of {part}" in script


@pytest.mark.parametrize(("flags", "obeyed"), [(["-P", "-B"], False), (["-B"], True)])
def test_what_lies_where_the_process_stands_is_not_imported(tmp_path: Path, flags: list[str], obeyed: bool) -> None:
    (tmp_path / "xlwings.py").write_text("open('ran', 'w').close()\n")
    line = [sys.executable, *flags, "-m", "xlstyr.addin.pressed", "status", "--engine=excel", "--hwnd=1", "--book=a"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (tmp_path / "ran").exists() == obeyed
    assert done.returncode != 0  # there is no Excel here
    assert obeyed or word("addin.no_program") in done.stderr


def test_people_are_told_in_swedish() -> None:
    for own_sheet in (True, False):
        shown = re.findall(r'(?:MsgBox|Popup|StatusBar =) "([^"]*)"', module(own_sheet=own_sheet))
        assert len(shown) >= 5
        for text in shown:
            assert re.search("[åäöÅÄÖ]|Arbetar|xlstyr hittar", text), text
    assert "Ctrl+C" not in module(own_sheet=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'Workbook Sheet Config", "'Config in the workbook"),
        ("    ' Directory Config", "    ' Folder Config"),
        ("    ' User Config", "    ' Own Config"),
        ('PROJECT_NAME As String = "', 'PROJECT As String = "'),
        ("Function GetConfigFilePath()", "Function ConfigFilePath()"),
        ("    FileExists = FileExistsOnWindows(FileSpec)", "    FileExists = ActiveWorkbook.Path <> FileSpec"),
        ("    Attr = GetAttr(FileSpec)", "    Attr = GetAttr(thisworkbook.Path)"),
        ("Function ParentFolder(ByVal Folder)", "Function ParentFolder(ByVal Folder, _\n    Optional Other)"),
        ("    ' Directory Config", "    ' Directory Config\n    ' Directory Config"),
    ],
)
@pytest.mark.parametrize("own_sheet", [True, False])
def test_a_version_of_xlwings_that_looks_otherwise_is_not_shipped_uncut(
    before: str, after: str, own_sheet: bool
) -> None:
    text = original()
    wanted = ("GetConfig", "GetConfigFilePath", "FileExists", "ParentFolder")
    assert settings_code(text, wanted, own_sheet=own_sheet)
    assert before.strip() in text
    changed = text.replace(before.strip(), after.strip()) if before not in text else text.replace(before, after)
    with pytest.raises(XlstyrError, match="xlwings"):
        settings_code(changed, wanted, own_sheet=own_sheet)


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
    cells = {title: ["INTERPRETER_WIN", interpreter] for title, interpreter in {"Blad": "", **sheets}.items()}
    look_up = STUBS + for_excel_on_windows(procedure(text, "GetConfig"))
    modules = [
        Module(
            "Fraga",
            look_up + '\nPublic Function Svar()\n    Svar = GetConfig("INTERPRETER_WIN", "", "")\nEnd Function\n',
        ),
        Module("Ordbok", WORDS, Kind.CLASS),
    ]
    path = folder / "bok.xlsm"
    path.write_bytes(with_macros(plain_book(folder, cells), modules))
    with office.opened(path, macros=True) as document:
        place = "vnd.sun.star.script:xlstyr.Fraga.Svar?language=Basic&location=document"
        return str(document.getScriptProvider().getScript(place).invoke((), (), ())[0])


@pytest.mark.office
@pytest.mark.parametrize("sheets", [{"xlstyr.conf": EVIL}, {"xlwings.conf": EVIL}, {"kod.py": EVIL}, {}])
def test_the_look_up_run_in_a_hostile_control_workbook_answers_with_the_users_own(
    office: Office, tmp_path: Path, sheets: dict[str, str]
) -> None:
    assert asked(office, tmp_path, module(own_sheet=False), sheets) == GOOD


@pytest.mark.office
def test_the_add_ins_look_up_asks_the_add_in_and_then_the_user(office: Office, tmp_path: Path) -> None:
    text = module(own_sheet=True)
    assert asked(office, tmp_path, text, {"xlstyr.conf": "C:\\it\\python.exe"}) == "C:\\it\\python.exe"
    assert asked(office, tmp_path, text, {"xlwings.conf": EVIL, "kod.py": EVIL}) == GOOD


@pytest.mark.office
def test_the_same_look_up_uncut_would_have_obeyed_the_workbook(office: Office, tmp_path: Path) -> None:
    assert asked(office, tmp_path, original(), {"xlstyr.conf": EVIL}) == EVIL
    assert asked(office, tmp_path, original(), {}) == EVIL  # the file beside it


def formulas(book: bytes) -> list[str]:
    """A call from a cell of every procedure that a workbook with buttons has, with and without what it takes."""
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        assert "xl/vbaProject.bin" in package.namelist()
    texts = [code for *_, code in VBA_Parser("bok.xlsm", data=book).extract_macros()]
    names = re.findall(r"(?m)^(?:\w+ )*(?:Function|Sub) (\w+)\(", "\n".join(texts))
    return [f"={name}({value})" for name in ["Skicka", *names] for value in ('"send"', "", '"send","x"')]


@pytest.mark.office
@pytest.mark.parametrize("build", [with_office_buttons, with_buttons])
def test_no_formula_starts_anything(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: Callable[[bytes], bytes]
) -> None:
    ran, python = tmp_path / "ran", tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> "{ran}"\n')
    python.chmod(0o755)
    monkeypatch.setenv("XLSTYR_PYTHON", str(python))
    monkeypatch.setenv("XLSTYR_OFFICE_PIPE", "x")
    calls = formulas(build(plain_book(tmp_path, {"Blad": []})))
    assert len(calls) > 40
    path = tmp_path / "mejlad.xlsm"
    path.write_bytes(build(plain_book(tmp_path, {"Blad": calls})))
    with Office() as own, own.opened(path, macros=True) as document:
        document.calculateAll()
        cell = document.Sheets.getByIndex(0).getCellByPosition(0, 0)
        assert cell.getError()
        if build is with_office_buttons:  # the same button, pressed
            place = "vnd.sun.star.script:xlstyr.Styrning.Lage?language=Basic&location=document"
            assert not ran.exists()
            document.getScriptProvider().getScript(place).invoke((), (), ())
            end = time.monotonic() + 20
            while not ran.exists() and time.monotonic() < end:
                time.sleep(0.1)
            time.sleep(0.2)
            assert re.fullmatch(
                r"-P -m xlstyr\.addin\.pressed status --engine=libreoffice --book=\S+xlsm\n", ran.read_text()
            )
        assert not (tmp_path / ".avbryt").exists()
    assert ran.exists() == (build is with_office_buttons)
