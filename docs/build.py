"""Writes the pages of ``docs/`` that are generated from code and data: ``python docs/build.py [--check]``.

``--check`` writes nothing and ends with 1 when a page is stale. Pages for people are in Swedish, as all they read.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import get_args

import click

from xlstyr.cli.main import COMMANDS, group
from xlstyr.excel.geometry import SEGMENT, VARIANTS, Geometry
from xlstyr.layout import kinds
from xlstyr.layout.definition import Column, Form, KindName, Sheet, Table, Workbook, Writer
from xlstyr.layout.expression import FUNCTIONS
from xlstyr.layout.formula import ExcelText
from xlstyr.layout.load import load_workbook, with_sheet
from xlstyr.words import rules, words

DOCS = Path(__file__).parent
ROOT = DOCS.parent
TEMPLATES = ROOT / "workbook_templates"
YEAR = 2026
NODE_WORKBOOKS = {
    "unit": "Enhet",
    "department": "Avdelning",
    "administration": "Förvaltning",
    "committee": "Nämnd",
    "central_finance": "Finansförvaltning",
    "company": "Bolag",
}
MADE = "<!-- Skapad av docs/build.py. Ändra inte här; ändra i källan och kör python docs/build.py. -->"

Rows = Iterable[Iterable[str]]


def table(head: Iterable[str], rows: Rows) -> str:
    """A Markdown table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def page(title: str, about: str, *parts: str) -> str:
    """A whole page: heading, what it is, its parts."""
    return "\n\n".join((f"# {title}", MADE, about, *(part for part in parts if part))) + "\n"


# -- the word list


def glossary_page() -> str:
    """``ordlista.md``: every word of the model, in Swedish order."""
    terms = words("glossary")["term"]
    rows = [
        (f"**{term['swedish']}**", term["meaning"], term.get("see", ""), _code(term["identifier"]))
        for term in sorted(terms, key=lambda term: _swedish(term["swedish"]))
    ]
    about = "Orden i arbetsböckerna, i anmärkningarna och på kommandoraden, och vad de heter i koden."
    return page("Ordlista", about, table(("Ord", "Betyder", "Se även", "I koden"), rows))


def _swedish(text: str) -> str:
    """A sorting key: the three last letters of the alphabet come last."""
    return text.casefold().translate(str.maketrans("åäö", "{|}"))


# -- the rules

GROUPS = {
    "0": "Fil och märkning",
    "1": "Blad, tabeller och rader",
    "2": "Värden i rutor",
    "3": "Inom ett blad",
    "4": "Mellan blad",
    "5": "Mellan svar",
    "6": "Rimlighet",
    "7": "Process och datum",
    "8": "Styrboken",
    "9": "Programmet",
}
BLOCKS = {"": "–", "identity": "hela svaret", "money": "pengarna", "goals": "målen", "control": "internkontrollen"}
EXAMPLES = {
    "unit": "en enhets arbetsbok",
    "committee": "en nämnds arbetsbok",
    "control": "Styrboken",
    "round": "hela omgången",
    "rollup": "en sammanställning",
}
RULES_ABOUT = """\
Allt som kan anmärkas på, med koden som står i återkopplingen. `xlstyr explain XS302` visar samma text.

- **Fel** måste rättas. Ett fel som stoppar något håller just den delen utanför summorna tills det är rättat; resten av
  svaret räknas. Där det står *pengarna* gäller det den del som rutan hör till: i en måltabell är det målen som stoppas.
- **Varning** ska rättas eller förklaras. Svaret räknas.
- **Notis** upplyser. Inget behöver göras.

Exemplet visar vad man gör i en riktig arbetsbok för att få anmärkningen. Tabell, rad och kolumn anges med de nycklar
som står i [arbetsböckernas kolumner](arbetsbocker.md); rad 1 är den första ifyllda raden och n1 den första tomma.
`ger` står där anmärkningen ska komma. Testerna kör varje exempel."""


def rules_page() -> str:
    """``regler.md``: one section per rule, with its example."""
    found = [rules.rule(code) for code in rules.codes()]
    index = [(f"[{rule.code}](#{rule.code.lower()})", rule.title, rule.severity, BLOCKS[rule.blocks]) for rule in found]
    parts = [table(("Kod", "Vad", "Allvar", "Stoppar"), index)]
    for digit, title in GROUPS.items():
        sections = [_rule(rule) for rule in found if rule.code[2] == digit]
        if sections:
            parts += [f"## {title}", *sections]
    return page("Regler", RULES_ABOUT, *parts)


def _rule(rule: rules.Rule) -> str:
    stops = f" · stoppar {BLOCKS[rule.blocks]}" if rule.blocks else ""
    lines = [
        f"### {rule.code}",
        f"**{rule.title}** ({rule.severity}{stops})",
        f"> {rule.say({})}",
        f"**Varför:** {rule.why}",
        f"**Gör så här:** {rule.cure({})}",
    ]
    example = _example(rule.example)
    if example:
        lines.append(example)
    if rule.source:
        lines.append(f"**Källa:** {rule.source}")
    return "\n\n".join(lines)


def _example(example: rules.Example) -> str:
    head, *rows = (_parts(line) for line in example.text.strip().splitlines())
    if not rows:
        return ""
    shown = [[*row[:1], *(_code(key) for key in row[1:4]), *row[4:]] for row in rows]
    return f"Exempel, i {EXAMPLES[example.workbook]}:\n\n{table(head, shown)}"


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.strip().strip("|").split("|")]


# -- the commands

COMMANDS_ABOUT = """\
Alla kommandon skrivs i en kommandotolk eller terminal. De som gäller en omgång körs i omgångens mapp, eller var som
helst med `--round DIR`.

| Slutkod | Betyder |
| --- | --- |
| 0 | Klart. Luckor, varningar och notiser räknas hit. |
| 1 | Klart, men det finns anmärkningar som är fel. |
| 2 | Kommandot är felskrivet. |
| 3 | Något utanför svaren är fel: ingen Styrbok i mappen, fel i Styrboken, en fil som är öppen i Excel. |

Med `--json` skrivs ett enda JSON-objekt på standard ut och inget annat."""


def commands_page() -> str:
    """``kommandon.md``: every command with its arguments and options."""
    context = click.Context(group, info_name="xlstyr")
    index = table(("Kommando", "Gör"), [(f"[`{n}`](#xlstyr-{n})", _command(context, n).help or "") for n in COMMANDS])
    sections = (section for name in COMMANDS for section in _command_sections(_command(context, name), name))
    return page("Kommandon", COMMANDS_ABOUT, index, *sections)


def _command(context: click.Context, name: str) -> click.Command:
    command = group.get_command(context, name)
    assert command is not None
    return command


def _command_sections(command: click.Command, name: str) -> Iterator[str]:
    """A command, and the commands within it."""
    yield _command_section(command, name)
    if isinstance(command, click.Group):
        for inner, below in command.commands.items():
            yield from _command_sections(below, f"{name} {inner}")


def _command_section(command: click.Command, name: str) -> str:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    usage = " ".join(["xlstyr", name, command.options_metavar or "", *(_metavar(argument) for argument in arguments)])
    rows = [(_code(_option(o)), (o.help or "") + (" Måste anges." if o.required else "")) for o in options]
    return f"## xlstyr {name}\n\n{command.help}\n\n```\n{usage}\n```\n\n{table(('Val', 'Betyder'), rows)}"


def _option(option: click.Option) -> str:
    return " ".join((*option.opts, _metavar(option))).strip()


def _metavar(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return ""
    return parameter.metavar or parameter.type.name.upper()


# -- the column guide

WORKBOOKS_ABOUT = f"""\
Varje blad och kolumn, så som de står i definitionerna i `workbook_templates/`. Samma definition ritar arbetsboken,
läser den, kontrollerar den och skriver den här sidan. Åren gäller budget {YEAR}. Dolda kolumner är inte med.

*Vem skriver*: **du** fyller i rutan; **du, egna rader** bara på de tomma raderna längst ned; **givaren** har fyllt i
den i förväg; **räknas ut** är en formel, med uttrycket under *Anmärkning*."""
FEEDBACK_ABOUT = "Första bladet i en arbetsbok som kommer i retur. Läses aldrig."
OWNER = {"receiver": "du", "new": "du, egna rader", "giver": "givaren"}


def workbooks_page() -> str:
    """``arbetsbocker.md``: the column guide of every workbook."""
    nodes = {key: _load(key) for key in NODE_WORKBOOKS}
    control, rollup = _load("control"), _load("rollup")
    returned = with_sheet(nodes["unit"], TEMPLATES / "feedback.toml").sheets[0]
    return page(
        "Arbetsböckernas blad och kolumner",
        WORKBOOKS_ABOUT,
        "## Nodernas arbetsböcker",
        _matrix(nodes),
        *_sheets(nodes),
        "## Styrboken",
        "Ägs av ekonomiavdelningen, som skriver i alla rutor som inte räknas ut.",
        *_sheets({"control": control}, {"receiver": "ekonomin"}),
        "## Sammanställningen",
        "Ritas av `xlstyr rollup` och `xlstyr consolidate`. Ingen skriver i den.",
        *_sheets({"rollup": rollup}, dict.fromkeys(OWNER, "programmet")),
        "## Återkoppling",
        FEEDBACK_ABOUT,
        *_sheet(returned.key, {"feedback": returned}, dict.fromkeys(OWNER, "programmet")),
    )


def _load(key: str) -> Workbook:
    return load_workbook(key, YEAR, TEMPLATES)


def _matrix(workbooks: dict[str, Workbook]) -> str:
    """Which node gets which sheet."""
    order = _sheet_order(workbooks)
    rows = [
        (title, *("✔" if any(s.key == key for s in workbook.sheets) else "" for workbook in workbooks.values()))
        for key, title in order.items()
    ]
    return table(("Blad", *NODE_WORKBOOKS.values()), rows)


def _sheet_order(workbooks: dict[str, Workbook]) -> dict[str, str]:
    """Sheet key → title, as they stand in the workbook with most sheets, what it lacks after its neighbour."""
    widest = max(workbooks.values(), key=lambda workbook: len(workbook.sheets))
    order = [(sheet.key, sheet.title) for sheet in widest.sheets]
    for workbook in workbooks.values():
        for place, sheet in enumerate(workbook.sheets):
            if sheet.key not in dict(order):
                before = workbook.sheets[place - 1].key
                order.insert([key for key, _ in order].index(before) + 1, (sheet.key, sheet.title))
    return dict(order)


def _sheets(workbooks: dict[str, Workbook], owner: dict[str, str] | None = None) -> Iterator[str]:
    for key in _sheet_order(workbooks):
        having = {name: s for name, workbook in workbooks.items() for s in workbook.sheets if s.key == key}
        if not any(sheet.hidden for sheet in having.values()):
            yield from _sheet(key, having, OWNER | (owner or {}))


def _sheet(key: str, sheets: dict[str, Sheet], owner: dict[str, str]) -> Iterator[str]:
    """A section: heading, subtitle, and a table per block; ``sheets`` holds it as each workbook has it."""
    first = next(iter(sheets.values()))
    yield f"### {first.title}"
    subtitle = re.sub(r"^\{[^}]*\}( · \{[^}]*\})*( · )?", "", first.subtitle)
    parts = [subtitle] if subtitle else []
    if set(sheets) < set(NODE_WORKBOOKS):
        parts.append(f"Finns i: {', '.join(NODE_WORKBOOKS[name].lower() for name in sheets)}.")
    if parts and first.key == key:
        yield "\n\n".join(parts)
    keys = dict.fromkeys(block.key for sheet in sheets.values() for block in _blocks(sheet))
    for block_key in keys:
        section = _block(block_key, sheets, owner)
        if section:
            yield section


def _blocks(sheet: Sheet) -> Iterator[Form | Table]:
    """What holds columns, from the top."""
    yield from (block for block in sheet.block if isinstance(block, Form | Table))


def _block(key: str, sheets: dict[str, Sheet], owner: dict[str, str]) -> str:
    """A table of the shown columns of one block, or ``""`` when it shows none."""
    blocks = {name: b for name, sheet in sheets.items() for b in _blocks(sheet) if b.key == key}
    columns: dict[str, dict[str, Column]] = {}
    for name, block in blocks.items():
        for column in block.columns.values():
            if not column.hidden and not (isinstance(block, Form) and block.style == "hidden"):
                columns.setdefault(column.key, {})[name] = column
    rows = [_column(found, set(sheets), owner) for found in columns.values()]
    if not rows:
        return ""
    block = next(iter(blocks.values()))
    kind = "Formulär" if isinstance(block, Form) else "Tabell"
    grow = f", {block.grow} tomma rader att skriva på" if isinstance(block, Table) and block.grow else ""
    head: tuple[str, ...] = ("Rubrik", "Nyckel", "Vem skriver", "Vad får stå", "Anmärkning")
    if not any(row[3] for row in rows):
        head, rows = (*head[:2], head[4]), [(*row[:2], row[4]) for row in rows]
    return f"{kind} `{key}`{grow}:\n\n{table(head, rows)}"


def _column(found: dict[str, Column], names: set[str], owner: dict[str, str]) -> tuple[str, ...]:
    column = next(iter(found.values()))
    notes = [column.help] if column.help else []
    if column.required and not column.is_formula:
        notes.append("Måste fyllas i.")
    if set(found) != names:
        notes.append(f"Bara i: {', '.join(NODE_WORKBOOKS[name].lower() for name in found)}.")
    if column.expression:
        notes.append(_code(column.expression))
    who = "räknas ut" if column.is_formula else owner[column.writer]
    typed = who not in ("räknas ut", "givaren", "programmet")
    header = column.header.replace("\u00ad", "") or "–"
    return (header, _code(column.key), who, kinds.describe(column) if typed else "", " ".join(notes))


# -- the buttons in LibreOffice

LIBREOFFICE_ABOUT = """\
Den som inte har Excel kan använda knapparna i LibreOffice. Knapparnas kod är vanlig xlwings-kod och densamma överallt;
en egen motor (`addin.libreoffice`) låter xlwings tala med LibreOffice i stället. Motorn har bara det som knapparna
behöver. Allt annat i xlwings säger ifrån med namnet på det som saknas, och inget görs till hälften i tysthet.

Det behövs LibreOffice 7.4 eller senare med brygga till samma Python som kör xlstyr. På Linux heter paketen
`libreoffice-calc` och `python3-uno`. På Windows och Mac finns bryggan bara i LibreOffice egen Python; där är Excel det
vanliga.

```
xlstyr addin open "Styrbok 2026.xlsm"
xlstyr addin run check "Förskolan Eken.xlsx" --engine libreoffice
```

Så här är det gjort, i allt som motorn rör:

- **Makron** i en arbetsbok som en knapp öppnar får inte köras.
- **Låst** är låst: att skriva i en låst ruta eller ändra utseendet på ett skyddat blad är ett fel som säger det.
- **Stängs** arbetsboken eller LibreOffice under arbetet säger knappen det; inget skrivs någon annanstans.
- **Text** som ser ut som ett tal, ett datum eller en formel blir det, som i Excel. I rutor med textformat förblir den
  text.

## Det som finns

Varje rad har minst ett test, som körs mot ett riktigt LibreOffice och ser efter att just den koden körs."""
ENGINE_TESTS = ROOT / "tests" / "addin" / "engine"


def libreoffice_page() -> str:
    """``libreoffice.md``: every member of xlwings that the engine supports, with its tests."""
    from xlstyr.addin.libreoffice import program
    from xlstyr.addin.libreoffice.support import members

    assert program.Engine.name == "libreoffice"
    tests, differs = _engine_tests(), words("engine")["differs"]
    rows = [
        (_code(member), "ja" if can_be_set else "", differs.get(member, ""), ", ".join(dict.fromkeys(tests[member])))
        for member, can_be_set in members()
    ]
    about = table(("I xlwings", "Kan sättas", "Skiljer sig från Excel", "Test"), rows)
    return page("Knapparna i LibreOffice", LIBREOFFICE_ABOUT, about)


def _engine_tests() -> dict[str, list[str]]:
    """Member → links to the tests that name it, or setting it."""
    found: dict[str, list[str]] = {}
    for path in sorted(ENGINE_TESTS.glob("test_*.py")):
        for test in ast.walk(ast.parse(path.read_text("utf-8"))):
            for mark in test.decorator_list if isinstance(test, ast.FunctionDef) else ():
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "covers":
                    link = f"[{test.name.removeprefix('test_')}](../{path.relative_to(ROOT).as_posix()})"
                    for argument in mark.args:
                        found.setdefault(ast.literal_eval(argument).removesuffix(" ="), []).append(link)
    return found


# -- parts of the architecture page

KIND_FACTS = {
    "text": ("`str`", "text, stored as text"),
    "amount": ("`int` kr", "tkr or kr, as the column's `unit` says"),
    "integer": ("`int`", "a whole number"),
    "decimal": ("`Decimal`", "a number"),
    "percent": ("`Decimal` share (0.031)", "the share, shown as 3.1 %"),
    "date": ("`date`", "Excel's day number"),
    "choice": ("the key (`yes`)", "the label (`Ja`)"),
    "reference": ("the code (`6430`)", "the label (`6430 Livsmedel`)"),
    "formula": ("computed", "a formula with its cached value"),
}
FUNCTION_FACTS = {
    "total": ("total([budget.budget])", "the sum of a column; blank when nothing is known"),
    "total_if": ('total_if([budget.budget], [budget.side], "Kostnad")', "the sum of the rows that meet every test"),
    "count": ("count([budget.proposal])", "how many cells aren't blank"),
    "count_if": ("count_if([budget.decided], 1)", "how many rows meet every test"),
    "missing": ("1 if missing([comment]) else 0", "whether a cell is blank"),
    "present": ("1 if present([comment]) else 0", "whether a cell isn't blank"),
    "abs": ("abs([difference])", "the number without its sign"),
    "min": ("min([budget], [previous])", "the smaller of two"),
    "max": ("max([budget], 0)", "the larger of two"),
    "round": ("round([budget] * 1.02)", "half away from zero, to whole numbers or to the digits given"),
    "lookup": ('lookup([account], "side")', "an attribute of what a reference refers to"),
    "span_total": ("span_total([facts.budget], [first], [last])", "the sum between two rows that the row names"),
    "span_count": ("span_count([facts.budget], [first], [last])", "how many numbers there are between them"),
}


def _same(facts: Iterable[str], code: Iterable[str], what: str) -> None:
    """Raises when what is explained here isn't what the code has."""
    if set(facts) != set(code):
        raise SystemExit(f"docs/build.py explains other {what} than the code has: {sorted(set(facts) ^ set(code))}")


def kinds_part() -> str:
    """The kinds of columns."""
    _same(KIND_FACTS, get_args(KindName), "kinds")
    rows = []
    for kind, (python, cell) in KIND_FACTS.items():
        fields = {"key": "x", "header": "X", "kind": kind, "unit": "tkr" if kind == "amount" else None}
        column = Column.model_validate(fields | ({"choices": {"yes": "Ja", "no": "Nej"}} if kind == "choice" else {}))
        rule = kinds.validation(column)
        rows.append((_code(kind), python, cell, rule.type if rule else "none", kinds.describe(column)))
    return table(("Kind", "In Python", "In the cell", "Excel's validation", "Description"), rows)


def writers_part() -> str:
    """Who may write a cell, by the variant of its row."""
    rows = []
    for writer in get_args(Writer):
        column = Column.model_validate({"key": "x", "header": "X", "kind": "amount", "writer": writer})
        rows.append((_code(writer), *("open" if column.open_in(variant) else "locked" for variant in VARIANTS)))
    return table(("`writer`", *(_code(variant) for variant in VARIANTS)), rows)


def functions_part() -> str:
    """The functions of the expression language, with the formulas they become."""
    _same(FUNCTION_FACTS, FUNCTIONS, "functions")
    rows = []
    for name, (example, meaning) in FUNCTION_FACTS.items():
        rows.append((_code(name), meaning, _code(example), _code("=" + _formula(example))))
    return table(("Function", "Gives", "Example", "In Excel, in the specimen"), rows)


def _formula(example: str) -> str:
    """The formula of ``example`` in the budget table of a unit, or in the cube for what only works there."""
    workbook, key = (_load("rollup"), "cube") if "facts." in example else (_load("unit"), "budget")
    geometry = Geometry(workbook)
    sheet, placed = geometry.placed[key]
    addresses = geometry.addresses(sheet, workbook.tables[key], SEGMENT * placed.segment)
    return ExcelText(addresses).write(example)


def records_part() -> str:
    """Which blocks are read, and the record that each row becomes."""
    found: dict[str, tuple[str, str]] = {}
    for name in NODE_WORKBOOKS:
        for sheet in _load(name).sheets:
            for block in _blocks(sheet):
                if block.record:
                    found[block.key] = (sheet.title, block.record)
    rows = [(_code(key), title, _code(_class_name(record))) for key, (title, record) in found.items()]
    return table(("Block", "Sheet", "Record in `model.records`"), rows)


def _class_name(record: str) -> str:
    return "".join(part.capitalize() for part in record.split("_"))


def rooms_part() -> str:
    """The layers as import-linter enforces them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return "```\n" + "\n".join(layers) + "\n```"


PARTS: dict[str, Callable[[], str]] = {
    "rooms": rooms_part,
    "kinds": kinds_part,
    "writers": writers_part,
    "records": records_part,
    "functions": functions_part,
}


def with_parts(text: str) -> str:
    """``text`` with what stands between ``<!-- build: name -->`` and ``<!-- /build -->`` made anew."""
    pattern = re.compile(r"(<!-- build: (\w+) -->\n).*?(<!-- /build -->)", re.DOTALL)
    return pattern.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", text)


# -- all of it


def pages() -> dict[Path, str]:
    """Every generated page with what shall stand in it."""
    architecture = DOCS / "architecture.md"
    return {
        DOCS / "ordlista.md": glossary_page(),
        DOCS / "regler.md": rules_page(),
        DOCS / "kommandon.md": commands_page(),
        DOCS / "arbetsbocker.md": workbooks_page(),
        DOCS / "libreoffice.md": libreoffice_page(),
        architecture: with_parts(architecture.read_text("utf-8")),
    }


def main(arguments: list[str]) -> int:
    """Writes what is stale, or with ``--check`` only names it."""
    stale = [(path, text) for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]
    for path, text in stale:
        print(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.write_text(text, "utf-8", newline="\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
