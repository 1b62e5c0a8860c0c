"""Do the values that a workbook carries agree with what LibreOffice computes from its formulas?"""

import math
from dataclasses import dataclass
from pathlib import Path

from tests.office.package import Package
from tests.office.sheet import Sheet, Strings
from tests.office.soffice import Office
from tests.office.values import Error, Value

_RELATIVE = 0.000001
_LARGEST = 0.001  # a relative millionth of a large sum would be whole kronor
_NOISE = 1e-12
_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """A formula whose carried value is not what LibreOffice computes, or is an error."""

    sheet: str
    ref: str
    formula: str
    cached: Value
    computed: Value

    def __str__(self) -> str:
        """Shows the place, the formula and both values."""
        return f"{self.sheet}!{self.ref}: {self.cached!r} in the file, {self.computed!r} computed, ={self.formula}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome for one workbook.

    Attributes:
        compared: How many formulas were compared.
        differences: Those that do not agree.
    """

    compared: int
    differences: list[Difference]


def cached_values(data: bytes) -> dict[tuple[str, str], tuple[str, Value]]:
    """Returns (formula, value in the file) of every formula cell, read from the XML itself."""
    package = Package(data)
    strings = Strings(package).items
    return {
        (title, ref): (cell.formula or "", cell.value(strings))
        for title, part in package.sheets().items()
        for ref, cell in Sheet(package.text(part)).formula_cells().items()
    }


def agree(cached: Value, computed: Value) -> bool:
    """Whether two values are the same for a reader; an error agrees with nothing.

    Where either number is whole they must be equal but for the noise of floating point, else
    to within a millionth of their size and a thousandth in all.
    """
    if isinstance(cached, Error) or isinstance(computed, Error):
        return False
    if cached in (None, "") and computed in (None, ""):
        return True
    if isinstance(cached, str) or isinstance(computed, str):
        return cached == computed
    if cached is None or computed is None:
        return False
    one, other = float(cached), float(computed)
    if one.is_integer() or other.is_integer():
        return math.isclose(one, other, rel_tol=_NOISE, abs_tol=_ZERO)
    allowed = min(_RELATIVE * max(abs(one), abs(other)), _LARGEST)
    return abs(one - other) <= max(allowed, _ZERO)


def compare(path: Path | str, office: Office) -> Comparison:
    """Compares every carried value with LibreOffice's own computation.

    Args:
        path: An xlsx workbook.
        office: A running LibreOffice.

    Returns:
        How many formulas were compared, and the differences. A formula that only one side
        has is a difference.

    Raises:
        ValueError: The workbook has no formulas.
    """
    cached = cached_values(Path(path).read_bytes())
    computed = office.recalculated(path)
    found = []
    for place in sorted(cached.keys() | computed.keys()):
        formula, value = cached.get(place, ("", Error("no formula in the file")))
        other = computed.get(place, Error("no formula in LibreOffice"))
        if not agree(value, other):
            found.append(Difference(*place, formula, value, other))
    return Comparison(len(cached), found)


def differences(path: Path | str, office: Office) -> list[Difference]:
    """Returns the formulas whose carried value is not what LibreOffice computes."""
    return compare(path, office).differences
