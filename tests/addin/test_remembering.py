"""The control workbook is read once for as long as it and the program stay as they are, and never from elsewhere."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.office.xmledit import Edit
from xlstyr.addin import remembering
from xlstyr.addin.own import own_folder
from xlstyr.addin.remembering import remembered_control
from xlstyr.rounds.control import read_control
from xlstyr.rounds.resources import templates


@pytest.fixture
def control(exempelby: Path, lent: Callable[[Path], Path]) -> Path:
    """A control workbook of one's own."""
    return next(lent(exempelby).glob("Styrbok*.xlsx"))


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every time that a control workbook is read in earnest."""
    read: list[Path] = []

    def reading(path: Path, folder: Path) -> object:
        read.append(path)
        return read_control(path, folder)

    monkeypatch.setattr(remembering, "read_control", reading)
    return read


def memory() -> list[Path]:
    return sorted((own_folder() / "minne").iterdir())


def test_what_is_remembered_is_what_would_be_read(control: Path, readings: list[Path]) -> None:
    first, again = (remembered_control(control, templates()) for _ in range(2))
    assert readings == [control]
    assert first[0] is not None
    assert again[0] is not None
    whole, findings = read_control(control, templates())
    assert whole is not None
    assert pickle.dumps(again[0].frames) == pickle.dumps(whole.frames)
    assert (again[0].settings, again[0].contacts, again[1]) == (whole.settings, whole.contacts, findings)
    assert [node.id for node in again[0].organisation] == [node.id for node in whole.organisation]


def test_a_change_is_seen_at_once(control: Path, readings: list[Path], tmp_path: Path) -> None:
    definitions = Path(shutil.copytree(templates(), tmp_path / "mallar"))
    remembered_control(control, definitions)
    edit = Edit(control.read_bytes())
    edit.set(*edit.at("round", "title", "value"), "En annan rubrik")
    control.write_bytes(edit.bytes())
    premises, _ = remembered_control(control, definitions)
    assert premises is not None
    assert premises.settings.title == "En annan rubrik"
    os.utime(definitions / "sheets" / "budget.toml", (1, 1))
    remembered_control(control, definitions)
    remembered_control(control, definitions)
    assert len(readings) == 3


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows says it in another way")
def test_nothing_is_taken_from_where_others_can_write(control: Path, readings: list[Path]) -> None:
    remembered_control(control, templates())
    [kept] = memory()
    assert kept.stat().st_mode & 0o077 == 0 or kept.parent.stat().st_mode & 0o077 == 0
    kept.chmod(0o666)
    remembered_control(control, templates())
    kept.chmod(0o600)
    kept.write_bytes(b"inte vad det var")
    remembered_control(control, templates())
    kept.unlink()
    kept.symlink_to(control)
    remembered_control(control, templates())
    assert len(readings) == 4
    kept.parent.chmod(0o777)
    remembered_control(control, templates())
    assert len(readings) == 5


def test_a_few_are_kept(control: Path) -> None:
    for number in range(8):
        edit = Edit(control.read_bytes())
        edit.set(*edit.at("round", "title", "value"), f"Rubrik {number}")
        control.write_bytes(edit.bytes())
        remembered_control(control, templates())
    assert len(memory()) == 5
