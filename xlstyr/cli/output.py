"""How the commands speak: findings, progress, amounts, JSON."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from xlstyr.cli.echo import echo
from xlstyr.model.finding import Finding
from xlstyr.model.money import in_tkr
from xlstyr.rounds.following.consolidating import Consolidated
from xlstyr.words import word

T = TypeVar("T")
FAULTS = 1
SEVERITIES = ("fel", "varning", "notis")

round_option = click.option(
    "--round",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    metavar="DIR",
    help=word("cli.round_option"),
)
json_option = click.option("--json", "as_json", is_flag=True, help=word("cli.json_option"))


def say(key: str, /, **args: object) -> None:
    """A line from ``words/cli.toml``."""
    echo(word(f"cli.said.{key}", **args))


def put_json(data: dict[str, Any]) -> None:
    """One object on standard out."""
    echo(json.dumps(data, ensure_ascii=False, indent=1))


def finding_json(finding: Finding) -> dict[str, str | None]:
    """A finding as ``check --json`` and ``consolidate --json`` state it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "node": finding.place.node or None,
        "sheet": finding.place.sheet or None,
        "cell": finding.place.cell or None,
        "message": finding.message,
        "fix": finding.fix,
    }


def show_findings(findings: Sequence[Finding], limit: int = 40, err: bool = False) -> None:
    """Findings with their cure, the worst first."""
    ordered = sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
    for finding in ordered[:limit]:
        place = " ".join(part for part in (finding.place.sheet, finding.place.cell) if part)
        args = {"severity": finding.severity, "code": finding.code, "place": place}
        echo(word("cli.said.finding", message=finding.message, fix=finding.fix, **args), err=err)
    if len(ordered) > limit:
        echo(word("cli.said.more", count=len(ordered) - limit), err=err)


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each severity."""
    severities = [finding.severity for finding in findings]
    return {severity: severities.count(severity) for severity in SEVERITIES}


def kronor(amount: int | None) -> str:
    """An amount in kr as whole tkr with Swedish separators."""
    if amount is None:
        return "–"
    return f"{in_tkr(amount):,}".replace(",", "\u00a0").replace("-", "\u2212")


def show_totals(done: Consolidated) -> None:
    """What a roll-up says: completeness, what is missing, the totals, the file."""
    scope = done.scope
    given, expected = len(scope.expected) - len(scope.gaps), len(scope.expected)
    say("summary", node=scope.node.name, given=given, expected=expected)
    if scope.gaps:
        names = [scope.premises.organisation[node].name for node in scope.gaps]
        say("missing", names=", ".join(names[:12]) + (" …" if len(names) > 12 else ""))
    for year, amount in done.totals["net_cost"].items():
        say("total", year=year, amount=kronor(amount))
    results = done.totals.get("result")
    for year, amount in (results or {}).items():
        say("result", year=year, amount=kronor(amount))
    if results is None and scope.node.parent is None:
        say("no_result")
    say("findings", **counts(done.findings))
    say("workbook", path=done.path)


def progress(what: str) -> Callable[[Iterable[T]], Iterator[T]]:
    """An iterator that shows how far it has come, on a terminal only."""

    def wrapped(items: Iterable[T]) -> Iterator[T]:
        known = list(items)
        shown = sys.stderr.isatty()
        for done, item in enumerate(known, 1):
            if shown:
                text = word("cli.said.progress", what=word(f"cli.said.{what}"), done=done, total=len(known))
                click.echo(f"\r{text}", nl=done == len(known), err=True)
            yield item

    return wrapped
