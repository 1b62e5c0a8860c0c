"""The control workbook as it was read last: reading it is most of what a button would wait for.

What is remembered lies in a folder that only the user can write, and is never taken from anywhere else.
"""

import hashlib
import os
import pickle
import stat
import sys
from contextlib import suppress
from pathlib import Path

import xlstyr
from xlstyr.addin.own import own_folder
from xlstyr.model.finding import Finding
from xlstyr.model.premises import Premises
from xlstyr.rounds.control import read_control
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

_KEPT = 5
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def remembered_control(path: Path, folder: Path) -> tuple[Premises | None, list[Finding]]:
    """What ``read_control`` gives, from memory when the file, the definitions and the program are as they were then."""
    memory = own_folder() / word("addin.memory")
    kept = memory / f"{_digest(path, folder)}.pickle"
    if _is_ours(memory) and _is_ours(kept):
        with suppress(Exception):  # broken, or of another Python: it is read again
            known: tuple[Premises | None, list[Finding]] = pickle.loads(kept.read_bytes())  # noqa: S301 (our own folder)
            return known
    read = read_control(path, folder)
    with suppress(OSError):
        memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_ours(memory):
            write_safely(kept, pickle.dumps(read))
            _forget(memory)
    return read


def _digest(path: Path, folder: Path) -> str:
    """Of the file, its name (findings tell it), and of every definition and module as they stand."""
    found = hashlib.sha256(path.read_bytes())
    found.update(path.name.encode())
    for root in (Path(xlstyr.__file__).parent, folder):
        for place, _, names in os.walk(root):
            for name in sorted(names):
                if name.endswith((".py", ".toml")):
                    seen = os.stat(os.path.join(place, name))  # noqa: PTH116, PTH118 (some hundred files)
                    found.update(f"{name}|{seen.st_size}|{seen.st_mtime_ns}".encode())
    return found.hexdigest()


def _is_ours(path: Path) -> bool:
    """Whether ``path`` is the user's own and nobody else can write it, as far as the system tells."""
    try:
        seen = path.lstat()
    except OSError:
        return False
    if stat.S_ISLNK(seen.st_mode):
        return False
    return sys.platform == "win32" or (seen.st_uid == os.getuid() and not seen.st_mode & _OTHERS)


def _forget(memory: Path) -> None:
    """Keeps the latest few."""
    for path in sorted(memory.glob("*.pickle"), key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        path.unlink(missing_ok=True)
