"""The kinds of columns, each with its faces: value → cell, cell → value, Excel's rule, Swedish description.

Amounts are kr in Python; the cell holds tkr or kr as the column's ``unit`` says.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from xlstyr.layout import arithmetic
from xlstyr.layout.content import Unread, Value
from xlstyr.layout.definition import Column
from xlstyr.layout.lists import Choices
from xlstyr.layout.numbers import Ambiguous, read_number
from xlstyr.layout.raw import RawCell
from xlstyr.model.money import TKR
from xlstyr.words import word

_NUMBERS = ("amount", "decimal", "integer", "percent")
LARGEST = 10**12  # kr: no municipality has a line above this
_EPOCH = date(1899, 12, 30)
_ERROR = re.compile(r"#[\w/]+[!?]?")
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d+)?)?)?|\d+:\d\d(?::\d\d(?:\.\d+)?)?")
_DATE = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?$")


@dataclass(frozen=True, slots=True)
class Problem:
    """A code of the catalogue with what its message needs."""

    code: str
    args: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, code: str, **args: object) -> "Problem":
        """A problem of rule ``code``."""
        return cls(code, tuple(args.items()))


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a cell, and what was noticed. A held value is None with a problem of severity fel."""

    value: Value
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Validation:
    """Excel's data validation for a column. ``source``: name of a list; limits in the cell's unit."""

    type: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    source: str | None = None
    title: str = ""
    prompt: str = ""
    error: str = ""


def unit_of(column: Column) -> int:
    """The kr of one unit in the cell (1 for what isn't tkr)."""
    return TKR if column.unit == "tkr" else 1


def to_cell(value: Value, column: Column, choices: Choices | None) -> int | Decimal | str | None:
    """What the cell shall hold for ``value``; dates as Excel's day number."""
    if value is None or value == "":
        return None
    if isinstance(value, Unread):
        return str(value)
    match column.kind:
        case "amount":
            assert isinstance(value, int | Decimal)
            if unit_of(column) == 1:
                return value
            quotient = Decimal(value) / TKR
            return int(quotient) if quotient == quotient.to_integral_value() else quotient
        case "date":
            assert isinstance(value, date)
            return (value - _EPOCH).days
        case "choice":
            return column.choices.get(str(value), str(value))
        case "reference":
            return choices.labels.get(str(value), str(value)) if choices else str(value)
        case "formula" if isinstance(value, bool):
            return int(value)
    assert not isinstance(value, bool | date)
    return value


def from_cell(cell: RawCell | None, column: Column, choices: Choices | None, date1904: bool = False) -> Reading:
    """What ``cell`` says in ``column``. Nothing that people type raises."""
    if cell is None or (cell.is_blank and cell.formula is None):
        return Reading(None)
    if cell.error is not None:
        return Reading(None, (Problem.of("XS204", error=cell.error),))
    if cell.doubt is not None:
        return _in_doubt(cell, column, choices, date1904)
    if cell.formula is not None:
        return _from_formula(cell, column, choices, date1904)
    return _READERS[column.kind](cell, column, choices, date1904)


def as_typed(cell: RawCell, column: Column) -> Value:
    """What stands in a ``cell`` that can't be read, to draw again so that it says the same: numbers stay numbers."""
    value = cell.value
    if cell.error is not None:
        return Unread(cell.error)
    if cell.doubt is not None:  # as a number it would count when it comes back untouched
        return Unread(cell.doubt if is_clock(cell) else f"{_seen(cell)} | {cell.doubt}")
    if cell.formula is not None:
        return Unread(f"={cell.formula.removeprefix('=')}")
    if isinstance(value, bool):
        return Unread(_boolean(value))
    if isinstance(value, int | Decimal) and column.kind in _NUMBERS:
        return value * unit_of(column)
    return Unread("" if value is None else value)


def doubted(cell: RawCell) -> Problem:
    """XS221 for a cell that two readers read differently."""
    one, other = (str(text)[:60] or word("files.nothing") for text in (_seen(cell), cell.doubt))
    return Problem.of("XS221", one=one, other=other)


def _seen(cell: RawCell) -> str:
    value = cell.value
    if isinstance(value, bool):
        return _boolean(value)
    return _show(value) if isinstance(value, int | Decimal) else (value or "").strip()


def is_clock(cell: RawCell) -> bool:
    """Whether ``cell`` holds a number that its format shows as a date or a time."""
    typed = isinstance(cell.value, int | Decimal) and not isinstance(cell.value, bool)
    return typed and cell.doubt is not None and _CLOCK.fullmatch(cell.doubt) is not None


def _in_doubt(cell: RawCell, column: Column, choices: Choices | None, date1904: bool) -> Reading:
    """Two readers disagree: held. But a number shown as a date is a date where one may stand, and text in a text."""
    shown = cell.doubt or ""
    if not is_clock(cell):
        return Reading(None, (doubted(cell),))
    if column.kind == "text":
        return Reading(shown)
    if column.kind == "date":
        reading = _date(cell, column, choices, date1904)
        same = isinstance(reading.value, date) and shown.startswith(reading.value.isoformat())
        return reading if same or reading.problems else Reading(None, (doubted(cell),))
    return Reading(None, (Problem.of("XS222", header=column.header, date=shown, number=_seen(cell)),))


def _from_formula(cell: RawCell, column: Column, choices: Choices | None, date1904: bool) -> Reading:
    """A typed calculation such as ``=1200+300`` is computed exactly; anything that fetches is asked back."""
    shown = f"={cell.formula}"
    result = arithmetic.compute(cell.formula or "")
    if result is None or column.is_text:
        return Reading(None, (Problem.of("XS206", formula=shown),))
    reading = from_cell(RawCell(result, None, None, cell.ref), column, choices, date1904)
    return Reading(reading.value, (*reading.problems, Problem.of("XS205", formula=shown, read=_show(result))))


def _show(number: Decimal | int) -> str:
    return f"{Decimal(number).normalize():f}".replace(".", ",").replace("-", "\u2212")


def _kronor(amount: Decimal) -> str:
    return f"{int(amount):,} kr".replace(",", "\u00a0").replace("-", "\u2212")


def _number(cell: RawCell, column: Column) -> tuple[Decimal | None, int | None, tuple[Problem, ...]]:
    """(the number as typed, kr of its unit when the text names one, problems)."""
    value = cell.value
    if isinstance(value, bool):
        return None, None, (Problem.of("XS203", typed=_boolean(value), header=column.header),)
    if isinstance(value, int | Decimal):
        return Decimal(value), None, ()
    text = str(value).strip()
    if _ERROR.fullmatch(text) and text.isupper():
        return None, None, (Problem.of("XS204", error=text),)
    if len(text) > 1 and text.startswith("=") and arithmetic.compute(text[1:]) is None:
        return None, None, (Problem.of("XS206", formula=text[:80]),)
    read = read_number(text)
    if read is None:
        return None, None, (Problem.of("XS203", typed=text[:80], header=column.header),)
    if isinstance(read, Ambiguous):
        return (
            None,
            None,
            (Problem.of("XS202", typed=text, first=read.first, second=read.second or word("cells.other")),),
        )
    if read.percent != (column.kind == "percent") and read.percent:
        return None, None, (Problem.of("XS203", typed=text, header=column.header),)
    number = read.value / 100 if read.percent else read.value
    return number, read.scale, (Problem.of("XS201", typed=text, read=_show(number)),)


def _boolean(value: bool) -> str:
    return word("cells.true" if value else "cells.false")


def _limits(number: Decimal, column: Column, typed: object) -> tuple[Problem, ...]:
    """Limits are stated in the cell's own unit."""
    low, high = column.minimum, column.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        shown = [_show(limit) if limit is not None else "…" for limit in (low, high)]
        return (Problem.of("XS212", typed=typed, low=shown[0], high=shown[1]),)
    return ()


def _amount(cell: RawCell, column: Column, _choices: Choices | None, _date1904: bool) -> Reading:
    value = cell.value
    if type(value) is int and column.minimum is column.maximum is None and abs(value) <= LARGEST // TKR:
        return Reading(value * unit_of(column))
    number, scale, problems = _number(cell, column)
    if number is None:
        return Reading(None, problems)
    kr = number * (scale or unit_of(column))
    if abs(kr) > LARGEST:
        return Reading(None, (*problems, Problem.of("XS216", typed=_show(number))))
    whole = kr.quantize(Decimal(1))
    if abs(kr - whole) > Decimal("0.000001"):
        return Reading(None, (*problems, Problem.of("XS215", typed=_show(number))))
    if column.unit == "tkr" and whole % TKR and scale != 1:
        problems = (*problems, Problem.of("XS207", typed=_show(number), read=_kronor(whole)))
    if limit := _limits(whole / unit_of(column), column, _show(number)):
        return Reading(None, (*problems, *limit))
    return Reading(int(whole), problems)


def _decimal(cell: RawCell, column: Column, _choices: Choices | None, _date1904: bool) -> Reading:
    number, scale, problems = _number(cell, column)
    if number is None:
        return Reading(None, problems)
    if scale is not None:
        return Reading(None, (Problem.of("XS203", typed=str(cell.value), header=column.header),))
    if limit := _limits(number, column, _show(number)):
        return Reading(None, (*problems, *limit))
    if column.kind == "integer":
        if number != number.to_integral_value():
            return Reading(None, (*problems, Problem.of("XS203", typed=_show(number), header=column.header)))
        return Reading(int(number), problems)
    return Reading(_tidy(number), problems)


def _tidy(number: Decimal) -> Decimal:
    """Excel's binary fractions written out (0.30000000000000004) brought back to what was typed."""
    return number.quantize(Decimal("0.0000000001")).normalize() if number.as_tuple().exponent < -10 else number  # type: ignore[operator]


def _text(cell: RawCell, column: Column, _choices: Choices | None, _date1904: bool) -> Reading:
    value = cell.value
    text = _boolean(value) if isinstance(value, bool) else _show(value) if isinstance(value, int | Decimal) else value
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", str(text)).strip()
    if column.length is not None and len(text) > column.length:
        return Reading(text, (Problem.of("XS213", length=len(text), limit=column.length),))
    return Reading(text)


def _date(cell: RawCell, _column: Column, _choices: Choices | None, date1904: bool) -> Reading:
    value = cell.value
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and 20_000 <= value < 80_000:
        days = int(value) + (1462 if date1904 else 0)
        return Reading(_EPOCH + timedelta(days=days))
    if found := _DATE.match(str(value).strip()):
        try:
            return Reading(date(*(int(part) for part in found.groups())))
        except ValueError:
            pass
    return Reading(None, (Problem.of("XS214", typed=str(value)[:40]),))


def _choice(cell: RawCell, column: Column, _choices: Choices | None, _date1904: bool) -> Reading:
    typed = str(cell.value).strip()
    key = column.by_label.get(typed.casefold())
    if key is None:
        suggestion = word("cells.choose", choices=", ".join(column.choices.values()))
        return Reading(None, (Problem.of("XS209", typed=typed[:80], header=column.header, suggestion=suggestion),))
    return Reading(key)


def _reference(cell: RawCell, column: Column, choices: Choices | None, _date1904: bool) -> Reading:
    value = cell.value
    typed = str(value).strip()
    if isinstance(value, Decimal) and value == value.to_integral_value():
        typed = str(int(value))
    if choices is None:
        return Reading(typed)
    code = choices.code(typed)
    if code is None:
        near = choices.nearest(typed)
        suggestion = word("cells.nearest", label=near) if near else word("cells.pick")
        return Reading(None, (Problem.of("XS209", typed=typed[:80], header=column.header, suggestion=suggestion),))
    return Reading(code)


_READERS: dict[str, Callable[[RawCell, Column, Choices | None, bool], Reading]] = {
    "amount": _amount,
    "decimal": _decimal,
    "integer": _decimal,
    "percent": _decimal,
    "text": _text,
    "date": _date,
    "choice": _choice,
    "reference": _reference,
}


def parse_typed(text: str, column: Column, choices: Choices | None) -> Reading:
    """What ``text`` means when a person types it in the cell, as Excel would turn it into a value."""
    if column.is_text:
        return from_cell(RawCell(text, None, None, ""), column, choices)
    cell: RawCell
    try:
        cell = RawCell(Decimal(text), None, None, "")
    except InvalidOperation:
        cell = RawCell(text, None, None, "")
    return from_cell(cell, column, choices)


def validation(column: Column) -> Validation | None:
    """Excel's rule for a cell the receiver may write, with messages; None for computed cells."""
    if column.is_formula:
        return None
    prompt = column.help or describe(column)
    title = column.header.replace("\u00ad", "")
    match column.kind:
        case "amount" | "integer":
            low, high = column.minimum, column.maximum
            span = Decimal(LARGEST) / unit_of(column)
            low = -span if low is None else low
            high = span if high is None else high
            return Validation("integer", low, high, None, title, prompt, describe(column))
        case "decimal" | "percent":
            low = Decimal(-LARGEST) if column.minimum is None else column.minimum
            high = Decimal(LARGEST) if column.maximum is None else column.maximum
            return Validation("decimal", low, high, None, title, prompt, describe(column))
        case "date":
            return Validation("date", None, None, None, title, prompt, describe(column))
        case "choice":
            source = f"val_{'_'.join(column.choices)}"
            return Validation("list", None, None, source, title, prompt, describe(column))
        case "reference":
            return Validation("list", None, None, column.to, title, prompt, describe(column))
    return Validation("length", None, Decimal(column.length or 32_000), None, title, prompt, describe(column))


def describe(column: Column) -> str:
    """What may stand in the cell, in one Swedish sentence."""
    kind = column.kind if column.kind != "amount" else f"amount_{column.unit or 'kr'}"
    limits = {"low": column.minimum, "high": column.maximum}
    shown = {name: _show(limit) for name, limit in limits.items() if limit is not None}
    small = column.maximum is not None and column.maximum < Decimal(10**6)
    if column.kind == "choice":
        return word("cells.choice", choices=", ".join(column.choices.values()))
    if column.kind == "text" and column.length:
        return word("cells.text_length", length=column.length)
    text = word(f"cells.{kind}")
    if len(shown) == len(limits) and column.kind != "percent" and small:
        text += word("cells.between", **shown)
    return text
