"""``xlstyr addin``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.output import FAULTS, json_option, put_json
from xlstyr.words import word

if TYPE_CHECKING:
    from xlstyr.addin.deploying import Done, Status

ENGINES = ("excel", "libreoffice")
machine_option = click.option("--machine", "everyone", is_flag=True, help=word("deploy.help.machine"))
xlstart_option = click.option(
    "--xlstart",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=word("deploy.help.xlstart"),
)


@click.group("addin", help=word("cli.help.addin"))
def command() -> None:
    """The add-in for Excel."""


@command.command("build", help=word("addin.help.build"))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=".", help=word("addin.help.out"))
@click.option("--python", help=word("addin.help.python"))
@json_option
def build(out: Path, python: str | None, as_json: bool) -> None:
    """Build the add-in from the VBA text."""
    from xlstyr.addin.building import INTERPRETER, NAME, build_addin
    from xlstyr.rounds.safe import write_safely

    path = out / NAME
    write_safely(path, build_addin(python or INTERPRETER))
    if as_json:
        put_json({"addin": str(path)})
    else:
        echo(word("addin.built", path=path))


@command.command("run", help=word("addin.help.run"))
@click.argument("button", metavar="BUTTON")
@click.argument(
    "workbook",
    required=False,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="[WORKBOOK]",
)
@click.option("--engine", type=click.Choice(ENGINES), help=word("addin.help.engine"))
@click.option("--cell", metavar="SHEET!CELL", default="", help=word("addin.help.cell"))
def run(button: str, workbook: Path | None, engine: str | None, cell: str) -> None:
    """Press a button; ends with 1 when it could not do its work."""
    from xlstyr.addin.starting import press, usual_engine

    done, text = press(button, workbook, engine or usual_engine(), cell)
    if not done:
        sys.exit(FAULTS)
    echo(text or word("addin.ran"))


@command.command("open", help=word("addin.help.open"))
@click.argument("workbook", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="WORKBOOK")
def open_(workbook: Path) -> None:
    """Open a workbook in a LibreOffice where its buttons work."""
    from xlstyr.addin.starting import open_in_office

    open_in_office(workbook)
    echo(word("addin.opened", book=workbook.name))


@command.command("install", help=word("deploy.help.install"))
@machine_option
@click.option("--python", metavar="PATH", help=word("deploy.help.python"))
@xlstart_option
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help=word("deploy.help.file"),
)
@json_option
def install(everyone: bool, python: str | None, xlstart: Path | None, file: Path | None, as_json: bool) -> None:
    """Install the add-in where Excel loads it."""
    from xlstyr.addin import deploying
    from xlstyr.addin.places import Machine

    done = deploying.install(Machine.here(), everyone=everyone, python=python, xlstart=xlstart, file=file)
    _show(done, as_json=as_json)
    if not as_json and any(one.what == "addin" and one.outcome in ("new", "replaced") for one in done):
        echo(word("deploy.said.restart"))


@command.command("status", help=word("deploy.help.status"))
@xlstart_option
@json_option
def status(xlstart: Path | None, as_json: bool) -> None:
    """Where the add-in is; ends with 1 unless one copy of this version is installed and finds Python."""
    from xlstyr.addin import deploying
    from xlstyr.addin.places import Machine

    stands = deploying.status(Machine.here(), xlstart)
    if as_json:
        put_json(_status_json(stands))
    else:
        _show_status(stands)
    if not stands.current:
        sys.exit(FAULTS)


@command.command("remove", help=word("deploy.help.remove"))
@machine_option
@xlstart_option
@json_option
def remove(everyone: bool, xlstart: Path | None, as_json: bool) -> None:
    """Take the add-in away."""
    from xlstyr.addin import deploying
    from xlstyr.addin.places import Machine

    _show(deploying.remove(Machine.here(), everyone=everyone, xlstart=xlstart), as_json=as_json)


def _show(done: "Sequence[Done]", *, as_json: bool) -> None:
    if as_json:
        put_json({"files": [{"what": one.what, "path": str(one.path), "outcome": one.outcome} for one in done]})
        return
    for one in done:
        echo(word(f"deploy.outcome.{one.outcome}", what=word(f"deploy.what.{one.what}"), path=one.path))


def _show_status(stands: "Status") -> None:
    for copy in stands.installed or stands.copies[:1]:
        signed = word("deploy.said.signed") if copy.signed else ""
        owner = word(f"deploy.said.{copy.owner}")
        echo(word(f"deploy.said.{copy.state}", owner=owner, path=copy.path, signed=signed))
    if len(stands.installed) > 1:
        echo(word("deploy.outcome.double", what=word("deploy.what.addin"), path=stands.installed[0].path))
    if not stands.python:
        echo(word("deploy.said.no_python", path=stands.settings))
    elif stands.python not in stands.lost:
        echo(word("deploy.said.found", python=stands.python))
    for python in stands.lost:
        echo(word("deploy.said.lost", python=python))


def _status_json(stands: "Status") -> dict[str, object]:
    copies = [
        {
            "owner": copy.owner,
            "path": str(copy.path),
            "state": copy.state,
            "signed": copy.signed,
            "python": copy.python or None,
        }
        for copy in stands.copies
    ]
    settings = {"path": str(stands.settings), "python": stands.python or None}
    return {"current": stands.current, "copies": copies, "settings": settings, "lost": list(stands.lost)}
