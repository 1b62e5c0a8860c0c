"""Says which members of xlwings an engine's class supports; all others, and all that fails, raise one clear error."""

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_OURS: dict[str, type] = {}
_SPOKEN = {
    "__call__": "{}(…)",
    "__len__": "len({})",
    "__iter__": "for … in {}",
    "__getitem__": "{}[…]",
    "__contains__": "… in {}",
}
_CALLED = {"raw_value": "value"}  # what callers of xlwings write
_INNER = (
    "lost",
    "of",
    "forget",
    "changeable",
    "uno_sheet",
    "uno_sheets",
)  # between the engine's own modules; xlwings knows no such members
_GONE = ("disposed", "cannot get value", "cannot set value")


class NotSupportedError(XlstyrError):
    """A member of xlwings that isn't there with LibreOffice."""

    def __init__(self, member: str) -> None:
        super().__init__(word("engine.not_supported", member=member))


def uno_error() -> tuple[type[Exception], ...]:
    """The class of every error from LibreOffice, for ``except``; nothing as long as no bridge is loaded."""
    uno = sys.modules.get("uno")
    return () if uno is None else (uno.getClass("com.sun.star.uno.Exception"),)


def engine_class(kind: type[T]) -> type[T]:
    """Makes ``kind`` one of the engine's classes.

    Every public member that it inherits but doesn't define itself says that it isn't supported. What goes wrong in
    LibreOffice inside the others is an ``XlstyrError``: the workbook is closed, or the member couldn't be done.
    """
    own = {name for name in vars(kind) if (not name.startswith("_") or name in _SPOKEN) and name not in _INNER}
    for base in kind.__mro__[1:-1]:
        for name, member in vars(base).items():
            if (not name.startswith("_") or name in _SPOKEN) and name not in own:
                setattr(kind, name, _refusal(_said(kind, name), member))
    for name in own:
        setattr(kind, name, _guard(_said(kind, name), vars(kind)[name]))
    _OURS[kind.__name__] = kind
    return kind


def refuses(*names: str) -> Callable[[type[T]], type[T]]:
    """Members that Python would make up by itself, and wrongly: they too say that they aren't supported."""

    def mark(kind: type[T]) -> type[T]:
        for name in names:
            setattr(kind, name, _refusing(_said(kind, name)))
        return kind

    return mark


def _said(kind: type, name: str) -> str:
    return _SPOKEN[name].format(kind.__name__) if name in _SPOKEN else f"{kind.__name__}.{_CALLED.get(name, name)}"


def _refusal(member: str, original: Any) -> Any:
    refuse = _refusing(member)
    return property(refuse, refuse) if isinstance(original, property) else refuse


def _refusing(member: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise NotSupportedError(member)

    refuse.refused = True  # type: ignore[attr-defined]
    return refuse


def _guard(member: str, what: Any) -> Any:
    if isinstance(what, property):
        setter = _refusing(f"{member} =") if what.fset is None else _guarded(f"{member} =", what.fset)
        return property(_guarded(member, what.fget), setter, doc=what.__doc__)
    return _guarded(member, what) if callable(what) and not isinstance(what, staticmethod) else what


def about(member: str) -> Callable[[F], F]:
    """What goes wrong in LibreOffice in a function whose first argument is one of our objects is an ``XlstyrError``."""
    return functools.partial(_guarded, member)


def _guarded(member: str, function: Any) -> Any:
    @functools.wraps(function)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(self, *args, **kwargs)
        except uno_error() as error:
            reason = str(getattr(error, "Message", "") or "").split(" at ./")[0].removeprefix("at ./")
            if _is_lost(self) or any(sign in reason for sign in _GONE):
                raise XlstyrError(word("engine.gone")) from error
            raise XlstyrError(word("engine.failed", member=member, reason=reason)) from error
        except AttributeError as error:
            if _is_lost(self):  # a closed book has nothing where things were
                raise XlstyrError(word("engine.gone")) from error
            raise

    return call


def _is_lost(instance: Any) -> bool:
    return bool(getattr(instance, "lost", bool)())


def members() -> list[tuple[str, bool]]:
    """("Range.value", can be set) of every member that is supported, class by class in alphabetical order."""
    found = []
    for _, kind in sorted(_OURS.items()):
        for member, what in sorted(vars(kind).items()):
            public = member in _SPOKEN or not (member.startswith("_") or member in _INNER)
            if not public or _is_refusal(what):
                continue
            if isinstance(what, property):
                found.append((_said(kind, member), not _is_refusal(what.fset)))
            elif callable(what) or isinstance(what, staticmethod):
                found.append((_said(kind, member) + ("" if member in _SPOKEN else "()"), False))
    return found


def _is_refusal(what: object) -> bool:
    inner = what.fget if isinstance(what, property) else what
    return getattr(inner, "refused", False) is True
