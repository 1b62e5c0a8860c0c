"""Where in the process an answer is."""

from collections.abc import Iterator

from xlstyr.checks.case import Case
from xlstyr.model.finding import Finding


def signed_off(case: Case) -> Iterator[Finding]:
    """XS307: the sender has said that the workbook is ready."""
    form = case.submission.forms.get("signoff")
    if form is not None and form.get("done") != "yes" and not case.is_held("signoff", None, "done"):
        yield case.note("XS307", "signoff", None, "done")
