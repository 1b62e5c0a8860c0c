"""What people in Danderyd answered is ordinary: no fel, and few warnings."""

import pytest

from tests.checks.desk import ANSWERS, Desk


@pytest.mark.parametrize("node", sorted(ANSWERS))
def test_an_ordinary_answer_has_no_fel(desk: Desk, node: str) -> None:
    _, _, noticed = desk.submit(node)
    assert not [finding.message for finding in noticed if finding.severity == "fel"]
    findings = desk.check(node)
    assert not [(finding.code, finding.message) for finding in findings if finding.severity == "fel"]
