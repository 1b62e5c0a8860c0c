"""``python -m benchmarks.run [--quick] [--json] [SUBJECT…]``: everything measured, as a table. Never asserts."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import checking, gate, generate, reading, recalculation, scale, startup, whole
from benchmarks.measure import Measured
from benchmarks.sample import answered_round

SUBJECTS: dict[str, Callable[[Path, bool], Iterator[Measured]]] = {
    "generate": generate.measure,
    "reading": reading.measure,
    "gate": gate.measure,
    "whole": whole.measure,
    "scale": scale.measure,
    "startup": startup.measure,
    "recalculation": recalculation.measure,
    "checking": checking.measure,
}
_HEAD = ("what", "÷", "measured", "must ≤", "aim ≤", "verdict", "detail")


def main() -> None:
    """Measures the subjects asked for, all when none is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, 100 and 500 nodes")
    parser.add_argument("--json", action="store_true", dest="as_json", help="one object on standard out")
    chosen = parser.parse_args()
    unknown = set(chosen.subjects) - SUBJECTS.keys()
    if unknown:
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    measured: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="xlstyr-bench-") as name:
        folder = answered_round(Path(name) / "round")
        for subject in chosen.subjects or SUBJECTS:
            print(f"measuring {subject} …", file=sys.stderr, flush=True)
            measured += SUBJECTS[subject](folder, chosen.quick)
    print(
        json.dumps([one.as_json() for one in measured], ensure_ascii=False, indent=1)
        if chosen.as_json
        else table(measured)
    )


def table(measured: list[Measured]) -> str:
    """The lines as a Markdown table."""
    rows = [_HEAD, *(_row(one) for one in measured)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _row(one: Measured) -> tuple[str, ...]:
    bar = tuple("" if limit is None else f"{limit:g}" for limit in (one.must, one.aim))
    value = "–" if one.value is None else f"{one.value:.3g}" + (f" {one.unit}" if one.unit != "×" else "")
    return (one.subject, one.compared, value, *bar, one.verdict, one.detail)


if __name__ == "__main__":
    main()
