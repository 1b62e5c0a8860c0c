"""The Python back end of the expression language: compiled once per expression, then called for each row.

Same readings as ``formula``: every numeric expression is a pair (number, known), where a blank operand counts
as nothing and ``known`` says whether any operand was known.
"""

import ast
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from xlstyr.layout import expression as ex
from xlstyr.layout.content import Unread, Value
from xlstyr.model.errors import DefinitionError
from xlstyr.model.money import half_away

if TYPE_CHECKING:
    from xlstyr.layout.compute import ComputedRow

Number = int | Decimal
Pair = tuple[Number, bool]
NUMERIC = (int, Decimal)


def fold(value: Value) -> Value:
    """Text as comparisons see it: case doesn't matter, as in Excel."""
    return value.casefold() if isinstance(value, str) else value


@cache
def evaluator(text: str) -> Callable[["ComputedRow"], Value]:
    """A function that computes expression ``text`` for a row."""
    return _top(ex.parse(text))


def _top(node: ast.expr) -> Callable[["ComputedRow"], Value]:
    if ex.is_blank(node):
        return lambda _row: None
    match node:
        case ast.IfExp():
            test, body, orelse = _test(node.test), _top(node.body), _top(node.orelse)
            return lambda row: body(row) if test(row) else orelse(row)
        case ast.Compare() | ast.BoolOp():
            return _test(node)
        case ast.List():
            ref = ex.reference(node)
            return lambda row: _copied(row, ref)
    if _is_text(node):
        return _text(node)
    pair = _pair(node)
    has_operands = any(isinstance(part, ast.List | ast.Call) or ex.is_blank(part) for part in _expressions(node))

    def value(row: "ComputedRow") -> Value:
        number, known = pair(row)
        return number if known or not has_operands else None

    return value


def _copied(row: "ComputedRow", ref: ex.Ref) -> Value:
    """A cell that another one repeats: text in a number's place has no number to give."""
    value = row.at(ref)
    return None if isinstance(value, Unread) and not _holds_text(row, ref) else value


def _holds_text(row: "ComputedRow", ref: ex.Ref) -> bool:
    column = row.book.workbook.column(ref.block or row.block.key, ref.key)
    return column is None or column.is_text


def _expressions(node: ast.expr) -> Iterable[ast.expr]:
    return (part for part in ast.walk(node) if isinstance(part, ast.expr))


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.IfExp():
            return _is_text(node.body) or _is_text(node.orelse)
        case ast.Call():
            return ex.function(node) == "lookup"
    return False


def _text(node: ast.expr) -> Callable[["ComputedRow"], Value]:
    match node:
        case ast.Constant(value=str() as text):
            return lambda _row: text
        case ast.JoinedStr(values=parts):
            functions = [_text(part) for part in parts]
            return lambda row: "".join(str(function(row)) for function in functions)
        case ast.FormattedValue(value=value) if ex.is_grouped(node):
            number = _pair(value)
            return lambda row: f"{half_away(number(row)[0]):,}".replace(",", ex.APART)
        case ast.FormattedValue(value=ast.List() as value):
            ref = ex.reference(value)
            return lambda row: _as_text(row, ref)
        case ast.FormattedValue(value=value):
            if _is_text(value):
                return _text(value)
            pair = _pair(value)
            return lambda row: str(pair(row)[0])
        case ast.IfExp():
            return _top(node)
        case ast.Call(args=[ast.List() as code, ast.Constant(value=str() as attribute)]):
            return _lookup(ex.reference(code), attribute)
    raise DefinitionError(f"text: {ast.unparse(node)}")


def _as_text(row: "ComputedRow", ref: ex.Ref) -> str:
    """A cell inside an f-string: a blank number reads as 0, a blank text as nothing, as in Excel."""
    value = _copied(row, ref)
    if value is not None:
        return str(value)
    return "" if _holds_text(row, ref) else "0"


def _lookup(ref: ex.Ref, attribute: str) -> Callable[["ComputedRow"], Value]:
    def value(row: "ComputedRow") -> Value:
        column = row.block.columns.get(ref.key)
        choices = row.book.lists.get(column.to) if column is not None and column.to else None
        code = row.at(ref)
        return choices.attribute(attribute, str(code)) if choices and code is not None else None

    return value


def _test(node: ast.expr) -> Callable[["ComputedRow"], bool]:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            tests = [_test(value) for value in values]
            return lambda row: all(test(row) for test in tests)
        case ast.BoolOp(values=values):
            tests = [_test(value) for value in values]
            return lambda row: any(test(row) for test in tests)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _test(operand)
            return lambda row: not inner(row)
        case ast.Call(args=[ast.List() as operand]) if ex.function(node) in ("missing", "present"):
            ref, wanted = ex.reference(operand), ex.function(node) == "missing"
            return lambda row: is_missing(row.at(ref)) == wanted
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _comparison(left, op, right)
    raise DefinitionError(f"test: {ast.unparse(node)}")


def is_missing(value: Value) -> bool:
    """Whether a cell with ``value`` is blank (white space is nothing)."""
    return value is None or (isinstance(value, str) and not value.strip())


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> Callable[["ComputedRow"], bool]:
    compare: Callable[[Any, Any], bool] = {
        ast.Eq: lambda a, b: a == b,
        ast.NotEq: lambda a, b: a != b,
        ast.Lt: lambda a, b: a < b,
        ast.LtE: lambda a, b: a <= b,
        ast.Gt: lambda a, b: a > b,
        ast.GtE: lambda a, b: a >= b,
    }[type(op)]
    if _is_text(left) or _is_text(right):
        texts = _operand(left), _operand(right)
        return lambda row: compare(*(fold("" if (v := text(row)) is None else v) for text in texts))
    pairs = _pair(left), _pair(right)
    return lambda row: compare(pairs[0](row)[0], pairs[1](row)[0])


def _operand(node: ast.expr) -> Callable[["ComputedRow"], Value]:
    """One side of a comparison of texts: a cell may stand as it is."""
    if isinstance(node, ast.List):
        ref = ex.reference(node)
        return lambda row: row.at(ref)
    return _top(node)


def _pair(node: ast.expr) -> Callable[["ComputedRow"], Pair]:
    match node:
        case ast.Constant(value=int() | float() as constant):
            number: Number = constant if isinstance(constant, int) else Decimal(str(constant))
            return lambda _row: (number, False)
        case ast.List():
            ref = ex.reference(node)
            return lambda row: _known(row.at(ref))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(_pair(left), op, _pair(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _pair(operand)
            return lambda row: (-inner(row)[0], inner(row)[1])
        case ast.IfExp():
            test, body, orelse = _test(node.test), _pair(node.body), _pair(node.orelse)
            constant_parts = [isinstance(part, ast.Constant) for part in (node.body, node.orelse)]

            def chosen(row: "ComputedRow") -> Pair:
                holds = test(row)
                value, known = body(row) if holds else orelse(row)
                return value, known or constant_parts[0 if holds else 1]

            return chosen
        case ast.Call():
            return _call(node)
    if ex.is_blank(node):
        return lambda _row: (0, False)
    raise DefinitionError(f"number: {ast.unparse(node)}")


def _known(value: Value) -> Pair:
    if isinstance(value, NUMERIC):
        return value, True
    return 0, False


def _binary(
    left: Callable[["ComputedRow"], Pair], op: ast.operator, right: Callable[["ComputedRow"], Pair]
) -> Callable[["ComputedRow"], Pair]:
    def value(row: "ComputedRow") -> Pair:
        (a, a_known), (b, b_known) = left(row), right(row)
        known = a_known or b_known
        match op:
            case ast.Add():
                return a + b, known
            case ast.Sub():
                return a - b, known
            case ast.Mult():
                return a * b, known
        return (Decimal(a) / Decimal(b) if b else 0), known

    return value


def _call(node: ast.Call) -> Callable[["ComputedRow"], Pair]:
    name, args = ex.function(node), node.args
    if name in ex.AGGREGATES:
        return _aggregate(name, args)
    pairs = [_pair(arg) for arg in args]
    if name == "round":
        return _rounded(pairs)
    functions: dict[str, Callable[..., Number]] = {"abs": abs, "min": min, "max": max}
    function = functions[name]

    def value(row: "ComputedRow") -> Pair:
        found = [pair(row) for pair in pairs]
        return function(*(number for number, _ in found)), any(known for _, known in found)

    return value


def _rounded(pairs: list[Callable[["ComputedRow"], Pair]]) -> Callable[["ComputedRow"], Pair]:
    """Half away from zero, after the same guard as in the sheet, so that both always agree."""

    def value(row: "ComputedRow") -> Pair:
        number, known = pairs[0](row)
        digits = int(pairs[1](row)[0]) if len(pairs) > 1 else 0
        return half_away(half_away(number, digits + ex.GUARD), digits), known

    return value


def _aggregate(name: str, args: list[ast.expr]) -> Callable[["ComputedRow"], Pair]:
    if name.startswith("span_"):
        return _span(name, [ex.reference(arg) for arg in args if isinstance(arg, ast.List)])
    assert isinstance(args[0], ast.List)
    ref = ex.reference(args[0])
    if name in ("total", "count"):
        return _whole(name, ref)
    tests = [(column, _top(wanted)) for column, wanted in ex.column_tests(args if name == "count_if" else args[1:])]

    def value(row: "ComputedRow") -> Pair:
        book = row.book
        if book.workbook.column(ref.block or "", ref.key) is None:
            return 0, name == "count_if"
        wanted = [(column, found(row)) for column, found in tests]
        if any(test is None for _, test in wanted):
            return 0, name == "count_if"
        places = book.matching(wanted)
        if name == "count_if":
            return len(places), True
        column = book.column(ref.block or "", ref.key)
        return sum(v for p in places if isinstance(v := column[p], NUMERIC)), bool(places)

    return value


def _whole(name: str, ref: ex.Ref) -> Callable[["ComputedRow"], Pair]:
    def value(row: "ComputedRow") -> Pair:
        column = row.book.column(ref.block or "", ref.key)
        if name == "count":
            return sum(not is_missing(v) for v in column), True
        numbers = [v for v in column if isinstance(v, NUMERIC)]
        return sum(numbers), bool(numbers)

    return value


def _span(name: str, refs: list[ex.Ref]) -> Callable[["ComputedRow"], Pair]:
    target, first, last = refs

    def value(row: "ComputedRow") -> Pair:
        start, stop = row[first.key], row[last.key]
        assert isinstance(start, int) and isinstance(stop, int)
        column = row.book.column(target.block or "", target.key)[start - 1 : stop]
        numbers = [v for v in column if isinstance(v, NUMERIC)]
        return (len(numbers), True) if name == "span_count" else (sum(numbers), bool(numbers))

    return value
