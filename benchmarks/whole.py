"""The whole run over the sample's answers: gate, read, check, register, consolidate, write. And once more unchanged."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from benchmarks.measure import Measured, cpu, medians, ms
from benchmarks.reading import calamine
from benchmarks.sample import NOW, inbox
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.round import Round

WHOLE = "gate + read + check + consolidate + write"
AGAIN = "unchanged re-run of consolidate"


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """The run ÷ bare calamine, ÷ the plain pandas way; the unchanged re-run ÷ the run."""
    files = inbox(folder)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        timers: dict[str, Callable[[], float]] = {
            "whole": lambda: _fresh(folder, place),
            "again": lambda: cpu(lambda: _again(place / "run")),
            "calamine": lambda: cpu(lambda: [calamine(path.read_bytes()) for path in files]),
            "pandas": lambda: cpu(lambda: plain_way(files, place / "plain.xlsx")),
        }
        taken = medians(timers, 1 if quick else 5)
    whole, bare, plain = taken["whole"], taken["calamine"], taken["pandas"]
    count = f"{len(files)} files, {ms(whole / len(files))}"
    yield Measured(
        WHOLE, "bare calamine, same files", whole / bare, 2.3, 1.5, detail=f"{count} of {ms(bare / len(files))}"
    )
    yield Measured(WHOLE, "pandas + openpyxl", whole / plain, 0.1, 0.05, detail=f"{count} of {ms(plain / len(files))}")
    yield Measured(AGAIN, "full run", taken["again"] / whole, 0.1, 0.03, detail=f"{ms(taken['again'])} of {ms(whole)}")


def _fresh(folder: Path, place: Path) -> float:
    """CPU seconds of the run in a fresh copy of the round. Copying isn't timed."""
    target = place / "run"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    return cpu(lambda: _run(target))


def _run(folder: Path) -> None:
    with Round(folder, NOW) as round_:
        collect(round_)
        consolidate(round_)


def _again(folder: Path) -> None:
    with Round(folder, NOW) as round_:
        consolidate(round_)


def plain_way(files: list[Path], target: Path) -> None:
    """What a controller with pandas does: each budget sheet to a frame, one table, one sum per account.

    No identity, no check, no finding, no trace; only the sheet that matters is read.
    """
    frames = []
    for path in files:
        frame = _budget(path)
        if frame is not None:
            frames.append(frame)
    lines = pd.concat(frames, ignore_index=True)
    columns = [name for name in lines.columns if name not in ("table:budget", "id", "node")]
    amounts = [name for name in columns if pd.api.types.is_numeric_dtype(pd.to_numeric(lines[name], errors="coerce"))]
    lines[amounts] = lines[amounts].apply(pd.to_numeric, errors="coerce")
    with pd.ExcelWriter(target, engine="openpyxl") as book:
        lines.groupby("account", dropna=False)[amounts].sum().to_excel(book, sheet_name="Budget")
        lines.groupby("node")[amounts].sum().to_excel(book, sheet_name="Enheter")
        lines.to_excel(book, sheet_name="Fakta", index=False)


def _budget(path: Path) -> "pd.DataFrame | None":
    """The lines under the key row of the budget sheet; None when the workbook has no such sheet."""
    with pd.ExcelFile(path, engine="openpyxl") as book:
        if "Budget" not in book.sheet_names:
            return None
        raw = book.parse("Budget", header=None)
    marked = raw.index[(raw == "table:budget").any(axis=1)]
    if marked.empty:
        return None
    lines = raw.loc[marked[0] + 2 :].copy()
    lines.columns = pd.Index([str(key) for key in raw.loc[marked[0]]])
    lines = lines.loc[:, ~lines.columns.duplicated()]
    lines["node"] = path.stem
    return lines[lines["account"].notna()]
