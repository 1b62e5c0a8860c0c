"""The add-in comes where Excel looks, finds Python, and goes away again: Windows' and macOS's paths, on any system."""

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from click.testing import CliRunner

from tests.office.soffice import Office
from xlstyr.addin import building, deploying
from xlstyr.addin.building import NAME, run_python
from xlstyr.addin.deploying import Done, install, remove, status
from xlstyr.addin.places import SCRIPT, Machine, excel_program, expanded, places
from xlstyr.cli.addin_ import command
from xlstyr.excel.addinfile import read_addin
from xlstyr.excel.macros import pairs_book, with_macros
from xlstyr.excel.vba import Module
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.resources import data_folder

WINDOWS = {
    "USERPROFILE": r"C:\Users\Åsa",
    "APPDATA": r"C:\Users\Åsa\AppData\Roaming",
    "LOCALAPPDATA": r"C:\Users\Åsa\AppData\Local",
    "ProgramFiles": r"C:\Program Files",
    "ProgramFiles(x86)": r"C:\Program Files (x86)",
    "ProgramW6432": r"C:\Program Files",
}

build_addin = cache(building.build_addin)
"""Each is built once: that they are the same every time is shown elsewhere."""


@pytest.fixture(autouse=True)
def _built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploying, "build_addin", build_addin)


@pytest.fixture
def pc(tmp_path: Path) -> Machine:
    """A Windows computer whose disk is in a folder of the test's; Excel of 64 bits is installed."""
    office = tmp_path / "Program Files/Microsoft Office/root/Office16"
    office.mkdir(parents=True)
    (office / "EXCEL.EXE").touch()
    home = tmp_path / "Users/Åsa"
    environment = {
        "USERPROFILE": str(home),
        "APPDATA": str(home / "AppData/Roaming"),
        "LOCALAPPDATA": str(home / "AppData/Local"),
        "ProgramFiles": str(tmp_path / "Program Files"),
        "ProgramFiles(x86)": str(tmp_path / "Program Files (x86)"),
    }
    return Machine("win32", environment)


@pytest.fixture
def mac(tmp_path: Path) -> Machine:
    """A Mac, likewise."""
    return Machine("darwin", {"HOME": str(tmp_path / "Users/asa")})


def interpreter(folder: Path) -> Path:
    """A Python in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "python.exe"
    python.touch()
    return python


@pytest.fixture
def python(tmp_path: Path) -> str:
    """A Python that everybody reaches."""
    return str(interpreter(tmp_path / "Python311"))


def own(machine: Machine) -> Path:
    """The user's copy."""
    known = places(machine)
    return Path(known.user[0].as_posix()) / NAME


def shared(tmp_path: Path) -> Path:
    """Everybody's copy on the computer."""
    return tmp_path / "Program Files/Microsoft Office/root/Office16/XLSTART" / NAME


def settings(machine: Machine) -> Path:
    """The user's settings file."""
    return Path(places(machine).settings.as_posix())


def outcomes(done: list[Done]) -> list[tuple[str, str]]:
    return [(one.what, one.outcome) for one in done]


def changed(data: bytes, name: str, content: bytes) -> bytes:
    """``data`` with one part added or replaced."""
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(memory, "w") as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return memory.getvalue()


def signed(data: bytes) -> bytes:
    """As signtool leaves it: the code as it was, signatures beside it."""
    return changed(data, "xl/vbaProjectSignatureV3.bin", b"signature")


def older(data: bytes) -> bytes:
    """Of another version."""
    return changed(data, "xl/vbaProject.bin", b"another code")


# paths


def test_windows_paths_follow_the_environment() -> None:
    known = places(Machine("win32", WINDOWS))
    assert known.user == (PureWindowsPath(r"C:\Users\Åsa\AppData\Roaming\Microsoft\Excel\XLSTART"),)
    assert known.settings == PureWindowsPath(r"C:\Users\Åsa\.xlstyr\xlstyr.conf")
    assert list(map(str, known.everyone)) == [
        r"C:\Program Files\Microsoft Office\root\Office16\XLSTART",
        r"C:\Program Files\Microsoft Office\Office16\XLSTART",
        r"C:\Program Files (x86)\Microsoft Office\root\Office16\XLSTART",
        r"C:\Program Files (x86)\Microsoft Office\Office16\XLSTART",
    ]


def test_a_32_bit_python_on_a_64_bit_windows_finds_both() -> None:
    environment = WINDOWS | {"ProgramFiles": r"C:\Program Files (x86)"}
    found = {str(path).split("\\")[1] for path in places(Machine("win32", environment)).everyone}
    assert found == {"Program Files", "Program Files (x86)"}


def test_mac_paths_follow_the_home_folder() -> None:
    known = places(Machine("darwin", {"HOME": "/Users/asa"}))
    group = "/Users/asa/Library/Group Containers/UBF8T346G9.Office"
    assert known.user[0] == PurePosixPath(f"{group}/User Content.localized/Startup.localized/Excel")
    common = "/Library/Application Support/Microsoft/Office365/User Content.localized/Startup/Excel"
    assert known.everyone[0] == PurePosixPath(common)
    assert known.settings == PurePosixPath("/Users/asa/Library/Containers/com.microsoft.Excel/Data/xlstyr.conf")
    assert known.script == PurePosixPath(f"/Users/asa/Library/Application Scripts/com.microsoft.Excel/{SCRIPT}")


@pytest.mark.parametrize(
    ("machine", "says"),
    [(Machine("linux", {}), "xlstyr addin build"), (Machine("win32", {"USERPROFILE": "C:\\x"}), "APPDATA")],
)
def test_where_there_is_no_place_that_is_said(machine: Machine, says: str) -> None:
    for ask in (lambda: install(machine), lambda: remove(machine), lambda: status(machine)):
        with pytest.raises(XlstyrError, match=says):
            ask()


def test_the_settings_are_where_the_vba_looks_for_them() -> None:
    """The file's name and format are the module's, not ours: both are read out of its text."""
    [module] = [one.code for one in run_python(own_sheet=False) if one.name == "xlwings"]
    assert 'GetConfigFilePath = Environ("USERPROFILE") & "\\." & PROJECT_NAME & "\\" & PROJECT_NAME & ".conf"' in module
    assert 'PROJECT_NAME As String = "xlstyr"' in module
    for key in ("INTERPRETER_WIN", "INTERPRETER_MAC"):
        assert f'GetConfig("{key}"' in module


# install


def test_a_user_gets_the_add_in_and_the_settings(pc: Machine, python: str) -> None:
    done = install(pc, python=python)
    assert outcomes(done) == [("addin", "new"), ("settings", "new")]
    assert own(pc).read_bytes() == build_addin(python)
    assert settings(pc).read_bytes().decode() == f'"INTERPRETER_WIN","{python}"\r\n'
    now = status(pc)
    assert now.current
    assert [(copy.owner, copy.state, copy.python) for copy in now.copies] == [("user", "current", python)]


def test_this_python_is_the_one_unless_another_is_named(pc: Machine) -> None:
    install(pc)
    assert status(pc).python == sys.executable


def test_again_changes_nothing(pc: Machine, python: str) -> None:
    install(pc, python=python)
    before = {path: path.stat().st_mtime_ns for path in (own(pc), settings(pc))}
    assert outcomes(install(pc, python=python)) == [("addin", "unchanged"), ("settings", "unchanged")]
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("make", [older, lambda data: data[: len(data) // 2], lambda _: b""])
def test_another_version_and_rubbish_are_replaced(pc: Machine, python: str, make: Callable[[bytes], bytes]) -> None:
    install(pc, python=python)
    own(pc).write_bytes(make(build_addin(python)))
    now = status(pc)
    assert [copy.state for copy in now.installed] == ["other"]
    assert not now.current
    assert outcomes(install(pc, python=python)) == [("addin", "replaced"), ("settings", "unchanged")]
    assert status(pc).current


def test_another_python_is_put_in_both(pc: Machine, python: str, tmp_path: Path) -> None:
    install(pc, python=python)
    other = str(interpreter(tmp_path / "Python312"))
    assert outcomes(install(pc, python=other)) == [("addin", "replaced"), ("settings", "replaced")]
    assert (status(pc).python, status(pc).copies[0].python) == (other, other)


def test_a_python_of_the_users_own_is_named_by_a_variable(pc: Machine, tmp_path: Path) -> None:
    """The user's name may have letters that the settings file can't hold."""
    home = tmp_path / "Users/Åsa"
    for folder, named in (
        (home / "AppData/Local/xlstyr", r"%LOCALAPPDATA%\xlstyr\python.exe"),
        (home / "venv", r"%USERPROFILE%\venv\python.exe"),
    ):
        path = interpreter(folder)
        install(pc, python=str(path))
        assert status(pc).python == named
        assert expanded(named, pc) == path
        assert status(pc).current


@pytest.mark.parametrize(("folder", "says"), [("Pythön", "tecken"), ('Py"thon', "tecken"), ("saknas", "ingen Python")])
def test_a_python_that_excel_cant_be_told_is_refused(pc: Machine, tmp_path: Path, folder: str, says: str) -> None:
    path = tmp_path / folder / "python.exe" if folder == "saknas" else interpreter(tmp_path / folder)
    with pytest.raises(XlstyrError, match=says):
        install(pc, python=str(path))
    with pytest.raises(XlstyrError, match="ingen Python"):
        install(pc, python="python")
    assert not own(pc).exists()
    assert not settings(pc).exists()


def test_what_others_have_in_the_settings_file_stays(pc: Machine, python: str) -> None:
    settings(pc).parent.mkdir(parents=True)
    settings(pc).write_bytes(b'"TEMP DIR","C:\\t\xe5mp"\r\n"interpreter_win","C:\\old.exe"\r\nodd line\r\n')
    assert ("settings", "replaced") in outcomes(install(pc, python=python))
    lines = settings(pc).read_bytes().split(b"\r\n")
    assert lines == [f'"INTERPRETER_WIN","{python}"'.encode(), b'"TEMP DIR","C:\\t\xe5mp"', b"odd line", b""]
    assert outcomes(remove(pc)) == [("addin", "removed"), ("settings", "replaced")]
    assert settings(pc).read_bytes() == b'"TEMP DIR","C:\\t\xe5mp"\r\nodd line\r\n'


def test_remove_leaves_nothing(pc: Machine, python: str) -> None:
    install(pc, python=python)
    assert outcomes(remove(pc)) == [("addin", "removed"), ("settings", "removed")]
    assert not own(pc).exists()
    assert not settings(pc).parent.exists()
    assert outcomes(remove(pc)) == [("addin", "absent"), ("settings", "absent")]


def test_an_unusual_startup_folder(pc: Machine, python: str, tmp_path: Path) -> None:
    folder = tmp_path / "Start"
    install(pc, python=python, xlstart=folder)
    assert (folder / NAME).is_file()
    assert not own(pc).exists()
    assert status(pc, folder).current
    remove(pc, xlstart=folder)
    assert list(folder.iterdir()) == []


def test_while_excel_is_open_nothing_changes_and_that_is_said(
    pc: Machine, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(pc, python=python)
    was = older(build_addin(python))
    own(pc).write_bytes(was)
    settings(pc).unlink()

    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "in use", str(path))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(XlstyrError, match="Stäng Excel"):
        install(pc, python=python)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(XlstyrError, match="Stäng Excel"):
        remove(pc)
    monkeypatch.undo()
    assert own(pc).read_bytes() == was
    assert [path.name for path in own(pc).parent.iterdir()] == [NAME]
    assert not settings(pc).exists()


def test_without_the_right_to_make_the_folder_that_is_said(
    pc: Machine, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "access denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(XlstyrError, match="administratör"):
        install(pc, python=python, everyone=True)


# for everyone


def test_for_everyone_it_is_put_beside_each_excel(pc: Machine, python: str, tmp_path: Path) -> None:
    done = install(pc, python=python, everyone=True)
    assert [(one.outcome, one.path) for one in done] == [("new", shared(tmp_path))]
    assert not settings(pc).exists()
    assert excel_program(pc) == shared(tmp_path).parents[1] / "EXCEL.EXE"
    assert outcomes(remove(pc, everyone=True)) == [("addin", "removed")]
    assert not shared(tmp_path).exists()


def test_for_everyone_there_must_be_an_excel(pc: Machine, python: str, tmp_path: Path) -> None:
    (tmp_path / "Program Files/Microsoft Office/root/Office16/EXCEL.EXE").unlink()
    with pytest.raises(XlstyrError, match="--xlstart"):
        install(pc, python=python, everyone=True)
    install(pc, python=python, everyone=True, xlstart=tmp_path / "Start")
    assert (tmp_path / "Start" / NAME).is_file()


def test_nobody_elses_buttons_run_a_python_in_somebodys_own_folder(pc: Machine, tmp_path: Path) -> None:
    python = interpreter(tmp_path / "Users/Åsa/venv")
    with pytest.raises(XlstyrError, match="egna filer"):
        install(pc, python=str(python), everyone=True)
    assert not shared(tmp_path).exists()
    install(pc, python=r"%LOCALAPPDATA%\xlstyr\python.exe", everyone=True)
    [copy] = status(pc).installed
    assert copy.python == r"%LOCALAPPDATA%\xlstyr\python.exe"


def test_after_that_a_user_gets_the_settings_only(pc: Machine, python: str, tmp_path: Path) -> None:
    install(pc, python=python, everyone=True)
    done = install(pc, python=python)
    assert outcomes(done) == [("addin", "unchanged"), ("settings", "new")]
    assert not own(pc).exists()
    assert status(pc).current
    shared(tmp_path).write_bytes(older(shared(tmp_path).read_bytes()))
    with pytest.raises(XlstyrError, match="--machine"):
        install(pc, python=python)


def test_two_copies_are_told_of(pc: Machine, python: str) -> None:
    install(pc, python=python)
    assert outcomes(install(pc, python=python, everyone=True)) == [("addin", "new"), ("addin", "double")]
    assert len(status(pc).installed) == 2
    assert not status(pc).current
    remove(pc)
    install(pc, python=python)
    assert status(pc).current


# signed


def test_a_signed_add_in_is_installed_as_it_is_and_stays(pc: Machine, python: str, tmp_path: Path) -> None:
    file = tmp_path / "signed.xlam"
    file.write_bytes(signed(build_addin(python)))
    install(pc, python=python)
    assert outcomes(install(pc, file=file))[0] == ("addin", "replaced")
    assert own(pc).read_bytes() == file.read_bytes()
    assert status(pc).copies[0].signed
    assert status(pc).python == python
    assert outcomes(install(pc, python=python)) == [("addin", "unchanged"), ("settings", "unchanged")]
    assert status(pc).copies[0].signed


@pytest.mark.parametrize(
    "data", [b"", b"no add-in", pairs_book("a", {"b": "c"}), older(build_addin()), build_addin()[:9000]]
)
def test_a_file_that_isnt_this_versions_add_in_is_refused(pc: Machine, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "other.xlam"
    file.write_bytes(data)
    with pytest.raises(XlstyrError, match=r"other\.xlam"):
        install(pc, file=file)
    assert not own(pc).exists()


def test_what_an_add_in_holds() -> None:
    plain, other = build_addin("C:\\a.exe"), build_addin("C:\\b.exe")
    one, two, three = (read_addin(data) for data in (plain, other, signed(plain)))
    assert one
    assert two
    assert three
    assert one.settings == {"INTERPRETER_WIN": "C:\\a.exe"}
    assert one.code == two.code == three.code
    assert not one.does_as(two)
    assert one.does_as(three)
    assert (one.signed, three.signed) == (False, True)


# Mac


def test_a_mac_gets_add_in_script_and_settings(mac: Machine, python: str) -> None:
    done = install(mac, python=python)
    assert outcomes(done) == [("addin", "new"), ("script", "new"), ("settings", "new")]
    assert own(mac).read_bytes() == build_addin()
    assert settings(mac).read_bytes() == f'"INTERPRETER_MAC","{python}"\n'.encode()
    assert status(mac).current
    assert outcomes(remove(mac)) == [("addin", "removed"), ("script", "removed"), ("settings", "removed")]


def test_a_startup_folder_that_is_in_use_is_used(mac: Machine, python: str, tmp_path: Path) -> None:
    folder = tmp_path / "Users/asa/Library/Group Containers/UBF8T346G9.Office/User Content/Startup/Excel"
    folder.mkdir(parents=True)
    install(mac, python=python)
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_on_a_mac_a_workbooks_name_is_never_a_command() -> None:
    """The handler's text, run as far as a shell can: each part that isn't ours is quoted before the shell sees it."""
    text = (data_folder("macros") / SCRIPT).read_text("utf-8")
    [line] = re.findall(r"set shellCommand to (.*?)\n\ttry", text.replace("¬\n", ""), re.DOTALL)
    pieces = [piece.strip() for piece in line.split(" & ")]
    free = [piece for piece in pieces if not piece.startswith(('"', "quoted form of"))]
    assert free == ["bookPath)"]
    for name in ("interpreter", "buttonName", "logPath", '("--book=" & bookPath)'):
        assert f"quoted form of {name}" in line
    assert "bash_profile" not in text
    assert " -P -B " in line


# the settings file as VBA reads it


@pytest.mark.office
def test_the_modules_own_reader_reads_what_is_written(office: Office, pc: Machine, python: str, tmp_path: Path) -> None:
    settings(pc).parent.mkdir(parents=True)
    settings(pc).write_bytes(b'"TEMP DIR","C:\\temp"\r\n')
    install(pc, python=python)
    [module] = [one.code for one in run_python(own_sheet=False) if one.name == "xlwings"]
    found = re.search(r"(?ms)^Private Function GetConfigFromFile\(.*?^End Function", module)
    assert found
    code = f"""{found[0]}
Function FileExists(path As String) As Boolean
    FileExists = True
End Function
Public Function Svar(path As String, key As String) As String
    Dim value As String
    If GetConfigFromFile(path, key, value) Then Svar = value
End Function
"""
    path = tmp_path / "bok.xlsm"
    path.write_bytes(with_macros(pairs_book("Blad", {"a": "b"}), [Module("Fraga", code)]))
    with office.opened(path, macros=True) as document:
        place = "vnd.sun.star.script:xlstyr.Fraga.Svar?language=Basic&location=document"
        ask = document.getScriptProvider().getScript(place).invoke
        assert ask((str(settings(pc)), "INTERPRETER_WIN"), (), ())[0] == python
        assert ask((str(settings(pc)), "TEMP DIR"), (), ())[0] == "C:\\temp"


# the command


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Machine], None]:
    """Makes the command believe that it is on another computer."""
    return lambda machine: monkeypatch.setattr(Machine, "here", classmethod(lambda cls: machine))


def test_the_command_says_what_it_did(pc: Machine, python: str, on: Callable[[Machine], None]) -> None:
    on(pc)
    run = CliRunner().invoke
    assert run(command, ["status"]).exit_code == 1
    assert "Ingen Python är angiven" in run(command, ["status"]).output
    said = run(command, ["install", "--python", python])
    assert said.exit_code == 0
    assert "Tillägget är inlagt" in said.output
    assert "Starta om Excel" in said.output
    said = run(command, ["install", "--python", python])
    assert "oförändrat" in said.output
    assert "Starta om" not in said.output
    said = run(command, ["status"])
    assert said.exit_code == 0
    assert "rätt version" in said.output
    stands = json.loads(run(command, ["status", "--json"]).output)
    assert stands["current"] is True
    assert stands["copies"][0]["path"] == str(own(pc))
    assert stands["settings"]["python"] == python
    Path(python).unlink()
    said = run(command, ["status"])
    assert said.exit_code == 1
    assert "Python finns inte" in said.output
    gone = json.loads(run(command, ["remove", "--json"]).output)
    assert [(one["what"], one["outcome"]) for one in gone["files"]] == [("addin", "removed"), ("settings", "removed")]


@pytest.mark.parametrize("what", ["install", "status", "remove"])
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is an Excel to install in")
def test_without_excel_the_command_ends_with_3_and_says_what_to_do(what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "xlstyr.cli.main", "addin", what], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "xlstyr addin build" in done.stderr
    assert "Traceback" not in done.stderr
