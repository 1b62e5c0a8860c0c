"""Making every cached value of a workbook wrong, so that only a real recalculation is right."""

import re

from tests.office.package import Package
from tests.office.sheet import Cell, Sheet

NUMBER = 987654321.5
TEXT = "GIFT"

_VALUE = re.compile(r"<v\b[^>]*?(?:/>|>.*?</v>)|<is>.*?</is>", re.DOTALL)


def poison(data: bytes) -> bytes:
    """Replaces the cached value of every formula cell by a wrong one.

    Texts become ``GIFT``; numbers, truth values, errors and missing values become 987654321.5.

    Args:
        data: An xlsx file.

    Returns:
        The same file but for the cached values.

    Raises:
        ValueError: No formula cell was found, so nothing was poisoned.
    """
    package = Package(data)
    poisoned = 0
    for part in package.sheets().values():
        xml = package.text(part)
        if "<f" not in xml:
            continue
        sheet = Sheet(xml)
        cells = sheet.formula_cells().values()
        for cell in cells:
            _spoil(cell)
        poisoned += len(cells)
        package.put(part, sheet.xml())
    if not poisoned:
        raise ValueError("no formula cell was found: there is nothing to poison")
    return package.bytes()


def _spoil(cell: Cell) -> None:
    """Replaces one cell's value and keeps its formula."""
    is_text = cell.attributes.pop("t", "n") in {"str", "s", "inlineStr"}
    if is_text:
        cell.attributes["t"] = "str"
    cell.inner = f"{_VALUE.sub('', cell.inner)}<v>{TEXT if is_text else NUMBER}</v>"
