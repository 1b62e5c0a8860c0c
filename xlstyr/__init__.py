"""xlstyr: steering and budgeting a municipality with Excel.

``xlstyr.open_round(folder)`` gives a round's figures, goals and states as pandas frames.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from xlstyr.rounds.api import OpenedRound

__version__ = "0.1.0"
__all__ = ["open_round"]


def open_round(folder: "str | Path") -> "OpenedRound":
    """The round in ``folder`` as it stands now, its answers as pandas frames.

    Raises:
        XlstyrError: there is no round, or its control workbook has faults.
    """
    from xlstyr.rounds import api

    return api.open_round(folder)
