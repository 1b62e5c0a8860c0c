"""What is asked of Excel itself, on Windows and Mac, acted by what has the same members."""

import ctypes
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from xlwings.mac_dict import commands, properties

from xlstyr.addin import native


class Value:
    """A property as Apple events give it."""

    def __init__(self, value: object) -> None:
        self.value = value

    def get(self) -> object:
        return self.value


def on_mac(sheet_api: object) -> Any:
    """A sheet of an Excel on a Mac."""
    app = SimpleNamespace(engine=SimpleNamespace(name="excel"))
    return SimpleNamespace(api=sheet_api, book=SimpleNamespace(app=app))


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this a Mac."""
    monkeypatch.setattr(sys, "platform", "darwin")


class MacSheet:
    """A protected sheet on a Mac. It has just the properties that Excel has there."""

    def __init__(self, *, protected: bool, allowed: set[str], drawings: bool) -> None:
        names = {name for name, _ in properties if name.startswith("allow_")}
        self.protect_contents = Value(protected)
        self.protect_drawing_objects = Value(drawings)
        self.protect_scenarios = Value(True)
        self.protection_object = SimpleNamespace(**{name: Value(name in allowed) for name in names})
        self.done: list[object] = []

    def unprotect(self) -> None:
        self.done.append("unprotect")

    def protect_worksheet(self, **how: object) -> None:
        known = {name for command in commands if command[0] == "protect_worksheet" for name, _ in command[2]}
        assert how.keys() <= known, how.keys() - known
        self.done.append({name for name, value in how.items() if value})


@pytest.mark.usefixtures("mac")
def test_a_sheet_on_a_mac_is_protected_again_as_it_was() -> None:
    allowed = {"allow_sorting", "allow_inserting_rows", "allow_deleting_rows", "allow_using_pivot_table"}
    api = MacSheet(protected=True, allowed=allowed, drawings=False)
    with pytest.raises(ZeroDivisionError), native.unprotected(on_mac(api)):
        assert api.done == ["unprotect"]
        raise ZeroDivisionError
    assert api.done == ["unprotect", allowed | {"scenarios"}]


@pytest.mark.usefixtures("mac")
def test_a_sheet_on_a_mac_that_was_open_stays_so() -> None:
    api = MacSheet(protected=False, allowed=set(), drawings=True)
    with native.unprotected(on_mac(api)):
        pass
    assert api.done == []


def windows(*, down: bool, front: int) -> Any:
    """Windows with Esc up or down, and a window of the process ``front`` in front."""

    def process_of(window: int, answer: Any) -> None:
        answer._obj.value = {7: front}[window]

    return SimpleNamespace(
        user32=SimpleNamespace(
            GetAsyncKeyState=lambda key: -32768 if key == 0x1B and down else 1,
            GetForegroundWindow=lambda: 7,
            GetWindowThreadProcessId=process_of,
        )
    )


@pytest.mark.parametrize(
    ("system", "engine", "down", "front", "heard"),
    [
        ("win32", "excel", True, 4711, True),
        ("win32", "excel", False, 4711, False),
        ("win32", "excel", True, 1, False),
        ("win32", "libreoffice", True, 4711, False),
        ("darwin", "excel", True, 4711, False),
        ("linux", "libreoffice", True, 4711, False),
    ],
)
def test_esc_is_heard_when_excel_is_in_front(
    monkeypatch: pytest.MonkeyPatch, system: str, engine: str, down: bool, front: int, heard: bool
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "windll", windows(down=down, front=front), raising=False)
    app = SimpleNamespace(engine=SimpleNamespace(name=engine), pid=4711)
    book: Any = SimpleNamespace(app=app)
    assert native.escape_pressed(book) is heard
