"""``status``: where every node stands, derived from what has happened and from nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from xlstyr.checks.between import check_rivals
from xlstyr.model.bundle import Contribution, Signature, load
from xlstyr.model.finding import Finding
from xlstyr.model.organisation import Node
from xlstyr.rounds.issuing import recipients
from xlstyr.rounds.locking import View, lock_of, view
from xlstyr.rounds.register import Answer, Event, Register
from xlstyr.rounds.round import Round
from xlstyr.rounds.unread import unread
from xlstyr.words import word

OUT = frozenset({"not_sent", "sent", "reminded", "returned"})
"""States in which an answer is awaited."""
RIVALS = "XS501"
UNREAD = "unread"
"""A change that is none: something came that couldn't be read."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a node's state: when, to what, by whom (an address, or a word for us), why, and with which file."""

    at: datetime
    state: str
    who: str = ""
    why: str = ""
    file: str = ""


@dataclass(frozen=True)
class NodeStatus:
    """One node: its state (DESIGN section 6), when it is due, and what its answer that stands has of findings.

    ``change`` is what brought it there, None before anything happened. ``signature`` is there when what stands is
    certified, and ``included`` says whether it was in the last sums, whatever the state is called. ``late`` names
    what is overdue: answer, certification, or ``""``.
    """

    node: Node
    state: str
    deadline: date
    certify_by: date
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    change: Change | None = None
    signature: Signature | None = None
    included: bool = False
    late: str = ""

    @property
    def competing(self) -> bool:
        """Whether two answers compete, so that neither counts."""
        return any(finding.code == RIVALS for finding in self.findings)

    @property
    def errors(self) -> int:
        """How many findings of severity fel."""
        return self._count("fel")

    @property
    def warnings(self) -> int:
        """How many findings of severity varning."""
        return self._count("varning")

    @property
    def is_in(self) -> bool:
        """Whether an answer is in, and the next step isn't the node's."""
        return self.state not in OUT

    def _count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)


@dataclass
class _Course:
    """What happens to one node, event by event. A certification lies on top of what happens until it is lifted."""

    base: str = "not_sent"
    certified: bool = False
    included: bool = False
    reissued: bool = False

    @property
    def state(self) -> str:
        """Where it stands. What is in the sums may be certified as well; what was returned awaits its correction."""
        if self.base == "returned" and not self.certified:
            return self.base
        return "included" if self.included else "certified" if self.certified else self.base

    def follow(self, event: Event) -> None:
        """One event more."""
        unanswered = self.base in ("not_sent", "sent", "reminded")
        match event.kind:
            case "certified":
                self.certified, self.included = True, False
            case "reopened":
                self.certified = self.included = False
            case "lifted" if event.data.get("fell"):
                self.certified = self.included = False
            case "included":
                self.included = True
            case "issued":
                self.reissued = True
            case "sent" if unanswered or self.reissued:
                self._become("sent")
            case "reminded" if unanswered:
                self._become("reminded")
            case "returned":
                self._become("returned")
            case "received" if event.data.get("status") != "refused":
                self._become("corrected" if self.base in ("returned", "corrected") else "received")

    def _become(self, state: str) -> None:
        self.base, self.reissued = state, False
        self.included = self.included and self.certified  # a locked node stays, whatever comes


def changes(register: Register, events: Iterable[Event]) -> Iterator[Change]:
    """Every change of state in ``events`` of one node at one stage, oldest first."""
    course = _Course()
    for event in events:
        before = course.state
        course.follow(event)
        if course.state != before or event.kind in ("certified", "reopened"):
            yield _told(register, event, course.state)


def _told(register: Register, event: Event, state: str) -> Change:
    who, why = str(event.data.get("by", "")), str(event.data.get("why", ""))
    if event.kind in ("certified", "reopened") and event.data.get("role") == "owner":
        who = who or word("certify.who.owner")
    if event.kind == "certified":
        minutes = (str(event.data.get(key, "")) for key in ("minutes", "decided"))
        why = ", ".join(text for text in (*minutes, why) if text)
    file = str(event.data.get("file", ""))
    sha256 = str(event.data.get("sha256", ""))
    if event.kind == "received" and sha256:
        known = register.file(sha256)
        file = known[0] if known is not None else ""
        who = who or _sender(register, sha256)
    return Change(event.at, state, who, why, file)


def _sender(register: Register, sha256: str) -> str:
    query = "select sender from arrivals where sha256 = ? and sender <> '' order by seq limit 1"
    found = register.execute(query, (sha256,)).fetchone()
    return str(found[0]) if found else ""


def history(round_: Round, node: str) -> list[Change]:
    """How ``node`` came where it stands at the running stage, oldest first, and what came that couldn't be read."""
    events = round_.register.events((), node)
    told = changes(round_.register, (event for event in events if event.stage == round_.premises.stage))
    lost = (_lost(round_, answer) for answer in unread(round_).get(node, ()))
    return sorted([*told, *lost], key=lambda change: change.at)


def _lost(round_: Round, answer: Answer) -> Change:
    known = round_.register.file(answer.sha256)
    codes = ", ".join(finding.code for finding in answer.findings if finding.severity == "fel")
    name, at = known if known is not None else ("", round_.now)
    return Change(at, UNREAD, _sender(round_.register, answer.sha256), codes, name)


def node_states(round_: Round) -> list[NodeStatus]:
    """The state of every node that should answer, in the organisation's order."""
    stage, register = round_.premises.stage, round_.register
    events: dict[str, list[Event]] = defaultdict(list)
    for event in register.events():
        if event.stage == stage:
            events[event.node].append(event)
    answers: dict[str, list[Answer]] = defaultdict(list)
    for answer in register.answers(stage=stage):
        answers[answer.node].append(answer)
    decided = view(register)
    return [_status(round_, node, events[node.id], answers[node.id], decided) for node in recipients(round_)]


def _status(round_: Round, node: Node, events: list[Event], answers: list[Answer], decided: View) -> NodeStatus:
    phase = round_.premises.phase_of(node.id)
    assert phase is not None
    course = _Course()
    last: Event | None = None
    for event in events:
        before = course.state
        course.follow(event)
        last = event if course.state != before or event.kind == "certified" else last
    lock = lock_of(events)
    found = NodeStatus(
        node,
        course.state,
        phase.deadline,
        phase.certify_by or phase.deadline,
        _findings(round_, answers, decided),
        _told(round_.register, last, course.state) if last is not None else None,
        lock.signature if lock is not None else None,
        course.included,
    )
    today = round_.today
    if not found.is_in:
        return replace(found, late="answer" if today > found.deadline else "")
    late = found.signature is None and today > found.certify_by
    return replace(found, late="certification" if late else "")


def _findings(round_: Round, answers: list[Answer], decided: View) -> tuple[Finding, ...]:
    """The findings of what stands, and that two compete for it.

    Of files that said nothing, those of the last one, unless an answer came later.
    """
    refused: tuple[Finding, ...] = ()
    said: list[Contribution] = []
    for answer in answers:
        if answer.contribution is None:
            refused = answer.findings
        elif decided.counts(one := decided.seen(load(answer.contribution))):
            said.append(one)
            refused = ()
    top = max((one.rank for one in said), default=None)
    stands = {one.digest: one for one in said if one.rank == top}
    bundle = {(one.node, one.stage): frozenset(stands.values()) for one in stands.values()}
    rivals = check_rivals(bundle, round_.premises)
    return (*refused, *rivals, *(finding for one in stands.values() for finding in one.findings))
