"""Which day a moment is on where the municipality is, whatever the clock of the computer is set to."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = "Europe/Stockholm"


def local_day(moment: datetime) -> date:
    """The Swedish calendar day of a moment, which has a time zone."""
    return moment.astimezone(ZoneInfo(ZONE)).date()
