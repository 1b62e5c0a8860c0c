"""The totals are those of the filled workbooks, summed here a second time with openpyxl and pandas only."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from tests.office.xmledit import Edit

ROOT = Path(__file__).parents[1]
AMOUNTS = ("outcome", "previous", "forecast", "budget", "plan_1", "plan_2")
GAPS = {"danderyd": 6, "exempelby": 1}


def blocks(path: Path) -> dict[str, pd.DataFrame]:
    """Every table and form of a workbook by key: hidden key rows name the columns, hidden ids the rows."""
    found: dict[str, pd.DataFrame] = {}
    for sheet in openpyxl.load_workbook(path, data_only=True).worksheets:
        key, keys, rows = "", {}, list[dict[str, Any]]()
        for cells in sheet.iter_rows(values_only=True):
            if str(cells[0]).startswith("table:"):
                if key:
                    found[key] = pd.DataFrame(rows, dtype=object)
                key = str(cells[0]).removeprefix("table:").removeprefix("#end")
                keys, rows = {at: str(name) for at, name in enumerate(cells) if at and name is not None}, []
            elif key:
                row = {name: cells[at] for at, name in keys.items()}
                if row["id"] is not None and not str(row["id"]).startswith("#"):
                    rows.append(row)
        if key:
            found[key] = pd.DataFrame(rows, dtype=object)
    return found


def records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """The rows of a table; none when the workbook hasn't got it."""
    return (
        [] if frame is None else [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    )


def exact(value: Any) -> Decimal | None:
    """A number as a person reads it; None for a blank cell."""
    return None if pd.isna(value) else Decimal(str(value))


def kronor(number: Decimal) -> int:
    """Whole kronor, half away from zero."""
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))


def code(label: Any) -> str | None:
    """``5010 Löner`` → ``5010``."""
    return None if pd.isna(label) else str(label).split()[0]


@dataclass
class Sheets:
    """A round as its workbooks state it, read without xlstyr."""

    folder: Path

    @cached_property
    def control(self) -> dict[str, pd.DataFrame]:
        """The tables of the control workbook."""
        [path] = self.folder.glob("Styrbok *.xlsx")
        return blocks(path)

    @cached_property
    def groups(self) -> dict[str, dict[str, Any]]:
        """Group → its row."""
        return {row["group"]: row for row in records(self.control["groups"])}

    @cached_property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """Account → the row of its group."""
        return {
            str(row["account"]): self.groups[row["group"]]
            for row in records(self.control["accounts"].dropna(subset="account"))
        }

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """The organisation by node id."""
        return self.control["nodes"].dropna(subset="node").set_index("node")

    @cached_property
    def year(self) -> int:
        """The budget year."""
        form = self.control["round"].set_index("id")["value"]
        return int(form["year"])

    def expected(self) -> set[str]:
        """The nodes in the municipality that the running phase gives a workbook."""
        phase = self.control["round"].set_index("id")["value"]["phase"]
        phases = self.control["phases"]
        kinds = set(phases[phases["phase"] == phase]["kind"])
        nodes = self.nodes
        return set(nodes[nodes["kind"].isin(kinds) & (nodes["in_municipality"] == "Ja")].index)

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Every line of every file in the inbox with its amounts, kr as entered, and its sign."""
        rows: list[dict[str, Any]] = []
        for path in sorted((self.folder / "inkorg").glob("*.xlsx")):
            node = identity(path).split("|")[2]
            rows += [{"node": node, **line} for line in self._node_lines(blocks(path))]
        frame = pd.DataFrame(rows)
        income = frame["account"].map(lambda account: self.accounts[account]["side"] == "Intäkt")
        frame["sign"] = income.map({True: -1, False: 1})
        return frame

    def _node_lines(self, tables: dict[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
        answer = tables["answer"].set_index("id")["value"]
        landed = staffing(tables.get("staff"), [code(row["account"]) for row in records(tables["budget"])])
        for place, row in enumerate(records(tables["budget"])):
            account = code(row["account"])
            if account is None:
                continue
            typed = exact(row["change"])
            decided = typed is not None or row["locked"] == "Ja" or answer["accept"] == "Ja"
            parts = [exact(row["proposal"]), None if typed is None else typed * 1000, landed.get(place)]
            known = [part for part in parts if part is not None]
            budget = kronor(sum(known, Decimal(0))) if decided and known else None
            line = {key: exact(row[key]) for key in AMOUNTS[:3]}
            yield {"account": account, "activity": code(row["activity"]), **line, **self._plans(row, budget)}
        for row in records(tables.get("adjustments")):
            if (account := code(row["account"])) is not None:
                typed_tkr = {key: exact(row[key]) for key in AMOUNTS[3:]}
                amounts = {key: None if value is None else kronor(value * 1000) for key, value in typed_tkr.items()}
                yield {"account": account, "activity": code(row["activity"]), "adjustment": True, **amounts}

    def _plans(self, row: dict[str, Any], budget: int | None) -> dict[str, int | None]:
        group = self.accounts[str(code(row["account"]))] if not pd.isna(row["proposal"]) else {}
        amounts: dict[str, int | None] = {"budget": budget}
        for key, index in (("plan_1", "index_1"), ("plan_2", "index_2")):
            before = list(amounts.values())[-1]
            growth = exact(group.get(index)) or Decimal(0)
            amounts[key] = None if before is None else kronor(before * (1 + growth))
        return amounts

    def net(self, period: str, lines: pd.DataFrame | None = None) -> int:
        """Cost − income, kr, of what is known."""
        chosen = self.lines if lines is None else lines
        known = chosen[chosen[period].notna()]
        return int(sum(known[period] * known["sign"]))

    @cached_property
    def inside(self) -> pd.Series:
        """Whether each line belongs to the municipality."""
        return self.lines["node"].map(self.nodes["in_municipality"] == "Ja")

    @cached_property
    def central(self) -> pd.Series:
        """Whether each line is central finance's."""
        return self.lines["node"].map(self.nodes["kind"] == "Finansförvaltning")


def staffing(staff: pd.DataFrame | None, accounts: list[str | None]) -> dict[int, Decimal]:
    """Typed changes of posts × pay × 12 and their overhead, kr, by the place of the first line of their account."""
    landed: dict[int, Decimal] = {}
    for row in records(staff):
        if (change := exact(row["change"])) is None:
            continue
        pay, overhead = exact(row["pay"]), exact(row["overhead"])
        assert pay is not None and overhead is not None
        for account, amount in (
            (row["account"], change * pay * 12),
            (row["overhead_account"], change * pay * 12 * overhead),
        ):
            place = accounts.index(code(account))
            landed[place] = landed.get(place, Decimal(0)) + kronor(amount)
    return landed


def identity(path: Path) -> str:
    """The workbook's identity, from its custom property."""
    book: Any = openpyxl.load_workbook(path, read_only=True)
    [value] = [prop.value for prop in book.custom_doc_props.props if prop.name == "xlstyr"]
    return str(value)


def run(folder: Path, *command: str) -> dict[str, Any]:
    """The object that a command writes; it must end well."""
    words = [sys.executable, "-m", "xlstyr.cli.main", *command, "--round", str(folder), "--json"]
    done = subprocess.run(words, capture_output=True, check=True, encoding="utf-8", timeout=300)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@dataclass
class Consolidated:
    """A consolidated round: what was said, and what the sheets say."""

    said: dict[str, Any]
    sheets: Sheets


@pytest.fixture(scope="module", params=[pytest.param("danderyd", marks=pytest.mark.slow), "exempelby"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Consolidated:
    """A sample's round, consolidated."""
    taken: Path = request.getfixturevalue(request.param)
    folder = Path(shutil.copytree(taken, tmp_path_factory.mktemp("summa") / "Runda åäö"))
    return Consolidated(run(folder, "consolidate"), Sheets(folder))


def test_net_cost_equals_the_filled_workbooks(done: Consolidated) -> None:
    sheets, totals = done.sheets, done.said["totals"]["net_cost"]
    committees = sheets.lines[sheets.inside & ~sheets.central]
    years = [str(sheets.year + ahead) for ahead in range(3)]
    assert totals == {y: sheets.net(p, committees) for y, p in zip(years, AMOUNTS[3:], strict=True)}


def test_the_result_equals_the_filled_workbooks(done: Consolidated) -> None:
    sheets, totals = done.sheets, done.said["totals"]["result"]
    municipality = sheets.lines[sheets.inside]
    years = [str(sheets.year + ahead) for ahead in range(3)]
    assert totals == {y: -sheets.net(p, municipality) for y, p in zip(years, AMOUNTS[3:], strict=True)}


def test_companies_have_answered_and_are_in_no_total(done: Consolidated) -> None:
    sheets = done.sheets
    outside = sheets.lines[~sheets.inside]
    if not outside.empty:
        assert sheets.net("budget") != sheets.net("budget", sheets.lines[sheets.inside])
    assert not {*outside["node"]} & {*done.said["missing"]}


def test_those_who_have_not_answered_are_listed(done: Consolidated) -> None:
    sheets = done.sheets
    missing = sheets.expected() - set(sheets.lines["node"])
    assert missing
    assert sorted(done.said["missing"]) == sorted(missing)
    assert done.said["complete"] is False
    gaps = {finding["node"] for finding in done.said["findings"] if finding["code"] == "XS504"}
    assert missing <= gaps


def page(path: Path, title: str) -> pd.DataFrame:
    """A page of the consolidated workbook: the header row is the one with the mark ``#head``."""
    sheet = openpyxl.load_workbook(path, data_only=True)[title]
    rows = [list(cells) for cells in sheet.iter_rows(values_only=True)]
    at = next(number for number, cells in enumerate(rows) if "#head" in cells)
    names = [str(name) if name else f"#{place}" for place, name in enumerate(rows[at])]
    return pd.DataFrame(rows[at + 1 :], columns=names, dtype=object)


def test_every_tie_out_holds_and_says_what_the_sheets_say(done: Consolidated) -> None:
    ties = page(Path(done.said["workbook"]), "Avstämning").set_index("#head")
    assert not ties["Läge"].str.contains("▲").any()
    shown = ties["I sammanställningen"]
    sheets = done.sheets
    municipality = sheets.lines[sheets.inside]
    assert shown["facts"] == shown["parts"] == shown["activities"] == sheets.net("budget", municipality)


def test_the_pages_say_what_the_sheets_say(done: Consolidated) -> None:
    """Net cost per activity and period on the page = the lines of the inbox."""
    sheets = done.sheets
    shown = page(Path(done.said["workbook"]), "Driftbudget per verksamhet").set_index("#head")
    columns = [name for name in shown.columns if name[:3] in ("Bok", "Bud", "Pro", "Pla")]
    municipality = sheets.lines[sheets.inside]
    for activity, lines in municipality.groupby("activity"):
        row = shown.loc[str(activity)]
        for period, column in zip(AMOUNTS, columns, strict=True):
            wanted = sheets.net(period, lines) if lines[period].notna().any() else None
            assert (row[column] or None) == (wanted or None), (activity, column)
    whole = shown.loc["sum"]
    assert [whole[column] for column in columns] == [sheets.net(period, municipality) for period in AMOUNTS]


def test_facts_hold_every_line_and_tell_adjustments(done: Consolidated) -> None:
    """One row a line, and a node's adjustments are marked as such."""
    shown = page(Path(done.said["workbook"]), "Fakta")
    shown = shown[shown["Konto"].notna()]
    lines = done.sheets.lines[done.sheets.inside]
    assert len(shown) == len(lines)
    assert shown["Justering"].notna().sum() == lines["adjustment"].notna().sum() > 0


def published() -> dict[str, int]:
    """Code → published net cost 2024 in tkr (SCB)."""
    frame = pd.read_csv(ROOT / "samples" / "danderyd" / "published.csv", sep=";", dtype={"code": str})
    return dict(zip(frame["code"], frame["net_cost_tkr"].astype(int), strict=True))


def compared(sheets: Sheets) -> dict[str, str]:
    """Activity → the published code it belongs to."""
    rows = records(sheets.control["comparisons"])
    return {activity: str(row["code"]) for row in rows for activity in str(row["activities"]).split()}


def outcomes(sheets: Sheets) -> dict[str, Decimal]:
    """Published code → outcome 2024 of the committees' opening rows, net cost in tkr."""
    opening = sheets.control["opening"]
    central = set(sheets.nodes[sheets.nodes["kind"] == "Finansförvaltning"].index)
    outside = set(sheets.nodes[sheets.nodes["in_municipality"] != "Ja"].index)
    of = compared(sheets)
    found: dict[str, Decimal] = dict.fromkeys(published(), Decimal(0))
    for row in records(opening):
        node, activity = str(code(row["node"])), str(code(row["activity"]))
        outcome = exact(row["outcome"])
        if activity in of and outcome is not None and node not in central | outside:
            sign = -1 if sheets.accounts[str(code(row["account"]))]["side"] == "Intäkt" else 1
            found[of[activity]] += sign * outcome / 1000
    return found


def test_the_opening_rows_tie_to_what_is_published(danderyd: Path) -> None:
    assert outcomes(Sheets(danderyd)) == published()


@pytest.mark.slow
def test_with_every_answer_in_the_outcome_ties_to_what_is_published(danderyd: Path, tmp_path: Path) -> None:
    """The gaps answered too: the consolidated workbook meets every published figure to the tkr."""
    folder = Path(shutil.copytree(danderyd, tmp_path / "runda"))
    missing = set(run(folder, "consolidate")["missing"])
    assert len(missing) == GAPS["danderyd"]
    for path in (folder / "mallar").rglob("*.xlsx"):
        if identity(path).split("|")[2] in missing:
            edit = Edit(path.read_bytes())
            for form, field, text in (
                ("answer", "accept", "Ja"),
                ("signoff", "done", "Ja"),
                ("signoff", "who", "Chef"),
            ):
                edit.set(*edit.at(form, field, "value"), text)
            (folder / "inkorg" / path.name).write_bytes(edit.bytes())
    run(folder, "collect")
    said = run(folder, "consolidate")
    assert said["complete"] is True and said["missing"] == []
    ties = page(Path(said["workbook"]), "Avstämning").set_index("#head")
    shown = {str(key).removeprefix("p-"): row for key, row in ties.iterrows() if str(key).startswith("p-")}
    assert set(shown) == set(published())
    for key, tkr in published().items():
        assert (exact(shown[key]["I sammanställningen"]) or 0) / Decimal(1000) == tkr, key
        assert shown[key]["Läge"].startswith("✔"), key
