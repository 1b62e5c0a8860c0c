"""A rolled-up workbook as it comes back: what it carries, and whether anybody changed it on the way."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from xlstyr.layout.definition import Workbook
from xlstyr.layout.raw import RawBook, RawCell
from xlstyr.model.bundle import Contribution, content_digest, load, seal, seal_of
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.period import columns
from xlstyr.model.records import BudgetLine
from xlstyr.rollup.figures import money_rows
from xlstyr.rollup.merge import bundle_of, settled
from xlstyr.rounds.deciding.soundness import Known, sound
from xlstyr.rounds.round import Round, file_name
from xlstyr.rounds.succeeding import named, reached_from
from xlstyr.words import word

TABLE, WHOLE, FACTS = "carrier", "carried", "facts"
AMOUNTS = ("outcome", "previous", "forecast", "budget", "plan_1", "plan_2")
SHOWN = ("account", "activity", *AMOUNTS, "comment", "file", "sheet", "row", "ref")
"""What a line on the page of facts is compared by."""
_CELL = re.compile(r"([A-Z]+)(\d+)")
_UNPRINTED = re.compile(r"[\x00-\x1f\s]+")
Line = tuple[object, ...]


def parse_carrier(
    raw: RawBook,
    workbook: Workbook | None,
    names: Mapping[str, str] = MappingProxyType({}),
    known: Known | None = None,
) -> tuple[list[Contribution], list[Finding]]:
    """The contributions in ``raw`` that are whole, and a finding for everything that was changed.

    ``workbook`` is the definition it was drawn with; None (another version's): the visible lines aren't compared.
    ``names`` are what people call nodes. ``known`` is what carried answers are judged by; None: nothing comes of them.
    """
    contributions: list[Contribution] = []
    findings: list[Finding] = []
    carried = _texts(raw)
    if not carried:
        findings.append(found("XS505", node="…"))
    for key, text in carried.items():
        node = key.partition(" ")[0]
        try:
            contribution = load(text)
        except ValueError:
            findings.append(found("XS505", node=names.get(node, node)))
            continue
        if seal(contribution.node, text) != key or content_digest(contribution.rows) != contribution.digest:
            findings.append(found("XS505", node=names.get(contribution.node, contribution.node)))
        elif known is not None and (reason := sound(contribution, known)) is not None:
            findings.append(found("XS518", node=names.get(contribution.node, contribution.node), reason=reason))
        else:
            contributions.append(contribution)
    if workbook is not None and carried:
        whole = _cells(raw, WHOLE)
        if whole.get("seal") != seal_of(carried):
            findings.append(found("XS508", found=len(carried), expected=whole.get("answers") or "…"))
        elif not findings:
            findings += _changed_lines(raw, workbook, contributions, whole.get("lines"))
    return contributions, findings


def own_answers(
    round_: Round, carrier: str, carried: Iterable[Contribution]
) -> tuple[list[Contribution], list[Finding]]:
    """Those of ``carried`` that a roll-up of the node ``carrier`` may bear, and XS511 for each of the others.

    It bears answers of what lies below by decision or line, of former nodes that have become that or are nowhere else,
    in workbooks that were issued here. A committee's also bears what lay below it when that workbook was issued: a unit
    that has moved since.
    """
    organisation, succession = round_.premises.organisation, round_.premises.succession
    nodes = organisation.reach(carrier) if carrier in organisation else {carrier, *succession.formers(carrier)}
    reach = reached_from(round_.premises, frozenset(nodes), lost=True)
    kept: list[Contribution] = []
    findings: list[Finding] = []
    for one in carried:
        reason = _foreign(round_, one, reach)
        if reason and not (reason == "outside" and _was_below(round_, one, carrier)):
            args = {"node": named(round_.premises, one.node), "part": named(round_.premises, carrier)}
            findings.append(found("XS511", Place(node=one.node), **args, reason=word(f"checks.carrier.{reason}")))
        else:
            kept.append(one)
    return kept, findings


def _foreign(round_: Round, said: Contribution, reach: Container[str]) -> str:
    """Why a roll-up mayn't bear ``said``, as the key of its words; ``""``: it may."""
    if said.node not in reach:
        return "outside"
    register = round_.register
    if register.issue(said.node, said.stage) is not None and register.issue(said.node, said.stage, said.issue) is None:
        return "unissued"
    times = [said.lifted, said.signature.at if said.signature is not None else None]
    return "unzoned" if any(time is not None and time.tzinfo is None for time in times) else ""


def _was_below(round_: Round, said: Contribution, carrier: str) -> bool:
    """Whether the workbook that ``said`` answers was issued among those of the committee ``carrier``."""
    organisation, issue = round_.premises.organisation, round_.register.issue(said.node, said.stage, said.issue)
    if issue is None or carrier not in organisation or organisation.committee(carrier).id != carrier:
        return False
    return PurePosixPath(issue.file).parent.name == file_name(organisation[carrier].name)


def _texts(raw: RawBook) -> dict[str, str]:
    """Every carried text by its key."""
    pieces: dict[str, list[tuple[int, str]]] = {}
    for table in raw.tables:
        for row in table.rows if table.key == TABLE else ():
            cells = {key: cell.value for key, cell in row.cells.items()}
            key, part = str(cells.get("contribution") or ""), cells.get("part")
            if key and isinstance(part, int):
                pieces.setdefault(key, []).append((part, str(cells.get("text") or "")))
    return {key: "".join(text for _, text in sorted(parts)) for key, parts in pieces.items()}


def _cells(raw: RawBook, key: str) -> dict[str, object]:
    """The values of the only row of a table; empty when it is gone."""
    rows = (row for table in raw.tables if table.key == key for row in table.rows)
    row = next(rows, None)
    return {} if row is None else {name: cell.value for name, cell in row.cells.items()}


def _changed_lines(
    raw: RawBook, workbook: Workbook, contributions: Iterable[Contribution], drawn: object
) -> list[Finding]:
    """Lines of the visible page of facts that aren't carried, and carried ones that were taken out of it.

    Their order is free. ``drawn`` is how many lines the page had.
    """
    assert raw.identity is not None
    carried = _carried_lines(contributions, raw.identity.stage, workbook.year)
    findings = []
    names: dict[str, str] = {}
    count = 0
    for place, node, shown in _shown_lines(raw, workbook):
        count += 1
        if carried.get(shown):
            names[carried[shown].pop()] = node
        else:
            findings.append(found("XS505", place, node=node))
    if isinstance(drawn, int) and count < drawn:
        findings += _deleted(carried, names, workbook.sheet_of[FACTS].title, drawn - count)
    return findings


def _carried_lines(contributions: Iterable[Contribution], stage: str, year: int) -> dict[Line, list[str]]:
    """What each carried line looks like on the page of facts → the nodes it belongs to, once for each line."""
    periods = columns(year)
    carried: dict[Line, list[str]] = defaultdict(list)
    for row in money_rows(settled(bundle_of(contributions), stage)):
        line = row.record
        if isinstance(line, BudgetLine):
            ref = row.origin.ref("change") or row.origin.ref("budget")
            texts = (line.comment, row.origin.source.name, row.origin.sheet, row.origin.row, ref)
            values = (line.account, line.activity, *(line.amount(period) for period in periods), *texts)
            carried[tuple(map(_plain, values))].append(row.owner)
    return carried


def _deleted(carried: Mapping[Line, list[str]], names: Mapping[str, str], sheet: str, lost: int) -> Iterator[Finding]:
    """XS509: how many lines of each node are gone; of a node without any line left it isn't known that it had some."""
    left = Counter(owner for owners in carried.values() for owner in owners if owner in names)
    for owner, count in sorted(left.items()):
        yield found("XS509", Place(sheet=sheet), node=names[owner], count=count)
    if not left:
        yield found("XS509", Place(sheet=sheet), node=word("checks.carrier.some"), count=lost)


def _shown_lines(raw: RawBook, workbook: Workbook) -> Iterator[tuple[Place, str, Line]]:
    """(place, node's name, what the line says) of every line on the page of facts, whatever the sheet is called."""
    headers = {column.header: key for key, column in workbook.tables[FACTS].columns.items()}
    own = workbook.sheet_of[FACTS].title
    for title in sorted(raw.loose, key=lambda title: title != own):
        lines = list(_lines_on(title, raw.loose[title], headers))
        if lines:
            yield from lines
            return


def _lines_on(title: str, loose: Iterable[RawCell], headers: Mapping[str, str]) -> Iterator[tuple[Place, str, Line]]:
    rows: dict[int, dict[str, RawCell]] = {}
    for cell in loose:
        if place := _CELL.fullmatch(cell.ref):
            rows.setdefault(int(place[2]), {})[place[1]] = cell
    keys: dict[str, str] = {}
    for _, cells in sorted(rows.items()):
        if not keys:
            named = {letters: headers.get(str(cell.value), "") for letters, cell in cells.items()}
            keys = named if set(SHOWN) <= set(named.values()) else {}
            continue
        values = {keys[letters]: cell for letters, cell in cells.items() if keys.get(letters)}
        if "account" in values:
            line = tuple(_value(values.get(key)) for key in SHOWN)
            yield Place(sheet=title, cell=values["account"].ref), str(_value(values.get("node")) or "…"), line


def _value(cell: RawCell | None) -> object:
    """What a cell says; an emptied one says nothing."""
    return None if cell is None or cell.is_blank else cell.error or _plain(cell.value)


def _plain(value: object) -> object:
    """A value as compared: white space and what no sheet can hold make no difference, blank is nothing."""
    return (_UNPRINTED.sub(" ", value).strip() or None) if isinstance(value, str) else value
