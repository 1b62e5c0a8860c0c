"""``xlstyr check``."""

import sys
from pathlib import Path

import click

from xlstyr.cli.output import FAULTS, finding_json, json_option, put_json, round_option, say, show_findings
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.incoming.examining import Examined, examine
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("check", help=word("cli.help.check"))
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE…"
)
@click.option("--return", "send_back", is_flag=True, help=word("cli.arguments.return"))
@round_option
@json_option
def command(files: tuple[Path, ...], send_back: bool, folder: Path, as_json: bool) -> None:
    """Check files without taking them in."""
    with Round(folder) as round_:
        examined = [examine(round_, path.read_bytes(), path.name) for path in files]
        returned = {item.sha256: write_return(round_, item) if send_back else None for item in examined}
        if as_json:
            put_json({"files": [_json(item, returned[item.sha256]) for item in examined]})
        else:
            for item in examined:
                _show(round_, item, returned[item.sha256])
    if any(f.severity == "fel" for item in examined for f in item.findings):
        sys.exit(FAULTS)


def _json(item: Examined, returned: Path | None) -> dict[str, object]:
    data: dict[str, object] = {
        "file": item.name,
        "node": item.node,
        "status": item.status,
        "findings": [finding_json(finding) for finding in item.findings],
    }
    return data | ({"return": str(returned)} if returned else {})


def _show(round_: Round, item: Examined, returned: Path | None) -> None:
    node = round_.names.get(item.node, item.node) if item.node else word("cli.said.no_node")
    say("checked", file=item.name, node=node, status=word(f"cli.state.{item.status}"))
    if item.findings:
        show_findings(item.findings)
    else:
        say("nothing_found")
    if returned:
        say("returned", path=returned)
