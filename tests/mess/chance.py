"""Random edits by seed, with what they must come to: amounts per row, or faults that must be named."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.mess.hands import copy_sheet
from tests.office.xmledit import Edit, Typed

COLUMNS = (
    "activity",
    "outcome",
    "previous",
    "forecast",
    "proposal",
    "change",
    "budget",
    "comment",
    "status",
    "index_1",
)
WRITINGS = ("{}", " {} ", "{}\u00a0", "{} tkr", "{},0", "{}000 kr", "+{}")
NAMES = ("Vår budget", "Budget (2)", "Budget & plan", "O'Briens", "Ålderdomshem")


@dataclass
class Person:
    """Somebody at a workbook, and what must come of it.

    ``typed``: row → tkr in Ändring ± (None: emptied); ``own``: tkr of inserted rows; ``faults``: what must be
    named, as (code, row, column), both ``""`` for a whole sheet.
    """

    edit: Edit
    rng: Random
    rows: list[str]
    typed: dict[str, int | None] = field(default_factory=dict)
    own: list[int] = field(default_factory=list)
    faults: set[tuple[str, str, str]] = field(default_factory=set)
    did: list[str] = field(default_factory=list)

    @property
    def sheet(self) -> str:
        """The budget's title now."""
        return self.edit.table("budget").sheet

    def place(self, row: str) -> int:
        """The number of a row now."""
        return self.edit.table("budget").rows[row]

    def put(self, row: str, column: str, value: Typed, formula: str | None = None) -> None:
        """Types in a cell."""
        self.edit.set(*self.edit.at("budget", row, column), value, formula=formula)

    def body(self) -> tuple[int, int]:
        """The first and last row below the headings."""
        places = {row: place for row, place in self.edit.table("budget").rows.items() if row not in ("#head", "#total")}
        return min(places.values()), max(places.values())


def type_number(p: Person) -> None:
    """A number, as a number, a text or a calculation."""
    row, tkr = p.rng.choice(p.rows), p.rng.randint(-30, 30)
    p.typed[row] = tkr
    match p.rng.randrange(4):
        case 0:
            p.put(row, "change", tkr)
        case 1:
            p.put(row, "change", p.rng.randint(-9, 9), f"{tkr + 1200}-1300+100")
        case 2 if tkr > 0:
            p.put(row, "change", p.rng.choice(WRITINGS).format(tkr))
        case _:
            p.put(row, "change", str(tkr).replace("-", p.rng.choice("-\u2212\u2013")))


def clear(p: Person) -> None:
    """Empties Ändring ±."""
    row = p.rng.choice([row for row in p.rows if not row.startswith("n")])
    p.typed[row] = None
    p.put(row, "change", p.rng.choice([None, " ", "\u00a0"]))


def comment(p: Person) -> None:
    """Writes a comment."""
    texts = ("=1+1", "@SUM(A1)", "table:budget", "table:#end", "#REF!", "å\x07ä\nö", "1 234", "<b>&amp;", "id", "#head")
    p.put(p.rng.choice(p.rows), "comment", p.rng.choice(texts))


def sort(p: Person) -> None:
    """Sorts whole rows."""
    letters = p.edit.table("budget").columns[p.rng.choice(COLUMNS)]
    p.edit.sort(p.sheet, *p.body(), letters, descending=p.rng.random() < 0.5)


def insert_blank(p: Person) -> None:
    """Inserts an empty row."""
    p.edit.insert_row(p.sheet, p.rng.randint(p.body()[0], p.body()[1] + 1))


def insert_own(p: Person) -> None:
    """Inserts a row and fills it in."""
    at, tkr = p.rng.randint(p.body()[0], p.body()[1] + 1), p.rng.randint(-9, 9)
    p.edit.insert_row(p.sheet, at)
    columns = p.edit.table("budget").columns
    values: dict[str, Typed] = {
        "account": "64110",
        "activity": "K130 Ekonomi & kansli",
        "change": tkr,
        "comment": "Mer papper",
    }
    for key, value in values.items():
        p.edit.set(p.sheet, f"{columns[key]}{at}", value)
    p.own.append(tkr)


def insert_column(p: Person) -> None:
    """Inserts an empty column."""
    columns = p.edit.table("budget").columns
    p.edit.insert_column(p.sheet, columns[p.rng.choice(COLUMNS)])


def swap_columns(p: Person) -> None:
    """Lets two columns change places."""
    columns = p.edit.table("budget").columns
    one, other = p.rng.sample([columns[key] for key in COLUMNS], 2)
    p.edit.swap_columns(p.sheet, one, other)


def hide(p: Person) -> None:
    """Hides a row."""
    p.edit.hide_row(p.sheet, p.rng.randint(*p.body()))


def rename(p: Person) -> None:
    """Renames the sheet."""
    p.edit.rename_sheet(p.sheet, p.rng.choice([name for name in NAMES if name not in p.edit.titles]))


def delete_free(p: Person) -> None:
    """Deletes a free row."""
    free = [row for row in p.edit.table("budget").rows if row.startswith("n") and row not in p.rows]
    if free:
        p.edit.delete_row(p.sheet, p.place(p.rng.choice(free)))


def write_beside(p: Person) -> None:
    """Writes a note beside the table."""
    ref = f"AM{p.rng.randint(1, 30)}"
    notes: list[Typed] = [1234, 12.5, "se bilaga"]
    p.edit.set(p.sheet, ref, p.rng.choice(notes))


def bad_amount(p: Person) -> None:
    """Something in Ändring ± that has no safe reading."""
    row = p.rng.choice(p.rows)
    kinds: list[tuple[str, Typed, str | None]] = [
        ("XS203", "ca 100", None),
        ("XS203", True, None),
        ("XS202", "1.250", None),
        ("XS206", 12, "B5*2"),
        ("XS206", 12, "[1]Fjol!A1"),
        ("XS211", 250_000, None),
        ("XS215", 1.00005, None),
        ("XS212", -20_000_000, None),
    ]
    code, value, formula = p.rng.choice(kinds)
    p.put(row, "change", value, formula)
    p.faults.add((code, row, "change"))


def bad_error(p: Person) -> None:
    """An error in Ändring ±."""
    row = p.rng.choice(p.rows)
    p.edit.set(*p.edit.at("budget", row, "change"), None, error=p.rng.choice(["#REF!", "#VALUE!"]))
    p.faults.add(("XS204", row, "change"))


def overwrite(p: Person) -> None:
    """A computed cell typed over, by a number or another formula."""
    row = p.rng.choice([row for row in p.rows if not row.startswith("n")])
    if p.rng.random() < 0.5:
        p.put(row, "budget", 123_456_789)
    else:
        p.put(row, "budget", 5, f"J{p.place(row)}*1.02+1000")
    p.faults.add(("XS110", row, "budget"))


def delete_given(p: Person) -> None:
    """Deletes a given row."""
    row = p.rng.choice([row for row in p.rows if not row.startswith("n")])
    p.edit.delete_row(p.sheet, p.place(row))
    p.faults.add(("XS104", row, ""))


def copy_given(p: Person) -> None:
    """Copies a given row."""
    row = p.rng.choice(p.rows)
    p.edit.copy_row(p.sheet, p.place(row), p.rng.randint(*p.body()))
    p.faults.add(("XS106", row, ""))


def mix(p: Person) -> None:
    """Sorts figures and comments of two rows, but not their names and ids."""
    one, other = p.rng.sample([row for row in p.rows if not row.startswith("n")], 2)
    for key in ("outcome", "previous", "forecast", "proposal", "change", "comment"):
        cells = [p.edit.at("budget", row, key) for row in (one, other)]
        values = [p.edit.get(*cell) for cell in cells]
        for cell, value in zip(cells, reversed(values), strict=True):
            assert value is None or isinstance(value, int | float | str)
            p.edit.set(*cell, value)
    p.faults.add(("XS118", "", ""))


def delete_column(p: Person) -> None:
    """Deletes a column."""
    key = p.rng.choice(["change", "comment", "proposal", "activity"])
    p.edit.delete_column(p.sheet, p.edit.table("budget").columns[key])
    p.faults.add(("XS102", "", key))


def double_sheet(p: Person) -> None:
    """Copies the sheet."""
    copy_sheet(p.edit, p.sheet)
    p.faults.add(("XS103", "", ""))


Step = Callable[[Person], None]
HARMLESS: tuple[Step, ...] = (
    type_number,
    type_number,
    clear,
    comment,
    sort,
    insert_blank,
    insert_own,
    insert_column,
    swap_columns,
    hide,
    rename,
    delete_free,
    write_beside,
)
MOVES: tuple[Step, ...] = (sort, swap_columns, hide, rename, insert_blank, insert_column)
HARMFUL: tuple[Step, ...] = (
    bad_amount,
    bad_amount,
    bad_error,
    overwrite,
    delete_given,
    copy_given,
    mix,
    delete_column,
    double_sheet,
)


def work(data: bytes, rows: list[str], seed: int) -> Person:
    """A person's work: harmless edits, in every other case one harmful thing, then the rows are moved about again."""
    rng = Random(seed)
    person = Person(Edit(data), rng, rows)
    steps = rng.choices(HARMLESS, k=rng.randint(1, 5))
    if seed % 2:
        steps += [rng.choice(HARMFUL)]
    if not seed % 2 or steps[-1] not in (delete_column, double_sheet):
        steps += rng.choices(MOVES, k=rng.randint(0, 2))
    for step in steps:
        person.did.append(step.__name__)
        step(person)
    return person
