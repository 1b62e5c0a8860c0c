"""``send``: every workbook to those who fill it in, planned from premises and register."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from xlstyr.mail.addresses import usable
from xlstyr.mail.compose import encoded_size
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.organisation import Node, Organisation
from xlstyr.model.premises import Contact
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.outgoing.delivering import troubles
from xlstyr.rounds.outgoing.issuing import recipients
from xlstyr.rounds.outgoing.letters import Outgoing, Writer, addresses, nodes_of, plain_key
from xlstyr.rounds.outgoing.sent import Sent
from xlstyr.rounds.round import Round
from xlstyr.words import word

MIB = 1024 * 1024
LEVELS = ("own", "down", "all")
EVERYTHING = "*"
"""``again``: send what has been sent too."""


@dataclass(frozen=True)
class Plan:
    """What would be sent. ``findings`` name who gets nothing and why; ``already`` the nodes that have theirs."""

    letters: list[Outgoing] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    already: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One node's workbook on its way to ``to``; ``size`` is bytes."""

    node: Node
    path: Path
    size: int
    to: tuple[str, ...]


def plan_issue(
    round_: Round, node: str | None = None, level: str = "own", again: str | None = None, *, folders: bool = False
) -> Plan:
    """Who should get their workbook: those in the scope who haven't got this issue of it.

    ``again`` is ``EVERYTHING``, or the reference of one letter to send once more. ``folders``: nobody needs an
    address, and nothing is too large.

    Raises:
        XlstyrError: no such node, no such letter, or a template that can't be used.
    """
    giver = node if level != "own" else None
    planning = _Planning(round_, giver, folders=folders)
    if again in (None, EVERYTHING):
        planning.plan(scope_of_mail(round_, node, level), everything=again == EVERYTHING)
    else:
        planning.plan_again(str(again))
    return planning.made


def scope_of_mail(round_: Round, node: str | None, level: str = "own") -> list[Node]:
    """The nodes that get a workbook and are meant: everybody, or by ``level`` from ``node``.

    own: itself. down: the nearest below it by line. all: it and everything below it by line. Raises ``XlstyrError``
    when there is no such node.
    """
    everybody = recipients(round_)
    if node is None:
        return everybody
    organisation = round_.premises.organisation
    if node not in organisation:
        raise XlstyrError(word("cli.errors.no_node", node=node, near="").strip())
    match level:
        case "own":
            meant = {node}
        case "all":
            meant = {one.id for one in organisation.line_subtree(node)}
        case _:
            meant = _nearest_below(organisation, node, {one.id for one in everybody})
    return [one for one in everybody if one.id in meant]


def _nearest_below(organisation: Organisation, node: str, wanted: set[str]) -> set[str]:
    """The first nodes in ``wanted`` on every line down from ``node``."""
    below: dict[str, list[str]] = defaultdict(list)
    for one in organisation:
        if one.line is not None:
            below[one.line].append(one.id)
    nearest, queue, seen = set(), [*below[node]], {node}
    while queue:
        current = queue.pop()
        if current in wanted:
            nearest.add(current)
        elif current not in seen:
            queue.extend(below[current])
        seen.add(current)
    return nearest - {node}


def parcel(round_: Round, node: Node, to: tuple[str, ...]) -> Parcel | Finding:
    """The workbook that ``node`` was issued, to ``to``; a finding when there is none to send."""
    issue = round_.register.issue(node.id, round_.premises.stage)
    path = round_.folder / issue.file if issue else None
    if path is None or not path.is_file():
        return found("XS822", Place(node=node.id), node=node.name)
    return Parcel(node, path, path.stat().st_size, to)


def responsible(round_: Round, node: Node) -> tuple[tuple[str, ...], list[Finding]]:
    """The addresses of those who fill in ``node``'s workbook, and what is wrong with the others."""
    contacts = [c for c in round_.premises.contacts_of(node.id, "responsible") if c.email.strip()]
    place = Place(node=node.id)
    findings = [found("XS821", place, node=node.name, address=c.email) for c in contacts if usable(c.email) is None]
    if not contacts:
        findings.append(found("XS820", place, node=node.name))
    return addresses(contacts), findings


def parts(round_: Round, parcels: Iterable[Parcel], findings: list[Finding]) -> list[list[Parcel]]:
    """``parcels`` to one recipient in as many messages as it takes; one too large for any goes to ``findings``."""
    limit = round_.settings.sender.largest * MIB
    made: list[list[Parcel]] = []
    for one in parcels:
        if encoded_size([one.size]) > limit:
            size = -(-encoded_size([one.size]) // MIB)
            args = {"node": one.node.name, "size": size, "limit": round_.settings.sender.largest}
            findings.append(found("XS823", Place(node=one.node.id), **args))
        elif made and encoded_size(p.size for p in (*made[-1], one)) <= limit:
            made[-1].append(one)
        else:
            made.append([one])
    return made


class _Planning:
    """One plan in the making. ``giver`` is the node whose controller sends, None for the economy department."""

    def __init__(self, round_: Round, giver: str | None, *, folders: bool) -> None:
        self.made = Plan()
        self._round, self._folders = round_, folders
        self._asked: tuple[Contact, ...] = round_.premises.contacts_of(giver, "controller") if giver else ()
        self._sent = Sent(round_)

    def plan(self, nodes: list[Node], *, everything: bool) -> None:
        """What ``nodes`` lack; all they should have when ``everything``."""
        undecided = [] if everything else self._sent.undecided("issue")
        meant = {node.id for node in nodes}
        self.made.findings.extend(troubles(row for row in undecided if not meant.isdisjoint(nodes_of(row))))
        waiting: dict[str, set[str]] = defaultdict(set)
        for row in undecided:
            for node in nodes_of(row):
                waiting[node].update(address.casefold() for address in row.recipients)
        self._write(self._parcels(nodes, waiting, everything=everything))

    def plan_again(self, key: str) -> None:
        """One letter once more, to the same."""
        row = self._chosen(key)
        nodes = [self._round.premises.organisation[node] for node in nodes_of(row)]
        found_ = [parcel(self._round, node, row.recipients) for node in nodes]
        self.made.findings.extend(one for one in found_ if isinstance(one, Finding))
        self._write(one for one in found_ if isinstance(one, Parcel))

    def _chosen(self, key: str) -> Letter:
        for letter in self._sent.letters:
            if letter.kind == "issue" and plain_key(key) == plain_key(letter.reference):
                if self._sent.outdated(letter):
                    break
                return letter
        raise XlstyrError(word("mail_out.errors.no_letter", key=key))

    def _parcels(self, nodes: list[Node], waiting: dict[str, set[str]], *, everything: bool) -> Iterator[Parcel]:
        torn = {node for row in self._sent.outdated_drafts() for node in nodes_of(row)} - self._sent.answered
        for node in nodes:
            to, findings = responsible(self._round, node)
            if not self._folders:
                self.made.findings.extend(findings)
                if not to:
                    continue
            one = parcel(self._round, node, to)
            if isinstance(one, Finding):
                self.made.findings.append(one)
                continue
            reached = set(waiting.get(node.id, ()))
            if not everything and node.id not in torn:
                reached |= self._sent.reached_now(node.id)
            left = tuple(address for address in to or ("",) if address.casefold() not in reached)
            if left:
                yield replace(one, to=left if to else ())
            elif node.id not in waiting:
                self.made.already.append(node.id)

    def _write(self, parcels: Iterable[Parcel]) -> None:
        """One letter to those who share the same workbooks, in as many messages as it takes."""
        groups: dict[tuple[str, ...], list[Parcel]] = defaultdict(list)
        for one in parcels:
            groups[tuple(sorted(map(str.casefold, one.to))) or ("", one.node.id)].append(one)
        writer = Writer(self._round)
        for group in groups.values():
            whole = [group] if self._folders else parts(self._round, group, self.made.findings)
            for number, part in enumerate(whole, 1):
                nodes = tuple(one.node.id for one in part)
                files = tuple(one.path for one in part)
                letter = writer.outgoing(
                    "issue", nodes, part[0].to, files, asked=self._asked, part=(number, len(whole))
                )
                self.made.letters.append(letter)
