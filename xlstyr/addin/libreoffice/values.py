"""Cell values between xlwings and UNO: numbers, text, booleans, dates, errors and blanks, each told apart."""

import datetime as dt
import numbers
import re
from collections.abc import Callable
from typing import Any

from xlstyr.addin.libreoffice.support import NotSupportedError

DATE, TIME, LOGICAL, TEXT = 2, 4, 1024, 256  # com.sun.star.util.NumberFormat
_SECONDS = 86_400
_ERRORS = {503: "#NUM!", 521: "#NULL!", 524: "#REF!", 525: "#NAME?", 532: "#DIV/0!", 32767: "#N/A"}
_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(%?)\s*")
_MOMENT = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[ T](\d\d?):(\d\d)(?::(\d\d))?)?")


class ErrorValue(str):
    """What a cell in error shows in Excel, ``#N/A`` and its kin."""

    __slots__ = ()


def error_of(code: int) -> ErrorValue:
    """Excel's name of LibreOffice's error ``code``."""
    return ErrorValue(_ERRORS.get(code, "#VALUE!"))


def moment(serial: float, epoch: dt.datetime) -> dt.datetime:
    """The moment that a serial number stands for, to the millisecond."""
    return epoch + dt.timedelta(days=int(serial), milliseconds=round((serial - int(serial)) * _SECONDS * 1000))


def serial(when: dt.datetime, epoch: dt.datetime) -> float:
    """The serial number of a moment."""
    return (when - epoch).total_seconds() / _SECONDS


def constant(value: Any) -> str:
    """A constant as it stands in Excel's formula bar, in English: fifteen digits, ``TRUE``, ``""`` for nothing."""
    if value is None or isinstance(value, str):
        return str(value or "")
    if isinstance(value, bool):
        return str(value).upper()
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15G}"


def typed(text: str) -> Any:
    """What Excel makes of ``text`` in a cell that isn't formatted as text: number, boolean, moment, error, or the text.

    Only what every Excel reads the same way; dates with slashes and decimal commas depend on the computer's settings.
    """
    if found := _NUMBER.fullmatch(text):
        return float(found[1]) / (100 if found[2] else 1)
    if text.strip().upper() in ("TRUE", "FALSE"):
        return text.strip().upper() == "TRUE"
    if found := _MOMENT.fullmatch(text):
        try:
            return dt.datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            return text
    return ErrorValue(text) if text in _ERRORS.values() or text == "#VALUE!" else text


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
    """One value that a caller writes, as a text, a float, a boolean, a moment, or ``""`` for nothing.

    Raises:
        NotSupportedError: it is something that cells can't hold.
    """
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        value = value.astype("datetime64[us]")  # nanoseconds would come as a number
    if hasattr(value, "item"):
        value = value.item()
    if value is None or (value == value) is not True:  # NaN, NaT and NA aren't equal to themselves
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    if isinstance(value, numbers.Number) and not isinstance(value, complex):
        return float(value)  # type: ignore[arg-type]
    raise NotSupportedError(f"Range.value = {type(value).__name__}")
