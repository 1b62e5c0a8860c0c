"""Writing files so that a crash leaves the old one or the new one, never half of either."""

import os
import time
from pathlib import Path

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

ABANDONED = 600  # seconds


def write_safely(path: Path, data: bytes) -> bool:
    """``data`` at ``path``: temporary file beside it, fsync, replace, fsync of the folder.

    False when the file already held exactly that. Raises ``XlstyrError`` when it is open in Excel (Windows).
    """
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".~{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except PermissionError as error:
        temporary.unlink(missing_ok=True)
        raise XlstyrError(word("cli.errors.open_elsewhere", file=path.name)) from error
    _sync_folder(path.parent)
    return True


def sweep(folder: Path) -> None:
    """Remove temporary files that a crash left in ``folder``; recent ones may be another command's, at work."""
    for left in folder.rglob(".~*"):
        if left.is_file() and time.time() - left.stat().st_mtime > ABANDONED:
            left.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
