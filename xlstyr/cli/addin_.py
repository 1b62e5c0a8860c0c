"""``xlstyr addin``."""

from pathlib import Path

import click

from xlstyr.cli.output import json_option, put_json
from xlstyr.words import word


@click.group("addin", help=word("cli.help.addin"))
def command() -> None:
    """The add-in for Excel."""


@command.command("build", help=word("addin.help.build"))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=".", help=word("addin.help.out"))
@click.option("--python", help=word("addin.help.python"))
@json_option
def build(out: Path, python: str | None, as_json: bool) -> None:
    """Build the add-in from the VBA text."""
    from xlstyr.addin.building import INTERPRETER, NAME, build_addin
    from xlstyr.rounds.safe import write_safely

    path = out / NAME
    write_safely(path, build_addin(python or INTERPRETER))
    if as_json:
        put_json({"addin": str(path)})
    else:
        click.echo(word("addin.built", path=path))
