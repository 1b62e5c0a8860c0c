"""Who follows whom when units merge, split or get a new id. A unit that is renamed or moved keeps its id."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Reorganised:
    """``former`` has become (a ``share`` of: None is the whole) ``node``. Same id: no such line is needed."""

    former: str
    node: str
    share: Decimal | None = None
    since: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Succession:
    """The re-organisations that are in force; chains are followed to their end, circles must not be there."""

    lines: tuple[Reorganised, ...]

    @classmethod
    def of(cls, lines: Iterable[Reorganised], year: int) -> "Succession":
        """What is in force in budget ``year``: a former node whose first line starts later is as it was."""
        kept = tuple(lines)
        starts: dict[str, int] = {}
        for line in kept:
            begins = line.since.year if line.since is not None else 0
            starts[line.former] = min(begins, starts.get(line.former, begins))
        return cls(tuple(line for line in kept if starts[line.former] <= year))

    @cached_property
    def _by_former(self) -> dict[str, tuple[Reorganised, ...]]:
        found: dict[str, tuple[Reorganised, ...]] = {}
        for line in self.lines:
            found[line.former] = (*found.get(line.former, ()), line)
        return found

    @property
    def gone(self) -> Iterable[str]:
        """The nodes that others have followed, in the order given."""
        return self._by_former.keys()

    def is_gone(self, node: str) -> bool:
        """Whether others have followed ``node``: then it answers no more."""
        return node in self._by_former

    @property
    def _sorter(self) -> TopologicalSorter[str]:
        return TopologicalSorter({former: [line.node for line in rows] for former, rows in self._by_former.items()})

    @property
    def circle(self) -> tuple[str, ...]:
        """The nodes of a circle; none when all is well."""
        try:
            self._sorter.prepare()
        except CycleError as error:
            return tuple(error.args[1])
        return ()

    @cached_property
    def _heirs(self) -> dict[str, dict[str, Decimal]]:
        found: dict[str, dict[str, Decimal]] = {}
        for node in self._sorter.static_order():  # the last ones first
            rows = self._by_former.get(node, ())
            shares: dict[str, Decimal] = {} if rows else {node: WHOLE}
            for line in rows:
                for heir, share in found[line.node].items():
                    part = share * (WHOLE if line.share is None else line.share)
                    shares[heir] = shares.get(heir, Decimal(0)) + part
            found[node] = shares
        return found

    def heirs(self, node: str) -> dict[str, Decimal]:
        """What has become of ``node`` in the end: node → share. Itself, wholly, when nothing has."""
        return self._heirs.get(node) or {node: WHOLE}

    def heir(self, node: str) -> str | None:
        """The only one that follows ``node`` (itself when it isn't gone); None when it was split."""
        heirs = self.heirs(node)
        return next(iter(heirs)) if len(heirs) == 1 else None

    @cached_property
    def _after(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for node in self._sorter.static_order():
            following = [line.node for line in self._by_former.get(node, ())]
            found[node] = frozenset(following).union(*(found[one] for one in following))
        return found

    def after(self, node: str) -> frozenset[str]:
        """Every node that ``node`` has become, those on the way too."""
        return self._after.get(node, frozenset())

    @cached_property
    def _formers(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for former in self.gone:
            for node in sorted(self.after(former)):
                found.setdefault(node, []).append(former)
        return {node: tuple(formers) for node, formers in found.items()}

    def formers(self, node: str) -> tuple[str, ...]:
        """Every node that has become ``node``, wholly or in part, directly or not, in the order given."""
        return self._formers.get(node, ())

    def covered(self, answered: Container[str]) -> frozenset[str]:
        """The former nodes all of which is spoken for by those that followed, when ``answered`` have answered."""
        found: set[str] = set()
        for node in self._sorter.static_order():
            following = self._by_former.get(node, ())
            if following and all(line.node in answered or line.node in found for line in following):
                found.add(node)
        return frozenset(found)


def divided(amount: Decimal, shares: Sequence[Decimal], unit: Decimal = WHOLE) -> list[Decimal]:
    """``amount`` (whole ``unit``s) by ``shares`` in whole units: the largest remainders get what is left over.

    The parts always add up to ``amount``; shares need not add up to 1 exactly (thirds don't).
    """
    units = abs(Fraction(amount)) / Fraction(unit)
    whole = Fraction(sum(shares, Decimal(0)))
    exact = [units * Fraction(share) / whole for share in shares]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[: int(units) - sum(parts)]:
        parts[place] += 1
    sign = -1 if amount < 0 else 1
    return [sign * part * unit for part in parts]
