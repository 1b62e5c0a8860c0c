"""A part of a round, for the controller of a node: what is needed to collect, check, return and roll up below it."""

from dataclasses import dataclass
from pathlib import Path

from xlstyr.mail.addresses import usable
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, Place, found
from xlstyr.model.premises import Premises
from xlstyr.rounds.following.consolidating import Consolidated
from xlstyr.rounds.outgoing.issuing import issue_workbook
from xlstyr.rounds.outgoing.letters import Outgoing, Writer, addresses
from xlstyr.rounds.records.retention import FILE as RETENTION
from xlstyr.rounds.register import Event, Register
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import THEME, Round, replaced_controls
from xlstyr.rounds.safe import write_safely
from xlstyr.rounds.settings import FILE as SETTINGS
from xlstyr.rounds.start import FOLDERS
from xlstyr.rounds.succeeding import reached_from
from xlstyr.words import word

MAILED = ("sent", "reminded")
PART, ROUND = "part", "round"
"""What the register of a part says of itself: its node, and the round it was taken from."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A part of a round in ``folder``. ``issues``: how many workbooks it knows; ``size`` in bytes, of all files."""

    folder: Path
    node: str
    nodes: int
    issues: int
    size: int


def lend(source: Round, folder: Path, node: str) -> Lent:
    """Makes or renews the part of ``source`` below ``node`` in ``folder``: nothing of what anybody has answered.

    The control workbook goes along as it is, and that workbooks were sent and reminded of: so nobody gets them twice.
    What has come in to a part already made is left as it stands.

    Raises:
        XlstyrError: there is another round in ``folder``, or ``source`` is itself a part without ``node``.
    """
    organisation = source.premises.organisation
    if node not in organisation or node not in source.reach:
        raise XlstyrError(word("cli.errors.no_node", node=node, near="").strip())
    control = source.control_path
    assert control is not None
    _refuse_another(source, folder, node)
    for name in FOLDERS:
        (folder / word(f"folders.{name}")).mkdir(parents=True, exist_ok=True)
    reach = reached_from(source.premises, organisation.reach(node))
    with Register(folder / word("folders.register")) as register, register.transaction():
        register.note(PART, node)  # first: what is broken off here can be taken up again
        register.note(ROUND, source.premises.settings.round)
        count = _copy_issues(source, register, sorted(reach))
    for path in (control, source.folder / THEME):
        if path.is_file():
            write_safely(folder / path.name, path.read_bytes())
    for path in replaced_controls(folder, control.name):
        path.unlink()
    _copy_to_change(source, folder)
    with Round(folder, source.now) as part:
        if part.register.issue(node, part.premises.stage) is not None:
            issue_workbook(part, organisation[node])
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Lent(folder, node, len(reach), count, size)


def _refuse_another(source: Round, folder: Path, node: str) -> None:
    """Only an empty folder, or this very part of this round, is written to."""
    path = folder / word("folders.register")
    if path.is_file():
        with Register(path) as register:
            if (register.note(PART), register.note(ROUND)) == (node, source.premises.settings.round):
                return
    elif not list(folder.glob(f"{word('folders.control', year='*').removesuffix('x')}[xm]")):
        return
    raise XlstyrError(word("cli.errors.other_round", folder=folder))


def _copy_to_change(source: Round, folder: Path) -> None:
    """The round's texts of letters and times of retention, and settings of the part's own, where there are none.

    Those that are there have been changed.
    """
    wanted = {path.relative_to(source.folder): path for path in sorted(source.folder_of("letters").glob("*.j2"))}
    retention = source.folder / RETENTION
    wanted[Path(RETENTION)] = retention if retention.is_file() else templates() / RETENTION
    for name, path in {**wanted, Path(SETTINGS): templates() / SETTINGS}.items():
        if not (folder / name).exists():
            write_safely(folder / name, path.read_bytes())


def _copy_issues(source: Round, register: Register, nodes: list[str]) -> int:
    """Every workbook ever issued to ``nodes``, with the definitions they were drawn with; how many there are."""
    count = 0
    for node in nodes:
        known = {(issue.stage, issue.issue) for issue in register.issues(node)}
        for issue in source.register.issues(node):
            count += 1
            if (issue.stage, issue.issue) not in known:
                register.add_layout(issue.layout, source.register.layout(issue.layout) or "")
                register.add_issue(issue, source.register.issued_at(issue))
        _copy_mailed(source, register, node)
    return count


def _copy_mailed(source: Round, register: Register, node: str) -> None:
    """What ``node`` was sent and reminded of, where it isn't known already."""

    def what(event: Event) -> tuple[object, ...]:
        return (event.kind, event.stage, event.at, event.data.get("letter"), event.data.get("issue"))

    known = {what(event) for event in register.events(MAILED, node)}
    for event in source.register.events(MAILED, node):
        if what(event) not in known:
            register.add_event(event.kind, node, event.stage, event.at, **event.data)


def upwards(premises: Premises, node: str) -> tuple[str, ...]:
    """The addresses that a roll-up of ``node`` goes to: the controllers of the nearest node above by line that has any.

    Where nobody above has one it goes to the round's mailbox for answers, else to whoever is there for the whole.
    """
    seen = {node}
    first = above = premises.organisation[node].line
    while above is not None and above in premises.organisation and above not in seen:
        if controllers := addresses(premises.contacts_of(above, "controller")):
            return controllers
        seen.add(above)
        above = premises.organisation[above].line
    if first is None:
        return ()
    answers = usable(premises.settings.answers)
    return addresses(premises.contacts_of(premises.organisation.root.id)) if answers is None else (answers,)


def letter_upwards(round_: Round, done: Consolidated) -> Outgoing | Finding:
    """The letter that sends a roll-up to the level above; XS826 when nobody there has an address."""
    scope, premises = done.scope, round_.premises
    to = upwards(premises, scope.node.id)
    if not to:
        return found("XS826", Place(node=scope.node.id), node=scope.node.name, file=done.path.name)
    severities = [finding.severity for finding in done.findings]
    names = [premises.organisation[gap].name for gap in scope.gaps]
    return Writer(round_).outgoing(
        "rollup",
        (scope.node.id,),
        to,
        (done.path,),
        asked=premises.contacts_of(scope.node.id, "responsible"),
        data={"nodes": len(scope.expected)},
        node=scope.node.name,
        given=len(scope.expected) - len(scope.gaps),
        expected=len(scope.expected),
        missing=[{"name": name, "reason": reason} for name, reason in zip(names, scope.gaps.values(), strict=True)],
        errors=severities.count("fel"),
        warnings=severities.count("varning"),
    )
