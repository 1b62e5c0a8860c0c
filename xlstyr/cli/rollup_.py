"""``xlstyr rollup``."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.nodes import checked_node
from xlstyr.cli.output import (
    FAULTS,
    SEVERITIES,
    finding_json,
    json_option,
    put_json,
    round_option,
    say,
    show_findings,
    show_totals,
)
from xlstyr.model.finding import Finding
from xlstyr.rounds.following.consolidating import Consolidated, consolidate
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.round import Round
from xlstyr.words import word

CHANNELS = ("draft", "folder", "smtp")
SHOWN = 10


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
        letters, unsent = _send(round_, done, channel) if channel is not None else ([], [])
        outbox, names = round_.folder_of("outbox"), round_.names
    findings = [*done.findings, *unsent]
    empty = channel is not None and not (letters or unsent)
    if as_json:
        extra = {"sent_to": [address for one in letters for address in one.recipients]} if channel is not None else {}
        put_json(done.as_json() | extra | {"findings": [finding_json(finding) for finding in findings]})
    else:
        show_totals(done)
        _show_worst(done, names, f"xlstyr rollup {node}" if node is not None else "xlstyr consolidate")
        for one in letters:
            _show_letter(one, done, outbox)
        show_findings(unsent)
        if empty:
            say("rollup_none")
    if empty or any(finding.severity == "fel" for finding in findings):
        sys.exit(FAULTS)


def _show_worst(done: Consolidated, names: Mapping[str, str], again: str) -> None:
    """The fel and varningar, the worst first, with node and place; ``again`` is the command that gives them all."""
    told = [finding for finding in done.findings if finding.severity != "notis"]
    for finding in sorted(told, key=lambda one: SEVERITIES.index(one.severity))[:SHOWN]:
        place = finding.place
        where = " ".join(part for part in (names.get(place.node, place.node), place.sheet, place.cell) if part)
        args = {"severity": finding.severity, "code": finding.code, "place": where}
        echo(word("cli.said.finding", message=finding.message, fix=finding.fix, **args))
    if len(told) > SHOWN:
        say("findings_more", count=len(told) - SHOWN, command=again)
    if told:
        say("findings_where")


def _show_letter(letter: Letter, done: Consolidated, outbox: Path) -> None:
    if letter.status in ("draft", "laid", "sent"):
        say(f"rollup_{letter.status}", to=", ".join(letter.recipients), folder=outbox, path=done.path.name)


def _send(round_: Round, done: Consolidated, channel: str) -> tuple[list[Letter], list[Finding]]:
    """The letter upwards, and what hindered it; neither when nothing in the roll-up counts."""
    from xlstyr.rounds.following.lending import letter_upwards
    from xlstyr.rounds.outgoing.delivering import deliver, troubles

    if not any("money" in said.parts for said in done.scope.contributions.values()):
        return [], []
    letter = letter_upwards(round_, done)
    if isinstance(letter, Finding):
        return [], [letter]
    letters = deliver(round_, [letter], channel)
    return letters, troubles(letters)
