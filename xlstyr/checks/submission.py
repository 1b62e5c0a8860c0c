"""Checks of one answer: a plain list of small functions, each an iterator of findings of a rule or two."""

from collections.abc import Callable, Iterable, Iterator

from xlstyr.checks import cells, comments, goals, money, process, scale
from xlstyr.checks.case import Case
from xlstyr.layout.content import Content
from xlstyr.layout.submission import Submission
from xlstyr.model.finding import Finding
from xlstyr.model.premises import Premises

CHECKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    cells.required_fields,
    cells.required_cells,
    scale.typed_in_kronor,
    money.negative_budgets,
    money.within_frame,
    comments.explained,
    comments.copied,
    money.known_codes,
    money.decided,
    money.complete_rows,
    process.signed_off,
    process.decided_in_writing,
    money.internal_parties,
    money.doubled_rows,
    comments.reasoned,
    goals.measured,
    goals.targeted,
    goals.linked,
    goals.acted_on,
    goals.described,
    goals.few,
    goals.controlled,
    money.empty_budget,
    money.turned_signs,
)


def check_submission(
    submission: Submission, premises: Premises, issued: Content, noticed: Iterable[Finding] = ()
) -> list[Finding]:
    """Everything to put right in ``submission``, which answers what was ``issued``.

    Args:
        submission: What was answered.
        premises: What it is checked against.
        issued: What the sender was given.
        noticed: What ``parse`` found. A cell that it couldn't read isn't also called empty.
    """
    case = Case(submission, premises, issued, tuple(noticed))
    return [finding for check in CHECKS for finding in check(case)]
