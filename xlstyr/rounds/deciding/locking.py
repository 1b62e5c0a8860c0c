"""Which nodes are locked, and so what may count: a view over events, by which nothing that came is lost.

A locked node says what was certified, in whatever order its answers came; reopened, rank decides again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from xlstyr.model.bundle import Contribution, Signature, load
from xlstyr.rollup.merge import order
from xlstyr.rounds.register import Answer, Event, Register

KINDS = ("certified", "reopened", "lifted", "decided")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lock:
    """What a node is certified as. ``carried``: on a lower level, which may lift it again.

    ``after`` is when that level had last lifted a certification of the node, as it was then.
    """

    digest: str
    signature: Signature
    carried: bool
    rank: tuple[int, int] = (0, 0)
    after: datetime | None = None

    @property
    def order(self) -> tuple[object, ...]:
        """Of several certified answers the highest counts: issue and revision, then the time, then the content."""
        signature = self.signature
        return (*self.rank, signature.at, self.digest, self.carried, signature.by, signature.role, signature.minutes)


@dataclass(frozen=True, slots=True)
class View:
    """What has been decided about nodes, by node and stage: the answer certified, the one chosen (its sequence).

    ``chosen``: (node, stage, issue, revision) for which somebody has chosen here. ``lifted``: when a certification was
    last lifted, here or below.
    """

    locks: dict[Key, Lock] = field(default_factory=dict)
    decisions: dict[tuple[str, str, str], int] = field(default_factory=dict)
    chosen: frozenset[tuple[str, str, int, int]] = frozenset()
    lifted: dict[Key, datetime] = field(default_factory=dict)

    def seen(self, said: Contribution) -> Contribution:
        """``said`` with its decision, and its signature when it is what is certified.

        What was chosen below counts where nobody has chosen here.
        """
        key = (said.node, said.stage)
        lock = self.locks.get(key)
        decision = self.decisions.get((*key, said.digest), 0)
        if (*key, said.issue, said.revision) not in self.chosen:
            decision = max(said.decision, decision)
        signature = lock.signature if lock is not None and lock.digest == said.digest else None
        lifted = self.lifted.get(key)
        if (decision, signature, lifted) == (said.decision, said.signature, said.lifted):
            return said
        return replace(said, decision=decision, signature=signature, lifted=lifted)

    def counts(self, said: Contribution) -> bool:
        """Whether ``said`` may count: its node isn't locked, or this is what was certified."""
        lock = self.locks.get((said.node, said.stage))
        return lock is None or lock.digest == said.digest


def view(register: Register, node: str | None = None) -> View:
    """The decisions on every node, or on ``node`` alone."""
    events: dict[Key, list[Event]] = defaultdict(list)
    for event in register.events(KINDS, node):
        events[event.node, event.stage].append(event)
    locks = {key: lock for key, happened in events.items() if (lock := lock_of(happened)) is not None}
    lifted = {key: at for key, happened in events.items() if (at := lifted_at(happened)) is not None}
    decided = [event for happened in events.values() for event in happened if event.kind == "decided"]
    decisions = {(e.node, e.stage, str(e.data["digest"])): int(e.data.get("rank", e.seq)) for e in decided}
    chosen = frozenset((e.node, e.stage, *_rank(e)) for e in decided if "issue" in e.data)
    return View(locks, decisions, chosen, lifted)


def lock_of(events: Iterable[Event]) -> Lock | None:
    """The lock that events of one node at one stage, oldest first, end in.

    It is decided by the set of what was certified since the node was reopened here, never by the order it came in.
    """
    happened = list(events)
    lifted = lifted_below(happened)
    return max(
        (lock for lock in since_reopened(happened) if stands(lock, lifted)), key=lambda one: one.order, default=None
    )


def since_reopened(events: Iterable[Event]) -> list[Lock]:
    """Every certification since the node was last reopened here."""
    found: list[Lock] = []
    for event in events:
        if event.kind == "reopened":
            found = []
        elif event.kind == "certified":
            found.append(certification(event))
    return found


def stands(lock: Lock, lifted: datetime | None) -> bool:
    """Whether a certification is still one, when the level below last lifted its own at ``lifted``."""
    if not lock.carried or lifted is None:
        return True
    return lock.signature.at > lifted or (lock.after is not None and lock.after >= lifted)


def lifted_below(events: Iterable[Event]) -> datetime | None:
    """When the level below last lifted a certification, as far as is known here; None: never."""
    times = (datetime.fromisoformat(event.data["lifted"]) for event in events if event.kind == "lifted")
    return max(times, default=None)


def lifted_at(events: Iterable[Event]) -> datetime | None:
    """When a certification of the node was last lifted, here or below; None: never."""
    happened = list(events)
    times = [event.at for event in happened if event.kind == "reopened"]
    below = lifted_below(happened)
    return max([*times, *([below] if below is not None else [])], default=None)


def heard(answers: Iterable[Answer]) -> list[Contribution]:
    """What ``answers`` say. Of an answer that was read here a carried copy says what was read here, as it was judged.

    Whoever carries it may have an older control workbook, and so fewer fel.
    """
    said = [(one.sha256, load(one.contribution)) for one in answers if one.contribution is not None]
    own = (one for sha256, one in said if _is_read_here(sha256, one))
    read: dict[tuple[object, ...], Contribution] = {}
    for one in own:
        known = read.get(_copied(one))
        read[_copied(one)] = one if known is None else min(known, one, key=order)
    return [_as_read(one, read.get(_copied(one)), sha256) for sha256, one in said]


def _as_read(said: Contribution, here: Contribution | None, sha256: str) -> Contribution:
    if here is None or _is_read_here(sha256, said):
        return said
    return replace(said, parts=here.parts, rows=here.rows, findings=here.findings)


def _copied(said: Contribution) -> tuple[object, ...]:
    return (said.node, said.stage, said.digest, said.issue, said.revision)


def _is_read_here(sha256: str, said: Contribution) -> bool:
    """Whether the file itself says it: what a file carries was read from another."""
    return bool(said.rows) and said.rows[0].origin.source.sha256 == sha256


def _rank(event: Event) -> tuple[int, int]:
    return (int(event.data.get("issue", 0)), int(event.data.get("revision", 0)))


def certification(event: Event) -> Lock:
    """What an event of certification says."""
    data = event.data
    at, decided = data.get("signed"), data.get("decided")
    signature = Signature(
        str(data.get("by", "")),
        str(data.get("role", "")),
        datetime.fromisoformat(at) if at else event.at,
        str(data.get("minutes", "")),
        date.fromisoformat(decided) if decided else None,
        str(data.get("why", "")),
    )
    after = datetime.fromisoformat(data["after"]) if data.get("after") else None
    return Lock(str(data.get("digest", "")), signature, bool(data.get("carried")), _rank(event), after)


def standing(said: Iterable[Contribution], decided: View) -> Iterator[Contribution]:
    """Of all that was said what may count; a locked node says what was certified, and nothing else."""
    return (decided.seen(one) for one in said if decided.counts(one))
