"""One at a time: while one command takes in what has come, no other may do so in the same round."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.round import Round
from xlstyr.words import word


class BusyError(XlstyrError):
    """Another command is taking in what has come."""


@contextmanager
def turn(round_: Round) -> Iterator[None]:
    """Nobody else takes anything in meanwhile. Raises ``BusyError`` when somebody does.

    SQLite locks a file of its own beside the register, on any system and disk where the register itself works; the
    system lets go of it however the command ends.
    """
    with closing(_locked(round_.folder_of("lock"))):
        yield


def _locked(path: Path) -> sqlite3.Connection:
    try:
        lock = sqlite3.connect(path, timeout=0, isolation_level=None)
        lock.execute("begin exclusive")
    except sqlite3.Error as error:
        if "database is locked" in str(error):
            raise BusyError(word("cli.errors.busy")) from error
        raise XlstyrError(word("cli.errors.register", file=path.name, detail=error)) from error
    return lock
