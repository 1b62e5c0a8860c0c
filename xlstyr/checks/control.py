"""Checks of the control workbook: everything points at something, trees are trees, frames add up."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from xlstyr.checks.case import listed
from xlstyr.layout.submission import Submission
from xlstyr.model.finding import Finding, found
from xlstyr.model.inheritance import inherited
from xlstyr.model.money import TKR
from xlstyr.model.organisation import Node
from xlstyr.model.premises import Premises
from xlstyr.model.succession import WHOLE, Reorganised, Succession
from xlstyr.words import word

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
KEYS = {
    "nodes": ("node",),
    "accounts": ("account",),
    "activities": ("activity",),
    "groups": ("group",),
    "counterparties": ("counterparty",),
    "frames": ("node",),
    "goals": ("goal",),
    "chain": ("item",),
    "phases": ("phase", "kind"),
    "indicators": ("indicator", "node"),
    "assignments": ("assignment", "node"),
    "opening": ("node", "account", "activity", "counterparty"),
    "reorganised": ("former", "node"),
}
ACCEPTED = Decimal("0.0002")
"""How far from 1 shares may add up: three times 33.33 percent is all there is."""


def check_cells(submission: Submission) -> list[Finding]:
    """What can be said before the premises are put together: required cells, doubled keys, dead references."""
    return [*_required(submission), *_ids(submission), *_doubled(submission), *_references(submission)]


def _required(submission: Submission) -> Iterator[Finding]:
    form = submission.workbook.forms["round"]
    for column in form.field:
        if column.required and submission.forms["round"].get(column.key) is None:
            yield found("XS801", submission.place("round", column=column.key), what=column.header)
    for table in submission.workbook.tables.values():
        for row in submission.tables.get(table.key, ()):
            for column in table.column:
                if column.required and row.values.get(column.key) is None:
                    yield found("XS208", submission.place(table.key, row, column.key), header=column.header)


def _ids(submission: Submission) -> Iterator[Finding]:
    for table, key in (("nodes", "node"), ("reorganised", "former")):
        for row in submission.tables.get(table, ()):
            node = str(row.values.get(key) or "")
            if node and not _ID.fullmatch(node):
                yield found("XS805", submission.place(table, row, key), id=node)


def _doubled(submission: Submission) -> Iterator[Finding]:
    for table, keys in KEYS.items():
        rows = submission.tables.get(table, ())
        counts = Counter(tuple(row.values.get(key) for key in keys) for row in rows)
        for row in rows:
            key = tuple(row.values.get(name) for name in keys)
            if counts[key] > 1 and key[0] is not None:
                counts[key] = 0
                shown = " ".join(str(part) for part in key if part is not None)
                place = submission.place(table, row, keys[0])
                yield found("XS804", place, id=shown, table=submission.workbook.sheet_of[table].title)


def _references(submission: Submission) -> Iterator[Finding]:
    known = {
        f"={table}.{column}": {str(row.values.get(column)) for row in submission.tables.get(table, ())}
        for table, column in {(t.key, c.key) for t in submission.workbook.tables.values() for c in t.column}
    }
    known["=nodes.node"] |= _former(submission)
    for column in submission.workbook.forms["round"].field:
        value = submission.forms["round"].get(column.key)
        if column.kind == "reference" and value is not None and str(value) not in known.get(column.to or "", ()):
            yield found("XS810", submission.place("round", column=column.key), what=column.header, value=value)
    for table in submission.workbook.tables.values():
        for column in table.column:
            if column.kind == "reference":
                for row in submission.tables.get(table.key, ()):
                    value = row.values.get(column.key)
                    if value is not None and str(value) not in known.get(column.to or "", ()):
                        place = submission.place(table.key, row, column.key)
                        yield found("XS810", place, what=column.header, value=value)


def _former(submission: Submission) -> set[str]:
    """The nodes that others have followed: what stands on their rows goes to those, so they may be pointed at."""
    year = submission.forms["round"].get("year")
    rows = [row.values for row in submission.tables.get("reorganised", ())]
    lines = [
        Reorganised(str(row.get("former")), str(row.get("node")), since=since)
        for row in rows
        if not isinstance(since := row.get("since"), str | int | Decimal)
    ]
    return set(Succession.of(lines, year).gone) if isinstance(year, int) else set()


def check_control(premises: Premises, submission: Submission) -> list[Finding]:
    """What the premises as a whole must hold."""
    faults = [*_circle(premises, submission), *_shares(premises, submission)]
    return [
        *_tree(premises, submission),
        *faults,
        *_remaining(premises, submission),
        *_mapping(premises, submission),
        *_frames(premises if faults else inherited(premises), submission),
        *_contacts(premises, submission),
        *_addresses(premises, submission),
        *_goals(premises, submission),
        *_begun(premises, submission),
    ]


def _tree(premises: Premises, submission: Submission) -> Iterator[Finding]:
    organisation = premises.organisation
    rows = {str(row.values["node"]): row for row in submission.tables["nodes"]}
    roots = [node for node in organisation if node.parent is None]
    if len(roots) != 1:
        yield found("XS811", submission.place("nodes"), count=len(roots))
    for node in organisation:
        for key, parent in (("parent", node.parent), ("line_parent", node.line_parent)):
            if parent is not None and parent not in organisation:
                yield found("XS802", submission.place("nodes", rows[node.id], key), id=node.id, parent=parent)
        if _in_circle(premises, node):
            yield found("XS803", submission.place("nodes", rows[node.id], "parent"), id=node.id)


def _in_circle(premises: Premises, node: Node) -> bool:
    seen, current = {node.id}, node
    while current.parent is not None and current.parent in premises.organisation:
        current = premises.organisation[current.parent]
        if current.id == node.id:
            return True
        if current.id in seen:
            return False
        seen.add(current.id)
    return False


def _circle(premises: Premises, submission: Submission) -> Iterator[Finding]:
    """XS814: following what became of a node leads back to it."""
    circle = Succession(premises.reorganised).circle
    if circle:
        rows = submission.tables["reorganised"]
        row = next(row for row in rows if row.values["former"] in circle and row.values["node"] in circle)
        place = submission.place("reorganised", row, "node")
        yield found("XS814", place, former=circle[0], way=" → ".join(reversed(circle)))


def _shares(premises: Premises, submission: Submission) -> Iterator[Finding]:
    """XS815: what a node has been divided in is all of it, and each part is some of it."""
    shares: dict[str, list[Decimal]] = {}
    for line in premises.reorganised:
        shares.setdefault(line.former, []).append(WHOLE if line.share is None else line.share)
    for row in submission.tables["reorganised"]:
        parts = shares.pop(str(row.values["former"]), [WHOLE])
        whole = sum(parts, Decimal(0))
        if abs(whole - WHOLE) > ACCEPTED or min(parts) <= 0:
            percent = f"{(whole * 100).normalize():f}".replace(".", ",")
            place = submission.place("reorganised", row, "share")
            yield found("XS815", place, former=row.values["former"], share=percent)


def _remaining(premises: Premises, submission: Submission) -> Iterator[Finding]:
    """XS816: a former node that would get a workbook, had nobody followed it."""
    succession, organisation = premises.succession, premises.organisation
    kinds = {phase.kind for phase in premises.phases if phase.phase == premises.settings.phase}
    seen = set()
    for row, line in zip(submission.tables["reorganised"], premises.reorganised, strict=True):
        former = line.former
        if former in seen or not succession.is_gone(former) or former not in organisation:
            continue
        seen.add(former)
        if organisation[former].kind in kinds:
            nodes = [other.node for other in premises.reorganised if other.former == former]
            names = listed(organisation[node].name if node in organisation else node for node in nodes)
            place = submission.place("reorganised", row, "former")
            yield found("XS816", place, former=organisation[former].name, nodes=names)


def _mapping(premises: Premises, submission: Submission) -> Iterator[Finding]:
    """Bilaga 1: orphans and double mappings are reported, never repaired (MODEL.md section 2)."""
    counts = Counter(mapped.source for mapped in premises.mapping)
    rows = {str(row.values["item"]): row for row in submission.tables["chain"]}
    mapped = {str(row.values["source"]): row for row in submission.tables["mapping"]}
    for item in premises.chain:
        if item.kind not in ("council_goal", "strategy"):
            continue
        name = item.name or item.text
        if counts[item.item] == 0:
            yield found("XS806", submission.place("chain", rows[item.item], "item"), item=name)
        elif counts[item.item] > 1:
            place = submission.place("mapping", mapped[item.item], "source")
            yield found("XS807", place, item=name, count=counts[item.item])


def _frames(premises: Premises, submission: Submission) -> Iterator[Finding]:
    rows = {str(row.values["node"]): row for row in submission.tables["frames"]}
    frames = premises.frames
    for node in premises.organisation:
        frame = frames.get(node.id)
        children = [frames[c.id].frame for c in premises.organisation.children(node.id) if c.id in frames]
        if frame is None or not children or sum(children) <= frame.frame:
            continue
        difference = sum(children) - frame.frame
        args = {"own": frame.frame // TKR, "children": sum(children) // TKR, "difference": difference // TKR}
        yield found("XS808", submission.place("frames", rows.get(node.id), "previous"), node=node.name, **args)


def _contacts(premises: Premises, submission: Submission) -> Iterator[Finding]:
    responsible = {contact.node for contact in premises.contacts if contact.role == "responsible"}
    rows = {str(row.values["node"]): row for row in submission.tables["nodes"]}
    for node in premises.organisation:
        if premises.phase_of(node.id) is not None and node.id not in responsible:
            yield found(
                "XS809",
                submission.place("nodes", rows[node.id], "node"),
                node=node.name,
                lacks=word("checks.responsible"),
            )


def _addresses(premises: Premises, submission: Submission) -> Iterator[Finding]:
    """XS813: an address that no mail can reach."""
    for row in submission.tables["contacts"]:
        address = row.values.get("email")
        if address is not None and not _ADDRESS.fullmatch(str(address)):
            yield found("XS813", submission.place("contacts", row, "email"), address=address)
    answers = premises.settings.answers
    if answers and not _ADDRESS.fullmatch(answers):
        yield found("XS813", submission.place("round", column="answers"), address=answers)


def _begun(premises: Premises, submission: Submission) -> Iterator[Finding]:
    """XS817: what a new round without a sample leaves to be filled in first."""
    settings = premises.settings
    blank = {
        "municipality": settings.municipality.casefold() == word("folders.root"),
        "code": not settings.code,
        "tax_rate": settings.tax_rate is None,
    }
    lacks = [key for key, is_blank in blank.items() if is_blank]
    if lacks:
        headers = submission.workbook.forms["round"].columns
        what = listed(headers[key].header for key in lacks)
        yield found("XS817", submission.place("round", column=lacks[0]), what=what)


def _goals(premises: Premises, submission: Submission) -> Iterator[Finding]:
    rows = {str(row.values["goal"]): row for row in submission.tables["goals"]}
    known = {goal.goal for goal in premises.goals}
    for goal in premises.goals:
        if goal.area is None and (goal.parent is None or goal.parent not in known):
            yield found("XS812", submission.place("goals", rows[goal.goal], "parent"), goal=goal.text)
