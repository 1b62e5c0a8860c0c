"""``collect``: takes in what has come, keeps every original, and registers what it says."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from xlstyr.model.bundle import Contribution, dump, load
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import found
from xlstyr.rollup.merge import bundle_of
from xlstyr.rounds.examining import Examined, decided, examine
from xlstyr.rounds.register import Answer
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

Progress = Callable[[Iterable[Path]], Iterable[Path]]


@dataclass(frozen=True, slots=True)
class Taken:
    """One file that was taken in. ``duplicate``: the same bytes had come before, nothing was done."""

    examined: Examined
    duplicate: bool


def waiting(round_: Round, paths: Iterable[Path] = ()) -> list[Path]:
    """The files to take in: ``paths`` and what is in them, or the inbox. Excel's lock files are no answers."""
    places = list(paths) or [round_.folder_of("inbox")]
    files: list[Path] = []
    for place in places:
        if not place.exists():
            raise XlstyrError(word("cli.errors.no_file", file=place))
        files += sorted(place.rglob("*")) if place.is_dir() else [place]
    return [file for file in files if file.is_file() and not file.name.startswith(("~$", ".", "Thumbs.db"))]


def collect(round_: Round, paths: Iterable[Path] = (), progress: Progress = iter) -> list[Taken]:
    """Every waiting file, each on its own: one bad file never stops the next."""
    recover(round_)
    return [take_in(round_, path) for path in progress(waiting(round_, paths))]


def take_in(round_: Round, path: Path) -> Taken:
    """Keeps the original first, then registers what it says in one transaction.

    A file that was refused is read again: what was wrong may have been the round (a node, an issue) and be mended.
    """
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    known = round_.register.file(sha256)
    if known is not None:
        examined = examine(round_, data, path.name, known[1])
        if examined.contributions and not round_.register.has_said(sha256):
            return Taken(_register(round_, data, path.name, sha256), duplicate=False)
        again = found("XS016", name=known[0]).at(file=examined.name, node=examined.node or "")
        return Taken(replace(examined, findings=(again,)), duplicate=True)
    write_safely(round_.folder_of("originals") / f"{sha256}{path.suffix.casefold()[:8]}", data)
    return Taken(_register(round_, data, path.name, sha256), duplicate=False)


def _register(round_: Round, data: bytes, name: str, sha256: str) -> Examined:
    examined = examine(round_, data, name, round_.now)
    register = round_.register
    with register.transaction():
        register.add_file(sha256, examined.name, len(data), round_.now)
        if not examined.contributions:
            answer = Answer(sha256, examined.node or "", examined.stage, examined.status, None, examined.findings)
            register.add_answer(answer, round_.now)
        for place, contribution in enumerate(examined.contributions):
            findings = examined.findings if place == 0 else ()
            text = dump(contribution)
            node, stage = contribution.node, contribution.stage
            register.add_answer(Answer(sha256, node, stage, examined.status, text, findings, place), round_.now)
    return examined


def recover(round_: Round) -> list[str]:
    """Originals that a crash left outside the register are taken in again; their names."""
    found_names = []
    for path in sorted(round_.folder_of("originals").glob("*")):
        if path.is_file() and not path.name.startswith(".") and round_.register.file(path.stem) is None:
            _register(round_, path.read_bytes(), path.name, path.stem)
            found_names.append(path.name)
    return found_names


def contributions(round_: Round) -> list[Contribution]:
    """Every contribution in the register, decisions joined to their rank."""
    decisions = {
        (event.node, event.stage, str(event.data["digest"])): event.seq for event in round_.register.events(["decided"])
    }
    texts = (answer.contribution for answer in round_.register.answers())
    return [decided(load(text), decisions) for text in texts if text is not None]


def choose(round_: Round, path: Path) -> Contribution:
    """Registers that the answer in ``path`` shall count where two compete.

    Raises:
        XlstyrError: the file hasn't been taken in, or says nothing that can count.
    """
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    for answer in round_.register.answers():
        if answer.sha256 == sha256 and answer.contribution is not None:
            chosen = load(answer.contribution)
            with round_.register.transaction():
                round_.register.add_event("decided", chosen.node, chosen.stage, round_.now, digest=chosen.digest)
            return chosen
    raise XlstyrError(word("cli.errors.not_taken_in", file=path.name))


def bundle(round_: Round) -> dict[tuple[str, str], frozenset[Contribution]]:
    """Everything that has come in, merged."""
    return dict(bundle_of(contributions(round_)))
