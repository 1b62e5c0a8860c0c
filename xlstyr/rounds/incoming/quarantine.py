"""Files that point somebody out lie sealed in a folder: read by nobody, counted nowhere, until they are disposed of.

The register knows of such a file only what it is (sha256, size), from which node and when, and which rule it broke. Its
event is written in the transaction that registers the file; then the bytes are moved, and whatever a crash left
undone is done by ``settle``, so that a run again ends the same.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from xlstyr.checks.privacy import PRIVATE, Typed, name_codes, private, private_cells, private_text
from xlstyr.layout.content import Content
from xlstyr.layout.content import load as load_content
from xlstyr.layout.definition import Workbook
from xlstyr.layout.drawn import known_texts
from xlstyr.layout.raw import RawBook
from xlstyr.model.days import local_day
from xlstyr.model.delivery import Delivery
from xlstyr.model.finding import Finding, found
from xlstyr.model.personal import masked
from xlstyr.rounds.register import Event
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import erase, files_below, is_file, move_safely
from xlstyr.words import word

SEALED, DISPOSED = "quarantined", "disposed"
_WORKBOOK, _MESSAGE = "workbook", "message"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file, or the message that carried it, in quarantine. ``disposed``: the decision to dispose of it, if any."""

    sha256: str
    kind: str
    code: str
    node: str
    at: datetime
    name: str
    size: int
    disposed: Event | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What may be known of a sealed file. ``message``: the sha256 of the message that carried it, ``""`` for none."""

    name: str = ""
    size: int = 0
    node: str = ""
    stage: str = ""
    message: str = ""


def private_findings(round_: Round, raw: RawBook | None, data: bytes, name: str, read: list[Finding]) -> list[Finding]:
    """Why a file must be sealed; nothing when it needn't. ``raw`` is None for what couldn't be read as a workbook.

    ``read``: what reading it found, beside the cells too.
    """
    findings = [private(code, word("privacy.where.name")) for code in name_codes(name)]
    findings += [finding for finding in read if finding.code in PRIVATE]
    if raw is None:
        return findings + (private_text(data) if any(f.code == "XS001" for f in read) else [])
    return findings + _in_cells(round_, raw)


def _in_cells(round_: Round, raw: RawBook) -> list[Finding]:
    """What the cells give away, leaving out what the giver has written."""
    identity = raw.identity
    workbook = round_.issued_layout(identity.layout) if identity is not None else None
    if identity is None or workbook is None:
        return private_cells(raw)
    typed = _typed(workbook)
    suspects = private_cells(raw, typed)
    issue = round_.register.issue(identity.node, identity.stage, identity.issue) if suspects else None
    if issue is None or issue.layout != workbook.digest:
        return suspects
    own = [sheet.title for sheet in workbook.sheets]
    return private_cells(raw, typed, _issued_texts(workbook, load_content(issue.content)), own)


def _typed(workbook: Workbook) -> Typed:
    """Where the sender writes: in a form it is the column of values."""
    forms = {(form.key, "value") for form in workbook.forms.values()}
    columns = ((table.key, column) for table in workbook.tables.values() for column in table.column)
    return frozenset(forms | {(key, one.key) for key, one in columns if one.open_in("normal") or one.open_in("free")})


def _issued_texts(workbook: Workbook, issued: Content) -> frozenset[str]:
    rows = (row for table in issued.tables.values() for row in table)
    values = {value.strip() for row in rows for value in row.values.values() if isinstance(value, str)}
    return known_texts(workbook, issued) | values


def safe_name(name: str, sha256: str) -> str:
    """What a sealed file is called: its name, unless that points somebody out itself."""
    if name_codes(name) or name != masked(name):
        return word("privacy.file.unnamed", digest=sha256[:8])
    return name


def safe_delivery(delivery: Delivery, name: str) -> Delivery:
    """How a sealed file came, without the name that it had in the message; ``name`` stands for it."""
    folder, slash, _ = delivery.place.rpartition("/")
    return replace(delivery, place=masked(f"{folder}{slash}{name}")) if delivery.place else delivery


def is_loose(round_: Round, sha256: str) -> bool:
    """Whether a file that must be sealed never was."""
    return sha256 not in _states(round_)


def came_again(round_: Round, sha256: str) -> Finding | None:
    """XS041 for a file that has been disposed of and comes again; None when it hasn't been."""
    known = _states(round_).get(sha256)
    if known is None or known.disposed is None:
        return None
    return found("XS041", day=local_day(known.disposed.at))


def log(round_: Round, sha256: str, code: str, about: About) -> None:
    """The event that seals a file, and that of the message that carried it; each once.

    Inside the transaction that registers that it came.
    """
    states, at = _states(round_), round_.now
    data = {"code": code, "name": about.name, "size": about.size}
    if sha256 not in states:
        round_.register.add_event(SEALED, about.node, about.stage, at, sha256=sha256, what=_WORKBOOK, **data)
        round_.register.execute("update files set name = ? where sha256 = ?", (about.name, sha256))
    if about.message and about.message not in states:
        log_message(round_, about.message, code, about.node, about.stage)


def log_message(round_: Round, sha256: str, code: str, node: str = "", stage: str = "") -> None:
    """The event that seals a message, once; inside the transaction that registers it."""
    if is_loose(round_, sha256):
        data = {"code": code, "name": "", "size": 0}
        round_.register.add_event(SEALED, node, stage, round_.now, sha256=sha256, what=_MESSAGE, **data)


def move(round_: Round, sha256: str) -> None:
    """The bytes of a sealed original into the quarantine, which only its owner may open where the system can say so."""
    folder = round_.folder_of("quarantine")
    for path in _named(round_.folder_of("originals"), sha256):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        path.chmod(0o600)
        move_safely(path, folder / path.name)


def settle(round_: Round) -> None:
    """Finishes what a crash left undone: bytes not yet moved, subjects not yet blanked, decisions not yet carried out.

    A message is moved when it is registered; until then it is taken in again where it lies.
    """
    states = _states(round_)
    if not states:
        return
    lying = {path.stem for path in round_.folder_of("originals").glob("*") if is_file(path)}
    for one in states.values():
        if one.kind == _MESSAGE and not round_.mailbook.has_message(one.sha256):
            continue
        if one.sha256 in lying:
            move(round_, one.sha256)
        if one.disposed is not None:
            unlink(round_, one.sha256)
    messages = [(one.sha256,) for one in states.values() if one.kind == _MESSAGE]
    with round_.register.transaction():
        for values in messages:
            round_.register.execute("update messages set subject = '' where sha256 = ? and subject <> ''", values)


def unlink(round_: Round, sha256: str) -> bool:
    """Takes the bytes of a sealed file away, with copies in the round's inbox. False when they weren't there.

    They go last from the quarantine: as long as they lie there, all isn't done.
    """
    paths = _named(round_.folder_of("quarantine"), sha256)
    sizes = {path.lstat().st_size for path in paths}
    for path in list(files_below(round_.folder_of("inbox"))) if paths and _is_own(round_, "inbox") else ():
        if path.lstat().st_size in sizes and _digest(path) == sha256:
            erase(path)
    for path in paths:
        erase(path)
    return bool(paths)


def _named(folder: Path, sha256: str) -> list[Path]:
    """The files in ``folder`` that are called ``sha256``, whatever their ending; no links."""
    return [path for path in folder.glob(f"{sha256}*") if path.stem == sha256 and is_file(path)]


def _is_own(round_: Round, name: str) -> bool:
    """Whether one of the round's folders lies in the round, and not elsewhere through a link."""
    return round_.folder_of(name).resolve().is_relative_to(round_.folder.resolve())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_quarantine(round_: Round) -> list[Sealed]:
    """What lies there, in the order it came."""
    folder = round_.folder_of("quarantine")
    lying = {path.stem: path.lstat().st_size for path in folder.glob("*") if is_file(path)}
    states = _states(round_)
    return [replace(one, size=lying[one.sha256]) for one in states.values() if one.sha256 in lying]


def carriers(round_: Round, sha256: str) -> frozenset[str]:
    """The sha256 of the messages that a file came in."""
    query = "select distinct message from arrivals where sha256 = ? and message <> ''"
    return frozenset(str(message) for (message,) in round_.register.execute(query, (sha256,)))


def ever_sealed(round_: Round) -> list[Sealed]:
    """Everything that was ever sealed, with what was decided of it."""
    return list(_states(round_).values())


def _states(round_: Round) -> dict[str, Sealed]:
    """sha256 → what became of it, from the events."""
    states: dict[str, Sealed] = {}
    for event in round_.register.events([SEALED, DISPOSED]):
        data, sha256 = event.data, str(event.data.get("sha256"))
        if event.kind == SEALED:
            told = str(data["what"]), str(data["code"]), event.node, event.at, str(data["name"]), int(data["size"])
            states.setdefault(sha256, Sealed(sha256, *told))
        elif sha256 in states:
            states[sha256] = replace(states[sha256], disposed=states[sha256].disposed or event)
    return states
