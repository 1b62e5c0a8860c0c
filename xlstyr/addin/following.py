"""Follow the figure: from a figure in a rolled-up workbook to the nodes, files and cells that it consists of.

The workbook's own formulas are followed, from a page over Kub to Fakta; what Fakta says of a line's source is completed
with what the workbook carries of every answer. The originals are never opened: a copy for reading is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import xlwings as xw

from xlstyr.addin.formulas import Cell, Tracer, Value, exact
from xlstyr.addin.openbook import formulas_of, identity_of, raw_sheet
from xlstyr.addin.trees import Box, UntraceableError
from xlstyr.layout.definition import Workbook
from xlstyr.layout.load import load_workbook
from xlstyr.layout.raw import RawBook, letters, locate
from xlstyr.model.bundle import Row
from xlstyr.model.errors import XlstyrError
from xlstyr.model.records import BudgetLine
from xlstyr.reports.rollup import PERIOD_KEYS
from xlstyr.rounds.incoming.carrier import parse_carrier
from xlstyr.rounds.resources import templates
from xlstyr.words import word

FACTS, CARRIER = "facts", "carrier"
FROM_CONTROL = ("frames", "gaps", "tie_outs")
"""Tables with amounts that stand in the control workbook, and that no node has typed."""
_TOLD = ("node", "activity", "account", "name", "side", "comment", "file", "sheet", "row", "ref")
_ANY_YEAR = 2000
_SCATTERED = 40
"""So many runs of rows are fetched one by one; more are cheaper fetched with all between them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One typed amount that a figure is made of: what it is, where it came from, and how it counts.

    ``amount`` is what the line says, ``counted`` what it adds to the figure; both kr. ``sha256`` is ``""`` for what
    came from no file (frames come from the control workbook).
    """

    node: str
    what: str
    file: str
    sender: str
    received: str
    sha256: str
    sheet: str
    cell: str
    amount: Fraction
    counted: Fraction


@dataclass(frozen=True, slots=True)
class Trail:
    """Everything that the figure in ``sheet`` and ``cell`` is made of. ``shown``: what it says there."""

    sheet: str
    cell: str
    shown: Fraction
    steps: tuple[Step, ...]

    @property
    def total(self) -> Fraction:
        """What the steps sum to."""
        return sum((step.counted for step in self.steps), Fraction(0))

    @property
    def by_node(self) -> dict[str, Fraction]:
        """What each node adds."""
        nodes: dict[str, Fraction] = defaultdict(Fraction)
        for step in self.steps:
            nodes[step.node] += step.counted
        return dict(nodes)


def follow_figure(book: xw.Book) -> str:
    """Shows what the selected figure consists of; on a line shown before, opens its source. A line for people.

    Raises:
        XlstyrError: no figure is selected, or it has nothing to follow.
    """
    from xlstyr.addin.trails import open_step, show_trail, step_selected

    identity = identity_of(book)
    if identity is None or identity.kind != "rollup":
        raise XlstyrError(word("addin.follow.not_rollup", book=book.name))
    if (chosen := step_selected(book)) is not None:
        return open_step(book, identity, chosen)
    selection = book.app.selection
    if selection is None:
        raise XlstyrError(word("addin.untraceable.blank"))
    trail = trail_of(book, selection.sheet.name, selection.row, selection.column)
    return show_trail(book, identity, trail)


def trail_of(book: xw.Book, sheet: str, row: int, column: int) -> Trail:
    """What the figure in a cell of a rolled-up ``book`` is made of.

    Raises:
        XlstyrError: it is no figure, or not a sum that can be followed.
    """
    grid = BookGrid(book)
    facts = _Facts(book, grid)
    try:
        counted = Tracer(grid, facts.title).follow((sheet, row, column))
    except UntraceableError as error:
        raise XlstyrError(word(f"addin.untraceable.{error.reason}")) from error
    shown = grid.values(sheet, (row, column, row, column))[0][0]
    assert isinstance(shown, Fraction)
    lines = [cell for cell in counted if facts.has(cell)]
    others = [cell for cell in counted if not facts.has(cell)]
    if any(title not in facts.from_control for title, _, _ in others):
        raise XlstyrError(word("addin.untraceable.typed"))
    steps = [*facts.steps(lines, counted), *(_other(grid, cell, counted[cell]) for cell in others)]
    return Trail(sheet, f"{letters(column)}{row}", shown, tuple(sorted(steps, key=lambda s: -abs(s.counted))))


def _other(grid: "BookGrid", cell: Cell, times: Fraction) -> Step:
    """An amount that no node typed: it stands in the workbook since the control workbook says so."""
    sheet, row, column = cell
    amount = grid.values(sheet, (row, column, row, column))[0][0]
    assert isinstance(amount, Fraction)
    source = word("addin.follow.control")
    what = next((str(v) for v in grid.values(sheet, (row, 1, row, column))[0] if isinstance(v, str) and v), "")
    return Step(source, what, "", "", "", "", sheet, f"{letters(column)}{row}", amount, amount * times)


class BookGrid:
    """The cells of an open workbook, each area fetched once."""

    def __init__(self, book: xw.Book) -> None:
        self.book = book
        self._values: dict[tuple[str, Box], list[list[Value]]] = {}
        self._formulas: dict[tuple[str, Box], list[list[str | None]]] = {}

    def values(self, sheet: str, box: Box) -> list[list[Value]]:
        """What the cells of an area show, exactly."""
        if (sheet, box) not in self._values:
            rows = self._range(sheet, box).options(ndim=2, err_to_str=True).value
            self._values[sheet, box] = [[exact(value) for value in row] for row in rows]
        return self._values[sheet, box]

    def formulas(self, sheet: str, box: Box) -> list[list[str | None]]:
        """Their formulas; None for those without."""
        if (sheet, box) not in self._formulas:
            texts = formulas_of(self._range(sheet, box))
            shown = self.values(sheet, box)
            self._formulas[sheet, box] = [
                [_formula(text, value) for text, value in zip(*pair, strict=True)]
                for pair in zip(texts, shown, strict=True)
            ]
        return self._formulas[sheet, box]

    def _range(self, sheet: str, box: Box) -> xw.Range:
        return self.book.sheets[sheet].range(box[:2], box[2:])


def _formula(text: object, value: Value) -> str | None:
    return text[1:] if isinstance(text, str) and text.startswith("=") and text != value else None


class _Facts:
    """The page of facts in an open workbook, its columns found by their headers."""

    def __init__(self, book: xw.Book, grid: BookGrid) -> None:
        self.book = book
        self.grid = grid
        workbook = load_workbook("rollup", _ANY_YEAR, templates())
        self.title = workbook.sheet_of[FACTS].title
        self.from_control = {workbook.sheet_of[key].title for key in FROM_CONTROL}
        if self.title not in [sheet.name for sheet in book.sheets]:
            raise XlstyrError(word("addin.follow.no_facts", sheet=self.title))
        used = book.sheets[self.title].used_range
        self.last, self.right = used.row + used.shape[0] - 1, used.column + used.shape[1] - 1
        self.head, self.columns = self._columns(workbook)

    def _columns(self, workbook: Workbook) -> tuple[int, dict[str, int]]:
        """(row of the headers, column number by key). Years differ: amounts are the columns in their order."""
        known = {column.header: key for key, column in workbook.tables[FACTS].columns.items()}
        rows = self.grid.values(self.title, (1, 1, min(12, self.last), self.right))
        for number, row in enumerate(rows, 1):
            found = {known[str(v)]: c for c, v in enumerate(row, 1) if str(v) in known}
            if set(_TOLD) <= set(found):
                between = range(found["adjustment"] + 1, found["comment"])
                amounts = [c for c in between if row[c - 1] is not None]
                if len(amounts) == len(PERIOD_KEYS):
                    return number, found | dict(zip(PERIOD_KEYS, amounts, strict=True))
        raise XlstyrError(word("addin.follow.no_facts", sheet=self.title))

    def has(self, cell: Cell) -> bool:
        """Whether a cell is an amount on the page of facts."""
        sheet, row, column = cell
        return sheet == self.title and row > self.head and column in [self.columns[key] for key in PERIOD_KEYS]

    def steps(self, cells: Sequence[Cell], counted: Mapping[Cell, Fraction]) -> Iterator[Step]:
        """The amounts in ``cells`` with their sources."""
        if not cells:
            return
        key_of = {self.columns[key]: key for key in PERIOD_KEYS}
        rows = dict(self._rows(sorted({row for _, row, _ in cells})))
        carried = _Carried(self.book)
        for cell in cells:
            _, row, column = cell
            told = {key: rows[row][self.columns[key] - 1] for key in (*_TOLD, *PERIOD_KEYS)}
            yield _step(told, key_of[column], counted[cell], carried)

    def _rows(self, wanted: list[int]) -> Iterator[tuple[int, list[Value]]]:
        """The rows with those numbers, in few fetches."""
        runs: list[list[int]] = []
        for row in wanted:
            if runs and row == runs[-1][1] + 1:
                runs[-1][1] = row
            else:
                runs.append([row, row])
        if len(runs) > _SCATTERED:
            runs = [[wanted[0], wanted[-1]]]
        for first, last in runs:
            yield from enumerate(self.grid.values(self.title, (first, 1, last, self.right)), first)


def _step(told: Mapping[str, Value], key: str, times: Fraction, carried: "_Carried") -> Step:
    amount = told[key]
    assert isinstance(amount, Fraction)
    what = " ".join(_said(told[name]) for name in ("activity", "account", "name") if told[name] is not None)
    row = carried.find(told)
    cell, sender, received, sha256 = _said(told["ref"]), "", "", ""
    if row is not None:
        source = row.origin.source
        cell = row.origin.ref(key) or cell
        sender, sha256 = source.sender, source.sha256
        received = source.received.astimezone().strftime("%Y-%m-%d %H:%M") if source.received else ""
    file, sheet, node = _said(told["file"]), _said(told["sheet"]), _said(told["node"])
    return Step(node, what, file, sender, received, sha256, sheet, cell, amount, amount * times)


def _said(value: Value) -> str:
    return str(value.numerator) if isinstance(value, Fraction) else str(value or "")


_Key = tuple[object, ...]


class _Carried:
    """The lines that a rolled-up workbook carries, by what the page of facts says of them."""

    def __init__(self, book: xw.Book) -> None:
        self.lines: dict[_Key, list[Row]] = defaultdict(list)
        identity = identity_of(book)
        sheet = load_workbook("rollup", _ANY_YEAR, templates()).sheet_of[CARRIER].title
        if identity is None or sheet not in [one.name for one in book.sheets]:
            return
        tables, _ = locate([raw_sheet(book.sheets[sheet])])
        for one in parse_carrier(RawBook((identity,), tables), None)[0]:
            for row in one.rows:
                if one.stage == identity.stage and isinstance(row.record, BudgetLine):
                    self.lines[_key_of(row, row.record)].append(row)

    def find(self, told: Mapping[str, Value]) -> Row | None:
        """The line that ``told`` is about; None when none, or more than one file, fits."""
        texts = [_said(told[name]).strip() for name in ("activity", "account", "file", "sheet", "row", "ref")]
        amounts = sorted(told[key] for key in PERIOD_KEYS if isinstance(told[key], Fraction))  # type: ignore[type-var]
        found = self.lines.get((*texts, *amounts), [])
        return found[0] if len({row.origin.source.sha256 for row in found}) == 1 else None


def _key_of(row: Row, line: BudgetLine) -> _Key:
    ref = row.origin.ref("change") or row.origin.ref("budget")
    texts = (line.activity, line.account, row.origin.source.name, row.origin.sheet, str(row.origin.row), ref)
    amounts = sorted(Fraction(amount) for _, amount in line.amounts if amount is not None)
    return (*(text.strip() for text in texts), *amounts)


__all__ = ["BookGrid", "Step", "Trail", "follow_figure", "trail_of"]
