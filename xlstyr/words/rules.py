"""The catalogue of rules: one TOML each, with its prose and an example."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from xlstyr.words import Said

SEVERITIES = ("fel", "varning", "notis")


@dataclass(frozen=True, slots=True)
class Example:
    """Edits to a correct workbook that must give the rule's finding, and where."""

    workbook: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what is wrong (message), why it matters, and how to put it right (fix)."""

    code: str
    title: str
    severity: str
    blocks: str
    message: str
    why: str
    fix: str
    source: str
    example: Example
    cures: Mapping[str, str] = field(default_factory=dict)
    """Cures of their own for some causes; ``fix`` is what may help whatever the cause was."""

    def say(self, args: dict[str, str]) -> str:
        """The message with its placeholders filled."""
        return self.message.format_map(_Known(args))

    def cure(self, args: dict[str, str]) -> str:
        """The cure of the finding's ``cause``, else the rule's own, with its placeholders filled."""
        return self.cures.get(args.get("cause", ""), self.fix).format_map(_Known(args))


class _Known(dict[str, str]):
    def __getitem__(self, key: str) -> Said:
        return Said(self.get(key, "…"))


@cache
def rule(code: str) -> Rule:
    """The rule ``code``. Raises ``KeyError`` for a code that was never declared."""
    path = files("xlstyr.words") / "rules" / f"{code}.toml"
    if not path.is_file():
        raise KeyError(code)
    fields: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    return Rule(**{**fields, "code": code, "example": Example(**fields["example"])})


def codes() -> list[str]:
    """Every declared code, sorted."""
    found = (path.name.removesuffix(".toml") for path in (files("xlstyr.words") / "rules").iterdir())
    return sorted(name for name in found if name.startswith("XS"))
