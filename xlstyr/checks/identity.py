"""Checks of what a workbook says it is."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from xlstyr.checks.case import listed
from xlstyr.layout.raw import RawBook
from xlstyr.model.finding import Finding, found
from xlstyr.model.succession import Succession

_COPY = re.compile(r"(\s*\(\d+\)|\s*[-\u2013]\s*\w{2,15})$")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the round expects: its id, its running stage, its nodes (id → name), issued file names → nodes.

    ``whom`` gives the people at a node whom others turn to, in words.
    """

    round: str
    stage: str
    nodes: Mapping[str, str]
    files: Mapping[str, tuple[str, ...]]
    succession: Succession
    whom: Callable[[str], str]


def check_identity(raw: RawBook, name: str, expected: Expected) -> list[Finding]:
    """Findings about identity; any of severity fel means that the file isn't read further."""
    return list(_identity(raw, name, expected))


def _identity(raw: RawBook, name: str, expected: Expected) -> Iterator[Finding]:
    if raw.macros:
        yield found("XS012")
    for target in raw.links[:1]:
        yield found("XS013", target=target)
    identity = raw.identity
    if identity is None:
        yield found("XS005")
        return
    others = [other for other in raw.identities if other != identity]
    if others:
        yield found("XS008", one=_shown(identity.node, expected), other=_shown(others[0].node, expected))
        return
    if identity.round != expected.round:
        yield found("XS006", theirs=identity.round, ours=expected.round)
        return
    if identity.kind not in ("node", "rollup"):
        yield found("XS005")
    elif identity.node not in expected.nodes and not expected.succession.is_gone(identity.node):
        yield found("XS007", id=identity.node)
    elif identity.stage != expected.stage:
        yield found("XS010", theirs=identity.stage, ours=expected.stage)
    else:
        yield from _followed(identity.node, expected)
        if identity.kind == "node":
            yield from _misnamed(identity.node, name, expected)


def _followed(node: str, expected: Expected) -> Iterator[Finding]:
    """XS515: the file is from a unit that others have followed. What it says is kept."""
    if expected.succession.is_gone(node):
        heirs = expected.succession.heirs(node)
        names = listed(_shown(heir, expected) for heir in heirs)
        whom = listed(expected.whom(heir) for heir in heirs)
        yield found("XS515", former=_shown(node, expected), nodes=names, whom=whom)


def _misnamed(node: str, name: str, expected: Expected) -> Iterator[Finding]:
    """XS017: the name is that of a file that was issued to other nodes only, none of which has become this one."""
    by_name = nodes_of_file(name, expected.files)
    heirs = set(expected.succession.heirs(node))
    if by_name and not any(heirs & {one, *expected.succession.heirs(one)} for one in by_name):
        yield found("XS017", by_name=_shown(by_name[-1], expected), by_content=_shown(node, expected))


def _shown(node: str, expected: Expected) -> str:
    return expected.nodes.get(node, node)


def nodes_of_file(name: str, files: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The nodes whose issued file ``name`` is, also as a copy: ``… (1).xlsx``, ``… - kopia.xlsx``."""
    if name in files:  # as nearly all are called
        return files[name]
    stem, _, ending = unicodedata.normalize("NFC", name).rpartition(".")
    known = {unicodedata.normalize("NFC", file).casefold(): nodes for file, nodes in files.items()}
    for candidate in (stem, _COPY.sub("", stem)):
        if nodes := known.get(f"{candidate}.{ending}".casefold()):
            return nodes
    return ()
