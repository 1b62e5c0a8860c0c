"""Checks of what a workbook says it is."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from xlstyr.layout.raw import RawBook
from xlstyr.model.finding import Finding, found

_COPY = re.compile(r"(\s*\(\d+\)|\s*[-\u2013]\s*\w{2,15})$")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the round expects: its id, its running stage, its nodes (id → name), issued file names → node."""

    round: str
    stage: str
    nodes: dict[str, str]
    files: dict[str, str]


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
    elif identity.node not in expected.nodes:
        yield found("XS007", id=identity.node)
    elif identity.stage != expected.stage:
        yield found("XS010", theirs=identity.stage, ours=expected.stage)
    elif identity.kind == "node":
        by_name = _node_of_file(name, expected.files)
        if by_name is not None and by_name != identity.node:
            by_content = _shown(identity.node, expected)
            yield found("XS017", by_name=_shown(by_name, expected), by_content=by_content)


def _shown(node: str, expected: Expected) -> str:
    return expected.nodes.get(node, node)


def _node_of_file(name: str, files: dict[str, str]) -> str | None:
    """The node whose issued file ``name`` is, also as a copy: ``… (1).xlsx``, ``… - kopia.xlsx``."""
    stem, _, ending = unicodedata.normalize("NFC", name).rpartition(".")
    known = {unicodedata.normalize("NFC", file).casefold(): node for file, node in files.items()}
    for candidate in (stem, _COPY.sub("", stem)):
        node = known.get(f"{candidate}.{ending}".casefold())
        if node is not None:
            return node
    return None
