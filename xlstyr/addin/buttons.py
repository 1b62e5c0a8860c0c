"""One function for each button of the ribbon and of the control workbook's panel: ordinary xlwings code.

Each gives True when its work was done, False when a message said why it wasn't.
"""

from collections import Counter

import xlwings as xw

from xlstyr.addin.openbook import identity_of
from xlstyr.addin.running import Result, Work, run, told
from xlstyr.model.errors import XlstyrError
from xlstyr.model.money import in_tkr
from xlstyr.rounds.round import BrokenControlError
from xlstyr.words import word

BUTTONS = ("create", "send", "collect", "check", "rollup", "consolidate", "status", "follow", "query", "help_")
_STATES = ("accepted", "partly", "held", "refused")
_SENDERS = ("XS035", "XS036")


def create() -> bool:
    """Skapa mallar: a workbook for every node that the phase gives one."""
    return run(word("addin.button.create"), _create, new=True)


def _create(work: Work) -> Result:
    from xlstyr.rounds.outgoing.issuing import issue_workbooks

    issued = issue_workbooks(work.round, work.progress("generating"))
    statuses = [one.status for one in issued]
    counts = {status: statuses.count(status) for status in ("new", "reissued", "restored", "unchanged")}
    return Result(word("cli.said.issued", **counts), findings=work.round.control_findings or None)


def send() -> bool:
    """Skicka: a draft for each recipient in the outbox. Nothing leaves by itself."""
    return run(word("addin.button.send"), _send)


def _send(work: Work) -> Result:
    from xlstyr.rounds.outgoing.delivering import deliver, troubles
    from xlstyr.rounds.outgoing.sending import plan_issue

    plan = plan_issue(work.round)
    letters = deliver(work.round, plan.letters, progress=work.progress("sending"))
    folder = work.round.folder_of("outbox")
    lines = [
        word("cli.said.mail_draft", count=len(letters), folder=folder.name)
        if letters
        else word("cli.said.mail_nothing")
    ]
    if plan.already:
        lines.append(word("addin.already", count=len(plan.already)))
    return Result(" ".join(lines), findings=[*plan.findings, *troubles(letters)])


def collect() -> bool:
    """Collect: what has come to the inbox and the watched folders, each file kept and checked."""
    return run(word("addin.button.collect"), _collect)


def _collect(work: Work) -> Result:
    from xlstyr.rounds.incoming.collecting import gather

    done = gather(work.round, progress=work.progress("collecting"))
    new = [taken for taken in done.files if not taken.duplicate]
    outcomes = [taken.outcome for taken in new]
    counts = {state: outcomes.count(state) for state in _STATES}
    text = word("cli.said.taken", new=len(new), duplicate=len(done.files) - len(new), **counts)
    if hidden := outcomes.count("quarantined"):
        text = f"{text} {word('cli.said.quarantined', count=hidden)}"
    known = {id(finding) for taken in done.files for finding in taken.examined.findings}
    told_ = [f for f in done.findings if id(f) not in known or f.severity == "fel" or f.code in _SENDERS]
    return Result(text, findings=told_)


def check() -> bool:
    """Kontrollera: what there is to put right in the workbook in front, marked and listed there."""
    from xlstyr.addin.checking import check_book

    book = xw.Book.caller()
    identity = identity_of(book)
    if identity is not None and identity.kind == "control":
        return run(word("addin.button.check"), _check, new=True)
    with told(book) as outcome:
        book.app.status_bar = check_book(book)
    return outcome.done


def _check(work: Work) -> Result:
    from xlstyr.addin.checking import said

    try:
        findings = work.round.control_findings
    except BrokenControlError as broken:
        findings = broken.findings
    return Result(said(findings), findings=findings)


def rollup() -> bool:
    """Rulla upp: the node whose row is selected on the sheet of the organisation, with everything below it."""
    return run(word("addin.button.rollup"), lambda work: _rolled_up(work, _selected_node(work)))


def consolidate() -> bool:
    """Konsolidera: the whole municipality's workbook, opened."""
    return run(word("addin.button.consolidate"), lambda work: _rolled_up(work, None))


def _selected_node(work: Work) -> str:
    """The node on the selected row of the sheet of the organisation. Raises ``XlstyrError`` when none is."""
    from xlstyr.addin.openbook import raw_sheet
    from xlstyr.layout.raw import locate

    front = work.book.sheets.active
    for sheet in work.book.sheets:
        tables, _ = locate([raw_sheet(sheet)])
        if table := next((table for table in tables if table.key == "nodes"), None):
            break
    else:
        raise XlstyrError(word("addin.pick_node"))
    sheet.activate()  # each sheet keeps a selection of its own; only that of the one in front can be asked for
    selection = work.book.app.selection
    front.activate()
    number = selection.row if selection is not None else 0
    cell = next((row.cells.get("node") for row in table.rows if row.number == number), None)
    node = str(cell.value or "").strip() if cell is not None else ""
    if node not in work.round.premises.organisation:
        raise XlstyrError(word("addin.pick_node"))
    return node


def _rolled_up(work: Work, node: str | None) -> Result:
    from xlstyr.addin.checking import said
    from xlstyr.rounds.following.consolidating import consolidate as roll_up
    from xlstyr.rounds.following.consolidating import result_path

    work.make_room(result_path(work.round, node))
    work.listen()
    work.book.app.status_bar = word("addin.consolidating")
    done = roll_up(work.round, node)
    scope = done.scope
    given = len(scope.expected) - len(scope.gaps)
    lines = [word("cli.said.summary", node=scope.node.name, given=given, expected=len(scope.expected))]
    for key, measure in (("total", "net_cost"), ("result", "result")):
        year, amount = next(iter(done.totals.get(measure, {}).items()), ("", None))
        if year:
            lines.append(f"{word(f'cli.said.{key}', year=year, amount=_tkr(amount))}.")
    return Result(" ".join([*lines, said(done.findings)]), done.path)


def _tkr(amount: int | None) -> str:
    """An amount in kr as whole tkr."""
    if amount is None:
        return "\u2013"
    return f"{in_tkr(amount):,}".replace(",", "\u00a0").replace("-", "\u2212")


def status() -> bool:
    """Status: where every node stands, in the panel and as a workbook of its own."""
    return run(word("addin.button.status"), _status)


def _status(work: Work) -> Result:
    from xlstyr.rounds.following.situation import write_situation
    from xlstyr.rounds.following.status import node_states

    work.make_room(work.round.folder_of("results") / word("folders.situation"))
    states = node_states(work.round)
    path = write_situation(work.round, states)
    certified = sum(one.signature is not None for one in states)
    lines = [word(f"cli.states.{state}", count=count) for state, count in Counter(one.state for one in states).items()]
    lines.append(word("cli.said.status_certified", count=certified, expected=len(states)))
    return Result(", ".join(lines), path)


def follow() -> bool:
    """Follow the figure: which nodes, files and cells the selected figure consists of."""
    from xlstyr.addin.following import follow_figure

    book = xw.Book.caller()
    with told(book) as outcome:
        book.app.status_bar = follow_figure(book)
    return outcome.done


def query() -> bool:
    """Query sheet: brings the questions in the workbook in front up to date, or puts a first one there."""
    from xlstyr.addin.querying import refresh

    book = xw.Book.caller()
    with told(book) as outcome:
        book.app.status_bar = refresh(book)
    return outcome.done


def help_() -> bool:
    """Help: what the buttons do."""
    from xlstyr.addin.helping import show_help

    book = xw.Book.caller()
    with told(book) as outcome:
        show_help(book)
    return outcome.done
