"""Units that merge, split, move or change names, between years or in mid-round: history follows, nothing counts twice."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xlstyr
from tests.conftest import NOW
from tests.office.xmledit import Edit, Typed
from tests.test_changed_premises import change_control, consolidated, row_of
from xlstyr.model.finding import Finding
from xlstyr.model.inheritance import inherited
from xlstyr.model.period import Period, PeriodKind
from xlstyr.model.premises import Premises
from xlstyr.model.succession import Reorganised, Succession, divided
from xlstyr.reports.scope import Scope
from xlstyr.rounds.control import read_control
from xlstyr.rounds.following.consolidating import Consolidated, consolidate, scope_of
from xlstyr.rounds.incoming.collecting import Taken, collect
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import BrokenControlError, Round

Copy = Callable[[Path], Path]
Change = Callable[[Edit], None]
BUDGET = Period(PeriodKind.BUDGET, 2031)
HISTORY = ("opening", "staff", "frames", "goals", "indicators", "assignments", "volumes", "contacts")


# hands


def add(edit: Edit, table: str, **values: Typed) -> None:
    """Fills in the first free row of a table of the control workbook."""
    found = edit.table(table)
    first = next(iter(values))
    row = next(row for row in found.rows if row.startswith("n") and edit.get(*edit.at(table, row, first)) is None)
    for column, value in values.items():
        edit.set(*edit.at(table, row, column), value)


def new_unit(edit: Edit, node: str, name: str, parent: str) -> None:
    """A unit in the organisation, with an address."""
    add(edit, "nodes", node=node, name=name, kind="Enhet", parent=parent, line_parent=parent, in_municipality="Ja")
    add(edit, "contacts", node=node, role="Ansvarig", function="Enhetschef", email=f"{node}@exempelby.example")


def take_out(edit: Edit, node: str) -> None:
    """The node's row in the organisation is emptied; what stands on it in other tables stays."""
    row = row_of(edit, "nodes", "node", node)
    for column in edit.table("nodes").columns:
        if column != "id":
            edit.set(*edit.at("nodes", row, column), None)


def merge(edit: Edit) -> None:
    """Gata & park and Lokaler & städ become Drift."""
    new_unit(edit, "drift", "Drift & service", "samhalle-forv")
    for former in ("gata-park", "lokaler-stad"):
        add(edit, "reorganised", former=former, node="drift", note="beslut i juni")


def split(edit: Edit) -> None:
    """Hemtjänst becomes one for the east and one for the west."""
    for node, name, share in (("hem-oster", "Hemtjänst öster", 0.6), ("hem-vaster", "Hemtjänst väster", 0.4)):
        new_unit(edit, node, name, "omsorg")
        add(edit, "reorganised", former="hemtjanst", node=node, share=share)


def both(*changes: Change) -> Change:
    """One change after another."""

    def change(edit: Edit) -> None:
        for one in changes:
            one(edit)

    return change


def without(*nodes: str) -> Change:
    """Nodes leave the organisation."""

    def change(edit: Edit) -> None:
        for node in nodes:
            take_out(edit, node)

    return change


# eyes


def premises_of(folder: Path) -> Premises:
    with Round(folder, NOW) as round_:
        return round_.premises


def net_cost(done: Consolidated) -> int:
    cost = done.totals["net_cost"]["2031"]
    assert cost is not None
    return cost


def of(findings: Iterable[Finding], code: str) -> list[dict[str, str]]:
    """The arguments of findings of a rule, in order."""
    return [dict(finding.args) for finding in findings if finding.code == code]


def answer_of(folder: Path, node: str) -> Path:
    """Where the node's answer lies in the inbox."""
    with Round(folder, NOW) as round_:
        issue = round_.register.issue(node, "proposal", 1)
    assert issue is not None
    return folder / "inkorg" / Path(issue.file).name


def spoken(folder: Path, node: str) -> int:
    """The same, as it stands now."""
    with Round(folder, NOW) as round_:
        return stated(scope_of(round_, round_.premises.organisation.root.id)[0], node)


def stated(scope: Scope, node: str) -> int:
    """The net cost (kr) of the budget year that counts for ``node``."""
    lines = [line for row, line in scope.lines if row.owner == node]
    assert lines
    return sum(line.net_cost(BUDGET) or 0 for line in lines)


def answer(folder: Path, node: str, *cells: tuple[str, str, str, Typed], name: str | None = None) -> Taken:
    """The node accepts its proposal (and types ``cells``); the answer is collected."""
    with Round(folder, NOW) as round_:
        issued = next(item for item in issue_workbooks(round_) if item.node == node)
        edit = Edit(issued.path.read_bytes())
        typed = (("answer", "accept", "value", "Ja"), ("signoff", "done", "value", "Ja"), *cells)
        for table, row, column, value in typed:
            edit.set(*edit.at(table, row, column), value)
        path = folder / "inkorg" / (name or issued.path.name)
        path.write_bytes(edit.bytes())
        [taken] = collect(round_, [path])
    return taken


# by shares


@given(
    st.integers(min_value=-(10**13), max_value=10**13),
    st.lists(st.decimals("0.0001", "1", places=4), min_size=1, max_size=9),
)
def test_what_is_divided_adds_up_and_is_nowhere_more_than_one_off(amount: int, shares: list[Decimal]) -> None:
    parts = divided(Decimal(amount), shares)
    assert sum(parts) == amount
    assert all(part == int(part) for part in parts)
    whole = sum(shares)
    assert all(abs(part - amount * share / whole) < 1 for part, share in zip(parts, shares, strict=True))


def test_the_largest_remainder_gets_what_is_left() -> None:
    third = Decimal("0.3333")
    assert divided(Decimal(100), [third, third, third]) == [34, 33, 33]
    assert divided(Decimal(-100), [Decimal("0.25"), Decimal("0.75")]) == [-25, -75]
    assert divided(Decimal(10), [Decimal("0.26"), Decimal("0.74")]) == [3, 7]
    assert divided(Decimal("2.5"), [Decimal("0.5")] * 2, Decimal("0.01")) == [Decimal("1.25")] * 2


def sums(premises: Premises) -> dict[str, object]:
    """What nothing may be lost from: every amount and number, over all nodes."""
    opening = [line for lines in premises.opening.values() for line in lines]
    frames = premises.frames.values()
    volumes = [row for rows in premises.volumes.values() for row in rows]
    return {
        **{key: sum(getattr(line, key) or 0 for line in opening) for key in ("outcome", "budget", "forecast")},
        "proposal": sum(premises.proposal(line) or 0 for line in opening),
        "net": sum((premises.proposal(x) or 0) * (1 if premises.side(x.account) == "cost" else -1) for x in opening),
        "posts": sum((row.posts for rows in premises.staff.values() for row in rows), Decimal(0)),
        "pay": sum((row.posts * row.pay for rows in premises.staff.values() for row in rows), Decimal(0)),
        "previous": sum(frame.previous for frame in frames),
        "frames": sum(frame.frame for frame in frames),
        **{key: sum(getattr(row, key) or 0 for row in volumes) for key in ("budget", "proposal")},
        "goals": len({goal.goal for goal in premises.goals}),
        "indicators": {row.indicator.split("-")[0] for rows in premises.indicators.values() for row in rows},
        "assignments": {row.assignment for rows in premises.assignments.values() for row in rows},
    }


UNITS = ("ekonomi-kansli", "bibliotek-arkiv", "asens-forskola", "angsskolan", "hemtjanst", "gata-park", "valfard")
HEIRS = ("lokaler-stad", "bjorkbacken", "samhalle", "barn-unga")
RESULTS = st.dictionaries(
    st.sampled_from(UNITS),
    st.dictionaries(st.sampled_from(HEIRS), st.integers(1, 99), min_size=1, max_size=3),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(RESULTS)
def test_no_history_is_lost_or_added(exempelby: Path, became: dict[str, dict[str, int]]) -> None:
    premises = read(exempelby)
    lines = tuple(
        Reorganised(former, heir, None if len(heirs) == 1 else Decimal(part) / sum(heirs.values()))
        for former, heirs in became.items()
        for heir, part in heirs.items()
    )
    moved = inherited(replace(premises, reorganised=lines))
    assert sums(moved) == sums(premises)
    assert not {*became} & {*moved.opening, *moved.staff, *moved.frames, *moved.indicators, *moved.volumes}
    for node, rows in moved.opening.items():
        assert len({row.id for row in rows}) == len(rows), node
    assert inherited(moved) == moved


_READ: dict[Path, Premises] = {}


def read(folder: Path) -> Premises:
    if folder not in _READ:
        _READ[folder] = premises_of(folder)
    return _READ[folder]


def test_every_kind_of_premise_that_stands_on_a_node_is_moved() -> None:
    """Whoever adds a table with nodes to the premises must say what becomes of it."""
    kept = {"settings", "organisation", "phases", "contacts", "chain", "mapping", "groups", "accounts", "activities"}
    kept |= {"counterparties", "financial_goals", "comparisons", "reorganised"}
    moved = {"opening", "staff", "frames", "goals", "indicators", "assignments", "volumes", "documents", "comments"}
    assert {field.name for field in fields(Premises)} == kept | moved


# who follows whom


def lines(text: str) -> tuple[Reorganised, ...]:
    """``a>b 40`` → Reorganised."""
    found = []
    for word in text.split(","):
        who, _, share = word.strip().partition(" ")
        former, _, node = who.partition(">")
        found.append(Reorganised(former, node, Decimal(share) / 100 if share else None))
    return tuple(found)


def test_chains_are_followed_to_the_end() -> None:
    found = Succession(lines("a>c, b>c, c>d 25, c>e 75, e>f"))
    assert found.heirs("a") == {"d": Decimal("0.25"), "f": Decimal("0.75")}
    assert (found.heir("a"), found.heir("e"), found.heir("x")) == (None, "f", "x")
    assert found.formers("f") == ("a", "b", "c", "e")
    assert found.formers("c") == ("a", "b")
    assert not found.circle
    assert set(Succession(lines("a>b, b>c, c>a, x>a")).circle) == {"a", "b", "c"}
    assert set(Succession(lines("a>a")).circle) == {"a"}


def test_a_long_chain_is_no_trouble() -> None:
    found = Succession(tuple(Reorganised(f"n{n}", f"n{n + 1}") for n in range(3000)))
    assert found.heir("n0") == "n3000"


def test_what_starts_later_is_not_in_force(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    before = consolidated(folder)

    def change(edit: Edit) -> None:
        merge(edit)
        for row in ("n1", "n2"):
            edit.set(*edit.at("reorganised", row, "since"), 48214)  # 2032-01-01

    change_control(folder, change)
    after = consolidated(folder)
    assert net_cost(after) == net_cost(before)
    assert of(after.findings, "XS512") == []
    assert "drift" in after.missing and "gata-park" not in after.missing


# names and places


def test_a_renamed_unit_keeps_everything(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    before = consolidated(folder)
    old = answer_of(folder, "gata-park").name

    def rename(edit: Edit) -> None:
        edit.set(*edit.at("nodes", row_of(edit, "nodes", "node", "gata-park"), "name"), "Utemiljö")

    change_control(folder, rename)
    after = consolidated(folder)
    assert after.totals == before.totals and after.missing == before.missing
    taken = answer(folder, "gata-park", name=old)
    assert taken.examined.status == "accepted"
    assert not of(taken.examined.findings, "XS017")
    assert {row.owner for row, _ in consolidated(folder).scope.lines} == {row.owner for row, _ in before.scope.lines}


def test_units_that_swap_names_are_not_taken_for_each_other(exempelby_answered: Path, copied: Copy) -> None:
    """A file carries the name that its node had when it was issued, though another has that name now."""
    folder = copied(exempelby_answered)
    files = {node: answer_of(folder, node) for node in ("gata-park", "lokaler-stad", "hemtjanst")}

    def swap(edit: Edit) -> None:
        rows = [row_of(edit, "nodes", "node", node) for node in ("gata-park", "lokaler-stad")]
        names = [edit.get(*edit.at("nodes", row, "name")) for row in rows]
        for row, name in zip(rows, reversed(names), strict=True):
            edit.set(*edit.at("nodes", row, "name"), str(name))

    change_control(folder, swap)
    with Round(folder, NOW) as round_:
        issue_workbooks(round_)
        taken = {item.examined.node: item.examined for item in collect(round_, [*files.values()])}
        assert {node: taken[node].status for node in files} == dict.fromkeys(files, "accepted")
        other = folder / files["gata-park"].name
        other.write_bytes(again(files["hemtjanst"]))
        [wrong] = collect(round_, [other])
    assert [finding.code for finding in wrong.examined.findings if finding.severity == "fel"] == ["XS017"]


def move(edit: Edit) -> None:
    """Gata & park goes to Kommunstyrelsen, with its frame."""
    row = row_of(edit, "nodes", "node", "gata-park")
    for column in ("parent", "line_parent"):
        edit.set(*edit.at("nodes", row, column), "styrelsen")


def test_a_unit_that_moves_takes_its_answer_along(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    before = consolidated(folder)
    cost = spoken(folder, "gata-park")
    change_control(folder, move)
    after = consolidated(folder)
    assert after.totals == before.totals and after.missing == before.missing
    with Round(folder, NOW) as round_:
        assert not {"gata-park"} & {row.owner for row, _ in consolidate(round_, "samhalle").scope.lines}
        assert "gata-park" in {row.owner for row, _ in consolidate(round_, "styrelsen").scope.lines}
    assert spoken(folder, "gata-park") == cost


def test_what_the_former_parent_carried_upwards_counts_once(
    exempelby: Path, exempelby_answered: Path, copied: Copy, tmp_path: Path
) -> None:
    """The committee had rolled up its units when one of them moved; the unit's file comes directly too."""
    below = Path(shutil.copytree(exempelby, tmp_path / "nämnden"))
    with Round(below, NOW) as round_:
        mailed = consolidate(round_, "samhalle").path
    whole = consolidated(Path(shutil.copytree(exempelby, tmp_path / "allt")))
    folder = copied(exempelby_answered)
    change_control(folder, move)
    own = [answer_of(folder, node) for node in ("gata-park", "samhalle")]
    rest = [path for path in (folder / "inkorg").iterdir() if path not in own]
    with Round(folder, NOW) as round_:
        names = {answer_of(folder, node).name for node in ("samhalle-forv", "lokaler-stad")}
        collect(round_, [path for path in rest if path.name not in names])
        collect(round_, [mailed])
        first = consolidate(round_)
        collect(round_, own)
        again = consolidate(round_)
    assert first.totals == whole.totals == again.totals
    assert first.missing == whole.missing == again.missing


# merged in mid-round


@pytest.mark.parametrize("gone", [False, True], ids=["kept", "taken out"])
def test_answers_of_merged_units_stand_in_until_the_new_one_answers(exempelby: Path, copied: Copy, gone: bool) -> None:
    folder = copied(exempelby)
    before = consolidated(folder)
    own = {node: spoken(folder, node) for node in ("gata-park", "lokaler-stad")}
    change_control(folder, both(merge, *([without("gata-park", "lokaler-stad")] if gone else [])))

    standing = consolidated(folder)
    assert net_cost(standing) == net_cost(before)
    assert standing.totals == before.totals
    assert sorted(standing.missing) == sorted([*before.missing, "drift"])
    names = ("gata-park", "lokaler-stad") if gone else ("Gata, park & väg", "Lokaler & städ")
    assert standing.scope.gaps["drift"] == f"Har inte svarat; svaret från {names[0]} och {names[1]} räknas så länge"
    stood = of(standing.findings, "XS512")
    assert [item["former"] for item in stood] == [*names]
    assert [int(item["amount"]) for item in stood] == [round(cost / 1000) for cost in own.values()]
    assert not of(standing.findings, "XS507")
    assert not [item for item in of(standing.findings, "XS504") if item["node"] == "Drift & service"]
    facts = xlstyr.open_round(folder).facts
    assert set(facts["file"][facts["node"] == "drift"]) == {
        answer_of(folder, node).name for node in ("gata-park", "lokaler-stad")
    }
    edit = Edit(standing.path.read_bytes())
    shown = {str(value) for row in edit.rows("Källor").values() for value in row.values()}
    assert {f"Drift & service (svar från {name})" for name in names} <= shown
    with Round(folder, NOW) as round_:
        assert not [e for e in round_.register.events(["included"]) if e.node == "drift"]

    taken = answer(folder, "drift", ("budget", "70110-T250", "change", 10))
    assert taken.examined.status == "accepted"
    after = consolidated(folder)
    assert "drift" not in after.missing
    assert not of(after.findings, "XS512")
    assert [item["former"] for item in of(after.findings, "XS513")] == [*names]
    assert net_cost(after) == net_cost(before) - sum(own.values()) + spoken(folder, "drift")


def test_a_merged_unit_is_told_what_its_forerunners_were_told(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    before = read(exempelby)
    change_control(folder, both(merge, without("gata-park", "lokaler-stad")))
    with Round(folder, NOW) as round_:
        path = next(item.path for item in issue_workbooks(round_) if item.node == "drift")
    edit = Edit(path.read_bytes())

    def column(table: str, key: str) -> int:
        cells = [edit.get(*edit.at(table, row, key)) for row in edit.table(table).rows if row[0] not in "#n"]
        return sum(cell for cell in cells if isinstance(cell, int))

    old = [line for node in ("gata-park", "lokaler-stad") for line in before.opening[node]]
    for key, name in (("outcome", "outcome"), ("previous", "budget"), ("forecast", "forecast")):
        assert column("budget", key) == sum(getattr(line, name) for line in old)
    assert column("budget", "proposal") == sum(before.proposal(line) or 0 for line in old)
    posts = [edit.get(*edit.at("staff", row, "posts")) for row in edit.table("staff").rows if row.startswith("s")]
    assert sum(Decimal(str(one)) for one in posts) == 20
    assert premises_of(folder).own_frame("drift") == sum(
        before.own_frame(node) or 0 for node in ("gata-park", "lokaler-stad")
    )
    row = edit.at("indicators", "sparad-el", "current")
    assert edit.get(*row) == 355


def test_only_one_of_two_had_answered(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)

    def change(edit: Edit) -> None:
        new_unit(edit, "aldre", "Äldre hemma", "omsorg")
        for former in ("hemtjanst", "bjorkbacken"):  # the second never answered
            add(edit, "reorganised", former=former, node="aldre")

    before = consolidated(folder)
    change_control(folder, change)
    after = consolidated(folder)
    assert after.totals == before.totals
    assert after.scope.gaps["aldre"] == (
        "Har inte svarat; svaret från Hemtjänst öster & väster räknas så länge "
        "(svar saknas från Äldreboendet Björkbacken)"
    )


def test_a_file_from_a_merged_unit_that_comes_late_is_kept_and_told_where_to_go(
    exempelby_answered: Path, copied: Copy
) -> None:
    folder = copied(exempelby_answered)
    late = answer_of(folder, "gata-park")
    change_control(folder, both(merge, without("gata-park", "lokaler-stad")))
    rest = [path for path in (folder / "inkorg").iterdir() if path != late]
    with Round(folder, NOW) as round_:
        collect(round_, rest)
        first = consolidate(round_)
        [taken] = collect(round_, [late])
        second = consolidate(round_)
    assert taken.examined.status == "accepted"
    assert not of(taken.examined.findings, "XS007")
    [told] = of(taken.examined.findings, "XS515")
    assert told == {
        "former": "gata-park",
        "nodes": "Drift & service",
        "whom": "Enhetschef · drift@exempelby.example",
    }
    assert net_cost(second) - net_cost(first) == stated(second.scope, "drift") - stated(first.scope, "drift") > 0
    new = answer(folder, "drift")
    assert new.examined.status == "accepted"
    with Round(folder, NOW) as round_:
        before = consolidate(round_)
        late.write_bytes(again(late))
        [taken] = collect(round_, [late])
        after = consolidate(round_)
    assert of(taken.examined.findings, "XS515")
    assert after.totals == before.totals


def again(path: Path) -> bytes:
    """Another version of an answer."""
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("signoff", "message", "value"), "Vi har ändrat oss.")
    return edit.bytes()


def test_rivals_from_a_merged_unit_stand_in_for_nobody(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    rival = answer_of(folder, "gata-park").with_name("annan version.xlsx")
    rival.write_bytes(again(answer_of(folder, "gata-park")))
    own = spoken(folder, "gata-park")
    before = consolidated(folder)
    change_control(folder, both(merge, without("gata-park", "lokaler-stad")))
    with Round(folder, NOW) as round_:
        collect(round_, [rival])
        after = consolidate(round_)
    assert net_cost(after) == net_cost(before) - own
    assert len(of(after.findings, "XS501")) == 1
    assert not of(after.findings, "XS507")


def test_a_held_answer_of_a_merged_unit_holds_the_new_one(exempelby_answered: Path, copied: Copy) -> None:
    folder = copied(exempelby_answered)
    path = answer_of(folder, "gata-park")
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("budget", "70110-T250", "change"), "kanske")
    path.write_bytes(edit.bytes())
    answer_of(folder, "lokaler-stad").unlink()
    change_control(folder, merge)
    with Round(folder, NOW) as round_:
        collect(round_)
        done = consolidate(round_)
    assert "drift" not in {row.owner for row, _ in done.scope.lines}
    assert done.scope.gaps["drift"].startswith("Svaret hålls: XS203")


# split in mid-round


def test_the_answer_of_a_split_unit_is_named_and_not_divided(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    before = consolidated(folder)
    own = spoken(folder, "hemtjanst")
    change_control(folder, both(split, without("hemtjanst")))
    after = consolidated(folder)
    assert net_cost(after) == net_cost(before) - own
    assert {"hem-oster", "hem-vaster"} <= set(after.missing)
    [told] = of(after.findings, "XS514")
    assert told["missing"] == "Hemtjänst öster och Hemtjänst väster"
    assert int(told["amount"]) == round(own / 1000)

    answer(folder, "hem-oster")
    [told] = of(consolidated(folder).findings, "XS514")
    assert told["missing"] == "Hemtjänst väster"
    answer(folder, "hem-vaster")
    done = consolidated(folder)
    assert not of(done.findings, "XS514")
    assert len(of(done.findings, "XS513")) == 1
    new = sum(spoken(folder, node) for node in ("hem-oster", "hem-vaster"))
    assert net_cost(done) == net_cost(before) - own + new
    old = read(exempelby)
    assert new == sum(
        (old.proposal(x) or 0) * (1 if old.side(x.account) == "cost" else -1) for x in old.opening["hemtjanst"]
    )


# chains in mid-round


def test_in_a_chain_the_latest_answer_counts(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    before = consolidated(folder)
    own = spoken(folder, "gata-park")

    def first(edit: Edit) -> None:
        new_unit(edit, "park", "Park", "samhalle-forv")
        add(edit, "reorganised", former="gata-park", node="park")

    def second(edit: Edit) -> None:
        new_unit(edit, "ute", "Ute", "samhalle-forv")
        add(edit, "reorganised", former="park", node="ute")

    change_control(folder, first)
    answer(folder, "park")
    new = spoken(folder, "park")
    assert new != own
    change_control(folder, second)
    after = consolidated(folder)
    assert net_cost(after) == net_cost(before) - own + new
    assert [item["former"] for item in of(after.findings, "XS512")] == ["Park"]
    assert [item["former"] for item in of(after.findings, "XS513")] == ["Gata, park & väg"]
    assert after.scope.gaps["ute"] == "Har inte svarat; svaret från Park räknas så länge"
    assert len(xlstyr.open_round(folder).reorganised) == 2
    assert set(xlstyr.open_round(folder).reorganised["node"]) == {"ute"}


# level by level


@pytest.mark.parametrize("gone", [False, True], ids=["kept", "taken out"])
def test_a_former_unit_s_answer_goes_upwards_from_either_desk(
    exempelby: Path, exempelby_answered: Path, copied: Copy, tmp_path: Path, gone: bool
) -> None:
    """The unit went to another committee and got a new id; only the old committee has got its answer."""

    def change(edit: Edit) -> None:
        new_unit(edit, "kultur", "Kultur & park", "styrelsen")
        add(edit, "reorganised", former="gata-park", node="kultur")
        if gone:
            take_out(edit, "gata-park")

    whole = Path(shutil.copytree(exempelby, tmp_path / "allt"))
    below = Path(shutil.copytree(exempelby_answered, tmp_path / "nämnden"))
    top = copied(exempelby_answered)
    theirs = [answer_of(below, node) for node in ("samhalle", "samhalle-forv", "gata-park", "lokaler-stad")]
    for folder in (whole, below, top):
        change_control(folder, change)
    with Round(below, NOW) as round_:
        collect(round_, theirs)
        rolled = consolidate(round_, "samhalle")
        assert "kultur" not in {row.owner for row, _ in rolled.scope.lines}
        assert not of(rolled.findings, "XS507")
    with Round(top, NOW) as round_:
        names = {path.name for path in theirs}
        collect(round_, [path for path in (top / "inkorg").iterdir() if path.name not in names])
        [item] = collect(round_, [rolled.path])
        assert [f.code for f in item.examined.findings if f.severity == "fel"] == []
        done = consolidate(round_)
    expected = consolidated(whole)
    assert done.totals == expected.totals
    assert done.scope.gaps == expected.scope.gaps
    assert of(done.findings, "XS512") == of(expected.findings, "XS512")


def test_trade_with_a_former_unit_is_trade_with_its_heir(exempelby: Path, copied: Copy) -> None:
    """The schools pay rent to Lokaler & städ, which has a new id: seller and buyer still meet."""
    folder = copied(exempelby)
    before = of(consolidated(folder).findings, "XS503")

    def change(edit: Edit) -> None:
        new_unit(edit, "fastighet", "Fastighet", "samhalle-forv")
        add(edit, "reorganised", former="lokaler-stad", node="fastighet")
        take_out(edit, "lokaler-stad")

    change_control(folder, change)
    answer(folder, "fastighet")
    assert of(consolidated(folder).findings, "XS503") == before


# people


def test_former_people_are_known_but_not_written_to(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    change_control(folder, both(merge, without("gata-park", "lokaler-stad")))
    premises = premises_of(folder)
    known = {contact.email for contact in premises.known_contacts("drift")}
    assert known == {f"{node}@exempelby.example" for node in ("drift", "gata-park", "lokaler-stad")}
    assert [contact.email for contact in premises.contacts_of("drift")] == ["drift@exempelby.example"]
    assert "drift@exempelby.example" in {contact.email for contact in premises.known_contacts("gata-park")}


# the control workbook


WRONG = [
    ([("hemtjanst", "drift", None), ("drift", "hemtjanst", None)], "XS814", "node"),
    ([("hemtjanst", "hemtjanst", None)], "XS814", "node"),
    ([("hemtjanst", "drift", 0.6), ("hemtjanst", "bjorkbacken", 0.3)], "XS815", "share"),
    ([("hemtjanst", "drift", None), ("hemtjanst", "bjorkbacken", None)], "XS815", "share"),
    ([("hemtjanst", "drift", 0.6), ("hemtjanst", "bjorkbacken", None)], "XS815", "share"),
    ([("hemtjanst", "drift", 1), ("hemtjanst", "bjorkbacken", 0)], "XS815", "share"),
    ([("hemtjanst", "finns-inte", None)], "XS810", "node"),
    ([("hemtjanst", "drift", None), ("hemtjanst", "drift", None)], "XS804", "former"),
    ([("Hemtjänst", "drift", None)], "XS805", "former"),
]


@pytest.mark.parametrize(("rows", "code", "column"), WRONG)
def test_what_cannot_be_followed_is_said_at_its_cell(
    exempelby: Path, copied: Copy, rows: list[tuple[str, str, float | None]], code: str, column: str
) -> None:
    folder = copied(exempelby)

    def change(edit: Edit) -> None:
        new_unit(edit, "drift", "Drift", "samhalle-forv")
        for former, node, share in rows:
            add(edit, "reorganised", former=former, node=node, share=share)

    change_control(folder, change)
    path = next(folder.glob("Styrbok *.xlsx"))
    premises, findings = read_control(path, templates())
    assert premises is None
    faults = [finding for finding in findings if finding.severity == "fel"]
    assert {finding.code for finding in faults} >= {code}
    [place] = {(f.place.table, f.place.column) for f in faults if f.code == code}
    assert place == ("reorganised", column)
    assert all(f.place.cell for f in faults if f.code == code)
    with pytest.raises(BrokenControlError), Round(folder, NOW) as round_:
        consolidate(round_)


def test_thirds_are_whole(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)

    def change(edit: Edit) -> None:
        for node in ("drift", "vard", "skola"):
            new_unit(edit, node, node.title(), "samhalle-forv")
            add(edit, "reorganised", former="hemtjanst", node=node, share=0.3333)
        take_out(edit, "hemtjanst")

    change_control(folder, change)
    assert sums(premises_of(folder)) == sums(read(exempelby))


def test_history_on_an_id_that_nobody_has_had_is_a_fault(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    change_control(folder, without("hemtjanst"))
    _, findings = read_control(next(folder.glob("Styrbok *.xlsx")), templates())
    assert {finding.place.table for finding in findings if finding.code == "XS810"} <= set(HISTORY)
    assert of(findings, "XS810")


def test_a_former_unit_left_in_the_organisation_gets_no_workbook(exempelby_answered: Path, copied: Copy) -> None:
    folder = copied(exempelby_answered)
    change_control(folder, merge)
    with Round(folder, NOW) as round_:
        issued = {item.node for item in issue_workbooks(round_)}
        told = of(round_.control_findings, "XS816")
    assert "drift" in issued and not {"gata-park", "lokaler-stad"} & issued
    assert [(item["former"], item["nodes"]) for item in told] == [
        ("Gata, park & väg", "Drift & service"),
        ("Lokaler & städ", "Drift & service"),
    ]
