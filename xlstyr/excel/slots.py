"""What the slots of a specimen stand for."""

from dataclasses import dataclass

SLOT = 7_770_000_000


@dataclass(frozen=True, slots=True)
class Text:
    """A text with ``{placeholders}`` filled from the content's texts."""

    template: str


@dataclass(frozen=True, slots=True)
class Field:
    """The value of a form's field."""

    form: str
    key: str


@dataclass(frozen=True, slots=True)
class Note:
    """The value of an expression that belongs to a form (a card's note)."""

    form: str
    expression: str


@dataclass(frozen=True, slots=True)
class Sum:
    """The value of a total above a table; ``key`` is the column it stands in."""

    table: str
    key: str
    expression: str


Slot = Text | Field | Note | Sum


class Slots:
    """The slots of one specimen, numbered in the order they were drawn."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []

    def take(self, slot: Slot) -> int:
        """The number to draw for ``slot``."""
        self.slots.append(slot)
        return SLOT + len(self.slots) - 1
