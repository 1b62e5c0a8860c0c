"""``xlstyr explain``."""

import click

from xlstyr.cli.echo import echo
from xlstyr.cli.output import json_option, put_json
from xlstyr.model.errors import XlstyrError
from xlstyr.words import rules, word


@click.command("explain", help=word("cli.help.explain"))
@click.argument("code", metavar="CODE")
@json_option
def command(code: str, as_json: bool) -> None:
    """Explain a code."""
    try:
        rule = rules.rule(code.upper())
    except KeyError as error:
        raise XlstyrError(word("cli.errors.no_code", code=code)) from error
    if as_json:
        fields = ("code", "title", "severity", "blocks", "why", "source")
        put_json({field: getattr(rule, field) for field in fields} | {"message": rule.say({}), "fix": rule.cure({})})
        return
    echo(f"{rule.code} {rule.title} ({rule.severity})\n\n{rule.say({})}\n")
    echo(f"{word('cli.said.why')}: {rule.why}\n")
    echo(f"{word('cli.said.fix')}: {rule.cure({})}")
    if rule.source:
        echo(f"\n{word('cli.said.source')}: {rule.source}")
