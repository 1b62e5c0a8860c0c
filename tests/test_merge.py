"""Roll-up is merge: by whatever route answers come, the same stays and nothing is counted twice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlstyr.model.bundle import Bundle, Contribution, Row, Signature, content_digest, dump, load
from xlstyr.model.finding import Finding, found
from xlstyr.model.organisation import Node, NodeKind, Organisation
from xlstyr.model.period import Period, PeriodKind
from xlstyr.model.provenance import Origin, Source
from xlstyr.model.records import BudgetLine
from xlstyr.rollup.figures import money_rows, net_cost, result
from xlstyr.rollup.merge import bundle_of, merge, settled

YEAR = Period(PeriodKind.BUDGET, 2026)
STAGES = ("proposal", "decision")
PARTS = frozenset({"money", "goals", "control"})
Rank = tuple[int, int, int]
FIRST = Signature("controller@exempelby.example", "certifier", datetime(2025, 6, 2, 9, tzinfo=UTC))
LATER = Signature("", "owner", datetime(2025, 6, 3, 9, tzinfo=UTC), "VN § 45", date(2025, 6, 1), "Fel lönenivå")


def said(
    node: str, amount: int | None, rank: Rank = (0, 1, 0), stage: str = "proposal", file: str = "a", money: bool = True
) -> Contribution:
    """What ``node`` says in ``file``: one line of cost in kr, None for no amount at all."""
    amounts = () if amount is None else ((YEAR, amount),)
    line = BudgetLine(node, stage, "5010", "407", None, "cost", amounts)
    rows = (Row("budget", "5010-407", node, line, Origin(Source(f"{file:0>64}", f"{file}.xlsx"), "Budget", 12)),)
    decision, issue, revision = rank
    parts = PARTS if money else PARTS - {"money"}
    return Contribution(node, stage, issue, revision, content_digest(rows), parts, rows, decision)


def signed(
    signature: Signature | None,
    parts: frozenset[str],
    lifted: datetime | None,
    findings: tuple[Finding, ...],
    *what: Any,
) -> Contribution:
    """What ``said`` gives, certified or not, judged so or so."""
    return replace(said(*what), signature=signature, parts=parts, lifted=lifted, findings=findings)


def organisation(parents: Sequence[int]) -> Organisation:
    """A tree: node ``k`` hangs under node ``parents[k - 1]``; node 0 is the root."""
    nodes = [Node("k0", "Kommunen", NodeKind.MUNICIPALITY, None, None, in_municipality=True)]
    for number, parent in enumerate(parents, 1):
        nodes.append(
            Node(f"k{number}", f"Nod {number}", NodeKind.UNIT, f"k{parent}", f"k{parent}", in_municipality=True)
        )
    return Organisation(nodes)


def trees() -> st.SearchStrategy[Organisation]:
    """Trees of two to ten nodes of any shape."""
    return st.integers(1, 9).flatmap(
        lambda count: st.tuples(*(st.integers(0, number) for number in range(count))).map(organisation)
    )


def contributions(nodes: Sequence[str]) -> st.SearchStrategy[list[Contribution]]:
    """Answers of ``nodes``: few ranks, amounts and files, so that rivals, re-sent copies and ties are common."""
    one = st.builds(
        signed,
        st.sampled_from([None, FIRST, LATER]),
        st.sampled_from([PARTS, PARTS - {"money"}]),
        st.sampled_from([None, FIRST.at, LATER.at]),
        st.sampled_from([(), (found("XS302"),), (found("XS301"),)]),
        st.sampled_from(nodes),
        st.sampled_from([None, 0, 5, 7]),
        st.tuples(st.integers(0, 1), st.integers(1, 2), st.integers(0, 1)),
        st.sampled_from(STAGES),
        st.sampled_from("abc"),
    )
    return st.lists(one, max_size=14)


BUNDLES = contributions(["k1", "k2", "k3"]).map(bundle_of)


@given(BUNDLES, BUNDLES, BUNDLES)
def test_merge_is_associative(one: Bundle, two: Bundle, three: Bundle) -> None:
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(BUNDLES, BUNDLES)
def test_merge_is_commutative(one: Bundle, other: Bundle) -> None:
    assert merge(one, other) == merge(other, one)


@given(BUNDLES)
def test_merge_is_idempotent_and_nothing_changes_nothing(one: Bundle) -> None:
    assert merge(one, one) == one
    assert merge(one, {}) == one == merge({}, one)


@given(contributions(["k1", "k2", "k3"]), st.randoms(use_true_random=False))
def test_one_pass_equals_any_fold_in_any_order_and_grouping(answers: list[Contribution], random: Random) -> None:
    pieces: list[Bundle] = [bundle_of([answer]) for answer in answers]
    random.shuffle(pieces)
    while len(pieces) > 1:
        at = random.randrange(len(pieces) - 1)
        pieces[at : at + 2] = [merge(pieces[at], pieces[at + 1])]
    assert (pieces[0] if pieces else {}) == bundle_of(answers)


@given(contributions(["k1", "k2", "k3"]))
def test_only_the_highest_rank_stays_and_every_content_of_it(answers: list[Contribution]) -> None:
    kept = bundle_of(answers)
    for key in {(answer.node, answer.stage) for answer in answers}:
        same = [answer for answer in answers if (answer.node, answer.stage) == key]
        top = max((answer.issue, answer.revision, answer.decision) for answer in same)
        wanted = {answer.digest for answer in same if (answer.issue, answer.revision, answer.decision) == top}
        assert {answer.rank for answer in kept[key]} == {top}
        assert sorted(answer.digest for answer in kept[key]) == sorted(wanted)
    assert len(kept) == len({(answer.node, answer.stage) for answer in answers})


@dataclass
class Routes:
    """Answers on their way upwards: at every level some go directly to any place above, some by carrier."""

    tree: Organisation
    random: Random
    inboxes: dict[str, list[Bundle]]

    def deliver(self, answer: Contribution) -> None:
        """Once or twice, at any place on the answer's own path."""
        for _ in range(self.random.choice((1, 1, 2))):
            self.inboxes.setdefault(self.random.choice(self.tree.path(answer.node)).id, []).append(bundle_of([answer]))

    def carried(self, node: str) -> Bundle:
        """What the roll-up of ``node`` holds; it travels as text, as in a workbook."""
        mine: Bundle = {}
        arrived = [*self.inboxes.get(node, []), *(self.carried(child.id) for child in self.tree.children(node))]
        self.random.shuffle(arrived)
        for bundle in arrived:
            mine = merge(mine, bundle)
        if self.random.random() < 0.3:
            mine = merge(mine, mine)
        return bundle_of(load(dump(answer)) for rivals in mine.values() for answer in rivals)


@given(st.data(), trees(), st.randoms(use_true_random=False))
def test_any_route_upwards_gives_what_all_at_once_gives(
    data: st.DataObject, tree: Organisation, random: Random
) -> None:
    answers = data.draw(contributions([node.id for node in tree]))
    routes = Routes(tree, random, {})
    for answer in answers:
        routes.deliver(answer)
    assert routes.carried("k0") == bundle_of(answers)


@given(st.data(), trees())
def test_committee_by_committee_is_all_at_once(data: st.DataObject, tree: Organisation) -> None:
    answers = data.draw(contributions([node.id for node in tree]))
    whole: Bundle = bundle_of(answer for answer in answers if answer.node == "k0")
    for committee in tree.children("k0"):
        inside = {node.id for node in tree.subtree(committee.id)}
        whole = merge(whole, bundle_of(answer for answer in answers if answer.node in inside))
    assert whole == bundle_of(answers)


@given(trees(), st.data())
def test_sums_are_those_of_the_answers_that_stay(tree: Organisation, data: st.DataObject) -> None:
    amounts = data.draw(st.fixed_dictionaries({node.id: st.none() | st.integers(-50, 50) for node in tree}))
    first = [said(node, 1) for node in amounts]
    later = [said(node, amount, (0, 1, 1)) for node, amount in amounts.items()]
    counted = settled(merge(bundle_of(later), bundle_of(first)), "proposal")
    rows = money_rows(counted)
    by_node = net_cost(rows, YEAR, lambda row: row.owner)
    assert {node: figure.value for node, figure in by_node.items()} == amounts
    known = [amount for amount in amounts.values() if amount is not None]
    assert result(rows, YEAR, tree, ())[0] == (sum(known) if known else None)


def test_companies_count_in_no_result_of_the_municipality() -> None:
    tree = Organisation(
        [
            Node("k0", "Kommunen", NodeKind.MUNICIPALITY, None, None, in_municipality=True),
            Node("k1", "Nämnden", NodeKind.COMMITTEE, "k0", "k0", in_municipality=True),
            Node("k2", "Bolaget", NodeKind.COMPANY, "k0", "k0", in_municipality=False),
            Node("k3", "Finans", NodeKind.CENTRAL_FINANCE, "k0", "k0", in_municipality=True),
        ]
    )
    rows = money_rows(settled(bundle_of([said("k1", 7), said("k2", 1000), said("k3", -9)]), "proposal"))
    assert result(rows, YEAR, tree, ["k3"]) == (7, 2)
    assert result([row for row in rows if row.owner != "k3"], YEAR, tree, ["k3"]) == (7, None)


def only(bundle: Bundle) -> Contribution:
    """The single answer of a bundle."""
    [rivals] = bundle.values()
    [answer] = rivals
    return answer


HIGHER: Mapping[str, tuple[Rank, Rank]] = {
    "a correction": ((0, 1, 0), (0, 1, 1)),
    "a new issue, whatever the revision": ((0, 1, 9), (0, 2, 0)),
    "a decision between equals": ((0, 2, 1), (3, 2, 1)),
    "a later decision": ((3, 2, 2), (4, 2, 2)),
    "a correction after a decision": ((9, 2, 1), (0, 2, 2)),
    "a new issue after a decision": ((9, 2, 2), (0, 3, 0)),
}


@pytest.mark.parametrize("case", HIGHER)
def test_a_higher_rank_wins_in_either_order(case: str) -> None:
    low, high = (said("skola", amount, rank) for amount, rank in zip((1, 2), HIGHER[case], strict=True))
    assert only(bundle_of([low, high])) == only(bundle_of([high, low])) == high


def test_equal_rank_and_other_content_both_stay_and_neither_counts() -> None:
    rivals = bundle_of([said("skola", 1), said("skola", 2, file="b"), said("park", 3)])
    assert [len(rivals[node, "proposal"]) for node in ("skola", "park")] == [2, 1]
    assert list(settled(rivals, "proposal")) == ["park"]


def test_rivals_give_way_to_a_higher_rank() -> None:
    rivals = bundle_of([said("skola", 1), said("skola", 2)])
    chosen = replace(said("skola", 2), decision=5)
    assert only(merge(rivals, bundle_of([chosen]))) == chosen


@pytest.mark.parametrize("order", [sorted, lambda items: sorted(items, reverse=True)])
def test_the_same_content_in_two_files_counts_once_and_names_the_same_file(
    order: Callable[[list[str]], list[str]],
) -> None:
    copies = [said("skola", 7, file=file) for file in order(["b", "a", "c"])]
    answer = only(bundle_of(copies))
    assert answer.rows[0].origin.source.name == "a.xlsx"
    assert net_cost(money_rows(settled(bundle_of(copies), "proposal")), YEAR, lambda _: "all")["all"].value == 7


@pytest.mark.parametrize("signature", [FIRST, LATER])
def test_the_same_content_certified_and_not_is_certified_and_says_the_same(signature: Signature) -> None:
    plain = said("skola", 7)
    certified = replace(said("skola", 7, file="b"), signature=signature)
    assert certified.digest == plain.digest
    assert only(bundle_of([plain, certified])) == only(bundle_of([certified, plain])) == certified
    assert load(dump(certified)) == certified
    both = [replace(plain, signature=LATER), replace(plain, signature=FIRST)]
    assert only(bundle_of(both)).signature == only(bundle_of(both[::-1])).signature == FIRST


def test_what_was_carried_before_there_were_signatures_is_provisional() -> None:
    text = dump(said("skola", 7))
    assert load(text.replace(',"signature":null', "")) == load(text) == said("skola", 7)


def test_stages_do_not_disturb_each_other() -> None:
    both = bundle_of([said("skola", 1), said("skola", 2, (0, 9, 9), "decision")])
    assert settled(both, "proposal")["skola"].rows[0].record == said("skola", 1).rows[0].record
    assert settled(both, "internal") == {}


def test_money_that_is_held_back_is_not_summed() -> None:
    answers = [said("skola", 1), said("park", 2, money=False)]
    assert [row.owner for row in money_rows(settled(bundle_of(answers), "proposal"))] == ["skola"]


def test_the_digest_is_over_what_is_said_not_where_it_stands() -> None:
    one, other = said("skola", 7), said("skola", 7, file="b")
    moved = replace(one.rows[0], origin=replace(one.rows[0].origin, sheet="Blad1", row=99))
    assert one.digest == other.digest == content_digest((moved,))
    assert content_digest((one.rows[0], said("park", 1).rows[0])) == content_digest(
        (said("park", 1).rows[0], one.rows[0])
    )
    assert one.digest not in (said("skola", None).digest, said("skola", 0).digest, said("skola", 8).digest)
    assert said("skola", None).digest != said("skola", 0).digest


@given(st.integers(-(10**13), 10**13), st.text(max_size=40), st.integers(0, 9))
def test_a_contribution_comes_back_from_its_text(amount: int, comment: str, revision: int) -> None:
    answer = said("skola", amount, (2, 3, revision))
    line = answer.rows[0].record
    assert isinstance(line, BudgetLine)
    told = replace(answer, rows=(replace(answer.rows[0], record=replace(line, comment=comment)),))
    assert load(dump(told)) == told


def test_text_that_is_no_contribution_is_refused() -> None:
    for text in ("", "{}", "[1]", dump(said("skola", 1))[:-1]):
        with pytest.raises(ValueError):
            load(text)
