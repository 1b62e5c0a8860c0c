"""``addin install``: the add-in where Excel loads it by itself, and where its buttons find Python."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlstyr.addin.building import NAME, build_addin
from xlstyr.addin.places import SCRIPT, Machine, Places, expanded, in_use, on_disk, places
from xlstyr.excel.addinfile import AddinFile, read_addin
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.resources import data_folder
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

_LINE = re.compile(r'"([^"]*)","([^"]*)"')
_UNSAFE = re.compile(r'[^ -~]|"')
"""What Excel may read as something else: the settings file's letters outside ASCII follow each computer's language."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file: ``what`` is addin, settings or script.

    ``outcome`` is new, replaced, unchanged, removed, absent, or double: a second copy that Excel will load too.
    """

    what: str
    path: Path
    outcome: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One place for the add-in: ``owner`` user or everyone; ``state`` absent, current or other (another version)."""

    owner: str
    path: Path
    state: str
    signed: bool = False
    python: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """How it stands. ``python`` is what the settings file names, "" when nothing.

    ``lost`` are the Pythons that it or a copy names but that aren't there.
    """

    copies: tuple[Copy, ...]
    settings: Path
    python: str
    lost: tuple[str, ...]

    @property
    def installed(self) -> tuple[Copy, ...]:
        """The copies that Excel will load."""
        return tuple(copy for copy in self.copies if copy.state != "absent")

    @property
    def current(self) -> bool:
        """Whether exactly one copy is installed, it is this version's, and every Python is found."""
        return [copy.state for copy in self.installed] == ["current"] and bool(self.python) and not self.lost


def install(
    machine: Machine,
    *,
    python: str | None = None,
    everyone: bool = False,
    xlstart: Path | None = None,
    file: Path | None = None,
) -> list[Done]:
    """Puts the add-in, built or from ``file``, in Excel's startup folder, and Python's place in the user's settings.

    A copy that does the same is left alone, signed or not. ``everyone``: for all who use the computer; the settings
    file is each user's own and isn't written then. When there is such a copy, a user gets the settings only.

    Raises:
        XlstyrError: nothing to install in, a Python that can't be used, a ``file`` of another version, Excel is open,
            or the user may not write there.
    """
    known = places(machine)
    if file is not None:
        addin = _ready_made(file)
        if known.key in addin.settings:
            python = python or addin.settings[known.key]
    interpreter = _interpreter(known, python, everyone=everyone)
    data = file.read_bytes() if file else _built(known, interpreter)
    folders = [xlstart] if xlstart else _everyones(known) if everyone else [in_use(known.user)]
    if not everyone and not xlstart and (shared := _shared(known)):
        done = [Done("addin", shared, "unchanged")]
    else:
        done = [_put("addin", folder / NAME, data) for folder in folders]
    if everyone:
        own = in_use(known.user) / NAME
        return [*done, Done("addin", own, "double")] if own.is_file() else done
    if known.script is not None:
        done.append(_put("script", on_disk(known.script), (data_folder("macros") / SCRIPT).read_bytes()))
    return [*done, _put_setting(known, interpreter)]


def remove(machine: Machine, *, everyone: bool = False, xlstart: Path | None = None) -> list[Done]:
    """Takes away what ``install`` put there; what others have written in the settings file stays.

    Raises:
        XlstyrError: Excel is open, or the user may not remove it.
    """
    known = places(machine)
    folders = [xlstart] if xlstart else _everyones(known) if everyone else [in_use(known.user)]
    done = [_take_away("addin", folder / NAME) for folder in folders]
    if everyone:
        return done
    if known.script is not None:
        done.append(_take_away("script", on_disk(known.script)))
    path, key = on_disk(known.settings), known.key
    if left := _others(path, key):
        return [*done, _put("settings", path, _bytes(left, known))]
    done.append(_take_away("settings", path))
    if path.parent.name == ".xlstyr" and path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()
    return done


def status(machine: Machine, xlstart: Path | None = None) -> Status:
    """Which copies Excel would load and which Python they start. ``xlstart`` replaces the user's startup folder.

    Raises:
        XlstyrError: there is no Excel with macros for the system.
    """
    known = places(machine)
    shared = [folder for folder in map(on_disk, known.everyone) if (folder / NAME).is_file()]
    ours = _ours()
    copies = [_copy("user", (xlstart or in_use(known.user)) / NAME, known, ours)]
    copies += [_copy("everyone", folder / NAME, known, ours) for folder in shared]
    settings = on_disk(known.settings)
    python = _setting(settings, known.key)
    named = dict.fromkeys(one for one in (python, *(copy.python for copy in copies)) if one)
    lost = tuple(one for one in named if not expanded(one, machine).is_file())
    return Status(tuple(copies), settings, python, lost)


def _ready_made(file: Path) -> AddinFile:
    addin = read_addin(file.read_bytes())
    if addin is None or addin.code != _ours().code:
        raise XlstyrError(word("deploy.errors.other_file", file=file.name))
    return addin


@cache
def _ours() -> AddinFile:
    """What this version builds; the same as long as the program runs."""
    built = read_addin(build_addin())
    assert built is not None
    return built


def _built(known: Places, interpreter: str) -> bytes:
    """On macOS the settings file alone says where Python is, so the add-in is the same for all."""
    return build_addin() if known.script is not None else build_addin(interpreter)


def _interpreter(known: Places, python: str | None, *, everyone: bool) -> str:
    """``python``, else the one that runs now, as Excel shall read it: below the user's own folders by a variable."""
    given = python or sys.executable
    if given.startswith(("%", "$")) and not _UNSAFE.search(given):
        return given
    if not Path(given).is_absolute() or not Path(given).is_file():
        raise XlstyrError(word("deploy.errors.no_python", python=given))
    path = type(known.settings)(given)
    for name, folder in known.variables:
        if path.is_relative_to(folder):
            if everyone:
                raise XlstyrError(word("deploy.errors.own_python", python=given))
            given = str(type(path)(name) / path.relative_to(folder))
            break
    if _UNSAFE.search(given):
        raise XlstyrError(word("deploy.errors.unsafe_python", python=given))
    return given


def _everyones(known: Places) -> list[Path]:
    """The common startup folder of each Excel that is installed."""
    if known.script is not None:
        return [in_use(known.everyone)]
    pairs = zip(known.programs, known.everyone, strict=True)
    folders = [on_disk(folder) for program, folder in pairs if on_disk(program).exists()]
    if not folders:
        raise XlstyrError(word("deploy.errors.no_excel"))
    return folders


def _shared(known: Places) -> Path | None:
    """The copy that everybody has, None when there is none.

    Raises:
        XlstyrError: there is one, of another version: two would give two tabs.
    """
    path = next((path for folder in map(on_disk, known.everyone) if (path := folder / NAME).is_file()), None)
    if path is not None:
        theirs = read_addin(path.read_bytes())
        if theirs is None or theirs.code != _ours().code:
            raise XlstyrError(word("deploy.errors.others", path=path))
    return path


def _copy(owner: str, path: Path, known: Places, ours: AddinFile) -> Copy:
    if not path.is_file():
        return Copy(owner, path, "absent")
    theirs = read_addin(path.read_bytes())
    if theirs is None:
        return Copy(owner, path, "other")
    state = "current" if ours.code == theirs.code else "other"
    return Copy(owner, path, state, theirs.signed, "" if known.script else theirs.settings.get(known.key, ""))


def _put(what: str, path: Path, data: bytes) -> Done:
    old = path.read_bytes() if path.is_file() else None
    if old == data or (what == "addin" and old is not None and _same(old, data)):
        return Done(what, path, "unchanged")
    with _told(path):
        write_safely(path, data)
    return Done(what, path, "new" if old is None else "replaced")


def _same(old: bytes, new: bytes) -> bool:
    """Whether nothing is won by replacing ``old``; a signature is."""
    one, other = read_addin(old), read_addin(new)
    return one is not None and other is not None and one.does_as(other) and (one.signed or not other.signed)


def _take_away(what: str, path: Path) -> Done:
    if not path.is_file():
        return Done(what, path, "absent")
    with _told(path):
        path.unlink()
    return Done(what, path, "removed")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What can't be written is held by Excel, or isn't this user's to write."""
    try:
        yield
    except (PermissionError, XlstyrError) as error:
        raise XlstyrError(word("deploy.errors.locked", path=path)) from error


def _put_setting(known: Places, python: str) -> Done:
    path = on_disk(known.settings)
    return _put("settings", path, _bytes([f'"{known.key}","{python}"', *_others(path, known.key)], known))


def _others(path: Path, key: str) -> list[str]:
    """The lines that set something else than ``key``."""
    return [line for line in _lines(path) if (found := _LINE.fullmatch(line)) is None or found[1].upper() != key]


def _setting(path: Path, key: str) -> str:
    found = (_LINE.fullmatch(line) for line in _lines(path))
    return next((pair[2] for pair in found if pair and pair[1].upper() == key), "")


def _lines(path: Path) -> list[str]:
    return path.read_bytes().decode("latin-1").splitlines() if path.is_file() else []


def _bytes(lines: Sequence[str], known: Places) -> bytes:
    end = "\n" if known.script else "\r\n"
    return "".join(f"{line}{end}" for line in lines).encode("latin-1")
