"""A rolled-up workbook as it comes back: what it carries, and whether anybody changed it on the way."""

import re
from collections import Counter
from collections.abc import Iterable

from xlstyr.layout.definition import Workbook
from xlstyr.layout.raw import RawBook, RawCell
from xlstyr.model.bundle import Contribution, content_digest, load, seal
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.period import columns
from xlstyr.model.records import BudgetLine
from xlstyr.rollup.figures import money_rows
from xlstyr.rollup.merge import bundle_of, settled

TABLE, FACTS = "carrier", "facts"
AMOUNTS = ("outcome", "previous", "forecast", "budget", "plan_1", "plan_2")
_CELL = re.compile(r"([A-Z]+)(\d+)")
Line = tuple[object, ...]


def parse_carrier(raw: RawBook, workbook: Workbook | None) -> tuple[list[Contribution], list[Finding]]:
    """The contributions in ``raw`` that are whole, and a finding for everything that was changed.

    ``workbook`` is the definition it was drawn with; None (another version's): the visible lines aren't compared.
    """
    contributions: list[Contribution] = []
    findings: list[Finding] = []
    carried = _texts(raw)
    if not carried:
        findings.append(found("XS505", node="…"))
    for key, text in carried.items():
        node = key.partition(" ")[0]
        try:
            contribution = load(text)
        except ValueError:
            findings.append(found("XS505", node=node))
            continue
        if seal(contribution.node, text) != key or content_digest(contribution.rows) != contribution.digest:
            findings.append(found("XS505", node=contribution.node))
        else:
            contributions.append(contribution)
    if workbook is not None and not findings:
        findings += _changed_lines(raw, workbook, contributions)
    return contributions, findings


def _texts(raw: RawBook) -> dict[str, str]:
    """Every carried text by its key."""
    pieces: dict[str, list[tuple[int, str]]] = {}
    for table in raw.tables:
        for row in table.rows if table.key == TABLE else ():
            cells = {key: cell.value for key, cell in row.cells.items()}
            key, part = str(cells.get("contribution") or ""), cells.get("part")
            if key and isinstance(part, int):
                pieces.setdefault(key, []).append((part, str(cells.get("text") or "")))
    return {key: "".join(text for _, text in sorted(parts)) for key, parts in pieces.items()}


def _changed_lines(raw: RawBook, workbook: Workbook, contributions: Iterable[Contribution]) -> list[Finding]:
    """Lines of the visible page of facts that say something else than what is carried (their order is free)."""
    identity = raw.identity
    assert identity is not None
    rows = money_rows(settled(bundle_of(contributions), identity.stage))
    periods = columns(workbook.year)
    expected = Counter[Line](
        (line.account, line.activity, *(line.amount(period) for period in periods), row.origin.row)
        for row in rows
        if isinstance(line := row.record, BudgetLine)
    )
    findings = []
    for place, node, shown in _shown_lines(raw, workbook):
        if expected[shown] > 0:
            expected[shown] -= 1
        else:
            findings.append(found("XS505", place, node=node))
    return findings


def _shown_lines(raw: RawBook, workbook: Workbook) -> Iterable[tuple[Place, str, Line]]:
    """(place, node's name, what the line says) of every line on the page of facts."""
    headers = {column.header: key for key, column in workbook.tables[FACTS].columns.items()}
    title = workbook.sheet_of[FACTS].title
    rows: dict[int, dict[str, RawCell]] = {}
    for cell in raw.loose.get(title, ()):
        if place := _CELL.fullmatch(cell.ref):
            rows.setdefault(int(place[2]), {})[place[1]] = cell
    keys: dict[str, str] = {}
    for _, cells in sorted(rows.items()):
        named = {letters: headers.get(str(cell.value), "") for letters, cell in cells.items()}
        if not keys:
            keys = named if {"account", "activity", *AMOUNTS} <= set(named.values()) else {}
            continue
        values = {keys[letters]: cell for letters, cell in cells.items() if keys.get(letters)}
        if "account" in values:
            line = tuple(_value(values.get(key)) for key in ("account", "activity", *AMOUNTS, "row"))
            yield Place(sheet=title, cell=values["account"].ref), str(_value(values.get("node")) or "…"), line


def _value(cell: RawCell | None) -> object:
    """What a cell says; an emptied one says nothing."""
    return None if cell is None or cell.is_blank else cell.error or cell.value
