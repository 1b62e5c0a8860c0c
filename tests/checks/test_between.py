"""Between answers: rivals, gaps, internal trade and frames of whole branches."""

import dataclasses
from collections.abc import Mapping

import pytest

from tests.checks.desk import ANSWERS, Desk, cells, codes, only
from xlstyr.checks.between import check_bundle, original_of
from xlstyr.layout.records import rows_of
from xlstyr.model.bundle import Bundle, Contribution, content_digest
from xlstyr.model.provenance import Source

PARTS = frozenset({"money", "goals", "control"})
SELLER, BUYER = "tekniska-namnden", "utbildningsnamnden"
RENT = """
    adjustments | n9 | account | 6010 Internhyra
    adjustments | n9 | activity | 407 Förskola
    adjustments | n9 | counterparty | Fastighetsenheten
    adjustments | n9 | budget | {}
    adjustments | n9 | comment | Ny avdelning från augusti, 100 tkr
"""


def contribution(desk: Desk, node: str, text: str = "", name: str = "", revision: int = 0) -> Contribution:
    """What ``node`` says with ``text`` typed after its answers."""
    submission, _, _ = desk.submit(node, cells(text))
    rows = rows_of(submission, Source(f"sha-{node}-{name}", name or f"{node}.xlsx"))
    return Contribution(node, "proposal", 1, revision, content_digest(rows), PARTS, rows)


@pytest.fixture(scope="module")
def full(desk: Desk) -> dict[tuple[str, str], frozenset[Contribution]]:
    """Everybody's answer; those without one accept the proposal."""
    nodes = [node.id for node in desk.premises.organisation if desk.premises.phase_of(node.id) is not None]
    accepted = "answer | accept | Ja"
    return {
        (node, "proposal"): frozenset({contribution(desk, node, "" if node in ANSWERS else accepted)}) for node in nodes
    }


def changed(bundle: Bundle, *said: Contribution) -> dict[tuple[str, str], frozenset[Contribution]]:
    """``bundle`` with the answers of some node replaced."""
    return {**bundle, (said[0].node, "proposal"): frozenset(said)}


def without(bundle: Bundle, *nodes: str) -> dict[tuple[str, str], frozenset[Contribution]]:
    """``bundle`` without the answers of ``nodes``."""
    return {key: said for key, said in bundle.items() if key[0] not in nodes}


def test_everybody_is_in_and_agrees(desk: Desk, full: Bundle) -> None:
    assert codes(check_bundle(full, desk.premises, {})) == []


def test_an_empty_round_says_nothing(desk: Desk) -> None:
    assert check_bundle({}, desk.premises, {}) == []


def test_rivals_are_named_by_file(desk: Desk, full: Bundle) -> None:
    node = "ekbackens-forskola"
    one = contribution(desk, node, name="Ekbacken.xlsx")
    other = contribution(desk, node, "budget | 3110-407 | change | 7", name="Ekbacken (2).xlsx")
    finding = only(check_bundle(changed(full, one, other), desk.premises, {}), "XS501")
    assert finding.place.node == node
    shown = sorted(dict(finding.args)["files"].split(", "))
    marks = {"Ekbacken (2).xlsx": original_of(other)[:8], "Ekbacken.xlsx": original_of(one)[:8]}
    assert shown == [f"{name} ({mark})" for name, mark in marks.items()]
    same = contribution(desk, node, "budget | 3110-407 | change | 8", name="Ekbacken.xlsx")
    files = dict(only(check_bundle(changed(full, one, same), desk.premises, {}), "XS501").args)["files"]
    assert one.digest[:8] in files and same.digest[:8] in files


def test_a_newer_answer_has_no_rival(desk: Desk, full: Bundle) -> None:
    node = "ekbackens-forskola"
    newer = contribution(desk, node, "budget | 3110-407 | change | 7", revision=1)
    both = changed(full, contribution(desk, node), newer)
    assert "XS501" not in codes(check_bundle(both, desk.premises, {}))


def test_the_same_answer_twice_has_no_rival(desk: Desk, full: Bundle) -> None:
    node = "ekbackens-forskola"
    both = changed(full, contribution(desk, node, name="a.xlsx"), contribution(desk, node, name="b.xlsx"))
    assert "XS501" not in codes(check_bundle(both, desk.premises, {}))


@pytest.mark.parametrize(("amount", "found"), [("1", False), ("2", True), ("100", True), ("-100", True)])
def test_what_one_sells_the_other_buys(desk: Desk, full: Bundle, amount: str, found: bool) -> None:
    more = changed(full, contribution(desk, BUYER, RENT.format(amount)))
    findings = [f for f in check_bundle(more, desk.premises, {}) if f.code == "XS503"]
    assert bool(findings) == found
    if found:
        args = dict(findings[0].args)
        assert (args["seller"], args["buyer"]) == ("Tekniska nämnden", "Utbildningsnämnden")
        income, cost = (int(args[key].replace("\u00a0", "")) for key in ("income", "cost"))
        assert cost - income == int(amount)
        assert args["difference"] == str(abs(int(amount)))
        assert findings[0].place.node == SELLER


@pytest.mark.parametrize("gap", ["fastighet-enhet", "bjorkdungens-skola", "gata-och-trafik", BUYER])
def test_trade_with_a_gap_on_either_side_is_left(desk: Desk, full: Bundle, gap: str) -> None:
    more = changed(full, contribution(desk, BUYER, RENT.format("100")))
    missing = {gap: "inte inkommen"}
    assert codes(check_bundle(without(more, gap), desk.premises, missing)) == ["XS504"]


def test_a_gap_elsewhere_is_no_matter(desk: Desk, full: Bundle) -> None:
    more = changed(full, contribution(desk, BUYER, RENT.format("100")))
    findings = check_bundle(without(more, "simhallen"), desk.premises, {"simhallen": "inte inkommen"})
    assert {"XS503", "XS504"} <= set(codes(findings))
    assert dict(only(findings, "XS504").args) == {"node": "Simhallen", "reason": "inte inkommen"}


def test_held_money_is_a_gap(desk: Desk, full: Bundle) -> None:
    more = changed(full, contribution(desk, BUYER, RENT.format("100")))
    said = next(iter(more["fastighet-enhet", "proposal"]))
    held = changed(more, dataclasses.replace(said, parts=PARTS - {"money"}))
    assert "XS503" not in codes(check_bundle(held, desk.premises, {}))


def over(desk: Desk, node: str, bundle: Bundle) -> Mapping[str, str]:
    """Nodes that XS506 names, with how much."""
    findings = check_bundle(bundle, desk.premises, {})
    return {f.place.node: dict(f.args)["over"] for f in findings if f.code == "XS506"}


def test_a_branch_over_its_frame(desk: Desk, full: Bundle) -> None:
    """The unit is in a department under a committee: both are over, if nobody else lays less."""
    node = "ekbackens-forskola"
    more = changed(full, contribution(desk, node, "budget | 6410-407 | change | 90000"))
    named = over(desk, node, more)
    assert set(named) == {"avdelning-forskola", "utbildningsnamnden"}
    assert node not in named


def test_a_branch_that_is_not_complete_is_not_judged(desk: Desk, full: Bundle) -> None:
    node, other = "ekbackens-forskola", "svanens-forskola"
    more = changed(full, contribution(desk, node, "budget | 6410-407 | change | 90000"))
    assert not over(desk, node, without(more, other))
    undecided = contribution(desk, other, "answer | accept | Nej")
    assert not over(desk, node, changed(more, undecided))
    elsewhere = without(more, "simhallen")
    assert set(over(desk, node, elsewhere)) == {"avdelning-forskola", "utbildningsnamnden"}
