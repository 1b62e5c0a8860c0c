"""``xlstyr init``."""

from pathlib import Path

import click

from xlstyr.cli.output import json_option, put_json, say
from xlstyr.rounds.start import start_round
from xlstyr.words import word


@click.command("init", help=word("cli.help.init"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--year", type=click.IntRange(2000, 2100), metavar="YYYY", required=True, help=word("cli.arguments.year"))
@click.option("--sample", metavar="NAME", help=word("cli.arguments.sample"))
@json_option
def command(folder: Path, year: int, sample: str | None, as_json: bool) -> None:
    """Make a round."""
    path = start_round(folder, year, sample)
    if as_json:
        put_json({"control": str(path)})
    else:
        say("started", path=path)
