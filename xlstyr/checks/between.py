"""Checks between answers: rivals, gaps, internal trade and frames of whole branches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from xlstyr.checks.case import tkr
from xlstyr.model.bundle import Bundle, Contribution
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.money import TKR, Kr
from xlstyr.model.period import Period, PeriodKind
from xlstyr.model.premises import Premises
from xlstyr.model.records import BudgetLine
from xlstyr.words import word

_MARK = 8
"""How much of a checksum is shown: so much names an answer when somebody chooses."""


def check_bundle(bundle: Bundle, premises: Premises, expected: Mapping[str, str]) -> list[Finding]:
    """Everything that doesn't fit together between the answers of the running phase.

    Args:
        bundle: What nodes have said.
        premises: What it is checked against.
        expected: The nodes whose answer is awaited and missing, each with the reason in words.
    """
    answers = _Answers(bundle, premises, expected)
    return [*_rivals(answers), *_trade(answers), *_gaps(answers), *_frames(answers)]


def check_rivals(bundle: Bundle, premises: Premises) -> list[Finding]:
    """XS501 alone, for each node with answers of equal rank that differ."""
    return list(_rivals(_Answers(bundle, premises, {})))


@dataclass(frozen=True)
class _Answers:
    """The answers of the running phase, and whose money isn't known."""

    bundle: Bundle
    premises: Premises
    expected: Mapping[str, str]

    @property
    def period(self) -> Period:
        """The budget year."""
        return Period(PeriodKind.BUDGET, self.premises.settings.year)

    @cached_property
    def rivals(self) -> dict[tuple[str, str], list[Contribution]]:
        """Answers of the highest rank that differ, per node and stage."""
        found = {}
        for key, said in sorted(self.bundle.items()):
            top = max((one.rank for one in said), default=None)
            best = {one.digest: one for one in said if one.rank == top}
            if len(best) > 1:
                found[key] = [best[digest] for digest in sorted(best)]
        return found

    @cached_property
    def lines(self) -> dict[str, list[BudgetLine]]:
        """The budget lines that count, per node that has answered about money."""
        lines = {}
        for (node, stage), said in self.bundle.items():
            if stage == self.premises.stage and said and (node, stage) not in self.rivals:
                best = max(said, key=lambda one: one.rank)
                if "money" in best.parts and node in self.premises.organisation:
                    lines[node] = [row.record for row in best.rows if isinstance(row.record, BudgetLine)]
        return lines

    @cached_property
    def missing(self) -> frozenset[str]:
        """The nodes that get a workbook but whose money isn't known, or only in part."""
        asked = {node.id for node in self.premises.organisation if self.premises.phase_of(node.id) is not None}
        partly = {node for node, lines in self.lines.items() if any(self._is_undecided(line) for line in lines)}
        return frozenset(asked - self.lines.keys() | partly | self.expected.keys())

    def _is_undecided(self, line: BudgetLine) -> bool:
        before = Period(PeriodKind.BUDGET, self.premises.settings.year - 1)
        return line.amount(self.period) is None and line.amount(before) is not None and not line.adjustment

    def name(self, node: str) -> str:
        """What people call ``node``."""
        return self.premises.organisation[node].name if node in self.premises.organisation else node


def _rivals(answers: _Answers) -> Iterator[Finding]:
    """XS501: answers of equal rank that differ; nobody but a person may choose."""
    for (node, _stage), rivals in answers.rivals.items():
        originals = [original_of(one) for one in rivals]
        marks = originals if len({*originals}) == len(rivals) else [one.digest for one in rivals]
        shown = [_file(one, mark[:_MARK]) for one, mark in zip(rivals, marks, strict=True)]
        yield found("XS501", Place(node=node), files=", ".join(shown))


def _file(contribution: Contribution, mark: str) -> str:
    """An answer by its file, and by the ``mark`` that it can be chosen with: names may be the same, or changed."""
    name = next((row.origin.source.name for row in contribution.rows if row.origin.source.name), "")
    return word("checks.file.version" if name else "checks.file.unnamed", name=name, digest=mark)


def original_of(contribution: Contribution) -> str:
    """What the original that ``contribution`` was read from is called in the round's folder."""
    return next((row.origin.source.sha256 for row in contribution.rows), contribution.digest)


def _trade(answers: _Answers) -> Iterator[Finding]:
    """XS503: what one committee sells to another, the other buys. Pairs with a gap on either side are left."""
    organisation = answers.premises.organisation
    unknown = {organisation.committee(node).id for node in answers.missing if node in organisation}
    for (seller, buyer), (income, cost) in sorted(_pairs(answers).items()):
        if abs(income - cost) <= TKR or seller in unknown or buyer in unknown:
            continue
        names = {"seller": answers.name(seller), "buyer": answers.name(buyer)}
        amounts = {"income": tkr(income), "cost": tkr(cost), "difference": tkr(abs(income - cost))}
        yield found("XS503", Place(node=seller, row=buyer), **names, **amounts)


def _pairs(answers: _Answers) -> dict[tuple[str, str], tuple[Kr, Kr]]:
    """(seller, buyer) → (what the seller gets, what the buyer pays), kr in the budget year, by committee."""
    premises, pairs = answers.premises, dict[tuple[str, str], tuple[Kr, Kr]]()
    committees = _committees(premises)
    for node, lines in answers.lines.items():
        for line in lines:
            account, amount = premises.accounts.get(line.account), line.amount(answers.period)
            other = committees.get(line.counterparty or "")
            if account is None or not account.internal or amount is None or other in (None, committees[node]):
                continue
            assert other is not None
            pair = (committees[node], other) if line.side == "income" else (other, committees[node])
            income, cost = pairs.get(pair, (0, 0))
            pairs[pair] = (income + amount, cost) if line.side == "income" else (income, cost + amount)
    return pairs


def _committees(premises: Premises) -> dict[str, str]:
    """Node → its committee. Who trades with a former node trades with what has become of it, where that is one."""
    organisation, succession = premises.organisation, premises.succession
    heirs = {node.id: node.id for node in organisation} | {node: succession.heir(node) for node in succession.gone}
    return {node: organisation.committee(heir).id for node, heir in heirs.items() if heir is not None}


def _gaps(answers: _Answers) -> Iterator[Finding]:
    """XS504: who is missing, and why."""
    for node, reason in sorted(answers.expected.items()):
        yield found("XS504", Place(node=node), node=answers.name(node), reason=reason)


def _frames(answers: _Answers) -> Iterator[Finding]:
    """XS506: a complete branch is at most 1 tkr over its frame."""
    premises, organisation = answers.premises, answers.premises.organisation
    sums: dict[str, Kr] = {}
    incomplete = {above.id for node in answers.missing if node in organisation for above in organisation.path(node)}
    for node, lines in answers.lines.items():
        cost = sum(line.net_cost(answers.period) or 0 for line in lines)
        for above in organisation.path(node):
            if organisation[node].in_municipality or not above.in_municipality:
                sums[above.id] = sums.get(above.id, 0) + cost
    for branch in organisation:
        frame = premises.frames.get(branch.id)
        if frame is None or branch.id in incomplete or branch.id not in sums or not organisation.children(branch.id):
            continue
        over = sums[branch.id] - frame.frame
        if over > TKR:
            yield found("XS506", Place(node=branch.id), node=branch.name, over=tkr(over))
