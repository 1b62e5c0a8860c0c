"""The theme file (colours, font, logo) and the looks of cells made from it."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

from xlstyr.layout.definition import Column, Table
from xlstyr.model.errors import DefinitionError

COLOURS = frozenset(
    {
        *("accent", "accent_light", "bad", "band", "band_note", "band_text", "card", "computed", "good", "good_fill"),
        *("ink", "input", "input_line", "line", "muted", "warn", "warn_fill", "warn_light"),
    }
)


@dataclass(frozen=True)
class Theme:
    """Colours as RRGGBB, the font, and the logo's bytes (None: no logo)."""

    font: str
    colour: dict[str, str] = field(hash=False)
    logo: Path | None = None

    @classmethod
    def load(cls, path: Path) -> "Theme":
        """The theme in ``path``. Raises ``DefinitionError`` naming the key at fault."""
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise DefinitionError(f"{path.name}: {error}") from error
        colours = raw.get("colour", {})
        for name in sorted((set(colours) ^ COLOURS) | (set(raw) - {"font", "logo", "colour"})):
            raise DefinitionError(f"{path.name}: {name}")
        logo = path.parent / raw["logo"] if raw.get("logo") else None
        return cls(raw["font"], colours, logo)


def number_format(column: Column) -> str:
    """Excel's number format of ``column``; kr are shown as tkr unless the column says otherwise."""
    if column.is_text:
        return "General" if column.is_formula else "@"
    if column.kind == "date":
        return "yyyy-mm-dd"
    digits = _digits(column)
    plus = "+" if column.signed else ""
    zero = "0" + digits[digits.index(".") :].rstrip(",") if "." in digits and "#" not in digits[-1] else "0"
    return ";".join(f"{section}_-" for section in (f"{plus}{digits}", f"\u2212{digits}", zero))


def _digits(column: Column) -> str:
    """The digits of the format; a comma after them divides by a thousand."""
    if column.kind == "percent" or column.percent:
        return "0.0 %"
    if column.kind == "decimal":
        return "#,##0.0##"
    if column.kind == "integer":
        return "0"
    if column.mnkr:
        return "#,##0.0,,"
    if column.unit == "kr" and not column.exact:
        return "#,##0,"
    return "#,##0" + ("." + "0" * column.decimals if column.decimals else "")


def check_format(column: Column) -> str:
    """A number that is good when zero: shown as a word and a symbol, never by colour alone."""
    scale = "," if column.unit == "kr" else ""
    return f'"\u25cb "#,##0{scale};"\u25cb "\u2212#,##0{scale};"\u2714"'


class Looks:
    """Cell formats by what a cell is, each made once."""

    def __init__(self, book: xlsxwriter.Workbook, theme: Theme) -> None:
        self.book = book
        self.theme = theme
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def make(self, **changes: object) -> Format:
        """The format with the house's font and ``changes``; a value ``@name`` is a theme colour."""
        base: dict[str, object] = {"font_name": self.theme.font, "font_size": 11, "font_color": "@ink"}
        wanted = {**base, "valign": "vcenter", **changes}
        plain = {
            key: f"#{self.theme.colour[value[1:]]}"
            if isinstance(value, str) and value.startswith("@") and value != "@"
            else value
            for key, value in wanted.items()
        }
        key = tuple(sorted(plain.items()))
        if key not in self._made:
            self._made[key] = self.book.add_format(plain)
        return self._made[key]

    def band(self, note: bool = False) -> Format:
        """The title band; ``note`` for its second row."""
        if note:
            return self.make(font_color="@band_note", bg_color="@band", indent=1)
        return self.make(bold=True, font_size=18, font_color="@band_text", bg_color="@band", indent=1)

    def header(self, column: Column) -> Format:
        """A column heading: text to the left, figures centred."""
        side = {"indent": 1} if column.is_text else {"align": "center"}
        return self.make(
            bold=True,
            font_color="@band_text",
            bg_color="@accent",
            text_wrap=True,
            border=1,
            border_color="@band_text",
            **side,
        )

    def cell(self, column: Column, variant: str, table: Table, first: bool = False) -> Format:
        """A table cell of ``column`` in a row of ``variant``."""
        style: dict[str, object] = {"num_format": number_format(column)}
        if column.is_text:
            style |= {"text_wrap": not table.compact, "indent": 1}
        if variant == "section":
            return self.make(bold=True, font_color="@accent", bottom=2, bottom_color="@accent", indent=1)
        if variant == "sum":
            return self.make(
                **style, bold=True, top=1, bottom=1, top_color="@ink", bottom_color="@line", bg_color="@card"
            )
        if table.plain and variant == "normal":
            return self.make(**style, bottom=1, bottom_color="@line", locked=False)
        if table.is_read and column.open_in(variant):
            return self.make(**style, bg_color="@input", border=1, border_color="@input_line", locked=False)
        style |= {"bottom": 1, "bottom_color": "@line"}
        if column.is_formula:
            style |= {"bg_color": "@computed"} if not column.tone else {}
            return self.make(**style, bold=column.strong)
        if variant == "fixed" and first:
            style["num_format"] = '"\u25a0 "@'
        return self.make(**style, bold=column.strong, font_color="@ink" if column.is_text else "@muted")

    def total(self, column: Column | None, strong: bool, label: bool = False) -> Format:
        """A cell of the totals above a table; the strong one has single over and double under line."""
        style: dict[str, object] = {"bold": strong, "num_format": number_format(column) if column else "General"}
        lines: dict[str, object] = {"top": 1, "top_color": "@ink", "bottom": 6, "bottom_color": "@ink"}
        style |= lines if strong else {"bottom": 1, "bottom_color": "@line"}
        return self.make(**style, **({"indent": 1} if label else {}))

    def value(self, column: Column, open_: bool) -> Format:
        """The value cell of a form."""
        style: dict[str, object] = {
            "num_format": number_format(column),
            "align": "left",
            "indent": 1,
            "text_wrap": True,
        }
        if open_:
            return self.make(**style, bg_color="@input", border=1, border_color="@input_line", locked=False)
        return self.make(**style)
