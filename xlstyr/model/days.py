"""Which day a moment is on where the municipality is, whatever the clock of the computer is set to."""

from datetime import date, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONE = "Europe/Stockholm"


@cache
def _zone() -> tzinfo | None:
    """None: the computer's own, where there is no table of time zones."""
    try:
        return ZoneInfo(ZONE)
    except ZoneInfoNotFoundError:
        return None


def local_day(moment: datetime) -> date:
    """The Swedish calendar day of a moment, which has a time zone."""
    return moment.astimezone(_zone()).date()
