"""A pool of child processes for what arrives, and reading workbooks through it.

A child is started once and asked many times. Whatever happens to it, by want of memory, of time, or otherwise, is an
outcome that is returned; the next request gets a fresh child.
"""

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, TypeVar

from xlstyr.excel.gate import Limits, gate
from xlstyr.excel.handover import from_plain
from xlstyr.layout.raw import RawBook
from xlstyr.model.finding import Finding, found
from xlstyr.rounds.children.child import Child, Died
from xlstyr.rounds.settings import Limits as Allowed
from xlstyr.words import word

__all__ = ["MESSAGES", "WORKBOOKS", "Bounds", "Died", "Reading", "Workers", "shared_reading"]

K = TypeVar("K")
T = TypeVar("T")
_READ = "xlstyr.excel.handover:read_bytes"
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may use: bytes of memory, seconds and bytes of answer per request; requests before it retires."""

    memory: int
    seconds: float
    answer: int = 64 * _MIB
    requests: int = 500


WORKBOOKS = Bounds(memory=1024 * _MIB, seconds=20)
MESSAGES = Bounds(memory=256 * _MIB, seconds=2)


class Workers:
    """At most ``size`` children within ``bounds``, started when they are needed. Safe to use from several threads."""

    def __init__(self, bounds: Bounds = WORKBOOKS, size: int = 1) -> None:
        self.bounds = bounds
        self.size = size
        self._free = threading.Semaphore(size)
        self._idle: deque[Child] = deque()
        self._alive: set[Child] = set()
        self._end = weakref.finalize(self, _end, self._alive)
        _POOLS.add(self)

    def run(self, function: str, data: bytes, *args: int) -> Any:
        """What ``function`` ("module:function") of the package makes of ``data`` and ``args`` in a child, or ``Died``.

        Lists, texts, numbers, true, false, none and bytes come back; tuples come back as lists.

        Raises:
            XlstyrError: no child can be started.
        """
        with self._free:
            function = " ".join([function, *map(str, args)])
            started = time.monotonic()
            child, answer = self._ask(function, data, self.bounds.seconds)
            if isinstance(answer, Died) and answer.reason != "time" and not answer.fault and child.asked > 1:
                left = self.bounds.seconds - (time.monotonic() - started)
                again = self._ask(function, data, max(0.0, left))[1]  # it may have died of what came before
                return answer if again == Died("time") else again
            return answer

    def _ask(self, function: str, data: bytes, seconds: float) -> tuple[Child, Any]:
        child = self._idle.pop() if self._idle else self._started()
        try:
            answer, usable = child.ask(function, data, seconds, self.bounds.answer)
        except BaseException:
            child.kill()
            self._alive.discard(child)
            raise
        if usable and child.asked < self.bounds.requests:
            self._idle.append(child)
        else:
            child.kill()
            self._alive.discard(child)
        return child, answer

    def _started(self) -> Child:
        child = Child(self.bounds.memory)
        self._alive.add(child)
        return child

    def close(self) -> None:
        """Ends every child. The pool can be used again; it starts new ones."""
        self._idle.clear()
        _end(self._alive)

    def forget(self) -> None:
        """Lets go of every child without a word to it: in a process that was forked they are another's to talk to."""
        self._idle.clear()
        self._alive.clear()
        self._free = threading.Semaphore(self.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_POOLS: weakref.WeakSet[Workers] = weakref.WeakSet()


def _forget() -> None:
    """Two processes that ask one child would get each other's answers."""
    for pool in list(_POOLS):
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _end(alive: set[Child]) -> None:
    while alive:
        alive.pop().stop()


def in_order(work: Callable[[T], K], items: Iterable[T], size: int) -> Iterator[K]:
    """``work`` on each item, ``size`` at a time, in the items' order; no more than one for each waits to be taken."""
    if size < 2:
        yield from map(work, items)
        return
    waiting: deque[Future[K]] = deque()
    with ThreadPoolExecutor(size) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > 2 * size:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class Reading:
    """Reads workbooks that have arrived: the gate here, both readers in a child.

    ``children``: how many at most when many are read, as many as there are cores when not stated.
    """

    def __init__(self, limits: Limits = Limits(), bounds: Bounds = WORKBOOKS, children: int | None = None) -> None:  # noqa: B008 (frozen)
        self.limits = limits
        self.workers = Workers(bounds, children or os.cpu_count() or 1)

    def read(self, data: bytes) -> tuple[RawBook | None, list[Finding]]:
        """What stands in the file ``data``, or None with the finding that says why it isn't read.

        Raises:
            XlstyrError: no child can be started.
        """
        refused = gate(data, self.limits)
        if refused is not None:
            return None, [refused]
        answer = self.workers.run(_READ, data)
        if isinstance(answer, Died):
            return None, [_ended(answer)]
        try:
            return from_plain(answer)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
            return None, [_ended(Died("crash"))]

    def read_all(self, items: Iterable[tuple[K, bytes]]) -> Iterator[tuple[K, RawBook | None, list[Finding]]]:
        """The same for many files, several at a time, in their order: (key, what stands there, findings)."""

        def read(item: tuple[K, bytes]) -> tuple[K, RawBook | None, list[Finding]]:
            return item[0], *self.read(item[1])

        return in_order(read, items, self.workers.size)

    def close(self) -> None:
        """Ends the children."""
        self.workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@cache
def shared_reading(limits: Allowed) -> Reading:
    """The reading within ``limits`` that everything in this process shares: its children live as long as it does."""
    sizes = {name: getattr(limits, name) * _MIB for name in ("file", "unpacked", "part", "ratio_from")}
    gates = Limits(entries=limits.entries, ratio=limits.ratio, **sizes)
    bounds = Bounds(limits.workbook_memory * _MIB, limits.workbook_seconds, limits.answer * _MIB)
    return Reading(gates, bounds, limits.workers or None)


def _ended(died: Died) -> Finding:
    """XS015 for a file that the child died of; a fault in our own code is named as such."""
    if died.fault:
        return found("XS901", detail=died.fault)
    return found("XS015", reason=word(f"files.died.{died.reason}"))
