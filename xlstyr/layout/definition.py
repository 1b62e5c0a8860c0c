"""The workbook definition: what ``workbook_templates/*.toml`` says, typed and frozen.

One definition drives drawing, reading, the checks in the sheet, the checks in Python and the column guide.
"""

from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from xlstyr.model.period import PeriodKind

KindName = Literal["text", "amount", "integer", "decimal", "percent", "date", "choice", "reference", "formula"]
Writer = Literal["giver", "receiver", "new"]
_PERIOD = rf"^({'|'.join(PeriodKind)}) t([+-]\d)?$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Strict):
    """A column of a table, or a field of a form: one kind, one constraint, one writer.

    ``writer``: ``giver`` fills it in and nobody else changes it; ``receiver`` always may; ``new`` means
    the receiver may in rows of their own. ``unit`` is what the cell holds: ``tkr`` or ``kr`` (kr is shown
    as tkr unless ``exact``). Values in Python are kr in both cases. ``always`` keeps a column open in
    fixed rows. ``period`` makes it an amount of a record: ``"budget t"``.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    header: str
    kind: KindName
    width: float = 14
    writer: Writer = "receiver"
    unit: Literal["kr", "tkr"] | None = None
    period: str | None = Field(None, pattern=_PERIOD)
    required: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    length: int | None = None
    choices: dict[str, str] = {}
    to: str | None = None
    expression: str | None = None
    text: bool = False
    tone: bool | str = False
    hidden: bool | tuple[str, ...] = False
    only: tuple[str, ...] = ()
    help: str = ""
    signed: bool = False
    strong: bool = False
    always: bool = False
    exact: bool = False
    mnkr: bool = False
    percent: bool = False
    decimals: int = 0
    link: str | None = None
    note: str = ""
    zero_good: bool = False
    tall: bool = False

    @property
    def is_formula(self) -> bool:
        """Whether the cell is computed, never read."""
        return self.kind == "formula"

    @property
    def is_text(self) -> bool:
        """Whether the value is text (a choice or reference counts: the sheet holds its label)."""
        return self.text or self.kind in ("text", "choice", "reference")

    @cached_property
    def by_label(self) -> dict[str, str]:
        """The keys of its choices by what cells show, case folded."""
        return {label.casefold(): key for key, label in self.choices.items()}

    def open_in(self, variant: str) -> bool:
        """Whether the receiver may write this cell in a row of ``variant``."""
        if self.is_formula or self.writer == "giver" or variant in ("section", "sum"):
            return False
        if variant == "free":
            return True
        return self.writer == "receiver" and (variant != "fixed" or self.always)


class Total(_Strict):
    """A total above a table: ``expression`` with ``{}`` for each of ``columns``."""

    header: str
    expression: str
    columns: tuple[str, ...]
    strong: bool = False


class Form(_Strict):
    """Fields below one another (or as cards, steps, checks), each with a label and one value."""

    type: Literal["form"]
    key: str
    style: Literal["list", "cards", "steps", "checks", "inline", "hidden"] = "list"
    record: str | None = None
    field: tuple[Column, ...]
    only: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The fields by key."""
        return {column.key: column for column in self.field}


class Table(_Strict):
    """Rows of the same columns, ``grow`` free ones at the end; or ``blank`` ones that only the program fills in.

    A ``matrix`` (rows by columns) or a ``statement`` (lines with sums among them) is never read. ``compact``
    rows keep to one line; in a ``plain`` table, where all may be written, only free rows look like input.
    """

    type: Literal["table", "matrix", "statement"]
    key: str
    record: str | None = None
    grow: int = 0
    blank: int = 0
    total: tuple[Total, ...] = ()
    column: tuple[Column, ...]
    only: tuple[str, ...] = ()
    compact: bool = False
    plain: bool = False

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns by key."""
        return {column.key: column for column in self.column}

    @cached_property
    def free(self) -> tuple[Column, ...]:
        """The columns that are open in rows of the receiver's own."""
        return tuple(column for column in self.column if column.open_in("free"))

    @cached_property
    def given(self) -> tuple[Column, ...]:
        """The columns that only the giver writes, in every row."""
        return tuple(column for column in self.column if not column.is_formula and not column.open_in("free"))

    @property
    def is_read(self) -> bool:
        """Whether answers are read from it."""
        return self.type == "table"


class Prose(_Strict):
    """Text: a section heading, paragraphs (``# `` starts a heading), or the legend of cell looks."""

    type: Literal["prose", "legend"]
    style: Literal["section", "text", "hint", "list"] = "text"
    text: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


class Chart(_Strict):
    """A chart over columns of a table. ``title`` says what it shows; ``about`` is its alternative text.

    ``waterfall`` stacks ``values`` on an invisible ``base``, ``falls`` being what is taken away. A row of ``share``
    charts stands side by side; ``place`` (from 1) is this one's turn.
    """

    type: Literal["chart"]
    kind: Literal["bar", "column", "waterfall"]
    title: str
    about: str
    categories: str
    values: str
    base: str | None = None
    falls: str | None = None
    labels: str = "#,##0"
    share: int = 1
    place: int = 1
    height: int = 260
    only: tuple[str, ...] = ()


class Button(_Strict):
    """A button that runs ``macro``, with a word on what it does."""

    caption: str
    macro: str = Field(pattern=r"^[A-Za-z]+$")
    help: str


class Buttons(_Strict):
    """Buttons above everything else on a sheet: real ones in a workbook that carries macros, else a list of words."""

    type: Literal["buttons"]
    button: tuple[Button, ...]
    only: tuple[str, ...] = ()


Block = Annotated[Form | Table | Prose | Chart | Buttons, Field(discriminator="type")]


class Sheet(_Strict):
    """One tab. ``grid`` gives the widths of its columns where no table does."""

    key: str
    title: str = Field(max_length=31)
    heading: str = ""
    subtitle: str = ""
    grid: tuple[float, ...] = ()
    hidden: bool = False
    fit_rows: bool = False
    portrait: bool = False
    one_page: bool = False
    only: tuple[str, ...] = ()
    block: tuple[Block, ...] = ()

    @property
    def answerable(self) -> tuple[Form | Table, ...]:
        """The forms and then the tables on the sheet."""
        return (*self.forms, *self.tables)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables on the sheet, from the top."""
        return tuple(block for block in self.block if isinstance(block, Table))

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms on the sheet, from the top."""
        return tuple(block for block in self.block if isinstance(block, Form))


class Workbook(_Strict):
    """A whole workbook definition, for one budget year. ``digest`` identifies exactly this text."""

    key: str
    title: str
    year: int
    sheets: tuple[Sheet, ...]
    digest: str = ""

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Every table by key."""
        return {table.key: table for sheet in self.sheets for table in sheet.tables}

    @cached_property
    def forms(self) -> dict[str, Form]:
        """Every form by key."""
        return {form.key: form for sheet in self.sheets for form in sheet.forms}

    @cached_property
    def sheet_of(self) -> dict[str, Sheet]:
        """The sheet of each table and form key."""
        return {block.key: sheet for sheet in self.sheets for block in sheet.answerable}

    def column(self, block: str, key: str) -> Column | None:
        """Column ``key`` of table or form ``block``, or None."""
        owner = self.tables.get(block) or self.forms.get(block)
        return owner.columns.get(key) if owner else None
