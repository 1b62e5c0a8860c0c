"""Every word that people meet, in Swedish, as data beside this small loader."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


class Said(str):
    """What fills a placeholder. ``{count:rad|rader}`` says how many of what: 1 rad, 2 rader, 6 924 rader."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        one, counted, many = spec.partition("|")
        if not counted:
            return format(str(self), spec)
        grouped = f"{int(self):,}".replace(",", "\u00a0") if self.isdecimal() else str(self)
        return f"{grouped} {one if self == '1' else many}"


@cache
def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((files("xlstyr.words") / f"{name}.toml").read_text("utf-8"))


def word(path: str, /, **args: object) -> str:
    """The text at ``path`` (``"file.section.key"``), its placeholders filled from ``args``.

    Raises ``KeyError`` when there is no such text: a bug, seen by the tests.
    """
    name, *keys = path.split(".")
    place: Any = _load(name)
    for key in keys:
        place = place[key]
    return str(place).format(**{name: _said(value) for name, value in args.items()}) if args else str(place)


def words(path: str) -> dict[str, Any]:
    """The table of texts at ``path``."""
    name, *keys = path.split(".")
    place: Any = _load(name)
    for key in keys:
        place = place[key]
    return dict(place)


def _said(value: object) -> object:
    return Said(value) if isinstance(value, int | str) else value
