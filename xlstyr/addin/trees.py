"""Formulas as a spreadsheet program prints them, as trees."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

Box = tuple[int, int, int, int]
"""(top, left, bottom, right), from 1."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"]|"")*")|(?P<ref>(?:(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?\$?[A-Z]{1,3}\$?\d+"""
    r"""(?::\$?[A-Z]{1,3}\$?\d+)?(?![\w(]))|(?P<name>[A-Z][A-Z.]*)(?=\()|(?P<bool>TRUE|FALSE)\b"""
    r"""|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<sign><>|<=|>=|[-+*/&=<>(),]))"""
)
_CELL = re.compile(r"\$?([A-Z]+)\$?(\d+)")
_LEVELS = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"))


class UntraceableError(Exception):
    """What the cell holds can't be followed; ``reason`` is a key of ``addin.untraceable``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula. ``kind``: number, text, bool, ref (``value`` is (sheet, box)), call, binary, minus."""

    kind: str
    value: Any
    parts: "tuple[Node, ...]" = ()


@lru_cache(8192)
def parse(formula: str, sheet: str) -> Node:
    """``SUM(Kub!$A$1:$A$9)`` as a tree; references without a sheet are on ``sheet``. Raises ``UntraceableError``."""
    tokens: list[tuple[str, str]] = []
    place = 0
    text = formula.strip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise UntraceableError("formula")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
    parser = _Parser(tokens, sheet)
    tree = parser.level(0)
    if parser.place != len(tokens):
        raise UntraceableError("formula")
    return tree


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], sheet: str) -> None:
        self.tokens = [*tokens, ("end", "")]
        self.sheet = sheet
        self.place = 0

    def take(self) -> tuple[str, str]:
        self.place += 1
        return self.tokens[self.place - 1]

    def accept(self, *signs: str) -> str | None:
        kind, text = self.tokens[self.place]
        if kind == "sign" and text in signs:
            self.place += 1
            return text
        return None

    def level(self, number: int) -> Node:
        if number == len(_LEVELS):
            return self.unary()
        left = self.level(number + 1)
        while sign := self.accept(*_LEVELS[number]):
            left = Node("binary", sign, (left, self.level(number + 1)))
        return left

    def unary(self) -> Node:
        if self.accept("-"):
            return Node("minus", None, (self.unary(),))
        return self.unary() if self.accept("+") else self.atom()

    def atom(self) -> Node:
        kind, text = self.take()
        match kind:
            case "text":
                return Node("text", text[1:-1].replace('""', '"'))
            case "number":
                return Node("number", Fraction(text))
            case "bool":
                return Node("bool", text == "TRUE")
            case "ref":
                return Node("ref", _area(text, self.sheet))
            case "name":
                return Node("call", text, tuple(self.arguments()))
        if (kind, text) == ("sign", "("):
            inner = self.level(0)
            if self.accept(")"):
                return inner
        raise UntraceableError("formula")

    def arguments(self) -> Iterator[Node]:
        self.take()
        if self.accept(")"):
            return
        yield self.level(0)
        while self.accept(","):
            yield self.level(0)
        if not self.accept(")"):
            raise UntraceableError("formula")


def _area(text: str, sheet: str) -> tuple[str, Box]:
    title, _, address = text.rpartition("!")
    corners = [_corner(corner) for corner in address.split(":")]
    (top, left), (bottom, right) = corners[0], corners[-1]
    return (title.strip("'").replace("''", "'") or sheet, (top, left, bottom, right))


def _corner(address: str) -> tuple[int, int]:
    found = _CELL.fullmatch(address)
    assert found is not None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column
