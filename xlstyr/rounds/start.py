"""``init``: a new round with its control workbook."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from xlstyr.excel.stamp import Stamp
from xlstyr.excel.theme import Theme
from xlstyr.layout.content import Content
from xlstyr.layout.load import load_workbook
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.prefill import with_growth
from xlstyr.rounds.records.retention import FILE as RETENTION
from xlstyr.rounds.resources import data_folder, templates
from xlstyr.rounds.round import THEME, copy_theme
from xlstyr.rounds.safe import write_safely
from xlstyr.rounds.samples import sample_content, sample_year
from xlstyr.rounds.settings import FILE as SETTINGS
from xlstyr.words import word

FOLDERS = ("issued", "inbox", "outbox", "originals", "returns", "results", "quarantine")


def start_round(
    folder: Path, year: int | None, sample: str | None, equip: Callable[[bytes], bytes] | None = None
) -> Path:
    """The control workbook of a new round in ``folder``, filled from ``sample`` (None: the standard content).

    ``year`` None is the year that the sample was made for. ``equip`` puts macros in the workbook, which then is an
    ``.xlsm`` with buttons.

    Raises:
        XlstyrError: there is a control workbook already, of whatever year, or no such sample.
    """
    source = data_folder("samples") / (sample or "standard")
    if not source.is_dir():
        raise XlstyrError(word("cli.errors.no_sample", sample=sample))
    year = year or sample_year(source)
    target = folder / (
        word("folders.control", year=year) if equip is None else word("folders.macro_control", year=year)
    )
    if there := _controls(folder):
        raise XlstyrError(word("cli.errors.round_exists", file=there[0].name))
    workbook = load_workbook("control", year, templates())
    content = with_growth(_texts(sample_content(source, workbook, year)), workbook)
    theme = Theme.load(templates() / THEME)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (folder / word(f"folders.{name}")).mkdir(exist_ok=True)
    if not (folder / THEME).exists():
        copy_theme(folder)
    _copy_to_change(folder)
    drawn = Stamp(workbook, theme, {}, pressable=equip is not None).draw(content)
    write_safely(target, drawn if equip is None else equip(drawn))
    return target


def _controls(folder: Path) -> list[Path]:
    """The control workbooks in ``folder``, of any year, with macros or without; Excel's own lock files are none."""
    pattern = word("folders.control", year="*").removesuffix("x")
    return sorted(path for path in folder.glob(f"{pattern}[xm]") if not path.name.startswith("~$"))


def _copy_to_change(folder: Path) -> None:
    """Settings, times of retention and texts of letters, with what they may say, for those who want them otherwise."""
    letters = folder / word("folders.letters")
    wanted = {path: letters / path.name for path in sorted((templates() / "letters").glob("*.j2"))}
    own = {templates() / name: folder / name for name in (SETTINGS, RETENTION)}
    for source, target in {**wanted, **own}.items():
        if not target.exists():
            write_safely(target, source.read_bytes())


def _texts(content: Content) -> Content:
    form = content.forms["round"]
    municipality = str(form.get("municipality") or word("folders.root"))
    title = word("folders.control", year=form["year"]).removesuffix(".xlsx")
    texts = {"title": title, "node": municipality, "municipality": municipality, "committee": ""}
    return replace(content, texts={**texts, "label": str(form.get("label") or "")})
