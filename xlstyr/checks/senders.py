"""Checks of who sent an answer, by address alone: a display name proves nothing."""

from collections.abc import Iterable, Iterator

from xlstyr.model.delivery import Delivery
from xlstyr.model.finding import Finding, found
from xlstyr.model.organisation import Organisation
from xlstyr.model.premises import Premises
from xlstyr.words import word


def check_sender(premises: Premises, node: str, delivery: Delivery) -> Iterator[Finding]:
    """XS035: nobody that the control workbook knows for ``node`` sent it. XS036: another's letter.

    Nothing is said of a file in a folder that nobody is known to have sent. XS045 is about what stands in
    the message itself.
    """
    sender, about = delivery.sender, delivery.about
    if delivery.personal:
        yield personal_message(sender)
    organisation = premises.organisation
    name = organisation[node].name if node in organisation else node
    if not sender:
        if delivery.channel != "folder":
            yield found("XS035", sender=word("post.said.nobody"), node=name)
        return
    known = addresses_above(premises, node)
    if known and sender.casefold() not in known:
        yield found("XS035", sender=sender, node=name)
    others = [organisation[one].name for one in about if one in organisation]
    if others and node not in about and not _answers_for_both(premises, sender, node, about):
        yield found("XS036", by_subject=others[0], by_content=name)


def personal_message(sender: str) -> Finding:
    """XS045: a personal identity number in what is written in a message; it is never quoted."""
    return found("XS045", sender=sender or word("post.said.nobody"))


def _answers_for_both(premises: Premises, sender: str, node: str, about: Iterable[str]) -> bool:
    """Whoever is responsible for both may answer on the one letter with the other's file."""
    own = (addresses_of(premises, one) for one in about)
    return sender in addresses_of(premises, node) and any(sender in addresses for addresses in own)


def addresses_of(premises: Premises, node: str) -> set[str]:
    """Every address at ``node`` itself, and at what has become it; lower case."""
    return {contact.email.strip().casefold() for contact in premises.known_contacts(node)} - {""}


def addresses_above(premises: Premises, node: str) -> set[str]:
    """Every address that may answer for ``node``: its own, and those above it by decision and by line."""
    organisation = premises.organisation
    nodes = [node]
    if node in organisation:
        nodes += [one.id for one in organisation.path(node)]
        nodes += _line(organisation, node)
    return {address for one in dict.fromkeys(nodes) for address in addresses_of(premises, one)}


def _line(organisation: Organisation, node: str) -> list[str]:
    """The nodes above ``node`` by line."""
    nodes: list[str] = []
    above = organisation[node].line
    while above is not None and above in organisation and above not in nodes:
        nodes.append(above)
        above = organisation[above].line
    return nodes
