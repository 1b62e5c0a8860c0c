"""``xlstyr send``."""

import sys
from pathlib import Path

import click

from xlstyr.cli.mailing import (
    channel_option,
    dry_option,
    letter_json,
    level_option,
    node_option,
    planned_json,
    show_letters,
    show_planned,
    to_option,
)
from xlstyr.cli.nodes import checked_node
from xlstyr.cli.output import FAULTS, finding_json, json_option, progress, put_json, round_option, say, show_findings
from xlstyr.rounds.outgoing.delivering import deliver, troubles
from xlstyr.rounds.outgoing.sending import EVERYTHING, Plan, plan_issue
from xlstyr.rounds.round import Round
from xlstyr.words import word

NO_ADDRESS = ("XS820", "XS821")


@click.command("send", help=word("cli.help.send"))
@node_option
@level_option
@channel_option
@to_option
@click.option("--again", is_flag=False, flag_value=EVERYTHING, metavar="[REF]", help=word("cli.arguments.again"))
@dry_option
@round_option
@json_option
def command(
    node: str | None,
    level: str | None,
    channel: str,
    to: Path | None,
    again: str | None,
    dry: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Send every workbook to those who fill it in."""
    with Round(folder) as round_:
        check_scope(round_, node, level)
        plan = plan_issue(round_, node, level or "own", again, folders=channel == "folder")
        run(round_, plan, channel, to, dry=dry, as_json=as_json)


def check_scope(round_: Round, node: str | None, level: str | None) -> None:
    """Raises ``click.UsageError`` for a node that isn't there, and for a level from nowhere."""
    if node is not None:
        checked_node(round_.premises.organisation, node)
    elif level is not None:
        raise click.UsageError(word("cli.errors.level_alone"))


def run(
    round_: Round,
    plan: Plan,
    channel: str,
    to: Path | None,
    *,
    dry: bool,
    as_json: bool,
    already: str = "mail_already",
) -> None:
    """Writes the letters of ``plan``, says how it went, and ends with 1 when some couldn't be sent.

    ``already`` is the text about the nodes that get none now.
    """
    to = to.absolute() if to else None
    letters = [] if dry else deliver(round_, plan.letters, channel, progress("sending"), to)
    findings = [*plan.findings, *troubles(letters)]
    if as_json:
        written = [planned_json(one) for one in plan.letters] if dry else [letter_json(one) for one in letters]
        told = {"already": plan.already, "findings": [finding_json(finding) for finding in findings]}
        put_json({"channel": channel, "letters": written, **told})
    else:
        if dry:
            show_planned(plan.letters)
        elif letters:
            show_letters(letters, to or round_.folder_of("outbox"))
        elif unreached := {finding.place.node for finding in plan.findings if finding.code in NO_ADDRESS}:
            say("mail_unreached", count=len(unreached))
        else:
            say("mail_nothing")
        if plan.already:
            say(already, count=len(plan.already))
        show_findings(findings)
    if any(finding.severity == "fel" for finding in findings):
        sys.exit(FAULTS)
