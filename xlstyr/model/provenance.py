"""Where a figure comes from: file, sheet, row and cell."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it came. ``received`` is None for a file checked outside the register."""

    sha256: str
    name: str
    sender: str = ""
    received: AwareDatetime | None = None


@lru_cache(64)
def _one(source: Source) -> Source:
    """The same object for equal sources: all rows of an answer have the same."""
    return source


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of one row. ``refs`` gives the cell of each column that was read, ``"H12"``."""

    source: Annotated[Source, AfterValidator(_one)]
    sheet: str
    row: int
    refs: tuple[tuple[str, str], ...] = field(default=())

    def ref(self, column: str) -> str:
        """The cell of ``column``, or ``""`` when it wasn't read."""
        return dict(self.refs).get(column, "")
