"""Formulas as a spreadsheet program prints them: computed from the cells shown, and traced to where sums begin.

Just the functions that a rolled-up workbook is drawn with; anything else is refused rather than guessed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from xlstyr.addin.trees import Box, Node, UntraceableError, parse

Value = Fraction | str | bool | None
Cell = tuple[str, int, int]
"""(sheet, row, column), from 1."""


class Grid(Protocol):
    """The cells of a workbook."""

    def values(self, sheet: str, box: Box) -> list[list[Value]]:
        """What they show, as rows."""
        ...

    def formulas(self, sheet: str, box: Box) -> list[list[str | None]]:
        """Their formulas without the sign of equality; None for those without."""
        ...


def exact(value: object) -> Value:
    """A cell's value as it is computed with: numbers exactly as the program shows them at full length."""
    if value is None or isinstance(value, bool | str):
        return value or None if isinstance(value, str) else value
    if isinstance(value, int | Decimal):
        return Fraction(value)
    return Fraction(repr(value)) if isinstance(value, float) else str(value)


class Tracer:
    """Follows formulas over ``grid``. ``ends``: the sheet where amounts are, to which sums are followed."""

    def __init__(self, grid: Grid, ends: str) -> None:
        self.grid = grid
        self.ends = ends

    def follow(self, cell: Cell) -> dict[Cell, Fraction]:
        """The typed cells that ``cell`` is made of, and how many times each counts.

        Raises:
            UntraceableError: it is a text, a count, a quotient of sums, or nothing.
        """
        sheet, row, column = cell
        box = (row, column, row, column)
        formula, value = self.grid.formulas(sheet, box)[0][0], self.grid.values(sheet, box)[0][0]
        if not isinstance(value, Fraction):
            raise UntraceableError("blank" if value is None else "text")
        parts = {cell: Fraction(1)} if formula is None else self._parts(parse(formula, sheet))
        counted = {one: times for one, times in parts.items() if times}
        if value and not counted:
            raise UntraceableError("count")
        return counted

    def _parts(self, node: Node) -> dict[Cell, Fraction]:
        match node.kind:
            case "number" | "bool":
                return {}
            case "ref":
                return self._area_parts(*node.value)
            case "minus":
                return _scaled(self._parts(node.parts[0]), Fraction(-1))
            case "binary":
                return self._binary(node)
            case "call":
                return self._call(node)
        raise UntraceableError("text")

    def _area_parts(self, sheet: str, box: Box, rows: Iterable[int] | None = None) -> dict[Cell, Fraction]:
        """The parts of every number in an area; of some ``rows`` of it only, counted from 0."""
        top, left, _, _ = box
        values = self.grid.values(sheet, box)
        chosen = range(len(values)) if rows is None else list(rows)
        formulas = self.grid.formulas(sheet, box)
        found: dict[Cell, Fraction] = {}
        for r in chosen:
            for c, value in enumerate(values[r]):
                formula = formulas[r][c]
                if isinstance(value, Fraction):
                    cell = (sheet, top + r, left + c)
                    _add(found, {cell: Fraction(1)} if formula is None else self._parts(parse(formula, sheet)))
        return found

    def _binary(self, node: Node) -> dict[Cell, Fraction]:
        left, right = node.parts
        match node.value:
            case "+" | "-":
                return self._sum(left, right, Fraction(1 if node.value == "+" else -1))
            case "*":
                return self._product(left, right)
            case "/":
                if self._has_amounts(self._parts(right)):
                    raise UntraceableError("quotient")
                divisor = self.number(right)
                return _scaled(self._parts(left), 1 / divisor) if divisor else {}
        raise UntraceableError("text")

    def _sum(self, left: Node, right: Node, sign: Fraction) -> dict[Cell, Fraction]:
        one, other = self._parts(left), self._parts(right)
        for parts, node in ((one, left), (other, right)):
            if not parts and (one or other) and self.number(node):
                raise UntraceableError("quotient")  # a share less one: a change in percent
        found = dict(one)
        _add(found, _scaled(other, sign))
        return found

    def _product(self, left: Node, right: Node) -> dict[Cell, Fraction]:
        one, other = self._parts(left), self._parts(right)
        if self._has_amounts(one) and self._has_amounts(other):
            raise UntraceableError("quotient")
        if self._has_amounts(other) or not one:
            return _scaled(other, self.number(left))
        return _scaled(one, self.number(right))

    def _has_amounts(self, parts: Mapping[Cell, Fraction]) -> bool:
        return any(sheet == self.ends for sheet, _, _ in parts)

    def _call(self, node: Node) -> dict[Cell, Fraction]:
        args = node.parts
        match node.value:
            case "IF":
                return self._parts(args[1] if self.value(args[0]) else args[2])
            case "N" | "ROUND":
                return self._parts(args[0])
            case "SUM":
                found: dict[Cell, Fraction] = {}
                for arg in args:
                    _add(found, self._parts(arg))
                return found
            case "SUMIFS":
                sheet, box = args[0].value
                return self._area_parts(sheet, box, self._hits(args[1:]))
            case "ABS":
                return _scaled(self._parts(args[0]), Fraction(-1 if self.number(args[0]) < 0 else 1))
            case "MIN" | "MAX":
                wanted = self.number(node)
                return self._parts(next(arg for arg in args if self.number(arg) == wanted))
            case "COUNT" | "COUNTIFS" | "SUMPRODUCT":
                raise UntraceableError("count")
        raise UntraceableError("formula")

    def value(self, node: Node) -> Value:
        """What a part of a formula comes to, from what the cells show."""
        match node.kind:
            case "number" | "text" | "bool":
                shown: Value = node.value
                return shown
            case "ref":
                return self.grid.values(*node.value)[0][0]
            case "minus":
                return -self.number(node.parts[0])
            case "binary":
                return self._computed(node)
        compute = _FUNCTIONS.get(node.value)
        if compute is None:
            raise UntraceableError("formula")
        return compute(self, node.parts)

    def number(self, node: Node) -> Fraction:
        """The same as a number; what isn't one is nothing."""
        value = self.value(node)
        return value if isinstance(value, Fraction) else Fraction(int(value is True))

    def _computed(self, node: Node) -> Value:
        left, right = node.parts
        match node.value:
            case "+":
                return self.number(left) + self.number(right)
            case "-":
                return self.number(left) - self.number(right)
            case "*":
                return self.number(left) * self.number(right)
            case "/":
                divisor = self.number(right)
                return self.number(left) / divisor if divisor else Fraction(0)
            case "&":
                return "".join(_text(self.value(part)) for part in (left, right))
        return _compared(node.value, self.value(left), self.value(right))

    def _hits(self, tests: tuple[Node, ...]) -> list[int]:
        """The rows, from 0, that meet every test of a conditional sum."""
        hits: list[int] | None = None
        for area, criterion in zip(tests[::2], tests[1::2], strict=True):
            column = [row[0] for row in self.grid.values(*area.value)]
            meets = _criterion(self.value(criterion))
            hits = [r for r in (range(len(column)) if hits is None else hits) if meets(column[r])]
        return hits or []

    def flat(self, nodes: Iterable[Node]) -> Iterator[Value]:
        """Every value in areas and single parts."""
        for node in nodes:
            if node.kind == "ref":
                yield from (value for row in self.grid.values(*node.value) for value in row)
            else:
                yield self.value(node)


def _add(into: dict[Cell, Fraction], parts: Mapping[Cell, Fraction]) -> None:
    for cell, times in parts.items():
        into[cell] = into.get(cell, Fraction(0)) + times


def _scaled(parts: Mapping[Cell, Fraction], times: Fraction) -> dict[Cell, Fraction]:
    return {cell: count * times for cell, count in parts.items()}


def _text(value: Value) -> str:
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else repr(float(value))
    return "" if value is None else str(value)


def _compared(sign: str, left: Value, right: Value) -> bool:
    one, other = _alike(left, right)
    same = bool(one == other)
    if sign in ("=", "<>"):
        return same == (sign == "=")
    less = bool(one < other) if type(one) is type(other) else isinstance(one, Fraction)
    return {"<": less, ">": not less and not same, "<=": less or same, ">=": not less}[sign]


def _alike(left: Value, right: Value) -> tuple[Any, Any]:
    """Two values as a program compares them: nothing is like nothing, texts whatever their case."""
    blank = {str: "", Fraction: Fraction(0), bool: False}
    kind = type(right if left is None else left)
    pair = [blank.get(kind, "") if value is None else value for value in (left, right)]
    return tuple(value.casefold() if isinstance(value, str) else value for value in pair)  # type: ignore[return-value]


def _criterion(wanted: Value) -> Callable[[Value], bool]:
    """The test that a criterion states: the same number or text; asterisk and question mark are any characters."""
    text = _text(wanted).casefold()
    if isinstance(wanted, str) and re.search(r"[*?~]", text):
        pattern = re.sub(r"\\~(\\[*?~])|\\\*|\\\?", lambda m: m[1] or (".*" if m[0] == r"\*" else "."), re.escape(text))
        compiled = re.compile(pattern, re.DOTALL)
        return lambda value: isinstance(value, str) and compiled.fullmatch(value.casefold()) is not None
    return lambda value: value is not None and _text(value).casefold() == text


_Args = tuple[Node, ...]


def _rounded(tracer: Tracer, args: _Args) -> Value:
    power = Fraction(10) ** int(tracer.number(args[1]))
    scaled = abs(tracer.number(args[0])) * power
    whole = (scaled + Fraction(1, 2)) // 1
    return Fraction(whole) / power * (-1 if tracer.number(args[0]) < 0 else 1)


def _sum_if(tracer: Tracer, args: _Args) -> Value:
    column = [row[0] for row in tracer.grid.values(*args[0].value)]
    amounts = (column[row] for row in tracer._hits(args[1:]))  # noqa: SLF001 (a method in all but place)
    return sum((value for value in amounts if isinstance(value, Fraction)), Fraction(0))


_FUNCTIONS: dict[str, Callable[[Tracer, _Args], Value]] = {
    "IF": lambda t, a: t.value(a[1] if t.value(a[0]) else a[2]),
    "N": lambda t, a: t.number(a[0]),
    "TRIM": lambda t, a: _text(t.value(a[0])).strip(),
    "AND": lambda t, a: all(t.value(part) for part in a),
    "OR": lambda t, a: any(t.value(part) for part in a),
    "NOT": lambda t, a: not t.value(a[0]),
    "ABS": lambda t, a: abs(t.number(a[0])),
    "MIN": lambda t, a: min(t.number(part) for part in a),
    "MAX": lambda t, a: max(t.number(part) for part in a),
    "ROUND": _rounded,
    "SUM": lambda t, a: sum((v for v in t.flat(a) if isinstance(v, Fraction)), Fraction(0)),
    "COUNT": lambda t, a: Fraction(sum(isinstance(v, Fraction) for v in t.flat(a))),
    "SUMIFS": _sum_if,
    "COUNTIFS": lambda t, a: Fraction(len(t._hits(a))),  # noqa: SLF001 (a method in all but place)
}
