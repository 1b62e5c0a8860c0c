"""An installed xlstyr works without a checkout; an editable install finds its data folders in the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from xlstyr.rounds.resources import data_folder

ROOT = Path(__file__).parent.parent
FOLDERS = ("workbook_templates", "samples", "macros")


def test_a_checkout_is_used_where_it_is() -> None:
    assert [data_folder(name) for name in FOLDERS] == [ROOT / name for name in FOLDERS]


@pytest.mark.slow
def test_the_wheel_stands_on_its_own(tmp_path: Path) -> None:
    """The wheel, unpacked far from any checkout, runs the whole loop on its own copy of the data."""
    build = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--quiet", "--wheel-dir", str(tmp_path)]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    wheel = next(tmp_path.glob("*.whl"))
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    assert all((place / "xlstyr" / "_installed" / name).is_dir() for name in FOLDERS)
    run = [sys.executable, "-m", "xlstyr.cli.main", "demo", str(tmp_path / "runda"), "--sample", "exempelby"]
    environment = {**os.environ, "PYTHONPATH": str(place)}
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runda" / "resultat" / "Budget 2031.xlsx").is_file()
