"""Writing files so that a crash leaves the old one or the new one, never half of either."""

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

ABANDONED = 600  # seconds
_BLOCK = 2**16
_WRITTEN, _ERASED = ".~xlstyr-", ".~xlstyr~"
"""How the names of files begin that are being written, and erased."""
_OURS = re.compile(rf"({_WRITTEN}|{_ERASED})[0-9a-f]{{16}}\.\d+(-journal)?")
_NO_FOLLOWING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def write_safely(path: Path, data: bytes) -> bool:
    """``data`` at ``path``: temporary file beside it, fsync, replace, fsync of the folder.

    False when the file already held exactly that; it is synced then too, as whoever wrote it may have got no further.
    Raises ``XlstyrError`` when it is open in Excel (Windows).
    """
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        _sync(path)
        _sync(path.parent)
        return False
    with writing(path) as file:
        file.write(data)
    return True


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """``write_safely`` for what is written piece by piece: nothing is at ``path`` until all of it is.

    Raises ``XlstyrError`` when it is open in another program (Windows).
    """
    make_folder(path.parent)
    temporary = beside(path)
    try:
        with temporary.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except PermissionError as error:
        temporary.unlink(missing_ok=True)
        raise XlstyrError(word("cli.errors.open_elsewhere", file=path.name)) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def beside(path: Path, beginning: str = _WRITTEN) -> Path:
    """Where to write what will be ``path``: a name of ours alone, as short for the longest, that ``sweep`` knows."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f"{beginning}{digest}.{os.getpid()}")


def make_folder(folder: Path) -> None:
    """``folder`` and those above it, so that a crash doesn't lose them with what is then written in them."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        _sync(one.parent)


def move_safely(path: Path, target: Path) -> None:
    """``path`` to ``target`` on the same disk, so that a crash leaves it at one of them, whole."""
    path.replace(target)
    _sync(target.parent)
    _sync(path.parent)


def is_file(path: Path) -> bool:
    """Whether a file of bytes is there itself: no link to one, no pipe, and nothing that went meanwhile."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def files_below(folder: Path) -> Iterator[Path]:
    """The files of bytes in ``folder`` and below, in no order; no link is followed, neither to a file nor a folder."""
    for place, _, names in os.walk(folder):
        yield from (path for path in (Path(place, name) for name in names) if is_file(path))


def erase(path: Path) -> None:
    """Overwrites ``path`` and takes it away, as far as the disk allows: what a disk or a backup keeps is beyond reach.

    It loses its name first: half erased, it is no file that anybody could take for another. Of a link, and of bytes
    that have another name too, the name alone is taken away.
    """
    doomed = beside(path, _ERASED)
    path.replace(doomed)
    _erase(doomed)


def _erase(doomed: Path) -> None:
    try:
        if is_file(doomed) and doomed.lstat().st_nlink == 1:
            _overwrite(doomed)
    finally:
        doomed.unlink()
        _sync(doomed.parent)


def _overwrite(path: Path) -> None:
    with os.fdopen(os.open(path, os.O_RDWR | _NO_FOLLOWING), "r+b") as file:
        for _ in range(0, os.fstat(file.fileno()).st_size, _BLOCK):
            file.write(bytes(_BLOCK))
        file.flush()
        os.fsync(file.fileno())
        file.truncate(0)


def sweep(folder: Path) -> None:
    """Remove temporary files of ours that a crash left in ``folder``; recent ones may be another command's, at work."""
    for left in files_below(folder):
        if not _OURS.fullmatch(left.name):
            continue
        try:
            if time.time() - left.lstat().st_mtime <= ABANDONED:
                continue
            if left.name.startswith(_ERASED):
                _erase(left)
            else:
                left.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # another command was first


def _sync(path: Path) -> None:
    """Puts on the disk what is in a file, or the names that are in a folder. Windows does so by itself."""
    if os.name != "nt":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
