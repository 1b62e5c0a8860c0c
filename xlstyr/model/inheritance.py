"""What stood on former nodes, moved to the nodes that follow them: nothing is lost and nothing added."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol, Self, TypeVar

from xlstyr.model.money import Kr, half_away, total
from xlstyr.model.premises import (
    Document,
    Frame,
    GivenAssignment,
    GivenIndicator,
    GivenVolume,
    Opening,
    Premises,
    Staff,
)
from xlstyr.model.succession import Succession, divided

_SMALLEST = Decimal("0.01")  # of a post or a volume


class _Told(Protocol):
    """Something that a node is told."""

    @property
    def node(self) -> str: ...


T = TypeVar("T")
Told = TypeVar("Told", bound=_Told)


class _Sums(dict[str, dict[object, list[T]]]):
    """Node → key → what is put together there, in the order it came."""

    def put(self, node: str, key: object, item: T) -> Self:
        self.setdefault(node, {}).setdefault(key, []).append(item)
        return self


def inherited(premises: Premises) -> Premises:
    """``premises`` where everything that stands on a former node stands on those that follow it.

    Money, posts and volumes by share; goals, indicators, assignments, documents and comments with each of them.
    Contacts stay: a former unit's people aren't written to, but are known (``Premises.known_contacts``).
    """
    succession = premises.succession
    if not succession.lines:
        return premises
    return replace(
        premises,
        opening=_opening(premises, succession),
        staff=_staff(premises, succession),
        frames=_frames(premises, succession),
        goals=_unique(premises.goals, succession, lambda goal, node: replace(goal, node=node)),
        indicators=_indicators(premises, succession),
        assignments=_assignments(premises, succession),
        volumes=_volumes(premises, succession),
        documents=_documents(premises, succession),
        comments=_unique(premises.comments, succession, lambda remark, node: replace(remark, node=node)),
    )


def _kr(amount: Kr | None, shares: Sequence[Decimal]) -> list[Kr | None]:
    if amount is None:
        return [None] * len(shares)
    return [int(part) for part in divided(Decimal(amount), shares)]


def _number(number: Decimal | None, shares: Sequence[Decimal]) -> list[Decimal | None]:
    """Posts and volumes in hundredths, or as fine as they were given."""
    if number is None or len(shares) == 1:
        return [number] * len(shares)
    exponent = number.as_tuple().exponent
    fine = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else _SMALLEST
    return [*divided(number, shares, min(fine, _SMALLEST))]


def _known(numbers: Iterable[Decimal | None]) -> Decimal | None:
    known = [number for number in numbers if number is not None]
    return sum(known, Decimal(0)) if known else None


def _opening(premises: Premises, succession: Succession) -> Mapping[str, tuple[Opening, ...]]:
    grouped: _Sums[Opening] = _Sums()
    for node, lines in premises.opening.items():
        heirs = succession.heirs(node)
        shares = list(heirs.values())
        for line in lines:
            parts = zip(
                heirs,
                _kr(line.outcome, shares),
                _kr(line.budget, shares),
                _kr(line.forecast, shares),
                _kr(line.proposal if len(heirs) == 1 else premises.proposal(line), shares),
                strict=True,
            )
            for heir, outcome, budget, forecast, proposal in parts:
                moved = replace(line, node=heir, outcome=outcome, budget=budget, forecast=forecast, proposal=proposal)
                grouped.put(heir, line.id, moved)
    return {node: tuple(_line(premises, same) for same in ids.values()) for node, ids in grouped.items()}


def _line(premises: Premises, same: list[Opening]) -> Opening:
    """Lines of one account, activity and counterparty as one; what was locked for anyone stays locked."""
    if len(same) == 1:
        return same[0]
    return replace(
        same[0],
        outcome=total(line.outcome for line in same),
        budget=total(line.budget for line in same),
        forecast=total(line.forecast for line in same),
        proposal=total(premises.proposal(line) for line in same),
        locked=any(line.locked for line in same),
    )


def _staff(premises: Premises, succession: Succession) -> Mapping[str, tuple[Staff, ...]]:
    """Posts of the same category, account and pay are put together; other pay is another line."""
    grouped: _Sums[Staff] = _Sums()
    for node, rows in premises.staff.items():
        heirs = succession.heirs(node)
        for row in rows:
            for heir, posts in zip(heirs, _number(row.posts, [*heirs.values()]), strict=True):
                moved = replace(row, node=heir, posts=posts or Decimal(0))
                key = (row.category, row.account, row.pay, row.overhead, row.overhead_account)
                grouped.put(heir, key if succession.formers(heir) else len(grouped.get(heir, ())), moved)
    return {
        node: tuple(replace(same[0], posts=sum((row.posts for row in same), Decimal(0))) for same in keys.values())
        for node, keys in grouped.items()
    }


def _frames(premises: Premises, succession: Succession) -> Mapping[str, Frame]:
    grouped: _Sums[Frame] = _Sums()
    for node, frame in premises.frames.items():
        heirs = succession.heirs(node)
        parts = [_kr(amount, [*heirs.values()]) for amount in (frame.previous, *frame.rules)]
        for place, heir in enumerate(heirs):
            previous, *rules = (part[place] for part in parts)
            grouped.put(heir, "", Frame(heir, previous or 0, *rules))
    frames = {}
    for node, same in ((node, frames[""]) for node, frames in grouped.items()):
        rules = [total(amounts) for amounts in zip(*(frame.rules for frame in same), strict=True)]
        frames[node] = Frame(node, sum(frame.previous for frame in same), *rules)
    return frames


def _unique(items: Iterable[Told], succession: Succession, moved: Callable[[Told, str], Told]) -> tuple[Told, ...]:
    """Each with every node that follows its node; what is then the same is there once."""
    found: dict[Told, None] = {}
    for item in items:
        found.update(dict.fromkeys(moved(item, heir) for heir in succession.heirs(item.node)))
    return tuple(found)


def _indicators(premises: Premises, succession: Succession) -> Mapping[str, tuple[GivenIndicator, ...]]:
    grouped: _Sums[tuple[str, GivenIndicator]] = _Sums()
    for node, rows in premises.indicators.items():
        heirs = succession.heirs(node)
        shares = list(heirs.values())
        for row in rows:
            weights = _number(row.weight, shares)
            is_sum = row.aggregation == "sum"
            currents = _number(row.current, shares) if is_sum else [row.current] * len(shares)
            targets = _number(row.target, shares) if is_sum else [row.target] * len(shares)
            for heir, weight, current, target in zip(heirs, weights, currents, targets, strict=True):
                moved = replace(row, node=heir, weight=weight, current=current, target=target)
                grouped.put(heir, row.indicator, (node, moved))
    return {
        node: tuple(one for same in ids.values() for one in _measured(premises, same)) for node, ids in grouped.items()
    }


def _measured(premises: Premises, same: list[tuple[str, GivenIndicator]]) -> list[GivenIndicator]:
    """An indicator that several former nodes had: one where the values can be put together, else each by itself."""
    rows = [row for _, row in same]
    first = rows[0]
    if len(rows) == 1:
        return rows
    if all((row.current, row.target) == (first.current, first.target) for row in rows) and first.aggregation != "sum":
        return [replace(first, weight=_known(row.weight for row in rows))]
    if first.aggregation == "none" or not _is_comparable(rows):
        return [_apart(premises, node, row, number) for number, (node, row) in enumerate(same)]
    return [
        replace(
            first,
            current=_together(first.aggregation, [(row.current, row.weight) for row in rows]),
            target=_together(first.aggregation, [(row.target, row.weight) for row in rows]),
            weight=_known(row.weight for row in rows),
        )
    ]


def _is_comparable(rows: list[GivenIndicator]) -> bool:
    """Whether every row has what putting them together takes."""
    states = [{getattr(row, key) is None for row in rows} for key in ("current", "target")]
    is_weighed = all(row.weight is not None and row.weight > 0 for row in rows)
    return all(len(state) == 1 for state in states) and (is_weighed or rows[0].aggregation == "sum")


def _together(how: str, pairs: list[tuple[Decimal | None, Decimal | None]]) -> Decimal | None:
    known = [(value, weight or Decimal(0)) for value, weight in pairs if value is not None]
    if not known:
        return None
    if how == "sum":
        return sum((value for value, _ in known), Decimal(0))
    mean = sum((value * weight for value, weight in known), Decimal(0)) / sum((w for _, w in known), Decimal(0))
    return Decimal(half_away(mean, 2))


def _apart(premises: Premises, node: str, row: GivenIndicator, number: int) -> GivenIndicator:
    """One of several of the same id, with the name of the unit whose value it was."""
    came = premises.organisation[node].name if node in premises.organisation else node
    key = row.indicator if number == 0 else f"{row.indicator}-{node}"
    return replace(row, indicator=key, name=f"{row.name} ({came})")


def _assignments(premises: Premises, succession: Succession) -> Mapping[str, tuple[GivenAssignment, ...]]:
    grouped: _Sums[GivenAssignment] = _Sums()
    for node, rows in premises.assignments.items():
        for row in rows:
            for heir in succession.heirs(node):
                giver = succession.heir(row.giver) or row.giver
                grouped.put(heir, row.assignment, replace(row, node=heir, giver=giver))
    return {node: tuple(same[0] for same in ids.values()) for node, ids in grouped.items()}


def _volumes(premises: Premises, succession: Succession) -> Mapping[str, tuple[GivenVolume, ...]]:
    grouped: _Sums[GivenVolume] = _Sums()
    for node, rows in premises.volumes.items():
        heirs = succession.heirs(node)
        for row in rows:
            parts = [_number(number, [*heirs.values()]) for number in (row.outcome, row.budget, row.proposal)]
            for place, heir in enumerate(heirs):
                outcome, budget, proposal = (part[place] for part in parts)
                moved = replace(row, node=heir, outcome=outcome, budget=budget, proposal=proposal)
                grouped.put(heir, row.volume, moved)
    return {node: tuple(_volume(same) for same in ids.values()) for node, ids in grouped.items()}


def _volume(same: list[GivenVolume]) -> GivenVolume:
    return replace(
        same[0],
        outcome=_known(row.outcome for row in same),
        budget=_known(row.budget for row in same),
        proposal=_known(row.proposal for row in same),
    )


def _documents(premises: Premises, succession: Succession) -> tuple[Document, ...]:
    found: dict[Document, None] = {}
    for document in premises.documents:
        heirs = succession.heirs(document.node) if document.node is not None else [None]
        found.update(dict.fromkeys(replace(document, node=heir) for heir in heirs))
    return tuple(found)
