"""The house itself: import contracts, nothing tied to one municipality, Swedish kept out of the code."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from statistics import median

from xlstyr.rounds.samples import answers

ROOT = Path(__file__).parent.parent
CODE = sorted((ROOT / "xlstyr").rglob("*.py"))


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_nothing_names_the_sample_municipality() -> None:
    """Any municipality: the code and the definitions know none."""
    files = [*CODE, *(ROOT / "workbook_templates").rglob("*.toml"), *(ROOT / "xlstyr" / "words").rglob("*.toml")]
    named = [path.name for path in files if re.search("danderyd", path.read_text("utf-8"), re.IGNORECASE)]
    assert named == []


def test_swedish_stays_out_of_the_code() -> None:
    wrong = [path.name for path in CODE if re.search("[åäöÅÄÖ]", path.read_text("utf-8"))]
    assert wrong == []


def test_modules_stay_readable() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in CODE}
    assert {name: length for name, length in lengths.items() if length > 460} == {}
    assert median(lengths.values()) < 160


def test_every_dependency_is_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[>=<;\s]", line)[0] for line in project["dependencies"]}
    decisions = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs" / "decisions").glob("*.md")).casefold()
    assert [name for name in sorted(names) if name not in decisions] == []


def test_a_unit_finishes_with_few_cells() -> None:
    """Twenty minutes for a unit: the cells that people type in the sample, by unit."""
    kinds = {}
    for line in (ROOT / "samples" / "danderyd" / "nodes.csv").read_text("utf-8").splitlines()[1:]:
        node, _, kind, *_ = line.split(";")
        kinds[node] = kind
    typed = [len(cells) for node, cells in answers(ROOT / "samples" / "danderyd").items() if kinds[node] == "unit"]
    assert median(typed) < 25
    assert max(typed) < 40
