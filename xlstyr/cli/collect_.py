"""``xlstyr collect``."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from xlstyr.cli.compared import compared_json, show_compared
from xlstyr.cli.echo import echo
from xlstyr.cli.output import FAULTS, finding_json, json_option, progress, put_json, round_option, say, show_findings
from xlstyr.model.finding import Finding
from xlstyr.rounds.deciding.certifying import certified_since, last_event
from xlstyr.rounds.incoming.collecting import Collected, Taken, gather
from xlstyr.rounds.incoming.post import Post
from xlstyr.rounds.incoming.standing import PassedOver, choose, passed_over
from xlstyr.rounds.round import Round
from xlstyr.words import word

NAMED = 12
STATES = ("accepted", "partly", "held", "refused")
SENDERS = ("XS035", "XS036")
CERTIFICATION = ("XS703", "XS705", "XS706")
CHECKSUM = re.compile(r"[0-9a-fA-F]{8,64}")


@click.command("collect", help=word("cli.help.collect"))
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[PATH…]")
@click.option("--imap", is_flag=True, help=word("cli.arguments.imap"))
@click.option("--use", metavar="FILE|SHA256", help=word("cli.arguments.use"))
@click.option("--why", metavar="TEXT", default="", help=word("cli.arguments.use_why"))
@click.option("--by", metavar="ADDRESS", default="", help=word("cli.arguments.use_by"))
@round_option
@json_option
def command(
    paths: tuple[Path, ...], imap: bool, use: str | None, why: str, by: str, folder: Path, as_json: bool
) -> None:
    """Take in what has come."""
    with Round(folder) as round_:
        if use is not None:
            if not why.strip():
                raise click.UsageError(word("cli.errors.use_why"))
            _choose(round_, _given(use), why, by, as_json)
            return
        before = last_event(round_)
        done = gather(round_, paths, imap=imap, progress=progress("collecting"))
        passed, names = passed_over(round_), round_.names
        certified = certified_since(round_, before)
    if as_json:
        put_json(_json(done, passed) | {"certified": [{"node": node, "by": by} for node, by in certified.items()]})
    else:
        show_collected(done, passed, names)
        _show_certified(certified, names)
    if done.failure is not None:
        raise done.failure
    if any(finding.severity == "fel" for finding in done.findings):
        sys.exit(FAULTS)


def _given(use: str) -> Path | str:
    """A file, or the beginning of a checksum."""
    path = Path(use)
    if path.is_file():
        return path
    if CHECKSUM.fullmatch(use) is None:
        raise click.UsageError(word("cli.errors.no_use", file=use))
    return use


def _choose(round_: Round, given: Path | str, why: str, by: str, as_json: bool) -> None:
    chosen = choose(round_, given, why.strip(), by.strip())
    if as_json:
        put_json({"node": chosen.node, "digest": chosen.digest})
    else:
        file = given if isinstance(given, str) else given.name
        say("chosen", node=round_.names.get(chosen.node, chosen.node), file=file)


def _json(done: Collected, passed: PassedOver) -> dict[str, object]:
    return {
        "files": [_file_json(taken, passed) for taken in done.files],
        "messages": [_post_json(post) for post in done.posts],
        "left": [finding_json(finding) | {"file": finding.place.file or None} for finding in done.left],
        "rivals": [finding_json(finding) for finding in done.rivals],
        "untouched": done.untouched,
    }


def _file_json(taken: Taken, passed: PassedOver) -> dict[str, object]:
    examined, delivery = taken.examined, taken.delivery
    return {
        "file": examined.name,
        "node": examined.node,
        "status": taken.outcome,
        "superseded": examined.sha256 in passed.replaced,
        "locked_out": examined.sha256 in passed.locked_out,
        "sha256": examined.sha256,
        "sender": delivery.sender or None,
        "message": delivery.message or None,
        "place": delivery.place or None,
        "findings": [finding_json(finding) for finding in examined.findings],
        "compared": compared_json(taken.compared),
    }


def _post_json(post: Post) -> dict[str, object]:
    mail = post.received
    return {
        "message": mail.sha256,
        "file": post.name or None,
        "message_id": mail.message_id or None,
        "channel": mail.channel,
        "kind": mail.kind,
        "sender": mail.sender or None,
        "subject": mail.subject,
        "sent": mail.sent.isoformat() if mail.sent else None,
        "node": post.node or None,
        "known": post.known,
        "files": post.files,
        "findings": [finding_json(finding) for finding in post.findings],
    }


def show_collected(done: Collected, passed: PassedOver, names: Mapping[str, str]) -> None:
    """What came, what became of it, and everything that somebody has to see to; ``names`` are those of nodes."""
    show_taken(done.files, names)
    new = [taken.examined.sha256 for taken in done.files if not taken.duplicate]
    for key, files in (("superseded", passed.replaced), ("locked_out", passed.locked_out)):
        if count := sum(file in files for file in new):
            say(key, count=count)
    for finding in done.rivals:
        say("rivals", node=names.get(finding.place.node, finding.place.node))
        show_findings([finding])
    if done.posts:
        kinds = Counter(post.received.kind for post in done.posts if not post.known)
        told = [word("cli.said.kind_count", count=n, kind=word(f"post.kind.{kind}")) for kind, n in kinds.items()]
        known = sum(post.known for post in done.posts)
        say("messages" if told else "messages_none", new=kinds.total(), kinds=", ".join(told), known=known)
    for post in done.posts:
        if post.findings:
            say("message", sender=post.received.sender or word("post.said.nobody"), subject=post.received.subject)
            show_findings(post.findings)
    _show_left(done.left)
    if done.untouched:
        say("untouched", count=done.untouched)


def _show_certified(certified: Mapping[str, str], names: Mapping[str, str]) -> None:
    """The nodes that were certified by who sent their answer, or had a copy of it."""
    if not certified:
        return
    told = [word("cli.said.certified_one", node=names.get(node, node), by=by) for node, by in certified.items()]
    more = word("cli.said.and_more", count=len(told) - NAMED) if len(told) > NAMED else ""
    echo(word("cli.said.certified_alone", names=", ".join(told[:NAMED]) + more))


def _show_left(left: Sequence[Finding]) -> None:
    for finding in left:
        say("left", file=finding.place.file or word("post.said.on_server"))
        show_findings([finding])


def show_taken(taken: Sequence[Taken], names: Mapping[str, str]) -> None:
    """How many files came in, and every finding that stops something or says who sent it."""
    new = [item for item in taken if not item.duplicate]
    counted = Counter(item.outcome for item in new)
    states = {state: counted[state] for state in STATES}
    say("taken", new=len(new), duplicate=len(taken) - len(new), **states)
    if counted["quarantined"]:
        say("quarantined", count=counted["quarantined"])
    for item in taken:
        told = _told(item.examined.findings)
        if told:
            node = item.examined.node or ""
            name, state = names.get(node, node) or word("cli.said.no_node"), word(f"cli.state.{item.outcome}")
            say("checked", file=item.examined.name, node=name, status=state)
            show_findings(told)
        show_compared(item.compared, names)


def _told(findings: Iterable[Finding]) -> list[Finding]:
    """What the one who collects must see to: faults, who sent what, and certification. The rest goes to the sender."""
    return [one for one in findings if one.severity == "fel" or one.code in (*SENDERS, *CERTIFICATION)]
