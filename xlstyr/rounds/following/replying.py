"""``return``: feedback to everybody whose answer should be looked over, with what is most important in the letter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlstyr.checks.senders import addresses_above
from xlstyr.model.bundle import load
from xlstyr.model.finding import Finding
from xlstyr.model.premises import Remark
from xlstyr.rounds.deciding.comparing import Compared, corrected, said_by
from xlstyr.rounds.deciding.locking import view
from xlstyr.rounds.following.returning import asked, asks_of, draw_return, noted, ranked
from xlstyr.rounds.incoming.examining import Examined, examine
from xlstyr.rounds.incoming.unread import in_order, unread
from xlstyr.rounds.outgoing.commenting import remarks, untold
from xlstyr.rounds.outgoing.issuing import recipients
from xlstyr.rounds.outgoing.letters import UNDECIDED, Outgoing, Writer, addresses, nodes_of
from xlstyr.rounds.register import Answer
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

IN_LETTER = 3
_OF_MESSAGE = "XS045"
"""A finding about the message that an answer came in, that its sender should know of."""


@dataclass(frozen=True)
class Return:
    """One answer to give back. ``path`` is None for a file that couldn't be read.

    ``letter`` is None when nobody has an address. ``findings`` are what is asked about, the most important first.
    ``refused``: nothing in the file counts. ``asks``: what is waited for (``returning.asks_of``).
    """

    node: str
    stage: str
    sha256: str
    file: str
    findings: tuple[Finding, ...]
    told: tuple[Remark, ...]
    compared: Compared | None = None
    path: Path | None = None
    data: bytes = b""
    letter: Outgoing | None = None
    refused: bool = False
    asks: str = ""

    def count(self, severity: str) -> int:
        """How many findings of ``severity`` there are."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A node that gets no return now, and why (a key of ``returns.waiting``)."""

    node: str
    why: str


def plan_returns(round_: Round, nodes: Sequence[str] = ()) -> Iterator[Return | Waiting]:
    """What should be returned: the latest answer of each of ``nodes``, or of all where there is something to say.

    The same answer isn't returned twice, unless there is a comment that hasn't been told. Nothing is written.
    """
    writer = Writer(round_)
    undecided = {
        node
        for letter in round_.mailbook.letters(("return",))
        if letter.status in UNDECIDED
        for node in nodes_of(letter)
    }
    lost = unread(round_)
    for node in nodes or [one.id for one in recipients(round_)]:
        found = _planned(round_, writer, node, lost.get(node, []), named=bool(nodes))
        if isinstance(found, Return) and node in undecided:
            yield Waiting(node, "unsure")
        elif found is not None:
            yield found


def _planned(round_: Round, writer: Writer, node: str, lost: list[Answer], *, named: bool) -> Return | Waiting | None:
    """The return to ``node``, whose unread files are ``lost``; None when nobody asks for one."""
    stage = round_.premises.stage
    named_ones = [answer for answer in round_.register.answers(node) if answer.stage in ("", stage)]
    answers = in_order(round_, named_ones, lost)
    if not answers:
        return Waiting(node, "no_answer") if named else None
    more = untold(round_, node)
    if not named and not more and not any(asked(answer.findings) for answer in answers):
        return None
    latest = _latest(round_, node, answers)
    if isinstance(latest, str):
        return Waiting(node, latest) if named or latest != "certified" else None
    if not named and not more and not asked(latest.findings):
        return None
    returned = round_.register.events(("returned",), node)
    if not more and any(event.data.get("sha256") == latest.sha256 for event in returned):
        return Waiting(node, "returned") if named else None
    return _drawn(round_, writer, latest)


def _latest(round_: Round, node: str, answers: Sequence[Answer]) -> Answer | str:
    """The answer that counts, or a later one that couldn't be read; in words why neither can be returned."""
    stage = round_.premises.stage
    decided = view(round_.register, node)
    said = [decided.seen(one) for one in said_by(round_, node, stage)]
    texts = [answer for answer in answers if answer.contribution is not None]
    top = max((one.rank for one in said), default=None)
    best = [answer for answer, one in zip(texts, said, strict=True) if one.rank == top]
    last = answers[-1]
    if not best or (last.contribution is None and asked(last.findings)):
        return last  # a file that said nothing that can count, or a roll-up that somebody has changed
    if (node, stage) in decided.locks:
        return "certified"
    if len({one.digest for one in said if one.rank == top}) > 1:
        return "rival"
    own = [answer for answer in best if _is_here(round_, answer)]
    return own[-1] if own else "carried"


def _is_here(round_: Round, answer: Answer) -> bool:
    """Whether the answer came in a file of its own, and not in a roll-up."""
    if len(round_.register.said_by(answer.sha256)) > 1 or answer.contribution is None:
        return False
    return all(row.origin.source.sha256 == answer.sha256 for row in load(answer.contribution).rows[:1])


def _original(round_: Round, sha256: str) -> Path | None:
    return next(iter(sorted(round_.folder_of("originals").glob(f"{sha256}*"))), None)


def _drawn(round_: Round, writer: Writer, answer: Answer) -> Return | Waiting:
    known = round_.register.file(answer.sha256)
    told = tuple(remarks(round_, answer.node, answer.sha256))
    name = known[0] if known is not None else ""
    planned = Return(answer.node, round_.premises.stage, answer.sha256, name, (), told)
    if answer.contribution is None:
        findings = ranked(asked(answer.findings), None)
        asks = asks_of(answer.findings, answer.status)
        planned = replace(planned, findings=findings, refused=answer.status == "refused", asks=asks)
    else:
        original = _original(round_, answer.sha256)
        if original is None:
            return Waiting(answer.node, "gone")
        examined = examine(round_, original.read_bytes(), name)
        told_of = [finding for finding in answer.findings if finding.code == _OF_MESSAGE]
        planned = _stamped(round_, planned, replace(examined, findings=(*examined.findings, *told_of)))
    return _with_letter(round_, writer, planned)


def _stamped(round_: Round, planned: Return, examined: Examined) -> Return:
    """With the return workbook, and what is asked in it."""
    said = examined.contributions[0] if examined.submission is not None else None
    drawn = draw_return(round_, examined)
    path, data = drawn if drawn is not None else (None, b"")
    compared = corrected(round_, said, examined.sha256)[1] if said is not None else None
    findings = ranked(asked(examined.findings), said)
    asks = asks_of(examined.findings, examined.status)
    return replace(
        planned, findings=findings, compared=compared, path=path, data=data, refused=drawn is None, asks=asks
    )


def _with_letter(round_: Round, writer: Writer, planned: Return) -> Return:
    premises, node = round_.premises, planned.node
    to = _receivers(round_, node, planned.sha256)
    if not to:
        return planned
    controllers = addresses(premises.controllers(node))
    given = {address.casefold() for address in to}
    letter = writer.outgoing(
        "return",
        (node,),
        to,
        (planned.path,) if planned.path is not None else (),
        copies=[address for address in controllers if address.casefold() not in given],
        data=noted(round_, node, planned.sha256, planned.path, planned.asks),
        answer=planned.file,
        refused=planned.refused,
        asks=planned.asks,
        findings=[_shown(finding) for finding in planned.findings[:IN_LETTER]],
        more=max(0, len(planned.findings) - IN_LETTER),
        errors=planned.count("fel"),
        warnings=planned.count("varning"),
        comments=[{"about": remark.about, "text": remark.text} for remark in planned.told],
        compared=planned.compared.counts if planned.compared is not None and not planned.compared.rival else None,
    )
    return replace(planned, letter=letter)


def _receivers(round_: Round, node: str, sha256: str) -> tuple[str, ...]:
    """The sender of the answer when that is somebody the node has, else its responsible."""
    premises = round_.premises
    known = addresses_above(premises, node)
    senders = [arrival.delivery.sender for arrival in round_.mailbook.arrivals(sha256)]
    mine = [sender for sender in senders if sender in known]
    return (mine[-1],) if mine else addresses(premises.contacts_of(node, "responsible"))


def _shown(finding: Finding) -> dict[str, str]:
    place = f"{finding.place.sheet} {finding.place.cell}".strip()
    return {
        "severity": finding.severity,
        "code": finding.code,
        "place": place or word("returns.whole"),
        "message": finding.message,
        "fix": finding.fix,
    }


def laid(round_: Round, planned: Return) -> Return:
    """The workbook in ``retur/``, its bytes let go. Without a letter the return is noted here, else when that goes."""
    if planned.path is not None:
        write_safely(planned.path, planned.data)
    if planned.letter is None:
        with round_.register.transaction():
            about = noted(round_, planned.node, planned.sha256, planned.path, planned.asks)
            round_.register.add_event("returned", planned.node, planned.stage, round_.now, **about)
    return replace(planned, data=b"")
