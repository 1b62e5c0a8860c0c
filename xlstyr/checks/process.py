"""Where in the process an answer is."""

from collections.abc import Iterator
from datetime import date, datetime

from xlstyr.checks.case import Case
from xlstyr.model.finding import Finding, found


def signed_off(case: Case) -> Iterator[Finding]:
    """XS307: the sender has said that the workbook is ready."""
    form = case.submission.forms.get("signoff")
    if form is not None and form.get("done") != "yes" and not case.is_held("signoff", None, "done"):
        yield case.note("XS307", "signoff", None, "done")


def late(received: datetime | None, deadline: date | None) -> Iterator[Finding]:
    """XS701: the file came after the last day, by the calendar where answers are collected."""
    if received is not None and deadline is not None and received.astimezone().date() > deadline:
        yield found("XS701", received=received.astimezone().date(), deadline=deadline)
