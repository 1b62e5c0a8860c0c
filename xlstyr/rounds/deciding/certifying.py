"""``certify``: what a node has said is provisional until the right person certifies it; then it is locked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from xlstyr.checks.process import certified_late
from xlstyr.checks.senders import addresses_above, addresses_of
from xlstyr.layout.submission import PARTS
from xlstyr.model.bundle import Contribution, Signature
from xlstyr.model.days import local_day
from xlstyr.model.delivery import Delivery
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.organisation import NodeKind
from xlstyr.model.personal import masked
from xlstyr.model.premises import Contact, Premises
from xlstyr.model.records import Signoff
from xlstyr.rounds.deciding.comparing import said_by
from xlstyr.rounds.deciding.locking import (
    Lock,
    certification,
    lifted_below,
    lock_of,
    since_reopened,
    standing,
    stands,
    view,
)
from xlstyr.rounds.register import Event
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
    """As what ``by`` may certify ``node``; None when not at all. ``""`` is whoever runs the round: its owner.

    In a part of a round nobody is: the control workbook is another's.
    """
    premises = round_.premises
    if by in _addresses(certifiers(premises, node)):
        return "certifier"
    if round_.part is not None:
        return None
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


def on_arrival(
    round_: Round, said: Iterable[Contribution], delivery: Delivery, carrier: str | None = None
) -> list[Finding]:
    """Certifies what came, where its Klart sheet, sender and copies say so; inside the transaction that took it in.

    ``carrier``: the node whose rolled-up workbook carries it, None for a node's own workbook. What is carried is
    certified when it was so below, by somebody who may, and somebody at that node or above has sent it.
    """
    findings: list[Finding] = []
    trusted = carrier is not None and _may_carry(round_, carrier, delivery)
    for one in said:
        if one.node not in round_.premises.organisation:
            continue
        before = view(round_.register, one.node).locks.get((one.node, one.stage))
        if carrier is None:
            findings += _by_sender(round_, one, delivery)
        else:
            findings += _carried(round_, one, carrier, trusted=trusted)
        findings += _replaced(round_, one, before)
        findings += _overruled(round_, one)
    return findings


def last_event(round_: Round) -> int:
    """The number of the last thing that has happened in the round; 0: nothing has."""
    (seq,) = round_.register.execute("select coalesce(max(seq), 0) from events").fetchone()
    return int(seq)


def certified_since(round_: Round, seq: int) -> dict[str, str]:
    """Node → who certified it here after event ``seq``: by sending its answer, or by a copy of it."""
    events = round_.register.events(["certified"])
    return {e.node: str(e.data.get("by", "")) for e in events if e.seq > seq and not e.data.get("carried")}


def _may_carry(round_: Round, carrier: str, delivery: Delivery) -> bool:
    """Whether certifications count in a roll-up of ``carrier`` that came so; what lies in a folder was laid there."""
    if not delivery.sender:
        return delivery.channel == "folder"
    return delivery.sender.casefold() in addresses_above(round_.premises, carrier)


def _carried(round_: Round, said: Contribution, carrier: str, *, trusted: bool) -> list[Finding]:
    """What a level below has certified, and what it has lifted."""
    events = round_.register.events(["certified", "reopened", "lifted"], said.node)
    happened = [event for event in events if event.stage == said.stage]
    if trusted and said.lifted is not None:
        _lift(round_, said, happened)
    signature = said.signature
    if signature is None or _is_known(happened, said, signature):
        return []
    if not stands(Lock(said.digest, signature, carried=True, after=said.lifted), lifted_below(happened)):
        return []  # the level below has lifted it since
    root = round_.premises.organisation.root.id
    by = signature.by.casefold()
    is_certifier = signature.role == "certifier" and by in _addresses(certifiers(round_.premises, said.node))
    if not trusted or not (is_certifier or (signature.role == "owner" and carrier == root)):
        who = shown(round_.premises, said.node, signature)
        return [found("XS516", Place(node=said.node), node=named(round_.premises, said.node), by=who, id=said.node)]
    _certify(round_, said, signature, carried=True)
    return []


def _is_known(happened: Iterable[Event], said: Contribution, signature: Signature) -> bool:
    """Whether a certification is registered: one that was lifted here doesn't come back with the next roll-up."""
    events = list(happened)
    valid = since_reopened(events)
    for event in events:
        known = certification(event) if event.kind == "certified" else None
        if known is None or (known.digest, known.signature) != (said.digest, signature):
            continue
        again = (known.rank, known.after) == ((said.issue, said.revision), said.lifted)
        if not known.carried or known not in valid or again:
            return True
    return False


def _lift(round_: Round, said: Contribution, happened: list[Event]) -> None:
    """Registers, once, that the level below has lifted what it had certified: here as well, if it came from there."""
    assert said.lifted is not None
    if any(e.kind == "lifted" and datetime.fromisoformat(e.data["lifted"]) >= said.lifted for e in happened):
        return
    if any(e.kind == "reopened" and e.at == said.lifted for e in happened):
        return  # lifted here, and carried back
    data = {"lifted": said.lifted.isoformat(), "why": word("certify.why.below")}
    lifting = Event(0, round_.now, "lifted", said.node, said.stage, data)
    fell = lock_of(happened) is not None and lock_of([*happened, lifting]) is None
    round_.register.add_event("lifted", said.node, said.stage, round_.now, **data, fell=fell)


def _replaced(round_: Round, said: Contribution, before: Lock | None) -> list[Finding]:
    """XS708: another certified answer counts than did. XS709: none does any more, the level below has lifted it."""
    if before is None:
        return []
    now = view(round_.register, said.node).locks.get((said.node, said.stage))
    name = named(round_.premises, said.node)
    day = local_day(before.signature.at)
    by = shown(round_.premises, said.node, before.signature)
    if now is None:
        return [found("XS709", Place(node=said.node), node=name, by=by, day=day)]
    if now.digest == before.digest:
        return []
    return [found("XS708", Place(node=said.node), node=name, by=by, day=day, id=said.node)]


def _by_sender(round_: Round, said: Contribution, delivery: Delivery) -> list[Finding]:
    """An answer from a certifier is certified; with one in copy when it comes from the node itself."""
    by = _certifier(round_, said.node, delivery)
    signoff = _signoff(said)
    if not by or signoff is None or not signoff.done or _is_certified(round_, said):
        return []
    left = _left(round_.premises, said, signoff.minutes, signoff.decided)
    if left:
        return [_unfinished(round_, said.node, left)]
    sender = delivery.sender.casefold()
    copy = "" if by == sender else word("certify.why.copy", sender=masked(sender))
    why = "; ".join(filter(None, (copy, _lifted(round_, said))))
    _certify(round_, said, Signature(by, "certifier", round_.now, signoff.minutes, signoff.decided, why))
    return _late(round_, said.node, delivery.received)


def _certifier(round_: Round, node: str, delivery: Delivery) -> str:
    """Who certifies by sending, or by having a copy; ``""``: nobody. Anybody can write anybody's address in copy."""
    allowed = _addresses(certifiers(round_.premises, node))
    sender = delivery.sender.casefold()
    if sender in allowed:
        return sender
    if sender not in addresses_of(round_.premises, node):
        return ""
    return next((one.casefold() for one in delivery.copies if one.casefold() in allowed), "")


def _is_certified(round_: Round, said: Contribution) -> bool:
    """Whether this very answer has been certified since the node was last reopened."""
    events = round_.register.events(["certified", "reopened"], said.node)
    valid = since_reopened(event for event in events if event.stage == said.stage)
    return any((one.digest, one.rank) == (said.digest, (said.issue, said.revision)) for one in valid)


def _overruled(round_: Round, said: Contribution) -> list[Finding]:
    """XS703: every answer of the node that would count if ``said``, or another one, weren't certified.

    What is of lower rank, or has been chosen away, wouldn't count anyhow.
    """
    decided = view(round_.register, said.node)
    lock = decided.locks.get((said.node, said.stage))
    if lock is None:
        return []
    everything = [decided.seen(one) for one in said_by(round_, said.node, said.stage)]
    others = [one for one in everything if not decided.counts(one)]
    about = others if lock.digest == said.digest else [one for one in others if one.digest == said.digest]
    certified = [one.rank for one in everything if one.digest == lock.digest]
    return list(overruled(round_.premises, about, lock, max(certified, default=said.rank)))


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
        cause = "rivals" if said else "no_answer"
        left = {cause: word(f"certify.left.{cause}")}
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
    by = by or word("certify.who.unknown")
    return found("XS704", Place(node=node), by=by, node=round_.premises.organisation[node].name, allowed=allowed)


def _unfinished(round_: Round, node: str, left: Mapping[str, str]) -> Finding:
    """XS706 with the cure of what is left, when that is one thing."""
    name = round_.premises.organisation[node].name
    cause = next(iter(left)) if len(left) == 1 else ""
    return found("XS706", Place(node=node), node=name, left=", ".join(left.values()), id=node, cause=cause)


def _left(
    premises: Premises, said: Contribution, minutes: str, decided: date | None, decision: bool = False
) -> dict[str, str]:
    """What remains before ``said`` can be certified, in words, by cause.

    ``decision``: somebody says that it is the committee's, whatever the Klart sheet says.
    """
    faults = sum(finding.severity == "fel" for finding in said.findings)
    unexplained = sum(finding.code in EXPLAINED for finding in said.findings)
    left = {"faults": word("certify.left.faults", count=faults)} if faults else {}
    if not faults and not said.parts >= set(PARTS.values()):
        left["held"] = word("certify.left.held")
    if unexplained:
        key = "explanation" if unexplained == 1 else "explanations"
        left["explanations"] = word(f"certify.left.{key}", count=unexplained)
    if premises.organisation[said.node].kind in DECIDING:
        signoff = _signoff(said)
        if signoff is not None and signoff.status == "administration" and not decision:
            left["proposal"] = word("certify.left.proposal")
        elif not minutes or decided is None:
            left["minutes"] = word("certify.left.minutes")
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
        "issue": said.issue,
        "revision": said.revision,
    }
    if carried:
        after = said.lifted.isoformat() if said.lifted is not None else ""
        data |= {"carried": True, "signed": signature.at.isoformat(), "after": after}
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
