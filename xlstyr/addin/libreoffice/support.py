"""Says which members of xlwings an engine's class supports; all others raise one clear error."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

T = TypeVar("T")
_OURS: dict[str, type] = {}


class NotSupportedError(XlstyrError):
    """A member of xlwings that isn't there with LibreOffice."""

    def __init__(self, member: str) -> None:
        super().__init__(word("engine.not_supported", member=member))


def engine_class(kind: type[T]) -> type[T]:
    """Makes every public member that ``kind`` inherits but doesn't define itself say that it isn't supported."""
    own = set(vars(kind))
    for base in kind.__mro__[1:-1]:
        for name, member in vars(base).items():
            if not name.startswith("_") and name not in own:
                setattr(kind, name, _refusal(f"{kind.__name__}.{name}", member))
        for name in ("__call__", "__len__", "__iter__", "__getitem__", "__contains__"):
            if name in vars(base) and name not in own:
                setattr(kind, name, _refusing(f"{kind.__name__}.{name}"))
    for name, member in list(vars(kind).items()):
        if name in own and isinstance(member, property) and member.fset is None:
            setattr(kind, name, property(member.fget, _refusing(f"{kind.__name__}.{name} ="), doc=member.__doc__))
    _OURS[kind.__name__] = kind
    return kind


def _refusal(member: str, original: Any) -> Any:
    refuse = _refusing(member)
    return property(refuse, refuse) if isinstance(original, property) else refuse


def _refusing(member: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise NotSupportedError(member)

    refuse.refused = True  # type: ignore[attr-defined]
    return refuse


def members() -> list[tuple[str, bool]]:
    """("Range.value", can be set) of every member that is supported, class by class in alphabetical order."""
    found = []
    for name, kind in sorted(_OURS.items()):
        for member, what in sorted(vars(kind).items()):
            if member.startswith("_") or _is_refusal(what):
                continue
            if isinstance(what, property):
                found.append((f"{name}.{member}", what.fset is not None and not _is_refusal(what.fset)))
            elif callable(what) or isinstance(what, staticmethod):
                found.append((f"{name}.{member}()", False))
    return found


def _is_refusal(what: object) -> bool:
    inner = what.fget if isinstance(what, property) else what
    return getattr(inner, "refused", False) is True
