"""The values of a workbook: what was typed, and what the formulas shall show, computed when asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from weakref import proxy

from xlstyr.layout import expression as ex
from xlstyr.layout.content import Content, RowContent, Unread, Value
from xlstyr.layout.definition import Column, Form, Table, Workbook
from xlstyr.layout.evaluate import evaluator, fold
from xlstyr.layout.lists import Choices, Lists
from xlstyr.model.errors import DefinitionError

_ASKED: Any = object()
"""What stands for a value while it is computed: whoever meets it depends on itself."""


class Computed:
    """The values of a workbook, formula cells computed when first asked for.

    ``forms`` and ``tables`` hold typed values by block; formula cells need not be there.
    """

    def __init__(
        self,
        workbook: Workbook,
        lists: Lists,
        forms: Mapping[str, Mapping[str, Value]],
        tables: Mapping[str, Iterable[RowContent]],
    ) -> None:
        self.workbook = workbook
        self.lists = lists
        self.rows: dict[str, list[ComputedRow]] = {}
        me: Computed = proxy(self)  # its rows don't hold it, so that all of it goes as soon as nobody needs it
        for table in workbook.tables.values():
            rows = tables.get(table.key, ())
            self.rows[table.key] = [ComputedRow(me, table, row.values, row.id, row.variant) for row in rows]
        self.forms = {
            form.key: ComputedRow(me, form, forms.get(form.key, {}), "", "normal") for form in workbook.forms.values()
        }
        self._columns: dict[tuple[str, str], list[Value]] = {}
        self._indexes: dict[tuple[str, ...], dict[tuple[Value, ...], list[int]]] = {}
        self._any_text: dict[tuple[str, str], frozenset[int] | None] = {}

    @classmethod
    def of(cls, workbook: Workbook, lists: Lists, content: Content) -> "Computed":
        """The values of ``content`` drawn as ``workbook``."""
        return cls(workbook, lists, content.forms, content.tables)

    def column(self, table: str, key: str) -> list[Value]:
        """The values of a whole column, top down (section rows are blank)."""
        name = (table, key)
        if name not in self._columns:
            self._columns[name] = [row[key] for row in self.rows.get(table, ())]
        return self._columns[name]

    def matching(self, tests: list[tuple[ex.Ref, Value]]) -> list[int]:
        """The positions of the rows that meet every test; ``"*"`` is met by any text."""
        active = [(ref, wanted) for ref, wanted in tests if wanted != "*"]
        texts = [self._texts(ref) for ref, wanted in tests if wanted == "*"]
        places = self._meeting(active) if active else range(len(self.rows.get(tests[0][0].block or "", ())))
        return [place for place in places if all(text is None or place in text for text in texts)]

    def _texts(self, ref: ex.Ref) -> frozenset[int] | None:
        """The positions where a column holds text; None when it does everywhere."""
        name = (f"{ref.block}.{ref.key}", "*")
        if name not in self._any_text:
            column = self.column(ref.block or "", ref.key)
            found = frozenset(place for place, value in enumerate(column) if isinstance(value, str) and value)
            self._any_text[name] = None if len(found) == len(column) else found
        return self._any_text[name]

    def _meeting(self, active: list[tuple[ex.Ref, Value]]) -> list[int]:
        names = tuple(f"{ref.block}.{ref.key}" for ref, _ in active)
        if names not in self._indexes:
            columns = [self._folded(ref) for ref, _ in active]
            index: dict[tuple[Value, ...], list[int]] = {}
            for place, values in enumerate(zip(*columns, strict=True)):
                index.setdefault(values, []).append(place)
            self._indexes[names] = index
        return self._indexes[names].get(tuple(fold(wanted) for _, wanted in active), [])

    def _folded(self, ref: ex.Ref) -> list[Value]:
        column = self.workbook.column(ref.block or "", ref.key)
        return [fold(_shown(value, column)) for value in self.column(ref.block or "", ref.key)]

    def total_of(self, table: str, expression: str) -> Value:
        """The value of a total above ``table``."""
        return evaluator(expression)(ComputedRow(self, self.workbook.tables[table], {}, "", "sum"))

    def choices(self, column: Column) -> Choices | None:
        """The list that ``column`` refers to; a list over a table of this workbook is made on the spot."""
        return choices_for(
            column, self.lists, lambda table, key: zip(self._ids(table), self.column(table, key), strict=True)
        )

    def _ids(self, table: str) -> list[str]:
        return [row.id for row in self.rows.get(table, ())]


def choices_for(
    column: Column, lists: Lists, pairs: Callable[[str, str], Iterable[tuple[str, Value]]]
) -> Choices | None:
    """The list of a reference; ``pairs`` gives (row id, value) of a table's column.

    ``[table.column]`` shows a row of this workbook by its text; ``=table.column`` holds the value itself,
    which has no list of its own (None).
    """
    if column.kind != "reference" or not column.to:
        return None
    if column.to.startswith("="):
        return None
    if not column.to.startswith("["):
        return lists.get(column.to)
    table, key = column.to.strip("[]").split(".")
    return Choices.of((row_id, str(value)) for row_id, value in pairs(table, key) if row_id and value)


class ComputedRow(Mapping[str, Value]):
    """One row (or form) whose formula cells are computed when asked for."""

    __slots__ = ("_computed", "block", "book", "id", "typed", "variant")

    def __init__(
        self, book: Computed, block: Table | Form, values: Mapping[str, Value], row_id: str, variant: str
    ) -> None:
        self.book = book
        self.block = block
        self.id = row_id
        self.variant = variant
        self.typed = values
        self._computed: dict[str, Any] | None = None  # most rows are never asked for any

    def __getitem__(self, key: str) -> Value:
        if key in self.typed:
            return self.typed[key]
        if self._computed is not None and key in self._computed:
            known: Value = self._computed[key]
            if known is _ASKED:
                raise DefinitionError(f"{self.block.key}.{key}")
            return known
        column = self.block.columns.get(key)
        if column is None or column.expression is None or self.variant == "section":
            return None
        if self._computed is None:
            self._computed = {}
        self._computed[key] = _ASKED
        value = evaluator(column.expression)(self)
        if column.unit is not None and isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)
        self._computed[key] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.block.columns)

    def __len__(self) -> int:
        return len(self.block.columns)

    def at(self, ref: ex.Ref) -> Value:
        """The value that ``ref`` means, seen from this row, as the sheet shows it (choices by label)."""
        if ref.block is None:
            return _shown(self[ref.key], self.block.columns.get(ref.key))
        form = self.book.forms.get(ref.block)
        return _shown(form[ref.key], form.block.columns.get(ref.key)) if form is not None else None


def _shown(value: Value, column: Column | None) -> Value:
    if column is not None and column.kind == "choice" and isinstance(value, str) and not isinstance(value, Unread):
        return column.choices.get(value, value)
    return value
