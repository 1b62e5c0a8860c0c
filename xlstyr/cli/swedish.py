"""Lets click say its own texts (usage, errors) in Swedish: it asks ``gettext``, which has no catalogue for it."""

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from xlstyr.words import words

_MODULES = (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types)


def speak_swedish() -> None:
    """Replace click's two look-up functions by ours; texts that we don't know stay as they are."""
    texts: dict[str, str] = words("click.texts")

    def plural(one: str, many: str, count: int) -> str:
        text = one if count == 1 else many
        return texts.get(text, text)

    for module in _MODULES:
        for name, function in (("_", lambda text: texts.get(text, text)), ("ngettext", plural)):
            if hasattr(module, name):
                setattr(module, name, function)
