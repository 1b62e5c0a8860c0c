"""Where in the process an answer is."""

from collections.abc import Iterator
from datetime import date, datetime

from xlstyr.checks.case import Case, listed
from xlstyr.model.days import local_day
from xlstyr.model.finding import Finding, found
from xlstyr.words import word


def signed_off(case: Case) -> Iterator[Finding]:
    """XS307: the sender has said that the workbook is ready."""
    form = case.submission.forms.get("signoff")
    if form is not None and form.get("done") != "yes" and not case.is_held("signoff", None, "done"):
        yield case.note("XS307", "signoff", None, "done")


def late(received: datetime | None, deadline: date | None) -> Iterator[Finding]:
    """XS701: the file came after the last day, by the Swedish calendar."""
    if received is not None and deadline is not None and local_day(received) > deadline:
        yield found("XS701", received=local_day(received), deadline=deadline)


def decided_in_writing(case: Case) -> Iterator[Finding]:
    """XS702: who says that the committee has decided names the minutes and the day."""
    form = case.submission.forms.get("signoff")
    if form is None or form.get("status") != "committee":
        return
    missing = [
        key for key in ("minutes", "decided") if form.get(key) is None and not case.is_held("signoff", None, key)
    ]
    if missing:
        lacks = listed(word(f"checks.minutes.{key}") for key in missing)
        yield case.note("XS702", "signoff", None, missing[0], missing=lacks)


def certified_late(name: str, at: datetime, deadline: date | None) -> Iterator[Finding]:
    """XS705: the node ``name`` was certified after the last day."""
    if deadline is not None and local_day(at) > deadline:
        yield found("XS705", node=name, day=local_day(at), deadline=deadline)
