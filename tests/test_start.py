"""A new round: the standard content that any municipality starts from, and what ``init`` refuses."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from tests.conftest import NOW
from tests.office.package import Package
from tests.office.xmledit import Edit
from xlstyr.cli.main import group
from xlstyr.excel.read import read_workbook
from xlstyr.excel.theme import number_format
from xlstyr.layout.load import load_workbook
from xlstyr.model.errors import DefinitionError, XlstyrError
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.resources import data_folder, templates
from xlstyr.rounds.round import BrokenControlError, Round
from xlstyr.rounds.samples import sample_content

ROOT = Path(__file__).parents[1]
STANDARD = ROOT / "samples" / "standard"
STAGES = ["premises", "proposal", "executive", "decision", "internal"]
KINDS = {"unit", "department", "administration", "committee", "company", "central_finance"}


def run(*arguments: object) -> Result:
    """A command that shall succeed."""
    result = CliRunner().invoke(group, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def fail(*arguments: object) -> str:
    """What a command that can't run says; it ends with code 3."""
    done = subprocess.run(
        [sys.executable, "-m", "xlstyr.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round of the standard content in a folder with å, ä, ö and blanks, its workbooks generated."""
    folder = tmp_path_factory.mktemp("ny") / "Årets budget för kommunen åäö"
    run("init", folder, "--year", 2028)
    run("generate", "--round", folder)
    return folder


def test_standard_goes_all_the_way(started: Path) -> None:
    with Round(started) as round_:
        (begun,) = round_.control_findings
        assert (begun.code, begun.severity) == ("XS817", "notis")
        assert "Kommun, Kommunkod och Skattesats" in begun.message
        expected = [node.id for node in round_.premises.organisation if node.kind != "municipality"]
    done = json.loads(run("consolidate", "--round", started, "--json").stdout)
    assert done["complete"] is False
    assert sorted(done["missing"]) == sorted(expected)
    assert done["totals"] == {"net_cost": {"2028": None, "2029": None, "2030": None}}
    assert [finding for finding in done["findings"] if finding["severity"] == "fel"] == []
    assert Path(done["workbook"]).is_file()


def test_every_node_gets_a_workbook_that_can_be_read(started: Path) -> None:
    issued = sorted((started / "mallar").rglob("*.xlsx"))
    assert [path.name for path in issued] == [
        "Budget 2028 Finansförvaltningen.xlsx",
        "Budget 2028 Exempelenheten.xlsx",
        "Budget 2028 Kommunledningsförvaltningen.xlsx",
        "Budget 2028 Kommunstyrelsen.xlsx",
    ]
    for path in issued:
        raw, findings = read_workbook(path.read_bytes())
        assert raw is not None
        assert findings == []
        texts = [cell.value for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row]
        assert any("Budget 2028 med plan 2029–2030" in str(text) for text in texts)


def test_a_round_of_nothing_has_no_broken_formulas(started: Path) -> None:
    """Nothing has come in: every page still has its values, and none is an error or a made-up zero result."""
    run("consolidate", "--round", started)
    book = openpyxl.load_workbook(started / "resultat" / "Budget 2028.xlsx", data_only=True)
    errors = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value).startswith("#") and str(cell.value).endswith(("!", "?", "A", "0!"))
    ]
    assert errors == []


def test_again_changes_nothing(started: Path) -> None:
    assert "0 nya, 0 i ny utgåva" in run("generate", "--round", started).output


def test_another_phase_of_the_wheel_gives_workbooks(tmp_path: Path) -> None:
    """The economy department changes the running phase in the control workbook, and generates again."""
    run("init", tmp_path / "omgång", "--year", 2027)
    [control] = (tmp_path / "omgång").glob("Styrbok*.xlsx")
    book = openpyxl.load_workbook(control)
    cell = next(cell for row in book["Omgång"].iter_rows() for cell in row if cell.value == "proposal")
    for stage in STAGES:
        cell.value = stage
        book.save(control)
        issued = json.loads(run("generate", "--round", tmp_path / "omgång", "--json").stdout)["workbooks"]
        assert [one["status"] for one in issued] == ["new"] * 4, stage


def test_no_command_guesses_which_control_workbook_counts(tmp_path: Path) -> None:
    folder = tmp_path / "omgång"
    run("init", folder, "--year", 2027)
    [control] = folder.glob("Styrbok*.xlsx")
    (folder / "Styrbok 2027 - Kopia.xlsx").write_bytes(b"not even a workbook")
    assert run("status", "--round", folder).exit_code == 0
    (folder / "Styrbok 2027.xlsm").write_bytes(control.read_bytes())
    for command in ("status", "collect", "doctor"):
        assert "Styrbok 2027.xlsm, Styrbok 2027.xlsx" in fail(command, "--round", folder)


def test_the_whole_wheel_is_there_for_every_kind() -> None:
    lines = list(csv.DictReader((STANDARD / "phases.csv").open(encoding="utf-8"), delimiter=";"))
    workbook = load_workbook("control", 2027, templates())
    content = sample_content(STANDARD, workbook, 2027)
    deadlines = {(row.values["stage"], row.values["kind"]): row.values["deadline"] for row in content.tables["phases"]}
    assert list(dict.fromkeys(line["stage"] for line in lines)) == STAGES
    assert deadlines.keys() == {(stage, kind) for stage in STAGES for kind in KINDS}
    assert all(isinstance(day, date) and day.year == 2026 for day in deadlines.values())
    upwards = ["unit", "department", "administration", "committee", "central_finance"]
    ordered = [deadlines[stage, kind] for stage in STAGES for kind in upwards]
    assert ordered == sorted(ordered, key=str)
    assert str(deadlines["executive", "committee"]) < "2026-10-31"  # KL 11:8
    assert str(deadlines["decision", "central_finance"]) < "2026-11-30"  # KL 11:10


def test_codes_are_whole() -> None:
    """Staff is class 5, income 3 or 8, and every group is used; the codes of the räkenskapssammandrag are there."""
    content = sample_content(STANDARD, load_workbook("control", 2027, templates()), 2027)
    sides = {row.values["group"]: row.values["side"] for row in content.tables["groups"]}
    accounts = [row.values for row in content.tables["accounts"]]
    assert {row["group"] for row in accounts} == set(sides)
    assert {str(row["account"])[0] for row in accounts if row["group"] == "Personal"} == {"5"}
    assert {row["group"] for row in accounts if str(row["account"])[0] == "5"} == {"Personal"}
    assert {str(row["account"])[0] for row in accounts if sides[row["group"]] == "income"} == {"3", "8"}
    incomes = {"income", "tax", "grants", "financial_income"}
    costs = {"cost", "depreciation", "grants", "financial_cost"}
    assert all(row["statement"] in (incomes if sides[row["group"]] == "income" else costs) for row in accounts)
    codes = {str(row.values["activity"]) for row in content.tables["activities"]}
    published = (ROOT / "samples" / "danderyd" / "published.csv").read_text("utf-8").splitlines()[1:]
    sums = {"190", "290", "390", "690", "890"}
    assert {line.split(";")[0] for line in published} - sums <= codes
    assert {"800", "810", "830", "834", "855", "860", "865", "870"} <= codes
    assert all(row.values["index"] == 0 for row in content.tables["groups"])


def test_years_stand_for_themselves_in_samples(tmp_path: Path) -> None:
    (tmp_path / "round.csv").write_text("field;value\nround;budget-{t}\ntitle;Budget {t} med plan {t+1}\n", "utf-8")
    (tmp_path / "calendar.csv").write_text("date;what\n{t-1}-08-29;Bokslut {t-2}\n2026-01-02;Fast\n", "utf-8")
    workbook = load_workbook("control", 2031, templates())
    content = sample_content(tmp_path, workbook, 2031)
    assert content.forms["round"]["title"] == "Budget 2031 med plan 2032"
    assert content.identity.round == "budget-2031"
    assert [dict(row.values) for row in content.tables["calendar"]] == [
        {"date": date(2030, 8, 29), "what": "Bokslut 2029"},
        {"date": date(2026, 1, 2), "what": "Fast"},
    ]
    (tmp_path / "calendar.csv").write_text("date;what\n{t-1}-02-30;Finns inte\n", "utf-8")
    with pytest.raises(DefinitionError, match=r"calendar\.csv"):
        sample_content(tmp_path, workbook, 2031)


def test_init_never_overwrites(started: Path) -> None:
    [control] = started.glob("Styrbok*.xlsx")
    before = control.read_bytes()
    assert f"{control.name} finns redan" in fail("init", started, "--year", 2028)
    assert control.read_bytes() == before


def test_init_makes_no_second_control_workbook(tmp_path: Path) -> None:
    """Neither beside one with macros nor beside one of another year: the other commands would have to guess."""
    for name, year in (("Styrbok 2031.xlsm", 2031), ("Styrbok 2030.xlsx", 2031)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"~${name}").write_bytes(b"")
        (folder / name).write_bytes(b"x")
        assert f"{name} finns redan" in fail("init", folder, "--year", year)
        assert sorted(path.name for path in folder.iterdir()) == sorted([name, f"~${name}"])


def test_the_folder_that_is_no_round_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(XlstyrError, match=re.escape(str(tmp_path.resolve()))):
        Round(Path())


def test_unknown_sample_is_named(tmp_path: Path) -> None:
    assert "Det finns inget exempel som heter ödeshög." in fail(
        "init", tmp_path / "ny", "--year", 2028, "--sample", "ödeshög"
    )
    assert not (tmp_path / "ny").exists()


def test_year_is_asked_for(tmp_path: Path) -> None:
    result = CliRunner().invoke(group, ["init", str(tmp_path / "ny")])
    assert result.exit_code == 2
    assert "--year" in result.output


def test_every_sample_has_a_file_for_every_table() -> None:
    workbook = load_workbook("control", 2027, templates())
    tables = {key for key, table in workbook.tables.items() if not table.blank}
    for sample in ("standard", "danderyd", "exempelby"):
        files = {path.stem for path in (data_folder("samples") / sample).glob("*.csv")}
        assert tables - files == set(), sample


def test_amounts_typed_in_kronor_are_shown_in_kronor() -> None:
    """In the control workbook people type kronor where a heading says kronor, and see what they typed."""
    workbook = load_workbook("control", 2027, templates())
    typed = [c for table in workbook.tables.values() for c in table.column if c.kind == "amount" and c.unit == "kr"]
    assert len(typed) > 5
    assert all("kr" in column.header for column in typed)
    assert all(number_format(column).startswith("#,##0_-") for column in typed)


def test_init_copies_what_may_be_changed_and_never_writes_over_it(tmp_path: Path) -> None:
    folder = tmp_path / "ny"
    folder.mkdir()
    (folder / "retention.toml").write_text("mine", "utf-8")
    run("init", folder, "--year", 2028)
    assert (folder / "retention.toml").read_text("utf-8") == "mine"
    run("init", tmp_path / "annan", "--year", 2028)
    for name in ("retention.toml", "xlstyr.toml"):
        assert (tmp_path / "annan" / name).read_bytes() == (templates() / name).read_bytes()


COMMANDS = (
    ("generate",), ("send",), ("remind",), ("check", "x.xlsx"), ("collect",), ("return",), ("rollup", "kommun"),
    ("consolidate",), ("certify", "kommun"), ("status",), ("archive",), ("dispose",),
)  # fmt: skip


@pytest.fixture(scope="module")
def misspelt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new round whose settings have a line that isn't known."""
    folder = tmp_path_factory.mktemp("felstavad")
    run("init", folder, "--year", 2028)
    (folder / "x.xlsx").write_bytes(b"")
    (folder / "xlstyr.toml").write_text("[smtp]\nhots = 'x'\n", "utf-8")
    return folder


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_misspelt_setting_stops_every_command(misspelt: Path, command: tuple[str, ...]) -> None:
    arguments = [str(misspelt / one) if one.endswith(".xlsx") else one for one in command]
    done = CliRunner().invoke(group, [*arguments, "--round", str(misspelt)])
    assert isinstance(done.exception, XlstyrError)
    assert "smtp.hots" in str(done.exception)


# a control workbook of a former version

LATER = ["Panel", "Omorganisation", "Kommentarer"]


def former(folder: Path, *, layout: bool) -> None:
    """The control workbook as the former version made it; without ``layout`` as somebody who took things away."""
    path = folder / "Styrbok 2031.xlsx"
    edit = Edit(path.read_bytes())
    row = int("".join(filter(str.isdigit, edit.at("round", "answers", "value")[1])))
    edit.delete_row("Omgång", row)
    cell = edit.at("phases", next(iter(edit.table("phases").rows)), "certify_by")[1]
    edit.delete_column("Faser", "".join(filter(str.isalpha, cell)))
    for title in LATER:
        edit.delete_sheet(title)
    data = edit.bytes()
    digest = load_workbook("control", 2031, templates()).digest
    if layout:
        package = Package(data)
        package.parts = {name: part.replace(digest.encode(), b"0" * 64) for name, part in package.parts.items()}
        data = package.bytes()
    path.write_bytes(data)


def test_a_round_of_the_former_version_can_be_opened_and_finished(
    exempelby_answered: Path, copied: Callable[[Path], Path]
) -> None:
    folder = copied(exempelby_answered)
    former(folder, layout=True)
    with Round(folder, NOW) as round_:
        (notice,) = [finding for finding in round_.control_findings if finding.code == "XS827"]
        assert not any(finding.severity == "fel" for finding in round_.control_findings)
        assert (round_.premises.comments, round_.premises.reorganised, round_.premises.settings.answers) == ((), (), "")
        assert {phase.certify_by for phase in round_.premises.phases} == {None}
        assert {taken.outcome for taken in collect(round_)} == {"accepted"}
        assert consolidate(round_).totals["net_cost"]
    assert notice.severity == "notis"
    assert all(title in notice.message for title in (*LATER, "Omgång", "Faser"))


def test_what_is_taken_out_of_a_control_workbook_of_today_is_a_fault(
    exempelby_answered: Path, copied: Callable[[Path], Path]
) -> None:
    folder = copied(exempelby_answered)
    former(folder, layout=False)
    with Round(folder, NOW) as round_, pytest.raises(BrokenControlError) as caught:
        _ = round_.premises
    assert {"XS101", "XS102", "XS104"} <= {finding.code for finding in caught.value.findings}
