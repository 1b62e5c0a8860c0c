"""Which members of xlwings a test is about: read by the page about LibreOffice too, without running anything."""

import functools
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, TypeVar

from xlstyr.addin.libreoffice import program, support

T = TypeVar("T", bound=Callable[..., object])
SPECIAL = {
    "{}(…)": "__call__",
    "len({})": "__len__",
    "for … in {}": "__iter__",
    "{}[…]": "__getitem__",
}


def covers(*members: str) -> Callable[[T], T]:
    """Marks what a test is about, ``Range.value`` or ``Range.value =``. It fails when it doesn't run all of it."""

    def mark(test: T) -> T:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            ran: set[CodeType] = set()
            sys.setprofile(lambda frame, event, _: ran.add(frame.f_code) if event == "call" else None)
            try:
                test(*args, **kwargs)
            finally:
                sys.setprofile(None)
            assert [member for member in members if code_of(member) not in ran] == []

        return run  # type: ignore[return-value]

    return mark


def kinds() -> dict[str, type]:
    """The engine's classes by name."""
    assert program
    return dict(support._OURS)


def code_of(member: str) -> CodeType:
    """The code behind a member, as ``support.members()`` calls it, or behind setting it."""
    name, is_setter = member.removesuffix(" ="), member.endswith(" =")
    for title, kind in kinds().items():
        for form, special in SPECIAL.items():
            if name == form.format(title):
                return inner(vars(kind)[special])
    title, _, own = name.removesuffix("()").partition(".")
    what = vars(kinds()[title])["raw_value" if own == "value" else own]
    if isinstance(what, property):
        what = what.fset if is_setter else what.fget
    return inner(getattr(what, "__func__", what))


def inner(function: Any) -> CodeType:
    """The code of a function under its guard."""
    code: CodeType = getattr(function, "__wrapped__", function).__code__
    return code
