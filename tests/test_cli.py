"""The command line: what it says, in which form, and with which exit code."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.office.xmledit import Edit
from xlstyr.cli.main import COMMANDS, main
from xlstyr.words import rules

ROOT = Path(__file__).parents[1]
CODES = sorted(path.stem for path in (ROOT / "xlstyr" / "words" / "rules").glob("XS*.toml"))
FINDING = {"code", "severity", "node", "sheet", "cell", "message", "fix"}
ENGLISH = re.compile(
    r"\b(usage|options|commands|show|exit|error|missing|invalid|value|such|try|help for|does not|exist|the|and|with)\b",
    re.IGNORECASE,
)
STATES = {"not_sent", "sent", "reminded", "received", "returned", "corrected", "certified", "included"}


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard out: nothing before it, nothing after."""
        data = json.loads(self.out)
        assert isinstance(data, dict)
        return data


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, as the installed script does."""

    def run_(*words: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["xlstyr", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
            sys.exit(0)
        out, err = capfd.readouterr()
        code = ended.value.code
        return Said(code if isinstance(code, int) else 0 if code is None else 1, out, err)

    return run_


@pytest.fixture(scope="module")
def taken(exempelby: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round whose answers are in, in a folder with an awkward name; commands may write in it."""
    return Path(shutil.copytree(exempelby, tmp_path_factory.mktemp("kommandon") / "Budget 2031 åäö"))


def broken(folder: Path, target: Path) -> Path:
    """An answer with a fault of severity fel."""
    edit = Edit((folder / "inkorg" / "Budget 2031 Åsens förskola.xlsx").read_bytes())
    row = next(row for row in edit.table("budget").rows if row[0].isdigit())
    edit.set(*edit.at("budget", row, "change"), "1.234")
    target.write_bytes(edit.bytes())
    return target


# help


@pytest.mark.parametrize("words", [["--help"], [], *([command, "--help"] for command in COMMANDS)])
def test_help_is_in_swedish(run: Run, words: Sequence[str]) -> None:
    said = run(*words)
    text = re.sub(r"xlstyr|--\S+", "", said.out + said.err)
    assert "Användning:" in text
    assert not ENGLISH.search(text), ENGLISH.search(text)
    assert said.code == (0 if words else 2)


def test_help_names_every_command_with_its_purpose(run: Run) -> None:
    said = run("--help")
    listed = dict(re.findall(r"^  (\w+) {2,}(\S.*)$", said.out, re.MULTILINE))
    assert set(listed) == set(COMMANDS)


USAGE = {
    "an unknown command": ["hitta-pa"],
    "an unknown option": ["status", "--hittapa"],
    "no files": ["check"],
    "a file that isn't there": ["check", "finns-inte-åäö.xlsx"],
    "no year": ["init", "mapp"],
    "an impossible year": ["init", "mapp", "--year", "26"],
    "a year in words": ["init", "mapp", "--year", "nästa"],
    "too many arguments": ["explain", "XS302", "XS303"],
    "no node": ["rollup"],
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage_ends_with_2_and_a_swedish_word(run: Run, case: str) -> None:
    said = run(*USAGE[case])
    assert said.code == 2
    assert said.out == ""
    assert "Fel:" in said.err
    assert not ENGLISH.search(re.sub(r"xlstyr|--\S+", "", said.err))


# exit codes


def test_done_is_0_also_with_gaps_and_warnings(run: Run, taken: Path) -> None:
    said = run("consolidate", "--round", taken)
    assert said.code == 0
    assert "Saknas: Äldreboendet Björkbacken" in said.out
    assert said.err == ""


def test_fel_is_1(run: Run, taken: Path, tmp_path: Path) -> None:
    bad = broken(taken, tmp_path / "Budget 2031 Åsens förskola.xlsx")
    assert run("check", bad, "--round", taken).code == 1
    assert run("check", taken / "inkorg" / "Budget 2031 Hemtjänst öster & väster.xlsx", "--round", taken).code == 0


def test_collecting_something_with_fel_is_1(run: Run, exempelby: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby, tmp_path / "runda"))
    bad = broken(folder, tmp_path / "Budget 2031 Åsens förskola.xlsx")
    said = run("collect", bad, "--round", folder, "--json")
    assert said.code == 1
    assert [item["status"] for item in said.json["files"]] == ["held"]


@pytest.mark.parametrize(
    "words", [["status"], ["generate"], ["consolidate"], ["collect"], ["rollup", "x"], ["check", "FIL"]]
)
def test_a_folder_that_is_no_round_is_3_and_says_what_to_do(run: Run, tmp_path: Path, words: list[str]) -> None:
    file = tmp_path / "svar.xlsx"
    file.write_bytes(b"PK")
    said = run(*(str(file) if word == "FIL" else word for word in words), "--round", tmp_path)
    assert said.code == 3
    assert said.out == ""
    assert "Det finns ingen Styrbok" in said.err
    assert "xlstyr init" in said.err
    assert "Traceback" not in said.err


def test_an_unknown_node_is_wrong_usage_with_a_suggestion(run: Run, taken: Path) -> None:
    said = run("rollup", "samhallet", "--round", taken)
    assert (said.code, said.out) == (2, "")
    assert "Menade du samhalle?" in said.err
    assert "Menade" not in run("rollup", "xyz", "--round", taken).err


def test_an_unknown_code_is_3(run: Run) -> None:
    said = run("explain", "XS999")
    assert (said.code, said.out) == (3, "")
    assert "XS999" in said.err


def test_a_broken_register_is_3(run: Run, exempelby: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby, tmp_path / "runda"))
    (folder / "xlstyr.db").write_bytes(b"trasig" * 1000)
    said = run("status", "--round", folder)
    assert (said.code, said.out) == (3, "")
    assert "xlstyr.db" in said.err and "Traceback" not in said.err


def test_a_faulty_control_workbook_is_3_with_findings_and_cells(run: Run, exempelby: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby, tmp_path / "runda"))
    path = folder / "Styrbok 2031.xlsx"
    edit = Edit(path.read_bytes())
    table = edit.table("nodes")
    edit.set(table.sheet, f"{table.columns['parent']}{table.rows['r5']}", "finns-inte")
    path.write_bytes(edit.bytes())
    said = run("generate", "--round", folder)
    assert (said.code, said.out) == (3, "")
    assert "finns-inte" in said.err
    assert f"{table.sheet} {table.columns['parent']}{table.rows['r5']}" in said.err


def test_starting_where_a_round_is_is_3_and_changes_nothing(run: Run, taken: Path) -> None:
    before = (taken / "Styrbok 2031.xlsx").read_bytes()
    said = run("init", taken, "--year", "2031")
    assert said.code == 3
    assert "Styrbok 2031.xlsx" in said.err
    assert (taken / "Styrbok 2031.xlsx").read_bytes() == before
    assert run("demo", taken).code == 3


# what --json says


def test_check_says_one_object(run: Run, taken: Path, tmp_path: Path) -> None:
    good = taken / "inkorg" / "Budget 2031 Hemtjänst öster & väster.xlsx"
    bad = broken(taken, tmp_path / "Budget 2031 Åsens förskola.xlsx")
    stray = tmp_path / "Möte å ä ö.pdf"
    stray.write_bytes(b"%PDF-1.7")
    said = run("check", good, bad, stray, "--round", taken, "--json")
    assert set(said.json) == {"files"}
    files = said.json["files"]
    assert all(set(item) == {"file", "node", "status", "findings"} for item in files)
    assert [(item["file"], item["node"], item["status"]) for item in files] == [
        (good.name, "hemtjanst", "accepted"),
        (bad.name, "asens-forskola", "held"),
        (stray.name, None, "refused"),
    ]
    findings = [finding for item in files for finding in item["findings"]]
    assert findings and all(set(finding) == FINDING for finding in findings)
    ambiguous = next(finding for finding in findings if finding["code"] == "XS202")
    assert (ambiguous["severity"], ambiguous["node"], ambiguous["sheet"]) == ("fel", "asens-forskola", "Budget")
    assert re.fullmatch(r"[A-Z]+\d+", ambiguous["cell"])
    assert said.err == ""


def test_check_with_return_says_where_it_is(run: Run, taken: Path, tmp_path: Path) -> None:
    bad = broken(taken, tmp_path / "Budget 2031 Åsens förskola.xlsx")
    [item] = run("check", bad, "--return", "--round", taken, "--json").json["files"]
    assert set(item) == {"file", "node", "status", "findings", "return"}
    assert Path(item["return"]).is_file()


def test_consolidate_says_one_object(run: Run, taken: Path) -> None:
    said = run("consolidate", "--round", taken, "--json").json
    assert set(said) == {"workbook", "complete", "totals", "missing", "findings"}
    assert Path(said["workbook"]) == taken / "resultat" / "Budget 2031.xlsx"
    assert Path(said["workbook"]).is_file()
    assert said["complete"] is False
    assert said["missing"] == ["bjorkbacken"]
    assert set(said["totals"]) == {"net_cost", "result"}
    for measure in said["totals"].values():
        assert list(measure) == ["2031", "2032", "2033"]
        assert all(type(amount) is int for amount in measure.values())
    assert all(set(finding) == FINDING for finding in said["findings"])


def test_rollup_says_the_same_object_without_a_result(run: Run, taken: Path) -> None:
    said = run("rollup", "valfard", "--round", taken, "--json").json
    assert set(said) == {"workbook", "complete", "totals", "missing", "findings"}
    assert Path(said["workbook"]).name == "Sammanställning Välfärdsnämnden.xlsx"
    assert set(said["totals"]) == {"net_cost"}
    assert said["missing"] == ["bjorkbacken"]
    complete = run("rollup", "samhalle", "--round", taken, "--json").json
    assert (complete["complete"], complete["missing"]) == (True, [])


def test_status_says_one_object(run: Run, taken: Path) -> None:
    said = run("status", "--round", taken, "--json").json
    assert set(said) == {"nodes"}
    assert all({"node", "state", "deadline"} <= set(node) for node in said["nodes"])
    assert {node["state"] for node in said["nodes"]} <= STATES
    assert {node["node"]: node["state"] for node in said["nodes"]}["bjorkbacken"] == "sent"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", node["deadline"]) for node in said["nodes"])


def test_generate_and_collect_say_one_object_each(run: Run, exempelby_answered: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    issued = run("generate", "--round", folder, "--json").json
    assert set(issued) == {"workbooks"}
    assert all(set(item) == {"node", "issue", "status", "file"} for item in issued["workbooks"])
    assert {item["status"] for item in issued["workbooks"]} == {"unchanged"}
    collected = run("collect", "--round", folder, "--json").json
    assert set(collected) == {"files", "messages", "left", "untouched", "rivals", "certified"}
    assert all({"file", "node", "status", "sha256", "findings"} <= set(item) for item in collected["files"])
    assert {item["status"] for item in collected["files"]} == {"accepted"}
    again = run("collect", "--round", folder, "--json")
    assert ({item["status"] for item in again.json["files"]}, again.code) == ({"duplicate"}, 0)


def test_init_says_one_object(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "Ny omgång åäö"
    said = run("init", folder, "--year", "2032", "--sample", "exempelby", "--json")
    assert said.json == {"control": str(folder / "Styrbok 2032.xlsx")}
    assert (folder / "Styrbok 2032.xlsx").is_file()
    assert run("generate", "--round", folder).code == 0
    assert list((folder / "mallar").rglob("Budget 2032 Hemtjänst öster & väster.xlsx"))


def test_demo_says_one_object_and_ends_well(run: Run, tmp_path: Path) -> None:
    said = run("demo", tmp_path / "Ett exempel", "--sample", "exempelby", "--json")
    assert said.code == 0
    assert set(said.json) == {"workbook", "complete", "totals", "missing", "findings"}
    assert said.json["missing"]
    assert all(finding["severity"] != "fel" for finding in said.json["findings"])


@pytest.mark.slow
def test_the_demo_of_danderyd_leaves_gaps_and_warnings_but_no_fel(run: Run, tmp_path: Path) -> None:
    said = run("demo", tmp_path / "Danderyd", "--json")
    assert said.code == 0
    severities = {finding["severity"] for finding in said.json["findings"]}
    assert "varning" in severities and "fel" not in severities
    assert said.json["missing"] and not said.json["complete"]


# explain


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(run: Run, code: str) -> None:
    said = run("explain", code.casefold())
    rule = rules.rule(code)
    assert said.code == 0
    for text in (code, rule.title, rule.severity, rule.why, rule.cure({})):
        assert text in said.out
    assert "{" not in said.out
    json = run("explain", code, "--json").json
    assert "{" not in "".join(json.values())
    assert set(json) == {
        "code",
        "title",
        "severity",
        "blocks",
        "message",
        "why",
        "fix",
        "source",
    }


# rivals


def test_use_chooses_between_rivals(run: Run, exempelby: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby, tmp_path / "runda"))
    rival = tmp_path / "Budget 2031 Hemtjänst öster & väster (1).xlsx"
    edit = Edit((folder / "inkorg" / "Budget 2031 Hemtjänst öster & väster.xlsx").read_bytes())
    edit.set(*edit.at("signoff", "message", "value"), "Den här gäller.")
    rival.write_bytes(edit.bytes())
    assert run("collect", "--use", rival, "--why", "Ringde", "--round", folder).code == 3
    run("collect", rival, "--round", folder)
    said = run("consolidate", "--round", folder, "--json")
    assert "hemtjanst" in said.json["missing"]
    assert "XS501" in {finding["code"] for finding in said.json["findings"]}
    without = run("collect", "--use", rival, "--round", folder)
    assert (without.code, "--why" in without.err) == (2, True)
    chosen = run("collect", "--use", rival, "--why", "Ringde", "--round", folder, "--json").json
    assert (set(chosen), chosen["node"]) == ({"node", "digest"}, "hemtjanst")
    after = run("consolidate", "--round", folder, "--json")
    assert "hemtjanst" not in after.json["missing"]
    assert "XS501" not in {finding["code"] for finding in after.json["findings"]}


# outside this process

HEAVY = ("pandas", "openpyxl", "pydantic", "xlsxwriter", "sqlite3", "numpy")


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom xlstyr.cli.main import main\n"
        f"sys.argv = ['xlstyr', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('IMPORTED', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8", timeout=60)
    heavy = HEAVY if words != ["check", "--help"] else ("pandas", "numpy")
    found = done.stdout.splitlines()[-1]
    assert not [name for name in heavy if f"'{name}'" in found], found


def test_swedish_comes_out_whole_where_the_locale_is_ascii(taken: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    path = taken / "inkorg" / "Budget 2031 Hemtjänst öster & väster.xlsx"
    words = [sys.executable, "-m", "xlstyr.cli.main", "check", str(path), "--round", str(taken)]
    done = subprocess.run(words, capture_output=True, check=True, env=environment, timeout=120)
    assert "Budget 2031 Hemtjänst öster & väster.xlsx" in done.stdout.decode("utf-8")


def test_progress_is_for_terminals_only(run: Run, exempelby_answered: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    said = run("collect", "--round", folder)
    assert said.err == ""
    assert "\r" not in said.out
