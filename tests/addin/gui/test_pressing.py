"""Every button of the control workbook's panel, pressed with the mouse in LibreOffice, and what it brings about.

Each test stands on the presses that its fixtures name, so that any one of them can be run alone.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.addin.gui.screen import Desk, desk, missing
from xlstyr.addin.building import with_office_buttons
from xlstyr.addin.running import FLAG
from xlstyr.rounds.api import open_round
from xlstyr.rounds.demo import lay_answers
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round
from xlstyr.words import word

pytestmark = [pytest.mark.office, pytest.mark.slow]

NODES = 104
COMMITTEE = "Kommunstyrelsen"


@dataclass(frozen=True)
class Press:
    """A press: its line in the list of runs, and how many answers the register had when it was done."""

    line: dict[str, str]
    answers: int

    @property
    def result(self) -> str:
        """What the panel says came of it."""
        return self.line["result"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round of Danderyd's with buttons in its control workbook, in a folder with letters and blanks of all kinds."""
    folder = tmp_path_factory.mktemp("gui") / "Sm\u00e5 & stora f\u00f6rvaltningar" / "Budget 2026 (h\u00e4r)"
    start_round(folder, None, "danderyd", equip=with_office_buttons)
    return folder


@pytest.fixture(scope="module")
def panel(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The control workbook, open on a screen."""
    if lacking := missing():
        reason = f"pressing buttons needs: apt-get install {lacking}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with desk(next(folder.glob("*.xlsm")), tmp_path_factory.mktemp("screen")) as opened:
        opened.screen.shoot("00 before")
        yield opened


def answers_in(folder: Path) -> int:
    """How many nodes have an answer in the register."""
    with Round(folder) as round_:
        return len({answer.node for answer in round_.register.answers()})


def run(panel: Desk, folder: Path, button: str) -> Press:
    """Presses a button of the panel and waits until it is done."""
    line = panel.run(word(f"addin.button.{button}"))
    return Press(line, answers_in(folder))


@pytest.fixture(scope="module")
def created(panel: Desk, folder: Path) -> Press:
    """Skapa mallar."""
    return run(panel, folder, "create")


@pytest.fixture(scope="module")
def sent(panel: Desk, folder: Path, created: Press) -> Press:
    """Skicka."""
    return run(panel, folder, "send")


@pytest.fixture(scope="module")
def cancelled(panel: Desk, folder: Path, sent: Press) -> Press:
    """Hämta in, and Avbryt as soon as something has come in."""
    with Round(folder) as round_:
        lay_answers(round_, "danderyd", issue_workbooks(round_))
    runs, button = len(panel.table("panel_runs")), word("addin.button.collect")
    panel.press(button)
    panel.screen.wait("something has come in", lambda: len(list((folder / word("folders.originals")).iterdir())) > 2)
    panel.press("Avbryt", patient=False)
    return Press(panel.finished(button, runs + 1), answers_in(folder))


@pytest.fixture(scope="module")
def collected(panel: Desk, folder: Path, cancelled: Press) -> Press:
    """Hämta in, once more."""
    return run(panel, folder, "collect")


@pytest.fixture(scope="module")
def copy(folder: Path, collected: Press, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The round as it was when everything had come in."""
    return Path(shutil.copytree(folder, tmp_path_factory.mktemp("copy") / folder.name))


def test_create_makes_a_workbook_for_every_node(folder: Path, created: Press) -> None:
    assert created.result == word("cli.said.issued", new=NODES, reissued=0, restored=0, unchanged=0)
    assert len(list((folder / word("folders.issued")).rglob("*.xlsx"))) == NODES


def test_send_lays_drafts_in_the_outbox(folder: Path, sent: Press) -> None:
    assert word("cli.said.mail_draft", count=NODES, folder=word("folders.outbox")) in sent.result
    assert len(list((folder / word("folders.outbox")).rglob("*.eml"))) == NODES


def test_cancel_stops_between_two_files_and_keeps_what_is_done(
    folder: Path, sent: Press, cancelled: Press, collected: Press
) -> None:
    assert cancelled.result == word("addin.cancelled")
    assert sent.answers == 0 < cancelled.answers < collected.answers
    assert collected.answers == len(list((folder / word("folders.inbox")).iterdir()))
    assert not (folder / FLAG).exists()


def test_collect_takes_in_the_rest_and_the_panel_tells_where_every_node_stands(panel: Desk, collected: Press) -> None:
    assert collected.line["button"] == word("addin.button.collect")
    states = panel.table("panel_states")
    assert sum(int(row["count"]) for row in states) == NODES
    assert word("terms.state.not_sent") not in [row["state"] for row in states]
    dates = panel.table("panel_dates")
    assert sum(int(row["done"].split()[0]) for row in dates) == collected.answers
    assert dates[0]["deadline"] == "2025-06-13"


def test_check_lists_the_findings_and_turns_to_them(panel: Desk, folder: Path, collected: Press) -> None:
    pressed = run(panel, folder, "check")
    with Round(folder) as round_:
        findings = round_.control_findings
    told = {(finding.place.cell, finding.message, finding.fix, finding.code) for finding in findings}
    listed = [row for row in panel.rows(word("addin.sheet.check")) if any(text.startswith("XS") for text in row)]
    assert {tuple(text for text in row[3:7]) for row in listed} == told
    assert pressed.result == word("cli.said.findings", fel=0, varning=1, notis=1)


def test_status_opens_the_situation_of_the_round(panel: Desk, folder: Path, collected: Press) -> None:
    line = run(panel, folder, "status").line
    path = folder / word("folders.results") / word("folders.situation")
    assert folder / line["file"] == path
    assert panel.opened(path).Sheets.Count > 1
    panel.close_others()


def test_rollup_takes_the_node_whose_row_was_clicked_on(panel: Desk, folder: Path, collected: Press) -> None:
    sheet = next(name for name in panel.sheets if any("table:nodes" in row for row in panel.rows(name)))
    number, row = next((number, row) for number, row in enumerate(panel.rows(sheet)) if COMMITTEE in row)
    panel.turn_to(sheet)
    panel.click_cell(row.index(COMMITTEE), number)
    pressed = run(panel, folder, "rollup")
    assert pressed.result.startswith(f"{COMMITTEE}: ")
    made = panel.opened(folder / pressed.line["file"])
    assert any(COMMITTEE in cell for cell in shown(made.Sheets.getByIndex(0)))
    panel.close_others()


def shown(sheet: Any) -> list[str]:
    """The texts at the top of a sheet."""
    return [sheet.getCellByPosition(column, row).String for row in range(3) for column in range(8)]


def test_consolidate_opens_the_very_workbook_that_the_command_line_makes(panel: Desk, folder: Path, copy: Path) -> None:
    pressed = run(panel, folder, "consolidate")
    made = folder / pressed.line["file"]
    panel.opened(made)
    panel.close_others()
    command = [sys.executable, "-m", "xlstyr.cli.main", "consolidate", "--round", str(copy)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert made.read_bytes() == (copy / made.relative_to(folder)).read_bytes(), done.stderr
    assert pressed.result.split(".")[0] in done.stdout


def test_the_query_sheet_sums_what_has_come_in(panel: Desk, folder: Path, collected: Press) -> None:
    panel.press(word("addin.button.query"))
    sheet = word("addin.sheet.query")
    label = f"{word('addin.query.period.budget')} 2026"

    def sums() -> list[str] | None:
        rows = panel.rows(sheet) if sheet in panel.sheets and not panel.busy() else []
        return next((row[row.index(label) + 1 :][:3] for row in rows if label in row), None)

    shown_ = [int(re.sub(r"\D", "", text)) for text in panel.screen.wait("the question is answered", sums)]
    panel.screen.shoot("query")
    facts = open_round(folder).facts
    budget = facts[(facts["year"] == 2026) & (facts["period"] == "budget")].dropna(subset=["amount"])
    by_side = budget.groupby("side")["amount"].sum()
    assert shown_ == [by_side["income"], by_side["cost"], abs(budget["net_cost"].sum())]


def test_help_is_a_message_that_goes_away(panel: Desk) -> None:
    panel.press(word("addin.button.help"))
    text = panel.message()
    assert all(word(f"addin.button.{key}") in text for key in ("create", "collect", "consolidate"))
    panel.screen.shoot("help")
    panel.dismiss()
