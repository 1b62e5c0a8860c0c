"""What counts of everything that has been said: certified answers locked, and choices where two compete."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from xlstyr.checks.between import check_rivals, original_of
from xlstyr.mail.files import kind_of
from xlstyr.model.bundle import Bundle, Contribution, load
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.model.personal import masked
from xlstyr.rollup.merge import bundle_of
from xlstyr.rounds.deciding.comparing import said_by
from xlstyr.rounds.deciding.locking import Key, heard, standing, view
from xlstyr.rounds.incoming.post import MESSAGES, Postroom
from xlstyr.rounds.round import Round
from xlstyr.words import word

Said = tuple[str, Contribution]
"""The sha256 of a file, and one thing that it says."""


def contributions(round_: Round) -> list[Contribution]:
    """Every contribution in the register that may count: decisions joined to their rank, certified nodes locked."""
    return list(standing(heard(round_.register.each_answer()), view(round_.register)))


def bundle(round_: Round) -> dict[tuple[str, str], frozenset[Contribution]]:
    """Everything that has come in, merged."""
    return dict(bundle_of(contributions(round_)))


def competing(round_: Round, files: Collection[str] | None = None) -> Bundle:
    """The nodes for which answers of equal rank compete; with ``files`` (sha256) only those that these speak of."""
    found: dict[Key, frozenset[Contribution]] = {}
    for (node, stage), those in _several(round_).items():
        if files is not None and not any(one in files for one in those):
            continue
        said = standing(said_by(round_, node, stage), view(round_.register, node))
        found |= {key: kept for key, kept in bundle_of(said).items() if len(kept) > 1}
    return found


def _several(round_: Round) -> dict[Key, list[str]]:
    """The nodes that have answered more than once, with the files (sha256) in which they did."""
    files: dict[Key, list[str]] = defaultdict(list)
    query = "select node, stage, sha256 from answers where contribution is not null"
    for node, stage, file in round_.register.execute(query):
        files[node, stage].append(file)
    return {key: those for key, those in files.items() if len(those) > 1}


def rivals(round_: Round, files: Collection[str]) -> list[Finding]:
    """XS501 for each node of which ``files`` (sha256) speak, and for which no person has chosen yet."""
    return check_rivals(competing(round_, files), round_.premises)


def choose(round_: Round, given: Path | str, why: str = "", by: str = "") -> Contribution:
    """Registers that the answer ``given`` shall count where two compete; of several decisions the last stands.

    It is given as the workbook, as a message that holds it, or as the beginning of the checksum that XS501 shows.

    Raises:
        XlstyrError: no answer is meant, or several; it is replaced by a later one, or its node is certified as
            something else.
    """
    file = given if isinstance(given, str) else given.name
    sha256, chosen = _meant(round_, given, file)
    name = round_.names.get(chosen.node, chosen.node)
    decisions = view(round_.register, chosen.node)
    if not decisions.counts(chosen):
        raise XlstyrError(word("cli.errors.locked_node", node=name, file=file, id=chosen.node))
    said = said_by(round_, chosen.node, chosen.stage)
    others = [decisions.seen(one) for one in said]
    if any(one.rank[:2] > chosen.rank[:2] for one in others):
        raise XlstyrError(word("cli.errors.not_rival", file=file, node=name))
    rank = 1 + max(one.decision for one in (*said, *others))  # above what a level below has decided as well
    about = {"digest": chosen.digest, "issue": chosen.issue, "revision": chosen.revision, "rank": rank}
    about |= {"sha256": sha256, "why": masked(why), "by": by}
    with round_.register.transaction():
        round_.register.add_event("decided", chosen.node, chosen.stage, round_.now, **about)
    return chosen


def _meant(round_: Round, given: Path | str, file: str) -> Said:
    """The one answer that ``given`` is; of several the one that competes."""
    meant = _with_checksum(round_, given.casefold()) if isinstance(given, str) else _in_file(round_, given)
    if not meant:
        key = "no_such_rival" if isinstance(given, str) else "not_taken_in"
        raise XlstyrError(word(f"cli.errors.{key}", file=file))
    if len(meant) > 1:
        rivals_ = competing(round_, {sha256 for sha256, _ in meant.values()})
        digests = {(*key, one.digest) for key, kept in rivals_.items() for one in kept}
        meant = {key: said for key, said in meant.items() if key in digests} or meant
    if len(meant) > 1:
        names = ", ".join(sorted({round_.names.get(node, node) for node, _, _ in meant}))
        raise XlstyrError(word("cli.errors.several_rivals", file=file, nodes=names))
    return next(iter(meant.values()))


def _in_file(round_: Round, path: Path) -> dict[tuple[str, str, str], Said]:
    """What a file says, or the files in a message, by node, stage and content."""
    data = path.read_bytes()
    kind = kind_of(data, path.name)
    files = [hashlib.sha256(data).hexdigest()]
    if kind in MESSAGES:
        with Postroom(round_) as room:
            files = room.files_in(data, kind)
    said = ((file, load(text)) for file in files for text in round_.register.said_by(file))
    return {(one.node, one.stage, one.digest): (file, one) for file, one in said}


def _with_checksum(round_: Round, start: str) -> dict[tuple[str, str, str], Said]:
    """Answers of nodes with several, whose checksum begins with ``start``: of the original, the file or the content."""
    found: dict[tuple[str, str, str], Said] = {}
    for node, stage in _several(round_):
        for answer in round_.register.answers(node, stage):
            if answer.contribution is None:
                continue
            one = load(answer.contribution)
            if any(sum_.startswith(start) for sum_ in (original_of(one), answer.sha256, one.digest)):
                found.setdefault((node, stage, one.digest), (answer.sha256, one))
    return found


def follow(round_: Round, sha256: str, place: str, file: str, *, again: bool) -> None:
    """A file that was saved anew at ``place`` in a watched folder replaces what lay there: a decision, registered.

    Where another file competes as well, or somebody has chosen since it was taken in (``again``), nothing is decided.
    """
    by = word("post.said.folder")
    query = "select sha256 from arrivals where message = '' and place = ? and sha256 <> ?"
    before = {row[0] for row in round_.register.execute(query, (place, sha256))}
    texts = round_.register.said_by(sha256)
    if not before or len(texts) != 1:
        return
    decisions = view(round_.register, (said := load(texts[0])).node)
    said = decisions.seen(said)
    others = [
        (one.sha256, decisions.seen(load(one.contribution)))
        for one in round_.register.answers(said.node, said.stage)
        if one.contribution is not None and one.sha256 != sha256
    ]
    equals = [(file, other) for file, other in others if other.digest != said.digest and other.rank >= said.rank]
    same = all(file in before and other.rank[:2] == said.rank[:2] for file, other in equals)
    chosen = round_.register.events(["decided"], said.node)
    by_hand = bool(chosen) and chosen[-1].data.get("by") != by
    if not equals or not same or not decisions.counts(said) or (again and by_hand):
        return
    (original,) = round_.folder_of("originals").glob(f"{sha256}*")
    choose(round_, original, word("post.said.replaced", file=file), by)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Files (sha256) of which nothing counts any more: later answers replaced all of it, or nodes are locked."""

    replaced: frozenset[str]
    locked_out: frozenset[str]


def passed_over(round_: Round) -> PassedOver:
    """What has come and doesn't count, though nothing is wrong with it; where two compete nothing is passed over."""
    several = _several(round_)
    stands: dict[Key, set[str]] = {}
    locked: dict[Key, set[str]] = {}
    for node, stage in several:
        decided = view(round_.register, node)
        said = [decided.seen(one) for one in said_by(round_, node, stage)]
        kept = [one for those in bundle_of(standing(said, decided)).values() for one in those]
        stands[node, stage] = {one.digest for one in kept}
        certified = max((one.rank for one in kept), default=(0, 0, 0))
        locked[node, stage] = {one.digest for one in said if not decided.counts(one) and one.rank >= certified}

    def is_in(one: Contribution, digests: dict[Key, set[str]], *, alone: bool) -> bool:
        key = (one.node, one.stage)
        return one.digest in digests[key] if key in digests else alone

    replaced: set[str] = set()
    locked_out: set[str] = set()
    for file in {file for those in several.values() for file in those}:
        said = [load(text) for text in round_.register.said_by(file)]
        if any(is_in(one, stands, alone=True) for one in said):
            continue
        (locked_out if any(is_in(one, locked, alone=False) for one in said) else replaced).add(file)
    return PassedOver(frozenset(replaced), frozenset(locked_out))
