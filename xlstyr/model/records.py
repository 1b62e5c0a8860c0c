"""What people state, as typed records. Amounts are kr; ``None`` is not stated.

Sides: an amount is entered positive and its account decides income or cost (DESIGN section 5).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from xlstyr.model.money import Kr
from xlstyr.model.period import Period

Side = Literal["income", "cost"]


@lru_cache(256)
def _one(period: Period) -> Period:
    """The same object for equal periods: a round has six, and each line names them all."""
    return period


Amounts = tuple[tuple[Annotated[Period, AfterValidator(_one)], Kr], ...]
"""Kr by period, in the periods' order."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line of money. ``amounts`` in kr per period; a period that isn't stated is left out."""

    node: str
    stage: str
    account: str
    activity: str
    counterparty: str | None
    side: Side
    amounts: Amounts
    comment: str = ""
    adjustment: bool = False
    project: str | None = None
    goal: str | None = None
    record: Literal["budget_line"] = "budget_line"

    def amount(self, period: Period) -> Kr | None:
        """The amount of ``period`` in kr as entered, ``None`` when not stated."""
        return next((amount for when, amount in self.amounts if when == period), None)

    def net_cost(self, period: Period) -> Kr | None:
        """Cost − income in kr (nettokostnad), ``None`` when not stated."""
        amount = self.amount(period)
        return amount if amount is None or self.side == "cost" else -amount


@dataclass(frozen=True, slots=True)
class StaffChange:
    """A change of posts (full-year equivalents); its cost already stands in the budget lines."""

    node: str
    category: str
    account: str
    posts: Decimal | None
    change: Decimal | None
    comment: str = ""
    record: Literal["staff_change"] = "staff_change"


@dataclass(frozen=True, slots=True)
class Goal:
    """A wanted result. ``parent`` is a strategic area or a goal of the level above."""

    node: str
    goal: str
    text: str
    parent: str | None
    level: str = ""
    record: Literal["goal"] = "goal"


@dataclass(frozen=True, slots=True)
class Indicator:
    """A measure of a goal. ``target`` is the wanted value of the year."""

    node: str
    indicator: str
    goal: str | None
    name: str
    unit: str
    direction: str | None
    current: Decimal | None
    target: Decimal | None
    weight: Decimal | None = None
    aggregation: str = "none"
    frequency: int | None = None
    comment: str = ""
    record: Literal["indicator"] = "indicator"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task from a named giver to the node, which answers with ``action``."""

    node: str
    assignment: str
    giver: str
    text: str
    due: date | None
    action: str
    owner: str = ""
    ready: date | None = None
    record: Literal["assignment"] = "assignment"


@dataclass(frozen=True, slots=True)
class Investment:
    """Expenditure of one project: decided in all, used so far, and per period, kr."""

    node: str
    name: str
    activity: str | None
    decided: Kr | None
    used: Kr | None
    amounts: Amounts
    in_use: date | None
    comment: str = ""
    record: Literal["investment"] = "investment"


@dataclass(frozen=True, slots=True)
class Volume:
    """A number that the frame rests on, in pieces (children, pupils, square metres …)."""

    node: str
    volume: str
    name: str
    activity: str | None
    assumed: Decimal | None
    proposal: Decimal | None
    comment: str = ""
    record: Literal["volume"] = "volume"


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk of the internal control plan, likelihood and consequence 1–4 (KL 6:6)."""

    node: str
    text: str
    kind: str | None
    likelihood: int | None
    consequence: int | None
    control: str
    owner: str = ""
    frequency: str = ""
    record: Literal["risk"] = "risk"


@dataclass(frozen=True, slots=True)
class Request:
    """Money asked for beyond the frame, kr per period, in order of priority."""

    node: str
    priority: int | None
    text: str
    activity: str | None
    amounts: Amounts
    consequence: str
    record: Literal["request"] = "request"


@dataclass(frozen=True, slots=True)
class Analysis:
    """One observation of the present or of the world around."""

    node: str
    kind: str | None
    text: str
    consequence: str
    area: str | None
    priority: int | None
    record: Literal["analysis"] = "analysis"


@dataclass(frozen=True, slots=True)
class Mission:
    """The core mission (grunduppdrag): why, what and for whom."""

    node: str
    why: str
    what: str
    whom: str
    record: Literal["mission"] = "mission"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A handslag: a two-sided, dated agreement between two levels."""

    node: str
    text: str
    giver: str
    receiver: str
    date: date | None
    record: Literal["agreement"] = "agreement"


@dataclass(frozen=True, slots=True)
class Signoff:
    """The sender's word that the workbook is ready; committees add status and minutes."""

    node: str
    done: bool
    who: str
    message: str = ""
    status: str | None = None
    minutes: str = ""
    decided: date | None = None
    record: Literal["signoff"] = "signoff"


Record = Annotated[
    BudgetLine
    | StaffChange
    | Goal
    | Indicator
    | Assignment
    | Investment
    | Volume
    | Risk
    | Request
    | Analysis
    | Mission
    | Agreement
    | Signoff,
    Field(discriminator="record"),
]
