"""``xlstyr return``."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from xlstyr.cli.mailing import show_letters
from xlstyr.cli.nodes import checked_node
from xlstyr.cli.output import FAULTS, finding_json, json_option, progress, put_json, round_option, say, show_findings
from xlstyr.rounds.following.replying import Return, Waiting, laid, plan_returns
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.outgoing.commenting import comment
from xlstyr.rounds.outgoing.delivering import deliver, troubles
from xlstyr.rounds.round import Round
from xlstyr.words import word

CHANNELS = ("draft", "folder", "smtp")


@click.command("return", help=word("cli.help.return"))
@click.argument("nodes", nargs=-1, metavar="[NODE…]")
@click.option("--comment", "text", metavar="TEXT", default="", help=word("cli.arguments.comment"))
@click.option("--channel", type=click.Choice(CHANNELS), default="draft", help=word("cli.arguments.channel"))
@click.option("--dry-run", "dry", is_flag=True, help=word("cli.arguments.dry_run"))
@round_option
@json_option
def command(nodes: tuple[str, ...], text: str, channel: str, dry: bool, folder: Path, as_json: bool) -> None:
    """Return answers with their findings."""
    if text.strip() and not nodes:
        raise click.UsageError(word("cli.errors.comment_whom"))
    with Round(folder) as round_:
        for node in nodes:
            checked_node(round_.premises.organisation, node)
            if text.strip() and not dry:
                comment(round_, node, text.strip(), round_.settings.sender.address)
        planned: list[Return] = []
        waiting: list[Waiting] = []
        for found in plan_returns(round_, nodes):
            if isinstance(found, Waiting):
                waiting.append(found)
            else:
                planned.append(replace(found, data=b"") if dry else laid(round_, found))
        outgoing = [one.letter for one in planned if one.letter is not None]
        letters = [] if dry else deliver(round_, outgoing, channel, progress("returning"))
        unsent = troubles(letters)
        if as_json:
            put_json({"returns": [_json(one) for one in planned], "waiting": [_waiting(one) for one in waiting]})
        else:
            _show(round_, planned, waiting)
            if dry:
                say("mail_planned", count=len(planned))
            else:
                _show_delivered(round_, planned, letters)
            show_findings(unsent)
    if any(finding.severity == "fel" for finding in unsent):
        sys.exit(FAULTS)


def _json(one: Return) -> dict[str, object]:
    return {
        "node": one.node,
        "file": one.file,
        "sha256": one.sha256,
        "return": str(one.path) if one.path is not None else None,
        "to": list(one.letter.to) if one.letter is not None else [],
        "asks": one.asks or None,
        "findings": [finding_json(finding) for finding in one.findings],
        "comments": [remark.text for remark in one.told],
        "compared": one.compared.counts if one.compared is not None else None,
    }


def _waiting(one: Waiting) -> dict[str, str]:
    return {"node": one.node, "why": one.why}


def _show(round_: Round, planned: list[Return], waiting: list[Waiting]) -> None:
    for one in planned:
        name = one.path.name if one.path is not None else one.file
        to = ", ".join(one.letter.to) if one.letter is not None else word("cli.said.return_no_address", file=name)
        comments = word("cli.said.returned_comments", count=len(one.told)) if one.told else ""
        counts = {severity: one.count(severity) for severity in ("fel", "varning")}
        say("returned_one", node=round_.names[one.node], comments=comments, to=to, **counts)
    for left in waiting:
        say("return_skipped", node=round_.names[left.node], reason=word(f"returns.waiting.{left.why}"))
    if waiting:
        say("return_waiting", count=len(waiting))


def _show_delivered(round_: Round, planned: Sequence[Return], letters: Sequence[Letter]) -> None:
    """Where what was written lies, and whether it has left."""
    show_letters(letters, round_.folder_of("outbox"), "back")
    if silent := sum(one.letter is None and one.path is not None for one in planned):
        say("return_laid", count=silent)
    if not planned:
        say("return_none")
