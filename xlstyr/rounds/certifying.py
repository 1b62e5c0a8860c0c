"""``certify``: what a node has said is provisional until the right person certifies it; then it is locked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from xlstyr.checks.process import certified_late
from xlstyr.layout.submission import PARTS
from xlstyr.model.bundle import Contribution, Signature, load
from xlstyr.model.days import local_day
from xlstyr.model.delivery import Delivery
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.organisation import NodeKind
from xlstyr.model.premises import Contact, Premises
from xlstyr.model.records import Signoff
from xlstyr.rounds.comparing import said_by
from xlstyr.rounds.locking import Lock, certification, standing, view
from xlstyr.rounds.round import Round
from xlstyr.rounds.succeeding import named
from xlstyr.words import word

EXPLAINED = frozenset({"XS218", "XS302", "XS303", "XS310"})
"""Varningar that ask for an explanation: they stop certification, not collection."""
DECIDING = frozenset({NodeKind.COMMITTEE, NodeKind.COMPANY, NodeKind.CENTRAL_FINANCE})
"""Who decides in a meeting that keeps minutes."""


def certifiers(premises: Premises, node: str) -> tuple[Contact, ...]:
    """Who may certify ``node``: its certifiers, else those of the nearest node above by decision."""
    for above in reversed(premises.organisation.path(node)):
        if found_ := premises.contacts_of(above.id, "certifier"):
            return found_
    return ()


def _role(round_: Round, node: str, by: str) -> str | None:
    """As what ``by`` may certify ``node``; None when not at all. ``""`` is whoever runs the round: its owner."""
    premises = round_.premises
    if by in _addresses(certifiers(premises, node)):
        return "certifier"
    return "owner" if not by or by in _owners(round_) else None


def _addresses(contacts: Iterable[Contact]) -> list[str]:
    return [contact.email.casefold() for contact in contacts if contact.email]


def _owners(round_: Round) -> frozenset[str]:
    """The addresses of the control workbook's owner: the root's contacts, and the mailboxes of the round."""
    premises = round_.premises
    root = _addresses(premises.contacts_of(premises.organisation.root.id))
    sender = round_.settings.sender
    boxes = (premises.settings.answers, sender.address, sender.answers)
    return frozenset([*root, *(box.casefold() for box in boxes if box)])


# at collection


def on_arrival(round_: Round, said: Iterable[Contribution], delivery: Delivery, own: bool) -> list[Finding]:
    """Certifies what came, where its Klart sheet, sender and copies say so; inside the transaction that took it in.

    ``own``: a node's own workbook. One that a rolled-up workbook carries is certified when it was so below.
    """
    findings: list[Finding] = []
    for one in said:
        if one.node not in round_.premises.organisation:
            continue
        decided = view(round_.register, one.node)
        locked = (one.node, one.stage) in decided.locks
        if one.signature is not None:
            _carry(round_, one, one.signature)
        elif own and not locked:
            findings += _by_sender(round_, one, delivery)
        findings += _overruled(round_, one)
    return findings


def _carry(round_: Round, said: Contribution, signature: Signature) -> None:
    """Registers a certification from below, once: one that was lifted here doesn't come back with the next roll-up."""
    for event in round_.register.events(["certified"], said.node):
        known = certification(event)
        if (event.stage, known.digest, known.signature) == (said.stage, said.digest, signature):
            return
    _certify(round_, said, signature, carried=True)


def _by_sender(round_: Round, said: Contribution, delivery: Delivery) -> list[Finding]:
    allowed = _addresses(certifiers(round_.premises, said.node))
    by = next((one for one in (delivery.sender, *delivery.copies) if one.casefold() in allowed), "")
    signoff = _signoff(said)
    if not by or signoff is None or not signoff.done:
        return []
    left = _left(round_.premises, said, signoff.minutes, signoff.decided)
    if left:
        return [_unfinished(round_, said.node, left)]
    signature = Signature(by.casefold(), "certifier", round_.now, signoff.minutes, signoff.decided)
    _certify(round_, said, replace(signature, why=_lifted(round_, said)))
    return _late(round_, said.node, delivery.received)


def _overruled(round_: Round, said: Contribution) -> list[Finding]:
    """XS703: every answer of the node that would count if ``said``, or another one, weren't certified."""
    decided = view(round_.register, said.node)
    lock = decided.locks.get((said.node, said.stage))
    if lock is None:
        return []
    others = [one for one in said_by(round_, said.node, said.stage) if not decided.counts(one)]
    about = others if lock.digest == said.digest else [one for one in others if one.digest == said.digest]
    return list(overruled(round_.premises, about, lock, _rank(round_, said, lock)))


def _rank(round_: Round, said: Contribution, lock: Lock) -> tuple[int, int, int]:
    """The rank of what is certified: what is lower would not count anyhow."""
    ranks = [one.rank for one in said_by(round_, said.node, said.stage) if one.digest == lock.digest]
    return max(ranks, default=said.rank)


def overruled(
    premises: Premises, others: Iterable[Contribution], lock: Lock, rank: tuple[int, int, int]
) -> Iterator[Finding]:
    """XS703 for each of ``others`` that isn't below ``rank``: it is kept, and doesn't count."""
    for digest, one in sorted({one.digest: one for one in others if one.rank >= rank}.items()):
        source = one.rows[0].origin.source if one.rows else None
        file = source.name if source is not None else digest[:8]
        by, day = shown(premises, one.node, lock.signature), local_day(lock.signature.at)
        yield found(
            "XS703", Place(file, one.node), node=named(premises, one.node), by=by, day=day, file=file, id=one.node
        )


def shown(premises: Premises, node: str, signature: Signature) -> str:
    """Who certified, as people say it: function and address."""
    if signature.role == "owner":
        owner = word("certify.who.owner")
        return f"{owner} ({signature.by})" if signature.by else owner
    path = premises.organisation.path(node) if node in premises.organisation else []
    everybody = (contact for above in reversed(path) for contact in premises.contacts_of(above.id))
    function = next((one.function for one in everybody if one.email.casefold() == signature.by and one.function), "")
    return f"{function} ({signature.by})" if function else signature.by or word("certify.who.unnamed")


def forgotten(round_: Round, before: Iterable[str], after: Iterable[Contribution]) -> None:
    """Lifts the certification of what a file said ``before`` and, read anew, no longer says."""
    digests = {one.digest for one in after}
    for one in map(load, before):
        lock = view(round_.register, one.node).locks.get((one.node, one.stage))
        if lock is None or lock.digest != one.digest or one.digest in digests:
            continue
        if all(other.digest != one.digest for other in said_by(round_, one.node, one.stage)):
            round_.register.add_event(
                "reopened", one.node, one.stage, round_.now, by="", why=word("certify.why.reread")
            )


# by hand


@dataclass(frozen=True, slots=True)
class Decision:
    """What ``certify`` came to. ``signature`` None: the node is open, and ``findings`` say why."""

    node: str
    signature: Signature | None
    findings: tuple[Finding, ...]


def certify(round_: Round, node: str, by: str = "", minutes: str = "", decided: date | None = None) -> Decision:
    """Certifies what ``node`` has said, for somebody who may; ``by`` blank is the control workbook's owner.

    What is certified already stays so. ``minutes`` and ``decided`` go before what the Klart sheet says.
    """
    by = by.strip().casefold()
    role = _role(round_, node, by)
    if role is None:
        return Decision(node, None, (_forbidden(round_, node, by),))
    known = view(round_.register, node)
    said = _best(standing(said_by(round_, node, round_.premises.stage), known))
    if len(said) != 1:
        left = [word("certify.left.rivals" if said else "certify.left.no_answer")]
        return Decision(node, None, (_asked(_unfinished(round_, node, left)),))
    one = said[0]
    if one.signature is not None:
        return Decision(node, one.signature, ())
    signoff = _signoff(one)
    typed = (minutes, decided) if minutes or decided else None
    written = (signoff.minutes, signoff.decided) if signoff is not None else ("", None)
    given = (minutes or written[0], decided or written[1])
    left = _left(round_.premises, one, *given, decision=typed is not None)
    if left:
        return Decision(node, None, (_asked(_unfinished(round_, node, left)),))
    signature = Signature(by, role, round_.now, *given, why=_lifted(round_, one))
    with round_.register.transaction():
        _certify(round_, one, signature)
        findings = _late(round_, node, round_.now) + _overruled(round_, one)
    return Decision(node, signature, tuple(findings))


def reopen(round_: Round, node: str, why: str, by: str = "") -> Decision:
    """Lifts the certification of ``node``, with a reason: then rank decides again which answer counts."""
    by = by.strip().casefold()
    role = _role(round_, node, by)
    if role is None:
        return Decision(node, None, (_forbidden(round_, node, by),))
    stage = round_.premises.stage
    name = round_.premises.organisation[node].name
    if (node, stage) not in view(round_.register, node).locks:
        return Decision(node, None, (found("XS707", Place(node=node), node=name),))
    with round_.register.transaction():
        round_.register.add_event("reopened", node, stage, round_.now, by=by, role=role, why=why)
    return Decision(node, None, ())


def _asked(finding: Finding) -> Finding:
    """What is a varning when an answer comes is a fel when somebody asks for its certification."""
    return replace(finding, severity="fel")


def _forbidden(round_: Round, node: str, by: str) -> Finding:
    allowed = ", ".join(dict.fromkeys(_addresses(certifiers(round_.premises, node)))) or word("certify.who.owner")
    return found("XS704", Place(node=node), by=by, node=round_.premises.organisation[node].name, allowed=allowed)


def _unfinished(round_: Round, node: str, left: list[str]) -> Finding:
    name = round_.premises.organisation[node].name
    return found("XS706", Place(node=node), node=name, left=", ".join(left), id=node)


def _left(
    premises: Premises, said: Contribution, minutes: str, decided: date | None, decision: bool = False
) -> list[str]:
    """What remains before ``said`` can be certified, in words.

    ``decision``: somebody says that it is the committee's, whatever the Klart sheet says.
    """
    faults = sum(finding.severity == "fel" for finding in said.findings)
    unexplained = sum(finding.code in EXPLAINED for finding in said.findings)
    left = [word("certify.left.faults", count=faults)] if faults else []
    if not faults and not said.parts >= set(PARTS.values()):
        left.append(word("certify.left.held"))
    if unexplained:
        key = "explanation" if unexplained == 1 else "explanations"
        left.append(word(f"certify.left.{key}", count=unexplained))
    if premises.organisation[said.node].kind in DECIDING:
        signoff = _signoff(said)
        if signoff is not None and signoff.status == "administration" and not decision:
            left.append(word("certify.left.proposal"))
        elif not minutes or decided is None:
            left.append(word("certify.left.minutes"))
    return left


def _signoff(said: Contribution) -> Signoff | None:
    return next((row.record for row in said.rows if isinstance(row.record, Signoff)), None)


def _certify(round_: Round, said: Contribution, signature: Signature, carried: bool = False) -> None:
    data: dict[str, object] = {
        "digest": said.digest,
        "by": signature.by,
        "role": signature.role,
        "minutes": signature.minutes,
        "decided": signature.decided.isoformat() if signature.decided else "",
        "why": signature.why,
    }
    if carried:
        data |= {"carried": True, "signed": signature.at.isoformat()}
    round_.register.add_event("certified", said.node, said.stage, round_.now, **data)


def _lifted(round_: Round, said: Contribution) -> str:
    """The reason for which the node was last reopened, ``""`` when it never was."""
    lifted = (e for e in round_.register.events(["reopened"], said.node) if e.stage == said.stage)
    return str(next((event.data.get("why", "") for event in reversed(list(lifted))), ""))


def _late(round_: Round, node: str, at: datetime) -> list[Finding]:
    phase = round_.premises.phase_of(node)
    last = (phase.certify_by or phase.deadline) if phase is not None else None
    return [finding.at(node=node) for finding in certified_late(round_.premises.organisation[node].name, at, last)]


def _best(said: Iterable[Contribution]) -> list[Contribution]:
    """What stands of ``said``: of the highest rank, one for each content."""
    kept = list(said)
    top = max((one.rank for one in kept), default=None)
    return list({one.digest: one for one in kept if one.rank == top}.values())
