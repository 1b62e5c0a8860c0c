"""Files that couldn't be read far enough to say whose they are: whose they seem to be, so that somebody is told."""

from collections import defaultdict
from dataclasses import replace

from xlstyr.checks.identity import nodes_of_file
from xlstyr.mail.reference import find_reference
from xlstyr.rounds.outgoing.letters import nodes_of, round_key
from xlstyr.rounds.register import Answer
from xlstyr.rounds.round import Round


def unread(round_: Round) -> dict[str, list[Answer]]:
    """The refused files without a node, by the only node that they can be from, in the order they came.

    That is told by the file's name, else by the letter that its message answers, else by who sent it.
    """
    about: dict[str, set[str]] = defaultdict(set)
    for letter in round_.mailbook.letters():
        about[letter.reference.partition("#")[0]].update(nodes_of(letter))
    ours, messages = round_key(round_), round_.mailbook.messages()
    for message in messages:
        reference = find_reference(message.reference)
        if reference is not None and reference.round == ours:
            about[message.reference].add(reference.node)
    answered = {message.sha256: about.get(message.reference, set()) for message in messages}
    theirs: dict[str, set[str]] = defaultdict(set)
    for contact in round_.premises.contacts:
        theirs[contact.email.strip().casefold()].add(contact.node)
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in round_.register.answers(""):
        node = _whose(round_, answer.sha256, answered, theirs)
        if node is not None and answer.contribution is None:
            found[node].append(replace(answer, node=node))
    return found


def _whose(round_: Round, sha256: str, answered: dict[str, set[str]], theirs: dict[str, set[str]]) -> str | None:
    known = round_.register.file(sha256)
    ways = [set(nodes_of_file(known[0] if known is not None else "", round_.register.issued_names()))]
    for arrival in round_.mailbook.arrivals(sha256):
        ways.append(answered.get(arrival.delivery.message, set()))
        ways.append(theirs.get(arrival.delivery.sender, set()) if arrival.delivery.sender else set())
    certain = (nodes for nodes in ways if len(nodes) == 1)
    return next((node for nodes in certain for node in nodes if node in round_.reach), None)


def in_order(round_: Round, answers: list[Answer], more: list[Answer]) -> list[Answer]:
    """Answers of a node and its unread files together, in the order they came."""
    if not more:
        return answers

    def came(answer: Answer) -> str:
        known = round_.register.file(answer.sha256)
        return known[1].isoformat() if known is not None else ""

    return sorted([*answers, *more], key=came)
