"""Figures → the content of a rolled-up workbook: facts, cube, pages, gaps, sources and the carrier."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby

from xlstyr.layout.content import Content, Identity, RowContent, Value
from xlstyr.layout.definition import Workbook
from xlstyr.model.bundle import Contribution, Row, dump, seal, seal_of
from xlstyr.model.days import local_day
from xlstyr.model.money import MNKR, Kr, half_away
from xlstyr.model.period import Period, columns
from xlstyr.model.records import BudgetLine, Signoff
from xlstyr.reports import goals, pages
from xlstyr.reports.scope import Scope
from xlstyr.rollup.figures import money_rows, result
from xlstyr.words import word

PERIOD_KEYS = ("outcome", "previous", "forecast", "budget", "plan_1", "plan_2")
CHUNK = 30_000


def rollup_content(scope: Scope, workbook: Workbook, stage: str) -> Content:
    """The content of the rolled-up workbook of ``scope``."""
    identity = Identity("rollup", scope.premises.settings.round, scope.node.id, stage, 0, 0, workbook.digest)
    facts, cube = _facts_and_cube(scope)
    carrier = _carrier(scope)
    tables = {
        "facts": facts,
        "cube": cube,
        **pages.page_rows(scope),
        **goals.goal_rows(scope),
        "gaps": _gaps(scope),
        "sources": _sources(scope),
        "carrier": carrier,
        "carried": [_carried(carrier, facts)],
    }
    return Content(identity, _texts(scope), {"brief": _brief(scope)}, {k: tuple(v) for k, v in tables.items()})


def _texts(scope: Scope) -> dict[str, str]:
    settings = scope.premises.settings
    given, expected = len(scope.expected) - len(scope.gaps), len(scope.expected)
    key = "complete" if scope.complete and not scope.faults else "preliminary"
    status = word(f"pages.{key}", given=given, expected=expected)
    if scope.faults:
        status += word("pages.faults", count=scope.faults)
    headlines = (settings.headline_1, settings.headline_2, settings.headline_3)
    at_root = scope.node.parent is None
    return {
        "title": settings.title,
        "node": settings.municipality if at_root else scope.node.name,
        "municipality": settings.municipality,
        "committee": settings.municipality,
        "label": settings.label,
        "status": status,
        "axis_min": str(pages.axis_min(scope)),
        "brief_title": word("pages.brief", year=settings.year),
        **{
            f"headline_{number}": f"\u203a {text}" if text and at_root else ""
            for number, text in enumerate(headlines, 1)
        },
    }


def _facts_and_cube(scope: Scope) -> tuple[list[RowContent], list[RowContent]]:
    """The lines in blocks of equal key, and one cube row per block with the rows it spans."""
    facts: list[RowContent] = []
    cube: list[RowContent] = []
    periods = columns(scope.premises.settings.year)
    for number, (key, block) in enumerate(groupby(scope.lines, key=lambda pair: scope.block_key(*pair)), 1):
        first = len(facts) + 1
        for row, line in block:
            facts.append(RowContent(f"f{len(facts) + 1}", _fact(scope, row, line, number, periods)))
        _, part, sphere, area, activity, group, side, internal, published = key
        values: dict[str, Value] = {
            "block": number,
            "part": part,
            "sphere": sphere,
            "area": area,
            "activity": activity,
            "group": group,
            "side": side,
            "internal": internal,
            "published": published or "–",
            "first": first,
            "last": len(facts),
            "sign": -1 if side == "I" else 1,
        }
        cube.append(RowContent(f"k{number}", values))
    return facts, cube or [RowContent("", {"first": 1, "last": 1})]  # nothing yet: the blank row of Fakta


def _fact(scope: Scope, row: Row, line: BudgetLine, block: int, periods: Iterable[Period]) -> dict[str, Value]:
    premises = scope.premises
    account = premises.accounts.get(line.account)
    party = premises.counterparties.get(line.counterparty or "")
    values: dict[str, Value] = dict(zip(PERIOD_KEYS, (line.amount(period) for period in periods), strict=True))
    return values | {
        "node": premises.organisation[row.owner].name,
        "part": scope.label(scope.part(row.owner)),
        "activity": line.activity,
        "account": line.account,
        "name": account.name if account else "",
        "group": account.group if account else "",
        "side": word(f"terms.side.{line.side}"),
        "counterparty": party.name if party else line.counterparty,
        "adjustment": word("pages.adjustment") if line.adjustment else None,
        "comment": line.comment or None,
        "file": row.origin.source.name,
        "sheet": row.origin.sheet,
        "row": row.origin.row,
        "ref": row.origin.ref("change") or row.origin.ref("budget") or None,
        "block": block,
    }


def _brief(scope: Scope) -> dict[str, Value]:
    """The notes of the six key figures: last year, target and a word."""
    premises, settings = scope.premises, scope.premises.settings
    rows = money_rows(scope.contributions)
    budget, before = (Period.of(span, settings.year) for span in ("budget t", "budget t-1"))
    _, now = result(rows, budget, premises.organisation, scope.central)
    _, last = result(rows, before, premises.organisation, scope.central)
    given, expected = len(scope.expected) - len(scope.gaps), len(scope.expected)
    return {
        "central": int(scope.central_in),
        "tax_rate": settings.tax_rate if scope.node.parent is None else None,
        "given_count": given,
        "gap_count": len(scope.gaps),
        "result_note": _result_note(scope, now, last) if scope.central_in else word("pages.no_central"),
        "tax_note": _tax_note(scope),
        "net_note": word("pages.net_note", areas=len({line.activity for _, line in scope.lines}))
        if scope.complete
        else word("pages.some_in", given=given, expected=expected),
        "growth_note": word("pages.growth_note"),
        "verdict": word("pages.all_in") if scope.complete else word("pages.some_in", given=given, expected=expected),
    }


def _result_note(scope: Scope, now: int | None, last: int | None) -> str:
    if now is None:
        return word("pages.no_central")
    shown = "\u2013" if last is None else _mnkr(last)
    if not scope.complete:
        return word("pages.result_partial", last=shown, year=scope.premises.settings.year - 1)
    key = "pages.result_plus" if now > 0 else "pages.result_minus"
    return word(key, last=shown, year=scope.premises.settings.year - 1)


def _mnkr(amount: Kr) -> str:
    """An amount in kr as mnkr with one decimal, as the pages show it."""
    return str(half_away(Decimal(amount) / MNKR, 1)).replace(".", ",").replace("-", "\u2212")


def _tax_note(scope: Scope) -> str:
    settings = scope.premises.settings
    if scope.node.parent is not None or settings.tax_rate is None:
        return word("pages.no_tax")
    if settings.tax_rate_before is None or settings.tax_rate == settings.tax_rate_before:
        return word("pages.tax_same")
    change = f"{settings.tax_rate - settings.tax_rate_before:+.2f}".replace(".", ",").replace("-", "\u2212")
    return word("pages.tax_changed", change=change)


def _gaps(scope: Scope) -> list[RowContent]:
    premises = scope.premises
    rows = []
    for node_id, reason in scope.gaps.items():
        node = premises.organisation[node_id]
        phase = premises.phase_of(node_id)
        opening = premises.opening.get(node_id, ())
        previous = [
            line.budget if premises.side(line.account) == "cost" else -line.budget
            for line in opening
            if line.budget is not None
        ]
        contact = next((c for c in premises.contacts if c.node == node_id and c.role == "responsible"), None)
        values: dict[str, Value] = {
            "node": node.name,
            "part": scope.part(node_id).name,
            "reason": reason,
            "previous": sum(previous) if previous else None,
            "frame": premises.own_frame(node_id),
            "deadline": phase.deadline if phase else None,
            "contact": " · ".join(p for p in (contact.function, contact.email) if p) if contact else None,
        }
        rows.append(RowContent(f"g-{node_id}", values))
    return rows


def _sources(scope: Scope) -> list[RowContent]:
    rows = []
    for node_id, said in _behind(scope):
        source = said.rows[0].origin.source if said.rows else None
        signed = next((row.record for row in said.rows if isinstance(row.record, Signoff)), None)
        values: dict[str, Value] = {
            "node": _told_for(scope, node_id, said.node),
            "part": scope.part(node_id).name,
            "file": source.name if source else None,
            "received": source.received.strftime("%Y-%m-%d %H:%M") if source and source.received else None,
            "sender": source.sender or None if source else None,
            "version": f"{said.issue}.{said.revision}",
            "rows": len(said.rows),
            "signed": signed.who if signed is not None and signed.done else None,
            "status": _certified(said),
            "sha256": source.sha256[:16] if source else None,
        }
        rows.append(RowContent(f"s-{said.node}", values))
    return rows


def _behind(scope: Scope) -> Iterator[tuple[str, Contribution]]:
    """(node that it counts for, what was said): where former nodes stand in, each of their answers."""
    for node, said in sorted(scope.contributions.items()):
        formers = scope.stand_ins.get(node, ())
        yield from ((node, one) for one in scope.carried if one.node in formers) if formers else [(node, said)]


def _told_for(scope: Scope, node: str, by: str) -> str:
    """The name of ``node``, with the former node's when that is who has said it."""
    organisation = scope.premises.organisation
    name = organisation[node].name
    if by == node:
        return name
    return word("pages.told_by", node=name, former=organisation[by].name if by in organisation else by)


def _certified(said: Contribution) -> str:
    """Whether what was said is certified: by whom, when and with which minutes."""
    signature = said.signature
    if signature is None:
        return word("pages.provisional")
    by = signature.by or word("pages.owner")
    told = [word("pages.certified", by=by, day=local_day(signature.at))]
    told += [signature.minutes] if signature.minutes else []
    told += [word("pages.decided", day=signature.decided)] if signature.decided else []
    return " \u00b7 ".join(told)


def _carrier(scope: Scope) -> list[RowContent]:
    """Every contribution, whole, in pieces that fit in a cell: what the next level merges."""
    rows: list[RowContent] = []
    for said in scope.carried:
        text = dump(said)
        for part, start in enumerate(range(0, len(text), CHUNK)):
            piece = text[start : start + CHUNK]
            values: dict[str, Value] = {"contribution": seal(said.node, text), "part": part, "text": piece}
            rows.append(RowContent(f"c{len(rows) + 1}", values))
    return rows


def _carried(carrier: list[RowContent], facts: list[RowContent]) -> RowContent:
    """How many answers and lines the workbook has, so that a row that is taken out of it is missed."""
    keys = {str(row.values["contribution"]) for row in carrier}
    values: dict[str, Value] = {"answers": len(keys), "lines": len(facts), "seal": seal_of(keys)}
    return RowContent("whole", values)
