"""The Python back end of the expression language: the values that the formulas shall show.

Same readings as ``formula``: every numeric expression is a pair (number, known), where a blank operand counts
as nothing and ``known`` says whether any operand was known.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from xlstyr.layout import expression as ex
from xlstyr.layout.content import Content, RowContent, Value
from xlstyr.layout.definition import Column, Form, Table, Workbook
from xlstyr.layout.lists import Choices, Lists
from xlstyr.model.errors import DefinitionError
from xlstyr.model.money import half_away

Number = int | Decimal
Pair = tuple[Number, bool]
NUMERIC = (int, Decimal)


class Computed:
    """The values of a workbook, formula cells computed when first asked for.

    ``forms`` and ``tables`` hold typed values by block; formula cells need not be there.
    """

    def __init__(
        self,
        workbook: Workbook,
        lists: Lists,
        forms: Mapping[str, Mapping[str, Value]],
        tables: Mapping[str, Iterable[RowContent]],
    ) -> None:
        self.workbook = workbook
        self.lists = lists
        self.rows: dict[str, list[ComputedRow]] = {}
        for table in workbook.tables.values():
            rows = tables.get(table.key, ())
            self.rows[table.key] = [ComputedRow(self, table, row.values, row.id, row.variant) for row in rows]
        self.forms = {
            form.key: ComputedRow(self, form, forms.get(form.key, {}), "", "normal") for form in workbook.forms.values()
        }
        self._columns: dict[tuple[str, str], list[Value]] = {}
        self._indexes: dict[tuple[str, ...], dict[tuple[Value, ...], list[int]]] = {}
        self._any_text: dict[tuple[str, str], frozenset[int] | None] = {}

    @classmethod
    def of(cls, workbook: Workbook, lists: Lists, content: Content) -> "Computed":
        """The values of ``content`` drawn as ``workbook``."""
        return cls(workbook, lists, content.forms, content.tables)

    def column(self, table: str, key: str) -> list[Value]:
        """The values of a whole column, top down (section rows are blank)."""
        name = (table, key)
        if name not in self._columns:
            self._columns[name] = [row[key] for row in self.rows.get(table, ())]
        return self._columns[name]

    def matching(self, tests: list[tuple[ex.Ref, Value]]) -> list[int]:
        """The positions of the rows that meet every test; ``"*"`` is met by any text."""
        active = [(ref, wanted) for ref, wanted in tests if wanted != "*"]
        texts = [self._texts(ref) for ref, wanted in tests if wanted == "*"]
        places = self._meeting(active) if active else range(len(self.rows.get(tests[0][0].block or "", ())))
        return [place for place in places if all(text is None or place in text for text in texts)]

    def _texts(self, ref: ex.Ref) -> frozenset[int] | None:
        """The positions where a column holds text; None when it does everywhere."""
        name = (f"{ref.block}.{ref.key}", "*")
        if name not in self._any_text:
            column = self.column(ref.block or "", ref.key)
            found = frozenset(place for place, value in enumerate(column) if isinstance(value, str) and value)
            self._any_text[name] = None if len(found) == len(column) else found
        return self._any_text[name]

    def _meeting(self, active: list[tuple[ex.Ref, Value]]) -> list[int]:
        names = tuple(f"{ref.block}.{ref.key}" for ref, _ in active)
        if names not in self._indexes:
            columns = [self._folded(ref) for ref, _ in active]
            index: dict[tuple[Value, ...], list[int]] = {}
            for place, values in enumerate(zip(*columns, strict=True)):
                index.setdefault(values, []).append(place)
            self._indexes[names] = index
        return self._indexes[names].get(tuple(_fold(wanted) for _, wanted in active), [])

    def _folded(self, ref: ex.Ref) -> list[Value]:
        column = self.workbook.column(ref.block or "", ref.key)
        return [_fold(_shown(value, column)) for value in self.column(ref.block or "", ref.key)]

    def total_of(self, table: str, expression: str) -> Value:
        """The value of a total above ``table``."""
        return evaluator(expression)(ComputedRow(self, self.workbook.tables[table], {}, "", "sum"))

    def choices(self, column: Column) -> Choices | None:
        """The list that ``column`` refers to; a list over a table of this workbook is made on the spot."""
        return choices_for(
            column, self.lists, lambda table, key: zip(self._ids(table), self.column(table, key), strict=True)
        )

    def _ids(self, table: str) -> list[str]:
        return [row.id for row in self.rows.get(table, ())]


def choices_for(
    column: Column, lists: Lists, pairs: Callable[[str, str], Iterable[tuple[str, Value]]]
) -> Choices | None:
    """The list of a reference; ``pairs`` gives (row id, value) of a table's column.

    ``[table.column]`` shows a row of this workbook by its text; ``=table.column`` holds the value itself,
    which has no list of its own (None).
    """
    if column.kind != "reference" or not column.to:
        return None
    if column.to.startswith("="):
        return None
    if not column.to.startswith("["):
        return lists.get(column.to)
    table, key = column.to.strip("[]").split(".")
    return Choices.of((row_id, str(value)) for row_id, value in pairs(table, key) if row_id and value)


class ComputedRow(Mapping[str, Value]):
    """One row (or form) whose formula cells are computed when asked for."""

    __slots__ = ("_busy", "block", "book", "id", "typed", "variant")

    def __init__(
        self, book: Computed, block: Table | Form, values: Mapping[str, Value], row_id: str, variant: str
    ) -> None:
        self.book = book
        self.block = block
        self.id = row_id
        self.variant = variant
        self.typed: dict[str, Value] = dict(values)
        self._busy: set[str] = set()

    def __getitem__(self, key: str) -> Value:
        if key in self.typed:
            return self.typed[key]
        column = self.block.columns.get(key)
        if column is None or column.expression is None or self.variant == "section":
            return None
        if key in self._busy:
            raise DefinitionError(f"{self.block.key}.{key}")
        self._busy.add(key)
        value = evaluator(column.expression)(self)
        if column.unit is not None and isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)
        self.typed[key] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.block.columns)

    def __len__(self) -> int:
        return len(self.block.columns)

    def at(self, ref: ex.Ref) -> Value:
        """The value that ``ref`` means, seen from this row, as the sheet shows it (choices by label)."""
        if ref.block is None:
            return _shown(self[ref.key], self.block.columns.get(ref.key))
        form = self.book.forms.get(ref.block)
        return _shown(form[ref.key], form.block.columns.get(ref.key)) if form is not None else None


def _shown(value: Value, column: Column | None) -> Value:
    if column is not None and column.kind == "choice" and isinstance(value, str):
        return column.choices.get(value, value)
    return value


def _fold(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


@cache
def evaluator(text: str) -> Callable[[ComputedRow], Value]:
    """A function that computes expression ``text`` for a row."""
    return _top(ex.parse(text))


def _top(node: ast.expr) -> Callable[[ComputedRow], Value]:
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
            return lambda row: row.at(ref)
    if _is_text(node):
        return _text(node)
    pair = _pair(node)
    has_operands = any(isinstance(part, ast.List | ast.Call) or ex.is_blank(part) for part in _expressions(node))

    def value(row: ComputedRow) -> Value:
        number, known = pair(row)
        return number if known or not has_operands else None

    return value


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


def _text(node: ast.expr) -> Callable[[ComputedRow], Value]:
    match node:
        case ast.Constant(value=str() as text):
            return lambda _row: text
        case ast.JoinedStr(values=parts):
            functions = [_text(part) for part in parts]
            return lambda row: "".join(str(function(row)) for function in functions)
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


def _as_text(row: ComputedRow, ref: ex.Ref) -> str:
    """A cell inside an f-string: a blank number reads as 0, a blank text as nothing, as in Excel."""
    value = row.at(ref)
    if value is not None:
        return str(value)
    owner = ref.block or row.block.key
    column = row.book.workbook.column(owner, ref.key)
    return "" if column is None or column.is_text else "0"


def _lookup(ref: ex.Ref, attribute: str) -> Callable[[ComputedRow], Value]:
    def value(row: ComputedRow) -> Value:
        column = row.block.columns.get(ref.key)
        choices = row.book.lists.get(column.to) if column is not None and column.to else None
        code = row.at(ref)
        return choices.attribute(attribute, str(code)) if choices and code is not None else None

    return value


def _test(node: ast.expr) -> Callable[[ComputedRow], bool]:
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
            return lambda row: _is_missing(row.at(ref)) == wanted
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _comparison(left, op, right)
    raise DefinitionError(f"test: {ast.unparse(node)}")


def _is_missing(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> Callable[[ComputedRow], bool]:
    compare: Callable[[Any, Any], bool] = {
        ast.Eq: lambda a, b: a == b,
        ast.NotEq: lambda a, b: a != b,
        ast.Lt: lambda a, b: a < b,
        ast.LtE: lambda a, b: a <= b,
        ast.Gt: lambda a, b: a > b,
        ast.GtE: lambda a, b: a >= b,
    }[type(op)]
    if _is_text(left) or _is_text(right):
        texts = _top(left), _top(right)
        return lambda row: compare(*(_fold("" if (v := text(row)) is None else v) for text in texts))
    pairs = _pair(left), _pair(right)
    return lambda row: compare(pairs[0](row)[0], pairs[1](row)[0])


def _pair(node: ast.expr) -> Callable[[ComputedRow], Pair]:
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

            def chosen(row: ComputedRow) -> Pair:
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
    left: Callable[[ComputedRow], Pair], op: ast.operator, right: Callable[[ComputedRow], Pair]
) -> Callable[[ComputedRow], Pair]:
    def value(row: ComputedRow) -> Pair:
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


def _call(node: ast.Call) -> Callable[[ComputedRow], Pair]:
    name, args = ex.function(node), node.args
    if name in ex.AGGREGATES:
        return _aggregate(name, args)
    pairs = [_pair(arg) for arg in args]
    if name == "round":
        return _rounded(pairs)
    functions: dict[str, Callable[..., Number]] = {"abs": abs, "min": min, "max": max}
    function = functions[name]

    def value(row: ComputedRow) -> Pair:
        found = [pair(row) for pair in pairs]
        return function(*(number for number, _ in found)), any(known for _, known in found)

    return value


def _rounded(pairs: list[Callable[[ComputedRow], Pair]]) -> Callable[[ComputedRow], Pair]:
    """Half away from zero, after the same guard as in the sheet, so that both always agree."""

    def value(row: ComputedRow) -> Pair:
        number, known = pairs[0](row)
        digits = int(pairs[1](row)[0]) if len(pairs) > 1 else 0
        return half_away(half_away(number, digits + ex.GUARD), digits), known

    return value


def _aggregate(name: str, args: list[ast.expr]) -> Callable[[ComputedRow], Pair]:
    if name.startswith("span_"):
        return _span(name, [ex.reference(arg) for arg in args if isinstance(arg, ast.List)])
    assert isinstance(args[0], ast.List)
    ref = ex.reference(args[0])
    if name in ("total", "count"):
        return _whole(name, ref)
    tests = [(column, _top(wanted)) for column, wanted in ex.column_tests(args if name == "count_if" else args[1:])]

    def value(row: ComputedRow) -> Pair:
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


def _whole(name: str, ref: ex.Ref) -> Callable[[ComputedRow], Pair]:
    def value(row: ComputedRow) -> Pair:
        column = row.book.column(ref.block or "", ref.key)
        if name == "count":
            return sum(not _is_missing(v) for v in column), True
        numbers = [v for v in column if isinstance(v, NUMERIC)]
        return sum(numbers), bool(numbers)

    return value


def _span(name: str, refs: list[ex.Ref]) -> Callable[[ComputedRow], Pair]:
    target, first, last = refs

    def value(row: ComputedRow) -> Pair:
        start, stop = row[first.key], row[last.key]
        assert isinstance(start, int) and isinstance(stop, int)
        column = row.book.column(target.block or "", target.key)[start - 1 : stop]
        numbers = [v for v in column if isinstance(v, NUMERIC)]
        return (len(numbers), True) if name == "span_count" else (sum(numbers), bool(numbers))

    return value
