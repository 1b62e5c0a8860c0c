"""``xlstyr archive``."""

import sys
from pathlib import Path

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.output import FAULTS, finding_json, json_option, put_json, round_option, show_findings
from xlstyr.rounds.records.archiving import Archived, archive_round
from xlstyr.rounds.records.verifying import Verified, verify_package
from xlstyr.rounds.round import Round
from xlstyr.words import word


@click.command("archive", help=word("cli.help.archive"))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE|DIR", help=word("cli.arguments.archive_out"))
@click.option(
    "--verify",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="PACKAGE",
    help=word("cli.arguments.verify"),
)
@round_option
@json_option
def command(out: Path | None, verify: Path | None, folder: Path, as_json: bool) -> None:
    """Pack a round for the archive, or look through a package."""
    if verify is not None:
        if out is not None:
            raise click.UsageError(word("archive.errors.alone"))
        verified = verify_package(verify)
        put_json(_verified_json(verified)) if as_json else _show_verified(verified)
        findings = verified.findings
    else:
        with Round(folder) as round_:
            archived = archive_round(round_, out)
        put_json(_archived_json(archived)) if as_json else _show_archived(archived)
        findings = archived.findings
    if any(finding.severity == "fel" for finding in findings):
        sys.exit(FAULTS)


def _archived_json(archived: Archived) -> dict[str, object]:
    return {
        "package": str(archived.path),
        "digest": archived.digest,
        "files": len(archived.files),
        "extracted": archived.extracted.isoformat(),
        "unchanged": archived.again,
        "findings": [finding_json(finding) for finding in archived.findings],
    }


def _verified_json(verified: Verified) -> dict[str, object]:
    return {
        "package": str(verified.path),
        "digest": verified.digest or None,
        "files": verified.files,
        "ok": not verified.findings,
        "findings": [finding_json(finding) for finding in verified.findings],
    }


def _show_archived(archived: Archived) -> None:
    size = f"{archived.path.stat().st_size:,}".replace(",", " ")
    _say("packed", path=archived.path, files=len(archived.files), size=size, digest=archived.digest)
    if archived.again:
        _say("unchanged", at=f"{archived.extracted.astimezone():%Y-%m-%d %H:%M}")
    show_findings(archived.findings)


def _show_verified(verified: Verified) -> None:
    key = "faulty" if verified.findings else "verified"
    count = len(verified.findings)
    _say(key, path=verified.path, files=verified.files, count=count, digest=verified.digest)
    show_findings(verified.findings)


def _say(key: str, **args: object) -> None:
    echo(word(f"archive.said.{key}", **args))
