"""The definition language: what expressions mean, in Python as in Excel, and definitions that can't be used."""

import shutil
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from tests.office.compare import cached_values, compare
from tests.office.soffice import Office
from xlstyr.excel.stamp import Stamp
from xlstyr.excel.theme import Theme
from xlstyr.layout.compute import Computed
from xlstyr.layout.content import Content, Identity, RowContent, Value
from xlstyr.layout.definition import Workbook
from xlstyr.layout.expression import FUNCTIONS, parse
from xlstyr.layout.lists import Choices
from xlstyr.layout.load import dump_workbook, load_workbook, parse_workbook
from xlstyr.model.errors import DefinitionError

TEMPLATES = Path(__file__).parents[1] / "workbook_templates"
LISTS = {"things": Choices.of([("31", "31 Avgift"), ("50", "50 Lön")], side={"31": "Intäkt", "50": "Kostnad"})}
D = Decimal

NUMBERS = [
    "[kr]",
    "[tkr]",
    "[kr] + [tkr]",
    "[kr] - [tkr] - [n]",
    "[kr] * [n]",
    "[kr] / [n]",
    "[kr] / ([n] - [n])",
    "[kr] / 3",
    "-[kr]",
    "0 - [kr]",
    "[kr] + 1",
    "1 + 2 * 3",
    "blank",
    "[kr] + blank",
    "abs([kr] - [tkr])",
    "min([kr], [tkr])",
    "max([kr], 0)",
    "max(0, 0 - [n])",
    "round([n])",
    "round([n], 1)",
    "round([kr] / 3, 2)",
    "round(0 - [n] * 5)",
    "[kr] if present([kr]) else blank",
    "[kr] if present([kr]) else 0",
    '[kr] if [s] == "Hej" else [tkr]',
    "([kr] if [n] > 1 else [tkr]) + [n]",
    "1 if [kr] > [tkr] else 0",
    "1 if [kr] >= [tkr] else 0",
    "1 if [kr] < [tkr] else 0",
    "1 if [kr] <= [tkr] else 0",
    "1 if [kr] == [tkr] else 0",
    "1 if [kr] != 0 else 0",
    "1 if missing([s]) else 0",
    "1 if present([kr]) and not [n] > 1 else 0",
    "1 if [kr] == 0 or missing([s]) else 0",
    '1 if [s] == "hEJ" else 0',
    '1 if [s] != "ÅÄÖ" else 0',
    '1 if [s] == "" else 0',
    '1 if [pick] == "ja" else 0',
    '1 if [pick] == "Nej" and [f.word] == "åäö" else 0',
    '1 if lookup([code], "side") == "INTÄKT" else 0',
    "1 if missing([elsewhere.column]) else 0",
    "[kr] + [elsewhere.column]",
    "[f.sum] + [kr]",
    "[f.sum] - [f.none]",
    "total([d.kr])",
    "total([d.tkr])",
    "total([d.kr]) - [kr]",
    "total([elsewhere.column])",
    "total([d.empty])",
    'total_if([d.kr], [d.s], "hej")',
    'total_if([d.tkr], [d.pick], "Ja")',
    "total_if([d.kr], [d.s], [s])",
    "total_if([d.kr], [d.code], [code])",
    'total_if([d.kr], [d.s], "*")',
    'total_if([d.kr], [d.s], "*", [d.pick], "Ja")',
    "total_if([d.kr], [d.n], 2)",
    'total_if([d.kr], [d.s], "ingen")',
    'total_if([d.kr], [d.pick], "Ja") - total_if([d.tkr], [d.pick], "Nej")',
    "count([d.kr])",
    "count([d.s])",
    "count([d.empty])",
    'count_if([d.s], "HEJ")',
    "count_if([d.n], 2)",
    'count_if([d.pick], "Ja", [d.s], "Hej")',
    'count_if([d.s], "*")',
    'count([d.s]) - count_if([d.pick], "Ja")',
]
TEXTS = [
    "'fast text med \"citat\" & <tecken>'",
    'f"{[s]}!"',
    'f"Rest {[kr]} kr"',
    'f"Rest {[kr]:,} kr"',
    'f"{count([d.s])} rader av {[f.word]}"',
    'f"{[s]} och {[pick]}"',
    '"plus" if [kr] > 0 else "annat"',
    '"▲" if [kr] < 0 else (f"○ {[n0]}" if present([n0]) else blank)',
    'lookup([code], "side")',
    '[s] if present([s]) else "–"',
    'blank if missing([s]) else f"{[s]}"',
]
SPANS = [
    "span_total([d.kr], [first], [last])",
    "span_count([d.kr], [first], [last])",
    "[first] * span_total([d.n], [first], [last])",
]


def workbook() -> Workbook:
    """One sheet of data with a column per expression, and one with spans over it."""
    data: list[dict[str, object]] = [
        {"key": "kr", "kind": "amount", "unit": "kr"},
        {"key": "tkr", "kind": "amount", "unit": "tkr"},
        {"key": "n", "kind": "decimal"},
        {"key": "n0", "kind": "integer"},
        {"key": "s", "kind": "text"},
        {"key": "pick", "kind": "choice", "choices": {"yes": "Ja", "no": "Nej"}},
        {"key": "code", "kind": "reference", "to": "things"},
        {"key": "empty", "kind": "amount", "unit": "kr"},
    ]
    formulas: list[dict[str, object]] = [
        {"key": f"e{place}", "kind": "formula", "expression": text} for place, text in enumerate(NUMBERS)
    ]
    formulas += [
        {"key": f"t{place}", "kind": "formula", "text": True, "expression": text} for place, text in enumerate(TEXTS)
    ]
    spans: list[dict[str, object]] = [{"key": key, "kind": "integer"} for key in ("first", "last")]
    spans += [{"key": f"s{place}", "kind": "formula", "expression": text} for place, text in enumerate(SPANS)]
    form: list[dict[str, object]] = [
        {"key": "sum", "kind": "formula", "expression": "total([d.kr]) / 2"},
        {"key": "none", "kind": "amount", "unit": "kr"},
        {"key": "word", "kind": "text"},
    ]
    headed = [
        [{"header": str(column["key"]), **column} for column in columns] for columns in (data + formulas, spans, form)
    ]
    blocks = [
        {"type": "form", "key": "f", "field": headed[2]},
        {"type": "table", "key": "d", "column": headed[0]},
    ]
    sheets = [
        {"key": "d", "title": "Data & mer", "block": blocks},
        {"key": "m", "title": "Spann", "block": [{"type": "matrix", "key": "m", "column": headed[1]}]},
    ]
    return Workbook.model_validate({"key": "language", "title": "Språk", "year": 2026, "sheets": sheets})


ROWS: list[dict[str, Value]] = [
    {},
    {"kr": 5000, "tkr": 3000, "n": D(2), "n0": 3, "s": "Hej", "pick": "yes", "code": "31"},
    {"kr": -5001, "n": D("2.5"), "s": "hej", "pick": "yes", "code": "50"},
    {"tkr": -7000, "n": D("0.125"), "s": "åäö", "pick": "no"},
    {"kr": 0, "tkr": 0, "n": D(0), "n0": 0, "s": "ÅÄÖ", "pick": "no", "code": "50"},
    {"kr": 7, "n": D("-1.55"), "s": 'x "y" & <z>'},
    {"s": "HEJ", "code": "31", "n0": -4},
    {"kr": 1_234_567_890, "tkr": 999_000, "n": D(2), "s": "Ja", "pick": "yes"},
]


def content() -> Content:
    """The rows, and spans over them."""
    rows = tuple(RowContent(f"r{place}", values) for place, values in enumerate(ROWS))
    spans = [(1, 8), (2, 3), (1, 1), (4, 4), (6, 8)]
    matrix = tuple(RowContent(f"m{a}{b}", {"first": a, "last": b}) for a, b in spans)
    identity = Identity("node", "r", "n", "proposal", 1, 0, "x")
    texts = dict.fromkeys(("title", "node", "municipality", "committee", "label"), "")
    return Content(identity, texts, {"f": {"word": "ÅÄÖ"}}, {"d": rows, "m": matrix})


@pytest.fixture(scope="module")
def computed() -> Computed:
    """The values by the Python back end."""
    return Computed.of(workbook(), LISTS, content())


def value(computed: Computed, expression: str, row: int) -> Value:
    """What an expression is in a row."""
    key = f"e{NUMBERS.index(expression)}" if expression in NUMBERS else f"t{TEXTS.index(expression)}"
    return computed.rows["d"][row][key]


def test_every_function_is_exercised() -> None:
    everything = " ".join((*NUMBERS, *TEXTS, *SPANS))
    assert {name for name in FUNCTIONS if f"{name}(" in everything} == set(FUNCTIONS)


def test_libreoffice_computes_the_same(office: Office, tmp_path: Path) -> None:
    """Every cached value was made by Python; poisoned and computed again by LibreOffice it is the same."""
    path = tmp_path / "språk.xlsx"
    path.write_bytes(Stamp(workbook(), Theme.load(TEMPLATES / "theme.toml"), LISTS).draw(content()))
    outcome = compare(path, office)
    assert [str(difference) for difference in outcome.differences] == []
    assert outcome.compared >= len(ROWS) * (len(NUMBERS) + len(TEXTS)) + 5 * len(SPANS)


def test_what_the_sheet_shows_is_what_python_computed(computed: Computed) -> None:
    data = Stamp(workbook(), Theme.load(TEMPLATES / "theme.toml"), LISTS).draw(content())
    cached = cached_values(data)
    shown = [
        float(v) for (sheet, _), (text, v) in sorted(cached.items()) if sheet == "Spann" and isinstance(v, int | float)
    ]
    wanted = [computed.rows["m"][place][f"s{number}"] for place in range(5) for number in range(3)]
    assert sorted(shown) == sorted(float(v) for v in wanted if isinstance(v, int | Decimal))


BLANK = None
MEANING: dict[tuple[str, int], Value] = {
    # blank is not zero, but counts as nothing beside something known
    ("[kr] + [tkr]", 0): BLANK,
    ("[kr] + [tkr]", 2): -5001,
    ("[kr] + [tkr]", 4): 0,
    ("[kr] - [tkr] - [n]", 3): D("6999.875"),
    ("[kr] + 1", 0): BLANK,
    ("0 - [kr]", 0): BLANK,
    ("1 + 2 * 3", 0): 7,
    ("blank", 1): BLANK,
    ("[kr] + blank", 1): 5000,
    ("[kr] + [elsewhere.column]", 0): BLANK,
    ("[kr] + [elsewhere.column]", 1): 5000,
    ("[kr] if present([kr]) else blank", 4): 0,
    ("[kr] if present([kr]) else blank", 3): BLANK,
    ("[kr] if present([kr]) else 0", 3): 0,
    # kronor whatever the cell's unit
    ("[tkr]", 1): 3000,
    ("total([d.tkr])", 0): 995_000,
    ("total([d.kr])", 0): 1_234_567_896,
    ("total([d.empty])", 0): BLANK,
    ("total([elsewhere.column])", 0): BLANK,
    ("[f.sum] - [f.none]", 0): 617_283_948,
    # sizes and rounding, half away from zero
    ("max([kr], 0)", 2): 0,
    ("max([kr], 0)", 0): BLANK,
    ("min([kr], [tkr])", 2): -5001,
    ("abs([kr] - [tkr])", 2): 5001,
    ("round([n])", 2): 3,
    ("round([n])", 5): -2,
    ("round([n], 1)", 3): D("0.1"),
    ("round([n], 1)", 5): D("-1.6"),
    ("round(0 - [n] * 5)", 2): -13,
    ("round(0 - [n] * 5)", 5): 8,
    ("round([kr] / 3, 2)", 1): D("1666.67"),
    # comparisons don't mind case, also beyond ASCII
    ('1 if [s] == "hEJ" else 0', 1): 1,
    ('1 if [s] == "hEJ" else 0', 6): 1,
    ('1 if [s] != "ÅÄÖ" else 0', 3): 0,
    ('1 if [s] == "" else 0', 0): 1,
    ('1 if [pick] == "ja" else 0', 2): 1,
    ('1 if lookup([code], "side") == "INTÄKT" else 0', 6): 1,
    ("1 if missing([s]) else 0", 0): 1,
    ("1 if present([kr]) and not [n] > 1 else 0", 5): 1,
    ("1 if [kr] == 0 or missing([s]) else 0", 0): 1,
    # sums by key
    ('total_if([d.kr], [d.s], "hej")', 0): -1,
    ('total_if([d.tkr], [d.pick], "Ja")', 0): 1_002_000,
    ("total_if([d.kr], [d.s], [s])", 1): -1,
    ("total_if([d.kr], [d.s], [s])", 0): BLANK,
    ('total_if([d.kr], [d.s], "*", [d.pick], "Ja")', 0): 1_234_567_889,
    ('total_if([d.kr], [d.s], "ingen")', 0): BLANK,
    ('count_if([d.pick], "Ja", [d.s], "Hej")', 0): 2,
    ("count([d.s])", 0): 7,
    ("count([d.empty])", 0): 0,
    # texts
    (TEXTS[0], 0): 'fast text med "citat" & <tecken>',
    (TEXTS[1], 0): "!",
    (TEXTS[2], 0): "Rest 0 kr",
    (TEXTS[2], 2): "Rest -5001 kr",
    (TEXTS[3], 0): "Rest 0 kr",
    (TEXTS[3], 2): "Rest -5\u00a0001 kr",
    (TEXTS[4], 0): "7 rader av ÅÄÖ",
    (TEXTS[5], 0): " och ",
    (TEXTS[5], 3): "åäö och Nej",
    (TEXTS[7], 1): "○ 3",
    (TEXTS[7], 0): BLANK,
    (TEXTS[8], 2): "Kostnad",
    (TEXTS[8], 0): BLANK,
    (TEXTS[9], 0): "–",
}


@pytest.mark.parametrize(("expression", "row"), MEANING)
def test_what_an_expression_means(computed: Computed, expression: str, row: int) -> None:
    found = value(computed, expression, row)
    assert (found or None if found == "" else found) == MEANING[expression, row]
    assert isinstance(found, bool) is False


def test_spans_sum_the_rows_they_name(computed: Computed) -> None:
    rows = computed.rows["m"]
    assert [row["s0"] for row in rows] == [1_234_567_896, -1, None, None, 1_234_567_897]
    assert [row["s1"] for row in rows] == [5, 2, 0, 0, 2]


def test_a_circle_is_an_error_that_names_the_column() -> None:
    columns = [
        {"key": "a", "header": "A", "kind": "formula", "expression": "[b] + 1"},
        {"key": "b", "header": "B", "kind": "formula", "expression": "[a] + 1"},
    ]
    sheet = {"key": "x", "title": "X", "block": [{"type": "table", "key": "x", "column": columns}]}
    book = Workbook.model_validate({"key": "x", "title": "X", "year": 2026, "sheets": [sheet]})
    with pytest.raises(DefinitionError, match=r"x\.a"):
        Computed(book, {}, {}, {"x": [RowContent("r", {})]}).column("x", "a")


# what is no expression

OUTSIDE = [
    "[a] +",
    "[a] ** 2",
    "[a] % 2",
    "[a] // 2",
    "[a] << 1",
    "open('x')",
    "__import__('os')",
    "sum([a])",
    "total()",
    "total([x.a], [x.b])",
    "abs([a], [b])",
    "min([a])",
    "lookup([a])",
    "round([a], digits=1)",
    "[a].real",
    "[a][0]",
    "[a, b]",
    "[]",
    "[1]",
    "[a.b.c]",
    "lambda: 1",
    "[x for x in [a]]",
    "{'a': 1}",
    "(1, 2)",
    "a := 1",
    "*[a]",
    "[a] is None",
    'f"{[a]:.2f}"',
    "await [a]",
    "a; b",
]


@pytest.mark.parametrize("text", OUTSIDE)
def test_text_outside_the_language_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        expression = parse(text)
        used = _book([{"key": "a", "expression": text}])
        Stamp(used, Theme.load(TEMPLATES / "theme.toml"), {}).draw(_one(used))
        raise AssertionError(expression)


def _book(columns: list[Mapping[str, object]]) -> Workbook:
    headed = [{"header": "H", "kind": "formula", **column} for column in columns]
    sheet = {"key": "x", "title": "X", "block": [{"type": "table", "key": "x", "column": headed}]}
    return Workbook.model_validate({"key": "x", "title": "X", "year": 2026, "sheets": [sheet]})


def _one(book: Workbook) -> Content:
    identity = Identity("node", "r", "n", "proposal", 1, 0, book.digest)
    texts = dict.fromkeys(("title", "node", "municipality", "committee", "label"), "")
    return Content(identity, texts, {}, {"x": (RowContent("r", {}),)})


# the loader is strict

SHEET = """
key = "own"
title = "Eget {t}"
[[block]]
type = "table"
key = "rows"
column = [
  { key = "name", header = "Namn", kind = "text" },
  { key = "sum", header = "Summa {t-1}", kind = "amount", unit = "tkr", period = "budget t" },
  { key = "twice", header = "Dubbelt", kind = "formula", expression = "[sum] * 2" },
]
"""


def load(folder: Path, sheet: str = SHEET, book: str = "") -> Workbook:
    """A workbook of one shared sheet."""
    shutil.copytree(TEMPLATES, folder)
    (folder / "sheets" / "own.toml").write_text(sheet, "utf-8")
    (folder / "mine.toml").write_text(book or 'workbook = "mine"\ntitle = "Min"\nsheets = ["own"]\n', "utf-8")
    return load_workbook("mine", 2026, folder)


FAULTS = {
    "an unknown key in a column": ('kind = "text"', 'kind = "text", colour = "red"', "column.0.colour"),
    "an unknown key in a block": ('key = "rows"', 'key = "rows"\nzebra = true', "block.0.table.zebra"),
    "an unknown key in a sheet": ('key = "own"', 'key = "own"\ncolour = "red"', "colour"),
    "an unknown kind": ('kind = "text"', 'kind = "colour"', "column.0.kind"),
    "an unknown unit": ('unit = "tkr"', 'unit = "euro"', "column.1.unit"),
    "an unknown block": ('type = "table"', 'type = "tabell"', "block.0"),
    "a key that isn't ASCII": ('key = "name"', 'key = "Namn å"', "column.0.key"),
    "a title that Excel refuses": ('title = "Eget {t}"', f'title = "{"x" * 40}"', "title"),
    "no header": ('header = "Namn", ', "", "column.0.header"),
    "a bad kind of period": ('"budget t"', '"budjet t"', "column.1.period"),
    "a bad year of a period": ('"budget t"', '"budget next"', "column.1.period"),
    "a period without a year": ('"budget t"', '"budget"', "column.1.period"),
    "a reference to no column": ("[sum] * 2", "[sums] * 2", "rows.twice: [rows.sums]"),
    "a reference to no table": ("[sum] * 2", "total([nowhere.sum])", "rows.twice: [nowhere.sum]"),
    "text outside the language": ("[sum] * 2", "[sum] ** 2", "[sum] ** 2"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_definition_is_refused_with_its_file_and_key(tmp_path: Path, fault: str) -> None:
    old, new, key = FAULTS[fault]
    assert old in SHEET
    with pytest.raises(DefinitionError) as raised:
        load(tmp_path / "mallar", SHEET.replace(old, new, 1))
    assert "own.toml" in str(raised.value) or "mine.toml" in str(raised.value)
    assert key in str(raised.value)


@pytest.mark.parametrize(
    ("book", "named"),
    [
        ('workbook = "mine"\ntitle = "Min"\nsheets = ["own"]\ncolour = "red"\n', "mine.toml: colour"),
        ('workbook = "mine"\ntitle = "Min"\nsheets = ["nope"]\n', "nope.toml"),
        ('title = "Min"\nsheets = ["own"]\n', "mine.toml: key"),
        ("workbook = \n", "mine.toml"),
    ],
)
def test_a_faulty_workbook_file_is_refused_with_its_name(tmp_path: Path, book: str, named: str) -> None:
    with pytest.raises(DefinitionError, match=named):
        load(tmp_path / "mallar", book=book)


def test_a_good_definition_is_loaded_with_its_years(tmp_path: Path) -> None:
    book = load(tmp_path / "mallar")
    assert [sheet.title for sheet in book.sheets] == ["Eget 2026"]
    assert book.tables["rows"].columns["sum"].header == "Summa 2025"


def test_a_definition_comes_back_from_its_json_and_its_digest_follows_every_letter(tmp_path: Path) -> None:
    one = load(tmp_path / "a")
    other = load(tmp_path / "b", SHEET.replace("Namn", "Namnet"))
    assert parse_workbook(dump_workbook(one)).sheets == one.sheets
    assert load(tmp_path / "c").digest == one.digest != other.digest


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_definition_loads(path: Path) -> None:
    if path.stem not in ("theme", "feedback", "retention", "xlstyr"):
        assert load_workbook(path.stem, 2027, TEMPLATES).key == path.stem
