"""``xlstyr generate``."""

from pathlib import Path

import click

from xlstyr.cli.output import json_option, progress, put_json, round_option, say, show_findings
from xlstyr.rounds.outgoing.issuing import Issued, issue_workbooks
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("generate", help=word("cli.help.generate"))
@round_option
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Draw the workbooks."""
    with Round(folder) as round_:
        issued = issue_workbooks(round_, progress("generating"))
        if as_json:
            put_json({"workbooks": [_json(item) for item in issued]})
            return
        if round_.control_findings:
            say("control_head", count=len(round_.control_findings))
            show_findings(round_.control_findings)
        show_issued(issued)


def _json(item: Issued) -> dict[str, object]:
    return {"node": item.node, "issue": item.issue, "status": item.status, "file": str(item.path)}


def show_issued(issued: list[Issued]) -> None:
    """How many were drawn, and by name those that were issued again."""
    statuses = [item.status for item in issued]
    say("issued", **{status: statuses.count(status) for status in ("new", "reissued", "restored", "unchanged")})
    for item in issued:
        if item.status == "reissued":
            say("reissued_one", name=item.name, issue=item.issue)
    if "reissued" in statuses:
        say("issued_send")
