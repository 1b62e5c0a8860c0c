"""Every word that people meet, in Swedish, as data beside this small loader."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


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
    return str(place).format(**args) if args else str(place)


def words(path: str) -> dict[str, Any]:
    """The table of texts at ``path``."""
    name, *keys = path.split(".")
    place: Any = _load(name)
    for key in keys:
        place = place[key]
    return dict(place)
