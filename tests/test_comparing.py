"""What a corrected file changed, and which findings are gone, left and new."""

import json
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.office.xmledit import Edit, Typed
from xlstyr.cli.main import group
from xlstyr.model.bundle import Contribution, Row, content_digest
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.period import Period, PeriodKind
from xlstyr.model.provenance import Origin, Source
from xlstyr.model.records import BudgetLine, Goal, Indicator, Record, Signoff, StaffChange
from xlstyr.rounds.deciding.comparing import KEYS, changes, compare, former, latest
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.incoming.standing import bundle, choose
from xlstyr.rounds.round import Round
from xlstyr.words import word, words

NODE, STAGE = "hemtjanst", "proposal"
FILE = "Budget 2031 Hemtjänst öster & väster.xlsx"
BUDGET = Period(PeriodKind.BUDGET, 2031)
BEFORE = Period(PeriodKind.BUDGET, 2030)
SOURCE = Source("a" * 64, "svar.xlsx")


def line(account: str, budget: int | None, comment: str = "", counterparty: str | None = None) -> BudgetLine:
    """A line of cost."""
    amounts = ((BEFORE, 100),) if budget is None else ((BEFORE, 100), (BUDGET, budget))
    return BudgetLine(NODE, STAGE, account, "V520", counterparty, "cost", amounts, comment)


def row(table: str, row_id: str, record: Record) -> Row:
    """A row of an answer."""
    return Row(table, row_id, NODE, record, Origin(SOURCE, "Budget", 12, (("change", "L12"),)))


def answer(*rows: Row, revision: int = 0, findings: tuple[Finding, ...] = ()) -> Contribution:
    """What the node says."""
    parts = frozenset({"money", "goals", "control"})
    return Contribution(NODE, STAGE, 1, revision, content_digest(rows), parts, rows, findings=findings)


def test_the_same_answer_has_no_changes() -> None:
    one = answer(
        row("budget", "b1", line("50110", 120, "Löner")), row("goals", "m1", Goal(NODE, "m1", "Trygghet", None))
    )
    moved = answer(*(replace(r, origin=Origin(replace(SOURCE, name="annan.xlsx"), "Blad1", 99)) for r in one.rows))
    assert changes(one, moved) == []


def test_an_amount_a_text_and_a_blank() -> None:
    before = answer(row("budget", "b1", line("50110", 120, "Löner")), row("budget", "b2", line("64110", None)))
    after = answer(row("budget", "b1", line("50110", 135, "Löner, 15")), row("budget", "b2", line("64110", 0)))
    found_ = changes(before, after)
    assert [(c.row, c.column, c.before, c.after, c.kind) for c in found_] == [
        ("b1", "budget-2031", 120, 135, "changed"),
        ("b1", "comment", "Löner", "Löner, 15", "changed"),
        ("b2", "budget-2031", None, 0, "changed"),  # a blank isn't zero
    ]
    assert [c.header for c in found_] == ["Budget 2031", "Kommentar", "Budget 2031"]
    assert {(c.label, c.sheet, c.cell) for c in found_} == {
        ("50110 V520", "Budget", "L12"),
        ("64110 V520", "Budget", "L12"),
    }


def test_rows_that_come_and_go() -> None:
    before = answer(row("budget", "b1", line("50110", 120)), row("budget", "n1", line("64110", 7, "Larm")))
    after = answer(row("budget", "b1", line("50110", 120)), row("goals", "n1", Goal(NODE, "x", "Fler vet", "a1")))
    found_ = {(c.table, c.column): (c.kind, c.before, c.after) for c in changes(before, after)}
    assert found_["goals", "text"] == ("added", None, "Fler vet")
    assert found_["budget", "budget-2031"] == ("removed", 7, None)
    assert {kind for kind, *_ in found_.values()} == {"added", "removed"}


def test_numbers_dates_choices_and_ticks() -> None:
    one = Indicator(NODE, "i1", "m1", "Nöjda", "%", "up", Decimal("80.5"), Decimal(90))
    before = answer(row("indicators", "i1", one), row("signoff", "signoff", Signoff(NODE, False, "Chef")))
    after = answer(
        row("indicators", "i1", replace(one, target=Decimal("91.5"), goal="m2")),
        row("signoff", "signoff", Signoff(NODE, True, "Chef")),
    )
    found_ = {(c.table, c.header): (c.before, c.after) for c in changes(before, after)}
    assert found_ == {
        ("indicators", "Målvärde"): (Decimal(90), Decimal("91.5")),
        ("indicators", "Mål"): ("m1", "m2"),
        ("signoff", "Klart att lämna in"): (False, True),
    }


def test_every_field_of_every_record_has_a_swedish_name() -> None:
    for record in get_args(get_args(Record)[0]):
        own = words("returns.own").get(str(next(f.default for f in fields(record) if f.name == "record")), {})
        for field in fields(record):
            if field.name not in KEYS or field.name == "goal":
                assert own.get(field.name) or word(f"returns.field.{field.name}"), (record, field.name)


def test_a_row_that_nothing_names_is_called_by_its_id() -> None:
    staff = row("staff", "s9", StaffChange(NODE, "", "50110", None, Decimal(1)))
    [posts] = [c for c in changes(answer(), answer(staff)) if c.column == "change"]
    assert posts.label == "s9"


LINES = st.dictionaries(
    st.sampled_from(["b1", "b2", "n1", "n2"]),
    st.builds(line, st.sampled_from(["50110", "64110"]), st.none() | st.integers(-5, 5), st.sampled_from(["", "x"])),
)


@given(LINES, LINES)
def test_changes_are_all_of_the_difference_and_nothing_else(
    old: dict[str, BudgetLine], new: dict[str, BudgetLine]
) -> None:
    """Applied to the former answer they give the later one; the other way round they are mirrored."""
    one, other = (answer(*(row("budget", key, said) for key, said in lines.items())) for lines in (old, new))
    there = {(c.row, c.column): (c.before, c.after) for c in changes(one, other)}
    back = {(c.row, c.column): (c.after, c.before) for c in changes(other, one)}
    assert there == back
    assert (there == {}) == (old == new)

    def cells(lines: dict[str, BudgetLine]) -> dict[tuple[str, str], object]:
        stated = {(key, str(period)): value for key, said in lines.items() for period, value in said.amounts}
        texts = {
            (key, name): getattr(said, name)
            for key, said in lines.items()
            for name in ("account", "activity", "comment")
        }
        return {key: value for key, value in (stated | texts).items() if value != ""}

    applied: dict[tuple[str, str], object] = {**cells(old), **{key: after for key, (_, after) in there.items()}}
    assert {key: value for key, value in applied.items() if value is not None} == cells(new)


def at(code: str, row_id: str = "", **args: object) -> Finding:
    """A finding at a row of the budget."""
    return found(code, Place("fil.xlsx", NODE, "Budget", "L12", "budget", row_id, "change"), **args)


def test_findings_are_followed_by_their_keys_not_by_file_cell_or_words() -> None:
    first = at("XS203", "b1", typed="tolv", header="Ändring ±")
    moved = replace(
        at("XS203", "b1", typed="elva", header="Ändring ±"), place=replace(first.place, file="ny", cell="L14")
    )
    gone, fresh, notice = at("XS203", "b2"), at("XS302", "b3"), at("XS307")
    compared = compare(answer(findings=(first, gone, notice)), answer(revision=1, findings=(moved, fresh)))
    assert (compared.mended, compared.left, compared.new) == ((gone,), (moved,), (fresh,))
    assert compared.counts == {"changed": 0, "mended": 1, "left": 1, "new": 1}


def test_of_several_findings_with_one_key_as_many_are_left_as_both_have() -> None:
    two = (at("XS304", typed="a"), at("XS304", typed="b"))
    compared = compare(answer(findings=two), answer(revision=1, findings=two[:1]))
    assert compared.counts == {"changed": 0, "mended": 1, "left": 1, "new": 0}


def test_what_an_answer_corrects() -> None:
    first, second, third = (answer(row("budget", "b1", line("50110", n)), revision=n) for n in range(3))
    assert former(first, []) is None
    assert former(third, [first, second]) == second == former(third, [second, first])
    assert former(second, [first, third]) is None  # it had already been replaced
    assert former(third, [third, first]) == first


def test_an_equal_is_a_rival_not_a_correction() -> None:
    one, other = (answer(row("budget", "b1", line("50110", n))) for n in (1, 2))
    assert former(other, [one]) == one
    assert compare(one, other).rival
    assert not compare(one, replace(other, revision=1)).rival


# files


def put(data: bytes, *cells: tuple[str, str, str, Typed]) -> bytes:
    """A workbook with something typed: (table, row, column, value)."""
    edit = Edit(data)
    for table, row_id, column, value in cells:
        edit.set(*edit.at(table, row_id, column), value)
    return edit.bytes()


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    """A command's answer as JSON."""
    done = CliRunner().invoke(group, [*arguments, "--round", str(folder), "--json"])
    assert done.exit_code in (0, 1), done.output
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


@pytest.fixture
def faulty(exempelby_answered: Path, tmp_path: Path) -> Path:
    """A round where the home care's answer has an amount that can't be read, and a return of it."""
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    path = folder / "inkorg" / FILE
    path.write_bytes(put(path.read_bytes(), ("budget", "64110-V520", "change", "1.234")))
    for other in (folder / "inkorg").iterdir():
        if other != path:
            other.unlink()
    run(folder, "collect")
    run(folder, "return", NODE)
    return folder


def corrected(folder: Path, *cells: tuple[str, str, str, Typed]) -> Path:
    """What the sender sends back, in the inbox."""
    [returned] = (folder / "retur").iterdir()
    path = folder / "inkorg" / returned.name
    path.write_bytes(put(returned.read_bytes(), *cells))
    return path


MENDED: tuple[tuple[str, str, str, Typed], ...] = (
    ("budget", "64110-V520", "change", 12),
    ("budget", "64110-V520", "comment", "Dyrare handskar, 12 tkr."),
)


def test_collect_says_what_a_corrected_file_changed(faulty: Path) -> None:
    path = corrected(faulty, *MENDED)
    done = run(faulty, "collect", str(path))
    [item] = done["files"]
    [compared] = item["compared"]
    cells = {(c["row"], c["column"]): c["after"] for c in compared["changes"]}
    assert cells["64110-V520", "comment"] == "Dyrare handskar, 12 tkr."
    assert ("64110-V520", "budget-2031") in cells
    assert {row_id for row_id, _ in cells} == {"64110-V520"}
    assert [f["code"] for f in compared["mended"]] == ["XS202"]
    assert compared["new"] == [] and not compared["rival"]
    with Round(faulty, NOW) as round_:
        event = round_.register.events(["received"], NODE)[-1]
        assert (event.data["mended"], event.data["new"]) == (1, 0)
        assert event.data["changed"] == len(cells)
        seen = latest(round_, NODE)
        assert seen is not None and seen.counts["mended"] == 1


def test_collect_tells_it_in_words(faulty: Path) -> None:
    corrected(faulty, *MENDED)
    done = CliRunner().invoke(group, ["collect", "--round", str(faulty)])
    assert "Hemtjänst öster & väster har rättat" in done.stdout
    assert "1 anmärkning rättad, 0 kvar, 0 nya" in done.stdout


def test_a_first_answer_is_compared_with_nothing(exempelby: Path) -> None:
    with Round(exempelby, NOW) as round_:
        assert latest(round_, NODE) is None
        assert all("changed" not in event.data for event in round_.register.events(["received"]))


def test_an_older_answer_that_comes_late_corrects_nothing(faulty: Path) -> None:
    original = next((faulty / "inlämnat").glob("*.xlsx")).read_bytes()
    run(faulty, "collect", str(corrected(faulty, *MENDED)))
    late = faulty / "inkorg" / "sen.xlsx"
    late.write_bytes(put(original, ("signoff", "message", "value", "Det första, igen.")))
    [item] = run(faulty, "collect", str(late))["files"]
    assert item["compared"] == []


def test_the_same_content_in_another_file_is_no_news(faulty: Path) -> None:
    path = corrected(faulty, *MENDED)
    run(faulty, "collect", str(path))
    with Round(faulty, NOW) as round_:
        before = len(round_.register.events(["received"], NODE))
        again = faulty / "inkorg" / "omsparad.xlsx"
        edit = Edit(path.read_bytes())
        edit.hide_row("Budget", 40)
        again.write_bytes(edit.bytes())
        [taken] = collect(round_, [again])
        assert not taken.duplicate
        assert len(round_.register.events(["received"], NODE)) == before


# competing answers


@pytest.fixture
def rivals(exempelby: Path, tmp_path: Path) -> tuple[Path, list[Path]]:
    """A round with two answers from the home care at the same rank, the first one there already."""
    folder = Path(shutil.copytree(exempelby, tmp_path / "runda"))
    first = folder / "inkorg" / FILE
    files = [first]
    for number in (1, 2):
        path = folder / "inkorg" / f"{first.stem} ({number}).xlsx"
        path.write_bytes(put(first.read_bytes(), ("signoff", "message", "value", f"Version {number}.")))
        files.append(path)
    with Round(folder, NOW) as round_:
        collect(round_, files[:2])
    return folder, files


def counted(round_: Round) -> list[str]:
    """What the home care's answers that may count say to the controller."""
    said = bundle(round_)[NODE, STAGE]
    signoffs = [r.record for one in said for r in one.rows if isinstance(r.record, Signoff)]
    return sorted(signoff.message for signoff in signoffs)


def test_rivals_are_compared_and_the_last_decision_stands(
    rivals: tuple[Path, list[Path]], opened: Callable[[Path], Round]
) -> None:
    folder, files = rivals
    round_ = opened(folder)
    assert len(counted(round_)) == 2
    seen = latest(round_, NODE)
    assert seen is not None and seen.rival and [c.header for c in seen.changes] == ["Till controllern"]
    for path, wanted in ((files[1], "Version 1."), (files[0], ""), (files[1], "Version 1."), (files[0], "")):
        choose(round_, path, "Chefen har bekräftat", "controller@exempelby.example")
        assert counted(round_) == [wanted]
    events = round_.register.events(["decided"], NODE)
    assert [event.data["why"] for event in events] == ["Chefen har bekräftat"] * 4
    assert {event.data["by"] for event in events} == {"controller@exempelby.example"}


def test_a_new_rival_after_a_decision_gives_way_to_it(
    rivals: tuple[Path, list[Path]], opened: Callable[[Path], Round]
) -> None:
    folder, files = rivals
    round_ = opened(folder)
    choose(round_, files[1])
    collect(round_, [files[2]])
    assert counted(round_) == ["Version 1."]
    choose(round_, files[2])
    assert counted(round_) == ["Version 2."]


def test_a_decision_by_command_is_logged_with_who_and_why(rivals: tuple[Path, list[Path]]) -> None:
    folder, files = rivals
    why = ("--why", "Rektorn ringde", "--by", "controller@exempelby.example")
    done = run(folder, "collect", "--use", str(files[1]), *why)
    assert done["node"] == NODE
    with Round(folder, NOW) as round_:
        [event] = round_.register.events(["decided"])
        assert (event.data["why"], event.data["by"]) == ("Rektorn ringde", "controller@exempelby.example")


def test_an_answer_that_is_replaced_cannot_be_chosen(faulty: Path, opened: Callable[[Path], Round]) -> None:
    run(faulty, "collect", str(corrected(faulty, *MENDED)))
    round_ = opened(faulty)
    with pytest.raises(XlstyrError, match="senare svar"):
        choose(round_, faulty / "inkorg" / FILE)
    assert round_.register.events(["decided"]) == []


def test_what_was_never_taken_in_cannot_be_chosen(exempelby: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "främling.xlsx"
    stranger.write_bytes(b"PK")
    with Round(exempelby, NOW) as round_, pytest.raises(XlstyrError, match=r"främling\.xlsx"):
        choose(round_, stranger)
