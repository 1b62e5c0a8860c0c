"""How many of what: numbers in texts."""

import pytest

from xlstyr.words import Said, word
from xlstyr.words.rules import rule


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 rader"), (1, "1 rad"), (2, "2 rader"), (6924, "6\u00a0924 rader"), ("\u2026", "\u2026 rader")],
)
def test_a_count_and_its_noun(count: object, text: str) -> None:
    assert format(Said(count), "rad|rader") == text
    assert rule("XS509").say({"count": str(count), "node": "X"}).startswith(text)


def test_other_numbers_are_as_they_are() -> None:
    assert "{:>4}".format(Said("ab")) == "  ab"
    assert word("cli.said.findings", fel=1, varning=1, notis=2) == "1 fel, 1 varning, 2 notiser."
    assert "2026" in word("cli.said.total", year=2026, amount="5")
