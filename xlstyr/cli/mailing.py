"""What commands that write letters have in common: their options, and what they say of the letters."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from xlstyr.cli.output import say
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.outgoing.delivering import CHANNELS
from xlstyr.rounds.outgoing.letters import Outgoing, nodes_of, plain_key
from xlstyr.rounds.outgoing.sending import LEVELS
from xlstyr.words import word

PLANNED = "planned"
NAMED = 40

channel_option = click.option(
    "--channel", type=click.Choice(CHANNELS), default=CHANNELS[0], help=word("cli.arguments.channel")
)
to_option = click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=word("cli.arguments.to"),
)
dry_option = click.option("--dry-run", "dry", is_flag=True, help=word("cli.arguments.dry_run"))
node_option = click.option("--node", metavar="NODE", help=word("cli.arguments.mail_node"))
level_option = click.option("--level", type=click.Choice(LEVELS), default=None, help=word("cli.arguments.level"))


def planned_json(one: Outgoing) -> dict[str, object]:
    """A letter that would be written."""
    return {
        "reference": plain_key(one.key),
        "kind": one.kind,
        "nodes": list(one.nodes),
        "to": list(one.to),
        "cc": list(one.copies),
        "subject": one.subject,
        "attachments": [str(path) for path in one.files],
        "status": PLANNED,
    }


def letter_json(letter: Letter) -> dict[str, object]:
    """A letter that was written."""
    return {
        "reference": plain_key(letter.reference),
        "kind": letter.kind,
        "nodes": list(nodes_of(letter)),
        "to": list(letter.recipients),
        "cc": list(letter.copies),
        "subject": letter.subject,
        "file": letter.file or None,
        "status": letter.status,
        "detail": letter.detail or None,
    }


def show_planned(letters: Sequence[Outgoing]) -> None:
    """Every letter that would be written, and what would be in it."""
    say("mail_planned", count=len(letters))
    for one in letters:
        copies = word("cli.said.mail_copies", copies=", ".join(one.copies)) if one.copies else ""
        say("mail_to", to=(", ".join(one.to) or word("cli.said.mail_nobody")) + copies)
        say("mail_subject", subject=one.subject)
        for path in one.files:
            say("mail_file", file=path.name)


def show_letters(letters: Sequence[Letter], folder: Path, prefix: str = "mail") -> None:
    """How many letters there are of each status, and what that means for whoever sends.

    ``prefix`` is that of the texts about drafts and folders: ``mail`` for workbooks that count as sent, else ``back``.
    """
    for status, count in Counter(letter.status for letter in letters).items():
        say(f"{prefix if status in ('draft', 'laid') else 'mail'}_{status}", count=count, folder=folder)
