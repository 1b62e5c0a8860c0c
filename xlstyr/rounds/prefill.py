"""What each node is told: premises → the content of its workbook."""

from xlstyr.layout.content import Content, Identity, RowContent, Value
from xlstyr.layout.definition import Workbook
from xlstyr.layout.lists import Choices, Lists
from xlstyr.model.organisation import NodeKind
from xlstyr.model.premises import Phase, Premises
from xlstyr.words import word


def lists_of(premises: Premises) -> Lists:
    """The lists that node workbooks choose from."""
    sides = {"income": word("terms.side.income"), "cost": word("terms.side.cost")}
    accounts = premises.accounts
    aims = [(item.item, item.name or item.text) for item in premises.chain if item.kind == "area"]
    return {
        "accounts": Choices.of(
            ((code, f"{code} {account.name}") for code, account in accounts.items()),
            side={code: sides[premises.side(code)] for code in accounts},
            group={code: account.group for code, account in accounts.items()},
        ),
        "activities": Choices.of((code, f"{code} {activity.name}") for code, activity in premises.activities.items()),
        "counterparties": Choices.of((code, party.name) for code, party in premises.counterparties.items()),
        "areas": Choices.of(aims),
        "aims": Choices.of([*aims, *((goal.goal, goal.text) for goal in premises.goals)]),
    }


def node_content(premises: Premises, node_id: str, phase: Phase, workbook: Workbook, issue: int) -> Content:
    """The content of ``node_id``'s workbook in ``phase``, issue number ``issue``."""
    settings = premises.settings
    identity = Identity("node", settings.round, node_id, phase.stage, issue, 0, workbook.digest)
    forms = {"card": _card(premises, node_id), "facts": _facts(premises, node_id, phase)}
    forms["limits"] = {"amount": settings.limit_amount, "percent": settings.limit_percent}
    tables = {
        "budget": _budget(premises, node_id),
        "staff": _staff(premises, node_id),
        "goals": _goals(premises, node_id),
        "indicators": _indicators(premises, node_id),
        "assignments": _assignments(premises, node_id),
        "documents": _documents(premises, node_id),
        "volumes": _volumes(premises, node_id),
    }
    kept = {key: tuple(rows) for key, rows in tables.items() if key in workbook.tables}
    forms = {key: values for key, values in forms.items() if key in workbook.forms}
    forms["sides"] = {group.group: group.side for group in premises.groups.values()}  # not drawn: to compare with later
    content = Content(identity, _texts(premises, node_id), forms, kept)
    return with_growth(content, workbook)


def with_growth(content: Content, workbook: Workbook) -> Content:
    """``content`` with the free rows that each table offers (ids n1, n2 and on), and those that stay blank (b1 …)."""
    tables = dict(content.tables)
    for table in workbook.tables.values():
        free = [RowContent(f"b{number}", {}) for number in range(1, table.blank + 1)]
        free += [RowContent(f"n{number}", {}, "free") for number in range(1, table.grow + 1)]
        taken = {row.id for row in tables.get(table.key, ())}
        tables[table.key] = (*tables.get(table.key, ()), *(row for row in free if row.id not in taken))
    return Content(content.identity, content.texts, content.forms, tables, content.marks)


def _texts(premises: Premises, node_id: str) -> dict[str, str]:
    settings, node = premises.settings, premises.organisation[node_id]
    committee = premises.organisation.committee(node_id)
    return {
        "node": node.name,
        "title": settings.title,
        "municipality": settings.municipality,
        "committee": committee.name if committee.id != node_id else settings.municipality,
        "label": settings.label,
    }


def _card(premises: Premises, node_id: str) -> dict[str, Value]:
    children = any(child.id in premises.frames for child in premises.organisation.children(node_id))
    note = word("prefill.own_frame" if children else "prefill.frame")
    return {"frame": premises.own_frame(node_id), "frame_note": note}


def _facts(premises: Premises, node_id: str, phase: Phase) -> dict[str, Value]:
    controllers = premises.controllers(node_id)
    who = " · ".join(part for c in controllers[:1] for part in (c.function, c.email) if part)
    return {
        "deadline": _date_words(phase),
        "controller": who or None,
        "open": word("prefill.enable_editing"),
        "label": premises.settings.label or None,
    }


def _date_words(phase: Phase) -> str:
    day = phase.deadline
    weekday = word(f"terms.weekday.{day.isoweekday()}")
    return f"{weekday} {day.day} {word(f'terms.month.{day.month}')} {day.year}"


def _budget(premises: Premises, node_id: str) -> list[RowContent]:
    """The prefilled lines under their groups, in the order of the groups."""
    rows: list[RowContent] = []
    lines = premises.opening.get(node_id, ())
    receives = {line.account: line.id for line in reversed(lines)}  # staff cost lands on an account's first line
    for group in premises.groups.values():
        inside = [line for line in lines if premises.accounts[line.account].group == group.group]
        if inside:
            rows.append(RowContent(f"#{group.group}", {"account": group.group}, "section"))
        for line in inside:
            values: dict[str, Value] = {
                "account": line.account,
                "activity": line.activity,
                "counterparty": line.counterparty,
                "outcome": line.outcome,
                "previous": line.budget,
                "forecast": line.forecast,
                "proposal": premises.proposal(line),
                "locked": "yes" if line.locked else "no",
                "staff_account": line.account if receives[line.account] == line.id else None,
                "index_1": group.index_1,
                "index_2": group.index_2,
            }
            rows.append(RowContent(line.id, values, "fixed" if line.locked else "normal"))
    return rows


def _staff(premises: Premises, node_id: str) -> list[RowContent]:
    rows = []
    for number, staff in enumerate(premises.staff.get(node_id, ()), 1):
        values: dict[str, Value] = {
            "category": staff.category,
            "account": staff.account,
            "posts": staff.posts,
            "pay": staff.pay,
            "overhead": staff.overhead,
            "overhead_account": staff.overhead_account,
        }
        rows.append(RowContent(f"s{number}", values))
    return rows


def _goals(premises: Premises, node_id: str) -> list[RowContent]:
    """Goals of the node itself, and those above that its indicators measure."""
    measured = {indicator.goal for indicator in premises.indicators.get(node_id, ())}
    rows = []
    for goal in premises.goals:
        if goal.node == node_id or goal.goal in measured:
            kind = premises.organisation[goal.node].kind if goal.node in premises.organisation else NodeKind.UNIT
            values: dict[str, Value] = {
                "text": goal.text,
                "belongs": goal.area or goal.parent,
                "level": word(f"terms.goal_level.{kind.value}"),
            }
            rows.append(RowContent(goal.goal, values))
    return rows


def _indicators(premises: Premises, node_id: str) -> list[RowContent]:
    rows = []
    for given in premises.indicators.get(node_id, ()):
        values: dict[str, Value] = {
            "name": given.name,
            "goal": given.goal,
            "unit": given.unit,
            "direction": given.direction,
            "current": given.current,
            "target": given.target,
            "frequency": given.frequency,
            "weight": given.weight,
            "aggregation": given.aggregation,
        }
        rows.append(RowContent(given.indicator, values))
    return rows


def _assignments(premises: Premises, node_id: str) -> list[RowContent]:
    rows = []
    for given in premises.assignments.get(node_id, ()):
        giver = premises.organisation[given.giver].name if given.giver in premises.organisation else given.giver
        values: dict[str, Value] = {"text": given.text, "giver": giver, "form": given.form, "due": given.due}
        rows.append(RowContent(given.assignment, values))
    return rows


def _documents(premises: Premises, node_id: str) -> list[RowContent]:
    rows = []
    for document in premises.documents:
        if document.node in (None, node_id):
            parts = [word(f"terms.document.{document.kind}"), word(f"terms.level.{document.level}")]
            if document.review:
                parts.append(word("prefill.review", date=document.review.isoformat()))
            rows.append(RowContent(document.document, {"name": document.name, "about": " · ".join(parts)}))
    return rows


def _volumes(premises: Premises, node_id: str) -> list[RowContent]:
    rows = []
    for given in premises.volumes.get(node_id, ()):
        values: dict[str, Value] = {
            "name": given.name,
            "activity": given.activity,
            "outcome": given.outcome,
            "previous": given.budget,
            "assumed": given.proposal,
        }
        rows.append(RowContent(given.volume, values))
    return rows
