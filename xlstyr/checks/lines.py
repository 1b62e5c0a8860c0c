"""The money of one answer: what a line decides, what a node has laid, and which side it is on."""

from collections.abc import Mapping

from xlstyr.checks.case import Case, kr
from xlstyr.layout.content import Value
from xlstyr.layout.submission import AnswerRow
from xlstyr.model.money import Kr

Values = Mapping[str, Value]

AMOUNTS = {"budget": ("change",), "adjustments": ("budget", "plan_1", "plan_2")}
"""What a sender types as money, by table; a row of their own has at least one of these."""


def is_locked(values: Values) -> bool:
    """Whether the giver has fixed the row."""
    return values.get("locked") == "yes"


def is_decided(row: AnswerRow, values: Values) -> bool:
    """Whether the row's budget is stated, or a given row had nothing to decide on (no proposal), as on the sheet."""
    return values["budget"] is not None or (not row.new and values.get("proposal") is None)


def is_touched(values: Values) -> bool:
    """Whether the sender has changed the row's budget: by hand, or through posts."""
    return values.get("change") is not None or bool(kr(values.get("staffing")))


def net(case: Case, values: Values, amount: Kr) -> Kr:
    """``amount`` (kr) of a row as net cost: cost is plus, income minus. Without an account it is a cost."""
    account = values.get("account")
    return -amount if account is not None and case.premises.side(str(account)) == "income" else amount


def laid(case: Case) -> Kr | None:
    """The net cost (kr) that the node has laid, its own adjustments included. None: not everything is decided."""
    rows = case.rows("budget")
    if not rows or not case.money_is_read or not all(is_decided(row, values) for row, values in rows):
        return None
    amounts = [net(case, values, kr(values["budget"])) for _, values in rows]
    return sum(amounts) + sum(net(case, values, kr(values.get("budget"))) for _, values in case.rows("adjustments"))
