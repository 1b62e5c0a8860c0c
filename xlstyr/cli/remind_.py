"""``xlstyr remind``."""

from pathlib import Path

import click

from xlstyr.cli.mailing import channel_option, dry_option, level_option, node_option, to_option
from xlstyr.cli.output import json_option, round_option
from xlstyr.cli.send_ import check_scope, run
from xlstyr.rounds.following.reminding import plan_reminders
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("remind", help=word("cli.help.remind"))
@node_option
@level_option
@channel_option
@to_option
@dry_option
@round_option
@json_option
def command(
    node: str | None, level: str | None, channel: str, to: Path | None, dry: bool, folder: Path, as_json: bool
) -> None:
    """Remind those who haven't answered."""
    with Round(folder) as round_:
        check_scope(round_, node, level)
        plan = plan_reminders(round_, node, level or "all")
        run(round_, plan, channel, to, dry=dry, as_json=as_json, already="mail_not_due")
