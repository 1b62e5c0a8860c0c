"""Every rule about one answer: its example gives exactly that finding, in the cell that it names."""

import re

import pytest

from tests.checks.desk import FORMS, Desk
from xlstyr.checks.submission import check_submission
from xlstyr.layout.content import Content, RowContent
from xlstyr.model.premises import Premises
from xlstyr.rounds.prefill import lists_of
from xlstyr.rounds.samples import Typed
from xlstyr.words.rules import rule

NODES = {"unit": "ekbackens-forskola", "committee": "utbildningsnamnden"}
NUMBERS = [208, 211, 218, *range(301, 311), *range(401, 408), 601, 602]


def given(content: Content, table: str) -> list[RowContent]:
    """The rows of ``table`` that were issued with something in them."""
    return [row for row in content.tables.get(table, ()) if row.variant in ("normal", "fixed")]


def steps(premises: Premises, content: Content, text: str) -> tuple[list[Typed], list[tuple[str, str, str]]]:
    """What an example types, and the places (table, row, column) where its finding must be."""
    typed, places = [], []
    for line in text.strip().splitlines()[1:]:
        does, table, row, column, value, gives = (part.strip() for part in line.strip().strip("|").split("|"))
        if row.isdigit():
            row = given(content, table)[int(row) - 1].id
        if found := re.fullmatch(r"\{(\w+)\.(\d+)\.(\w+)\}", value):
            code = given(content, found[1])[int(found[2]) - 1].values[found[3]]
            value = next(c.labels[str(code)] for c in lists_of(premises).values() if str(code) in c.labels)
        if does == "skriv":
            typed.append(Typed(table, column, "value", value) if table in FORMS else Typed(table, row, column, value))
        if gives:
            places.append((table, row, column))
    return typed, places


@pytest.mark.parametrize("code", [f"XS{number}" for number in NUMBERS])
def test_example(desk: Desk, code: str) -> None:
    example = rule(code).example
    node = NODES[example.workbook]
    content, _ = desk.draw(node, answered=False)
    typed, places = steps(desk.premises, content, example.text)
    submission, issued, noticed = desk.submit(node, typed, answered=False)
    assert not [finding.message for finding in noticed]
    findings = [f for f in check_submission(submission, desk.premises, issued, noticed) if f.code == code]
    assert findings, example.text
    assert "\u2026" not in "".join(finding.message + finding.fix for finding in findings)
    for table, row, column in places:
        hits = [f for f in findings if table in ("", f.place.table)]
        assert (table, row, column) in [(f.place.table, f.place.row, f.place.column) for f in hits] or not table
