"""What waits to be taken in: files in folders, which collecting never changes."""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xlstyr.mail.files import kind_of
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.personal import masked
from xlstyr.rounds.incoming.examining import readable
from xlstyr.rounds.round import Round
from xlstyr.words import word

MIB = 2**20
_PEEK = 4096
_SYSTEM = ("~$", ".", "Thumbs.db", "desktop.ini")
_UNFINISHED = (".tmp", ".crdownload", ".part", ".partial", ".download", ".filepart")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The files to take in, those of them that lie in watched folders, and those left until they are finished (XS037).

    ``untouched`` counts workbooks in watched folders that nobody has typed in yet.
    """

    files: list[Path]
    watched: frozenset[Path]
    left: list[Finding]
    untouched: int


def waiting(round_: Round, paths: Iterable[Path] = ()) -> Waiting:
    """What lies in ``paths``, else in the round's inbox and the folders it watches. A file that is named is finished.

    A watched folder that is away isn't taken for empty (XS048), nor a reason to leave what lies elsewhere. Raises
    ``XlstyrError`` when the inbox or one of ``paths`` isn't there.
    """
    files: dict[Path, bool] = {}
    left: list[Finding] = []
    untouched = 0
    named = list(paths)
    watched = [] if named else [round_.folder / folder for folder in round_.settings.inbox.folders]
    issued = _issued(round_) if watched else {}
    for place in named or [round_.folder_of("inbox"), *watched]:
        try:
            listed = _listed(round_, place, everything=bool(named))
        except OSError as error:
            if place not in watched:
                raise XlstyrError(word("cli.errors.no_file", file=place)) from error
            left.append(found("XS048", Place(file=masked(readable(str(place))))))
            continue
        for file in listed:
            if file.is_symlink() and file != place:
                left.append(found("XS049", Place(file=readable(file.name))))
                continue
            try:
                reason = "" if file == place else _unfinished(file)
                filled_in = bool(reason) or place not in watched or not _is_untouched(file, issued)
            except OSError as error:
                reason, filled_in = _unreadable(error), True
            if reason:
                left.append(_left(file, reason))
            elif filled_in:
                files.setdefault(file, place in watched)
            else:
                untouched += 1
    waits = [file for file in files if not file.name.startswith(_SYSTEM)]
    return Waiting(waits, frozenset(file for file in waits if files[file]), left, untouched)


def read_waiting(path: Path, most: int) -> bytes | Finding:
    """The bytes of a waiting file; a finding when it is larger than ``most`` MiB, or somebody is writing it."""
    try:
        before = path.stat()
        if before.st_size > most * MIB:
            return too_large(word("post.said.file"), before.st_size, most, path.name)
        data = path.read_bytes()
        after = path.stat()
    except OSError as error:
        return _left(path, _unreadable(error))
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return data if same and len(data) == after.st_size else _left(path, word("post.left.changing"))


def is_mailbox(path: Path) -> bool:
    """Whether the file holds many messages after each other (mbox): then it is read piece by piece, however large."""
    try:
        with path.open("rb") as file:
            head = file.read(_PEEK)
    except OSError:
        return False
    return head.startswith(b"From ") and kind_of(head, path.name) == "mbox"


def too_large(what: str, size: int, most: int, file: str = "") -> Finding:
    """XS038: something stays where it is, since it is larger than ``most`` MiB."""
    return found("XS038", Place(file=file), what=what, size=f"{size / MIB:.1f}".replace(".", ","), limit=most)


def _issued(round_: Round) -> dict[str, list[Path]]:
    """The workbooks that were issued, by file name."""
    found_: dict[str, list[Path]] = {}
    for path in round_.folder_of("issued").rglob("*.xlsx"):
        found_.setdefault(path.name, []).append(path)
    return found_


def _is_untouched(path: Path, issued: dict[str, list[Path]]) -> bool:
    """Whether a file is what was laid in its folder for somebody to fill in, byte for byte."""
    size = path.stat().st_size
    return any(
        one.stat().st_size == size and one.read_bytes() == path.read_bytes() for one in issued.get(path.name, ())
    )


def _listed(round_: Round, place: Path, *, everything: bool) -> list[Path]:
    """A file itself, or what ``_files_in`` finds in a folder. Raises ``OSError`` when it isn't there."""
    if not stat.S_ISDIR(place.stat().st_mode):
        return [place]
    next(place.iterdir(), None)  # raises, where ``rglob`` finds nothing in a folder that is closed
    return list(_files_in(round_, place, everything=everything))


def _files_in(round_: Round, folder: Path, *, everything: bool) -> Iterator[Path]:
    """The files and links below ``folder``. Of the round's own, a watched folder above it gives the inbox alone."""
    own, inbox = round_.folder.resolve(), round_.folder_of("inbox").resolve()
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(_SYSTEM) or not (path.is_symlink() or path.is_file()):
            continue
        whole = path.parent.resolve() / path.name
        if everything or not whole.is_relative_to(own) or whole.is_relative_to(inbox):
            yield path


def _unfinished(path: Path) -> str:
    """Why a file can't be read yet, ``""`` when it can."""
    if path.suffix.casefold() in _UNFINISHED:
        return word("post.left.unfinished")
    if any(_is_there(path.with_name(f"~${name}")) for name in (path.name, path.name[2:])):
        return word("post.left.open")
    return word("post.left.empty") if path.stat().st_size == 0 else ""


def _is_there(lock: Path) -> bool:
    """Whether a program says that it has the file open. The lock of a long name has one that no disk takes."""
    try:
        return lock.exists()
    except OSError:
        return False


def _unreadable(error: OSError) -> str:
    return word("post.left.unreadable", detail=error.strerror or type(error).__name__)


def _left(path: Path, reason: str) -> Finding:
    return found("XS037", Place(file=readable(path.name)), reason=reason)
