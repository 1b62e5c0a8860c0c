"""``rollup`` and ``consolidate``: the merged answers of a node's subtree as one workbook."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlstyr.checks.between import check_bundle
from xlstyr.excel.stamp import Stamp
from xlstyr.model.bundle import Bundle, Contribution, load
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.period import columns
from xlstyr.reports.rollup import rollup_content
from xlstyr.reports.scope import Scope
from xlstyr.rollup.figures import money_rows, result
from xlstyr.rollup.merge import settled
from xlstyr.rounds.collecting import bundle, recover
from xlstyr.rounds.register import Answer
from xlstyr.rounds.round import Round, file_name
from xlstyr.rounds.safe import write_safely
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
    """Merges everything that has come in and writes the workbook of ``node`` (None: the root)."""
    recover(round_)
    root = round_.premises.organisation.root.id
    scope, findings = scope_of(round_, node or root)
    workbook = round_.layout("rollup")
    content = rollup_content(scope, workbook, round_.premises.stage)
    data = Stamp(workbook, round_.theme, {}).draw(content)
    path = round_.folder_of("results") / _name(round_, scope)
    write_safely(path, data)
    with round_.register.transaction():
        for node_id in scope.contributions:
            round_.register.add_event("included", node_id, round_.premises.stage, round_.now, scope=scope.node.id)
    return Consolidated(path, scope, totals(scope), tuple(findings))


def _name(round_: Round, scope: Scope) -> str:
    year = round_.premises.settings.year
    if scope.node.parent is None:
        return word("folders.budget", year=year)
    return word("folders.rollup", node=file_name(scope.node.name))


def scope_of(round_: Round, node: str, said: Bundle | None = None) -> tuple[Scope, list[Finding]]:
    """What the roll-up of ``node`` covers, and what the answers taken together show."""
    premises = round_.premises
    said = bundle(round_) if said is None else said
    counted = {
        node_id: contribution
        for node_id, contribution in settled(said, premises.stage).items()
        if node_id in premises.organisation and "money" in contribution.parts
    }
    answers = round_.register.answers()
    missing = _missing(round_, said, counted, answers)
    inside = {part.id for part in premises.organisation.subtree(node)}
    latest = _latest_findings(answers, said)
    faults = sum(f.severity == "fel" for node_id, found_ in latest.items() if node_id in inside for f in found_)
    here = {key: value for key, value in said.items() if key[0] in inside and key[1] == premises.stage}
    carried = sorted((one for rivals in here.values() for one in rivals), key=lambda one: (one.node, one.digest))
    scope = Scope(premises, premises.organisation[node], counted, missing, faults, tuple(carried))
    outside = {node_id: word("pages.not_received") for node_id in _others(round_, inside)}
    own = [finding for node_id, found_ in latest.items() if node_id in inside for finding in found_]
    between = check_bundle(here, premises, {**outside, **{n: r for n, r in missing.items() if n in inside}})
    kept = [finding for finding in between if finding.place.node in inside or not finding.place.node]
    return scope, [*own, *kept, *_superseded(round_, answers, here)]


def _others(round_: Round, inside: set[str]) -> list[str]:
    return [node.id for node in round_.premises.organisation if node.id not in inside]


def _latest_findings(answers: list[Answer], said: Bundle) -> dict[str, tuple[Finding, ...]]:
    """The findings of the answers that are in the bundle, by node (a superseded answer's are history)."""
    alive = {(key[0], row.origin.source.sha256) for key, rivals in said.items() for c in rivals for row in c.rows[:1]}
    return {a.node: a.findings for a in answers if (a.node, a.sha256) in alive}


def _superseded(round_: Round, answers: list[Answer], said: Bundle) -> Iterator[Finding]:
    """XS502: files whose answer a later one has replaced."""
    counts = {key: {one.digest for one in rivals} for key, rivals in said.items()}
    for answer in answers:
        alive = counts.get((answer.node, answer.stage))
        if alive is not None and answer.contribution is not None and load(answer.contribution).digest not in alive:
            known = round_.register.file(answer.sha256)
            file = known[0] if known is not None else answer.sha256[:8]
            yield found("XS502", Place(file, answer.node), file=file)


def _missing(round_: Round, said: Bundle, counted: dict[str, Contribution], answers: list[Answer]) -> dict[str, str]:
    """Why each expected node isn't counted, in words."""
    premises = round_.premises
    held = {a.node: f for a in answers for f in a.findings if f.severity == "fel" and f.blocks in ("money", "identity")}
    missing = {}
    for node in premises.organisation:
        if premises.phase_of(node.id) is None or node.id in counted:
            continue
        rivals = said.get((node.id, premises.stage), frozenset())
        if len(rivals) > 1:
            missing[node.id] = word("pages.rival")
        elif node.id in held:
            title = rules.rule(held[node.id].code).title
            missing[node.id] = word("pages.held", code=held[node.id].code, title=title)
        elif rivals:
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
    central_in = bool(scope.central) and not scope.central & set(scope.gaps)
    for period in columns(premises.settings.year)[3:]:
        cost, outcome = result(rows, period, premises.organisation, scope.central)
        costs[str(period.year)] = cost
        if central_in:
            results[str(period.year)] = outcome
    return {"net_cost": costs, **({"result": results} if central_in else {})}
