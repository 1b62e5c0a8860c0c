"""``collect``: takes in what has come, keeps every original, and registers what it says."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from xlstyr.mail.files import kind_of
from xlstyr.mail.mbox import split_mbox
from xlstyr.mail.message import MailLimits
from xlstyr.model.bundle import dump, load
from xlstyr.model.delivery import Delivery
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, found
from xlstyr.model.personal import masked
from xlstyr.rounds.children.workers import in_order
from xlstyr.rounds.deciding.certifying import on_arrival
from xlstyr.rounds.deciding.comparing import Compared, corrected
from xlstyr.rounds.deciding.soundness import told_of_rank
from xlstyr.rounds.incoming import quarantine
from xlstyr.rounds.incoming.examining import Examined, examine, faulty, readable, surely
from xlstyr.rounds.incoming.inbox import MIB, is_mailbox, read_waiting, too_large, waiting
from xlstyr.rounds.incoming.post import MESSAGES, Letter, Opened, Post, Postroom
from xlstyr.rounds.incoming.rereading import as_read, forgotten, upheld
from xlstyr.rounds.incoming.standing import follow, rivals
from xlstyr.rounds.mailbook import Arrival
from xlstyr.rounds.register import Answer
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import write_safely
from xlstyr.rounds.turns import BusyError, turn
from xlstyr.words import word

Progress = Callable[[Iterable[Any]], Iterable[Any]]
_NOT_WHOLE = ("refused", "held", "partly")


@dataclass(frozen=True, slots=True)
class Taken:
    """One file that was taken in. ``duplicate``: the same bytes had come before, nothing was done.

    ``compared``: what each answer in it corrects.
    """

    examined: Examined
    duplicate: bool
    delivery: Delivery
    compared: tuple[Compared, ...] = ()

    @property
    def outcome(self) -> str:
        """What became of it: accepted, partly, held, refused, quarantined, duplicate."""
        if self.duplicate:
            return "duplicate"
        return "quarantined" if self.examined.seal else self.examined.status


@dataclass(slots=True)
class Collected:
    """Everything that one run took in. ``left`` tells what stays where it is, until the next run or for good.

    ``rivals`` names the nodes for which something new competes with another answer. ``untouched`` counts workbooks in
    watched folders that nobody has typed in. ``failure`` ended the fetching from a mail server; what is here had come
    before that, and stays.
    """

    whole: bool = False
    files: list[Taken] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    left: list[Finding] = field(default_factory=list)
    rivals: list[Finding] = field(default_factory=list)
    untouched: int = 0
    failure: XlstyrError | None = None

    def add(self, taken: Taken) -> None:
        """One more file."""
        if not self.whole:
            light = replace(taken.examined, contributions=(), submission=None, issued=None)
            taken = replace(taken, examined=light)
        self.files.append(taken)

    @property
    def findings(self) -> list[Finding]:
        """What is to be told of what is new: files, messages, and what was left."""
        files = (finding for taken in self.files if not taken.duplicate for finding in taken.examined.findings)
        return [*files, *(finding for post in self.posts for finding in post.findings), *self.left, *self.rivals]


def collect(round_: Round, paths: Iterable[Path] = (), progress: Progress = iter) -> list[Taken]:
    """Every file that waits in ``paths``, else in the round's inbox and watched folders, also those in messages."""
    return gather(round_, paths, progress=progress, whole=True).files


def gather(
    round_: Round,
    paths: Iterable[Path] = (),
    *,
    imap: bool = False,
    progress: Progress = iter,
    whole: bool = False,
) -> Collected:
    """Takes in what waits in folders, and with ``imap`` in the round's mailbox: each file and message on its own.

    One that can't be read never stops the next, and taking in the same again changes nothing. What files say is in the
    register; it is given here as well only when ``whole``, since thousands of files take memory.

    Raises:
        BusyError: another command takes in what has come; nothing was done.
        XlstyrError: one of ``paths`` isn't there.
    """
    found_ = waiting(round_, paths)
    done = Collected(whole=whole, left=found_.left, untouched=found_.untouched)
    with turn(round_), Postroom(round_) as room:
        for path in _read_ahead(round_, progress(found_.files)):
            _take_path(round_, room, path, done, watched=path in found_.watched)
        if imap:
            try:
                _take_from_server(round_, room, done, progress)
            except XlstyrError as error:
                done.failure = error
        _recover(round_, room)
        _read_again(round_, room, done)
    done.rivals = rivals(round_, {taken.examined.sha256 for taken in done.files if not taken.duplicate})
    return done


def _read_ahead(round_: Round, files: Iterable[Path]) -> Iterator[Path]:
    """``files`` in their order, each read (if it is a workbook) by the time it is handed on: several at a time."""
    limits = round_.settings.limits

    def read(path: Path) -> Path:
        content = None if is_mailbox(path) else read_waiting(path, max(limits.file, limits.message))
        if isinstance(content, bytes) and kind_of(content, path.name) not in MESSAGES:
            round_.read_ahead(content)
        return path

    return in_order(read, files, round_.reading.workers.size)


def _take_path(round_: Round, room: Postroom, path: Path, done: Collected, *, watched: bool) -> None:
    """One file in a folder: a workbook, a message, an archive, or a mailbox of many messages."""
    limits = round_.settings.limits
    if is_mailbox(path):
        for data in split_mbox(path, MailLimits(message=limits.message * MIB)):
            _take_message(round_, room, Letter(data, readable(path.name), "mail", "message"), done)
        return
    content = read_waiting(path, max(limits.file, limits.message))
    if isinstance(content, Finding):
        done.left.append(content)
        return
    kind = kind_of(content, path.name)
    if kind in MESSAGES:
        _take_message(round_, room, Letter(content, readable(path.name), kind, "message"), done)
    elif watched:
        taken = take_in(round_, content, path.name, Delivery(round_.now, place=masked(path.resolve().as_posix())))
        done.add(_followed(round_, taken))
    else:
        done.add(take_in(round_, content, path.name, Delivery(round_.now)))


def _take_from_server(round_: Round, room: Postroom, done: Collected, progress: Progress) -> None:
    """Each message that waits in the mailbox; it is marked or moved when everything in it is safe."""
    from xlstyr.mail.imap import NotHandedOutError
    from xlstyr.rounds.incoming.fetching import open_mailbox

    most = round_.settings.limits.message
    with open_mailbox(round_) as mailbox:
        for listed in progress(mailbox.waiting(lambda known: round_.mailbook.message_with_id(known) is not None)):
            if listed.size > most * MIB:
                done.left.append(too_large(word("post.said.on_server"), listed.size, most))
                continue
            try:
                message = mailbox.fetch(listed.uid)
            except NotHandedOutError as error:
                done.left.append(found("XS039", reason=word("post.unread.refused", detail=error)))
                continue
            if message is not None:
                _take_message(round_, room, Letter(message.data, "", "mail", "imap", message.received), done)
                mailbox.done(listed.uid)


def _take_message(round_: Round, room: Postroom, letter: Letter, done: Collected) -> None:
    """A message: kept, then each file in it taken in, then registered with all the rest of it."""
    most = round_.settings.limits.message
    if len(letter.data) > most * MIB:
        done.left.append(too_large(word("post.said.file"), len(letter.data), most, letter.name))
        return
    _take_opened(round_, room, room.open(letter), done)


def _take_opened(round_: Round, room: Postroom, opened: Opened, done: Collected) -> None:
    for part in opened.message.answers:
        done.add(take_in(round_, part.data, part.name, opened.delivery(part.path)))
    done.posts.append(room.enter(opened, len(opened.message.answers)))


def _read_again(round_: Round, room: Postroom, done: Collected) -> None:
    """What came by IMAP and didn't count: what was wrong may have been the round or the computer, and be mended by now.

    What lies in a folder is read again anyhow.
    """
    came = {post.received.sha256 for post in done.posts}
    for mail in round_.mailbook.messages():
        if (mail.kind, mail.channel) == ("unreadable", "imap") and mail.sha256 not in came:
            for path in round_.folder_of("originals").glob(f"{mail.sha256}*"):
                again = room.open(Letter(path.read_bytes(), "", "mail", "imap", mail.received))
                if not again.known:
                    _take_opened(round_, room, again, done)
    seen = {taken.examined.sha256 for taken in done.files}
    for arrival in round_.mailbook.arrivals():
        if arrival.outcome not in _NOT_WHOLE or arrival.delivery.channel != "imap" or arrival.sha256 in seen:
            continue
        seen.add(arrival.sha256)
        for path in round_.folder_of("originals").glob(f"{arrival.sha256}*"):
            taken = take_in(round_, path.read_bytes(), arrival.name, arrival.delivery)
            if not taken.duplicate:
                done.add(taken)


def take_in(round_: Round, data: bytes, name: str, delivery: Delivery) -> Taken:
    """Keeps the original first, then registers what it says, and that it came, in one transaction.

    A file that came before is read again: what was wrong may have been the round (a node, an account) and be mended.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    known = round_.register.file(sha256)
    if known is None:
        write_safely(round_.folder_of("originals") / f"{sha256}{Path(name).suffix.casefold()[:8]}", data)
    return surely(
        lambda: _take_in(round_, data, name, delivery, known),
        lambda error: _failed(round_, data, name, delivery, error),
    )


def _failed(round_: Round, data: bytes, name: str, delivery: Delivery, error: Exception) -> Taken:
    """A file at which the program failed, registered as refused; what it was read as before still counts."""
    file = masked(readable(name))
    sha256 = hashlib.sha256(data).hexdigest()
    examined = Examined(file, sha256, None, "", "refused", (faulty(error).at(file=file),))
    taken = Taken(examined, duplicate=False, delivery=delivery)
    register = round_.register
    with register.transaction():
        register.add_file(sha256, file, len(data), round_.now)
        if not register.said_by(sha256):
            register.forget_answers(sha256)
            for answer in _answers(examined):
                register.add_answer(answer, round_.now)
        _note(round_, taken)
    return taken


def _followed(round_: Round, taken: Taken) -> Taken:
    """``taken`` in a watched folder, where it replaces what lay there."""
    examined = taken.examined

    def followed() -> Taken:
        follow(round_, examined.sha256, taken.delivery.place, examined.name, again=taken.duplicate)
        return taken

    def failed(error: Exception) -> Taken:
        finding = faulty(error).at(file=examined.name, node=examined.node or "")
        return replace(taken, examined=replace(examined, findings=(*examined.findings, finding)))

    return surely(followed, failed)


def _take_in(round_: Round, data: bytes, name: str, delivery: Delivery, known: tuple[str, datetime] | None) -> Taken:
    """``known``: the name under which its bytes came before, and when; None when they didn't."""
    sha256 = hashlib.sha256(data).hexdigest()
    if known is None:
        return _register(round_, data, name, delivery)
    if known[0].startswith(sha256):  # saved by ``recover`` under no name; here it comes as it was called
        return _register(round_, data, name, delivery)
    delivered = replace(delivery, received=_first_came(round_, sha256, known[1]))
    examined = upheld(round_, examine(round_, data, name, delivered))
    if [*map(as_read, examined.contributions)] != _registered(round_, sha256):
        return _register(round_, data, name, delivery)
    if examined.seal:
        if quarantine.is_loose(round_, sha256):
            return _register(round_, data, name, delivery)
        delivery = quarantine.safe_delivery(delivery, examined.name)
    again = (quarantine.came_again(round_, sha256) if examined.seal else None) or found("XS016", name=known[0])
    again = again.at(file=examined.name, node=examined.node or "")
    taken = Taken(replace(examined, findings=(again,)), duplicate=True, delivery=delivery)
    with round_.register.transaction():
        _seal(round_, examined, len(data), delivery)
        if not _note(round_, taken):
            return taken
        certified = _certified(round_, examined, delivery)
    return replace(taken, examined=replace(taken.examined, findings=(again, *certified)))


def _first_came(round_: Round, sha256: str, registered: datetime) -> datetime:
    """When a file first came, by the messages that it came in: being read again makes nobody late."""
    return min((one.delivery.received for one in round_.mailbook.arrivals(sha256)), default=registered)


def _certified(round_: Round, examined: Examined, delivery: Delivery) -> tuple[Finding, ...]:
    """Certifies what a file says, where it may be; what is to be told about it."""
    told = on_arrival(round_, examined.contributions, delivery, examined.carrier)
    return tuple(finding.at(file=examined.name) for finding in told)


def _registered(round_: Round, sha256: str) -> list[tuple[object, ...]]:
    """What the register has of a file, as it is compared."""
    return [as_read(load(text)) for text in round_.register.said_by(sha256)]


def _register(round_: Round, data: bytes, name: str, delivery: Delivery) -> Taken:
    examined = upheld(round_, examine(round_, data, name, delivery))
    register = round_.register
    if examined.seal:
        delivery = quarantine.safe_delivery(delivery, examined.name)
    pairs = [corrected(round_, one, examined.sha256) for one in examined.contributions]
    compared = tuple(pair for new, pair in pairs if new and pair is not None)
    told = [
        finding
        for one, (new, _) in zip(examined.contributions, pairs, strict=True)
        if new
        for finding in told_of_rank(round_, one, examined.name, examined.sha256)
    ]
    taken = Taken(examined, duplicate=False, delivery=delivery, compared=compared)
    with register.transaction():
        register.add_file(examined.sha256, examined.name, len(data), round_.now)
        before = register.said_by(examined.sha256)
        register.forget_answers(examined.sha256)
        for place, answer in enumerate(_answers(examined)):
            new, pair = pairs[place] if place < len(pairs) else (not pairs, None)  # a carrier is no answer of its node
            event = (pair.counts if pair is not None else {}) if new else None
            register.add_answer(replace(answer, place=place), round_.now, event)
        _note(round_, taken)
        forgotten(round_, before, examined.contributions)
        certified = _certified(round_, examined, delivery)
        _seal(round_, examined, len(data), delivery)
    if examined.seal:
        quarantine.move(round_, examined.sha256)
    return replace(taken, examined=replace(examined, findings=(*examined.findings, *told, *certified)))


def _seal(round_: Round, examined: Examined, size: int, delivery: Delivery) -> None:
    """That a file must lie in quarantine, and the message that carried it too."""
    if examined.seal:
        about = quarantine.About(examined.name, size, examined.node or "", examined.stage, delivery.message)
        quarantine.log(round_, examined.sha256, examined.seal, about)


def _answers(examined: Examined) -> Iterator[Answer]:
    """What a file said for each node; last what is said of the file itself: refused, or a carrier of many."""
    for one in examined.contributions:
        yield Answer(examined.sha256, one.node, one.stage, examined.status, dump(one), one.findings)
    if len(examined.contributions) != 1:
        node = examined.node or ""
        yield Answer(examined.sha256, node, examined.stage, examined.status, None, examined.findings)


def _note(round_: Round, taken: Taken) -> bool:
    """That a file came, by which way; once for each way. False: it was known."""
    examined = taken.examined
    code = next((finding.code for finding in examined.findings if finding.severity == "fel"), "")
    arrival = Arrival(examined.sha256, examined.name, taken.delivery, taken.outcome, code)
    return round_.mailbook.add_arrival(arrival)


def recover(round_: Round) -> list[str]:
    """Originals that a crash left outside the register are taken in again; their names.

    None while another command takes in what has come: what isn't registered yet is at work there.
    """
    try:
        with turn(round_), Postroom(round_) as room:
            return _recover(round_, room)
    except BusyError:
        return []


def _recover(round_: Round, room: Postroom) -> list[str]:
    done = Collected()
    found_names = []
    for path in sorted(round_.folder_of("originals").glob("*")):
        if not path.is_file() or path.name.startswith(".") or _is_registered(round_, path.stem):
            continue
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        if _is_registered(round_, sha256):
            continue
        found_names.append(path.name)
        kind = kind_of(data, path.name)
        if kind in MESSAGES:
            _take_message(round_, room, Letter(data, "", kind, "message"), done)
        else:
            if take_in(round_, data, path.name, Delivery(round_.now)).examined.seal:
                path.unlink(missing_ok=True)  # under another name
    quarantine.settle(round_)
    return found_names


def _is_registered(round_: Round, sha256: str) -> bool:
    return round_.register.file(sha256) is not None or round_.mailbook.has_message(sha256)
