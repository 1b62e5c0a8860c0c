"""The child process in which everything that arrives is taken apart: ``python -m xlstyr.rounds.children.worker``.

It reads requests from standard in and answers on standard out, each a length and so many bytes, until standard in
ends. What it answers is JSON and loose bytes, so that a child that was taken over can make the parent run nothing.
"""

import gc
import importlib
import json
import os
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

READY, DONE, MEMORY, FAILED = b"R", b"D", b"M", b"X"
LENGTH = struct.Struct("<Q")
_BLOB = "blob"
_SWEEP_EVERY = 16

Work = Callable[..., Any]
"""Bytes, and whole numbers → texts, numbers, true, false, none and bytes, in lists, tuples and dictionaries."""


def pack(result: Any) -> bytes:
    """``result`` as bytes for the pipe. Raises ``TypeError`` for what isn't plain."""
    blobs: list[bytes] = []

    def keep(value: object) -> dict[str, int]:
        if not isinstance(value, bytes):
            raise TypeError(type(value).__name__)
        blobs.append(value)
        return {_BLOB: len(blobs) - 1}

    text = json.dumps(result, default=keep, separators=(",", ":"), check_circular=False).encode()
    lengths = [len(blobs), len(text), *map(len, blobs)]
    return b"".join([*map(LENGTH.pack, lengths), text, *blobs])


def unpack(data: bytes) -> Any:
    """What ``pack`` was given, tuples as lists. Raises ``ValueError`` and its kin for anything else."""
    count, length = struct.unpack_from("<2Q", data)
    if count > len(data):
        raise ValueError(count)
    at = 2 * LENGTH.size
    lengths = struct.unpack_from(f"<{count}Q", data, at)
    at += count * LENGTH.size
    text, at = data[at : at + length], at + length
    if not lengths:
        return json.loads(text)
    blobs = []
    for length in lengths:
        blobs.append(data[at : at + length])
        at += length
    return json.loads(text, object_hook=lambda found: blobs[found[_BLOB]] if found.keys() == {_BLOB} else found)


def main(memory: int) -> None:
    """Answers until there is nothing more to answer. ``memory``: bytes of address space at most."""
    answers = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # what a library prints is no answer
    _limit(memory)
    gc.disable()  # reading makes few cycles; they are swept while the parent is busy
    _answer(answers, READY, b"")
    served = 0
    while (request := _request(sys.stdin.buffer)) is not None:
        status, said = _run(*request)
        _answer(answers, status, said)
        if status == MEMORY:
            return
        served += 1
        del request, said
        if served % _SWEEP_EVERY == 0:
            gc.collect()


def _limit(memory: int) -> None:
    """No more memory than that, no file written, no core dumped; an interrupt is the parent's business."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":  # there a job object set by the parent does it
        import resource

        for kind, wanted in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
            hard = resource.getrlimit(kind)[1]
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(kind, (most, most))


def _request(stream: BinaryIO) -> tuple[str, bytes] | None:
    name = _framed(stream)
    data = _framed(stream)
    return None if name is None or data is None else (name.decode(), data)


def _framed(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def _run(asked: str, data: bytes) -> tuple[bytes, bytes]:
    name, *args = asked.split()
    try:
        return DONE, pack(_work(name)(data, *map(int, args)))
    except MemoryError:
        return MEMORY, b""
    except Exception as error:  # noqa: BLE001 (the parent says what becomes of it)
        return FAILED, type(error).__name__.encode()


def _work(name: str) -> Work:
    module, _, function = name.partition(":")
    work: Work = getattr(importlib.import_module(module), function)
    return work


def _answer(stream: BinaryIO, status: bytes, said: bytes) -> None:
    stream.write(LENGTH.pack(len(status) + len(said)) + status)
    stream.write(said)
    stream.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
