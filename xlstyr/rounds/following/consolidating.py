"""``rollup`` and ``consolidate``: the merged answers of a node's subtree as one workbook."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xlstyr.checks.between import check_bundle
from xlstyr.excel.stamp import Stamp
from xlstyr.model.bundle import Bundle, Contribution, load
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.period import columns
from xlstyr.model.premises import Premises
from xlstyr.model.records import BudgetLine
from xlstyr.reports.rollup import rollup_content
from xlstyr.reports.scope import Scope
from xlstyr.rollup.figures import money_rows, result
from xlstyr.rollup.merge import settled
from xlstyr.rollup.stand_ins import Stands, stand_in
from xlstyr.rounds.deciding.certifying import overruled
from xlstyr.rounds.deciding.locking import view
from xlstyr.rounds.incoming.collecting import recover
from xlstyr.rounds.incoming.standing import bundle
from xlstyr.rounds.register import Answer
from xlstyr.rounds.round import Round, file_name
from xlstyr.rounds.safe import write_safely
from xlstyr.rounds.succeeding import named, reached_from, reasons, reorganised, said_amount
from xlstyr.words import rules, word


@dataclass(frozen=True)
class Consolidated:
    """A rolled-up workbook and what it says. ``totals``: measure → year → kr (None: nothing known)."""

    path: Path
    scope: Scope
    totals: dict[str, dict[str, int | None]]
    findings: tuple[Finding, ...]

    @property
    def missing(self) -> list[str]:
        """The expected nodes that aren't in the sums."""
        return list(self.scope.gaps)

    def as_json(self) -> dict[str, Any]:
        """The contract of ``consolidate --json`` (findings are added by the command line)."""
        return {
            "workbook": str(self.path),
            "complete": self.scope.complete,
            "totals": self.totals,
            "missing": self.missing,
        }


def consolidate(round_: Round, node: str | None = None) -> Consolidated:
    """Merges everything that has come in and writes the workbook of ``node`` (None: the root, or this part's node)."""
    recover(round_)
    root = round_.part or round_.premises.organisation.root.id
    scope, findings = scope_of(round_, node or root)
    workbook = round_.layout("rollup")
    content = rollup_content(scope, workbook, round_.premises.stage)
    data = Stamp(workbook, round_.theme, {}).draw(content)
    path = result_path(round_, scope.node.id)
    write_safely(path, data)
    _note_included(round_, scope)
    return Consolidated(path, scope, totals(scope), tuple(findings))


def _note_included(round_: Round, scope: Scope) -> None:
    """An event for each node that is in the sums now and wasn't at the last consolidation."""
    stage = round_.premises.stage
    last = {event.node: event.kind for event in round_.register.events() if event.stage == stage}
    with round_.register.transaction():
        for node_id, said in scope.contributions.items():
            if "money" in said.parts and last.get(node_id) != "included" and node_id not in scope.stand_ins:
                round_.register.add_event("included", node_id, stage, round_.now, scope=scope.node.id)


def result_path(round_: Round, node: str | None = None) -> Path:
    """Where the workbook of ``node`` is written (None: the root, or this part's node)."""
    organisation = round_.premises.organisation
    found_ = organisation[node or round_.part or organisation.root.id]
    name = word("folders.rollup", node=file_name(found_.name))
    if found_.parent is None:
        name = word("folders.budget", year=round_.premises.settings.year)
    return round_.folder_of("results") / name


def scope_of(round_: Round, node: str, said: Bundle | None = None) -> tuple[Scope, list[Finding]]:
    """What the roll-up of ``node`` covers, and what the answers taken together show, at the running stage."""
    premises = round_.premises
    whole = bundle(round_) if said is None else said
    told: Bundle = {key: rivals for key, rivals in whole.items() if key[1] == premises.stage}
    stands = stand_in(told, premises.succession, premises.stage)
    now = stands.bundle
    counted, doubts = counting(premises, now)
    findings = _findings(premises, now, _answers(round_), doubts)
    missing = _missing(round_, now, counted, findings) | reasons(premises, stands, counted)
    inside = reached_from(premises, frozenset(part.id for part in premises.organisation.subtree(node)))
    own = [finding for node_id, found_ in findings.items() if node_id in inside for finding in found_]
    here = {key: rivals for key, rivals in now.items() if key[0] in inside}
    # what comes by line goes further with the rest, to where it counts
    reach = reached_from(premises, premises.organisation.reach(node), lost=True)
    passing = (one for key, rivals in told.items() if key[0] in reach for one in rivals)
    carried = sorted(passing, key=lambda one: (one.node, one.digest))
    faults = sum(finding.severity == "fel" for finding in own)
    scope = Scope(premises, premises.organisation[node], counted, missing, faults, tuple(carried), stands.stand_ins)
    outside = {other.id: word("pages.not_received") for other in premises.organisation if other.id not in inside}
    between = check_bundle(here, premises, {**outside, **{n: r for n, r in missing.items() if n in inside}})
    between += reorganised(premises, told, stands)
    kept = [finding for finding in between if _concerns(finding, inside, stands)]
    strays = _strays(premises, now) if premises.organisation.root.id == node else []
    return scope, [*own, *kept, *strays, *_superseded(round_, here)]


def _concerns(finding: Finding, inside: Container[str], stands: Stands) -> bool:
    """Whether ``finding`` is about this roll-up. A node that others stand in for is missing (XS504) in other words."""
    node = finding.place.node
    return (node in inside or not node) and not (finding.code == "XS504" and node in stands.stand_ins)


def _is_expected(premises: Premises, node: str) -> bool:
    """Whether ``node`` should answer in the running phase: only then does it count."""
    return node in premises.organisation and premises.phase_of(node) is not None


def counting(premises: Premises, now: Bundle) -> tuple[dict[str, Contribution], dict[str, list[Finding]]]:
    """What counts, by node, and doubts: money whose account has changed sides since it was read is held."""
    counted: dict[str, Contribution] = {}
    doubts: dict[str, list[Finding]] = {}
    for node, contribution in settled(now, premises.stage).items():
        if not _is_expected(premises, node):
            continue
        doubtful = list(_changed_accounts(premises, contribution))
        if doubtful:
            doubts[node] = doubtful
        parts = contribution.parts - ({"money"} if doubtful else set())
        counted[node] = replace(contribution, parts=parts)
    return counted, doubts


def _changed_accounts(premises: Premises, contribution: Contribution) -> Iterator[Finding]:
    """XS220: the control workbook no longer says of an account what it said when the answer was read."""
    for row in contribution.rows if "money" in contribution.parts else ():
        line = row.record
        if isinstance(line, BudgetLine):
            known = line.account in premises.accounts and line.activity in premises.activities
            if not known or premises.side(line.account) != line.side:
                place = Place(row.origin.source.name, contribution.node, row.origin.sheet, "", row.table, row.id)
                key = "account" if line.account not in premises.accounts or known else "activity"
                code = getattr(line, key)
                yield found("XS220", place, row=row.id, what=word(f"checks.row.{key}"), code=code)


def _strays(premises: Premises, now: Bundle) -> Iterator[Finding]:
    """XS507: what nodes have said that shouldn't answer, with its amount: no money leaves the sum unnamed."""
    for (node, _), rivals in sorted(now.items()):
        if _is_expected(premises, node) or premises.succession.is_gone(node):
            continue
        for one in sorted(rivals, key=lambda one: one.digest):
            yield found("XS507", Place(node=node), node=named(premises, node), amount=said_amount(premises, one))


def _findings(
    premises: Premises, now: Bundle, answers: Iterable[Answer], doubts: dict[str, list[Finding]]
) -> dict[str, list[Finding]]:
    """The findings of what was said and lives (a superseded answer's are history), by node.

    Of files that said nothing that can count, the last one speaks for its node, unless an answer came later.
    """
    by_node: dict[str, list[Finding]] = {}
    for answer in answers:
        node = premises.succession.heir(answer.node) or answer.node
        if answer.contribution is None:
            by_node[node] = list(answer.findings)
        elif answer.place == 0:
            by_node.pop(node, None)
    for (node, _), rivals in now.items():
        for one in sorted(rivals, key=lambda one: one.digest):
            by_node.setdefault(node, []).extend(one.findings)
    for node, doubtful in doubts.items():
        by_node.setdefault(node, []).extend(doubtful)
    return by_node


def _answers(round_: Round) -> Iterator[Answer]:
    return (one for one in round_.register.each_answer() if one.stage in ("", round_.premises.stage))


def _superseded(round_: Round, said: Bundle) -> Iterator[Finding]:
    """XS502: files whose answer a later one has replaced. XS703: those that would count if the node weren't locked."""
    decided = view(round_.register)
    for answer in _answers(round_):
        alive = said.get((answer.node, answer.stage))
        if alive is None or answer.contribution is None or _says_one_of(answer.contribution, alive):
            continue
        one = decided.seen(load(answer.contribution))
        lock = decided.locks.get((answer.node, answer.stage))
        rank = max(other.rank for other in alive)
        locked_out = list(overruled(round_.premises, [one], lock, rank)) if lock is not None else []
        known = round_.register.file(answer.sha256)
        file = known[0] if known is not None else answer.sha256[:8]
        yield from locked_out or [found("XS502", Place(file, answer.node), file=file)]


def _says_one_of(text: str, alive: Iterable[Contribution]) -> bool:
    """Whether ``text``, as ``dump`` writes it, says the same as one of ``alive``: seen without taking it apart."""
    return any(f'"digest":"{one.digest}"' in text for one in alive)


def _missing(
    round_: Round, now: Bundle, counted: dict[str, Contribution], findings: dict[str, list[Finding]]
) -> dict[str, str]:
    """Why each expected node's money isn't in the sums, in words."""
    premises = round_.premises
    missing = {}
    for node in premises.organisation:
        said = counted.get(node.id)
        if premises.phase_of(node.id) is None or (said is not None and "money" in said.parts):
            continue
        blocking = [f for f in findings.get(node.id, ()) if f.severity == "fel" and f.blocks in ("money", "identity")]
        if len(now.get((node.id, premises.stage), ())) > 1:
            missing[node.id] = word("pages.rival")
        elif blocking:
            missing[node.id] = word("pages.held", code=blocking[0].code, title=rules.rule(blocking[0].code).title)
        elif said is not None:
            missing[node.id] = word("pages.held_below")
        else:
            missing[node.id] = word("pages.not_received")
    return missing


def totals(scope: Scope) -> dict[str, dict[str, int | None]]:
    """``net_cost`` of the committees and ``result``, kr, per budget and plan year."""
    premises = scope.premises
    rows = money_rows(scope.contributions)
    costs: dict[str, int | None] = {}
    results: dict[str, int | None] = {}
    for period in columns(premises.settings.year)[3:]:
        cost, outcome = result(rows, period, premises.organisation, scope.central)
        costs[str(period.year)] = cost
        if scope.central_in:
            results[str(period.year)] = outcome
    return {"net_cost": costs, **({"result": results} if scope.central_in else {})}
