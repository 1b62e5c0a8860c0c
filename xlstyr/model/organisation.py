"""The organisation: a tree by decision (money, goals) and another by line (mail, reminders)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class NodeKind(StrEnum):
    """What a node is. MODEL.md section 1 gives the Swedish terms."""

    MUNICIPALITY = "municipality"
    COMMITTEE = "committee"
    ADMINISTRATION = "administration"
    DEPARTMENT = "department"
    UNIT = "unit"
    CENTRAL_FINANCE = "central_finance"
    COMPANY = "company"
    JOINT_AUTHORITY = "joint_authority"


@dataclass(frozen=True, slots=True)
class Node:
    """One part of the organisation, with an id that survives renaming.

    ``parent`` decides on its money and goals, ``line_parent`` is where its manager reports;
    both are ``None`` for the root. ``in_municipality`` is false for companies and joint authorities.
    """

    id: str
    name: str
    kind: NodeKind
    parent: str | None
    line_parent: str | None
    in_municipality: bool
    note: str = ""

    @property
    def line(self) -> str | None:
        """Where mail goes upwards: the line parent, else the decision parent; None for the root."""
        return self.line_parent or self.parent


class Organisation:
    """All nodes of a round, in the order given. Parents must exist and make no cycle (checks/control)."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: dict[str, Node] = {node.id: node for node in nodes}

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self.nodes

    def __getitem__(self, node_id: str) -> Node:
        return self.nodes[node_id]

    @cached_property
    def root(self) -> Node:
        """The first node without a decision parent."""
        return next(node for node in self if node.parent is None)

    @cached_property
    def _children(self) -> dict[str, list[Node]]:
        children: dict[str, list[Node]] = defaultdict(list)
        for node in self:
            if node.parent is not None:
                children[node.parent].append(node)
        return children

    def children(self, node_id: str) -> list[Node]:
        """The nodes whose decision parent is ``node_id``, in the order given."""
        return self._children.get(node_id, [])

    def subtree(self, node_id: str) -> list[Node]:
        """``node_id`` and everything below it by decision, parents before children."""
        found, queue = [], [self.nodes[node_id]]
        while queue:
            node = queue.pop()
            found.append(node)
            queue.extend(reversed(self.children(node.id)))
        return found

    def path(self, node_id: str) -> list[Node]:
        """From the root down to ``node_id``, by decision."""
        path = [self.nodes[node_id]]
        while (parent := path[-1].parent) is not None and parent in self.nodes:
            path.append(self.nodes[parent])
        return path[::-1]

    @cached_property
    def _line_children(self) -> dict[str, list[Node]]:
        children: dict[str, list[Node]] = defaultdict(list)
        for node in self:
            if node.line is not None:
                children[node.line].append(node)
        return children

    def line_subtree(self, node_id: str) -> list[Node]:
        """``node_id`` and everything below it by line (mail, reminders), parents before children; each node once."""
        found, queue, seen = [], [self.nodes[node_id]], {node_id}
        while queue:
            node = queue.pop()
            found.append(node)
            below = [child for child in self._line_children.get(node.id, ()) if child.id not in seen]
            seen.update(child.id for child in below)
            queue.extend(reversed(below))
        return found

    def reach(self, node_id: str) -> frozenset[str]:
        """``node_id`` and everything below it by decision or by line: whose files pass its controller."""
        return frozenset(node.id for below in (self.subtree, self.line_subtree) for node in below(node_id))

    def part(self, scope: str, node_id: str) -> Node | None:
        """The child of ``scope`` that ``node_id`` belongs to, ``scope`` itself for its own rows.

        ``None`` when ``node_id`` isn't below ``scope``.
        """
        path = self.path(node_id)
        for place, node in enumerate(path):
            if node.id == scope:
                return path[place + 1] if place + 1 < len(path) else node
        return None

    def committee(self, node_id: str) -> Node:
        """The topmost node under the root that ``node_id`` belongs to (the root for the root)."""
        path = self.path(node_id)
        return path[1] if len(path) > 1 else path[0]
