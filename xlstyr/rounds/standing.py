"""What counts of everything that has been said: certified answers locked, and choices where two compete."""

import hashlib
from pathlib import Path

from xlstyr.model.bundle import Contribution, load
from xlstyr.model.errors import XlstyrError
from xlstyr.model.personal import masked
from xlstyr.rollup.merge import bundle_of
from xlstyr.rounds.comparing import said_by
from xlstyr.rounds.locking import standing, view
from xlstyr.rounds.round import Round
from xlstyr.words import word


def contributions(round_: Round) -> list[Contribution]:
    """Every contribution in the register that may count: decisions joined to their rank, certified nodes locked."""
    texts = (answer.contribution for answer in round_.register.answers())
    return list(standing((load(text) for text in texts if text is not None), view(round_.register)))


def bundle(round_: Round) -> dict[tuple[str, str], frozenset[Contribution]]:
    """Everything that has come in, merged."""
    return dict(bundle_of(contributions(round_)))


def choose(round_: Round, path: Path, why: str = "", by: str = "") -> Contribution:
    """Registers that the answer in ``path`` shall count where two compete; of several decisions the last stands.

    Raises:
        XlstyrError: the file hasn't been taken in, says nothing that can count, is replaced by a later answer, or its
            node is certified as something else.
    """
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    texts = round_.register.said_by(sha256)
    if not texts:
        raise XlstyrError(word("cli.errors.not_taken_in", file=path.name))
    chosen = load(texts[0])
    decisions = view(round_.register, chosen.node)
    if not decisions.counts(chosen):
        name = round_.names.get(chosen.node, chosen.node)
        raise XlstyrError(word("cli.errors.locked_node", node=name, file=path.name, id=chosen.node))
    rivals = [decisions.seen(one) for one in said_by(round_, chosen.node, chosen.stage)]
    if any(one.rank[:2] > chosen.rank[:2] for one in rivals):
        raise XlstyrError(word("cli.errors.not_rival", file=path.name, node=round_.names.get(chosen.node, chosen.node)))
    rank = 1 + max(one.decision for one in rivals)  # above what a level below has decided as well
    about = {"digest": chosen.digest, "rank": rank, "sha256": sha256, "why": masked(why), "by": by}
    with round_.register.transaction():
        round_.register.add_event("decided", chosen.node, chosen.stage, round_.now, **about)
    return chosen


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
    rivals = [(file, other) for file, other in others if other.digest != said.digest and other.rank >= said.rank]
    same = all(file in before and other.rank[:2] == said.rank[:2] for file, other in rivals)
    chosen = round_.register.events(["decided"], said.node)
    by_hand = bool(chosen) and chosen[-1].data.get("by") != by
    if not rivals or not same or not decisions.counts(said) or (again and by_hand):
        return
    (original,) = round_.folder_of("originals").glob(f"{sha256}*")
    choose(round_, original, word("post.said.replaced", file=file), by)


def superseded(round_: Round) -> frozenset[str]:
    """The sha256 of files of which nothing counts any more, since later answers replaced everything in them."""
    rivals = round_.register.execute(
        "select node, stage from answers where contribution is not null group by node, stage having count(*) > 1"
    ).fetchall()
    stands: dict[tuple[str, str], set[str]] = {}
    files: set[str] = set()
    for node, stage in rivals:
        answers = [one for one in round_.register.answers(node, stage) if one.contribution is not None]
        files.update(one.sha256 for one in answers)
        said = standing((load(one.contribution) for one in answers if one.contribution), view(round_.register, node))
        stands[node, stage] = {one.digest for kept in bundle_of(said).values() for one in kept}

    def counts(one: Contribution) -> bool:
        return (one.node, one.stage) not in stands or one.digest in stands[one.node, one.stage]

    return frozenset(file for file in files if not any(map(counts, map(load, round_.register.said_by(file)))))
