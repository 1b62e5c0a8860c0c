"""``xlstyr certify``."""

import sys
from datetime import datetime
from pathlib import Path

import click

from xlstyr.cli.nodes import checked_node
from xlstyr.cli.output import FAULTS, finding_json, json_option, put_json, round_option, say, show_findings
from xlstyr.rounds.deciding.certifying import Decision, certify, reopen, shown
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("certify", help=word("cli.help.certify"))
@click.argument("node", metavar="NODE")
@click.option("--by", metavar="ADDRESS", default="", help=word("cli.arguments.by"))
@click.option("--minutes", metavar="TEXT", default="", help=word("cli.arguments.minutes"))
@click.option(
    "--decided",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    default=None,
    help=word("cli.arguments.decided"),
)
@click.option("--reopen", "lift", is_flag=True, help=word("cli.arguments.reopen"))
@click.option("--why", metavar="TEXT", default="", help=word("cli.arguments.why"))
@round_option
@json_option
def command(
    node: str, by: str, minutes: str, decided: datetime | None, lift: bool, why: str, folder: Path, as_json: bool
) -> None:
    """Certify what a node has said, or lift that again."""
    if lift != bool(why.strip()):
        raise click.UsageError(word("cli.errors.reopen_why"))
    with Round(folder) as round_:
        checked_node(round_.premises.organisation, node)
        if lift:
            done = reopen(round_, node, why.strip(), by)
        else:
            done = certify(round_, node, by, minutes.strip(), decided.date() if decided is not None else None)
        if as_json:
            put_json(_json(done))
        else:
            _show(round_, done, lift)
    if any(finding.severity == "fel" for finding in done.findings):
        sys.exit(FAULTS)


def _json(done: Decision) -> dict[str, object]:
    signature = done.signature
    return {
        "node": done.node,
        "certified": signature is not None,
        "by": (signature.by or signature.role) if signature else None,
        "minutes": (signature.minutes or None) if signature else None,
        "decided": signature.decided.isoformat() if signature and signature.decided else None,
        "findings": [finding_json(finding) for finding in done.findings],
    }


def _show(round_: Round, done: Decision, lifted: bool) -> None:
    name = round_.premises.organisation[done.node].name
    if done.signature is not None:
        say("certified", node=name, by=shown(round_.premises, done.node, done.signature))
    elif lifted and not done.findings:
        say("reopened", node=name)
    show_findings(done.findings)
