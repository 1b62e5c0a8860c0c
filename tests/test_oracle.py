"""LibreOffice as a second opinion: every formula that we write computes to what Python says, to the krona.

Cached values are poisoned before the recalculation, so that a cell that is only re-read can't agree.
"""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.office.compare import compare
from tests.office.soffice import Office
from tests.office.xmledit import Edit
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.incoming.examining import examine
from xlstyr.rounds.round import Round


def issued(folder: Path) -> list[Path]:
    """Every workbook issued in the round."""
    return sorted((folder / "mallar").rglob("*.xlsx"))


def assert_agrees(path: Path, office: Office, at_least: int) -> None:
    comparison = compare(path, office)
    assert comparison.differences == []
    assert comparison.compared >= at_least


@pytest.mark.slow
def test_every_issued_workbook_agrees(danderyd: Path, office: Office) -> None:
    workbooks = issued(danderyd)
    assert len(workbooks) > 100
    for path in workbooks:
        assert_agrees(path, office, 60)


def test_the_other_municipality_agrees(exempelby: Path, office: Office) -> None:
    for path in issued(exempelby):
        assert_agrees(path, office, 60)


def test_answered_and_redrawn_workbooks_agree(
    exempelby_answered: Path, copied: Callable[[Path], Path], opened: Callable[[Path], Round], office: Office
) -> None:
    """The values that Python computes from the answers are those that the sheets compute."""
    round_ = opened(copied(exempelby_answered))
    for path in sorted((round_.folder / "inkorg").glob("*.xlsx")):
        returned = write_return(round_, examine(round_, path.read_bytes(), path.name))
        assert returned is not None
        assert_agrees(returned, office, 60)


@pytest.mark.parametrize("sample", ["danderyd", "exempelby"])
def test_the_consolidated_workbook_agrees(
    sample: str,
    request: pytest.FixtureRequest,
    copied: Callable[[Path], Path],
    opened: Callable[[Path], Round],
    office: Office,
) -> None:
    round_ = opened(copied(request.getfixturevalue(sample)))
    assert_agrees(consolidate(round_).path, office, 1000)
    for node in round_.premises.organisation.children(round_.premises.organisation.root.id)[:2]:
        assert_agrees(consolidate(round_, node.id).path, office, 300)


def test_the_control_workbook_agrees(danderyd: Path, office: Office) -> None:
    assert_agrees(danderyd / "Styrbok 2026.xlsx", office, 50)


def test_a_planted_wrong_formula_is_caught(exempelby: Path, tmp_path: Path, office: Office) -> None:
    """The comparison isn't empty: one formula changed on purpose is reported, at its cell."""
    path = next(path for path in issued(exempelby))
    edit = Edit(path.read_bytes())
    row = next(r for r in edit.table("budget").rows if not r.startswith("#"))
    sheet, ref = edit.at("budget", row, "decided")
    formula = edit.formula(sheet, ref)
    assert formula is not None
    value = edit.get(sheet, ref)
    assert isinstance(value, int | float)
    edit.set(sheet, ref, value, formula=f"{formula}+1")
    wrong = tmp_path / "fel.xlsx"
    wrong.write_bytes(edit.bytes())
    places = {(difference.sheet, difference.ref) for difference in compare(wrong, office).differences}
    assert (sheet, ref) in places


@pytest.mark.parametrize("sample", ["danderyd", "exempelby"])
def test_no_error_value_stands_in_any_workbook(
    sample: str, request: pytest.FixtureRequest, copied: Callable[[Path], Path], opened: Callable[[Path], Round]
) -> None:
    round_ = opened(copied(request.getfixturevalue(sample)))
    for path in [consolidate(round_).path, *issued(round_.folder)]:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/sheet"):
                    text = archive.read(name).decode()
                    assert not re.search(r'<c [^>]*t="e"|<v>#|#REF!|#NAME', text), f"{path.name} {name}"
