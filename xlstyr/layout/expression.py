"""The closed formula language: one text, read by Python's ``ast``, with two back ends.

``[column]`` is a cell of the same row, ``[block.column]`` a column of a table or a field of a form.
Operators ``+ - * /``, comparisons, ``and or not``, ``a if c else b``, f-strings (``{n:,}``: whole, thousands apart),
``blank`` and the functions of ``FUNCTIONS``. Blank rule: an arithmetic expression whose operands are all blank is
blank; otherwise a blank counts as nothing. Anything divided by zero is 0. Amounts are kr in both back ends whatever the
cell's unit.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from xlstyr.layout.definition import Form, Table, Workbook
from xlstyr.model.errors import DefinitionError

FUNCTIONS = {
    "total": 1,
    "total_if": None,
    "count": 1,
    "count_if": None,
    "missing": 1,
    "present": 1,
    "abs": 1,
    "min": 2,
    "max": 2,
    "round": None,
    "lookup": 2,
    "span_total": 3,
    "span_count": 3,
}
GUARD = 6
"""Decimals kept before rounding: spreadsheets count in binary, where 72.5 may stand as 72.49999999."""
APART = "\u00a0"
"""What stands between thousands in a text."""
AGGREGATES = ("total", "total_if", "count", "count_if", "span_total", "span_count")
_NODES = (
    ast.Expression,
    ast.List,
    ast.Load,
    ast.Name,
    ast.Attribute,
    ast.Constant,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.IfExp,
    ast.Call,
    ast.JoinedStr,
    ast.FormattedValue,
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.Not, ast.And, ast.Or),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference: ``block`` is None for a column of the same row."""

    block: str | None
    key: str


@cache
def parse(text: str) -> ast.expr:
    """The syntax tree of ``text``. Raises ``DefinitionError`` on anything outside the language."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise DefinitionError(f"{text!r}: {error.msg}") from error
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise DefinitionError(f"{text!r}: {type(node).__name__}")
        if isinstance(node, ast.Call):
            _check_call(node, text)
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None and not is_grouped(node):
            raise DefinitionError(f"{text!r}: {ast.unparse(node.format_spec)}")
        if isinstance(node, ast.List):
            reference(node)
    return tree.body


def _check_call(node: ast.Call, text: str) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS or node.keywords:
        raise DefinitionError(f"{text!r}: {ast.unparse(node.func)}")
    wanted = FUNCTIONS[name]
    if wanted is not None and len(node.args) != wanted:
        raise DefinitionError(f"{text!r}: {name} takes {wanted}")


def reference(node: ast.List) -> Ref:
    """The reference that ``[…]`` makes."""
    match node.elts:
        case [ast.Name(id=key)]:
            return Ref(None, key)
        case [ast.Attribute(value=ast.Name(id=block), attr=key)]:
            return Ref(block, key)
    raise DefinitionError(f"{ast.unparse(node)}: [column], [block.column]")


def function(node: ast.Call) -> str:
    """The name of the function that is called."""
    assert isinstance(node.func, ast.Name)
    return node.func.id


def is_grouped(node: ast.FormattedValue) -> bool:
    """Whether a number in a text has its thousands apart."""
    match node.format_spec:
        case ast.JoinedStr(values=[ast.Constant(value=",")]):
            return True
    return False


def is_blank(node: ast.expr) -> bool:
    """Whether ``node`` is the word ``blank``."""
    return isinstance(node, ast.Name) and node.id == "blank"


def references(text: str) -> Iterator[Ref]:
    """Every reference in ``text``."""
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.List):
            yield reference(node)


def column_tests(args: list[ast.expr]) -> list[tuple[Ref, ast.expr]]:
    """The pairs (column, wanted value) of ``total_if`` and ``count_if``."""
    pairs = []
    for column, wanted in zip(args[::2], args[1::2], strict=True):
        if not isinstance(column, ast.List):
            raise DefinitionError(f"{ast.unparse(column)}: [block.column]")
        pairs.append((reference(column), wanted))
    return pairs


def formulas(workbook: Workbook) -> Iterator[tuple[Form | Table, str, str]]:
    """Every (block, name, expression) of ``workbook``, totals and notes included."""
    for sheet in workbook.sheets:
        for block in sheet.answerable:
            for column in block.columns.values():
                if column.expression:
                    yield block, column.key, column.expression
                for extra in (column.note, column.tone if isinstance(column.tone, str) else ""):
                    if extra:
                        yield block, column.key, extra
            if isinstance(block, Table):
                for total in block.total:
                    for key in total.columns:
                        if key in block.columns:
                            yield block, key, total.expression.replace("{}", f"[{block.key}.{key}]")


def check_references(workbook: Workbook, known: frozenset[str], file: str) -> None:
    """Raise ``DefinitionError`` for a reference to nothing; what other workbooks have reads as blank."""
    for block, name, text in formulas(workbook):
        try:
            found = list(references(text))
        except DefinitionError as error:
            raise DefinitionError(f"{file}: {block.key}.{name}: {error}") from error
        for ref in found:
            owner = ref.block or block.key
            if workbook.column(owner, ref.key) is None and f"{owner}.{ref.key}" not in known:
                raise DefinitionError(f"{file}: {block.key}.{name}: [{owner}.{ref.key}]")
