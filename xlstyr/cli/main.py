"""The command ``xlstyr``. Commands are imported when they run, so that help costs next to nothing."""

import importlib
import sys

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.swedish import speak_swedish
from xlstyr.words import word

speak_swedish()

COMMANDS = (
    "init",
    "generate",
    "send",
    "remind",
    "check",
    "collect",
    "return",
    "rollup",
    "consolidate",
    "certify",
    "status",
    "archive",
    "dispose",
    "explain",
    "demo",
    "addin",
    "doctor",
)
ENVIRONMENT = 3


class _Lazy(click.Group):
    """A group whose commands live in modules of their own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"xlstyr.cli.{cmd_name}_").command
        for one in (command, *getattr(command, "commands", {}).values()):
            one.options_metavar = word("click.usage.options")
            one.short_help = one.help  # whole sentences: click would cut them
        if isinstance(command, click.Group):
            command.subcommand_metavar = word("click.usage.command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(word("click.texts.Commands")):
            formatter.write_dl([(name, word(f"cli.help.{name}")) for name in COMMANDS])


@click.group(
    cls=_Lazy,
    help=word("cli.usage"),
    options_metavar=word("click.usage.options"),
    subcommand_metavar=word("click.usage.command"),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="xlstyr", help=word("cli.version"))
def group() -> None:
    """The group of all commands."""


def main() -> None:
    """Entry point: exit codes 0 done, 1 findings of severity fel, 2 usage, 3 environment."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
    from xlstyr.model.errors import XlstyrError

    try:
        group.main(prog_name="xlstyr", standalone_mode=True)
    except XlstyrError as error:
        _report(error)
        sys.exit(ENVIRONMENT)
    except OSError as error:
        echo(f"{error.strerror or error}: {error.filename or ''}".strip(), err=True)
        sys.exit(ENVIRONMENT)


def _report(error: Exception) -> None:
    echo(str(error), err=True)
    findings = getattr(error, "findings", ())
    if findings:
        from xlstyr.cli.output import show_findings

        show_findings(findings, err=True)


if __name__ == "__main__":
    main()
