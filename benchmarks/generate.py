"""Drawing one fully styled unit workbook: stamped, and written cell by cell with openpyxl."""

import io
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from benchmarks.measure import Measured, interleaved, ms
from benchmarks.sample import NOW, UNIT
from xlstyr.excel.specimen import draw_specimen
from xlstyr.excel.stamp import Stamp
from xlstyr.layout.content import Content
from xlstyr.rounds.prefill import node_content
from xlstyr.rounds.round import Round

SUBJECT = "generate a unit workbook"


def measure(folder: Path, quick: bool) -> Iterator[Measured]:
    """Stamp ÷ openpyxl with the same cells, styles, validations, rules and names."""
    with Round(folder, NOW) as round_:
        stamp, content = unit(round_)
        recipe = Recipe.of(stamp.draw(content))
        works: dict[str, Callable[[], object]] = {
            "stamp": lambda: stamp.draw(content),
            "openpyxl": recipe.write,
            "specimen": lambda: draw_specimen(stamp.workbook, round_.theme, round_.lists),
        }
        taken = interleaved(works, 5 if quick else 15)
    what = f"{recipe.size}; {ms(taken['stamp'])} of {ms(taken['openpyxl'])}"
    yield Measured(SUBJECT, "openpyxl writing the same", taken["stamp"] / taken["openpyxl"], 0.05, 0.012, detail=what)
    drawn = f"the specimen, once per layout: {ms(taken['specimen'])}"
    yield Measured(SUBJECT, "XlsxWriter drawing the specimen", taken["stamp"] / taken["specimen"], detail=drawn)


def unit(round_: Round) -> tuple[Stamp, Content]:
    """The stamp and content of one unit's workbook."""
    phase = round_.premises.phase_of(UNIT)
    assert phase is not None
    workbook = round_.layout(phase.layout)
    return round_.stamp(workbook), node_content(round_.premises, UNIT, phase, workbook, 1)


@dataclass
class _Page:
    """One sheet as openpyxl is told to write it."""

    title: str
    cells: list[tuple[int, int, Any, int]]
    sheet: Any


@dataclass
class Recipe:
    """A workbook as values and styles, taken from a finished one. Reading it isn't timed.

    The peer is written as somebody who knows openpyxl would write it: each style is made once and its index is
    copied to the cells that have it. Formulas go without the cached values that the stamp computes and writes.
    """

    pages: list[_Page] = field(default_factory=list)
    styles: list[Any] = field(default_factory=list)
    names: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes) -> "Recipe":
        """The recipe of the workbook ``data``."""
        book = openpyxl.load_workbook(io.BytesIO(data))
        recipe = cls(names=list(book.defined_names.values()))
        numbers: dict[int, int] = {}
        for sheet in book.worksheets:
            cells: list[tuple[Any, Any, Any, int]] = []
            for cell in (cell for row in sheet.iter_rows() for cell in row):
                if cell.value is None and not cell.has_style:
                    continue
                if cell.style_id not in numbers:
                    numbers[cell.style_id] = len(recipe.styles)
                    recipe.styles.append(_style(cell))
                cells.append((cell.row, cell.column, cell.value, numbers[cell.style_id]))
            recipe.pages.append(_Page(sheet.title, cells, sheet))
        return recipe

    @property
    def size(self) -> str:
        """How much there is to write."""
        cells = sum(len(page.cells) for page in self.pages)
        rules = sum(len(page.sheet.data_validations.dataValidation) for page in self.pages)
        return f"{len(self.pages)} sheets, {cells} cells, {rules} validations, {len(self.names)} names"

    def write(self) -> bytes:
        """The workbook, written with openpyxl."""
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        made: dict[int, Any] = {}
        for page in self.pages:
            sheet = book.create_sheet(page.title)
            for row, column, value, number in page.cells:
                cell = sheet.cell(row, column, value)
                if number in made:
                    cell._style = copy(made[number])  # noqa: SLF001 - the fast way that everybody uses
                else:
                    for name, part in self.styles[number].items():
                        setattr(cell, name, part)
                    made[number] = cell._style  # noqa: SLF001
            _dress(sheet, page.sheet)
        for name in self.names:
            book.defined_names.add(name)
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()


def _style(cell: Any) -> dict[str, Any]:
    names = ("font", "fill", "border", "alignment", "protection", "number_format")
    return {name: copy(getattr(cell, name)) for name in names}


def _dress(sheet: Any, like: Any) -> None:
    """Everything of a sheet that isn't a cell."""
    for letters, dimension in like.column_dimensions.items():
        sheet.column_dimensions[letters].width = dimension.width
        sheet.column_dimensions[letters].hidden = dimension.hidden
    for number, dimension in like.row_dimensions.items():
        if dimension.height is not None:
            sheet.row_dimensions[number].height = dimension.height
        if dimension.hidden:
            sheet.row_dimensions[number].hidden = True
    for validation in like.data_validations.dataValidation:
        sheet.add_data_validation(validation)
    for area in like.conditional_formatting:
        for rule in area.rules:
            sheet.conditional_formatting.add(str(area.sqref), rule)
    for merged in like.merged_cells.ranges:
        sheet.merge_cells(str(merged))
    sheet.freeze_panes = like.freeze_panes
    sheet.sheet_state = like.sheet_state
    sheet.sheet_view.showGridLines = like.sheet_view.showGridLines
    sheet.protection = copy(like.protection)
    sheet.page_setup.orientation = like.page_setup.orientation
    sheet.page_setup.paperSize = like.page_setup.paperSize
    sheet.oddHeader, sheet.oddFooter = like.oddHeader, like.oddFooter
    sheet.auto_filter.ref = like.auto_filter.ref
    if like.print_area:
        sheet.print_area = like.print_area
