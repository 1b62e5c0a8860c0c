"""The rounds that are measured: the shipped sample, and the same with its units multiplied."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from xlstyr.excel.stamp import Stamp
from xlstyr.excel.theme import Theme
from xlstyr.excel.typing import type_answers
from xlstyr.layout.content import Content, RowContent, Value
from xlstyr.layout.load import load_workbook
from xlstyr.rounds.demo import lay_answers
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.resources import data_folder, templates
from xlstyr.rounds.round import THEME, Round
from xlstyr.rounds.samples import answers, sample_content, sample_year
from xlstyr.rounds.start import start_round
from xlstyr.words import word

SAMPLE = "danderyd"
NOW = datetime(2025, 8, 20, 9, 0, tzinfo=UTC)
UNIT = "appelgardens-forskola"


def answered_round(folder: Path) -> Path:
    """The sample's round in ``folder``: workbooks issued, answers in the inbox, nothing taken in."""
    start_round(folder, None, SAMPLE)
    with Round(folder, NOW) as round_:
        lay_answers(round_, SAMPLE, issue_workbooks(round_))
    return folder


def inbox(folder: Path) -> list[Path]:
    """The answers of a round."""
    return sorted((folder / word("folders.inbox")).glob("*.xlsx"))


def multiplied_round(folder: Path, nodes: int) -> Path:
    """A round of about ``nodes`` nodes: the sample with its units copied, each copy with all that a unit is told."""
    source = data_folder("samples") / SAMPLE
    year = sample_year(source)
    control = start_round(folder, year, SAMPLE)
    workbook = load_workbook("control", year, templates())
    content = _multiplied(sample_content(source, workbook, year), nodes)
    control.write_bytes(Stamp(workbook, Theme.load(templates() / THEME), {}).draw(content))
    return folder


def lay_multiplied(folder: Path) -> int:
    """Types every unit's answer in its own and in its copies' workbooks. How many."""
    typed = answers(data_folder("samples") / SAMPLE)
    with Round(folder, NOW) as round_:
        target = round_.folder_of("inbox")
        count = 0
        for issued in issue_workbooks(round_):
            said = typed.get(_original(issued.node))
            if said is not None:
                name = f"{issued.node}{issued.path.suffix}"
                (target / name).write_bytes(type_answers(issued.path.read_bytes(), said))
                count += 1
    return count


def _multiplied(content: Content, nodes: int) -> Content:
    rows = content.tables["nodes"]
    units = [str(row.values["node"]) for row in rows if row.values["kind"] == "unit" and row.values["parent"]]
    wanted = max(0, nodes - len(rows))
    copies: dict[str, list[str]] = {unit: [] for unit in units}
    for number in range(wanted):
        unit = units[number % len(units)]
        copies[unit].append(f"{unit}-kopia-{number // len(units) + 2}")
    tables = {key: _with_copies(key, found, copies) for key, found in content.tables.items()}
    return replace(content, tables=tables)


_COPIED = frozenset({"nodes", "opening", "staff", "frames", "contacts", "assignments", "indicators"})


def _with_copies(key: str, rows: tuple[RowContent, ...], copies: Mapping[str, list[str]]) -> tuple[RowContent, ...]:
    """``rows`` followed by each unit's rows once for every copy of the unit."""
    if key not in _COPIED:
        return rows
    made = list(rows)
    for row in rows:
        for copy in copies.get(str(row.values["node"]), ()):
            made.append(RowContent(f"r{len(made) + 1}", _renamed(row.values, copy)))
    return tuple(made)


def _renamed(values: Mapping[str, Value], copy: str) -> dict[str, Value]:
    renamed = {**values, "node": copy}
    if "parent" in values:
        renamed["name"] = f"{values['name']} {copy.rpartition('-')[2]}"
    return renamed


def _original(node: str) -> str:
    return node.partition("-kopia-")[0]
