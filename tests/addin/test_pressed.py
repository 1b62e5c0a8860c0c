"""What a macro hands over: the name of a button, and exactly which of the open workbooks it was pressed in."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import xlwings as xw
from hypothesis import given
from hypothesis import strategies as st

from tests.addin.test_security import for_excel_on_windows, module, plain_book, procedure
from tests.office.soffice import Office
from xlstyr.addin import buttons, pressed, starting
from xlstyr.addin.pressed import decoded, functions, open_book
from xlstyr.excel.macros import with_macros
from xlstyr.excel.vba import Kind, Module
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.resources import data_folder
from xlstyr.words import word

Open = Callable[[Path], xw.Book]
ODD = "C:\\Mina filer\\Å & ö (1) %TEMP% $(touch x) 'a' ^; a=b | – 𝄞.xlsm"


def coded(text: str) -> str:
    """As the macros write a path."""
    data = text.encode("utf-16-le")
    units = (int.from_bytes(data[n : n + 2], "little") for n in range(0, len(data), 2))
    return "".join(chr(unit) if chr(unit).isascii() and chr(unit).isalnum() else f"-{unit:04X}" for unit in units)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_path_comes_through(text: str) -> None:
    assert decoded(coded(text)) == text
    assert re.fullmatch("[A-Za-z0-9-]*", coded(text))


@pytest.mark.office
def test_the_macros_write_paths_so(office: Office, tmp_path: Path) -> None:
    in_cp1252 = ODD.replace("𝄞", '" & ChrW(-10188) & ChrW(-8930) & "')
    code = (data_folder("macros") / "Kodad.bas").read_text("utf-8")
    code += f'\nPublic Function Svar()\n    Svar = Kodad("{in_cp1252}")\nEnd Function\n'
    assert answer(office, tmp_path, Module("Fraga", code)) == coded(ODD)


def answer(office: Office, folder: Path, *modules: Module) -> str:
    """What the function ``Svar`` of the first module says."""
    path = folder / "bok.xlsm"
    path.write_bytes(with_macros(plain_book(folder, {"Blad": []}), modules))
    with office.opened(path, macros=True) as document:
        place = f"vnd.sun.star.script:xlstyr.{modules[0].name}.Svar?language=Basic&location=document"
        return str(document.getScriptProvider().getScript(place).invoke((), (), ())[0])


SHELL = """
Public Said As String
Public Function Run(line, style, waits)
    Said = line & "|" & style & "|" & waits
End Function
"""
STUBS = """
Private shell As Skal
Private Function WScript()
    Set WScript = shell
End Function
Private Function FileExists(path As String) As Boolean
    FileExists = True
End Function
Private Function CreateGUID()
    CreateGUID = "1234"
End Function
Private Sub IngenPython()
End Sub
Private Sub VisaFel(path As String)
End Sub
"""


@pytest.mark.office
@pytest.mark.parametrize(
    ("python", "first"),
    [
        ("C:\\Program Files\\xlstyr\\python.exe", 'C: & cd "C:\\Program Files\\xlstyr" & '),
        ("\\\\server\\delat\\python.exe", 'pushd "\\\\server\\delat" & '),
    ],
)
def test_the_line_that_windows_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str, first: str) -> None:
    monkeypatch.setenv("SystemRoot", "C:\\Windows")
    monkeypatch.setenv("TEMP", "C:\\Temp")
    text = module(own_sheet=False)
    start = "\n".join(procedure(text, name) for name in ("StartaWindows", "Kodad", "ParentFolder"))
    start = for_excel_on_windows(start).replace("Application.Hwnd", "4711").replace("ActiveWorkbook.FullName", "bok")
    start = start.replace("Private Sub StartaWindows(", "Private Sub StartaWindows(bok As String, ")
    ask = f"""
Public Function Svar()
    Set shell = New Skal
    StartaWindows "C:\\Å b.xlsm", "status", "{python}"
    Svar = shell.Said
End Function
"""
    with Office() as own:
        said = answer(own, tmp_path, Module("Fraga", STUBS + start + ask), Module("Skal", SHELL, Kind.CLASS))
    assert said == (
        f'C:\\Windows\\System32\\cmd.exe /C {first}"{python}" -P -B -m xlstyr.addin.pressed status --engine=excel'
        f' --hwnd=4711 --book={coded("C:/Å b.xlsm".replace("/", chr(92)))} 2> "C:\\Temp\\xlstyr-1234.log"|0|True'
    )


@pytest.fixture
def twins(exempelby: Path, tmp_path: Path, opened_book: Open) -> list[xw.Book]:
    """Two open workbooks of one name, of different rounds."""
    [control] = exempelby.glob("Styrbok*.xlsx")
    paths = [tmp_path / name / "Styrbok = 2031.xlsx" for name in ("ena", "andra")]
    for path in paths:
        path.parent.mkdir()
        shutil.copyfile(control, path)
    program = opened_book(paths[0]).app
    program.impl.books.open(str(paths[1]))  # xlwings itself would refuse; LibreOffice doesn't
    return list(program.books)


def test_two_workbooks_of_one_name_are_never_mixed_up(twins: list[xw.Book], monkeypatch: pytest.MonkeyPatch) -> None:
    assert twins[0].name == twins[1].name
    ran: list[str] = []

    def status() -> bool:
        ran.append(xw.Book.caller().fullname)
        return True

    monkeypatch.setattr(buttons, "status", status)
    for book in (twins[1], twins[0], twins[1]):
        pressed.main(["status", "--engine=libreoffice", f"--book={coded(book.fullname)}"])
        assert ran.pop() == book.fullname
    assert not ran


def test_a_workbook_that_is_not_open_is_said_and_nothing_is_run(
    twins: list[xw.Book], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(buttons, "status", lambda: pytest.fail("run"))
    pressed.main(["status", "--engine=libreoffice", f"--book={coded(str(tmp_path / twins[0].name))}"])
    assert word("addin.which_book", book=twins[0].name) in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["status"],
        ["status", "--engine=libreoffice"],
        ["status", "--engine=annat", "--book=a"],
        ["run", "--engine=libreoffice", "--book=a"],
        ["help_", "--engine=libreoffice", "--book=a"],
        ["from xlstyr.addin import buttons; buttons.status()", "--engine=libreoffice", "--book=a"],
        ["", "--engine=libreoffice", "--book=a"],
    ],
)
def test_a_macro_can_name_nothing_but_a_button(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        pressed.main(arguments)
    assert ended.value.code == 2
    assert word("addin.not_pressed") in capsys.readouterr().err


def test_every_button_has_a_name() -> None:
    assert set(functions()) == {name.rstrip("_") for name in buttons.BUTTONS}
    assert all(callable(function) and re.fullmatch("[a-z]+", name) for name, function in functions().items())


# Excel itself isn't here: what it says of its workbooks is acted


def excel(*places: str, mac: bool = False) -> Any:
    """An Excel with workbooks at ``places``; xlwings' own guesses of where they are raise."""

    class Book:
        def __init__(self, place: str) -> None:
            self.place = place
            self.name = re.split(r"[/\\]", place)[-1]
            self.app = app
            full = SimpleNamespace(get=lambda: place)
            self.api = SimpleNamespace(full_name=full) if mac else SimpleNamespace(FullName=place)

        @property
        def fullname(self) -> str:
            raise AssertionError("asked xlwings")

    app = SimpleNamespace(engine=SimpleNamespace(name="excel"), books=[])
    app.books = [Book(place) for place in places]
    return app


def test_excel_on_windows_is_asked_where_its_workbooks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    app = excel("https://kommun.sharepoint.com/a/Styrbok 2031.xlsx", "C:\\a=b\\Styrbok 2032.xlsx", "Bok1")
    for book in app.books:
        found: Any = open_book(app, book.place.upper())
        assert found is book
    with pytest.raises(XlstyrError, match=r"Styrbok 2031\.xlsx"):
        open_book(app, "C:\\a\\Styrbok 2031.xlsx")


def test_excel_on_a_mac_has_one_of_each_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    app = excel("Macintosh HD:Users:a:Na\u0308mnd.xlsx".replace(":", "/"), "Disk/Bok.xlsx", mac=True)
    found: Any = open_book(app, "/Users/a/N\u00e4mnd.xlsx")
    assert found is app.books[0]


def test_a_terminal_is_told_which_workbook_to_close(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuses(path: str) -> None:
        raise ValueError(path)

    monkeypatch.setattr(starting, "usual_engine", lambda: "excel")
    monkeypatch.setattr(xw, "Book", refuses)
    monkeypatch.setattr(xw, "apps", SimpleNamespace(active=None))
    with pytest.raises(XlstyrError, match=r"Styrbok\.xlsx"):
        starting.press("status", tmp_path / "Styrbok.xlsx", "excel")
    with pytest.raises(XlstyrError, match="Excel"):
        starting.press("status", None, "excel")
