"""Where the disk can fail: every write, fsync, rename, removal and commit under a folder, one chosen one at a time."""

import errno
import os
import pathlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self
from unittest.mock import patch

BEFORE = ("write", "fsync", "rename", "remove", "commit")
AFTER = ("rename", "remove", "commit")
"""What can have been done when the news of it never came."""


@dataclass
class Disk:
    """A disk that counts what is asked of it, and fails the one thing it is told to. ``seen``: in the order it came."""

    folder: Path
    kind: str = ""
    number: int = 0
    after: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    seen: list[tuple[str, str]] = field(default_factory=list)
    failed: bool = False

    def about_to(self, kind: str, name: str) -> bool:
        """Notes something that is about to be done; whether it is the one that fails."""
        self.counts[kind] += 1
        self.seen.append((kind, name))
        hit = kind == self.kind and self.counts[kind] == self.number
        self.failed = self.failed or hit
        return hit

    def fail(self, kind: str) -> OSError | sqlite3.Error:
        """What the system says."""
        if kind == "commit":
            return sqlite3.OperationalError("disk I/O error")
        code = errno.ENOSPC if kind == "write" else errno.EIO
        return OSError(code, os.strerror(code))

    def does(self, kind: str, name: str, action: Callable[[], Any]) -> Any:
        """Does it, unless it is the one that fails."""
        hit = self.about_to(kind, name)
        if hit and not self.after:
            raise self.fail(kind)
        done = action()
        if hit:
            raise self.fail(kind)
        return done


class _File:
    """A file that is being written: the write that fails leaves half of what was asked for."""

    def __init__(self, disk: Disk, file: IO[bytes], name: str) -> None:
        self._disk, self._file, self._name = disk, file, name

    def write(self, data: Any) -> int:
        if self._disk.about_to("write", self._name):
            self._file.write(data[: len(data) // 2])
            self._file.flush()
            raise self._disk.fail("write")
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _connection(disk: Disk) -> type[sqlite3.Connection]:
    class Connection(sqlite3.Connection):
        """A register whose commits are counted."""

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> Literal[False]:
            if kind is None and self.in_transaction:
                if disk.about_to("commit", "register"):
                    self.commit() if disk.after else self.rollback()
                    raise disk.fail("commit")
                self.commit()
            elif kind is not None:
                self.rollback()
            return False

        def executescript(self, script: str) -> sqlite3.Cursor:
            head, _, _ = script.rpartition("commit;")
            if disk.about_to("commit", "schema"):
                super().executescript(script if disk.after else f"{head} rollback;")
                raise disk.fail("commit")
            return super().executescript(script)

    return Connection


@contextmanager
def failing(disk: Disk) -> Iterator[Disk]:
    """Everything that goes to ``disk.folder`` meanwhile goes through ``disk``."""
    real_open, real_fsync, real_connect = pathlib.Path.open, os.fsync, sqlite3.connect
    names: dict[int, str] = {}

    def opened(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = real_open(path, mode, *args, **kwargs)
        if "b" not in mode or mode == "rb" or not path.is_relative_to(disk.folder):
            return file
        names[file.fileno()] = path.name
        return _File(disk, file, path.name)

    def synced(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").resolve()
        disk.does("fsync", path.name, partial(real_fsync, handle))

    def moving(kind: str, real: Callable[..., None]) -> Callable[..., None]:
        def moved(path: Any, *args: Any, **kwargs: Any) -> None:
            if not Path(path).is_relative_to(disk.folder):
                real(path, *args, **kwargs)
                return
            disk.does(kind, Path(args[0] if args else path).name, partial(real, path, *args, **kwargs))

        return moved

    with (
        patch.object(pathlib.Path, "open", opened),
        patch.object(os, "fsync", synced),
        patch.object(os, "replace", moving("rename", os.replace)),
        patch.object(os, "unlink", moving("remove", os.unlink)),
        patch.object(sqlite3, "connect", partial(real_connect, factory=_connection(disk))),
    ):
        yield disk
