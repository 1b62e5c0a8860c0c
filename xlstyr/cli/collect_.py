"""``xlstyr collect``."""

import sys
from pathlib import Path

import click

from xlstyr.cli.output import FAULTS, finding_json, json_option, progress, put_json, round_option, say, show_findings
from xlstyr.rounds.collecting import Taken, choose, collect
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("collect", help=word("cli.help.collect"))
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[PATH…]")
@click.option("--use", type=click.Path(path_type=Path, exists=True, dir_okay=False), help=word("cli.arguments.use"))
@round_option
@json_option
def command(paths: tuple[Path, ...], use: Path | None, folder: Path, as_json: bool) -> None:
    """Take in what has come."""
    with Round(folder) as round_:
        if use is not None:
            chosen = choose(round_, use)
            if as_json:
                put_json({"node": chosen.node, "digest": chosen.digest})
            else:
                say("chosen", node=round_.premises.organisation[chosen.node].name, file=use.name)
            return
        taken = collect(round_, paths, progress("collecting"))
    if as_json:
        put_json({"files": [_json(item) for item in taken]})
    else:
        show_taken(taken)
    if any(f.severity == "fel" for item in taken for f in item.examined.findings):
        sys.exit(FAULTS)


def _json(item: Taken) -> dict[str, object]:
    examined = item.examined
    return {
        "file": examined.name,
        "node": examined.node,
        "status": "duplicate" if item.duplicate else examined.status,
        "sha256": examined.sha256,
        "findings": [finding_json(finding) for finding in examined.findings],
    }


def show_taken(taken: list[Taken]) -> None:
    """How many files came in, and every finding that stops something."""
    new = [item.examined.status for item in taken if not item.duplicate]
    states = {state: new.count(state) for state in ("accepted", "partly", "held", "refused")}
    say("taken", new=len(new), duplicate=len(taken) - len(new), **states)
    faults = [f for item in taken if not item.duplicate for f in item.examined.findings if f.severity == "fel"]
    for item in taken:
        own = [f for f in faults if f.place.file == item.examined.name]
        if own:
            node, state = item.examined.node or word("cli.said.no_node"), word(f"cli.state.{item.examined.status}")
            say("checked", file=item.examined.name, node=node, status=state)
            show_findings(own)
