"""Where every node stands → the content of the situation workbook: counts, who is late, what is found, what came."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from xlstyr.layout.content import Content, Identity, RowContent, Value
from xlstyr.layout.definition import Workbook
from xlstyr.model.days import local_day
from xlstyr.model.finding import Finding
from xlstyr.model.organisation import Node
from xlstyr.model.premises import Premises
from xlstyr.words import rules, word, words

STATES = ("not_sent", "sent", "reminded", "received", "returned", "corrected", "certified", "included")
SEVERITIES = ("fel", "varning", "notis")
COMMON, LATEST = 8, 20


@dataclass(frozen=True)
class Standing:
    """Where one node stands. ``certified`` says by whom, ``""`` while it is provisional.

    ``is_in``: its answer counts. ``awaits`` is what it has to send: answer, correction, resend, explanation, or
    ``""``. ``late`` is what is overdue: answer (or what shall correct it), certification, or ``""``.
    """

    node: Node
    state: str
    since: datetime | None
    who: str
    why: str
    deadline: date
    certify_by: date
    findings: tuple[Finding, ...]
    certified: str
    included: bool
    is_in: bool
    late: str
    awaits: str = ""
    competing: bool = False

    def count(self, severity: str) -> int:
        """How many findings of ``severity``."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Came:
    """One file that came: when, what, from whom, by which channel, and what became of it."""

    at: datetime
    file: str
    sender: str
    channel: str
    outcome: str
    code: str


def situation_content(
    premises: Premises, standings: Sequence[Standing], came: Iterable[Came], at: datetime, workbook: Workbook
) -> Content:
    """The content of the situation workbook at the time ``at``."""
    settings, today = premises.settings, local_day(at)
    identity = Identity(
        "situation", settings.round, premises.organisation.root.id, premises.stage, 0, 0, workbook.digest
    )
    texts = {
        "title": settings.title,
        "node": settings.municipality,
        "municipality": settings.municipality,
        "committee": settings.municipality,
        "label": settings.label,
        "day": _time(at),
        "phase": next((phase.name for phase in premises.phases if phase.phase == settings.phase), ""),
        "deadlines": _deadlines(standings),
    }
    parts = _parts(premises, standings)
    tables = {
        "states": [RowContent(group, {"state": group}) for group in (*map(_state, STATES), _both())],
        "parts": [RowContent(part, {"part": part}) for part in dict.fromkeys(parts.values())],
        "late": _late(standings, parts, today),
        "findings": _findings(standings),
        "nodes": [_node(premises, standing, parts[standing.node.id], today) for standing in standings],
        "arrivals": [_arrival(number, one) for number, one in enumerate(came, 1)],
    }
    return Content(identity, texts, {}, {key: tuple(rows) for key, rows in tables.items()})


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def _state(state: str) -> str:
    return word(f"terms.state.{state}").capitalize()


def _both() -> str:
    """What is in the sums and certified too: the end of the road."""
    return word("situation.both", one=_state("included"), other=word("terms.state.certified"))


def _deadlines(standings: Sequence[Standing]) -> str:
    days = {standing.deadline for standing in standings}
    if len(days) < 2:
        return word("situation.deadline", deadline=min(days, default="\u2013"))
    return word("situation.deadlines", first=min(days), last=max(days))


def _parts(premises: Premises, standings: Sequence[Standing]) -> dict[str, str]:
    """Node → what it belongs to under the root, by name; with its id where two are called the same."""
    organisation = premises.organisation
    twins = Counter(node.name for node in organisation.children(organisation.root.id))
    found = {}
    for standing in standings:
        part = organisation.committee(standing.node.id)
        found[standing.node.id] = part.name if twins[part.name] < 2 else f"{part.name} ({part.id})"
    return found


def _late(standings: Sequence[Standing], parts: dict[str, str], today: date) -> list[RowContent]:
    """Whose answer is overdue, by part, the latest first; the page has room for some, the rest are counted."""
    late = sorted((one for one in standings if one.late == "answer"), key=lambda one: one.deadline)
    by_part: dict[str, list[Standing]] = defaultdict(list)
    for standing in late[:LATEST]:
        by_part[parts[standing.node.id]].append(standing)
    rows = []
    for part, inside in by_part.items():
        rows.append(RowContent(f"#{part}", {"node": part}, "section"))
        for standing in inside:
            values: dict[str, Value] = {
                "node": standing.node.name,
                "days": (today - standing.deadline).days,
                "deadline": standing.deadline,
                "state": _state(standing.state),
            }
            rows.append(RowContent(standing.node.id, values))
    if len(late) > LATEST:
        rows.append(RowContent("more", {"node": word("situation.more_late", count=len(late) - LATEST)}))
    return rows or [RowContent("none", {"node": word("situation.none_late")})]


def _findings(standings: Sequence[Standing]) -> list[RowContent]:
    """The most common findings of severity fel and varning, by code."""
    found = [(f, standing.node.id) for standing in standings for f in standing.findings if f.severity != "notis"]
    counts = Counter((finding.code, finding.severity) for finding, _ in found)
    nodes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for finding, node in found:
        nodes[finding.code, finding.severity].add(node)
    ordered = sorted(counts, key=lambda key: (-counts[key], SEVERITIES.index(key[1]), key[0]))
    rows = []
    for key in ordered[:COMMON]:
        code, severity = key
        values: dict[str, Value] = {
            "title": rules.rule(code).title,
            "code": code,
            "severity": word(f"situation.severity.{severity}"),
            "count": counts[key],
            "nodes": len(nodes[key]),
        }
        rows.append(RowContent(f"{code}-{severity}", values))
    return rows or [RowContent("none", {"title": word("situation.none_found")})]


def _node(premises: Premises, standing: Standing, part: str, today: date) -> RowContent:
    contact = next(iter(premises.contacts_of(standing.node.id, "responsible")), None)
    values: dict[str, Value] = {
        "node": standing.node.name,
        "part": part,
        "state": _state(standing.state),
        "since": _time(standing.since) if standing.since is not None else None,
        "who": ": ".join(text for text in (standing.who, standing.why) if text) or None,
        "deadline": standing.deadline,
        "errors": standing.count("fel"),
        "warnings": standing.count("varning"),
        "certified": _mark(standing),
        "note": _to_do(standing, today),
        "contact": contact.email or None if contact is not None else None,
        "group": _both() if standing.certified and standing.included else _state(standing.state),
        "one": 1,
        "is_in": int(standing.is_in),
        "is_certified": int(bool(standing.certified)),
        "is_included": int(standing.included),
        "is_late": int(standing.late == "answer"),
        "is_faulty": int(standing.count("fel") > 0),
    }
    return RowContent(standing.node.id, values)


def _mark(standing: Standing) -> str | None:
    if standing.certified:
        return word("situation.certified", by=standing.certified)
    return word("situation.provisional") if standing.is_in else None


def _overdue(standing: Standing, today: date) -> str:
    """How late an answer is, or what shall correct it."""
    key = "late_correction" if standing.awaits == "correction" else "late"
    return word(f"situation.note.{key}", days=(today - standing.deadline).days)


def _to_do(standing: Standing, today: date) -> str:
    """The next step for a node."""
    faults, doubts = standing.count("fel"), standing.count("varning")
    match standing.late:
        case "answer":
            return _overdue(standing, today)
        case _ if standing.awaits in ("answer", "resend"):
            return word("situation.note.waiting")
        case _ if standing.competing:
            return word("situation.note.choose")
        case _ if faults and (not standing.certified or not standing.is_in):
            return word("situation.note.faults", count=faults)
        case _ if standing.certified:
            return word("situation.note.done")
        case "certification":
            return word("situation.note.certify_late", days=(today - standing.certify_by).days)
        case _ if doubts:
            return word("situation.note.explain", count=doubts)
    return word("situation.note.certify")


def _arrival(number: int, one: Came) -> RowContent:
    outcomes = words("situation.outcome")
    values: dict[str, Value] = {
        "at": _time(one.at),
        "file": one.file,
        "sender": one.sender or None,
        "way": words("situation.channel").get(one.channel, one.channel),
        "outcome": outcomes.get(one.outcome, one.outcome),
        "code": one.code or None,
        "what": rules.rule(one.code).title if one.code else None,
    }
    return RowContent(f"a{number}", values)
