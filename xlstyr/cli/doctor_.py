"""``xlstyr doctor``."""

import sys
from collections import Counter
from pathlib import Path

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.output import FAULTS, json_option, put_json
from xlstyr.words import word


@click.command("doctor", help=word("deploy.help.doctor"))
@click.option(
    "--round",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    metavar="DIR",
    help=word("deploy.help.doctor_round"),
)
@click.option("--net", is_flag=True, help=word("deploy.help.net"))
@json_option
def command(folder: Path | None, net: bool, as_json: bool) -> None:
    """Examine the computer and the round; ends with 1 when something stops the work."""
    from xlstyr.addin.doctor import examine
    from xlstyr.addin.places import Machine

    if folder is None and any(Path().glob(word("folders.control", year="*").removesuffix("x") + "[xm]")):
        folder = Path()
    checks = []
    for check in examine(Machine.here(), folder, net=net):
        checks.append(check)
        if not as_json:
            echo(word(f"deploy.doctor.{check.state}", text=check.text))
            if check.cure:
                echo(word("deploy.doctor.cure", cure=check.cure))
    states = Counter(check.state for check in checks)
    if as_json:
        shown = [{"key": one.key, "state": one.state, "text": one.text, "cure": one.cure or None} for one in checks]
        put_json({"stops": states["stop"], "hints": states["hint"], "checks": shown})
    else:
        worst = "stops" if states["stop"] else "hints" if states["hint"] else "fine"
        echo(word(f"deploy.doctor.{worst}", count=states["stop"] or states["hint"]))
    if states["stop"]:
        sys.exit(FAULTS)
