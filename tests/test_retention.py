"""How long records are kept is data, and nothing goes but what a rule lets go, by a decision that is logged."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import NOW
from tests.office.xmledit import Edit
from xlstyr.cli.main import group
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.records.archiving import archive_round
from xlstyr.rounds.records.retention import FILE, KINDS, Rule, due, load_rules, records, round_end
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round
from xlstyr.words import word

AFTER = datetime(2032, 3, 1, tzinfo=UTC)
SHIPPED = (templates() / FILE).read_text("utf-8")


def test_the_shipped_rules_are_whole_and_explained(tmp_path: Path) -> None:
    rules = load_rules(tmp_path)
    assert tuple(rules) == KINDS
    assert all(len(rule.why) > 20 and len(rule.source) > 5 for rule in rules.values())
    assert "dokumenthanteringsplan" in SHIPPED
    assert [kind for kind, rule in rules.items() if rule.keep == "bevaras"] == [
        "control", "originals", "results", "register", "settings",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("[copies]", "[kopior]", "kopior"),
        ("[copies]", "[copies", FILE),
        ('keep = "30 dagar"', 'keep = "30 veckor"', "quarantine.keep.*30 veckor"),
        ('keep = "30 dagar"', 'keep = "ibland"', "quarantine.keep"),
        ('keep = "30 dagar"', "keep = 30", "quarantine: keep"),
        ('keep = "30 dagar"', 'keep = "30 dagar"\nextra = 1', "quarantine: extra"),
        ('from = "mottagande"', 'from = "någon gång"', "messages.from"),
        ('name = "Karantän"\n', "", "quarantine: name"),
        ('name = "Karantän"', 'name = ""', "quarantine: name"),
    ],
)
def test_what_does_not_belong_is_named(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    assert was in SHIPPED
    (tmp_path / FILE).write_text(SHIPPED.replace(was, becomes), "utf-8")
    with pytest.raises(XlstyrError, match=says):
        load_rules(tmp_path)


END = date(2031, 12, 31)


@pytest.mark.parametrize(
    ("keep", "since", "until"),
    [
        ("bevaras", "omgångens slut", None),
        ("bevaras", "mottagande", None),
        ("vid inaktualitet", "omgångens slut", date(2032, 1, 1)),
        ("vid inaktualitet", "mottagande", date(2032, 1, 1)),
        ("2 år", "omgångens slut", date(2034, 1, 1)),
        ("2 år", "mottagande", date(2030, 3, 1)),  # from the 29th of February
        ("1 år", "mottagande", date(2029, 3, 1)),
        ("30 dagar", "mottagande", date(2028, 3, 31)),
        ("1 dag", "mottagande", date(2028, 3, 2)),
        ("1 månad", "mottagande", date(2028, 3, 30)),
        ("18 månader", "omgångens slut", date(2033, 7, 1)),
    ],
)
def test_when_a_record_may_go(keep: str, since: str, until: date | None) -> None:
    rule = Rule.model_validate({"name": "x", "keep": keep, "from": since, "why": "x", "source": "x"})
    assert rule.until(date(2028, 2, 29), END) == until


def test_every_file_of_the_round_has_one_kind(exempelby: Path, opened: Callable[[Path], Round]) -> None:
    round_ = opened(exempelby)
    found = {record.path: record.kind for record in records(round_)}
    everything = {path for path in exempelby.rglob("*") if path.is_file() and path.name != word("folders.lock")}
    assert set(found) == everything
    assert round_end(round_) == END


def test_nothing_is_due_while_the_round_runs(exempelby: Path, opened: Callable[[Path], Round]) -> None:
    assert due(opened(exempelby), END) == []


def test_after_the_round_what_is_inactive_is_due(exempelby: Path, opened: Callable[[Path], Round]) -> None:
    kinds = {one.record.kind for one in due(opened(exempelby), AFTER.date())}
    assert kinds == {"issued", "copies"}


def test_decisions_are_never_disposed_of_themselves(exempelby: Path, copied: Callable[[Path], Path]) -> None:
    folder = copied(exempelby)
    (folder / FILE).write_text(SHIPPED.replace('keep = "bevaras"', 'keep = "1 dag"'), "utf-8")
    with Round(folder, NOW) as round_:
        kinds = {one.record.kind for one in due(round_, AFTER.date())}
    assert kinds == {"originals", "settings", "issued", "copies"}


def run(folder: Path, *args: str) -> Result:
    """``xlstyr dispose`` in a round."""
    return CliRunner().invoke(group, ["dispose", *args, "--round", str(folder)])


@pytest.fixture
def ended(exempelby: Path, copied: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A round long after it ended; its own rules let originals go."""
    folder = copied(exempelby)
    text = SHIPPED.replace(
        '[originals]\nname = "Inkomna arbetsböcker, i original"\nkeep = "bevaras"',
        '[originals]\nname = "Original"\nkeep = "2 år"',
    )
    (folder / FILE).write_text(
        text.replace(
            '[originals]\nname = "Original"\nkeep = "2 år"\nfrom = "omgångens slut"',
            '[originals]\nname = "Original"\nkeep = "2 år"\nfrom = "mottagande"',
        ),
        "utf-8",
    )
    monkeypatch.setattr("xlstyr.cli.dispose_.Round", lambda path: Round(path, AFTER))
    return folder


def test_due_by_the_rounds_own_rules(ended: Path) -> None:
    originals = sorted((ended / "inlämnat").iterdir())
    answers = {path: path.read_bytes() for path in (ended / "inkorg").iterdir()}
    listed = json.loads(run(ended, "--json").output)
    assert {one["kind"] for one in listed["due"]} == {"originals", "issued", "copies"}
    assert originals == sorted((ended / "inlämnat").iterdir())

    dry = run(ended, "--due", "--dry-run")
    assert dry.exit_code == 0 and "Skulle gallras" in dry.output
    assert originals == sorted((ended / "inlämnat").iterdir())

    done = json.loads(run(ended, "--due", "--why", "Enligt planen", "--by", "arkivarien", "--json").output)
    assert {one["rule"] for one in done["disposed"]} == {"originals", "issued", "copies"}
    assert done["due"] == []
    assert [*(ended / "inlämnat").iterdir(), *(ended / "inkorg").iterdir()] == []
    assert len(list((ended / "resultat").rglob("*"))) == 0 and list(ended.glob("Styrbok*"))
    with Round(ended, AFTER) as round_:
        events = round_.register.events(["disposed"])
        assert len(events) == len(done["disposed"])
        assert {(e.data["why"], e.data["by"]) for e in events} == {("Enligt planen", "arkivarien")}
        assert {e.data["sha256"] for e in events} >= {path.stem for path in originals}
        assert [f.code for f in archive_round(round_).findings if f.severity == "fel"] == []  # gone by a decision
        for path, data in answers.items():
            path.write_bytes(data)
        assert all(taken.duplicate for taken in collect(round_))
    assert list((ended / "inlämnat").iterdir()) == []


def test_a_decision_that_a_crash_cut_short_is_logged_once(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError

    decided = ("--due", "--why", "Enligt planen", "--by", "arkivarien")
    with monkeypatch.context() as patch:
        patch.setattr("xlstyr.rounds.records.disposing.erase", crash)
        assert isinstance(run(ended, *decided).exception, RuntimeError)
    done = json.loads(run(ended, *decided, "--json").output)
    assert done["due"] == []
    with Round(ended, AFTER) as round_:
        paths = [event.data["path"] for event in round_.register.events(["disposed"])]
    assert len(paths) == len(set(paths)) == len(done["disposed"])


def test_one_that_is_due_by_its_checksum(ended: Path) -> None:
    one, *rest = sorted((ended / "inlämnat").iterdir())
    assert run(ended, one.stem[:12], "--why", "x").exit_code == 0
    assert sorted((ended / "inlämnat").iterdir()) == rest


def test_a_decision_has_a_reason_and_an_object(ended: Path) -> None:
    before = sorted(ended.rglob("*"))
    for args, says in ((["--due"], "--why"), (["--why", "x"], "--due"), (["--due", "--why", " "], "--why")):
        result = run(ended, *args)
        assert result.exit_code == 2
        assert says in result.output
    result = run(ended, "ab" * 32, "--why", "x")
    assert isinstance(result.exception, XlstyrError)
    assert sorted(ended.rglob("*")) == before


def test_nothing_due_is_said(exempelby: Path, copied: Callable[[Path], Path]) -> None:
    result = run(copied(exempelby), "--due", "--why", "Enligt planen")
    assert (result.exit_code, "Inget är dags att gallra" in result.output) == (0, True)


def test_quarantine_is_due_after_its_time(exempelby_answered: Path, copied: Callable[[Path], Path]) -> None:
    folder = copied(exempelby_answered)
    path = folder / "inkorg" / "Budget 2031 Ekonomi & kansli.xlsx"
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("budget", "64110-K130", "comment"), "Vikarie för 121212-1212")
    path.write_bytes(edit.bytes())
    with Round(folder, NOW) as round_:
        collect(round_)
        assert due(round_, date(2025, 7, 2)) == []
        (one,) = due(round_, date(2025, 7, 3))
        assert (one.record.kind, one.until) == ("quarantine", date(2025, 7, 3))
    listed = run(folder)
    assert "I karantän (1)" in listed.output and "XS219" in listed.output
    assert "121212" not in listed.output
