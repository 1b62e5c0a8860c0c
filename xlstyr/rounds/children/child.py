"""One child process as its parent sees it: started, asked, killed when it overstays."""

import os
import signal
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any, Literal

from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.children.worker import DONE, FAILED, LENGTH, MEMORY, READY, unpack
from xlstyr.words import word

_START_SECONDS = 60.0
_STOP_SECONDS = 1.0
_PASSED_ON = {"PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV"}

Reason = Literal["time", "memory", "crash"]


@dataclass(frozen=True, slots=True)
class Died:
    """The child didn't answer. ``fault``: the type of an exception in our own code, ``""`` for a death proper."""

    reason: Reason
    fault: str = ""


class Child:
    """A running child. ``asked``: how many requests it has had.

    Raises:
        XlstyrError: it can't be started.
    """

    def __init__(self, memory: int) -> None:
        command = [sys.executable, "-P", "-m", "xlstyr.rounds.children.worker", str(memory)]
        self.asked = 0
        self._overdue = False
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own module)
                command, stdin=pipe, stdout=pipe, stderr=null, env=_environment(), creationflags=flags
            )
        except OSError as error:
            raise XlstyrError(word("files.no_worker", detail=error)) from error
        if sys.platform == "win32":
            from xlstyr.rounds.children.job import limited

            self._job = limited(self._process, memory)
        if self._within(_START_SECONDS, b"") != READY:
            self.kill()
            raise XlstyrError(word("files.no_worker", detail=self._process.returncode))

    def ask(self, function: str, data: bytes, seconds: float, most: int) -> tuple[Any, bool]:
        """(the answer or ``Died``, whether the child can be asked again). An answer is ``most`` bytes at most."""
        self.asked += 1
        name = function.encode()
        head = LENGTH.pack(len(name)) + name + LENGTH.pack(len(data))
        said = self._within(seconds, head, data, most=most)
        answer = self._meant(said)
        usable = not self._overdue and not isinstance(answer, Died)
        if not usable:
            self.kill()
        return answer, usable

    def _within(self, seconds: float, *pieces: bytes, most: int = 1) -> bytes | None:
        """Writes ``pieces`` and reads one answer; None when the child dies or hasn't answered in ``seconds``."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        timer = threading.Timer(seconds, self._too_late)
        timer.daemon = True
        timer.start()
        try:
            for piece in pieces:
                stdin.write(piece)
            stdin.flush()
            head = stdout.read(LENGTH.size)
            (length,) = LENGTH.unpack(head) if len(head) == LENGTH.size else (0,)
            if length > most:
                return MEMORY
            said = stdout.read(length)
            return said if said and len(said) == length else None
        except OSError:
            return None
        finally:
            timer.cancel()

    def _too_late(self) -> None:
        self._overdue = True
        self._process.kill()

    def _meant(self, said: bytes | None) -> Any:
        """What an answer holds, or what its absence means."""
        if said is None:
            return Died("time" if self._overdue else "memory" if self._was_starved() else "crash")
        status, rest = said[:1], said[1:]
        if status != DONE:
            fault = rest[:80].decode("ascii", "replace") if status == FAILED else ""
            return Died("memory" if status == MEMORY else "crash", fault)
        try:
            return unpack(rest)
        except (ValueError, LookupError, TypeError, RecursionError, struct.error):
            return Died("crash")

    def _was_starved(self) -> bool:
        """Whether it died of want of memory: aborted by its allocator, or killed by the system."""
        try:
            code = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return sys.platform != "win32" and code in (-signal.SIGABRT, -signal.SIGKILL)

    def stop(self) -> None:
        """Ends it when it has nothing to do: it leaves by itself when nothing more can be asked."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(_STOP_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.kill()

    def kill(self) -> None:
        """Ends it at once, whatever it does, and leaves nothing behind."""
        process = self._process
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:  # what couldn't be sent
                pass


def _environment() -> dict[str, str]:
    """What the child needs of the parent's environment; passwords aren't among it."""
    return {name: value for name, value in os.environ.items() if _is_needed(name.upper())}


def _is_needed(name: str) -> bool:
    return name in _PASSED_ON or name.startswith("PYTHON")
