"""The loop: issued, answered, collected, rolled up and mailed upwards, again and again, without anything counted twice."""

import json
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import NOW
from tests.office.xmledit import Edit, Typed
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.rounds.following.consolidating import Consolidated, consolidate
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.following.status import node_states
from xlstyr.rounds.incoming.collecting import Taken, collect, recover
from xlstyr.rounds.incoming.standing import bundle
from xlstyr.rounds.outgoing.issuing import Issued, issue_workbooks
from xlstyr.rounds.register import Register
from xlstyr.rounds.round import Round

Copied = Callable[[Path], Path]
Opened = Callable[[Path], Round]


def said(round_: Round) -> dict[str, list[str]]:
    """Node → the digests of what it says."""
    return {node: sorted(one.digest for one in rivals) for (node, _), rivals in bundle(round_).items()}


def files_of(folder: Path, nodes: Iterable[str]) -> list[Path]:
    """The files in the inbox that nodes have sent."""
    with Register(folder / "xlstyr.db") as register:
        of = register.issued_files()
    wanted = set(nodes)
    return [path for path in sorted((folder / "inkorg").iterdir()) if of[path.name] in wanted]


class Office:
    """People at different desks: each has the round as it was issued, and gets files by mail."""

    def __init__(self, answered: Path, place: Path) -> None:
        self.answered = answered
        self.place = place
        self.count = 0
        with Round(answered, NOW) as round_:
            self.organisation = round_.premises.organisation

    def desk(self, mail: Iterable[Path]) -> Path:
        """A fresh copy of the round, with ``mail`` in its inbox and nothing taken in."""
        self.count += 1
        folder = Path(shutil.copytree(self.answered, self.place / f"bord {self.count}"))
        for path in (folder / "inkorg").iterdir():
            path.unlink()
        for path in mail:
            shutil.copy(path, folder / "inkorg" / path.name)
        return folder

    def nodes(self, below: str) -> set[str]:
        """A node and everything below it."""
        return {node.id for node in self.organisation.subtree(below)}

    def answers(self, *below: str) -> list[Path]:
        """What was sent from the subtrees of nodes."""
        return files_of(self.answered, {node for top in below for node in self.nodes(top)})

    def roll_up(self, node: str | None, mail: Iterable[Path]) -> tuple[Path, Consolidated, dict[str, list[str]]]:
        """The roll-up of ``node`` at a desk that got ``mail``: its file, what it says, and who says what."""
        with Round(self.desk(mail), NOW) as round_:
            taken = collect(round_)
            assert not [f.message for item in taken for f in item.examined.findings if f.severity == "fel"]
            done = consolidate(round_, node)
            return done.path, done, said(round_)

    def mailed(self, node: str, mail: Iterable[Path]) -> Path:
        """The workbook that goes upwards."""
        return self.roll_up(node, mail)[0]


@pytest.fixture
def office_of(tmp_path: Path) -> Callable[[Path], Office]:
    """People at desks."""
    return lambda answered: Office(answered, tmp_path)


def pages(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every value on every sheet."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def assert_same(
    one: tuple[Path, Consolidated, dict[str, list[str]]], other: tuple[Path, Consolidated, dict[str, list[str]]]
) -> None:
    """The same totals, gaps, contributions and figures on every page."""
    assert one[1].totals == other[1].totals
    assert one[1].missing == other[1].missing
    assert one[2] == other[2]
    first, second = pages(one[0]), pages(other[0])
    assert list(first) == list(second)
    for title, rows in first.items():
        assert rows == second[title], title
    assert one[0].read_bytes() == other[0].read_bytes()


def test_level_by_level_is_all_at_once(exempelby_answered: Path, office_of: Callable[[Path], Office]) -> None:
    desks = office_of(exempelby_answered)
    whole = desks.roll_up(None, desks.answers("exempelby"))
    department = desks.mailed("omsorg", desks.answers("omsorg"))
    rest = [path for path in desks.answers("valfard") if path not in desks.answers("omsorg")]
    administration = desks.mailed(
        "valfard-forv", [department, *(p for p in rest if p in desks.answers("valfard-forv"))]
    )
    committees = [
        desks.mailed("valfard", [administration, *(p for p in rest if p not in desks.answers("valfard-forv"))]),
        *(desks.mailed(node, desks.answers(node)) for node in ("styrelsen", "samhalle")),
    ]
    assert committees[0].name == "Sammanställning Välfärdsnämnden.xlsx"
    assert_same(whole, desks.roll_up(None, [*committees, *desks.answers("finans-skatt")]))


@pytest.mark.slow
def test_level_by_level_is_all_at_once_in_danderyd(
    danderyd_answered: Path, office_of: Callable[[Path], Office]
) -> None:
    desks = office_of(danderyd_answered)
    root = desks.organisation.root.id
    departments = [node.id for node in desks.organisation if node.kind == "department"]
    whole = desks.roll_up(None, desks.answers(root))
    mail = []
    for top in (node.id for node in desks.organisation.children(root)):
        inside = [node for node in departments if node in desks.nodes(top)][:1]
        below = {path for node in inside for path in desks.answers(node)}
        got = [desks.mailed(node, desks.answers(node)) for node in inside]
        got += [path for path in desks.answers(top) if path not in below]
        mail += [desks.mailed(top, got)] if len(desks.answers(top)) > 1 else desks.answers(top)
    assert len([path for path in mail if path.name.startswith("Sammanställning")]) >= 6
    assert_same(whole, desks.roll_up(None, mail))


def test_mixed_routes_count_nothing_twice(exempelby_answered: Path, office_of: Callable[[Path], Office]) -> None:
    """The same answers directly, in a department's carrier, and in the committee's carrier."""
    desks = office_of(exempelby_answered)
    whole = desks.roll_up(None, desks.answers("exempelby"))
    department = desks.mailed("omsorg", desks.answers("omsorg"))
    committee = desks.mailed("valfard", [department, *desks.answers("valfard")])
    assert_same(whole, desks.roll_up(None, [department, committee, *desks.answers("exempelby")]))


def test_a_roll_up_taken_in_twice_changes_nothing(
    exempelby_answered: Path, office_of: Callable[[Path], Office]
) -> None:
    desks = office_of(exempelby_answered)
    committee = desks.mailed("valfard", desks.answers("valfard"))
    folder = desks.desk([committee])
    with Round(folder, NOW) as round_:
        collect(round_)
        before, totals = said(round_), consolidate(round_).totals
        shutil.copy(committee, folder / "inkorg" / "Sammanställning kopia.xlsx")
        assert all(item.duplicate for item in collect(round_))
        assert (said(round_), consolidate(round_).totals) == (before, totals)


def test_rivals_and_held_answers_travel_upwards_too(
    exempelby_answered: Path, office_of: Callable[[Path], Office]
) -> None:
    """What a level can't count the next level can't either, also when it has got one of the rivals itself."""
    desks = office_of(exempelby_answered)
    [answer] = files_of(exempelby_answered, ["hemtjanst"])
    rival = desks.place / "Budget 2031 Hemtjänst öster & väster (1).xlsx"
    rival.write_bytes(typed(answer, ("signoff", "message", "value", "Det här är en annan version.")))
    everything = [*desks.answers("valfard"), rival]
    whole = desks.roll_up(None, everything)
    committee = desks.mailed("valfard", everything)
    by_level = desks.roll_up(None, [committee, answer])
    assert len(whole[2]["hemtjanst"]) == 2
    assert by_level[2] == whole[2]
    assert by_level[1].totals == whole[1].totals
    assert "hemtjanst" in by_level[1].missing


def typed(path: Path, *cells: tuple[str, str, str, Typed]) -> bytes:
    """A workbook with something typed: (table, row, column, value)."""
    edit = Edit(path.read_bytes())
    for table, row, column, value in cells:
        edit.set(*edit.at(table, row, column), value)
    return edit.bytes()


def codes(findings: Iterable[Finding]) -> set[str]:
    """The codes of findings."""
    return {finding.code for finding in findings}


def change_carried(data: bytes, node: str, pattern: str, new: str) -> bytes:
    """A roll-up where somebody changed what it carries from ``node``."""
    edit = Edit(data)
    table = edit.table("carrier")
    for place in table.rows.values():
        key, ref = (f"{table.columns[name]}{place}" for name in ("contribution", "text"))
        if str(edit.get(table.sheet, key)).startswith(f"{node} "):
            text = str(edit.get(table.sheet, ref))
            assert re.search(pattern, text)
            edit.set(table.sheet, ref, re.sub(pattern, new, text, count=1))
    return edit.bytes()


TAMPERED = {
    "an amount": (r'("kind":"budget","year":2031\},)(\d+)', r"\g<1>9\g<2>"),
    "the revision": (r'"revision":0', '"revision":7'),
    "a decision": (r'"decision":0', '"decision":7'),
    "the parts that count": (r'"parts":\[[^]]*\]', '"parts":["goals"]'),
    "whose it is": (r'"node":"gata-park"', '"node":"lokaler-stad"'),
    "the text itself": (r"^\{", "{{"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_carried_and_changed_by_hand_is_found_and_not_counted(
    exempelby_answered: Path, office_of: Callable[[Path], Office], what: str
) -> None:
    desks = office_of(exempelby_answered)
    mailed = desks.mailed("samhalle", desks.answers("samhalle"))
    mailed.write_bytes(change_carried(mailed.read_bytes(), "gata-park", *TAMPERED[what]))
    with Round(desks.desk([mailed]), NOW) as round_:
        [item] = collect(round_)
        [fault] = [finding for finding in item.examined.findings if finding.severity == "fel"]
        assert fault.code == "XS505"
        assert dict(fault.args)["node"] in ("Gata, park & väg", "Lokaler & städ")
        assert item.examined.status == "partly"
        assert set(said(round_)) == {"samhalle", "samhalle-forv", "lokaler-stad"}


def test_a_carrier_without_its_rows_is_no_empty_answer(
    exempelby_answered: Path, office_of: Callable[[Path], Office]
) -> None:
    desks = office_of(exempelby_answered)
    mailed = desks.mailed("samhalle", desks.answers("samhalle"))
    edit = Edit(mailed.read_bytes())
    edit.delete_sheet("_bidrag")
    mailed.write_bytes(edit.bytes())
    with Round(desks.desk([mailed]), NOW) as round_:
        [item] = collect(round_)
        assert item.examined.status == "refused"
        assert [finding.severity for finding in item.examined.findings] == ["fel"]


def test_a_line_changed_on_the_page_of_facts_is_found(
    exempelby_answered: Path, office_of: Callable[[Path], Office]
) -> None:
    """What is carried counts; whoever changed what is shown is told so, with the cell."""
    desks = office_of(exempelby_answered)
    mailed = desks.mailed("samhalle", desks.answers("samhalle"))
    edit = Edit(mailed.read_bytes())
    rows = edit.rows("Fakta")
    head = next(place for place, cells in rows.items() if "#head" in cells.values())
    [column] = [letters for letters, text in rows[head].items() if text == "Budget 2031"]
    edit.set("Fakta", f"{column}{head + 3}", 999_999)
    mailed.write_bytes(edit.bytes())
    with Round(desks.desk([mailed]), NOW) as round_:
        [item] = collect(round_)
        [fault] = [finding for finding in item.examined.findings if finding.severity == "fel"]
        assert (fault.code, fault.place.sheet) == ("XS505", "Fakta")
        assert fault.place.cell.endswith(str(head + 3))
        assert set(said(round_)) == {"samhalle", "samhalle-forv", "lokaler-stad", "gata-park"}


def test_a_roll_up_whose_facts_were_only_sorted_or_filtered_is_accepted(
    exempelby_answered: Path, office_of: Callable[[Path], Office]
) -> None:
    desks = office_of(exempelby_answered)
    mailed = desks.mailed("samhalle", desks.answers("samhalle"))
    edit = Edit(mailed.read_bytes())
    head = next(place for place, cells in edit.rows("Fakta").items() if "#head" in cells.values())
    edit.swap_rows("Fakta", head + 1, head + 4)
    edit.hide_row("Fakta", head + 2)
    mailed.write_bytes(edit.bytes())
    with Round(desks.desk([mailed]), NOW) as round_:
        [item] = collect(round_)
        assert (item.examined.status, codes(item.examined.findings)) == ("accepted", set())


# generating again


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every issued file with its bytes and when it was written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (folder / "mallar").rglob("*.xlsx")}


def issue(folder: Path) -> dict[str, Issued]:
    """What happens to every node's workbook when workbooks are issued."""
    with Round(folder, NOW) as round_:
        return {item.node: item for item in issue_workbooks(round_)}


def premise(folder: Path, *cells: tuple[str, str, str, Typed]) -> None:
    """Changes premises in the control workbook: (table, id column=value, column, new value)."""
    [path] = folder.glob("Styrbok *.xlsx")
    edit = Edit(path.read_bytes())
    for key, which, column, value in cells:
        table = edit.table(key)
        name, _, wanted = which.partition("=")
        place = next(
            r for r in table.rows.values() if str(edit.get(table.sheet, f"{table.columns[name]}{r}")) == wanted
        )
        edit.set(table.sheet, f"{table.columns[column]}{place}", value)
    path.write_bytes(edit.bytes())


def value(folder: Path, key: str, which: str, column: str) -> object:
    """A premise as it stands."""
    [path] = folder.glob("Styrbok *.xlsx")
    edit = Edit(path.read_bytes())
    table = edit.table(key)
    name, _, wanted = which.partition("=")
    place = next(r for r in table.rows.values() if str(edit.get(table.sheet, f"{table.columns[name]}{r}")) == wanted)
    return edit.get(table.sheet, f"{table.columns[column]}{place}")


def test_generating_again_changes_nothing(exempelby_answered: Path, copied: Copied) -> None:
    folder = copied(exempelby_answered)
    before = state(folder)
    again = issue(folder)
    assert {item.status for item in again.values()} == {"unchanged"}
    assert {item.issue for item in again.values()} == {1}
    assert state(folder) == before
    with Round(folder, NOW) as round_:
        assert len(round_.register.events(["issued"])) == len(again)


def test_a_deleted_workbook_is_drawn_again_as_it_was(exempelby_answered: Path, copied: Copied) -> None:
    folder = copied(exempelby_answered)
    before = state(folder)
    gone = next((folder / "mallar").rglob("* Åsens förskola.xlsx"))
    gone.unlink()
    again = issue(folder)
    assert {node: item.status for node, item in again.items() if item.status != "unchanged"} == {
        "asens-forskola": "restored"
    }
    assert {name: data for name, (data, _) in state(folder).items()} == {
        name: data for name, (data, _) in before.items()
    }


def touched(folder: Path) -> set[str]:
    """The nodes that get a new issue; the files of the others must be as they were."""
    before = state(folder)
    items = issue(folder)
    again = {node for node, item in items.items() if item.status == "reissued"}
    assert {item.status for item in items.values()} <= {"reissued", "unchanged"}
    for node, item in items.items():
        assert item.issue == (2 if node in again else 1)
        if item.path.name in before:
            assert (state(folder)[item.path.name] == before[item.path.name]) == (node not in again)
        else:
            assert node in again
        assert identity(item.path).split("|")[4] == str(item.issue)
    return again


def identity(path: Path) -> str:
    """The identity on the hidden sheet."""
    return str(Edit(path.read_bytes()).get("_xlstyr", "B1"))


def test_a_frame_touches_the_units_of_its_own(exempelby_answered: Path, copied: Copied) -> None:
    folder = copied(exempelby_answered)
    previous = value(folder, "frames", "node=angsskolan", "previous")
    assert isinstance(previous, int)
    premise(folder, ("frames", "node=angsskolan", "previous", previous + 100))
    assert touched(folder) == {"angsskolan", "barn-unga"}  # what is left for the department itself shrinks as well


def test_an_index_touches_those_who_have_the_group(exempelby_answered: Path, copied: Copied) -> None:
    folder = copied(exempelby_answered)
    with Round(folder, NOW) as round_:
        premises = round_.premises
        lines = {
            node: {premises.accounts[one.account].group for one in rows} for node, rows in premises.opening.items()
        }
        group = min(
            premises.groups,
            key=lambda name: (
                not any(name in have for have in lines.values()),
                sum(name in have for have in lines.values()),
            ),
        )
        wanted = {node for node, have in lines.items() if group in have and premises.phase_of(node) is not None}
    assert 0 < len(wanted) < len(lines)
    premise(folder, ("groups", f"group={group}", "index_2", 0.0999))
    assert touched(folder) == wanted


def test_a_name_touches_the_node_and_those_who_are_told_it(exempelby_answered: Path, copied: Copied) -> None:
    folder = copied(exempelby_answered)
    premise(folder, ("nodes", "node=gata-park", "name", "Gata, park & torg"))
    renamed = touched(folder)
    assert renamed == {"gata-park"}
    [new] = (folder / "mallar").rglob("*torg*.xlsx")
    assert new.name == "Budget 2031 Gata, park & torg.xlsx"
    assert "gata-park" in identity(new)


def test_answers_to_an_earlier_issue_are_read_and_give_way_to_the_new(exempelby_answered: Path, copied: Copied) -> None:
    folder = copied(exempelby_answered)
    [old] = files_of(folder, ["angsskolan"])
    previous = value(folder, "frames", "node=angsskolan", "previous")
    assert isinstance(previous, int)
    premise(folder, ("frames", "node=angsskolan", "previous", previous + 100))
    reissued = issue(folder)["angsskolan"]
    with Round(folder, NOW) as round_:
        [first] = collect(round_, [old])
        assert "XS011" in codes(first.examined.findings)
        assert first.examined.status == "accepted"
        before = said(round_)["angsskolan"]
        new = folder / "inkorg" / "Budget 2031 Ängsskolan F–9 (ny).xlsx"
        new.write_bytes(typed(reissued.path, ("answer", "accept", "value", "Ja"), ("signoff", "done", "value", "Ja")))
        [second] = collect(round_, [new])
        assert "XS011" not in codes(second.examined.findings)
        [answer] = bundle(round_)["angsskolan", "proposal"]
        assert (answer.issue, answer.revision) == (2, 0)
        assert [answer.digest] != before
        late = folder / "sen.xlsx"
        late.write_bytes(typed(old, ("signoff", "message", "value", "Kom för sent.")))
        collect(round_, [late])
        assert bundle(round_)["angsskolan", "proposal"] == {answer}


# collecting again


def test_collecting_twice_changes_nothing(exempelby_answered: Path, copied: Copied, opened: Opened) -> None:
    folder = copied(exempelby_answered)
    round_ = opened(folder)
    first = collect(round_)
    before = said(round_), len(round_.register.events()), sorted(p.name for p in (folder / "inlämnat").iterdir())
    again = collect(round_)
    assert len(first) == len(again) > 0
    assert not any(item.duplicate for item in first)
    assert all(item.duplicate for item in again)
    assert {code for item in again for code in codes(item.examined.findings)} == {"XS016"}
    assert (
        said(round_),
        len(round_.register.events()),
        sorted(p.name for p in (folder / "inlämnat").iterdir()),
    ) == before


def test_consolidating_twice_writes_the_same_bytes(exempelby: Path, copied: Copied, opened: Opened) -> None:
    round_ = opened(copied(exempelby))
    first = consolidate(round_)
    data = first.path.read_bytes()
    assert consolidate(round_).path.read_bytes() == data


def test_originals_are_kept_untouched_under_their_own_digest(exempelby: Path) -> None:
    inbox = sorted(path.read_bytes() for path in (exempelby / "inkorg").iterdir())
    originals = sorted((exempelby / "inlämnat").iterdir())
    assert sorted(path.read_bytes() for path in originals) == inbox
    with Register(exempelby / "xlstyr.db") as register:
        assert all(register.file(path.stem) is not None for path in originals)


def test_an_original_outside_the_register_is_taken_in_again(
    exempelby_answered: Path, copied: Copied, opened: Opened
) -> None:
    """As after a crash between keeping the file and registering it."""
    folder = copied(exempelby_answered)
    round_ = opened(folder)
    taken = collect(round_)
    before, totals = said(round_), consolidate(round_).totals
    sha256 = taken[3].examined.sha256
    round_.close()
    with sqlite3.connect(folder / "xlstyr.db") as db:
        db.execute("delete from answers where sha256 = ?", (sha256,))
        db.execute("delete from files where sha256 = ?", (sha256,))
    db.close()
    with Round(folder, NOW) as again:
        assert len(said(again)) == len(before) - 1
        [name] = recover(again)
        assert name.startswith(sha256)
        assert recover(again) == []
        assert (said(again), consolidate(again).totals) == (before, totals)


def test_a_file_of_any_name_that_is_no_original_is_left(exempelby: Path, copied: Copied, opened: Opened) -> None:
    folder = copied(exempelby)
    (folder / "inlämnat" / "läs mig.txt").write_text("Rör inte de här filerna.", encoding="utf-8")
    round_ = opened(folder)
    before = said(round_)
    collect(round_, [folder / "Styrbok 2031.xlsx"])
    assert said(round_) == before
    assert (folder / "inlämnat" / "läs mig.txt").exists()


def test_a_lost_register_is_told_and_loses_no_original(exempelby: Path, copied: Copied) -> None:
    """The register can't be guessed anew: nothing is counted by a definition that nobody knows was issued."""
    folder = copied(exempelby)
    originals = {path.name: path.read_bytes() for path in (folder / "inlämnat").iterdir()}
    (folder / "xlstyr.db").unlink()
    with Round(folder, NOW) as round_:
        taken = collect(round_)
        assert {code for item in taken for code in codes(f for f in item.examined.findings if f.severity == "fel")} <= {
            "XS009"
        }
        done = consolidate(round_)
        assert done.totals["net_cost"] == dict.fromkeys(done.totals["net_cost"])
        reasons = {f.message for f in done.findings if f.code == "XS504"}
        assert reasons
        assert all(finding.code in ("XS009", "XS504") for finding in done.findings if finding.severity == "fel")
    assert {path.name: path.read_bytes() for path in (folder / "inlämnat").iterdir()} == originals


def test_after_a_lost_register_generating_and_collecting_bring_everything_back(exempelby: Path, copied: Copied) -> None:
    folder = copied(exempelby)
    with Round(folder, NOW) as round_:
        before, totals = said(round_), consolidate(round_).totals
    (folder / "xlstyr.db").unlink()
    with Round(folder, NOW) as round_:
        collect(round_)
        assert said(round_) == {}
        issue_workbooks(round_)
        taken = collect(round_)
        assert not any(item.duplicate for item in taken)
        assert (said(round_), consolidate(round_).totals) == (before, totals)
        assert all(item.duplicate for item in collect(round_))


def test_states_follow_what_happens(exempelby_answered: Path, copied: Copied, opened: Opened) -> None:
    round_ = opened(copied(exempelby_answered))

    def states() -> dict[str, str]:
        return {one.node.id: one.state for one in node_states(round_)}

    assert set(states().values()) == {"sent"}
    taken = {item.examined.node: item for item in collect(round_)}
    assert {node: s for node, s in states().items() if s != "received"} == {"bjorkbacken": "sent"}
    consolidate(round_)
    assert {node: s for node, s in states().items() if s != "included"} == {"bjorkbacken": "sent"}
    item: Taken = taken["hemtjanst"]
    assert write_return(round_, item.examined) is not None


def test_a_missing_file_is_an_error_and_a_lock_file_is_no_answer(
    exempelby_answered: Path, copied: Copied, opened: Opened
) -> None:
    folder = copied(exempelby_answered)
    round_ = opened(folder)
    with pytest.raises(XlstyrError, match=r"finns-inte\.xlsx"):
        collect(round_, [folder / "finns-inte.xlsx"])
    (folder / "lås").mkdir()
    (folder / "lås" / "~$Budget 2031.xlsx").write_bytes(b"\x05Anna")
    assert collect(round_, [folder / "lås"]) == []


def test_the_carrier_holds_every_contribution_whole(exempelby: Path, copied: Copied, opened: Opened) -> None:
    round_ = opened(copied(exempelby))
    path = consolidate(round_).path
    edit = Edit(path.read_bytes())
    table = edit.table("carrier")
    texts: dict[object, str] = {}
    for row in (place for row_id, place in table.rows.items() if row_id.startswith("c")):
        key = edit.get(table.sheet, f"{table.columns['contribution']}{row}")
        texts[key] = texts.get(key, "") + str(edit.get(table.sheet, f"{table.columns['text']}{row}"))
    carried = {json.loads(text)["node"]: [json.loads(text)["digest"]] for text in texts.values()}
    assert carried == said(round_)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_name_that_is_no_text_stops_nothing(exempelby_answered: Path, copied: Copied, opened: Opened) -> None:
    folder = copied(exempelby_answered)
    inbox = folder / "inkorg"
    odd = os.fsdecode(os.fsencode(inbox) + b"/Budget 2031 \xc5sens f\xf6rskola.xlsx")
    (inbox / "Budget 2031 Åsens förskola.xlsx").rename(odd)
    round_ = opened(folder)
    taken = {item.examined.name: item.examined for item in collect(round_)}
    assert taken["Budget 2031 Åsens förskola.xlsx"].status == "accepted"
    assert len(taken) == 15
    assert all(item.duplicate for item in collect(round_))
    consolidate(round_)
