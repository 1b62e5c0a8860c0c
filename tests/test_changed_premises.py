"""The control workbook changes after answers have come: no money flips its sign or leaves the sum unnamed."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import NOW, take_in
from tests.office.xmledit import Edit
from xlstyr.model.finding import Finding
from xlstyr.rounds.following.consolidating import Consolidated, consolidate, totals
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.round import Round

Copy = Callable[[Path], Path]


def change_control(folder: Path, change: Callable[[Edit], None]) -> None:
    path = next(folder.glob("Styrbok *.xlsx"))
    edit = Edit(path.read_bytes())
    change(edit)
    path.write_bytes(edit.bytes())


def row_of(edit: Edit, table: str, column: str, value: str) -> str:
    """The id of the row of ``table`` that holds ``value``."""
    for row in edit.table(table).rows:
        if not row.startswith("#") and str(edit.get(*edit.at(table, row, column)) or "") == value:
            return row
    raise AssertionError(value)


def consolidated(folder: Path) -> Consolidated:
    with Round(folder, NOW) as round_:
        return consolidate(round_)


def codes(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in findings}


def move_account(edit: Edit) -> None:
    """An income account that a unit uses is moved to a cost group."""
    accounts = {r: str(edit.get(*edit.at("accounts", r, "group")) or "") for r in edit.table("accounts").rows}
    groups = {
        str(edit.get(*edit.at("groups", r, "group"))): str(edit.get(*edit.at("groups", r, "side")))
        for r in edit.table("groups").rows
        if edit.get(*edit.at("groups", r, "group"))
    }
    used = {str(edit.get(*edit.at("opening", r, "account")) or "") for r in edit.table("opening").rows}
    row = next(
        r
        for r, group in accounts.items()
        if groups.get(group) == "Intäkt" and str(edit.get(*edit.at("accounts", r, "account"))) in used
    )
    cost = next(group for group, side in groups.items() if side == "Kostnad")
    edit.set(*edit.at("accounts", row, "group"), cost)


def test_an_account_that_changes_side_after_the_answer_holds_the_money(exempelby: Path, copied: Copy) -> None:
    before = consolidated(folder := copied(exempelby))
    assert "XS220" not in codes(before.findings)
    change_control(folder, move_account)
    after = consolidated(folder)
    held = [finding for finding in after.findings if finding.code == "XS220"]
    assert held and {finding.place.node for finding in held} <= set(after.missing)
    counted = {node for node, said in after.scope.contributions.items() if "money" in said.parts}
    assert counted.isdisjoint({finding.place.node for finding in held})


def test_an_account_that_changes_side_before_the_answer_is_read(exempelby_answered: Path, copied: Copy) -> None:
    folder = copied(exempelby_answered)
    change_control(folder, move_account)
    with Round(folder, NOW) as round_:
        taken = collect(round_)
    held = [item.examined for item in taken if any(f.code == "XS220" for f in item.examined.findings)]
    assert held and all(examined.status == "held" for examined in held)
    assert all(f.place.cell for examined in held for f in examined.findings if f.code == "XS220")


def test_a_node_that_leaves_the_organisation_is_named_with_its_amount(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)
    before = consolidated(folder)

    def remove(edit: Edit) -> None:
        for table in ("nodes", "contacts", "frames", "opening", "staff", "goals", "indicators", "assignments"):
            rows = [r for r in edit.table(table).rows if not r.startswith("#")]
            for row in rows:
                if edit.get(*edit.at(table, row, "node")) == "gata-park":
                    for column in edit.table(table).columns:
                        if column != "id" and edit.formula(*edit.at(table, row, column)) is None:
                            edit.set(*edit.at(table, row, column), None)

    change_control(folder, remove)
    after = consolidated(folder)
    stray = [finding for finding in after.findings if finding.code == "XS507"]
    assert [finding.place.node for finding in stray] == ["gata-park"]
    named = int(dict(stray[0].args)["amount"])
    lost = (before.totals["net_cost"]["2031"] or 0) - (after.totals["net_cost"]["2031"] or 0)
    assert abs(named - lost / 1000) <= 1


def test_another_stage_is_another_matter(exempelby_answered: Path, copied: Copy) -> None:
    """What was wrong in one phase is no fault, and no reason, in the next."""
    folder = copied(exempelby_answered)
    inbox = next(path for path in (folder / "inkorg").glob("*.xlsx"))
    edit = Edit(inbox.read_bytes())
    row = next(r for r in edit.table("budget").rows if not r.startswith("#"))
    edit.set(*edit.at("budget", row, "change"), "kanske")
    inbox.write_bytes(edit.bytes())
    take_in(folder)
    assert any(finding.severity == "fel" for finding in consolidated(folder).findings)

    def next_phase(edit: Edit) -> None:
        for row in edit.table("phases").rows:
            if not row.startswith("#") and edit.get(*edit.at("phases", row, "stage")):
                edit.set(*edit.at("phases", row, "stage"), "Kommunstyrelsen")

    change_control(folder, next_phase)
    after = consolidated(folder)
    assert after.scope.faults == 0
    assert not any(finding.severity == "fel" for finding in after.findings)
    assert set(after.scope.missing.values()) == {"Inget svar har kommit"}


def test_no_result_when_central_finance_is_not_asked(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)

    def leave_out(edit: Edit) -> None:
        for row in edit.table("phases").rows:
            if not row.startswith("#") and edit.get(*edit.at("phases", row, "kind")) == "Finansförvaltning":
                for column in ("phase", "name", "stage", "kind", "layout", "deadline"):
                    edit.set(*edit.at("phases", row, column), None)

    change_control(folder, leave_out)
    after = consolidated(folder)
    assert "result" not in after.totals
    assert not after.scope.central_in


def test_nodes_of_one_name_stay_apart(exempelby: Path, copied: Copy) -> None:
    folder = copied(exempelby)

    def rename(edit: Edit) -> None:
        names = [row_of(edit, "nodes", "node", node) for node in ("valfard", "samhalle")]
        edit.set(*edit.at("nodes", names[1], "name"), str(edit.get(*edit.at("nodes", names[0], "name"))))

    before = consolidated(folder)
    change_control(folder, rename)
    after = consolidated(folder)
    assert after.totals == before.totals
    labels = [after.scope.label(part) for part in after.scope.parts]
    assert len(set(labels)) == len(labels)
    with Round(folder, NOW) as round_:
        assert totals(after.scope) == after.totals and round_.premises.settings.year == 2031
