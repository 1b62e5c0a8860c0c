"""``xlstyr dispose``."""

import getpass
from pathlib import Path

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.output import json_option, put_json, round_option
from xlstyr.rounds.incoming.quarantine import Sealed
from xlstyr.rounds.records.disposing import Decision, Disposed, chosen, dispose, listed
from xlstyr.rounds.records.retention import FILE, Due
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("dispose", help=word("cli.help.dispose"))
@click.argument("sums", nargs=-1, metavar="[SHA256…]")
@click.option("--due", "all_due", is_flag=True, help=word("cli.arguments.due"))
@click.option("--why", default="", help=word("cli.arguments.dispose_why"))
@click.option("--by", default="", help=word("cli.arguments.dispose_by"))
@click.option("--dry-run", is_flag=True, help=word("cli.arguments.dry_run"))
@round_option
@json_option
def command(
    sums: tuple[str, ...], all_due: bool, why: str, by: str, dry_run: bool, folder: Path, as_json: bool
) -> None:
    """Dispose of what lies in quarantine or is due; without arguments, list it."""
    deciding = bool(sums) or all_due
    if deciding and not why.strip() and not dry_run:
        raise click.UsageError(word("archive.errors.why"))
    if why and not deciding:
        raise click.UsageError(word("archive.errors.nothing"))
    with Round(folder) as round_:
        done = chosen(round_, sums, all_due=all_due) if deciding else []
        if not dry_run:
            dispose(round_, done, Decision(why.strip(), by or getpass.getuser()))
        sealed, due = listed(round_)
    if as_json:
        put_json(_json(round_, done, sealed, due))
        return
    for one in done:
        _say("would" if dry_run else "disposed", path=one.path.relative_to(round_.folder))
        for copy in one.copies:
            _say("copies", path=copy.relative_to(round_.folder))
    if all_due and not done:
        _say("none_due", file=FILE)
    if not deciding:
        _show(round_, sealed, due)
    if any(one.rule == "quarantine" for one in done) or (sealed and not deciding):
        _say("elsewhere")


def _show(round_: Round, sealed: list[Sealed], due: list[Due]) -> None:
    _say("quarantine" if sealed else "quarantine_none", count=len(sealed))
    for one in sealed:
        node, kind = one.node or word("cli.said.no_node"), word(f"archive.said.{one.kind}")
        at = f"{one.at.astimezone():%Y-%m-%d %H:%M}"
        _say("sealed", sha256=one.sha256[:12], at=at, node=node, kind=kind, code=one.code, size=one.size)
    _say("due" if due else "due_none", count=len(due), file=FILE)
    for item in due:
        path = item.record.path.relative_to(round_.folder)
        _say("due_one", path=path, name=item.rule.name, keep=item.rule.keep, since=item.until)


def _json(round_: Round, done: list[Disposed], sealed: list[Sealed], due: list[Due]) -> dict[str, object]:
    return {
        "disposed": [
            {
                "path": one.path.relative_to(round_.folder).as_posix(),
                "sha256": one.sha256,
                "rule": one.rule,
                "copies": [copy.relative_to(round_.folder).as_posix() for copy in one.copies],
            }
            for one in done
        ],
        "quarantine": [
            {
                "sha256": one.sha256,
                "kind": one.kind,
                "code": one.code,
                "node": one.node or None,
                "received": one.at.isoformat(),
                "size": one.size,
            }
            for one in sealed
        ],
        "due": [
            {
                "path": item.record.path.relative_to(round_.folder).as_posix(),
                "kind": item.record.kind,
                "keep": item.rule.keep,
                "since": item.until.isoformat(),
            }
            for item in due
        ],
    }


def _say(key: str, **args: object) -> None:
    echo(word(f"archive.said.{key}", **args))
