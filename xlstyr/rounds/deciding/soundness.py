"""What an answer may claim: carried ones are judged as strictly as files are, and a revision must have been returned.

A seal shows that nobody has changed a carried answer by chance; not that it was ever read from a workbook.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache

from xlstyr.layout.content import Identity
from xlstyr.layout.submission import PARTS
from xlstyr.model.bundle import Contribution, Row, load
from xlstyr.model.finding import Finding, Place, blocked_parts, found
from xlstyr.model.period import Period, columns
from xlstyr.model.records import BudgetLine
from xlstyr.rounds.deciding.comparing import former, said_by
from xlstyr.rounds.register import Answer, Register
from xlstyr.rounds.round import Round
from xlstyr.rounds.succeeding import said_amount
from xlstyr.words import rules, word

COUNT = 10**6
"""Above every revision and sequence that can be."""
AMOUNT = 10**13
"""Above every amount (kr) and number that a cell may hold."""
SHORT, CELL = 200, 32_767
"""The longest code or name, and the longest text of a cell."""
YEARS = range(2000, 2200)
_CODES = frozenset({"node", "stage", "account", "activity", "counterparty", "project", "goal", "side"})
_REF = re.compile(r"[A-Z]{1,3}[0-9]{1,7}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Known:
    """What carried answers are judged by: the carrier's stage, the budget year, and what was issued here.

    ``latest`` gives the number of the latest issue to a node at the stage, None where none is known.
    """

    stage: str
    year: int
    latest: Callable[[str], int | None]


def known_here(round_: Round, stage: str) -> Known:
    """What is known in ``round_`` of a carrier at ``stage``."""

    def latest(node: str) -> int | None:
        issue = round_.register.issue(node, stage)
        return issue.issue if issue is not None else None

    return Known(stage, round_.premises.settings.year, latest)


def sound(said: Contribution, known: Known) -> str | None:
    """Why the carried answer ``said`` can't be what a workbook was read as, in words; None when it can."""
    broken = next((key for key, holds in _TESTS.items() if not holds(said, known)), None)
    return word(f"checks.unsound.{broken}") if broken is not None else None


def _its_own(said: Contribution, _known: Known) -> bool:
    return all(row.owner == row.record.node == said.node for row in said.rows)


def _of_the_stage(said: Contribution, known: Known) -> bool:
    lines = (row.record for row in said.rows if isinstance(row.record, BudgetLine))
    return said.stage == known.stage and all(line.stage == known.stage for line in lines)


def _of_known_parts(said: Contribution, _known: Known) -> bool:
    """Known ones, and none that a fel of its own holds back."""
    held = blocked_parts(said.findings)
    return said.parts <= set(PARTS.values()) and said.parts.isdisjoint(held) and not (said.parts and "identity" in held)


def _ranked(said: Contribution, known: Known) -> bool:
    latest = known.latest(said.node)
    last = latest if latest is not None else COUNT - 1
    return 0 <= said.issue <= last and 0 <= said.revision < COUNT and 0 <= said.decision < COUNT


def _findings(said: Contribution, _known: Known) -> bool:
    return all(map(_in_the_catalogue, said.findings))


def _in_the_catalogue(finding: Finding) -> bool:
    if finding.code not in _declared():
        return False
    rule = rules.rule(finding.code)
    blocks = {"", *PARTS.values()} if rule.blocks == "money" else {rule.blocks}  # narrowed to the part it stands in
    texts = (*(getattr(finding.place, field.name) for field in fields(Place)), *(text for _, text in finding.args))
    return finding.severity == rule.severity and finding.blocks in blocks and all(len(text) <= CELL for text in texts)


@cache
def _declared() -> frozenset[str]:
    return frozenset(rules.codes())


def _once(said: Contribution, _known: Known) -> bool:
    """Each row once, as in a workbook."""
    return len({(row.table, row.id) for row in said.rows}) == len(said.rows)


def _in_bounds(said: Contribution, _known: Known) -> bool:
    """Every number is one that a cell may hold, and every text fits in one; codes are short."""
    return all(
        _fits(field.name, getattr(row.record, field.name))
        for row in said.rows
        for field in fields(row.record)
        if field.name != "amounts"
    ) and all(abs(amount) < AMOUNT for row in said.rows for _, amount in _amounts(row))


def _fits(name: str, value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= (SHORT if name in _CODES else CELL)
    if isinstance(value, int | Decimal):
        return -AMOUNT < value < AMOUNT
    return True


def _amounts(row: Row) -> tuple[tuple[Period, int], ...]:
    amounts: tuple[tuple[Period, int], ...] = getattr(row.record, "amounts", ())
    return amounts


def _of_the_year(said: Contribution, known: Known) -> bool:
    """The periods are those of the round, each stated once in a row."""
    periods = frozenset(columns(known.year))
    stated = [[period for period, _ in _amounts(row)] for row in said.rows]
    return all(len(set(those)) == len(those) and periods.issuperset(those) for those in stated)


def _placed(said: Contribution, _known: Known) -> bool:
    """Every row came from a cell in a file, at a time that a clock may show."""
    return all(map(_has_place, said.rows)) and (said.signature is None or said.signature.at.year in YEARS)


def _has_place(row: Row) -> bool:
    origin, source = row.origin, row.origin.source
    texts = (row.table, row.id, origin.sheet, *(name for name, _ in origin.refs))
    return (
        _SHA256.fullmatch(source.sha256) is not None
        and (source.received is None or source.received.year in YEARS)
        and max(len(source.name), len(source.sender)) <= CELL
        and 0 <= origin.row < COUNT * 10
        and all(len(text) <= SHORT for text in texts)
        and all(_REF.fullmatch(ref) for _, ref in origin.refs)
    )


_TESTS: Mapping[str, Callable[[Contribution, Known], bool]] = {
    "owner": _its_own,
    "stage": _of_the_stage,
    "parts": _of_known_parts,
    "rank": _ranked,
    "findings": _findings,
    "rows": _once,
    "values": _in_bounds,
    "periods": _of_the_year,
    "place": _placed,
}
"""What must hold, by the word for it when it doesn't."""


# revisions


def unreturned(round_: Round, identity: Identity) -> Finding | None:
    """XS519 when a workbook says that it was returned oftener than anybody has: it would outrank all others.

    In a part of a round returns may have been made above, of which nothing is known; only the bound holds there.
    """
    claimed = identity.revision
    if claimed == 0 or (round_.part is not None and claimed < COUNT):
        return None
    known = revision_of(round_.register, identity.node, identity.stage, identity.issue)
    name = round_.names.get(identity.node, identity.node)
    return found("XS519", node=name, claimed=claimed, known=known) if claimed > known else None


def revision_of(register: Register, node: str, stage: str, issue: int) -> int:
    """The highest revision that an answer of ``node`` to ``issue`` can have: how often it was returned.

    A carried answer may have been returned once more where it was taken in.
    """
    returned = {event.data.get("sha256") for event in register.events(("returned",), node) if event.stage == stage}
    answers = [answer for answer in register.answers(node, stage) if answer.contribution is not None]
    drawn = int(register.note(_key(node, stage, issue)) or 0)
    return max([drawn, *_next(answers, issue, returned)])


def _next(answers: Iterable[Answer], issue: int, returned: set[object]) -> Iterator[int]:
    """The revision after each of ``answers`` that was returned here, or that was carried."""
    for answer in answers:
        said = load(answer.contribution or "")
        carried = any(row.origin.source.sha256 != answer.sha256 for row in said.rows[:1])
        if said.issue == issue and (carried or answer.sha256 in returned):
            yield said.revision + 1


def note_return(register: Register, identity: Identity) -> None:
    """Keeps that the answer with ``identity`` was drawn as a return; inside a transaction."""
    key = _key(identity.node, identity.stage, identity.issue)
    register.note(key, str(max(identity.revision + 1, int(register.note(key) or 0))))


def _key(node: str, stage: str, issue: int) -> str:
    return f"revision {node} {stage} {issue}"


# what a new answer does to the one before it


def told_of_rank(round_: Round, said: Contribution, file: str, but: str) -> list[Finding]:
    """XS521 when an earlier answer outranks ``said`` of ``file``; XS520 when it takes a former one's money away.

    ``but`` is the sha256 of the file.
    """
    others = said_by(round_, said.node, said.stage, but)
    name = round_.names.get(said.node, said.node)
    above = max((one for one in others if one.rank[:2] > said.rank[:2]), key=lambda one: one.rank, default=None)
    if above is not None:
        earlier = _file_of(above)
        return [found("XS521", Place(file, said.node), node=name, file=file, earlier=earlier)]
    before = former(said, others)
    if before is None or before.rank == said.rank or "money" not in said.parts & before.parts:
        return []
    if not _has_money(before) or _has_money(said):
        return []
    amount = said_amount(round_.premises, before)
    return [found("XS520", Place(file, said.node), node=name, file=file, earlier=_file_of(before), amount=amount)]


def _has_money(said: Contribution) -> bool:
    return any(isinstance(row.record, BudgetLine) for row in said.rows)


def _file_of(said: Contribution) -> str:
    return said.rows[0].origin.source.name if said.rows else said.digest[:8]
