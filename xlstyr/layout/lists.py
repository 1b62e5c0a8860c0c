"""The lists that references choose from: codes, what a person sees, and attributes for look-ups."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property


@dataclass(frozen=True)
class Choices:
    """One list in its order. ``labels``: code → what the cell shows. ``attributes``: name → code → text."""

    labels: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], **attributes: Mapping[str, str]) -> "Choices":
        """A list of (code, label); labels that occur twice get their code added, so that each is unique."""
        labels: dict[str, str] = {}
        taken: set[str] = set()
        for code, label in pairs:
            text = label if _folded(label) not in taken else f"{label} ({code})"
            taken.add(_folded(text))
            labels[code] = text
        return cls(labels, attributes)

    @cached_property
    def _codes(self) -> dict[str, str]:
        by_code = {code.casefold(): code for code in self.labels}
        return by_code | {_folded(label): code for code, label in self.labels.items()}

    def code(self, typed: str) -> str | None:
        """The code that ``typed`` means: a label, a code, or text that starts with a code. None: not in the list."""
        text = _folded(typed)
        first = text.split(" ", 1)[0]
        return self._codes.get(text) or (self._codes.get(first) if first in self._folded_codes else None)

    @cached_property
    def _folded_codes(self) -> frozenset[str]:
        return frozenset(code.casefold() for code in self.labels)

    def nearest(self, typed: str) -> str:
        """The label most like ``typed``, or ``""``."""
        close = get_close_matches(_folded(typed), [_folded(label) for label in self.labels.values()], 1, 0.6)
        return self.labels[self._codes[close[0]]] if close else ""

    def attribute(self, name: str, code: str | None) -> str | None:
        """What ``code`` has as ``name``, or None."""
        return self.attributes.get(name, {}).get(code or "")


Lists = Mapping[str, Choices]


def digest(lists: Lists) -> str:
    """A digest over all of ``lists``."""
    whole = {name: [dict(choices.labels), dict(choices.attributes)] for name, choices in lists.items()}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
