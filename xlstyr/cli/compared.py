"""How commands tell what a corrected file changed."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from xlstyr.cli.output import finding_json, say
from xlstyr.model.finding import Finding
from xlstyr.rounds.deciding.comparing import Cell, Change, Compared


def compared_json(compared: Iterable[Compared]) -> list[dict[str, object]]:
    """Everything that differs from the former answer, node by node."""
    return [
        {
            "node": one.node,
            "rival": one.rival,
            "changes": [_change(change) for change in one.changes],
            **{name: _findings(found) for name, found in _parts(one).items()},
        }
        for one in compared
    ]


def _parts(one: Compared) -> dict[str, tuple[Finding, ...]]:
    return {"mended": one.mended, "left": one.left, "new": one.new}


def _findings(findings: Iterable[Finding]) -> list[dict[str, str | None]]:
    return [finding_json(finding) | {"key": finding.key} for finding in findings]


def _change(change: Change) -> dict[str, object]:
    return {
        "kind": change.kind,
        "table": change.table,
        "row": change.row,
        "label": change.label,
        "column": change.column,
        "header": change.header,
        "sheet": change.sheet,
        "cell": change.cell or None,
        "before": _plain(change.before),
        "after": _plain(change.after),
    }


def _plain(value: Cell) -> int | str | bool | None:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def show_compared(compared: Iterable[Compared], names: Mapping[str, str]) -> None:
    """A line for each answer that corrects another, or competes with it; ``names`` are what people call nodes."""
    for one in compared:
        key = "compared_rival" if one.rival else "compared"
        say(key, node=names.get(one.node, one.node), **one.counts)
