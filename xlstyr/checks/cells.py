"""What every cell must hold: what is required is filled in (XS208)."""

from collections.abc import Iterator

from xlstyr.checks.case import Case
from xlstyr.checks.lines import is_decided
from xlstyr.layout.definition import Column
from xlstyr.model.finding import Finding

_ELSEWHERE = frozenset(
    {
        ("budget", "account"),  # XS306
        ("budget", "activity"),
        ("adjustments", "account"),
        ("adjustments", "activity"),
        ("adjustments", "comment"),  # XS310
        ("goals", "belongs"),  # XS403
        ("indicators", "unit"),  # XS405
    }
)
"""Required cells that another rule asks for, in words of its own."""


def required_fields(case: Case) -> Iterator[Finding]:
    """XS208 in forms: a field that must be answered, and isn't."""
    for form in case.submission.workbook.forms.values():
        for column in form.field:
            if not column.required or not column.open_in("normal") or case.is_held(form.key, None, column.key):
                continue
            if case.submission.forms[form.key].get(column.key) is None and not _is_needless(case, form.key, column):
                yield case.note("XS208", form.key, None, column.key, header=column.header)


def _is_needless(case: Case, form: str, column: Column) -> bool:
    """Accepting the proposal makes no difference when every row is decided already."""
    given = ((row, values) for row, values in case.rows("budget") if not row.new)
    return (form, column.key) == ("answer", "accept") and all(is_decided(row, values) for row, values in given)


def required_cells(case: Case) -> Iterator[Finding]:
    """XS208 in the sender's own rows."""
    for table in case.submission.workbook.tables.values():
        required = [c for c in table.column if c.required and (table.key, c.key) not in _ELSEWHERE]
        for row, values in case.rows(table.key):
            if not row.new:
                continue
            for column in required:
                is_blank = column.open_in("free") and values.get(column.key) is None
                if is_blank and not case.is_held(table.key, row, column.key):
                    yield case.note("XS208", table.key, row, column.key, header=column.header)
