"""The Excel back end of the expression language: the text of a formula.

Written with functions that Excel 2016, Excel for the web and LibreOffice all know. A formula has two
readings: ``number`` (a blank counts as nothing) and ``known`` (how many operands are known); the blank rule
joins them at the top.
"""

import ast
from typing import Protocol

from xlstyr.layout import expression as ex
from xlstyr.layout.definition import Column
from xlstyr.model.errors import DefinitionError
from xlstyr.model.money import TKR

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class Addresses(Protocol):
    """Where things stand on the sheets; ``excel`` knows."""

    def cell(self, ref: ex.Ref) -> str:
        """The address of one cell."""

    def area(self, ref: ex.Ref) -> str:
        """The address of a whole column of a table."""

    def span(self, ref: ex.Ref, first: ex.Ref, last: ex.Ref) -> str:
        """The address of the part of a column between the rows that two values of the row name."""

    def column(self, ref: ex.Ref) -> Column | None:
        """The definition of what is referred to; None: not in this workbook, reads as blank."""


class ExcelText:
    """Writes expressions as formulas for one block; ``addresses`` says where things stand."""

    def __init__(self, addresses: Addresses) -> None:
        self.at = addresses

    def write(self, text: str) -> str:
        """The formula of expression ``text``, without the equals sign."""
        return self._top(ex.parse(text))

    def _top(self, node: ast.expr) -> str:
        if ex.is_blank(node):
            return '""'
        if isinstance(node, ast.IfExp):
            return f"IF({self._test(node.test)},{self._top(node.body)},{self._top(node.orelse)})"
        if self._is_text(node):
            return self._text(node)
        if isinstance(node, ast.Compare | ast.BoolOp):
            return self._test(node)
        known = self._known(node)
        number = self._number(node)
        return f'IF({known}=0,"",{number})' if known else number

    def _column(self, node: ast.List) -> Column | None:
        return self.at.column(ex.reference(node))

    def _is_text(self, node: ast.expr) -> bool:
        match node:
            case ast.JoinedStr() | ast.Constant(value=str()):
                return True
            case ast.List():
                column = self._column(node)
                return column is not None and column.is_text
            case ast.IfExp():
                return self._is_text(node.body) or self._is_text(node.orelse)
            case ast.Call():
                return ex.function(node) == "lookup"
        return False

    def _text(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=str() as text):
                return '"' + text.replace('"', '""') + '"'
            case ast.JoinedStr(values=parts):
                return "&".join(self._text(part) for part in parts)
            case ast.FormattedValue(value=value) if ex.is_grouped(node):
                # FIXED sets thousands apart as the computer does: in Sweden with this blank, elsewhere with a comma.
                return f'SUBSTITUTE(FIXED({self._number(value)},0),",","{ex.APART}")'
            case ast.FormattedValue(value=value):
                return self._text(value) if self._is_text(value) else self._number(value)
            case ast.List():
                return f'{self.at.cell(ex.reference(node))}&""'
            case ast.IfExp():
                return f"IF({self._test(node.test)},{self._text(node.body)},{self._text(node.orelse)})"
            case ast.Call(args=[ast.List() as code, ast.Constant(value=str() as attribute)]):
                return self._lookup(code, attribute)
        if ex.is_blank(node):
            return '""'
        raise DefinitionError(f"text: {ast.unparse(node)}")

    def _lookup(self, code: ast.List, attribute: str) -> str:
        column = self._column(code)
        if column is None or not column.to:
            raise DefinitionError(f"lookup: {ast.unparse(code)}")
        cell = self.at.cell(ex.reference(code))
        names = f"list_{column.to}_{attribute}", f"list_{column.to}"
        return f'IFERROR(INDEX({names[0]},MATCH({cell},{names[1]},0)),"")'

    def _test(self, node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=op, values=values):
                name = "AND" if isinstance(op, ast.And) else "OR"
                return f"{name}({','.join(self._test(value) for value in values)})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"NOT({self._test(operand)})"
            case ast.Call() if ex.function(node) in ("missing", "present"):
                return self._presence(node)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = _COMPARISONS[type(op)]
                if self._is_text(left) or self._is_text(right):
                    return f"{self._plain(left)}{sign}{self._plain(right)}"
                return f"{self._number(left)}{sign}{self._number(right)}"
        raise DefinitionError(f"test: {ast.unparse(node)}")

    def _presence(self, node: ast.Call) -> str:
        missing = ex.function(node) == "missing"
        (operand,) = node.args
        if not isinstance(operand, ast.List):
            raise DefinitionError(f"{ast.unparse(node)}: [column]")
        if self._column(operand) is None:
            return "TRUE" if missing else "FALSE"
        return f'TRIM({self.at.cell(ex.reference(operand))}){"=" if missing else "<>"}""'

    def _plain(self, node: ast.expr) -> str:
        """A text operand of a comparison: a cell may stand as it is."""
        if isinstance(node, ast.List):
            return self.at.cell(ex.reference(node)) if self._column(node) is not None else '""'
        return self._text(node)

    def _scale(self, ref: ex.Ref) -> str:
        column = self.at.column(ref)
        return f"*{TKR}" if column is not None and column.unit == "tkr" else ""

    def _number(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=int() | float() as number):
                return repr(number)
            case ast.List():
                ref = ex.reference(node)
                return f"N({self.at.cell(ref)}){self._scale(ref)}" if self._column(node) is not None else "0"
            case ast.BinOp(left=left, op=ast.Div(), right=right) if not isinstance(right, ast.Constant):
                divisor = self._number(right)
                return f"IF({divisor}=0,0,{self._number(left)}/{divisor})"
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self._number(left)}{_OPERATORS[type(op)]}{self._number(right)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._number(operand)})"
            case ast.IfExp():
                return f"IF({self._test(node.test)},{self._number(node.body)},{self._number(node.orelse)})"
            case ast.Call():
                return self._call(node)
        if ex.is_blank(node):
            return "0"
        raise DefinitionError(f"number: {ast.unparse(node)}")

    def _call(self, node: ast.Call) -> str:
        name, args = ex.function(node), node.args
        if name in ex.AGGREGATES:
            return self._aggregate(name, args)
        if name == "round":
            digits = int(self._number(args[1])) if len(args) > 1 else 0
            return f"ROUND(ROUND({self._number(args[0])},{digits + ex.GUARD}),{digits})"
        if name in ("abs", "min", "max"):
            return f"{name.upper()}({','.join(self._number(arg) for arg in args)})"
        raise DefinitionError(f"number: {ast.unparse(node)}")

    def _areas(self, arg: ast.expr) -> ex.Ref | None:
        if not isinstance(arg, ast.List):
            raise DefinitionError(f"{ast.unparse(arg)}: [block.column]")
        ref = ex.reference(arg)
        return ref if self.at.column(ref) is not None else None

    def _aggregate(self, name: str, args: list[ast.expr]) -> str:
        if name.startswith("span_"):
            span = self._span(args)
            return f"SUM({span})" if name == "span_total" else f"COUNT({span})"
        first = self._areas(args[0])
        if first is None:
            return "0"
        area = self.at.area(first)
        if name == "total":
            return f"SUM({area}){self._scale(first)}"
        if name == "count":
            return f'SUMPRODUCT(--({area}<>""))'
        tests = ex.column_tests(args if name == "count_if" else args[1:])
        pairs = ",".join(f"{self.at.area(ref)},{self._criterion(wanted)}" for ref, wanted in tests)
        return f"COUNTIFS({pairs})" if name == "count_if" else f"SUMIFS({area},{pairs}){self._scale(first)}"

    def _criterion(self, wanted: ast.expr) -> str:
        return self._plain(wanted) if self._is_text(wanted) else self._number(wanted)

    def _span(self, args: list[ast.expr]) -> str:
        column, first, last = (ex.reference(arg) for arg in args if isinstance(arg, ast.List))
        return self.at.span(column, first, last)

    def _known(self, node: ast.expr) -> str:
        """An Excel number that is 0 when every operand is blank; empty when there are only constants."""
        cells: list[str] = []
        counts: list[str] = []
        self._collect(node, cells, counts)
        if cells:
            counts.insert(0, f"COUNT({','.join(dict.fromkeys(cells))})")
        return "+".join(counts)

    def _collect(self, node: ast.expr, cells: list[str], counts: list[str]) -> None:
        match node:
            case ast.List():
                if self._column(node) is not None:
                    cells.append(self.at.cell(ex.reference(node)))
                elif not counts:
                    counts.append("0")
            case ast.BinOp(left=left, right=right):
                self._collect(left, cells, counts)
                self._collect(right, cells, counts)
            case ast.UnaryOp(operand=operand):
                self._collect(operand, cells, counts)
            case ast.IfExp():
                body, orelse = self._known(node.body), self._known(node.orelse)
                counts.append(f"IF({self._test(node.test)},{body or '1'},{orelse or '1'})")
            case ast.Call():
                self._collect_call(node, cells, counts)
            case _ if ex.is_blank(node):
                counts.append("0")

    def _collect_call(self, node: ast.Call, cells: list[str], counts: list[str]) -> None:
        name, args = ex.function(node), node.args
        if name in ("count", "count_if", "span_count"):
            counts.append("1")
        elif name == "span_total":
            counts.append(f"COUNT({self._span(args)})")
        elif name in ("total", "total_if"):
            ref = self._areas(args[0])
            if ref is None:
                counts.append("0")
            elif name == "total":
                counts.append(f"COUNT({self.at.area(ref)})")
            else:
                tests = ex.column_tests(args[1:])
                pairs = ",".join(f"{self.at.area(column)},{self._criterion(wanted)}" for column, wanted in tests)
                counts.append(f"COUNTIFS({pairs})")
        else:
            for arg in args:
                self._collect(arg, cells, counts)
