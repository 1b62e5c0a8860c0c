"""Submission → rows: the typed records that merge and figures work on."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from xlstyr.layout.content import Value
from xlstyr.layout.definition import Form, Table
from xlstyr.layout.submission import AnswerRow, Submission
from xlstyr.model import records as r
from xlstyr.model.bundle import Row
from xlstyr.model.period import Period
from xlstyr.model.provenance import Origin, Source
from xlstyr.words import word

Values = Mapping[str, Value]


def rows_of(submission: Submission, source: Source) -> tuple[Row, ...]:
    """Every record that ``submission`` states, with its place in ``source``."""
    found: list[Row] = []
    node = submission.identity.node
    for table in submission.workbook.tables.values():
        if table.record is None or not table.is_read:
            continue
        build = _BUILDERS[table.record]
        for answer, values in submission.rows(table.key):
            record = build(submission, table, answer.id, values)
            if record is not None:
                found.append(Row(table.key, answer.id, node, record, _origin(submission, table, answer, source)))
    for form in submission.workbook.forms.values():
        if form.record is not None:
            values = submission.forms[form.key]
            record = _BUILDERS[form.record](submission, form, form.key, values)
            if record is not None:
                origin = Origin(source, submission.sheets.get(form.key, ""), 0)
                found.append(Row(form.key, form.key, node, record, origin))
    return tuple(found)


def _origin(submission: Submission, table: Table, answer: AnswerRow, source: Source) -> Origin:
    kept = {column.key for column in table.column if column.period or column.key in ("target", "change")}
    refs = tuple((key, ref) for key, ref in sorted(answer.cells.items()) if key in kept and ref)
    return Origin(source, submission.sheets.get(table.key, ""), answer.number, refs)


def _amounts(submission: Submission, block: Table | Form, values: Values) -> r.Amounts:
    found = []
    for column in block.columns.values():
        if column.period is not None:
            amount = values.get(column.key)
            if isinstance(amount, int):
                found.append((Period.of(column.period, submission.workbook.year), amount))
    return tuple(found)


def _text(values: Values, key: str) -> str:
    value = values.get(key)
    return "" if value is None else str(value)


def _code(values: Values, key: str) -> str | None:
    return _text(values, key) or None


def _number(values: Values, key: str) -> Decimal | None:
    value = values.get(key)
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _whole(values: Values, key: str) -> int | None:
    value = values.get(key)
    return value if isinstance(value, int) else None


def _day(values: Values, key: str) -> date | None:
    value = values.get(key)
    return value if isinstance(value, date) else None


def _budget_line(submission: Submission, block: Table | Form, _id: str, values: Values) -> r.Record | None:
    if not values.get("account"):
        return None
    side: r.Side = "income" if values.get("side") == word("terms.side.income") else "cost"
    return r.BudgetLine(
        node=submission.identity.node,
        stage=submission.identity.stage,
        account=_text(values, "account"),
        activity=_text(values, "activity"),
        counterparty=_code(values, "counterparty"),
        side=side,
        amounts=_amounts(submission, block, values),
        comment=_text(values, "comment"),
        adjustment=block.key == "adjustments",
    )


def _staff_change(submission: Submission, _block: Table | Form, _id: str, values: Values) -> r.Record | None:
    account, category = _text(values, "account"), _text(values, "category")
    posts, change = _number(values, "posts"), _number(values, "change")
    return r.StaffChange(submission.identity.node, category, account, posts, change, _text(values, "comment"))


def _goal(submission: Submission, _block: Table | Form, row_id: str, values: Values) -> r.Record | None:
    if not values.get("text"):
        return None
    node = submission.identity.node
    goal = row_id if not _is_own(row_id) else f"{node}:{row_id}"
    return r.Goal(node, goal, _text(values, "text"), _code(values, "belongs"), _text(values, "level"))


def _is_own(row_id: str) -> bool:
    """Whether a row is the sender's own: ids n1, n2 … and x7 are theirs, others were given."""
    return row_id[:1] in ("n", "x") and row_id[1:].isdigit()


def _indicator(submission: Submission, _block: Table | Form, row_id: str, values: Values) -> r.Record | None:
    if not values.get("name"):
        return None
    node, goal = submission.identity.node, _code(values, "goal")
    return r.Indicator(
        node=node,
        indicator=row_id if not _is_own(row_id) else f"{node}:{row_id}",
        goal=f"{node}:{goal}" if goal and _is_own(goal) else goal,
        name=_text(values, "name"),
        unit=_text(values, "unit"),
        direction=_code(values, "direction"),
        current=_number(values, "current"),
        target=_number(values, "target"),
        weight=_number(values, "weight"),
        aggregation=_text(values, "aggregation") or "none",
        frequency=_whole(values, "frequency"),
        comment=_text(values, "comment"),
    )


def _assignment(submission: Submission, _block: Table | Form, row_id: str, values: Values) -> r.Record | None:
    node = submission.identity.node
    return r.Assignment(
        node,
        row_id,
        giver=_text(values, "giver"),
        text=_text(values, "text"),
        due=_day(values, "due"),
        action=_text(values, "action"),
        owner=_text(values, "owner"),
        ready=_day(values, "ready"),
    )


def _investment(submission: Submission, block: Table | Form, _id: str, values: Values) -> r.Record | None:
    if not values.get("name"):
        return None
    return r.Investment(
        submission.identity.node,
        _text(values, "name"),
        _code(values, "activity"),
        _whole(values, "total_kr"),
        _whole(values, "used_kr"),
        _amounts(submission, block, values),
        _day(values, "in_use"),
        _text(values, "comment"),
    )


def _volume(submission: Submission, _block: Table | Form, row_id: str, values: Values) -> r.Record | None:
    numbers = _number(values, "assumed"), _number(values, "proposal")
    name, activity = _text(values, "name"), _code(values, "activity")
    return r.Volume(submission.identity.node, row_id, name, activity, *numbers, _text(values, "comment"))


def _risk(submission: Submission, _block: Table | Form, _id: str, values: Values) -> r.Record | None:
    if not values.get("text"):
        return None
    return r.Risk(
        submission.identity.node,
        _text(values, "text"),
        _code(values, "kind"),
        _whole(values, "likelihood"),
        _whole(values, "consequence"),
        _text(values, "control"),
        _text(values, "owner"),
        _text(values, "frequency"),
    )


def _request(submission: Submission, block: Table | Form, _id: str, values: Values) -> r.Record | None:
    if not values.get("text"):
        return None
    return r.Request(
        submission.identity.node,
        _whole(values, "priority"),
        _text(values, "text"),
        _code(values, "activity"),
        _amounts(submission, block, values),
        _text(values, "consequence"),
    )


def _analysis(submission: Submission, _block: Table | Form, _id: str, values: Values) -> r.Record | None:
    if not values.get("text"):
        return None
    texts = _code(values, "kind"), _text(values, "text"), _text(values, "consequence")
    return r.Analysis(submission.identity.node, *texts, _code(values, "area"), _whole(values, "priority"))


def _mission(submission: Submission, _block: Table | Form, _id: str, values: Values) -> r.Record | None:
    why, what, whom = (_text(values, key) for key in ("why", "what", "whom"))
    return r.Mission(submission.identity.node, why, what, whom) if why or what or whom else None


def _agreement(submission: Submission, _block: Table | Form, _id: str, values: Values) -> r.Record | None:
    if not values.get("text"):
        return None
    text, giver, receiver = (_text(values, key) for key in ("text", "giver", "receiver"))
    return r.Agreement(submission.identity.node, text, giver, receiver, _day(values, "date"))


def _signoff(submission: Submission, _block: Table | Form, _id: str, values: Values) -> r.Record | None:
    return r.Signoff(
        submission.identity.node,
        values.get("done") == "yes",
        _text(values, "who"),
        _text(values, "message"),
        _code(values, "status"),
        _text(values, "minutes"),
        _day(values, "decided"),
    )


_BUILDERS: dict[str, Callable[[Submission, Table | Form, str, Values], r.Record | None]] = {
    "budget_line": _budget_line,
    "staff_change": _staff_change,
    "goal": _goal,
    "indicator": _indicator,
    "assignment": _assignment,
    "investment": _investment,
    "volume": _volume,
    "risk": _risk,
    "request": _request,
    "analysis": _analysis,
    "mission": _mission,
    "agreement": _agreement,
    "signoff": _signoff,
}
