"""``doctor``: each thing that can be wrong with a computer or a round is named, with a cure, and nothing else is."""

import json
import os
import re
import shutil
import sqlite3
import sys
import time
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from tests.mail.server import PASSWORD, USER, free_port, serving
from tests.office.xmledit import Edit
from xlstyr.addin.places import Machine
from xlstyr.cli.doctor_ import command
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds import doctor
from xlstyr.rounds.doctor import Check, examine_program, examine_round
from xlstyr.words import words

SUMMER = datetime(2025, 6, 2, 9, 0, tzinfo=timezone(timedelta(hours=2)))
ROUND = ["folder", "clock", "names", "locks", "space", "settings", "theme", "control", "register"]


@pytest.fixture
def folder(exempelby_answered: Path, copied: Callable[[Path], Path]) -> Path:
    """A round to break; nothing in its settings."""
    folder = copied(exempelby_answered)
    (folder / "xlstyr.toml").write_text("", "utf-8")
    return folder


def examined(folder: Path, *, net: bool = False) -> dict[str, Check]:
    """Every check of a round by its key; only one of each."""
    checks = list(examine_round(folder, net=net))
    found = {check.key: check for check in checks}
    assert len(found) == len(checks)
    return found


def wrong(folder: Path, *, net: bool = False) -> dict[str, str]:
    """The keys of what isn't good, and how bad it is; each has its cure. The sample's own remark is left out."""
    found = {key: check for key, check in examined(folder, net=net).items() if check.state != "good"}
    assert all(check.cure for check in found.values())
    return {key: check.state for key, check in found.items() if (key, check.state) != ("control", "hint")}


def everything(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


# the computer


def test_this_computer_can_run_it() -> None:
    found = {check.key: check for check in examine_program(SUMMER)}
    assert {check.state for check in found.values()} == {"good"}
    assert ".".join(map(str, sys.version_info[:3])) in found["python"].text
    assert metadata.version("xlwings") in found["packages"].text


def test_packages_that_are_missing_or_old_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["click>=8.1", "openpyxl>=3.1", "xlwings>=0.37", "keyring>=25; extra == 'keyring'"]
    monkeypatch.setattr(metadata, "requires", lambda _: wanted)
    versions = {"click": "8.0.4", "openpyxl": "3.10"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    found = examine_program(SUMMER)[1]
    assert found.state == "stop"
    assert "click>=8.1, xlwings>=0.37" in found.text
    assert found.cure.endswith('-m pip install --upgrade "click>=8.1" "xlwings>=0.37"')


def test_an_old_python_and_one_of_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=(3, 12, 1), maxsize=2**31 - 1))
    assert examine_program(SUMMER)[0].state == "hint"
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=(3, 10, 9), maxsize=2**63 - 1))
    assert examine_program(SUMMER)[0].state == "stop"
    assert "3.10.9" in examine_program(SUMMER)[0].text


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (SUMMER, "good"),
        (datetime(2025, 1, 2, tzinfo=timezone(timedelta(hours=1))), "good"),
        (datetime(2025, 6, 2, tzinfo=UTC), "hint"),
        (datetime(2025, 1, 2, tzinfo=timezone(timedelta(hours=2))), "hint"),
    ],
)
def test_swedish_time_is_expected(now: datetime, state: str) -> None:
    assert examine_program(now)[2].state == state


# a round


def test_a_round_in_order_has_nothing_that_stops_it_and_nothing_is_left_there(folder: Path) -> None:
    before = everything(folder)
    found = examined(folder)
    assert list(found) == ROUND
    assert wrong(folder) == {}
    assert "XS806" in found["control"].text
    assert everything(folder) == before


def test_without_a_round_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(XlstyrError, match="Styrbok"):
        list(examine_round(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cant_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes) -> bool:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(doctor, "write_safely", refuse)
    assert wrong(folder) == {"folder": "stop"}
    assert "Read-only" in examined(folder)["folder"].text
    assert not list(folder.glob(".~*"))


@pytest.mark.parametrize(("free", "state"), [(10 * 1024**3, None), (1024**3, "hint"), (10 * 1024**2, "stop")])
def test_little_room_on_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str | None) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert wrong(folder) == ({"space": state} if state else {})


def test_a_disk_whose_clock_goes_otherwise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    monkeypatch.setattr(doctor, "time", SimpleNamespace(time=lambda: now() - 3600, perf_counter=time.perf_counter))
    assert wrong(folder) == {"clock": "hint"}
    assert re.search(r"3\s(599|600) sekunder", examined(folder)["clock"].text)


def test_a_disk_that_spells_names_its_own_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: [unicodedata.normalize("NFD", name) for name in listed(path)])
    assert wrong(folder) == {"names": "hint"}


def test_a_disk_that_refuses_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, make = Path.write_bytes, Path.mkdir

    def refuse(path: Path, data: Any) -> int:
        if "Å" in path.name:
            raise OSError(84, "Invalid byte sequence")
        return write(path, data)

    def short(path: Path, *args: Any, **kwargs: Any) -> None:
        if len(str(path)) > 259:
            raise OSError(36, "File name too long")
        make(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", short)
    assert wrong(folder) == {"names": "hint"}
    assert "LongPathsEnabled" in examined(folder)["names"].cure
    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert wrong(folder) == {"names": "stop"}


def test_a_disk_where_two_can_lock_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a network disk that answers yes to every lock: the other process gets it too."""
    monkeypatch.setattr(doctor, "_TAKE", "pass")
    assert wrong(folder) == {"locks": "stop"}


def test_a_disk_that_never_lets_anybody_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_TAKE", f"raise SystemExit({doctor._TAKEN})")
    assert wrong(folder) == {"locks": "stop"}

    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    assert wrong(folder) == {"locks": "stop"}
    assert "disk I/O error" in examined(folder)["locks"].text


@pytest.mark.parametrize("text", ["[smtp\n", "[smtp]\nhots = 'x'\n", "[smtp]\nport = 70000\n", "\xff"])
def test_settings_that_cant_be_used(folder: Path, text: str) -> None:
    (folder / "xlstyr.toml").write_bytes(text.encode("latin-1"))
    assert wrong(folder) == {"settings": "stop"}


def test_a_round_without_settings_is_in_order(folder: Path) -> None:
    (folder / "xlstyr.toml").unlink()
    assert wrong(folder) == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[colour]", "[colours]", "accent"),
        ("font", "[font", "theme.toml"),
        ("font", "fnt", "fnt"),
        ('logo = ""', 'logo = "saknas.png"', "saknas.png"),
        ('logo = ""', "logo = 3", "theme.toml"),
    ],
)
def test_a_theme_that_cant_be_used(folder: Path, old: str, new: str, says: str) -> None:
    theme = folder / "theme.toml"
    text = theme.read_text("utf-8")
    assert old in text
    theme.write_text(text.replace(old, new, 1), "utf-8")
    assert wrong(folder) == {"theme": "stop"}
    assert says in examined(folder)["theme"].text


def test_a_control_workbook_with_faults(folder: Path) -> None:
    [path] = folder.glob("Styrbok*.xlsx")
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("accounts", "r1", "internal"), "Kanske")
    path.write_bytes(edit.bytes())
    assert wrong(folder) == {"control": "stop"}
    assert re.search(r"Antal fel: 2\. Det första: XS\d+ Kontoplan G6: ", examined(folder)["control"].text)
    path.write_bytes(b"no workbook")
    assert wrong(folder) == {"control": "stop"}


# passwords and servers


def smtp(folder: Path, port: int, **more: str) -> None:
    """Settings for sending through this computer's ``port``."""
    fields = {"security": "none", "login": "password", "user": USER, "secret": "env:XLSTYR_TEST_SECRET"} | more
    lines = [f'{key} = "{value}"' for key, value in fields.items()]
    sender = '[sender]\naddress = "ekonomi@exempelby.example"\n'
    head = f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nseconds = 5\n'
    (folder / "xlstyr.toml").write_text(sender + head + "\n".join(lines), "utf-8")


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is where the settings say."""
    monkeypatch.setenv("XLSTYR_TEST_SECRET", PASSWORD)


def test_a_secret_that_isnt_there_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smtp(folder, free_port())
    monkeypatch.delenv("XLSTYR_TEST_SECRET", raising=False)
    assert wrong(folder) == {"secrets": "stop"}
    assert "XLSTYR_TEST_SECRET" in examined(folder)["secrets"].text
    smtp(folder, free_port(), login="none")
    assert "secrets" not in examined(folder)


@pytest.mark.usefixtures("secret")
def test_servers_are_tried_only_when_asked_for(folder: Path) -> None:
    smtp(folder, free_port())
    assert "smtp" not in examined(folder)
    assert wrong(folder, net=True) == {"smtp": "stop"}


@pytest.mark.usefixtures("secret")
def test_a_server_that_lets_us_in_gets_nothing_to_send(folder: Path) -> None:
    with serving(auth_require_tls=False) as post:
        smtp(folder, post.port)
        assert examined(folder, net=True)["smtp"].state == "good"
        assert post.logins
        assert post.taken == []


def test_a_server_that_keeps_us_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLSTYR_TEST_SECRET", "fel-hemlighet")
    with serving(auth_require_tls=False) as post:
        smtp(folder, post.port)
        found = examined(folder, net=True)
    assert found["smtp"].state == "stop"
    assert "fel-hemlighet" not in "".join(check.text + check.cure for check in found.values())


@pytest.mark.usefixtures("secret")
def test_a_mailbox_that_doesnt_answer(folder: Path) -> None:
    (folder / "xlstyr.toml").write_text(
        f'[imap]\nhost = "127.0.0.1"\nport = {free_port()}\nsecurity = "none"\nuser = "u"\n'
        'secret = "env:XLSTYR_TEST_SECRET"\nseconds = 5\n',
        "utf-8",
    )
    assert wrong(folder) == {}
    assert wrong(folder, net=True) == {"imap": "stop"}


# the command


@pytest.fixture
def stockholm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer in Sweden."""
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("stockholm")
def test_the_command_says_it_in_swedish_with_a_cure_each(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = CliRunner().invoke(command, ["--round", str(folder)])
    assert said.exit_code == 0
    lines = said.output.splitlines()
    assert all(line.startswith(("✔ ", "▲ ", "  → ")) for line in lines[:-1])
    assert lines[-1].startswith("Inget hindrar arbetet.")
    assert [number for number, line in enumerate(lines) if line.startswith("▲")] == [
        number - 1 for number, line in enumerate(lines) if line.startswith("  → ")
    ]
    (folder / "theme.toml").write_text("rubbish", "utf-8")
    said = CliRunner().invoke(command, ["--round", str(folder)])
    assert said.exit_code == 1
    assert "▲ STOPP: Utseendet (theme.toml) kan inte användas." in said.output
    assert said.output.splitlines()[-1] == "Det här hindrar arbetet: 1. Åtgärda uppifrån."
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(command, []).exit_code == 1
    monkeypatch.chdir(folder / "inkorg")
    assert CliRunner().invoke(command, []).exit_code == 0


def test_the_command_as_json(folder: Path) -> None:
    (folder / "theme.toml").write_text("rubbish", "utf-8")
    said = CliRunner().invoke(command, ["--round", str(folder), "--json"])
    data = json.loads(said.output)
    assert said.exit_code == data["stops"] == 1
    [found] = [check for check in data["checks"] if check["state"] == "stop"]
    assert set(found) == {"key", "state", "text", "cure"}
    assert found["key"] == "theme"
    assert all((check["cure"] is None) == (check["state"] == "good") for check in data["checks"])


def test_on_windows_excel_and_the_add_in_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xlstyr.addin.deploying import install

    names = {"USERPROFILE": "u", "APPDATA": "u/a", "ProgramFiles": "p"}
    pc = Machine("win32", {name: str(tmp_path / folder) for name, folder in names.items()})
    monkeypatch.setattr(Machine, "here", classmethod(lambda cls: pc))
    monkeypatch.chdir(tmp_path)

    def states() -> dict[str, str]:
        said = CliRunner().invoke(command, ["--json"])
        assert said.exit_code == 0
        return {check["key"]: check["state"] for check in json.loads(said.output)["checks"]}

    assert states()["excel"] == "hint"
    assert "addin" not in states()
    office = tmp_path / "p/Microsoft Office/root/Office16"
    office.mkdir(parents=True)
    (office / "EXCEL.EXE").touch()
    assert states() | {"zone": ""} == {
        "python": "good",
        "packages": "good",
        "zone": "",
        "excel": "good",
        "addin": "hint",
    }
    install(pc)
    assert states()["addin"] == "good"


@pytest.mark.parametrize("state", ["whole", "damaged", "no register", "empty", "without a version", "none"])
def test_a_damaged_register_is_told_and_left_as_it_is(folder: Path, state: str) -> None:
    path = folder / "xlstyr.db"
    data = bytearray(path.read_bytes())
    if state == "damaged":
        data[5000:9000] = b"\xff" * 4000
    path.write_bytes({"no register": b"hej" * 1000, "empty": b""}.get(state, bytes(data)))
    if state == "none":
        path.unlink()
    if state == "without a version":
        with closing(sqlite3.connect(path)) as db:
            db.execute("delete from meta")
            db.commit()
    before = everything(folder)
    found = [check for check in examine_round(folder) if check.key == "register"]
    assert [check.state for check in found] == {"whole": ["good"], "none": []}.get(state, ["stop"])
    assert all(path.name in check.text and "säkerhetskopian" in check.cure for check in found if check.state == "stop")
    assert everything(folder) == before


def test_every_cure_has_its_words_and_every_word_its_use() -> None:
    """A text that is missing is found only when something is wrong: all are named here."""
    code = "".join(Path(place).read_text("utf-8") for place in (doctor.__file__, command.callback.__code__.co_filename))  # type: ignore[union-attr]
    code += (Path(doctor.__file__).parents[1] / "addin" / "doctor.py").read_text("utf-8")
    for part in ("good", "bad"):
        for name in words(f"deploy.{part}"):
            assert f'"{name}"' in code or f".{name}" in code, name
    assert tomllib.loads((Path(doctor.__file__).parents[1] / "words" / "deploy.toml").read_text("utf-8"))
