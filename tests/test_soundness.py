"""What nobody can have read from a workbook doesn't count, and no file stops the next."""

import io
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.office.xmledit import Edit
from tests.test_loop import files_of
from xlstyr.model.bundle import Contribution, Row, Signature, content_digest, dump, load
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.period import Period
from xlstyr.model.records import BudgetLine, Indicator
from xlstyr.reports.rollup import rollup_content
from xlstyr.rounds.deciding.comparing import corrected
from xlstyr.rounds.deciding.soundness import Known, sound
from xlstyr.rounds.following.consolidating import consolidate, scope_of, totals
from xlstyr.rounds.following.lending import lend
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.incoming import collecting
from xlstyr.rounds.incoming.collecting import Taken, collect
from xlstyr.rounds.incoming.examining import examine
from xlstyr.rounds.incoming.standing import bundle
from xlstyr.rounds.register import Register
from xlstyr.rounds.round import Round
from xlstyr.words import word

Copied = Callable[[Path], Path]
Change = Callable[[Contribution], Contribution]
KNOWN = Known("proposal", 2031, lambda _: 1)
NODE = "hemtjanst"
LINE = "64110-V520"


def answers(folder: Path) -> dict[str, Contribution]:
    """Every answer in the register of a round, by node."""
    with Register(folder / "xlstyr.db") as register:
        return {one.node: load(one.contribution) for one in register.answers() if one.contribution is not None}


def on_line(**values: Any) -> Change:
    """Changes the first budget line."""

    def change(said: Contribution) -> Contribution:
        return on_row(said, lambda row: replace(row, record=replace(row.record, **values)))

    return change


def on_row(said: Contribution, change: Callable[[Row], Row]) -> Contribution:
    rows = list(said.rows)
    place = next(number for number, row in enumerate(rows) if isinstance(row.record, BudgetLine))
    rows[place] = change(rows[place])
    return replace(said, rows=tuple(rows), digest=content_digest(tuple(rows)))


def on_origin(**values: Any) -> Change:
    """Changes where the first budget line says that it came from."""
    return lambda said: on_row(said, lambda row: replace(row, origin=replace(row.origin, **values)))


def on_source(**values: Any) -> Change:
    """Changes the file from which the first budget line says that it came."""
    return lambda said: on_row(
        said, lambda row: replace(row, origin=replace(row.origin, source=replace(row.origin.source, **values)))
    )


def with_finding(**values: Any) -> Change:
    """Adds a finding that is none of ours."""
    return lambda said: replace(said, findings=(*said.findings, replace(found("XS701"), **values)))


def signed(at: datetime) -> Change:
    """Certified at a time."""
    return lambda said: replace(said, signature=Signature("a@b.example", "certifier", at))


def amounts(*pairs: tuple[str, int]) -> Change:
    """The first line with other amounts."""
    return on_line(amounts=tuple((Period.parse(period), amount) for period, amount in pairs))


def test_all_that_was_read_from_workbooks_is_sound(exempelby: Path) -> None:
    reasons = {node: sound(said, KNOWN) for node, said in answers(exempelby).items()}
    assert len(reasons) > 10
    assert set(reasons.values()) == {None}


UNSOUND: list[tuple[str, Change]] = [
    ("owner", lambda said: on_row(said, lambda row: replace(row, owner="finans-skatt"))),
    ("owner", on_line(node="finans-skatt")),
    ("owner", lambda said: replace(said, node="finans-skatt")),
    ("stage", lambda said: replace(said, stage="decided")),
    ("stage", on_line(stage="decided")),
    ("parts", lambda said: replace(said, parts=said.parts | {"bogus"})),
    ("parts", lambda said: replace(said, findings=(found("XS203", typed="x", header="y"),))),
    ("parts", lambda said: replace(said, findings=(found("XS012"),))),
    ("rank", lambda said: replace(said, issue=2)),
    ("rank", lambda said: replace(said, issue=-1)),
    ("rank", lambda said: replace(said, revision=-1)),
    ("rank", lambda said: replace(said, revision=10**6)),
    ("rank", lambda said: replace(said, decision=2**70)),
    ("rank", lambda said: replace(said, decision=-1)),
    ("findings", with_finding(code="XS999")),
    ("findings", with_finding(code="../../x")),
    ("findings", with_finding(severity="bah")),
    ("findings", with_finding(severity="fel")),
    ("findings", with_finding(blocks="money")),
    ("findings", with_finding(args=(("deadline", "x" * 40_000),))),
    ("findings", with_finding(place=Place(file="x" * 40_000))),
    ("rows", lambda said: replace(said, rows=(*said.rows, said.rows[0]))),
    ("values", amounts(("budget-2031", 10**13))),
    ("values", amounts(("budget-2031", -(10**400)))),
    ("values", on_line(account="6" * 201)),
    ("values", on_line(comment="x" * 32_768)),
    ("periods", amounts(("budget-2032", 1000))),
    ("periods", amounts(("budget-2031", 1000), ("budget-2031", 2000))),
    ("place", on_source(sha256="*")),
    ("place", on_source(sha256="../" * 30)),
    ("place", on_source(received=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))),
    ("place", on_origin(row=-1)),
    ("place", on_origin(refs=(("change", "=1+1"),))),
    ("place", on_origin(sheet="x" * 201)),
    ("place", signed(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))),
]


@pytest.mark.parametrize(("reason", "change"), UNSOUND)
def test_what_no_workbook_says_is_named(exempelby: Path, reason: str, change: Change) -> None:
    assert sound(change(answers(exempelby)[NODE]), KNOWN) == word(f"checks.unsound.{reason}")


def test_a_number_that_would_fill_the_memory_is_unsound(exempelby: Path) -> None:
    said = answers(exempelby)[NODE]
    endless = Indicator(NODE, "i", None, "x", "st", None, Decimal("1E+999999"), None)
    row = replace(said.rows[0], table="indicators", id="n9", record=endless)
    assert sound(replace(said, rows=(*said.rows, row)), KNOWN) == word("checks.unsound.values")


def test_a_part_narrowed_to_where_it_stands_is_sound(exempelby: Path) -> None:
    said = answers(exempelby)[NODE]
    held = replace(found("XS203", typed="x", header="y"), blocks="goals")
    assert sound(replace(said, findings=(held,), parts=said.parts - {"goals"}), KNOWN) is None


@pytest.mark.parametrize("change", [signed(datetime(2025, 6, 1)), on_source(received=datetime(2025, 6, 1))])
def test_a_time_without_a_zone_is_not_loaded(exempelby: Path, change: Change) -> None:
    with pytest.raises(ValueError, match="timezone"):
        load(dump(change(answers(exempelby)[NODE])))


# in files


def carrier(round_: Round, said: list[Contribution], place: Path, node: str = "omsorg") -> Path:
    """A rolled-up workbook of ``node`` with correct seals, that carries just ``said``."""
    scope = replace(scope_of(round_, node)[0], carried=tuple(said))
    workbook = round_.layout("rollup")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(round_.stamp(workbook).draw(rollup_content(scope, workbook, round_.premises.stage)))
    return place


def codes(taken: Taken) -> list[str]:
    """The codes of what was found in a file."""
    return [finding.code for finding in taken.examined.findings]


def raised(path: Path, place: Path, revision: str, amount: int = -1000) -> Path:
    """An answer with another amount, that says in every place to have been returned ``revision`` times."""
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("budget", LINE, "change"), amount)
    edit.set(*edit.at("budget", LINE, "comment"), f"Vakant till augusti, {amount} tkr")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(retold(edit.bytes(), revision))
    return place


def retold(data: bytes, revision: str) -> bytes:
    """The workbook with another revision in each place where its identity stands."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = re.sub(
                rb"(node\|exempelby-2031\|[^|<]*\|[^|<]*\|[^|<]*\|)\d+(?=\|)",
                lambda hit: hit[1] + revision.encode(),
                old.read(name),
            )
            new.writestr(name, part)
    return out.getvalue()


@pytest.fixture
def folder(exempelby_answered: Path, copied: Copied) -> Path:
    """A round in which one unit's answer has been taken in, and nothing waits."""
    place = copied(exempelby_answered)
    for path in (place / "inkorg").iterdir():
        path.unlink()
    with Round(place, NOW) as round_:
        assert [one.outcome for one in collect(round_, files_of(exempelby_answered, [NODE]))] == ["accepted"]
    return place


def test_a_carrier_of_what_cannot_be_leaves_the_round_as_it_was(folder: Path, exempelby_answered: Path) -> None:
    said = answers(folder)[NODE]
    up = replace(said, revision=5)
    naive = signed(datetime(2025, 6, 1))(up)
    unknown = replace(on_line(comment="Annat")(up), findings=(Finding("XS999", "fel", "money", Place(), ()),))
    with Round(folder, NOW) as round_:
        before = totals(scope_of(round_, "exempelby")[0])
        path = carrier(round_, [naive, unknown], folder / "inkorg" / "0 sammanställning.xlsx")
        shutil.copy(files_of(exempelby_answered, ["angsskolan"])[0], folder / "inkorg")
        taken = {one.examined.name: one for one in collect(round_)}
        assert {"XS505", "XS518"} <= set(codes(taken[path.name]))
        assert [one.outcome for one in taken.values()] == ["refused", "accepted"]
        assert answers(folder)[NODE] == said
        path.unlink()
        collect(round_)
        assert consolidate(round_).scope.contributions.keys() == {NODE, "angsskolan"}
        assert totals(scope_of(round_, "exempelby")[0]) != before


def test_a_fault_of_ours_stops_neither_the_next_file_nor_the_next_run(
    folder: Path, exempelby_answered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for node in ("angsskolan", "bjorkbacken", "asens-forskola"):
        for path in files_of(exempelby_answered, [node]):
            shutil.copy(path, folder / "inkorg")
    [hit] = files_of(exempelby_answered, ["angsskolan"])

    def broken(round_: Round, said: Contribution, but: str = "") -> object:
        if said.node == "angsskolan":
            raise TypeError
        return corrected(round_, said, but)

    with Round(folder, NOW) as round_:
        with monkeypatch.context() as patch:
            patch.setattr(collecting, "corrected", broken)
            taken = {one.examined.name: one for one in collect(round_)}
            assert (codes(taken[hit.name]), taken[hit.name].outcome) == (["XS901"], "refused")
            assert {one.outcome for name, one in taken.items() if name != hit.name} == {"accepted"}
            assert "angsskolan" not in answers(folder)
            consolidate(round_)
        collect(round_)
        assert "angsskolan" in answers(folder)


def test_a_fault_of_ours_at_what_counts_already_takes_nothing_away(
    folder: Path, exempelby_answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = answers(folder)[NODE]
    [path] = files_of(exempelby_answered, [NODE])
    again = Path(shutil.copy(path, tmp_path / "kopia.xlsx"))

    def broken(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(collecting, "examine", broken)
    with Round(folder, NOW) as round_:
        [taken] = collect(round_, [again])
        assert codes(taken) == ["XS901"]
        assert answers(folder)[NODE] == said


# revisions


@pytest.mark.parametrize("revision", ["1", "999", "1" + "0" * 30])
def test_a_revision_that_nobody_has_returned_does_not_count(
    folder: Path, exempelby_answered: Path, tmp_path: Path, revision: str
) -> None:
    said = answers(folder)[NODE]
    [path] = files_of(exempelby_answered, [NODE])
    with Round(folder, NOW) as round_:
        [taken] = collect(round_, [raised(path, tmp_path / "höjd" / path.name, revision)])
        assert codes(taken) == ["XS519"]
        assert revision in taken.examined.findings[0].message
        assert bundle(round_)[NODE, "proposal"] == frozenset({said})


@pytest.mark.parametrize("registered", [True, False])
def test_what_was_returned_may_come_corrected_and_no_oftener(
    folder: Path, exempelby_answered: Path, tmp_path: Path, registered: bool
) -> None:
    [path] = files_of(exempelby_answered, [NODE])
    with Round(folder, NOW) as round_:
        data = path.read_bytes() if registered else Edit(path.read_bytes()).bytes()
        returned = write_return(round_, examine(round_, data, path.name))
        assert returned is not None
        [twice] = collect(round_, [raised(returned, tmp_path / "två" / path.name, "2")])
        assert codes(twice) == ["XS519"]
        [once] = collect(round_, [raised(returned, tmp_path / "en" / path.name, "1")])
        assert once.outcome == "accepted"
        assert {one.revision for one in bundle(round_)[NODE, "proposal"]} == {1}
        [late] = collect(round_, [raised(path, tmp_path / "noll" / f"Sen {path.name}", "0", -5)])
        [outranked] = [finding for finding in late.examined.findings if finding.code == "XS521"]
        assert path.name in outranked.message
        assert f"Sen {path.name}" in outranked.message
        assert "XS521" not in codes(once)


def test_in_a_part_returns_may_have_been_made_above(exempelby_answered: Path, tmp_path: Path) -> None:
    [path] = files_of(exempelby_answered, [NODE])
    with Round(exempelby_answered, NOW) as round_:
        lent = lend(round_, tmp_path / "del", "omsorg")
    with Round(lent.folder, NOW) as part:
        [taken] = collect(part, [raised(path, tmp_path / "höjd" / path.name, "3")])
        assert "XS519" not in codes(taken)
        [taken] = collect(part, [raised(path, tmp_path / "högre" / path.name, "1000000")])
        assert "XS519" in codes(taken)


def test_an_answer_without_money_does_not_replace_one_silently(folder: Path, tmp_path: Path) -> None:
    said = answers(folder)[NODE]
    with Round(folder, NOW) as round_:
        empty = replace(said, rows=(), digest=content_digest(()), revision=1)
        [taken] = collect(round_, [carrier(round_, [empty], tmp_path / "tom" / "sammanställning.xlsx")])
        [warned] = [finding for finding in taken.examined.findings if finding.code == "XS520"]
        assert warned.severity == "varning"
        amount = totals(scope_of(round_, "exempelby", {(NODE, "proposal"): frozenset({said})})[0])["net_cost"]["2031"]
        assert amount is not None
        assert f"{round(amount / 1000)} tkr" in warned.message
