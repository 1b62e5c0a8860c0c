"""``xlstyr demo``."""

import sys
import time
from pathlib import Path

import click

from xlstyr.cli.collect_ import show_taken
from xlstyr.cli.generate_ import show_issued
from xlstyr.cli.output import FAULTS, finding_json, json_option, progress, put_json, say, show_totals
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.demo import in_time, lay_answers
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.resources import demo_sample
from xlstyr.rounds.round import Round
from xlstyr.rounds.start import start_round
from xlstyr.words import word


@click.command("demo", help=word("cli.help.demo"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--sample", metavar="NAME", help=word("cli.arguments.sample"))
@click.option("--year", type=click.IntRange(2000, 2100), metavar="YYYY", default=None, help=word("cli.arguments.year"))
@json_option
def command(folder: Path, sample: str | None, year: int | None, as_json: bool) -> None:
    """The whole loop on a sample."""
    started = time.monotonic()
    if folder.is_dir() and any(folder.iterdir()):
        raise XlstyrError(word("cli.errors.not_empty", folder=folder))
    sample = sample or demo_sample()
    control = start_round(folder, year, sample)
    with Round(folder) as round_:
        round_.now = in_time(round_)
        issued = issue_workbooks(round_, progress("generating"))
        count = lay_answers(round_, sample, issued, progress("typing"))
        taken = collect(round_, (), progress("collecting"))
        done, names = consolidate(round_), round_.names
    if as_json:
        put_json(done.as_json() | {"findings": [finding_json(finding) for finding in done.findings]})
    else:
        say("started", path=control)
        show_issued(issued)
        say("answers_laid", count=count, expected=len(issued))
        show_taken(taken, names)
        show_totals(done)
        say("demo_done", seconds=f"{time.monotonic() - started:.0f}", path=done.path)
    if any(finding.severity == "fel" for finding in done.findings):
        sys.exit(FAULTS)
