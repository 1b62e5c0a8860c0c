"""Comments: large changes say why and how much (XS302, XS303), each in words of its own (XS304); so do adjustments."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from xlstyr.checks.case import Answer, Case, kr, tkr
from xlstyr.checks.explanations import judge, normalised
from xlstyr.layout.content import Value
from xlstyr.model.finding import Finding
from xlstyr.model.money import half_away
from xlstyr.words import word

_MOST = 999  # percent: a larger share is no longer a help


def explained(case: Case) -> Iterator[Finding]:
    """XS302, XS303: a change over the limit (an amount and a share) has a comment with a cause and an amount."""
    for row, values in _to_explain(case):
        comment = values.get("comment")
        if comment is None and case.is_held("budget", row, "comment"):
            continue
        if comment is None:
            change = tkr(kr(values["difference"]))
            args = {"row": case.label("budget", values), "change": change, "percent": _percent(values)}
            yield case.note("XS302", "budget", row, "comment", **args)
        elif lacks := judge(str(comment)).lacks:
            yield case.note("XS303", "budget", row, "comment", lacks=word(f"checks.lacks.{lacks}"))


def copied(case: Case) -> Iterator[Finding]:
    """XS304: the same comment on several rows that need one; one finding per text, at the second row."""
    same: dict[str, list[Answer]] = {}
    for row, values in _to_explain(case):
        if text := normalised(str(values.get("comment") or "")):
            same.setdefault(text, []).append((row, values))
    for rows in same.values():
        if len(rows) > 1:
            labels = "; ".join(case.label("budget", values) for _, values in rows)
            yield case.note("XS304", "budget", rows[1][0], "comment", rows=labels)


def reasoned(case: Case) -> Iterator[Finding]:
    """XS310: an adjustment says why."""
    for row, values in case.rows("adjustments"):
        if values.get("comment") is None:
            yield case.note("XS310", "adjustments", row, "comment", row=case.label("adjustments", values))


def _to_explain(case: Case) -> Iterator[Answer]:
    """The rows whose change is over the limit: the sheet's own reckoning."""
    return ((row, values) for row, values in case.rows("budget") if values["explain"] == 1)


def _percent(values: Mapping[str, Value]) -> str:
    previous, difference = kr(values.get("previous")), kr(values["difference"])
    share = int(half_away(Decimal(100 * difference) / abs(previous))) if previous else None
    if share is None or abs(share) > _MOST:
        return word("checks.percent.more", limit=_MOST)
    return str(share).replace("-", "\u2212")
