"""The public Python API: its frames say what ``consolidate`` says, missing stays missing, and cells can be found."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import xlstyr
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.api import OpenedRound
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round

SAMPLES = ["danderyd", "exempelby"]
INTEGERS = ("amount", "net_cost", "year", "row")


@pytest.fixture(params=SAMPLES)
def folder(request: pytest.FixtureRequest) -> Path:
    """A sample's round with its answers taken in. Shared: read only."""
    found: Path = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def opened_round(folder: Path) -> OpenedRound:
    """The round, opened by the public API."""
    return xlstyr.open_round(folder)


def known_sum(amounts: Any) -> int | None:
    """The sum of what is known; None when nothing is."""
    whole = amounts.sum(min_count=1)
    return None if pd.isna(whole) else int(whole)


def test_sums_are_those_of_consolidate(folder: Path, copied: Callable[[Path], Path]) -> None:
    with Round(copied(folder)) as round_:
        done = consolidate(round_)
        year = round_.premises.settings.year
    facts = xlstyr.open_round(folder).facts
    for offset, kind in enumerate(("budget", "plan", "plan")):
        now = facts[(facts["period"] == kind) & (facts["year"] == year + offset)]
        assert known_sum(now.loc[~now["central"], "net_cost"]) == done.totals["net_cost"][str(year + offset)]
        assert -(known_sum(now["net_cost"]) or 0) == done.totals["result"][str(year + offset)]


def test_figures_of_danderyd(danderyd: Path) -> None:
    facts = xlstyr.open_round(danderyd).facts
    now = facts[(facts["period"] == "budget") & (facts["year"] == 2026)]
    assert round(now.loc[~now["central"], "net_cost"].sum() / 1000) == 2_298_797
    assert round(-now["net_cost"].sum() / 1000) == 52_308


def test_money_is_nullable_integers(opened_round: OpenedRound) -> None:
    facts = opened_round.facts
    assert {name: str(facts[name].dtype) for name in INTEGERS} == dict.fromkeys(INTEGERS, "Int64")
    assert not any(str(kind).startswith(("float", "Float")) for kind in facts.dtypes)


def test_missing_stays_missing(opened_round: OpenedRound) -> None:
    """Every line has all six periods; what it doesn't state is NA, and a zero is one that somebody stated."""
    facts, lines = opened_round.facts, [line for _, line in opened_round.scope.lines]
    stated = [amount for line in lines for _, amount in line.amounts]
    assert len(facts) == 6 * len(lines)
    assert facts["amount"].isna().sum() == len(facts) - len(stated)
    assert (facts["amount"] == 0).sum() == stated.count(0)
    assert (facts["amount"].isna() == facts["net_cost"].isna()).all()
    before = facts[facts["adjustment"] & (facts["period"] == "outcome")]
    assert len(before) > 0
    assert before["amount"].isna().all()


def test_signs(opened_round: OpenedRound) -> None:
    facts = opened_round.facts.dropna(subset=["amount"])
    assert set(facts["side"]) == {"income", "cost"}
    assert (facts["net_cost"] == facts["amount"].where(facts["side"] == "cost", -facts["amount"])).all()


def test_nodes_that_are_missing_are_named(opened_round: OpenedRound) -> None:
    status, facts = opened_round.status, opened_round.facts
    inside = status[status["in_municipality"]]
    gaps = set(inside.loc[~inside["included"], "node"])
    assert gaps == set(opened_round.missing)
    assert gaps
    assert not opened_round.complete
    assert not gaps & set(facts["node"])
    assert inside.loc[~inside["included"], "missing"].notna().all()
    assert set(inside.loc[inside["included"], "node"]) >= set(facts["node"])
    assert str(status["deadline"].dtype).startswith("datetime64")
    assert status["state"].notna().all()


def original(folder: Path, sha256: str) -> Path:
    """The original that was kept."""
    [path] = (folder / "inlämnat").glob(f"{sha256}*")
    return path


@pytest.mark.parametrize("period", ["outcome", "forecast"])
def test_provenance_leads_to_the_cell(folder: Path, opened_round: OpenedRound, period: str) -> None:
    """Figures of earlier years stand in the cells as they are, in kronor."""
    facts = opened_round.facts
    given = facts[(facts["period"] == period) & ~facts["adjustment"]].dropna(subset=["amount"])
    for sha256 in given["sha256"].drop_duplicates().iloc[::20]:
        book = openpyxl.load_workbook(original(folder, sha256))
        for fact in given[given["sha256"] == sha256].itertuples():
            sheet = book[str(fact.sheet)]
            assert sheet[str(fact.cell)].value == fact.amount
            assert sheet[str(fact.cell)].row == fact.row


def test_typed_cells_are_found(folder: Path, opened_round: OpenedRound) -> None:
    """Adjustments are typed in tkr; the budget of an ordinary line is computed from what was typed beside it."""
    facts = opened_round.facts
    now = facts[facts["year"] >= facts["year"].max() - 2]
    for fact in now[now["adjustment"]].dropna(subset=["amount"]).itertuples():
        book = openpyxl.load_workbook(original(folder, str(fact.sha256)))
        assert book[str(fact.sheet)][str(fact.cell)].value * 1000 == fact.amount
    line = next(now[~now["adjustment"] & (now["period"] == "budget")].itertuples())
    book = openpyxl.load_workbook(original(folder, str(line.sha256)))
    assert str(book[str(line.sheet)][str(line.cell)].value).startswith("=")


def test_goals_and_indicators_hang_together(folder: Path, opened_round: OpenedRound) -> None:
    goals, indicators = opened_round.goals, opened_round.indicators
    assert goals["goal"].is_unique
    assert set(indicators["goal"].dropna()) <= set(goals["goal"])
    assert set(goals["given"]) == {True, False}
    own = goals[~goals["given"]]
    assert own["file"].notna().all()
    assert own["parent"].notna().all()
    answered = indicators.dropna(subset=["target"])
    for row in answered.iloc[::25].itertuples():
        book = openpyxl.load_workbook(original(folder, str(row.sha256)))
        assert float(book[str(row.sheet)][str(row.cell)].value) == row.target


def test_own_goals_belong_to_what_was_chosen_in_the_list(danderyd: Path) -> None:
    goals = xlstyr.open_round(danderyd).goals.set_index("goal")
    assert goals.loc["svanens-forskola:n1", "parent"] == "fo-1"
    assert goals.loc["kulturskolan:n1", "parent"] == "kfn-1"


def test_a_round_without_answers_has_empty_frames(tmp_path: Path) -> None:
    start_round(tmp_path / "ny", 2027, None)
    opened_round = xlstyr.open_round(str(tmp_path / "ny"))
    assert len(opened_round.facts) == len(opened_round.goals) == len(opened_round.indicators) == 0
    assert str(opened_round.facts["amount"].dtype) == "Int64"
    assert known_sum(opened_round.facts["net_cost"]) is None
    assert len(opened_round.missing) == len(opened_round.status) == 4


def test_a_folder_without_round_is_refused(tmp_path: Path) -> None:
    with pytest.raises(XlstyrError, match="Styrbok"):
        xlstyr.open_round(tmp_path)


def test_import_is_light() -> None:
    code = "import sys, xlstyr; print([m for m in ('pandas', 'numpy', 'pydantic', 'openpyxl', 'click') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
