"""Promise 2: no honest workbook is refused, and no cell of one is in doubt, whoever has saved it."""

from pathlib import Path

import pytest

from tests.attacks.zips import Member, zipped
from tests.mess import hands as h
from tests.office.soffice import Office
from xlstyr.excel.gate import gate
from xlstyr.excel.read import read_twice, read_workbook
from xlstyr.layout.kinds import is_clock
from xlstyr.layout.raw import RawBook


def doubts(raw: RawBook) -> list[tuple[str, object, str]]:
    """The cells in doubt, but for dates, which number format alone tells from numbers."""
    cells = [cell for table in raw.tables for row in table.rows for cell in row.cells.values()]
    cells += [cell for rest in raw.loose.values() for cell in rest]
    cells += [table.doubt for table in raw.tables if table.doubt is not None]
    cells += [row.doubt for table in raw.tables for row in table.rows if row.doubt is not None]
    return [(c.ref, c.value, c.doubt) for c in cells if c.doubt is not None and not is_clock(c)]


def let_through(data: bytes) -> RawBook:
    """The workbook as two readers read it, which must not find anything to say."""
    refused = gate(data)
    assert refused is None, refused.message
    raw, findings = read_twice(data)
    assert findings == []
    assert raw is not None
    assert doubts(raw) == []
    return raw


@pytest.mark.parametrize("sample", ["danderyd", "exempelby"])
def test_all_that_we_write_and_people_fill_in(sample: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(sample)
    files = [*folder.glob("Styrbok*.xlsx"), *(folder / "inlämnat").iterdir(), *(folder / "mallar").rglob("*.xlsx")]
    assert len(files) > 20
    for path in files:
        raw = let_through(path.read_bytes())
        assert raw.identity is not None


@pytest.mark.parametrize("formats", [("xlsx",), ("ods", "xlsx")], ids="-".join)
def test_all_that_libreoffice_saves(exempelby: Path, office: Office, formats: tuple[str, ...]) -> None:
    """One of each kind of workbook, filled and as issued, and the control workbook."""
    answers = sorted((exempelby / "inkorg").glob("*.xlsx"))
    issued = sorted((exempelby / "mallar").rglob("*.xlsx"))[:3]
    for path in [*exempelby.glob("Styrbok*.xlsx"), *answers[::3], *issued]:
        data = path.read_bytes()
        saved = let_through(h.round_trip(office, formats, data))
        before, _ = read_workbook(data)
        assert before is not None
        assert {table.key for table in saved.tables} >= {table.key for table in before.tables}


def test_odd_but_honest_packages() -> None:
    """Folders as entries, an archive's comment, empty parts, names that aren't ASCII: nothing to refuse."""
    folder = Member("xl/", b"", 0)
    odd = [folder, Member("xl/workbook.xml", b"<x/>"), Member("xl/media/\u00e5.png", b"\x89PNG"), Member("xl/e.xml")]
    assert gate(zipped(odd, comment=b"skriven av ett annat program", tail=b"\r\n\0\0")) is None
