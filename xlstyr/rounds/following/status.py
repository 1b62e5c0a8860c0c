"""``status``: where every node stands, derived from what has happened and from nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from xlstyr.checks.between import check_rivals
from xlstyr.model.bundle import Contribution, Signature
from xlstyr.model.finding import Finding
from xlstyr.model.organisation import Node
from xlstyr.rollup.merge import bundle_of
from xlstyr.rounds.deciding.locking import View, heard, lock_of, view
from xlstyr.rounds.following.consolidating import counting
from xlstyr.rounds.incoming.unread import unread
from xlstyr.rounds.outgoing.issuing import recipients
from xlstyr.rounds.register import Answer, Event, Register
from xlstyr.rounds.round import Round
from xlstyr.words import word

UNANSWERED = frozenset({"not_sent", "sent", "reminded"})
RIVALS = "XS501"
UNREAD, TOLD = "unread", "told"
"""Changes that are none: something came that couldn't be read; a return that asked for nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a node's state: when, to what, by whom (an address, or a word for us), why, and with which file.

    ``sha256`` is the file's, when it came from the node.
    """

    at: datetime
    state: str
    who: str = ""
    why: str = ""
    file: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class NodeStatus:
    """One node: its state (DESIGN section 6), when it is due, and what its answer that stands has of findings.

    ``change`` is what brought it there, None before anything happened. ``signature`` is there when what stands is
    certified, and ``included`` says whether it was in the last sums, whatever the state is called. ``is_in``: its
    money would be in the sums now. ``awaits`` is what the node has to send: answer, correction, resend (its file
    couldn't be read), explanation, or ``""``. ``late`` names what is overdue: answer (or what shall correct it),
    certification, or ``""``.
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
    is_in: bool = False
    awaits: str = ""

    @property
    def held(self) -> bool:
        """Whether an answer is in whose money doesn't count, until something in it is put right."""
        return not (self.is_in or self.competing or self.state in UNANSWERED or self.awaits == "resend")

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

    def _count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)


@dataclass
class _Course:
    """What happens to one node, event by event. A certification lies on top of what happens until it is lifted.

    ``asks`` is what a return waits for; ``told``: a return that waits for nothing has followed the answer.
    """

    base: str = "not_sent"
    asks: str = ""
    told: bool = False
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
        unanswered = self.base in UNANSWERED
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
            case "returned" if asks := _asks(event):
                included = self.included  # it is as much in the last sums as it was
                self._become("returned")
                self.asks, self.included = asks, included
            case "returned":
                self.told = True
            case "received" if event.data.get("status") != "refused":
                self._become("corrected" if self.told or self.base in ("returned", "corrected") else "received")

    def _become(self, state: str) -> None:
        self.base, self.asks, self.told, self.reissued = state, "", False, False
        self.included = self.included and self.certified  # a locked node stays, whatever comes


def _asks(event: Event) -> str:
    """What a return waits for; an older register doesn't say."""
    unknown = "correction" if event.data.get("file", "") else "resend"
    return str(event.data.get("asks", unknown))


def _is_answer(event: Event) -> bool:
    return event.kind == "received" and event.data.get("status") != "refused"


def _moves(event: Event, before: str, after: _Course) -> bool:
    """Whether an event is told as what brought a node where it stands. Another answer is, where it may count."""
    again = event.kind in ("certified", "reopened") or (_is_answer(event) and not after.certified)
    return after.state != before or again


def changes(register: Register, events: Iterable[Event]) -> Iterator[Change]:
    """What happened in ``events`` of one node at one stage, oldest first: changes of state, answers and returns."""
    course = _Course()
    for event in events:
        before = course.state
        course.follow(event)
        if _moves(event, before, course):
            yield _told(register, event, course.state)
        elif _is_answer(event) or event.kind == "returned":
            yield _told(register, event, course.base if _is_answer(event) or _asks(event) else TOLD)


def _told(register: Register, event: Event, state: str) -> Change:
    who, why = str(event.data.get("by", "")), str(event.data.get("why", ""))
    if event.kind in ("certified", "reopened") and event.data.get("role") == "owner":
        who = who or word("certify.who.owner")
    if event.kind == "certified":
        minutes = (str(event.data.get(key, "")) for key in ("minutes", "decided"))
        why = ", ".join(text for text in (*minutes, why) if text)
    file = str(event.data.get("file", ""))
    sha256 = str(event.data.get("sha256", ""))
    if event.kind != "received" or not sha256:
        return Change(event.at, state, who, why, file)
    known = register.file(sha256)
    return Change(event.at, state, who or _sender(register, sha256), why, known[0] if known is not None else "", sha256)


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
    return Change(at, UNREAD, _sender(round_.register, answer.sha256), codes, name, answer.sha256)


def node_states(round_: Round) -> list[NodeStatus]:
    """The state of every node that should answer, in the organisation's order."""
    stage, register = round_.premises.stage, round_.register
    events: dict[str, list[Event]] = defaultdict(list)
    for event in register.events():
        if event.stage == stage:
            events[event.node].append(event)
    decided = view(register)
    return [
        _status(round_, node, events[node.id], register.answers(node.id, stage), decided) for node in recipients(round_)
    ]


def _status(round_: Round, node: Node, events: list[Event], answers: list[Answer], decided: View) -> NodeStatus:
    phase = round_.premises.phase_of(node.id)
    assert phase is not None
    course = _Course()
    last: Event | None = None
    for event in events:
        before = course.state
        course.follow(event)
        last = event if _moves(event, before, course) else last
    lock = lock_of(events)
    findings, counts = _stands(round_, node.id, answers, decided)
    found = NodeStatus(
        node,
        course.state,
        phase.deadline,
        phase.certify_by or phase.deadline,
        findings,
        _told(round_.register, last, course.state) if last is not None else None,
        lock.signature if lock is not None else None,
        course.included,
        is_in=counts,
        awaits=_awaits(course, counts=counts),
    )
    return replace(found, late=_late(found, round_.today))


def _awaits(course: _Course, *, counts: bool) -> str:
    """What the node has to send. An answer that counts, to an earlier issue too, is waited for no more."""
    if course.state in UNANSWERED:
        return "" if counts else "answer"
    return course.asks if course.state == "returned" else ""


def _late(status: NodeStatus, today: date) -> str:
    """What is overdue. A question about an answer that counts makes nobody late."""
    if status.awaits not in ("", "explanation"):
        return "answer" if today > status.deadline else ""
    return "certification" if status.signature is None and today > status.certify_by else ""


def _stands(round_: Round, node: str, answers: list[Answer], decided: View) -> tuple[tuple[Finding, ...], bool]:
    """The findings of what stands, and that two compete for it; whether its money would be in the sums now.

    Of files that said nothing, the findings of the last one, unless an answer came later.
    """
    refused: tuple[Finding, ...] = ()
    said: list[Contribution] = []
    read = iter(heard(answers))
    for answer in answers:
        if answer.contribution is None:
            refused = answer.findings
        elif decided.counts(one := decided.seen(next(read))):
            said.append(one)
            refused = ()
    premises, bundle = round_.premises, bundle_of(said)
    counted, doubts = counting(premises, bundle)
    counts = node in counted and "money" in counted[node].parts and not premises.succession.is_gone(node)
    stands = sorted((one for kept in bundle.values() for one in kept), key=lambda one: one.digest)
    own = (finding for one in stands for finding in one.findings)
    return (*refused, *check_rivals(bundle, premises), *own, *doubts.get(node, ())), counts
