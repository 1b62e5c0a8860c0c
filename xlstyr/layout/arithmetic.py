"""Typed calculations such as ``=1200+300``: computed exactly, or not at all."""

import ast
import re
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow

_ALLOWED = re.compile(r"[\d\s.,+\-*/()%]{1,200}")


def compute(formula: str) -> Decimal | None:
    """The value of ``formula`` (without ``=``) when it holds only numbers and + − * / ( ); else None.

    >>> compute("1200+300/2")
    Decimal('1350')
    >>> compute("A1+1") is None
    True
    """
    if not _ALLOWED.fullmatch(formula) or "," in formula or "**" in formula or "//" in formula:
        return None
    text = re.sub(r"(\d+(?:\.\d+)?)%", r"(\1/100)", formula.strip())
    if "%" in text:
        return None
    try:
        number = _value(ast.parse(re.sub(r"(?<![\d.])0+(?=\d)", "", text), mode="eval").body)
    except (SyntaxError, ValueError, InvalidOperation, DivisionByZero, Overflow, RecursionError):
        return None
    return number if number.is_finite() else None


def _value(node: ast.expr) -> Decimal:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Decimal(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left) + _value(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _value(left) - _value(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _value(left) * _value(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _value(left) / _value(right)
    raise ValueError
