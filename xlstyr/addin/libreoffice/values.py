"""Cell values between xlwings and UNO: numbers, text, booleans, dates, errors and blanks, each told apart."""

import datetime as dt
import numbers
from collections.abc import Callable
from typing import Any

EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 (cells know no time zones)
DATE, TIME, LOGICAL = 2, 4, 1024  # com.sun.star.util.NumberFormat
_SECONDS = 86_400


class ErrorValue(str):
    """What a cell in error shows, ``#N/A`` and its kin."""

    __slots__ = ()


def moment(serial: float) -> dt.datetime:
    """The moment that a serial number stands for, to the millisecond."""
    return EPOCH + dt.timedelta(days=int(serial), milliseconds=round((serial - int(serial)) * _SECONDS * 1000))


def serial(when: dt.datetime) -> float:
    """The serial number of a moment."""
    return (when - EPOCH).total_seconds() / _SECONDS


def cleaned(
    rows: list[list[Any]],
    datetime_builder: Callable[..., Any],
    empty_as: Any,
    number_builder: Callable[[float], Any] | None,
    *,
    error_text: bool,
) -> list[list[Any]]:
    """Raw cells as xlwings hands them to callers."""

    def one(value: Any) -> Any:
        if value is None or value == "":
            return empty_as
        if isinstance(value, dt.datetime):
            parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return datetime_builder(**{part: getattr(value, part) for part in parts}, tzinfo=None)
        if isinstance(value, ErrorValue):
            return str(value) if error_text else None
        if number_builder is not None and isinstance(value, float):
            return number_builder(value)
        return value

    return [[one(value) for value in row] for row in rows]


def prepared(value: Any) -> Any:
    """One value that a caller writes, as a text, a float, a boolean, a moment, or ``""`` for nothing."""
    if value is None or value != value:  # NaN and NaT differ from themselves
        return ""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    if hasattr(value, "item"):
        return prepared(value.item())
    if isinstance(value, numbers.Number):
        return float(value)  # type: ignore[arg-type]
    return str(value)
