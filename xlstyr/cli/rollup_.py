"""``xlstyr rollup``."""

import sys
from difflib import get_close_matches
from pathlib import Path

import click

from xlstyr.cli.output import FAULTS, finding_json, json_option, put_json, round_option, show_totals
from xlstyr.rounds.consolidating import consolidate
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("rollup", help=word("cli.help.rollup"))
@click.argument("node", metavar="NODE")
@round_option
@json_option
def command(node: str, folder: Path, as_json: bool) -> None:
    """Roll up a node with everything below it."""
    run(folder, as_json, node)


def run(folder: Path, as_json: bool, node: str | None) -> None:
    """The roll-up of ``node``, the whole municipality when None."""
    with Round(folder) as round_:
        organisation = round_.premises.organisation
        if node is not None and node not in organisation:
            near = get_close_matches(node, organisation.nodes, 1, 0.5)
            hint = word("cli.errors.near", near=near[0]) if near else ""
            raise click.UsageError(word("cli.errors.no_node", node=node, near=hint).strip())
        done = consolidate(round_, node)
    if as_json:
        put_json(done.as_json() | {"findings": [finding_json(finding) for finding in done.findings]})
    else:
        show_totals(done)
    if any(finding.severity == "fel" for finding in done.findings):
        sys.exit(FAULTS)
