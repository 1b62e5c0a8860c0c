"""Files that are read again: what somebody has certified isn't changed by a list that has."""

from collections.abc import Iterable
from dataclasses import replace

from xlstyr.model.bundle import Contribution, load
from xlstyr.model.finding import Place, found
from xlstyr.rounds.deciding.comparing import said_by
from xlstyr.rounds.deciding.locking import Key, view
from xlstyr.rounds.incoming.examining import PARTS, Examined
from xlstyr.rounds.round import Round
from xlstyr.rounds.succeeding import named
from xlstyr.words import word


def upheld(round_: Round, examined: Examined) -> Examined:
    """A file that is read again: what it said that is certified stays as it was; XS517 tells that it reads otherwise.

    What a file that points somebody out has said isn't kept.
    """
    before = {(one.node, one.stage): one for one in map(load, round_.register.said_by(examined.sha256))}
    now = {(one.node, one.stage): one for one in examined.contributions}
    kept: dict[Key, Contribution] = {}
    for key, one in before.items() if not examined.seal else ():
        new = now.get(key)
        if new is not None and (new.digest, new.parts) == (one.digest, one.parts):
            continue
        lock = view(round_.register, one.node).locks.get(key)
        if lock is not None and lock.digest == one.digest:
            place = Place(examined.name, one.node)
            told = found("XS517", place, file=examined.name, node=named(round_.premises, one.node), id=one.node)
            findings = (*(finding for finding in one.findings if finding.code != "XS517"), told)
            kept[key] = replace(one, findings=findings)
    if not kept:
        return examined
    said = tuple({**now, **kept}.values())
    told_now = tuple(one.findings[-1] for one in kept.values())
    if examined.submission is None and len(said) != 1:
        return replace(examined, contributions=said, findings=(*examined.findings, *told_now))
    (one,) = said
    return replace(
        examined, node=one.node, stage=one.stage, status=_status(one), contributions=said, findings=one.findings
    )


def as_read(said: Contribution) -> tuple[object, ...]:
    """What a file that is read again is compared by: the same needn't be registered anew."""
    return (said.digest, said.parts, any(finding.code == "XS517" for finding in said.findings))


def _status(said: Contribution) -> str:
    if said.parts >= PARTS:
        return "accepted"
    return "partly" if "money" in said.parts else "held"


def forgotten(round_: Round, before: Iterable[str], after: Iterable[Contribution]) -> None:
    """Lifts the certification of what a file said ``before`` and may no longer say: it points somebody out."""
    digests = {one.digest for one in after}
    for one in map(load, before):
        lock = view(round_.register, one.node).locks.get((one.node, one.stage))
        if lock is None or lock.digest != one.digest or one.digest in digests:
            continue
        if all(other.digest != one.digest for other in said_by(round_, one.node, one.stage)):
            round_.register.add_event(
                "reopened", one.node, one.stage, round_.now, by="", why=word("certify.why.reread")
            )
