"""References in A1 notation, and what an edit of rows and columns does to those in a formula."""

import re
from collections.abc import Callable
from dataclasses import dataclass

Span = tuple[int, int]
Spans = Callable[[int, int], Span | None]

LOST = "#REF!"
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

_CELL = re.compile(r"(\$?)([A-Z]{0,3})(\$?)(\d*)")
_SHEET = r"(?:'(?:[^']|'')+'|[\w.]+)!"
_AREA = (
    r"\$?[A-Z]{1,3}\$?[1-9]\d*(?::\$?[A-Z]{1,3}\$?[1-9]\d*)?"
    r"|\$?[A-Z]{1,3}:\$?[A-Z]{1,3}"
    r"|\$?[1-9]\d*:\$?[1-9]\d*"
)
_LIKE_A_CELL = re.compile(r"[A-Z]{1,3}\d+|R?\d*C?\d*", re.IGNORECASE)
_TOKEN = re.compile(
    r'"(?:[^"]|"")*"'
    rf"|(?<![\w.$!'\[\]])(?P<sheet>{_SHEET})?(?P<area>{_AREA})(?![\w(!.\[])"
    rf"|(?<![\w.$!'\[\]])(?P<scope>{_SHEET})"
)


def letters(column: int) -> str:
    """Returns a column's letters: 28 gives ``AB``."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def number(column: str) -> int:
    """Returns a column's number: ``AB`` gives 28."""
    total = 0
    for letter in column.upper():
        total = total * 26 + ord(letter) - 64
    return total


def join(row: int, column: int) -> str:
    """Returns the reference of a cell: row 7 and column 2 give ``B7``."""
    return f"{letters(column)}{row}"


def split(ref: str) -> tuple[int, int]:
    """Returns (row, column) of a cell's reference, dollar signs or not."""
    match = _CELL.fullmatch(ref.upper())
    if match is None or not match[2] or not match[4]:
        raise ValueError(f"not a cell: {ref!r}")
    return int(match[4]), number(match[2])


def area(ref: str) -> tuple[int, int, int, int]:
    """Returns (first row, first column, last row, last column) of ``B7`` or ``B7:C9``."""
    first, _, last = ref.partition(":")
    return (*split(first), *split(last or first))


def quoted(title: str) -> str:
    """Returns a sheet's title as Excel writes it before the exclamation mark of a formula."""
    if re.fullmatch(r"[^\W\d]\w*", title) and not _LIKE_A_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def _stay(first: int, last: int) -> Span:
    """Leaves rows or columns where they are."""
    return first, last


def inserted(at: int) -> Spans:
    """Where rows or columns end up when an empty one is inserted before ``at``."""

    def spans(first: int, last: int) -> Span:
        return first + (first >= at), last + (last >= at)

    return spans


def deleted(at: int) -> Spans:
    """Where rows or columns end up when ``at`` is deleted."""

    def spans(first: int, last: int) -> Span | None:
        if first == last == at:
            return None
        return first - (first > at), last - (last >= at)

    return spans


def swapped(one: int, other: int) -> Spans:
    """Where rows or columns end up when two change places; wider areas stay as they are."""

    def spans(first: int, last: int) -> Span:
        if first != last:
            return first, last
        new = {one: other, other: one}.get(first, first)
        return new, new

    return spans


@dataclass(frozen=True, slots=True)
class Move:
    """What happens to one sheet's rows and columns."""

    rows: Spans = _stay
    columns: Spans = _stay

    def area(self, text: str) -> str | None:
        """Returns a cell or area where it is afterwards, or None if nothing is left of it."""
        ends = [_CELL.fullmatch(part) for part in text.split(":")]
        first, last = ends[0], ends[-1]
        assert first is not None
        assert last is not None
        columns: Span | None = (0, 0)
        rows: Span | None = (0, 0)
        if first[2]:
            columns = self.columns(number(first[2]), number(last[2]))
        if first[4]:
            rows = self.rows(int(first[4]), int(last[4]))
        if columns is None or rows is None:
            return None
        out = []
        for end, column, row in zip((first, last), columns, rows, strict=True):
            # in "$1" alone the dollar sign is caught by the first group
            out.append(f"{end[1]}{letters(column)}{end[3]}{row or ''}")
        return ":".join(out[: len(ends)])

    def areas(self, text: str) -> str:
        """Moves a list of areas parted by blanks, as ``sqref`` has; lost ones are left out."""
        return " ".join(new for part in text.split() if (new := self.area(part)))


def rewrite(formula: str, change: Callable[[str | None, str], tuple[str | None, str]]) -> str:
    """Replaces every reference of a formula; texts, names and functions are left alone.

    Args:
        formula: The formula without its equals sign.
        change: Is given the sheet's title, or None, and the area ("" for a name that is
            qualified by a sheet), and returns both as they shall be.
    """

    def one(match: re.Match[str]) -> str:
        prefix = match["sheet"] or match["scope"] or ""
        if not prefix and match["area"] is None:
            return match[0]
        title = None
        if prefix:
            title = prefix[:-1]
            if title.startswith("'"):
                title = title[1:-1].replace("''", "'")
        sheet, text = change(title, match["area"] or "")
        if sheet == title:
            return prefix + text
        return text if sheet is None else f"{quoted(sheet)}!{text}"

    return _TOKEN.sub(one, formula)


def moved(formula: str, own: str | None, title: str, move: Move) -> str:
    """Rewrites a formula after rows or columns moved on a sheet.

    Args:
        formula: The formula.
        own: Title of the sheet that the formula stands on, if any.
        title: Title of the sheet where something moved.
        move: What moved.
    """

    def change(sheet: str | None, text: str) -> tuple[str | None, str]:
        if not text or (own if sheet is None else sheet) != title:
            return sheet, text
        return sheet, move.area(text) or LOST

    return rewrite(formula, change)


def translated(formula: str, rows: int, columns: int = 0) -> str:
    """Rewrites a formula as copying it does: relative references follow along."""

    def end(text: str) -> str | None:
        match = _CELL.fullmatch(text)
        assert match is not None
        column, row = match[2], match[4]
        row_is_fixed = match[3] if column else match[1]
        if column and not match[1]:
            place = number(column) + columns
            if not 1 <= place <= LAST_COLUMN:
                return None
            column = letters(place)
        if row and not row_is_fixed:
            if not 1 <= int(row) + rows <= LAST_ROW:
                return None
            row = str(int(row) + rows)
        return f"{match[1]}{column}{match[3]}{row}"

    def change(sheet: str | None, text: str) -> tuple[str | None, str]:
        ends = [end(part) for part in text.split(":")] if text else [""]
        kept = [part for part in ends if part is not None]
        return sheet, ":".join(kept) if len(kept) == len(ends) else LOST

    return rewrite(formula, change)


def renamed(formula: str, old: str, new: str) -> str:
    """Rewrites a formula after a sheet was renamed."""
    return rewrite(formula, lambda sheet, text: (new if sheet == old else sheet, text))


def orphaned(formula: str, title: str) -> str:
    """Rewrites a formula after a sheet was deleted."""
    return rewrite(formula, lambda sheet, text: (None, LOST) if sheet == title else (sheet, text))
