"""Two ways to read a sheet's XML, by scanning plain writing and by a real parser, say exactly the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.office.soffice import Office
from tests.office.xmledit import Edit
from xlstyr.excel import read
from xlstyr.excel.read import read_workbook
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.round import Round


def both(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[object, object]:
    """(what scanning reads, what the parser reads)."""
    scanned = read_workbook(data)
    with monkeypatch.context() as patch:
        patch.setattr(read, "scan_sheet", lambda *_: None)
        patch.setattr(read, "scan_strings", lambda *_: None)
        return scanned, read_workbook(data)


@pytest.mark.parametrize("sample", ["danderyd", "exempelby"])
def test_both_ways_agree_on_everything_we_write_and_people_fill_in(
    sample: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = request.getfixturevalue(sample)
    files = [*folder.glob("Styrbok*.xlsx"), *(folder / "inlämnat").iterdir(), *(folder / "mallar").rglob("*.xlsx")]
    assert len(files) > 20
    for path in files[:120]:
        scanned, parsed = both(path.read_bytes(), monkeypatch)
        assert scanned == parsed, path.name


def test_both_ways_agree_on_a_consolidated_workbook(
    exempelby: Path, copied: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Round(copied(exempelby), NOW) as round_:
        scanned, parsed = both(consolidate(round_).path.read_bytes(), monkeypatch)
    assert scanned == parsed


def test_both_ways_agree_on_what_libreoffice_saves(
    exempelby: Path, tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, path in enumerate(sorted((exempelby / "mallar").rglob("*.xlsx"))[:4]):
        saved = tmp_path / f"{number}.xlsx"
        office.resave(path, saved, "xlsx")
        scanned, parsed = both(saved.read_bytes(), monkeypatch)
        assert scanned == parsed


@pytest.mark.parametrize(
    "value", ["a & b <c>", " kant ", "rad\nbrytning", "_x0041_", "å ä ö – −", "]]>", "'", '"', "=1+1", "\u00a01"]
)
def test_both_ways_agree_on_awkward_text(value: str, exempelby: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next((exempelby / "mallar").rglob("*.xlsx"))
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("budget", "n1", "comment"), value)
    scanned, parsed = both(edit.bytes(), monkeypatch)
    assert scanned == parsed
