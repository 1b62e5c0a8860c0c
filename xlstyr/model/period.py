"""Periods: what kind of figure, and for which year."""

from dataclasses import dataclass
from enum import StrEnum

from xlstyr.model.errors import DefinitionError


class PeriodKind(StrEnum):
    """What a figure states about its year."""

    OUTCOME = "outcome"
    BUDGET = "budget"
    FORECAST = "forecast"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A kind of figure for one calendar year, for example the budget for 2026.

    >>> str(Period(PeriodKind.BUDGET, 2026))
    'budget-2026'
    >>> Period.of("outcome t-2", 2026)
    Period(kind=<PeriodKind.OUTCOME: 'outcome'>, year=2024)
    """

    kind: PeriodKind
    year: int

    def __str__(self) -> str:
        return f"{self.kind.value}-{self.year}"

    @classmethod
    def of(cls, relative: str, year: int) -> "Period":
        """The period that a layout calls ``"<kind> t±n"`` when the budget year is ``year``."""
        try:
            kind, offset = relative.split()
            return cls(PeriodKind(kind), year + int(offset.removeprefix("t") or 0))
        except ValueError as error:
            raise DefinitionError(f"period: {relative!r}") from error

    @classmethod
    def parse(cls, text: str) -> "Period":
        """The period that ``str()`` wrote as ``text``."""
        kind, year = text.rsplit("-", 1)
        return cls(PeriodKind(kind), int(year))


def columns(year: int) -> tuple[Period, ...]:
    """The six periods of every budget page, oldest first, for budget year ``year``."""
    spans = ("outcome t-2", "budget t-1", "forecast t-1", "budget t", "plan t+1", "plan t+2")
    return tuple(Period.of(span, year) for span in spans)
