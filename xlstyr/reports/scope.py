"""What a rolled-up workbook covers: a node, the parts under it, what came in and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from xlstyr.model.bundle import Contribution, Row
from xlstyr.model.organisation import Node, NodeKind
from xlstyr.model.premises import Premises
from xlstyr.model.records import BudgetLine
from xlstyr.rollup.figures import money_rows

_WILDCARDS = str.maketrans({"*": "\u2217", "?": "\uff1f", "~": "\u223c"})


@dataclass(frozen=True)
class Scope:
    """One roll-up. ``settled``: contribution per node that counts; ``missing``: node → why it doesn't.

    At the root only nodes in the municipality count: companies and joint authorities are never in its totals.
    ``carried`` is all that was said, rivals and held answers too, so that the next level merges the same.
    ``stand_ins``: node → the former nodes whose answers count for it, until it answers itself.
    """

    premises: Premises
    node: Node
    settled: Mapping[str, Contribution]
    missing: Mapping[str, str]
    faults: int = 0
    carried: tuple[Contribution, ...] = ()
    stand_ins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node whose figures belong here."""
        subtree = self.premises.organisation.subtree(self.node.id)
        return [node for node in subtree if node.in_municipality or not self.node.in_municipality]

    @cached_property
    def expected(self) -> list[Node]:
        """The nodes that should have answered."""
        return [node for node in self.nodes if self.premises.phase_of(node.id) is not None]

    @cached_property
    def gaps(self) -> dict[str, str]:
        """Expected nodes that aren't in the sums → why."""
        return {node.id: self.missing[node.id] for node in self.expected if node.id in self.missing}

    @property
    def complete(self) -> bool:
        """Whether everything expected is in the sums."""
        return not self.gaps

    def part(self, node_id: str) -> Node:
        """The part that ``node_id`` is summed to: a child of this node, or itself for its own lines."""
        return self.premises.organisation.part(self.node.id, node_id) or self.node

    @cached_property
    def parts(self) -> list[Node]:
        """The parts with expected nodes, in the organisation's order, central finance last."""
        found = list(dict.fromkeys(self.part(node.id).id for node in self.expected))
        nodes = [self.premises.organisation[node_id] for node_id in found]
        return sorted(nodes, key=lambda node: node.kind == NodeKind.CENTRAL_FINANCE)

    def completeness(self, part: Node) -> tuple[int, int]:
        """(answers in the sums, answers expected) of ``part``."""
        nodes = [node.id for node in self.expected if self.part(node.id).id == part.id]
        return sum(node not in self.gaps for node in nodes), len(nodes)

    @cached_property
    def contributions(self) -> dict[str, Contribution]:
        """The contributions that belong here, by node."""
        inside = {node.id for node in self.nodes}
        return {node: said for node, said in self.settled.items() if node in inside}

    @cached_property
    def lines(self) -> list[tuple[Row, BudgetLine]]:
        """Every budget line in the sums, in the order of its block in Fakta."""
        rows = [(row, row.record) for row in money_rows(self.contributions) if isinstance(row.record, BudgetLine)]
        return sorted(rows, key=lambda pair: (self.block_key(*pair), pair[0].owner, pair[0].table, pair[0].id))

    @cached_property
    def central(self) -> frozenset[str]:
        """The nodes of central finance."""
        return frozenset(node.id for node in self.nodes if node.kind == NodeKind.CENTRAL_FINANCE)

    @property
    def central_in(self) -> bool:
        """Whether all of central finance is in the sums: without it there is no result."""
        counted = {node for node, said in self.contributions.items() if "money" in said.parts}
        return bool(self.central) and self.central <= counted

    def label(self, part: Node) -> str:
        """What a part is called on the pages, by which its rows are also summed: unique, and no wildcard."""
        twins = sum(other.name.casefold() == part.name.casefold() for other in self.parts)
        name = part.name if twins == 1 else f"{part.name} ({part.id})"
        return name.translate(_WILDCARDS)

    @cached_property
    def _published(self) -> dict[str, str]:
        return {code: comparison.code for comparison in self.premises.comparisons for code in comparison.activities}

    @cached_property
    def _order(self) -> dict[str, int]:
        return {part.id: place for place, part in enumerate(self.parts)}

    def block_key(self, row: Row, line: BudgetLine) -> tuple[int, str, str, str, str, str, str, str, str]:
        """The dimensions of the cube that ``line`` belongs to, part first in the order of the pages."""
        premises = self.premises
        part = self.part(row.owner)
        activity, account = premises.activities.get(line.activity), premises.accounts.get(line.account)
        return (
            self._order.get(part.id, 0),
            self.label(part),
            "F" if row.owner in self.central else "N",
            activity.area if activity else "",
            line.activity,
            account.group if account else "",
            "I" if line.side == "income" else "K",
            "Ja" if account is not None and account.internal else "Nej",
            self._published.get(line.activity, "") if row.owner not in self.central else "",
        )
