"""``collect``: takes in what has come, keeps every original, and registers what it says."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from xlstyr.model.bundle import Contribution, dump, load
from xlstyr.model.delivery import Delivery
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import found
from xlstyr.rollup.merge import bundle_of
from xlstyr.rounds.examining import Examined, decided, examine
from xlstyr.rounds.mailbook import Arrival
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
    delivery: Delivery

    @property
    def outcome(self) -> str:
        """What became of it: accepted, partly, held, refused, duplicate."""
        return "duplicate" if self.duplicate else self.examined.status


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
    taken = [
        take_in(round_, path.read_bytes(), path.name, Delivery(round_.now)) for path in progress(waiting(round_, paths))
    ]
    recover(round_)
    return taken


def take_in(round_: Round, data: bytes, name: str, delivery: Delivery) -> Taken:
    """Keeps the original first, then registers what it says, and that it came, in one transaction.

    A file that came before is read again: what was wrong may have been the round (a node, an account) and be mended.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    known = round_.register.file(sha256)
    if known is None:
        write_safely(round_.folder_of("originals") / f"{sha256}{Path(name).suffix.casefold()[:8]}", data)
        return _register(round_, data, name, delivery)
    if known[0].startswith(sha256):  # saved by ``recover`` under no name; here it comes as it was called
        return _register(round_, data, name, delivery)
    examined = examine(round_, data, name, replace(delivery, received=known[1]))
    if [(one.digest, one.parts) for one in examined.contributions] != _registered(round_, sha256):
        return _register(round_, data, name, delivery)
    again = found("XS016", name=known[0]).at(file=examined.name, node=examined.node or "")
    taken = Taken(replace(examined, findings=(again,)), duplicate=True, delivery=delivery)
    with round_.register.transaction():
        _note(round_, taken)
    return taken


def _registered(round_: Round, sha256: str) -> list[tuple[str, frozenset[str]]]:
    """What the register has of a file: digest and counting parts of each contribution."""
    texts = round_.register.said_by(sha256)
    return [(one.digest, one.parts) for one in map(load, texts)]


def _register(round_: Round, data: bytes, name: str, delivery: Delivery) -> Taken:
    examined = examine(round_, data, name, delivery)
    register = round_.register
    taken = Taken(examined, duplicate=False, delivery=delivery)
    with register.transaction():
        register.add_file(examined.sha256, examined.name, len(data), delivery.received)
        register.forget_answers(examined.sha256)
        for place, answer in enumerate(_answers(examined)):
            register.add_answer(replace(answer, place=place), delivery.received)
        _note(round_, taken)
    return taken


def _answers(examined: Examined) -> Iterator[Answer]:
    """What a file said for each node; last what is said of the file itself: refused, or a carrier of many."""
    for one in examined.contributions:
        yield Answer(examined.sha256, one.node, one.stage, examined.status, dump(one), one.findings)
    if len(examined.contributions) != 1:
        node = examined.node or ""
        yield Answer(examined.sha256, node, examined.stage, examined.status, None, examined.findings)


def _note(round_: Round, taken: Taken) -> None:
    """That a file came, by which way; once for each way."""
    examined = taken.examined
    code = next((finding.code for finding in examined.findings if finding.severity == "fel"), "")
    arrival = Arrival(examined.sha256, examined.name, taken.delivery, taken.outcome, code)
    round_.mailbook.add_arrival(arrival)


def recover(round_: Round) -> list[str]:
    """Originals that a crash left outside the register are taken in again; their names."""
    found_names = []
    for path in sorted(round_.folder_of("originals").glob("*")):
        if not path.is_file() or path.name.startswith(".") or round_.register.file(path.stem) is not None:
            continue
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        if round_.register.file(sha256) is None:
            write_safely(path.with_name(f"{sha256}{path.suffix}"), data)
            _register(round_, data, path.name, Delivery(round_.now))
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
