"""``dispose``: takes away what lies in quarantine, or what a rule lets go, by a decision that the register keeps."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from xlstyr.model.errors import XlstyrError
from xlstyr.model.personal import masked
from xlstyr.rounds.incoming.quarantine import DISPOSED, Sealed, carriers, in_quarantine, settle
from xlstyr.rounds.records.retention import Due, digest_of, due, files_in
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import erase
from xlstyr.words import word

_SHORTEST = 6  # characters of a checksum


@dataclass(frozen=True, slots=True)
class Disposed:
    """One file that was taken away, with copies of it in the round's inbox. ``rule`` is the kind that let it go."""

    path: Path
    sha256: str
    rule: str
    node: str
    stage: str
    copies: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Why something is disposed of, and by whom."""

    why: str
    by: str


def listed(round_: Round) -> tuple[list[Sealed], list[Due]]:
    """What lies in quarantine, and what else is due."""
    settle(round_)
    return in_quarantine(round_), [one for one in due(round_, round_.today) if one.record.kind != "quarantine"]


def chosen(round_: Round, sums: Iterable[str], *, all_due: bool) -> list[Disposed]:
    """What would be disposed of: what lies in quarantine under these checksums, and with ``all_due`` what rules let go.

    A message that carried a sealed file goes with it.

    Raises:
        XlstyrError: a checksum is of nothing there; then nothing is disposed of.
    """
    settle(round_)
    lying = {one.sha256: one for one in in_quarantine(round_)}
    rights = due(round_, round_.today)
    wanted: dict[Path, str] = {}
    for one in rights if all_due else ():
        wanted[one.record.path] = one.record.kind
    for text in sums:
        wanted |= _matching(round_, text.casefold(), lying, rights)
    inbox = _by_size(round_)
    return [_disposed(path, rule, lying, inbox) for path, rule in sorted(wanted.items())]


def _matching(round_: Round, text: str, lying: dict[str, Sealed], rights: list[Due]) -> dict[Path, str]:
    """The one file that the beginning of a checksum is of, with the message that carried it."""
    sealed = [sha256 for sha256 in lying if sha256.startswith(text)] if len(text) >= _SHORTEST else []
    if len(sealed) > 1:
        raise XlstyrError(word("archive.errors.several", sha256=text))
    if sealed:
        return _sealed_paths(round_, sealed[0], lying)
    let_go = [one.record for one in rights if len(text) >= _SHORTEST and digest_of(one.record.path).startswith(text)]
    if not let_go:
        raise XlstyrError(word("archive.errors.not_there", sha256=text))
    return {record.path: record.kind for record in let_go}


def _sealed_paths(round_: Round, sha256: str, lying: dict[str, Sealed]) -> dict[Path, str]:
    both = ({sha256} | carriers(round_, sha256)) & set(lying)
    paths = files_in(round_.folder_of("quarantine"))
    return {path: "quarantine" for path in paths if path.stem in both}


def _by_size(round_: Round) -> dict[int, list[Path]]:
    sizes: dict[int, list[Path]] = {}
    for path in files_in(round_.folder_of("inbox")):
        sizes.setdefault(path.stat().st_size, []).append(path)
    return sizes


def _disposed(path: Path, rule: str, lying: dict[str, Sealed], inbox: dict[int, list[Path]]) -> Disposed:
    sha256 = digest_of(path)
    sealed = lying.get(sha256) if rule == "quarantine" else None
    same = inbox.get(path.stat().st_size, ()) if sealed is not None else ()
    copies = tuple(one for one in same if digest_of(one) == sha256)
    return Disposed(path, sha256, rule, sealed.node if sealed else "", "", copies)


def dispose(round_: Round, wanted: list[Disposed], decision: Decision) -> None:
    """Logs the decision for each file, then takes the bytes away. What a crash leaves is taken away by the next run.

    Copies in the round's own inbox of what was sealed go with it, else it would come in again. The same decision on
    the same file is logged once.
    """
    known = {frozenset(event.data.items()) for event in round_.register.events([DISPOSED])}
    for one in wanted:
        path = one.path.relative_to(round_.folder).as_posix()
        data = {"sha256": one.sha256, "path": path, "rule": one.rule, "why": masked(decision.why), "by": decision.by}
        if frozenset(data.items()) not in known:
            with round_.register.transaction():
                round_.register.add_event(DISPOSED, one.node, one.stage, round_.now, **data)
                told = word("archive.said.gone", day=round_.today)
                round_.register.execute("update arrivals set detail = ? where sha256 = ?", (told, one.sha256))
        for copy in one.copies:
            erase(copy)
        erase(one.path)
