"""The one place where commands write: nothing that came from outside steers the terminal."""

import click

from xlstyr.model.plain import plain


def echo(text: str = "", *, err: bool = False, fg: str | None = None, bold: bool = False) -> None:
    """A line, or several, on standard out (``err``: on standard error), coloured on a terminal."""
    shown = plain(text, keep="\n\t")
    click.echo(click.style(shown, fg=fg, bold=bold) if fg or bold else shown, err=err)
