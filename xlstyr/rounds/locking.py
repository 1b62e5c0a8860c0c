"""Which nodes are locked, and so what may count: a view over events, by which nothing that came is lost.

A locked node says what was certified, in whatever order its answers came; reopened, rank decides again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from xlstyr.model.bundle import Contribution, Signature
from xlstyr.rounds.register import Event, Register

KINDS = ("certified", "reopened", "decided")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lock:
    """What a node is certified as. ``carried``: certified on a lower level, whose next certification replaces it."""

    digest: str
    signature: Signature
    carried: bool


@dataclass(frozen=True, slots=True)
class View:
    """What has been decided about nodes, by node and stage: the answer certified, the one chosen (its sequence)."""

    locks: dict[Key, Lock] = field(default_factory=dict)
    decisions: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def seen(self, said: Contribution) -> Contribution:
        """``said`` with its decision, and its signature when it is what is certified."""
        lock = self.locks.get((said.node, said.stage))
        decision = max(said.decision, self.decisions.get((said.node, said.stage, said.digest), 0))
        signature = lock.signature if lock is not None and lock.digest == said.digest else None
        if (decision, signature) == (said.decision, said.signature):
            return said
        return replace(said, decision=decision, signature=signature)

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
    decisions = {
        (event.node, event.stage, str(event.data["digest"])): int(event.data.get("rank", event.seq))
        for happened in events.values()
        for event in happened
        if event.kind == "decided"
    }
    return View(locks, decisions)


def lock_of(events: Iterable[Event]) -> Lock | None:
    """The lock that events of one node at one stage, oldest first, end in."""
    lock: Lock | None = None
    for event in events:
        if event.kind == "reopened":
            lock = None
        elif event.kind == "certified":
            new = certification(event)
            if lock is None or not new.carried or (lock.carried and _later(new, lock)):
                lock = new
    return lock


def _later(new: Lock, old: Lock) -> bool:
    """Whether ``new`` was certified after ``old``; at the same time their contents decide, not which came first."""
    return (new.signature.at, new.digest) >= (old.signature.at, old.digest)


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
    return Lock(str(data.get("digest", "")), signature, bool(data.get("carried")))


def standing(said: Iterable[Contribution], decided: View) -> Iterator[Contribution]:
    """Of all that was said what may count; a locked node says what was certified, and nothing else."""
    return (decided.seen(one) for one in said if decided.counts(one))
