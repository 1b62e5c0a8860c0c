"""What is drawn into a workbook: identity, texts, values of forms, rows of tables. Also what was issued."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

Value = int | Decimal | str | bool | date | None
"""A domain value: amounts in kr, choices by key, references by code; ``None`` is blank."""


class Unread(str):
    """What a person typed in a cell where it can't be read: drawn as it stands, and no value of the cell's kind."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a workbook is. ``kind``: node, control, rollup. ``layout`` is the definition's digest."""

    kind: str
    round: str
    node: str
    stage: str
    issue: int
    revision: int
    layout: str

    def text(self) -> str:
        """One line, as it stands in the workbook's hidden places."""
        parts = (self.kind, self.round, self.node, self.stage, self.issue, self.revision, self.layout)
        return "|".join(str(part) for part in parts)

    @classmethod
    def parse(cls, text: str) -> "Identity | None":
        """The identity that ``text()`` wrote, or None when it is something else."""
        parts = text.split("|")
        if len(parts) != 7 or not all(part.isascii() and part.isdigit() for part in parts[4:6]):
            return None
        return cls(parts[0], parts[1], parts[2], parts[3], int(parts[4]), int(parts[5]), parts[6])


@dataclass(frozen=True, slots=True)
class RowContent:
    """One row to draw. ``variant``: normal, fixed, free, section, sum."""

    id: str
    values: Mapping[str, Value]
    variant: str = "normal"


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding to show at a cell: ``text`` becomes a comment, and the cell gets another look."""

    block: str
    row: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that differs between two workbooks of the same layout.

    ``texts`` fill ``{node}``, ``{title}`` … in headings. Formula cells are never in ``forms`` or ``tables``.
    """

    identity: Identity
    texts: Mapping[str, str]
    forms: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    tables: Mapping[str, tuple[RowContent, ...]] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()

    def premises_digest(self) -> str:
        """A digest of what the receiver is told, whatever the issue and revision."""
        plain = replace(self, identity=replace(self.identity, issue=0, revision=0))
        return hashlib.sha256(dump(plain).encode()).hexdigest()


def dump(content: Content) -> str:
    """``content`` as canonical JSON (for the register)."""
    whole = {
        "identity": asdict(content.identity),
        "texts": dict(content.texts),
        "forms": {key: dict(values) for key, values in content.forms.items()},
        "tables": {
            key: [[row.id, row.variant, dict(row.values)] for row in rows] for key, rows in content.tables.items()
        },
    }
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, default=_plain)


def load(text: str) -> Content:
    """The content that ``dump`` wrote (without marks)."""
    whole = json.loads(text, object_hook=_value)
    tables = {
        key: tuple(RowContent(row_id, values, variant) for row_id, variant, values in rows)
        for key, rows in whole["tables"].items()
    }
    return Content(Identity(**whole["identity"]), whole["texts"], whole["forms"], tables)


def _plain(value: object) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    raise TypeError(type(value).__name__)


def _value(found: dict[str, Any]) -> Any:
    if "$decimal" in found:
        return Decimal(found["$decimal"])
    if "$date" in found:
        return date.fromisoformat(found["$date"])
    return found
