"""The budget's rows: within the frame, decided, complete, and with the right sign."""

from collections.abc import Iterator

from xlstyr.checks.case import Case, kr, listed, tkr
from xlstyr.checks.lines import AMOUNTS, is_decided, is_locked, is_touched, laid
from xlstyr.layout.content import Value
from xlstyr.model.finding import Finding
from xlstyr.model.money import TKR
from xlstyr.words import word


def within_frame(case: Case) -> Iterator[Finding]:
    """XS301: a decided budget is at most 1 tkr over the node's own frame."""
    frame, amount = case.premises.own_frame(case.node), laid(case)
    if frame is not None and amount is not None and amount - frame > TKR:
        yield case.note("XS301", "budget", laid=tkr(amount), over=tkr(amount - frame), frame=tkr(frame))


def known_codes(case: Case) -> Iterator[Finding]:
    """XS220: every row's account and activity still exist, and a given row is on the side it was issued on."""
    sides = _issued_sides(case)
    for row, values in case.rows("budget"):
        codes = (("account", case.premises.accounts), ("activity", case.premises.activities))
        for key, known in codes:
            code = str(values.get(key) or "")
            moved = key == "account" and sides.get(row.id, case.premises.side(code)) != case.premises.side(code)
            if code and (code not in known or moved):
                what = word(f"checks.row.{key}")
                yield case.note("XS220", "budget", row, key, row=case.label("budget", values), what=what, code=code)


def _issued_sides(case: Case) -> dict[str, str]:
    """The side of each given row when the workbook was issued: its section was a group of that side."""
    sides: dict[str, str] = {}
    groups = case.issued.forms.get("sides", {})
    side = None
    for row in case.issued.tables.get("budget", ()):
        if row.variant == "section":
            side = groups.get(str(row.values.get("account")))
        elif side is not None and row.variant != "free":
            sides[row.id] = str(side)
    return sides


def decided(case: Case) -> Iterator[Finding]:
    """XS305: every given row is changed or accepted."""
    if case.is_held("answer", None, "accept"):
        return
    for row, values in case.rows("budget"):
        if not row.new and not is_decided(row, values) and not case.is_held("budget", row, "change"):
            yield case.note("XS305", "budget", row, "change", row=case.label("budget", values))


def complete_rows(case: Case) -> Iterator[Finding]:
    """XS306: a row of the sender's own has an account, an activity and an amount, else it can't be counted."""
    for table, amounts in AMOUNTS.items():
        for row, values in case.rows(table):
            if not row.new:
                continue
            keys = ("account", "activity")
            missing = [key for key in keys if values.get(key) is None and not case.is_held(table, row, key)]
            lacks = [word(f"checks.row.{key}") for key in missing]
            if all(row.values.get(key) is None and not case.is_held(table, row, key) for key in amounts):
                missing.append(amounts[0])
                lacks.append(word("checks.row.amount"))
            if missing:
                yield case.note("XS306", table, row, missing[0], missing=listed(lacks))


def internal_parties(case: Case) -> Iterator[Finding]:
    """XS308: what is internal has a buyer and a seller inside the municipality."""
    for table in AMOUNTS:
        for row, values in case.rows(table):
            account = case.premises.accounts.get(str(values.get("account")))
            if not row.new or account is None or not account.internal or case.is_held(table, row, "counterparty"):
                continue
            party = case.premises.counterparties.get(str(values.get("counterparty")))
            if party is None or not party.internal:
                shown = case.shown(table, "account", account.account)
                yield case.note("XS308", table, row, "counterparty", account=shown)


def doubled_rows(case: Case) -> Iterator[Finding]:
    """XS309: a new row for what already has a row. Another counterparty is another thing."""
    known: dict[tuple[Value, Value], set[Value]] = {}
    for row, values in case.rows("budget"):
        key = (values.get("account"), values.get("activity"))
        party = values.get("counterparty")
        parties = known.get(key, set())
        is_same = party in parties or (
            party is None and bool(parties) and not case.is_held("budget", row, "counterparty")
        )
        if row.new and None not in key and is_same:
            yield case.note("XS309", "budget", row, "account", row=case.label("budget", values))
        known.setdefault(key, set()).add(party)


def negative_budgets(case: Case) -> Iterator[Finding]:
    """XS218: a budget below zero says why. A row that was negative already, or is proposed so, needn't."""
    for row, values in case.rows("budget"):
        budget = kr(values["budget"])
        before = [kr(values.get(key)) for key in ("previous", "proposal")]
        if budget >= 0 or min(before) < 0 or is_locked(values) or not is_touched(values):
            continue
        if values.get("comment") is None:
            yield case.note("XS218", "budget", row, "change", amount=tkr(budget))


def turned_signs(case: Case) -> Iterator[Finding]:
    """XS602: a row that changes sign against this year says why."""
    for row, values in case.rows("budget"):
        budget, previous = kr(values["budget"]), kr(values.get("previous"))
        if budget * previous >= 0 or is_locked(values) or not is_touched(values) or values.get("comment") is not None:
            continue
        label = case.label("budget", values)
        yield case.note("XS602", "budget", row, "change", row=label, previous=tkr(previous), budget=tkr(budget))


def empty_budget(case: Case) -> Iterator[Finding]:
    """XS601: what goes on isn't zero. Rows that the giver has fixed say nothing about the answer."""
    if not case.money_is_read:
        return
    own = [values for _, values in case.rows("budget") if not is_locked(values)]
    sides: dict[str, int] = {"cost": 0, "income": 0}
    for values in own:
        sides[case.premises.side(str(values.get("account")))] += kr(values.get("previous"))
    previous = sides["cost"] or sides["income"]
    if previous and all(kr(values["budget"]) == 0 for values in own):
        yield case.note("XS601", "budget", previous=tkr(previous))
