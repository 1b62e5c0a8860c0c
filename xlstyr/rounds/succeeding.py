"""What re-organisation means for answers that have come: whose count for whom, and why, in words."""

from collections.abc import Iterator, Mapping

from xlstyr.checks.case import listed
from xlstyr.model.bundle import Bundle, Contribution
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.money import in_tkr, total
from xlstyr.model.period import columns
from xlstyr.model.premises import Premises
from xlstyr.model.records import BudgetLine
from xlstyr.rollup.stand_ins import Stands
from xlstyr.words import word


def named(premises: Premises, node: str) -> str:
    """What people call ``node``; its id when it is no longer in the organisation."""
    return premises.organisation[node].name if node in premises.organisation else node


def reached(premises: Premises, node: str) -> str:
    """Whom to turn to at ``node``: its responsible, else the nearest controller, else its name."""
    contacts = premises.contacts_of(node, "responsible") or premises.controllers(node)
    ways = [" · ".join(part for part in (contact.function, contact.email) if part) for contact in contacts[:1]]
    return next(filter(None, ways), named(premises, node))


def said_amount(premises: Premises, said: Contribution) -> int:
    """The net cost of the budget year that ``said`` states, in tkr."""
    period = columns(premises.settings.year)[3]
    lines = (row.record for row in said.rows if isinstance(row.record, BudgetLine))
    return in_tkr(total(line.net_cost(period) for line in lines) or 0)


def reached_from(premises: Premises, nodes: frozenset[str], *, lost: bool = False) -> frozenset[str]:
    """``nodes`` and the former nodes that have become one of them, ``lost``: and those that are nowhere else."""
    succession, organisation = premises.succession, premises.organisation
    formers = (
        former
        for former in succession.gone
        if not nodes.isdisjoint(succession.after(former)) or (lost and former not in organisation)
    )
    return nodes.union(formers)


def reasons(premises: Premises, stands: Stands, counted: Mapping[str, Contribution]) -> dict[str, str]:
    """Why each node that others stand in for, with money that counts, hasn't an answer of its own, in words."""
    found_reasons = {}
    for node, formers in stands.stand_ins.items():
        if node not in counted or "money" not in counted[node].parts:
            continue
        names = listed(named(premises, former) for former in formers)
        found_reasons[node] = word("pages.stand_in", former=names)
        if silent := _silent(premises, node, formers):
            found_reasons[node] += word("pages.stand_in_part", former=listed(named(premises, one) for one in silent))
    return found_reasons


def _silent(premises: Premises, node: str, formers: tuple[str, ...]) -> list[str]:
    """The former nodes of ``node`` that nobody has answered for."""
    succession = premises.succession
    spoken = {*formers}
    return [
        one
        for one in succession.formers(node)
        if spoken.isdisjoint({one, *succession.after(one), *succession.formers(one)})
    ]


def reorganised(premises: Premises, said: Bundle, stands: Stands) -> Iterator[Finding]:
    """What became of every answer from a former node: it stands in (XS512), is replaced (XS513), is undivided (XS514).

    ``said`` is what was said at the running stage, before ``stands`` was made of it.
    """
    heirs_of, stage = premises.succession.heirs, premises.stage
    for node, formers in sorted(stands.stand_ins.items()):
        for former in formers:
            for args in _amounts(premises, said, former):
                place, whom = Place(node=former), reached(premises, node)
                yield found("XS512", place, node=named(premises, node), whom=whom, **args)
    for former in stands.replaced:
        nodes = listed(named(premises, heir) for heir in heirs_of(former))
        for args in _amounts(premises, said, former):
            yield found("XS513", Place(node=former), nodes=nodes, **args)
    for former in stands.undivided:
        nodes = listed(named(premises, heir) for heir in heirs_of(former))
        missing = listed(named(premises, heir) for heir in heirs_of(former) if (heir, stage) not in said)
        for args in _amounts(premises, said, former):
            yield found("XS514", Place(node=former), nodes=nodes, missing=missing, **args)


def _amounts(premises: Premises, said: Bundle, former: str) -> Iterator[dict[str, object]]:
    """Whose answer and its amount, for each answer of ``former``."""
    for one in sorted(said[former, premises.stage], key=lambda one: one.digest):
        yield {"former": named(premises, former), "amount": said_amount(premises, one)}
