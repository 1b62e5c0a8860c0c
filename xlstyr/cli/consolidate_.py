"""``xlstyr consolidate``."""

from pathlib import Path

import click

from xlstyr.cli.output import json_option, round_option
from xlstyr.cli.rollup_ import run
from xlstyr.words import word


@click.command("consolidate", help=word("cli.help.consolidate"))
@round_option
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Roll up the whole municipality."""
    run(folder, as_json, None)
