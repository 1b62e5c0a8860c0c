"""Money is whole kronor in ``int``; ``None`` is unknown and never zero.

>>> total([1000, None, 500])
1500
>>> total([None, None]) is None
True
>>> half_away(Decimal("2.5")), half_away(Decimal("-2.5"))
(3, -3)
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

Kr = int

TKR = 1_000
MNKR = 1_000_000


def total(amounts: Iterable[Kr | None]) -> Kr | None:
    """The sum of what is known, in kr; ``None`` when nothing is known (blank is not zero)."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def half_away(number: Decimal | int, digits: int = 0) -> int | Decimal:
    """``number`` rounded half away from zero, as Excel's ROUND does; ``int`` when ``digits`` is 0."""
    if isinstance(number, int):
        return number
    rounded = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return int(rounded) if digits == 0 else rounded


def in_tkr(amount: Kr) -> int:
    """``amount`` (kr) in whole tkr, rounded half away from zero."""
    return int(half_away(Decimal(amount) / TKR))
