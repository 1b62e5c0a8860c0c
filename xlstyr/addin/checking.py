"""Kontrollera: findings marked and listed in the open workbook, saved or not; they go away when they are mended."""

from collections.abc import Collection, Iterable, Sequence

import xlwings as xw

from xlstyr.addin.homes import home_of, place_of
from xlstyr.addin.looks import add_links
from xlstyr.addin.marking import Cells, change_marks, marks_on, remember
from xlstyr.addin.native import protect
from xlstyr.addin.openbook import identity_of, raw_book
from xlstyr.addin.sheets import Column, emptied, hide_columns, lay_out, new_sheet, own_sheet, titled
from xlstyr.layout.content import Identity
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.rounds.control import read_control
from xlstyr.rounds.incoming.examining import examine_raw
from xlstyr.rounds.resources import templates
from xlstyr.words import word

SEVERITIES = ("fel", "varning", "notis")
MOST = 1000
_HEAD = 4
_REMEMBERED = 9
"""The first of the columns, off to the right, in which the marks are remembered."""
_WIDTHS = {"severity": 14, "sheet": 24, "cell": 9, "message": 62, "fix": 62, "code": 9}


def check_book(book: xw.Book) -> str:
    """Marks and lists what there is to put right in ``book``; a line that says how much.

    Raises:
        XlstyrError: it is no workbook of a round, or its round can't be found.
    """
    identity = identity_of(book)
    if identity is None or identity.kind not in ("node", "rollup", "control"):
        raise XlstyrError(word("addin.not_ours", book=book.name))
    findings = _control_findings(book) if identity.kind == "control" else _findings(book, identity)
    show(book, findings)
    return said(findings)


def said(findings: Iterable[Finding]) -> str:
    """How many findings of each severity there are."""
    severities = [finding.severity for finding in findings]
    counts = {severity: severities.count(severity) for severity in SEVERITIES}
    return word("cli.said.findings", **counts) if severities else word("addin.nothing_found")


def _findings(book: xw.Book, identity: Identity) -> Sequence[Finding]:
    raw = raw_book(book)
    with home_of(book, identity) as round_:
        return examine_raw(round_, raw, book.name).findings


def _control_findings(book: xw.Book) -> Sequence[Finding]:
    """What its file says: control workbooks are saved before anything is done with them."""
    path = place_of(book)
    if path is None:
        raise XlstyrError(word("addin.unsaved", book=book.name))
    return read_control(path, templates())[1]


def show(book: xw.Book, findings: Sequence[Finding]) -> None:
    """The findings on their own sheet and at their cells; nothing else in the workbook changes."""
    ordered = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    app = book.app
    app.screen_updating = False
    try:
        sheets = titled(book)
        listing = own_sheet(sheets, "check")
        before = marks_on(listing, _HEAD + 1, _REMEMBERED) if listing is not None else []
        if listing is None and not ordered:
            return
        marks = change_marks(sheets, before, _cells(sheets, ordered))
        if listing is None:
            listing = new_sheet(book, sheets, "check")
        else:
            emptied(listing)
        _list(listing, ordered, sheets)
        remember(listing, marks, _HEAD + 1, _REMEMBERED)
        hide_columns(listing, _REMEMBERED, _REMEMBERED + 4)
        protect(listing)
        if ordered:
            listing.activate()
    finally:
        app.screen_updating = True


def _cells(titles: Collection[str], findings: Iterable[Finding]) -> Cells:
    """What stands at each cell that a finding is about, the worst first."""
    texts: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for finding in findings:
        place = finding.place
        if place.cell and place.sheet in titles:
            severity = word(f"returns.{finding.severity}")
            text = f"{severity} {finding.code}: {finding.message}\n{finding.fix}"
            texts.setdefault((place.sheet, place.cell), (finding.severity, []))[1].append(text)
    return {key: (severity, "\n\n".join(dict.fromkeys(lines))) for key, (severity, lines) in texts.items()}


def _list(listing: xw.Sheet, findings: Sequence[Finding], titles: Collection[str]) -> None:
    columns = [Column(word(f"addin.check.{key}"), width) for key, width in _WIDTHS.items()]
    shown = findings[:MOST]
    rows = [_row(finding) for finding in shown]
    if len(findings) > MOST:
        rows.append([None, None, None, word("addin.check.more", count=len(findings) - MOST), None, None])
    lay_out(listing, word("addin.check.title"), said(findings), columns, _HEAD, rows)
    if rows:
        listing.range((_HEAD + 1, 2), (_HEAD + len(rows), 1 + len(_WIDTHS))).wrap_text = True
    links = {}
    for number, finding in enumerate(shown, _HEAD + 1):
        place = finding.place
        if place.cell and place.sheet in titles:
            title = place.sheet.replace("'", "''")
            links[f"D{number}"] = (f"#'{title}'!{place.cell}", place.cell)
    add_links(listing, links)


def _row(finding: Finding) -> list[str | None]:
    place = finding.place
    sheet = place.sheet or word("returns.whole")
    severity = word(f"returns.{finding.severity}")
    return [severity, sheet, place.cell or None, finding.message, finding.fix, finding.code]
