"""What is drawn reads back as it was, and what people typed stays text wherever it goes."""

import io
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checks.desk import Desk, read_premises
from tests.office.xmledit import Edit
from xlstyr.excel.read import read_workbook
from xlstyr.excel.stamp import Stamp
from xlstyr.excel.theme import Theme
from xlstyr.layout.compute import choices_for
from xlstyr.layout.content import Content, RowContent, Value, dump
from xlstyr.layout.content import load as load_content
from xlstyr.layout.definition import Column, Workbook
from xlstyr.layout.kinds import LARGEST, from_cell, to_cell
from xlstyr.layout.lists import Choices
from xlstyr.layout.parse import parse
from xlstyr.layout.raw import RawCell
from xlstyr.layout.submission import Submission
from xlstyr.model.finding import Finding
from xlstyr.rounds.prefill import lists_of, node_content

TRICKY = [
    "å ä ö Å Ä Ö é",
    "\"citat\" 'enkla' ”svenska”",
    "Tom & Jerry <b>&amp;</b>",
    "rad ett\nrad två\n\nrad fyra",
    "_x0041_ och _x000D_",
    "__x0041_",
    "%%title%% {node} {{x:y}}",
    "  blanka runt om\t",
    "=1+1",
    "+46 8 123",
    "-5 procent",
    "@SUM(A1)",
    "{=1+1}",
    '=HYPERLINK("http://x.se","klicka")',
    "http://x.se/a?b=c&d",
    "table:budget",
    "#end",
    "n1",
    "7770000001",
    "1 234",
    "TRUE",
    "\U0001f600 \u202e\u200b",
    "ord " * 900,
]
ALPHABET = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
TEXTS = st.sampled_from(TRICKY) | st.text(ALPHABET | st.sampled_from("\n&<>\"'_=+-@"), max_size=60)


def normal(text: str) -> str | None:
    """A text as it is kept: blanks around it aren't, and nothing at all is blank."""
    return text.strip() or None


# every kind of column


def column(kind: str, **more: object) -> Column:
    """A column of a kind."""
    return Column.model_validate({"key": "c", "header": "C", "kind": kind, **more})


DECIMALS = st.decimals(-(10**6), 10**6, places=6, allow_nan=False)
LABELS = Choices.of([("5010", "5010 Löner"), ("a", "Samma"), ("b", "samma"), ("c", "  Blank  "), ("7", "5010")])
EVERY_KIND: dict[str, tuple[Column, st.SearchStrategy[Any]]] = {
    "kronor": (column("amount", unit="kr"), st.integers(-LARGEST, LARGEST)),
    "thousands": (column("amount", unit="tkr"), st.integers(-LARGEST, LARGEST)),
    "no unit": (column("amount"), st.integers(-LARGEST, LARGEST)),
    "integer": (column("integer"), st.integers(-(10**12), 10**12)),
    "decimal": (column("decimal"), DECIMALS),
    "percent": (column("percent"), DECIMALS),
    "date": (column("date"), st.dates(date(1955, 1, 1), date(2118, 1, 1))),
    "choice": (column("choice", choices={"yes": "Ja", "no": "Nej"}), st.sampled_from(["yes", "no"])),
    "reference": (column("reference", to="accounts"), st.sampled_from([*LABELS.labels])),
    "text": (column("text"), TEXTS.map(normal)),
}


@pytest.mark.parametrize("kind", EVERY_KIND)
@given(data=st.data())
def test_a_value_in_a_cell_reads_back(kind: str, data: st.DataObject) -> None:
    face, values = EVERY_KIND[kind]
    value = data.draw(st.none() | values)
    cell = RawCell(to_cell(value, face, LABELS), None, None, "H12")
    reading = from_cell(cell, face, LABELS)
    assert reading.value == value
    assert not [problem.code for problem in reading.problems if problem.code != "XS207"]


@given(st.lists(st.tuples(st.text("ab1", min_size=1, max_size=3), TEXTS), max_size=6, unique_by=lambda pair: pair[0]))
def test_a_label_means_its_own_code_whatever_the_others_are(pairs: list[tuple[str, str]]) -> None:
    choices = Choices.of((code, text) for code, text in pairs if text.split())
    for code, label in choices.labels.items():
        assert choices.code(label) == code


def test_labels_that_look_alike_are_told_apart() -> None:
    pairs = [("g1", "Fler läser"), ("g2", "Fler  läser"), ("g3", " fler läser"), ("g4", "Fler\nläser")]
    choices = Choices.of(pairs)
    assert {code: choices.code(label) for code, label in choices.labels.items()} == {code: code for code, _ in pairs}


# whole submissions


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Danderyd's premises, and stamps of the layouts."""
    return Desk(read_premises(tmp_path_factory.mktemp("styrbok") / "Styrbok 2026.xlsx"))


LAYOUTS = ("unit", "department", "administration", "committee", "central_finance", "company")


def node_of(desk: Desk, layout: str) -> str:
    """The node with most rows among those that get a layout."""
    nodes = [n.id for n in desk.premises.organisation if (p := desk.premises.phase_of(n.id)) and p.layout == layout]
    return max(
        nodes, key=lambda node: len(desk.premises.opening.get(node, ())) + len(desk.premises.staff.get(node, ()))
    )


def limits(face: Column) -> tuple[int, int]:
    """The whole numbers that a column takes, in its own unit."""
    low = -(10**6) if face.minimum is None else int(face.minimum)
    high = 10**6 if face.maximum is None else int(face.maximum)
    return low, high


def typed(face: Column, choices: Choices | None) -> st.SearchStrategy[Value]:
    """What may be typed in a cell of ``face``; mostly something."""
    low, high = limits(face)
    some: st.SearchStrategy[Value]
    match face.kind:
        case "amount":
            scale = 1000 if face.unit == "tkr" else 1
            some = st.integers(low * scale, high * scale)
        case "integer":
            some = st.integers(low, high)
        case "decimal" | "percent":
            some = st.integers(low * 100, high * 100).map(lambda number: Decimal(number) / 100)
        case "date":
            some = st.dates(date(1960, 1, 1), date(2100, 1, 1))
        case "choice":
            some = st.sampled_from([*face.choices])
        case "reference":
            some = st.sampled_from([*choices.labels]) if choices and choices.labels else st.none()
        case _:
            length = face.length or 500
            some = TEXTS.map(lambda text: normal(text[:length]))
    return st.none() | some | some | some


def filled(data: st.DataObject, issued: Content, workbook: Workbook, desk: Desk) -> Content:
    """``issued`` with something typed in every open cell or not."""
    lists = lists_of(desk.premises)
    tables: dict[str, tuple[RowContent, ...]] = {}

    def faces(face: Column) -> Choices | None:
        return choices_for(face, lists, lambda t, key: ((row.id, row.values.get(key)) for row in tables.get(t, ())))

    for table in workbook.tables.values():
        rows = []
        for row in issued.tables.get(table.key, ()):
            values = dict(row.values)
            for face in table.column:
                if table.is_read and face.open_in(row.variant):
                    values[face.key] = data.draw(typed(face, faces(face)))
            rows.append(replace(row, values=values))
        tables[table.key] = tuple(rows)
    forms = {key: dict(values) for key, values in issued.forms.items()}
    for form in workbook.forms.values():
        for face in form.field:
            if face.open_in("normal"):
                forms.setdefault(form.key, {})[face.key] = data.draw(typed(face, faces(face)))
    return replace(issued, forms=forms, tables=tables)


def stated(values: Mapping[str, Value]) -> dict[str, Value]:
    """What isn't blank."""
    return {key: value for key, value in values.items() if value is not None}


def parsed(data: bytes, workbook: Workbook, issued: Content, desk: Desk) -> tuple[Submission, list[Finding]]:
    """What a drawn workbook says."""
    raw, refused = read_workbook(data)
    assert raw is not None, refused
    return parse(raw, workbook, issued, lists_of(desk.premises))


HARMLESS = {"XS207"}  # typed to the krona in a cell for thousands


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=12, deadline=None, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_a_whole_submission_reads_back_as_it_was_typed(desk: Desk, layout: str, data: st.DataObject) -> None:
    node = node_of(desk, layout)
    issued, _ = desk.draw(node, answered=False)
    workbook, stamp = desk.stamps[layout]
    content = filled(data, issued, workbook, desk)
    submission, findings = parsed(stamp.draw(content), workbook, issued, desk)
    assert [f.message for f in findings if f.code not in HARMLESS] == []
    for form in workbook.forms.values():
        if any(face.open_in("normal") for face in form.field):
            assert stated(submission.forms[form.key]) == stated(content.forms[form.key])
    for table in (table for table in workbook.tables.values() if table.is_read):
        said = {row.id: stated(row.values) for row in submission.tables[table.key] if row.variant != "section"}
        wanted = {row.id: stated(row.values) for row in content.tables[table.key] if row.variant != "section"}
        used = {row.id for row in content.tables[table.key] if row.variant == "free"}
        assert said == {row_id: values for row_id, values in wanted.items() if values or row_id not in used}


@settings(max_examples=10, deadline=None, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_drawing_again_gives_the_same_bytes(desk: Desk, data: st.DataObject) -> None:
    node = node_of(desk, "unit")
    issued, _ = desk.draw(node, answered=False)
    workbook, stamp = desk.stamps["unit"]
    content = filled(data, issued, workbook, desk)
    again = Stamp(workbook, stamp_theme(), lists_of(desk.premises))
    assert stamp.draw(content) == stamp.draw(content) == again.draw(content)


def stamp_theme() -> Theme:
    """The shipped theme."""
    return Theme.load(Path(__file__).parents[1] / "workbook_templates" / "theme.toml")


@settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_content_comes_back_from_the_register(desk: Desk, data: st.DataObject) -> None:
    issued, _ = desk.draw(node_of(desk, "committee"), answered=False)
    content = filled(data, issued, desk.stamps["committee"][0], desk)
    kept = load_content(dump(content))
    assert replace(kept, marks=()) == replace(content, marks=())
    assert kept.premises_digest() == content.premises_digest()


def test_the_digest_of_premises_is_blind_to_issue_and_revision_only(desk: Desk) -> None:
    node = node_of(desk, "unit")
    issued, _ = desk.draw(node, answered=False)
    later = replace(issued, identity=replace(issued.identity, issue=7, revision=3))
    assert later.premises_digest() == issued.premises_digest()
    phase = desk.premises.phase_of(node)
    assert phase is not None
    renamed = replace(issued, texts={**issued.texts, "node": "Annat namn"})
    assert renamed.premises_digest() != issued.premises_digest()
    assert node_content(desk.premises, node, phase, desk.stamps["unit"][0], 1) == issued


# what Excel may hold in its strings


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        ("a_x000D_&#10;b", "a\nb"),
        ("a_x000D_b", "a\nb"),
        ("a&#10;b", "a\nb"),
        ("a_x0007_b", "ab"),
        ("a_x0000_b", "ab"),
        ("_x005F_x0041_", "_x0041_"),
        ("_x0041_", "A"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("a_xD800_b", "a\ufffdb"),
        ("a_xFFFE_b", "a\ufffdb"),
    ],
)
def test_odd_characters_are_kept_as_what_can_be_written_again(desk: Desk, stored: str, kept: str) -> None:
    """What is read can be drawn, kept as JSON and read again."""
    node = node_of(desk, "unit")
    issued, blank = desk.draw(node, answered=False)
    workbook, stamp = desk.stamps["unit"]
    edit = Edit(blank)
    title, ref = edit.at("signoff", "message", "value")
    edit.set(title, ref, "MARK-IN-XML")
    data = rezipped(edit.bytes(), "MARK-IN-XML", stored)
    submission, _ = parsed(data, workbook, issued, desk)
    assert submission.forms["signoff"]["message"] == kept
    back = stamp.draw(replace(issued, forms={**issued.forms, **submission.forms}))
    again, _ = parsed(back, workbook, issued, desk)
    assert again.forms["signoff"] == submission.forms["signoff"]
    assert load_content(dump(replace(issued, forms=submission.forms))).forms["signoff"]["message"] == kept


def rezipped(data: bytes, old: str, new: str) -> bytes:
    """A package with ``new`` for ``old`` in its XML."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name in source.namelist():
            written.writestr(name, source.read(name).replace(old.encode(), new.encode()))
    return target.getvalue()


# nothing that was submitted comes alive

MARK = "pwned"
PAYLOADS = [
    f'=HYPERLINK("http://{MARK}.example","{MARK}")',
    f"+cmd|' /C {MARK}'!A0",
    f"-2+3+cmd|' /C {MARK}'!A0",
    f"@SUM({MARK})",
    f'{{=WEBSERVICE("http://{MARK}.example")}}',
    f"http://{MARK}.example/",
    f"mailto:{MARK}@example.se",
    f"external:{MARK}.xlsx",
    f'"&WEBSERVICE("{MARK}")&"',
    f"</t></is></c><c><f>{MARK}</f></c>",
    f"&{MARK} &L&{MARK}",
    f"_x003D_{MARK}",
    f"{{node}} {{{MARK}}}",
    f"\t={MARK}",
]


def poisoned(workbook: bytes, *, everywhere: bool) -> bytes:
    """A workbook where somebody typed every payload where text may stand, or ``everywhere``, tab and numbers too."""
    edit = Edit(workbook)
    spots = [("budget", row, "comment") for row in edit.table("budget").rows if row[0] not in "#n" or everywhere]
    spots += [("goals", "n1", "text"), ("goals", "n2", "text"), ("goals", "n3", "text")]
    spots += [("signoff", "message", "value"), ("signoff", "who", "value")]
    for form, key, text in (("answer", "accept", "Ja"), ("signoff", "done", "Ja")):
        edit.set(*edit.at(form, key, "value"), text)
    if everywhere:
        spots += [("indicators", "n1", "name"), ("indicators", "n1", "unit"), ("indicators", "n2", "name")]
        spots += [("budget", "n1", "account"), ("budget", "n1", "change"), ("indicators", "n1", "target")]
        spots += [("budget", "n2", "account"), ("goals", "n1", "belongs"), ("answer", "accept", "value")]
    for number, spot in enumerate(spots):
        edit.set(*edit.at(*spot), PAYLOADS[number % len(PAYLOADS)])
    if everywhere:
        edit.rename_sheet("Budget", f'=A1"&{MARK}')
    return edit.bytes()


LIVE = re.compile(
    r"<(f|formula|formula1|formula2|definedName|hyperlink|oddHeader|oddFooter)\b([^>]*?)(?:/>|>(.*?)</\1>)", re.DOTALL
)


def alive(data: bytes) -> Iterator[str]:
    """Every text of a package that Excel acts upon: formulas, rules, names, links, headers, targets."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith(".rels"):
                yield from re.findall(r'Target="([^"]*)"', archive.read(name).decode())
            elif name.endswith(".xml"):
                for found in LIVE.finditer(archive.read(name).decode()):
                    yield unescape(f"{found[2]} {found[3] or ''}")


def outside_quotes(formula: str) -> str:
    """A formula without its string literals."""
    return re.sub(r'"(?:[^"]|"")*"', '""', formula)


def assert_harmless(path: Path) -> None:
    """Nothing with the mark is acted upon, and the mark is there as text."""
    data = path.read_bytes()
    for text in alive(data):
        assert MARK not in outside_quotes(text), text
        assert not re.search(r"WEBSERVICE|cmd\|", outside_quotes(text)), text
    links = [text for text in alive(data) if "http" in text.lower() and "openxml" not in text]
    assert not [text for text in links if MARK in text]
    texts = 0
    for sheet in openpyxl.load_workbook(path):
        for cells in sheet.iter_rows():
            for cell in cells:
                if MARK in str(cell.value):
                    assert cell.data_type != "f" or MARK not in outside_quotes(str(cell.value)), cell.coordinate
                    assert cell.hyperlink is None
                    texts += cell.data_type != "f"
    assert texts


def xlstyr(folder: Path, *words: str) -> str:
    """What a command says; it may end with findings, but not with a crash."""
    command = [sys.executable, "-m", "xlstyr.cli.main", *words, "--round", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.mark.slow
def test_nothing_submitted_comes_alive_in_what_goes_out(exempelby_answered: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda"))
    inbox = folder / "inkorg"
    [issued] = (folder / "mallar").rglob("* Ängsskolan F–9.xlsx")
    [before] = inbox.glob("* Ängsskolan F–9.xlsx")
    before.unlink()
    worst = tmp_path / f"=värst {MARK} & <b> åäö.xlsx"
    worst.write_bytes(poisoned(issued.read_bytes(), everywhere=True))
    xlstyr(folder, "check", str(worst), "--return")
    [returned] = (folder / "retur").glob("*.xlsx")
    assert_harmless(returned)
    bad = inbox / f"=cmd {MARK} & <b> åäö.xlsx"
    bad.write_bytes(poisoned(issued.read_bytes(), everywhere=False))
    xlstyr(folder, "collect")
    xlstyr(folder, "rollup", "valfard")
    xlstyr(folder, "consolidate")
    results = sorted((folder / "resultat").glob("*.xlsx"))
    assert [path.name.split()[0] for path in results] == ["Budget", "Sammanställning"]
    for path in results:
        assert_harmless(path)
