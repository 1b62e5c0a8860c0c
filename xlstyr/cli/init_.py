"""``xlstyr init``."""

from collections.abc import Callable
from pathlib import Path

import click

from xlstyr.cli.addin_ import ENGINES
from xlstyr.cli.nodes import checked_node
from xlstyr.cli.output import json_option, put_json, say
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round
from xlstyr.words import word

MIB = 2**20


@click.command("init", help=word("cli.help.init"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--year", type=click.IntRange(2000, 2100), metavar="YYYY", help=word("cli.arguments.year"))
@click.option("--sample", metavar="NAME", help=word("cli.arguments.sample"))
@click.option("--part", metavar="NODE", help=word("cli.arguments.part"))
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help=word("cli.arguments.from"),
)
@click.option("--macro", is_flag=True, help=word("addin.help.macro"))
@click.option("--engine", type=click.Choice(ENGINES), help=word("addin.help.macro_engine"))
@json_option
def command(
    folder: Path,
    year: int | None,
    sample: str | None,
    part: str | None,
    source: Path | None,
    macro: bool,
    engine: str | None,
    as_json: bool,
) -> None:
    """Make a round, or a part of one."""
    if engine is not None and not macro:
        raise click.UsageError(word("addin.only_for_macros"))
    if part is not None and source is not None and year is None and sample is None and not macro:
        _lend(folder, part, source, as_json)
        return
    if year is None or part is not None or source is not None:
        raise click.UsageError(word("cli.errors.year_or_part"))
    path = start_round(folder, year, sample, equip=_buttons(engine) if macro else None)
    if as_json:
        put_json({"control": str(path)})
    else:
        say("started", path=path)


def _buttons(engine: str | None) -> Callable[[bytes], bytes]:
    from xlstyr.addin.building import with_buttons, with_office_buttons

    return with_office_buttons if engine == "libreoffice" else with_buttons


def _lend(folder: Path, node: str, source: Path, as_json: bool) -> None:
    from xlstyr.rounds.following.lending import lend

    with Round(source) as round_:
        checked_node(round_.premises.organisation, node)
        lent = lend(round_, folder, node)
        name = round_.names[node]
    if as_json:
        put_json({"part": node, "folder": str(folder), "issues": lent.issues, "bytes": lent.size})
    else:
        size = f"{lent.size / MIB:.1f}".replace(".", ",")
        say("lent", node=name, folder=folder, nodes=lent.nodes, issues=lent.issues, size=size)
