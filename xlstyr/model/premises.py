"""The premises of a round: what the control workbook says, typed. Field names are its column keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from xlstyr.model.money import Kr, half_away
from xlstyr.model.organisation import Organisation
from xlstyr.model.records import Side
from xlstyr.model.succession import Reorganised, Succession


@dataclass(frozen=True, slots=True)
class Settings:
    """The round itself. ``limit_amount`` in kr, ``limit_percent`` a share: both must be passed."""

    round: str
    title: str
    year: int
    municipality: str
    phase: str
    limit_amount: Kr
    limit_percent: Decimal
    code: str = ""
    inhabitants: int | None = None
    tax_rate: Decimal | None = None
    tax_rate_before: Decimal | None = None
    goal_limit: int | None = None
    answers: str = ""
    label: str = ""
    headline_1: str = ""
    headline_2: str = ""
    headline_3: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """Which workbook nodes of ``kind`` get in ``phase``, at which stage, and when it is due.

    ``certify_by`` is the last day to certify what was sent; None: the same day.
    """

    phase: str
    name: str
    stage: str
    kind: str
    layout: str
    deadline: date
    certify_by: date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A role at a node: responsible, controller or certifier."""

    node: str
    role: str
    function: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment by the giver on what ``node`` has sent, ``about`` a part of it (``""``: all)."""

    node: str
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class ChainItem:
    """One part of the steering chain: vision, value, area, council goal or strategy."""

    item: str
    kind: str
    klass: str = ""
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One line of bilaga 1: strategic area ← what it rests on."""

    area: str
    source: str


@dataclass(frozen=True, slots=True)
class Document:
    """A governing document, of the state or the municipality, for a node (None: for all)."""

    document: str
    name: str
    kind: str
    level: str
    node: str | None = None
    review: date | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of accounts with its side and the indices of the budget year and the two plan years."""

    group: str
    side: Side
    index: Decimal
    index_1: Decimal
    index_2: Decimal
    note: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An account that may be budgeted on; ``internal`` ones need an internal counterparty."""

    account: str
    name: str
    group: str
    internal: bool
    statement: str


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity code and the area it is summed to."""

    activity: str
    name: str
    area: str


@dataclass(frozen=True, slots=True)
class Counterparty:
    """Whom one trades with; an internal one is a node of the municipality."""

    counterparty: str
    name: str
    internal: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A node's frame (ram, net cost of its whole subtree) in kr: last year's and the five rules' changes."""

    node: str
    previous: Kr
    political: Kr | None = None
    demography: Kr | None = None
    price: Kr | None = None
    change: Kr | None = None
    capital: Kr | None = None

    @property
    def frame(self) -> Kr:
        """The new frame, kr."""
        return self.previous + sum(part or 0 for part in self.rules)

    @property
    def rules(self) -> tuple[Kr | None, ...]:
        """The changes by the five rules, in their order (MODEL.md section 3)."""
        return (self.political, self.demography, self.price, self.change, self.capital)


@dataclass(frozen=True, slots=True)
class Opening:
    """A prefilled budget line, kr. ``proposal`` None: budget × (1 + the group's index)."""

    node: str
    account: str
    activity: str
    counterparty: str | None = None
    outcome: Kr | None = None
    budget: Kr | None = None
    forecast: Kr | None = None
    proposal: Kr | None = None
    locked: bool = False

    @property
    def id(self) -> str:
        """The row's id in the node's workbook."""
        return "-".join(part for part in (self.account, self.activity, self.counterparty) if part)


@dataclass(frozen=True, slots=True)
class Staff:
    """Posts of one category at a node, with mean pay (kr a month) and overhead (share of pay)."""

    node: str
    category: str
    account: str
    posts: Decimal
    pay: Kr
    overhead: Decimal
    overhead_account: str


@dataclass(frozen=True, slots=True)
class GivenGoal:
    """A goal that is set when workbooks are issued."""

    goal: str
    node: str
    text: str
    area: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class GivenIndicator:
    """An indicator that a node answers; the same id at several nodes is weighed together upwards."""

    indicator: str
    node: str
    goal: str
    name: str
    unit: str
    direction: str
    aggregation: str
    current: Decimal | None = None
    target: Decimal | None = None
    frequency: int | None = None
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GivenAssignment:
    """An assignment from ``giver`` to ``node``."""

    assignment: str
    node: str
    giver: str
    text: str
    due: date | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class GivenVolume:
    """A volume that a committee's frame rests on."""

    volume: str
    node: str
    activity: str
    name: str
    outcome: Decimal | None = None
    budget: Decimal | None = None
    proposal: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FinancialGoal:
    """A financial goal (KL 11:6); ``target`` is a share."""

    goal: str
    text: str
    measure: str
    target: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published net cost (kr) of some activities in year t−2, to tie out against."""

    code: str
    name: str
    activities: tuple[str, ...]
    net_cost: Kr
    source: str = ""


@dataclass(frozen=True)
class Premises:
    """Everything that workbooks are made from and answers are checked against."""

    settings: Settings
    organisation: Organisation
    phases: tuple[Phase, ...]
    contacts: tuple[Contact, ...]
    chain: tuple[ChainItem, ...]
    mapping: tuple[Mapped, ...]
    documents: tuple[Document, ...]
    groups: Mapping[str, Group]
    accounts: Mapping[str, Account]
    activities: Mapping[str, Activity]
    counterparties: Mapping[str, Counterparty]
    frames: Mapping[str, Frame]
    opening: Mapping[str, tuple[Opening, ...]]
    staff: Mapping[str, tuple[Staff, ...]]
    goals: tuple[GivenGoal, ...]
    indicators: Mapping[str, tuple[GivenIndicator, ...]]
    assignments: Mapping[str, tuple[GivenAssignment, ...]]
    volumes: Mapping[str, tuple[GivenVolume, ...]]
    financial_goals: tuple[FinancialGoal, ...]
    comparisons: tuple[Comparison, ...]
    reorganised: tuple[Reorganised, ...] = ()
    comments: tuple[Remark, ...] = ()

    def phase_of(self, node: str) -> Phase | None:
        """The running phase's line for ``node``; None when it gets no workbook, as when others have followed it."""
        if self.succession.is_gone(node):
            return None
        kind = self.organisation[node].kind
        return next((p for p in self.phases if p.phase == self.settings.phase and p.kind == kind), None)

    @cached_property
    def succession(self) -> Succession:
        """Who follows whom in the budget year."""
        return Succession.of(self.reorganised, self.settings.year)

    @property
    def stage(self) -> str:
        """The stage of the running phase."""
        return next((p.stage for p in self.phases if p.phase == self.settings.phase), "")

    def contacts_of(self, node: str, *roles: str) -> tuple[Contact, ...]:
        """The contacts of ``node`` in the control workbook's order; of ``roles`` only when given."""
        return tuple(c for c in self._contacts.get(node, ()) if not roles or c.role in roles)

    def known_contacts(self, node: str) -> tuple[Contact, ...]:
        """Whom answers of ``node`` may come from: its contacts, and those of what has become it and what it became."""
        related = (node, *self.succession.formers(node), *sorted(self.succession.after(node)))
        return tuple(contact for one in related for contact in self.contacts_of(one))

    @cached_property
    def _contacts(self) -> dict[str, tuple[Contact, ...]]:
        found: dict[str, list[Contact]] = {}
        for contact in self.contacts:
            found.setdefault(contact.node, []).append(contact)
        return {node: tuple(rows) for node, rows in found.items()}

    def controllers(self, node: str) -> tuple[Contact, ...]:
        """The controllers of ``node``, else of the nearest node above it on the decision side."""
        for above in reversed(self.organisation.path(node)):
            if found := self.contacts_of(above.id, "controller"):
                return found
        return ()

    def side(self, account: str) -> Side:
        """The side that ``account`` decides; cost when it isn't known."""
        known = self.accounts.get(account)
        return self.groups[known.group].side if known and known.group in self.groups else "cost"

    def proposal(self, line: Opening) -> Kr | None:
        """The proposal for the budget year in kr: stated, or last budget × (1 + index), half away from zero."""
        if line.proposal is not None or line.budget is None:
            return line.proposal
        return int(half_away(line.budget * (1 + self.groups[self.accounts[line.account].group].index)))

    def own_frame(self, node: str) -> Kr | None:
        """The part of the frame that is the node's own: less its children's frames. None: no frame."""
        whole = self.frames.get(node)
        if whole is None:
            return None
        children = (self.frames.get(child.id) for child in self.organisation.children(node))
        return whole.frame - sum(child.frame for child in children if child is not None)
