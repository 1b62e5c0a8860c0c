"""The control workbook → ``Premises``. It is read by the same reader and parser as every other workbook."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from xlstyr.checks.control import check_cells, check_control
from xlstyr.excel.read import read_workbook
from xlstyr.layout.content import Content, Identity, Value
from xlstyr.layout.definition import Workbook
from xlstyr.layout.load import load_workbook
from xlstyr.layout.parse import parse
from xlstyr.layout.raw import RawBook
from xlstyr.layout.submission import Submission
from xlstyr.model import premises as p
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.inheritance import inherited
from xlstyr.model.organisation import Node, NodeKind, Organisation
from xlstyr.model.succession import Reorganised
from xlstyr.rounds.own_sheets import without_own_sheets
from xlstyr.words import word

T = TypeVar("T")


def read_control(path: Path, folder: Path) -> tuple[p.Premises | None, list[Finding]]:
    """The premises in the control workbook at ``path``; None when a fault makes them unusable."""
    raw, findings = read_workbook(path.read_bytes())
    if raw is None:
        return None, [finding.at(file=path.name) for finding in findings]
    year = _year(raw)
    if raw.identity is None or raw.identity.kind != "control" or year is None:
        return None, [_without_year(raw, folder).at(file=path.name)]
    workbook = load_workbook("control", year, folder)
    issued = Content(Identity("control", raw.identity.round, "", "premises", 1, 0, workbook.digest), {})
    submission, findings = parse(without_own_sheets(raw), workbook, issued, {})
    if raw.identity.layout != workbook.digest:
        findings = _of_former_version(findings, workbook)
    del raw  # of a large municipality it takes as much room as everything that is left
    findings += check_cells(submission)
    premises = None
    if not any(finding.severity == "fel" for finding in findings):
        premises = premises_of(submission)
        findings += check_control(premises, submission)
    findings = [finding.at(file=path.name) for finding in findings if finding.code not in _EXPECTED]
    if premises is None or any(f.severity == "fel" for f in findings):
        return None, findings
    return inherited(premises), findings


_ANY_YEAR = 2000
_EXPECTED = frozenset({"XS201", "XS105"})  # typing codes as text is how a control workbook is filled in


_LATER = frozenset({"panel_runs", "panel_states", "panel_dates", "reorganised", "comments"})
_LATER_COLUMNS = frozenset({("round", "answers"), ("phases", "certify_by")})
"""What the control workbook lacked in earlier versions. All of it may be blank."""


def _of_former_version(findings: list[Finding], workbook: Workbook) -> list[Finding]:
    """One notice in place of the faults of a control workbook that was made before everything in it was thought of."""
    later = [finding for finding in findings if _is_later(finding)]
    if not later:
        return findings
    titles = dict.fromkeys(workbook.sheet_of[finding.place.table].title for finding in later)
    return [*(finding for finding in findings if finding not in later), found("XS827", lacks=", ".join(titles))]


def _is_later(finding: Finding) -> bool:
    place = finding.place
    if finding.code == "XS101":
        return place.table in _LATER
    return finding.code in ("XS102", "XS104") and (place.table, place.column) in _LATER_COLUMNS


def _year(raw: RawBook) -> int | None:
    for table in raw.tables:
        if table.key == "round":
            for row in table.rows:
                cell = row.cells.get("value")
                if row.id == "year" and cell is not None and isinstance(cell.value, int):
                    return cell.value
    return None


def _without_year(raw: RawBook, folder: Path) -> Finding:
    """XS801 at the cell for the year; without that cell, or in another workbook, about the sheet."""
    for table in raw.tables:
        row = next((row for row in table.rows if row.id == "year"), None)
        if table.key == "round" and row is not None:
            header = load_workbook("control", _ANY_YEAR, folder).forms["round"].columns["year"].header
            place = Place(sheet=table.sheet, cell=table.ref(row, "value"), table="round", column="year")
            return found("XS801", place, what=header)
    return found("XS801", what=word("files.round"))


def premises_of(submission: Submission) -> p.Premises:
    """The premises that a control workbook without faults states."""
    settings = submission.forms["round"]
    rows = {key: [row.values for row in found] for key, found in submission.tables.items()}
    return p.Premises(
        settings=_make(p.Settings, settings),
        organisation=Organisation(_node(row) for row in rows["nodes"]),
        phases=_all(p.Phase, rows["phases"]),
        contacts=_all(p.Contact, rows["contacts"]),
        chain=_all(p.ChainItem, rows["chain"]),
        mapping=_all(p.Mapped, rows["mapping"]),
        documents=_all(p.Document, rows["documents"]),
        groups=_by(_all(p.Group, rows["groups"]), lambda group: group.group),
        accounts=_by(_all(p.Account, rows["accounts"]), lambda account: account.account),
        activities=_by(_all(p.Activity, rows["activities"]), lambda activity: activity.activity),
        counterparties=_by(_all(p.Counterparty, rows["counterparties"]), lambda party: party.counterparty),
        frames=_by(_all(p.Frame, rows["frames"]), lambda frame: frame.node),
        opening=_per_node(_all(p.Opening, rows["opening"])),
        staff=_per_node(_all(p.Staff, rows["staff"])),
        goals=_all(p.GivenGoal, rows["goals"]),
        indicators=_per_node(_all(p.GivenIndicator, rows["indicators"])),
        assignments=_per_node(_all(p.GivenAssignment, rows["assignments"])),
        volumes=_per_node(_all(p.GivenVolume, rows["volumes"])),
        financial_goals=_all(p.FinancialGoal, rows["financial_goals"]),
        comparisons=tuple(_comparison(row) for row in rows["comparisons"]),
        reorganised=_all(Reorganised, rows["reorganised"]),
        comments=_all(p.Remark, rows["comments"]),
    )


def _make(kind: type[T], row: Mapping[str, Value]) -> T:
    """A premise from its row: blanks take the field's default, Ja/Nej become booleans."""
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        value = row.get(field.name)
        if value is not None:
            values[field.name] = value == "yes" if field.name in ("internal", "locked") else value
    return kind(**values)


def _all(kind: type[T], rows: Iterable[Mapping[str, Value]]) -> tuple[T, ...]:
    return tuple(_make(kind, row) for row in rows)


def _by(items: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    return {key(item): item for item in items}


def _per_node(items: Iterable[T]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = defaultdict(list)
    for item in items:
        found[item.node].append(item)  # type: ignore[attr-defined]
    return {node: tuple(rows) for node, rows in found.items()}


def _node(row: Mapping[str, Value]) -> Node:
    parent, line = row.get("parent"), row.get("line_parent")
    return Node(
        str(row["node"]),
        str(row["name"]),
        NodeKind(str(row["kind"])),
        str(parent) if parent else None,
        str(line) if line else None,
        row["in_municipality"] == "yes",
        str(row.get("note") or ""),
    )


def _comparison(row: Mapping[str, Value]) -> p.Comparison:
    cost = row["net_cost"]
    assert isinstance(cost, int)
    codes = tuple(str(row["activities"]).split())
    return p.Comparison(str(row["code"]), str(row["name"]), codes, cost, str(row.get("source") or ""))


def control_workbook(folder: Path, year: int) -> Workbook:
    """The definition of the control workbook for budget ``year``."""
    return load_workbook("control", year, folder)
