"""Query sheet: a sheet with criteria in any workbook, and below them the figures of a round that meet them."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlwings as xw

from xlstyr.addin.homes import home_of, named_rounds, place_of
from xlstyr.addin.looks import set_widths
from xlstyr.addin.openbook import identity_of
from xlstyr.addin.sheets import Column, head, new_sheet, own_sheets, put, titled
from xlstyr.layout.load import load_workbook
from xlstyr.model.errors import XlstyrError
from xlstyr.model.period import columns
from xlstyr.rounds.api import OpenedRound, open_round
from xlstyr.rounds.resources import templates
from xlstyr.words import word

if TYPE_CHECKING:
    import pandas as pd

CRITERIA = ("folder", "node", "account", "activity", "year", "stage")
_CODES = ("account", "activity", "year")
_FIRST, _SAID, _SUMS = 4, 11, 13
_TEXT = "@"
MOST = 200_000
_FIGURES = {
    "node": 34,
    "committee": 30,
    "account": 16,
    "name": 30,
    "activity": 14,
    "side": 12,
    "year": 10,
    "period": 14,
    "amount": 16,
    "net_cost": 16,
    "comment": 40,
    "file": 36,
    "sheet": 16,
    "cell": 9,
}
_INDICATORS = ("node", "committee", "indicator", "indicator_name", "goal", "unit", "current", "target")
_AMOUNTS = (10, 11)
"""The columns with amounts, counted from 1 with the mark's."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a sheet asks for. Blank criteria choose everything; ``folder`` is where the round is."""

    folder: Path
    node: str = ""
    account: str = ""
    activity: str = ""
    year: str = ""
    stage: str = ""


@dataclass(frozen=True)
class Answer:
    """The figures and the indicators that meet a question, as the frames of ``xlstyr.open_round`` hold them."""

    figures: "pd.DataFrame"
    indicators: "pd.DataFrame"
    opened: OpenedRound

    @property
    def sums(self) -> list[tuple[str, int, int | None, int | None, int | None]]:
        """Kind of period, year, income, cost and net cost, kr. One row per period: what differs in kind isn't added.

        None where nothing is known, which isn't zero.
        """
        known = self.figures.dropna(subset=["amount"])
        found = []
        for year, period in dict.fromkeys(zip(known["year"], known["period"], strict=True)):
            rows = known[(known["year"] == year) & (known["period"] == period)]
            income, cost = (_sum(rows.loc[rows["side"] == side, "amount"]) for side in ("income", "cost"))
            found.append((str(period), int(year), income, cost, _sum(rows["net_cost"])))
        return found


def refresh(book: xw.Book) -> str:
    """Brings the question in front up to date, else every one in ``book``; puts a first one there when it has none.

    Raises:
        XlstyrError: no round is at hand, or a criterion names what isn't there.
    """
    sheets = own_sheets(titled(book), "query")
    front = book.sheets.active.name
    chosen = [sheet for sheet in sheets if sheet.name == front] or sheets
    if not chosen:
        chosen = [_new(book)]
    lines = [_refresh(sheet) for sheet in chosen]
    chosen[-1].activate()
    return " ".join(lines)


def answer(question: Question) -> Answer:
    """What the round in ``question.folder`` says. Raises ``XlstyrError`` that names every criterion without a match."""
    opened = open_round(question.folder)
    if unknown := list(_unknown(question, opened)):
        raise XlstyrError("\n".join(unknown))
    figures, indicators = opened.facts, opened.indicators
    if nodes := {node for _, found in _nodes(question.node, opened) for node in found}:
        figures, indicators = figures[figures["node"].isin(nodes)], indicators[indicators["node"].isin(nodes)]
    for key in _CODES:
        if wanted := _list(getattr(question, key)):
            figures = figures[_meets(figures[key], wanted)]
    return Answer(figures, indicators, opened)


def _unknown(question: Question, opened: OpenedRound) -> Iterator[str]:
    """A line for each thing asked for that the round hasn't got: no figures would look like an answer."""
    for name, found in _nodes(question.node, opened):
        if not found:
            yield word("addin.query.no_node", node=name)
    premises = opened.scope.premises
    known: dict[str, Iterable[object]] = {
        "account": premises.accounts,
        "activity": premises.activities,
        "year": [period.year for period in columns(premises.settings.year)],
    }
    for key in _CODES:
        codes = {*map(str, known[key]), *map(str, opened.facts[key].dropna().unique())}
        for wanted in _list(getattr(question, key)):
            if not any(_fits(code, wanted) for code in codes):
                yield word(f"addin.query.no_{key}", code=wanted)
    if question.stage:
        yield from _not_running(question.stage, opened)


def _sum(amounts: "pd.Series[Any]") -> int | None:
    return int(amounts.sum()) if len(amounts) else None


def _meets(column: "pd.Series[Any]", wanted: list[str]) -> "pd.Series[Any]":
    """Which codes are among those wanted, where an asterisk is any ending."""
    hits = {code: any(_fits(str(code), one) for one in wanted) for code in column.dropna().unique()}
    return column.map(hits).fillna(value=False).astype(bool)


def _fits(code: str, wanted: str) -> bool:
    return fnmatchcase(code.casefold(), wanted.casefold())


def _list(text: str) -> list[str]:
    return [part.strip() for part in re.split("[,;]", text) if part.strip()]


def _nodes(text: str, opened: OpenedRound) -> Iterator[tuple[str, set[str]]]:
    """Each name or id in ``text``, and the nodes that it means: with everything below them, none when unknown."""
    organisation = opened.scope.premises.organisation
    whole = any(text.casefold() in (node.id, node.name.casefold()) for node in organisation)
    for wanted in [text] if whole else _list(text):
        hits = [node.id for node in organisation if wanted.casefold() in (node.id, node.name.casefold())]
        yield wanted, {node.id for hit in hits for node in organisation.subtree(hit)}


def _not_running(text: str, opened: OpenedRound) -> Iterator[str]:
    """What is wrong with a stage, by its key or by what the control workbook calls it, that isn't the running one."""
    year = opened.scope.premises.settings.year
    known = load_workbook("control", year, templates()).tables["phases"].columns["stage"].choices
    asked = next((key for key, label in known.items() if text.casefold() in (key, label.casefold())), None)
    if asked is None:
        yield word("addin.query.no_stage", stage=text, stages=", ".join(known.values()))
    elif asked != opened.stage:
        yield word("addin.query.other_stage", stage=known[asked], running=known[opened.stage])


def _new(book: xw.Book) -> xw.Sheet:
    sheet = new_sheet(book, titled(book), "query")
    put(sheet, 1, 2, [[word("addin.query.title")]])
    sheet["B1"].font.bold = True
    sheet["B1"].font.size = 16
    put(sheet, 2, 2, [[word("addin.query.about")]])
    rows = [[word(f"addin.query.{key}"), None, word(f"addin.query.help.{key}")] for key in CRITERIA]
    put(sheet, _FIRST, 2, rows)
    asked = _asked(sheet)
    asked.color = (255, 247, 219)
    asked.number_format = _TEXT
    set_widths(sheet, {(place, place): width for place, width in enumerate(_FIGURES.values(), 2)})
    return sheet


def _refresh(sheet: xw.Sheet) -> str:
    typed = [row[0] for row in _asked(sheet).options(ndim=2).value]
    _asked(sheet).number_format = _TEXT  # somebody may have cleared it: what is typed from now on stays as it is
    criteria = {key: _typed(key, value) for key, value in zip(CRITERIA, typed, strict=True)}
    folder = _folder(sheet.book, criteria.pop("folder"))
    found = answer(Question(folder, **criteria))
    used = sheet.used_range
    last = max(used.row + used.shape[0] - 1, _SAID)
    sheet.range((_SAID, 2), (last, 1 + len(_FIGURES))).clear()
    text = _said(found)
    put(sheet, _SAID, 2, [[text]])
    sheet.range((_SAID, 2)).font.bold = True
    top = _put_sums(sheet, found) + 2
    figures = _figures(found)
    head(sheet, [Column(word(f"addin.query.column.{key}"), 0) for key in _FIGURES], top)
    put(sheet, top + 1, 2, figures)
    if figures:
        sheet.range((top + 1, _AMOUNTS[0]), (top + len(figures), _AMOUNTS[1])).number_format = "#,##0"
    _put_indicators(sheet, found, top + len(figures) + 3)
    return text


def _put_sums(sheet: xw.Sheet, found: Answer) -> int:
    """The sums, and the number of their last row."""
    head(sheet, [Column(word(f"addin.query.sums.{key}"), 0) for key in ("period", "income", "cost", "net_cost")], _SUMS)
    rows = [[f"{word(f'addin.query.period.{kind}')} {year}", *amounts] for kind, year, *amounts in found.sums]
    put(sheet, _SUMS + 1, 2, rows)
    if rows:
        sheet.range((_SUMS + 1, 3), (_SUMS + len(rows), 5)).number_format = "#,##0"
    return _SUMS + len(rows)


def _asked(sheet: xw.Sheet) -> xw.Range:
    """The cells with criteria."""
    return sheet.range((_FIRST, 3), (_FIRST + len(CRITERIA) - 1, 3))


def _typed(key: str, value: object) -> str:
    """A criterion as text: a code that the program took for a number is a code.

    Raises:
        XlstyrError: the program has made it something from which what was typed can't be told (407,408).
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float | dt.datetime):
        raise XlstyrError(word("addin.query.not_as_typed", criterion=word(f"addin.query.{key}")))
    return "" if value is None else str(value).strip()


def _folder(book: xw.Book, typed: str) -> Path:
    """Where the round is: what the sheet says, else this workbook's own, else the first in the user's settings."""
    if typed:
        return Path(typed).expanduser()
    identity, place = identity_of(book), place_of(book)
    if identity is not None and identity.kind == "control" and place is not None:
        return place.parent
    if identity is not None:
        with home_of(book, identity) as round_:
            return round_.folder
    if folders := named_rounds():
        return folders[0]
    raise XlstyrError(word("addin.query.no_folder"))


def _said(found: Answer) -> str:
    scope = found.opened.scope
    given = len(scope.expected) - len(scope.gaps)
    args = {"rows": len(found.figures), "given": given, "expected": len(scope.expected)}
    text = word("addin.query.said", **args)
    return text if len(found.figures) <= MOST else f"{text} {word('addin.query.cut', most=MOST)}"


def _names(opened: OpenedRound) -> dict[str, str]:
    return {node.id: node.name for node in opened.scope.premises.organisation}


def _figures(found: Answer) -> list[list[Any]]:
    names, accounts = _names(found.opened), found.opened.scope.premises.accounts
    shown = found.figures.head(MOST)
    plain = {key: _plain(shown[key]) for key in shown.columns if key in _FIGURES}
    plain["node"], plain["committee"] = ([names.get(one, one) for one in plain[key]] for key in ("node", "committee"))
    plain["name"] = [accounts[one].name if one in accounts else None for one in plain["account"]]
    plain["side"] = [word(f"terms.side.{one}") for one in plain["side"]]
    plain["period"] = [word(f"addin.query.period.{one}") for one in plain["period"]]
    return [list(row) for row in zip(*(plain[key] for key in _FIGURES), strict=True)]


def _put_indicators(sheet: xw.Sheet, found: Answer, row: int) -> None:
    names = _names(found.opened)
    frame = found.indicators.rename(columns={"name": "indicator_name"})
    plain = {key: _plain(frame[key]) for key in _INDICATORS}
    plain["node"], plain["committee"] = ([names.get(one, one) for one in plain[key]] for key in ("node", "committee"))
    head(sheet, [Column(word(f"addin.query.column.{key}"), 0) for key in _INDICATORS], row)
    put(sheet, row + 1, 2, [list(line) for line in zip(*(plain[key] for key in _INDICATORS), strict=True)])


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """A frame's column as Python's own values; what is missing is None."""
    values: Iterable[Any] = column.astype(object).where(column.notna(), None).tolist()
    return [value.item() if hasattr(value, "item") else value for value in values]
