"""How a followed figure is shown, on a sheet of its own, and how its sources are opened."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

import xlwings as xw

from xlstyr.addin.following import Step, Trail
from xlstyr.addin.homes import home_of
from xlstyr.addin.native import is_saved, mark_saved, protect
from xlstyr.addin.originals import Copy, clear_copies, copies, copy_of
from xlstyr.addin.running import open_book
from xlstyr.addin.sheets import Column, emptied, head, hide_columns, lay_out, new_sheet, own_sheet, put, titled
from xlstyr.layout.content import Identity
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

_NODES, _STEPS, _LINKED = 300, 1000, 25
_HEAD = 5
_WIDTHS = {
    "node": 32,
    "what": 40,
    "amount": 16,
    "counted": 16,
    "file": 40,
    "sheet": 18,
    "cell": 9,
    "sender": 28,
    "received": 17,
    "sha256": 20,
}
_CELL = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
_SHOWN = (True, -1)
"""How programs say that a sheet is shown. Of one that no menu can show Excel says 2."""
_DIGEST = 15
"""The column, off to the right, where lines have their whole sha256."""


def show_trail(book: xw.Book, identity: Identity, trail: Trail) -> str:
    """Shows ``trail`` in ``book``; the line that says whether it sums to the figure."""
    was_saved, app = is_saved(book), book.app
    app.screen_updating = False
    try:
        sheet = own_sheet(titled(book), "follow") or new_sheet(book, titled(book), "follow")
        emptied(sheet)
        verdict = verdict_of(trail)
        columns = [Column(word(f"addin.follow.{key}"), width) for key, width in _WIDTHS.items()]
        place = word("addin.follow.shows", sheet=trail.sheet, cell=trail.cell, amount=kronor(trail.shown))
        lay_out(sheet, word("addin.follow.title"), place, columns, _HEAD + _below(trail))
        put(sheet, 3, 2, [[verdict]])
        _put_nodes(sheet, trail)
        clear_copies(app)
        _put_steps(sheet, trail, copies(book, identity, (step.sha256 for step in trail.steps), _LINKED))
        hide_columns(sheet, _DIGEST, _DIGEST)
        protect(sheet)
        sheet.activate()
    finally:
        app.screen_updating = True
    if was_saved:
        mark_saved(book)
    return verdict


def verdict_of(trail: Trail) -> str:
    """Whether the steps sum to exactly what is shown, or what differs."""
    difference = trail.shown - trail.total
    args = {"count": len(trail.steps), "nodes": len(trail.by_node), "amount": kronor(trail.total)}
    if difference == 0:
        return word("addin.follow.exact", **args)
    rounded = abs(difference) < 1
    return word(f"addin.follow.{'rounded' if rounded else 'differs'}", difference=kronor(difference), **args)


def _below(trail: Trail) -> int:
    """How many rows the list of nodes takes, with its headers and a blank row."""
    nodes = len(trail.by_node)
    return 0 if nodes < 2 else min(nodes, _NODES) + (nodes > _NODES) + 2


def _put_nodes(sheet: xw.Sheet, trail: Trail) -> None:
    nodes = sorted(trail.by_node.items(), key=lambda pair: -abs(pair[1]))
    if len(nodes) < 2:
        return
    head(sheet, [Column(word(f"addin.follow.{key}"), 0) for key in ("node", "steps", "counted")], _HEAD)
    counts = Counter(step.node for step in trail.steps)
    rows: list[list[object]] = [[node, counts[node], _cell(amount)] for node, amount in nodes[:_NODES]]
    if len(nodes) > _NODES:
        left = nodes[_NODES:]
        rows.append([word("addin.follow.more", count=len(left)), None, _cell(sum((a for _, a in left), Fraction(0)))])
    put(sheet, _HEAD + 1, 2, rows)
    sheet.range((_HEAD + 1, 4), (_HEAD + len(rows), 4)).number_format = "#,##0"


def _put_steps(sheet: xw.Sheet, trail: Trail, opened: Mapping[str, Copy]) -> None:
    first = _HEAD + _below(trail) + 1
    shown = trail.steps[:_STEPS]
    rows = [_row(step) for step in shown]
    if left := trail.steps[_STEPS:]:
        rest = _cell(sum((step.counted for step in left), Fraction(0)))
        rows.append([word("addin.follow.more", count=len(left)), None, None, rest, *[None] * 6])
    rows.append([word("addin.follow.total"), None, None, _cell(trail.total), *[None] * 6])
    put(sheet, first, 2, rows)
    sheet.range((first, 4), (first + len(rows) - 1, 5)).number_format = "#,##0"
    sheet.range((first + len(rows) - 1, 2), (first + len(rows) - 1, 1 + len(_WIDTHS))).font.bold = True
    put(sheet, first, _DIGEST, [[step.sha256 or None] for step in shown])
    _link(sheet, shown, first, opened)


def _link(sheet: xw.Sheet, shown: Sequence[Step], first: int, opened: Mapping[str, Copy]) -> None:
    """Links to the cells in the copies, and in this workbook for what came from no file.

    Plain paths: what is written as %C3 in an address Excel for Windows reads in a code page of its own.
    """
    for number, step in enumerate(shown, first):
        title = step.sheet.replace("'", "''")
        if _CELL.fullmatch(step.cell) is None or (step.file and step.sha256 not in opened):
            continue
        address = f"{opened[step.sha256].path if step.file else ''}#'{title}'!{step.cell}"
        sheet.range((number, 8)).add_hyperlink(address, step.cell, word("addin.follow.open"))


def _row(step: Step) -> list[object]:
    return [
        step.node,
        step.what or None,
        _cell(step.amount),
        _cell(step.counted),
        step.file or None,
        step.sheet or None,
        step.cell or None,
        step.sender or None,
        step.received or None,
        step.sha256[:16] or None,
    ]


def _cell(amount: Fraction) -> int | float:
    return amount.numerator if amount.denominator == 1 else float(amount)


def kronor(amount: Fraction) -> str:
    """An amount in kr in full, with what is left of a krona when there is anything."""
    whole = f"{round(amount):,}" if amount.denominator == 1 else f"{float(amount):,.6f}".rstrip("0")
    return whole.replace(",", "\u00a0").replace(".", ",").replace("-", "\u2212")


def step_selected(book: xw.Book) -> Step | None:
    """The line that is selected on the sheet of a followed figure; None when another sheet is in front."""
    sheet = own_sheet(titled(book), "follow")
    if sheet is None or book.sheets.active.name != sheet.name or book.app.selection is None:
        return None
    row = book.app.selection.row
    node, what, _, _, file, title, cell, *_ = sheet.range((row, 2), (row, 1 + len(_WIDTHS))).value
    sha256 = str(sheet.range((row, _DIGEST)).value or "")
    nothing = Fraction(0)
    texts = [str(text or "") for text in (node, what, file)]
    return Step(texts[0], texts[1], texts[2], "", "", sha256, str(title or ""), str(cell or ""), nothing, nothing)


def open_step(book: xw.Book, identity: Identity, step: Step) -> str:
    """Opens a copy of the source of ``step`` at its cell.

    Raises:
        XlstyrError: the line has no file, or names none that has been taken in and is at hand.
    """
    if not step.sha256:
        raise XlstyrError(word("addin.follow.no_file"))
    with home_of(book, identity) as round_:
        copy = copy_of(round_, step.sha256)
    if copy is None:
        raise XlstyrError(word("addin.follow.no_original", file=step.file))
    source = open_book(book.app, copy.path, read_only=True)
    sheet = next((one for one in source.sheets if one.name == step.sheet and one.visible in _SHOWN), None)
    if sheet is not None and _CELL.fullmatch(step.cell):
        sheet.activate()
        sheet.range(step.cell).select()
    return word("addin.follow.opened", file=copy.name, sheet=step.sheet, cell=step.cell)
