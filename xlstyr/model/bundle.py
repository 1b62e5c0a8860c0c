"""What nodes have said: contributions, keyed by node and stage."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import AwareDatetime, TypeAdapter

from xlstyr.model.finding import Finding
from xlstyr.model.provenance import Origin
from xlstyr.model.records import Record


@dataclass(frozen=True, slots=True)
class Row:
    """One record with its place. ``id`` is unique within node, stage and table."""

    table: str
    id: str
    owner: str
    record: Record
    origin: Origin


@dataclass(frozen=True, slots=True)
class Signature:
    """That somebody has certified what a node says: who, as what, when.

    ``by`` is an address, ``""`` for whoever ran the command. ``role`` is certifier or owner (of the
    control workbook). ``minutes`` and ``decided`` are those of the decision, and ``why`` is the reason for which an
    earlier certification was lifted.
    """

    by: str
    role: str
    at: AwareDatetime
    minutes: str = ""
    decided: date | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one node says at one stage.

    ``issue`` counts how often the workbook was issued, ``revision`` how often it was returned,
    ``decision`` is the sequence of a registered choice between rivals (0: none).
    ``digest`` is over the content, not the file: a re-saved copy says the same.
    ``parts`` are the parts that count; a part held back by a fel is missing from it. ``findings`` travel with what
    was said, so that every level sees them; they are no part of it. Nor is ``signature``, which is None while what was
    said is provisional, nor ``lifted``: when a certification of the node was last lifted, None when none ever was.
    """

    node: str
    stage: str
    issue: int
    revision: int
    digest: str
    parts: frozenset[str]
    rows: tuple[Row, ...]
    decision: int = 0
    findings: tuple[Finding, ...] = ()
    signature: Signature | None = None
    lifted: AwareDatetime | None = None

    @property
    def rank(self) -> tuple[int, int, int]:
        """What decides which of two contributions stays: the highest."""
        return (self.issue, self.revision, self.decision)


Bundle = Mapping[tuple[str, str], frozenset[Contribution]]

_RECORD: TypeAdapter[Record] = TypeAdapter(Record)
_CONTRIBUTION: TypeAdapter[Contribution] = TypeAdapter(Contribution)


def content_digest(rows: tuple[Row, ...]) -> str:
    """A digest of what ``rows`` say, whatever file, order and cell they came from."""
    said = sorted(
        json.dumps(
            [row.table, row.id, type(row.record).__name__, _RECORD.dump_python(row.record, mode="json")],
            ensure_ascii=False,
            sort_keys=True,
        )
        for row in rows
    )
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def dump(contribution: Contribution) -> str:
    """``contribution`` as JSON, for the register and for rolled-up workbooks: the same text in every process."""
    whole = _CONTRIBUTION.dump_python(contribution, mode="json")
    whole["parts"].sort()  # a set has no order of its own
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Contribution:
    """The contribution that ``dump`` wrote. Raises ``ValueError`` on anything else, and on times without a zone."""
    return _CONTRIBUTION.validate_json(text)


def seal(node: str, text: str) -> str:
    """The key of ``text`` in a rolled-up workbook: it no longer fits when anything in the text was changed."""
    return f"{node} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def seal_of(keys: Iterable[str]) -> str:
    """The seal of everything that a rolled-up workbook carries: over the keys of its texts, in any order."""
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()
