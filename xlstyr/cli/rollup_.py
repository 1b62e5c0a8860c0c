"""``xlstyr rollup``."""

import sys
from pathlib import Path

import click

from xlstyr.cli.nodes import checked_node
from xlstyr.cli.output import FAULTS, finding_json, json_option, put_json, round_option, say, show_findings, show_totals
from xlstyr.model.finding import Finding
from xlstyr.rounds.consolidating import Consolidated, consolidate
from xlstyr.rounds.round import Round
from xlstyr.words import word

CHANNELS = ("draft", "folder", "smtp")


@click.command("rollup", help=word("cli.help.rollup"))
@click.argument("node", metavar="NODE")
@click.option("--send", is_flag=True, help=word("cli.arguments.send_up"))
@click.option("--channel", type=click.Choice(CHANNELS), default="draft", help=word("cli.arguments.channel"))
@round_option
@json_option
def command(node: str, send: bool, channel: str, folder: Path, as_json: bool) -> None:
    """Roll up a node with everything below it."""
    run(folder, as_json, node, channel if send else None)


def run(folder: Path, as_json: bool, node: str | None, channel: str | None = None) -> None:
    """The roll-up of ``node``, the whole when None; ``channel`` is the way its letter goes upwards, None: no letter."""
    with Round(folder) as round_:
        if node is not None:
            checked_node(round_.premises.organisation, node)
        done = consolidate(round_, node)
        sent = _send(round_, done, channel) if channel is not None else None
        findings = [*done.findings, sent] if isinstance(sent, Finding) else done.findings
    if as_json:
        extra = {} if sent is None else {"sent_to": [] if isinstance(sent, Finding) else sent}
        put_json(done.as_json() | extra | {"findings": [finding_json(finding) for finding in findings]})
    else:
        show_totals(done)
        if isinstance(sent, Finding):
            show_findings([sent])
        elif sent:
            say("rollup_letter", to=", ".join(sent), path=done.path.name)
    if any(finding.severity == "fel" for finding in findings):
        sys.exit(FAULTS)


def _send(round_: Round, done: Consolidated, channel: str) -> list[str] | Finding:
    """The addresses that the letter upwards goes to; a finding when nobody above has one."""
    from xlstyr.rounds.delivering import deliver
    from xlstyr.rounds.lending import letter_upwards

    letter = letter_upwards(round_, done)
    if isinstance(letter, Finding):
        return letter
    return [address for one in deliver(round_, [letter], channel) for address in one.recipients]
