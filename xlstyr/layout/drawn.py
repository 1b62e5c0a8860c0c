"""What a definition draws by itself: its formulas, which cells they count, and its texts.

A formula's skeleton is the formula without what it refers to, which changes when cells are moved.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from xlstyr.layout import expression as ex
from xlstyr.layout.content import Content
from xlstyr.layout.definition import Column, Form, Table, Workbook
from xlstyr.layout.formula import ExcelText
from xlstyr.layout.raw import RawTable

_SHEET = r"(?:'(?:[^']|'')*'!|(?:\[\d+\])?[\w.]+!|#REF!)?"
_CELL = rf"{_SHEET}(?:\$?[A-Z]{{1,3}}\$?\d+|#REF!)"
_REFERENCE = re.compile(rf"{_CELL}(?::{_CELL})?|#REF!")


@lru_cache(8192)
def skeleton(formula: str) -> str:
    """``formula`` without what it refers to: that changes when cells are cut and pasted, and nobody has typed it."""
    return _REFERENCE.sub("@", "".join(formula.split()))


class _Anywhere:
    """``formula.Addresses`` where each thing stands somewhere of its own: only for a formula's skeleton."""

    def __init__(self, workbook: Workbook, block: str) -> None:
        self.workbook = workbook
        self.block = block
        self.places: dict[tuple[str, str], int] = {}

    def cell(self, ref: ex.Ref) -> str:
        """One cell."""
        return f"A{self.places.setdefault((ref.block or self.block, ref.key), len(self.places) + 1)}"

    def area(self, ref: ex.Ref) -> str:
        """A whole column."""
        return self.cell(ref)

    def span(self, ref: ex.Ref, first: ex.Ref, last: ex.Ref) -> str:
        """A part of a column."""
        return self.cell(ref)

    def column(self, ref: ex.Ref) -> Column | None:
        """The definition of what is referred to."""
        return self.workbook.column(ref.block or self.block, ref.key)


def issued_formulas(workbook: Workbook, table: Table, columns: Sequence[Column]) -> dict[str, str]:
    """The skeleton of the formula that was issued in each of ``columns``."""
    text = ExcelText(_Anywhere(workbook, table.key))
    return {column.key: skeleton(text.write(column.expression or "blank")) for column in columns}


def usual_formulas(table: RawTable) -> dict[str, str]:
    """The skeleton that most rows of each computed column share; none where they don't."""
    usual = {}
    for key in table.columns:
        cells = (row.cells.get(key) for row in table.rows)
        counts = Counter(skeleton(cell.formula) for cell in cells if cell is not None and cell.formula)
        if counts and (top := counts.most_common(1)[0])[1] * 2 > counts.total():
            usual[key] = top[0]
    return usual


def feeding(workbook: Workbook) -> frozenset[tuple[str, str]]:
    """(table, column) of every cell that a computed number or a total counts."""
    found: set[tuple[str, str]] = set()
    blocks: list[Table | Form] = [*workbook.tables.values(), *workbook.forms.values()]
    for block in blocks:
        computed = [c.expression for c in block.columns.values() if c.expression is not None and not c.is_text]
        for total in block.total if isinstance(block, Table) else ():
            computed += [total.expression.replace("{}", f"[{block.key}.{key}]") for key in total.columns]
        found |= {(ref.block or block.key, ref.key) for text in computed for ref in ex.references(text)}
    return frozenset(found)


def said(value: object) -> str:
    """``value`` as text, its white space evened out."""
    return "" if value is None else " ".join(str(value).split())


def known_texts(workbook: Workbook, issued: Content) -> frozenset[str]:
    """Every text that the template itself puts outside tables."""
    texts: set[str] = set()
    for sheet in workbook.sheets:
        texts |= {sheet.heading or sheet.title, sheet.subtitle, sheet.title}
        for block in sheet.block:
            texts |= set(getattr(block, "text", ()))
            texts |= {text for button in getattr(block, "button", ()) for text in (button.caption, button.help)}
            for column in (*getattr(block, "field", ()), *getattr(block, "column", ())):
                texts |= {column.header, column.help, f"\u270e {column.header}"}
            texts |= {total.header for total in getattr(block, "total", ())}
    filled = {text.format_map(_Texts(issued.texts)) for text in texts}
    values = {said(value) for form in issued.forms.values() for value in form.values()}
    rest = {text.removeprefix("# ") for text in filled}
    numbers = {str(number) for number in range(1, 10)}
    return frozenset(said(text) for text in (*filled, *rest, *values, *numbers)) | _drawing_words()


def _drawing_words() -> frozenset[str]:
    from xlstyr.words import words

    signs = ("\u270e ", "\u25a0 ", "")
    return frozenset(said(sign + str(text)) for text in words("drawing").values() for sign in signs)


class _Texts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
