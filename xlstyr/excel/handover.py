"""What the child process has read, as plain lists for the pipe, and back: texts, whole numbers, true, false, none.

A cell is ``[value, ref]``, and longer only when there is more to say of it; a decimal number is a list of its text.
"""

from collections.abc import Iterable
from dataclasses import astuple
from decimal import Decimal
from typing import Any

from xlstyr.excel.read import read_twice
from xlstyr.layout.content import Identity
from xlstyr.layout.raw import RawBook, RawCell, RawRow, RawTable, RawValue
from xlstyr.model.finding import Finding, Place

Plain = Any
"""Lists, texts, whole numbers, true, false and none."""


def read_bytes(data: bytes) -> Plain:
    """``read_twice`` for a child process: what stands in ``data``, and the findings, plainly."""
    raw, findings = read_twice(data)
    said = [[f.code, f.severity, f.blocks, astuple(f.place), f.args] for f in findings]
    return [None if raw is None else _book(raw), said]


def from_plain(plain: Plain) -> tuple[RawBook | None, list[Finding]]:
    """What ``read_bytes`` gave, as it was."""
    book, said = plain
    findings = [
        Finding(code, severity, blocks, Place(*place), tuple((name, text) for name, text in args))
        for code, severity, blocks, place, args in said
    ]
    return None if book is None else _to_book(book), findings


def _book(raw: RawBook) -> Plain:
    identities = [identity.text() for identity in raw.identities]
    loose = [[title, _cells(cells)] for title, cells in raw.loose.items()]
    return [identities, [_table(table) for table in raw.tables], loose, raw.links, raw.macros, raw.date1904]


def _table(table: RawTable) -> Plain:
    keys: dict[str, int] = {}
    rows = [
        [
            row.id,
            row.number,
            [keys.setdefault(key, len(keys)) for key in row.cells],
            _cells(row.cells.values()),
            row.hidden,
            _cells([row.doubt] if row.doubt is not None else ()),
        ]
        for row in table.rows
    ]
    doubt = _cells([table.doubt] if table.doubt is not None else ())
    return [table.key, table.sheet, list(table.columns.items()), list(keys), rows, doubt]


def _cells(cells: Iterable[RawCell]) -> Plain:
    plain: list[tuple[Plain, ...]] = []
    for cell in cells:
        value: Plain = [str(cell.value)] if isinstance(cell.value, Decimal) else cell.value
        if cell.formula is None and cell.error is None and cell.doubt is None:
            plain.append((value, cell.ref))
        else:
            plain.append((value, cell.ref, cell.formula, cell.error, cell.doubt))
    return plain


def _to_book(plain: Plain) -> RawBook:
    identities, tables, loose, links, macros, date1904 = plain
    known = tuple(identity for text in identities if (identity := Identity.parse(text)) is not None)
    outside = {title: tuple(_to_cells(cells)) for title, cells in loose}
    return RawBook(known, tuple(_to_table(table) for table in tables), outside, tuple(links), macros, date1904)


def _to_table(plain: Plain) -> RawTable:
    key, sheet, columns, keys, rows, doubt = plain
    made = []
    for id_, number, used, cells, hidden, in_doubt in rows:
        named = dict(zip([keys[place] for place in used], _to_cells(cells), strict=True))
        made.append(RawRow(id_, number, named, hidden, *_to_cells(in_doubt)))
    return RawTable(key, sheet, dict(columns), tuple(made), *_to_cells(doubt))


def _to_cells(plain: Plain) -> list[RawCell]:
    cells = []
    for value, ref, *more in plain:
        shown: RawValue = Decimal(value[0]) if type(value) is list else value
        formula, error, doubt = more or (None, None, None)
        cells.append(RawCell(shown, formula, error, ref, doubt))
    return cells
