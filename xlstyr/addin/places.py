"""Where Excel looks for add-ins and their settings: it follows from the system and its environment alone.

So Windows' and macOS's paths are computed, and tested, on any system.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

SCRIPT = "xlstyr.applescript"
_WINDOWS, _MAC = "win32", "darwin"
_OFFICES = (r"Microsoft Office\root\Office16", r"Microsoft Office\Office16")
"""Click-to-Run's folder and the installer's, of every Excel from 2016 on, below Program Files of 64 and of 32 bits."""
_MAC_USER = "Library/Group Containers/UBF8T346G9.Office"
_MAC_EVERYONE = "/Library/Application Support/Microsoft/Office365"
_MAC_STARTUP = ("User Content.localized/Startup.localized", "User Content.localized/Startup", "User Content/Startup")


@dataclass(frozen=True, slots=True)
class Machine:
    """What paths depend on: ``system`` as ``sys.platform`` names it, and the environment's variables."""

    system: str
    environment: Mapping[str, str]

    @classmethod
    def here(cls) -> "Machine":
        """The computer that this runs on."""
        return cls(sys.platform, os.environ)


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are. ``user`` and ``everyone`` are startup folders that may be in use, the likeliest first.

    ``programs`` are where Excel itself may be, each beside its folder in ``everyone`` on Windows. ``variables`` are
    folders of the user's own that settings name by a variable. ``script`` starts Python on macOS.
    """

    user: tuple[PurePath, ...]
    everyone: tuple[PurePath, ...]
    programs: tuple[PurePath, ...]
    settings: PurePath
    key: str
    variables: tuple[tuple[str, PurePath], ...]
    script: PurePath | None = None


def places(machine: Machine) -> Places:
    """Where Excel looks on ``machine``.

    Raises:
        XlstyrError: there is no Excel with macros for that system, or its environment lacks a variable.
    """
    if machine.system == _WINDOWS:
        return _on_windows(machine.environment)
    if machine.system == _MAC:
        return _on_mac(machine.environment)
    raise XlstyrError(word("deploy.errors.no_excel_here"))


def _on_windows(environment: Mapping[str, str]) -> Places:
    home = PureWindowsPath(_variable(environment, "USERPROFILE"))
    local = environment.get("LOCALAPPDATA")
    roots = [environment[name] for name in ("ProgramW6432", "ProgramFiles", "ProgramFiles(x86)") if name in environment]
    offices = [PureWindowsPath(root) / office for root in dict.fromkeys(roots) for office in _OFFICES]
    known = [("%LOCALAPPDATA%", PureWindowsPath(local))] if local else []
    return Places(
        (PureWindowsPath(_variable(environment, "APPDATA")) / r"Microsoft\Excel\XLSTART",),
        tuple(office / "XLSTART" for office in offices),
        tuple(office / "EXCEL.EXE" for office in offices),
        home / ".xlstyr" / "xlstyr.conf",
        "INTERPRETER_WIN",
        (*known, ("%USERPROFILE%", home)),
    )


def _on_mac(environment: Mapping[str, str]) -> Places:
    home = PurePosixPath(_variable(environment, "HOME"))
    everyone = PurePosixPath(_MAC_EVERYONE)
    return Places(
        tuple(home / _MAC_USER / folder / "Excel" for folder in _MAC_STARTUP),
        tuple(everyone / folder / "Excel" for folder in (_MAC_STARTUP[1], _MAC_STARTUP[0], _MAC_STARTUP[2])),
        (PurePosixPath("/Applications/Microsoft Excel.app"),),
        home / "Library/Containers/com.microsoft.Excel/Data/xlstyr.conf",
        "INTERPRETER_MAC",
        (("$HOME", home),),
        home / "Library/Application Scripts/com.microsoft.Excel" / SCRIPT,
    )


def _variable(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise XlstyrError(word("deploy.errors.no_variable", name=name))
    return environment[name]


def excel_program(machine: Machine) -> Path | None:
    """Where Excel is installed; None when it isn't in a usual place."""
    return next((path for path in map(on_disk, places(machine).programs) if path.exists()), None)


def expanded(python: str, machine: Machine) -> Path:
    """``python`` with the variables that Excel fills in filled in."""
    if machine.system == _MAC:
        return Path(python.replace("$HOME", machine.environment.get("HOME", "$HOME"), 1))
    values = {name.upper(): value for name, value in machine.environment.items()}
    text = re.sub("%([^%]+)%", lambda found: values.get(found[1].upper(), found[0]), python)
    return on_disk(PureWindowsPath(text))


def in_use(folders: Sequence[PurePath]) -> Path:
    """The first of ``folders`` that is there, else the first."""
    paths = [on_disk(folder) for folder in folders]
    return next((path for path in paths if path.is_dir()), paths[0])


def on_disk(pure: PurePath) -> Path:
    """``pure`` as this system writes it."""
    return Path(pure.as_posix())
