"""What the user waits for before anything happens."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Measured, child_cpu, medians, ms

SUBJECT = "xlstyr --help"
_HELP = "import sys; from xlstyr.cli.main import main; sys.argv = ['xlstyr', '--help']; main()"


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """Help ÷ importing click, each with the start of Python."""
    timers = {
        "help": lambda: child_cpu(["-c", _HELP]),
        "click": lambda: child_cpu(["-c", "import click"]),
    }
    taken = medians(timers, 7 if quick else 21)
    detail = f"{ms(taken['help'])} of {ms(taken['click'])}"
    yield Measured(SUBJECT, 'python -c "import click"', taken["help"] / taken["click"], 1.5, 1.2, detail=detail)
