"""Nodes on the command line: an id that nobody has is answered with the nearest one."""

from difflib import get_close_matches

import click

from xlstyr.model.organisation import Organisation
from xlstyr.words import word


def checked_node(organisation: Organisation, node: str) -> str:
    """``node`` when there is one. Raises ``click.UsageError`` that names the nearest id otherwise."""
    if node not in organisation:
        near = get_close_matches(node, organisation.nodes, 1, 0.5)
        hint = word("cli.errors.near", near=near[0]) if near else ""
        raise click.UsageError(word("cli.errors.no_node", node=node, near=hint).strip())
    return node
