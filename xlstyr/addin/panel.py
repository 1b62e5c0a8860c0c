"""The panel of the control workbook: what the buttons' work came to, where people look."""

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any

import xlwings as xw

from xlstyr.addin.native import unprotected
from xlstyr.addin.openbook import raw_sheet
from xlstyr.layout.raw import RawTable, letters, locate
from xlstyr.rounds.following.status import NodeStatus, node_states
from xlstyr.rounds.round import Round
from xlstyr.words import word, words

_SHOWN = 6  # nodes named on a line; more are counted


class Panel:
    """The panel sheet of an open control workbook. A workbook without one is left alone."""

    def __init__(self, book: xw.Book) -> None:
        self.sheet = next((sheet for sheet in book.sheets if sheet.name == word("addin.panel")), None)
        tables, _ = locate([raw_sheet(self.sheet)]) if self.sheet is not None else ((), {})
        self.tables: dict[str, RawTable] = {table.key: table for table in tables}

    def show_states(self, round_: Round) -> None:
        """How many nodes stand where, with the few that are named, and how much has come in by each date."""
        states = node_states(round_)
        by_state: dict[str, list[NodeStatus]] = {}
        for state in states:
            by_state.setdefault(state.state, []).append(state)
        order = [key for key in _states() if key in by_state]
        rows: list[list[Any]] = [
            [word(f"terms.state.{key}"), _named(by_state[key]), len(by_state[key])] for key in order
        ]
        self._fill("panel_states", ("state", "nodes", "count"), rows)
        self._fill("panel_dates", ("kind", "done", "deadline"), _dates(states))

    def add_run(self, button: str, result: str, at: datetime, file: str) -> None:
        """The run that just ended, above the earlier ones."""
        table = self.tables.get("panel_runs")
        if table is None or self.sheet is None:
            return
        keys = ("button", "result", "at", "file")
        earlier = [[row.cells[key].value if key in row.cells else None for key in keys] for row in table.rows]
        shown = at.astimezone().strftime("%Y-%m-%d %H:%M")
        run: list[Any] = [button, result[:400], shown, file or None]
        rows = [run, *(row for row in earlier if any(row))]
        self._fill("panel_runs", keys, rows[: len(table.rows)])

    def _fill(self, key: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
        """``rows`` in a table, which is emptied first; what doesn't fit is left out."""
        table = self.tables.get(key)
        if table is None or self.sheet is None or not table.rows:
            return
        first, last = table.rows[0].number, table.rows[-1].number
        room = last - first + 1
        padded = [*rows[:room], *([None] * len(columns) for _ in range(room - len(rows)))]
        with unprotected(self.sheet):
            for place, name in enumerate(columns):
                letter = letters(table.columns[name])
                self.sheet.range(f"{letter}{first}:{letter}{last}").value = [[row[place]] for row in padded]
            widths = [self.sheet.range(f"{letters(table.columns[name])}1").column_width or 1 for name in columns]
            for number, row in enumerate(padded, first):
                self.sheet.range(f"A{number}").row_height = _height(row, widths)


def _height(row: Sequence[Any], widths: Sequence[float]) -> float:
    """The height that shows the whole of a row's texts, in points."""
    texts = [(text, width) for text, width in zip(row, widths, strict=True) if isinstance(text, str)]
    lines = max((len(wrap(text, int(1.1 * width))) for text, width in texts), default=1)
    return 18 if lines <= 1 else 4 + 14.5 * lines


def _states() -> list[str]:
    return list(words("terms.state"))


def _named(states: Sequence[NodeStatus]) -> str:
    names = ", ".join(state.node.name for state in states[:_SHOWN])
    return names if len(states) <= _SHOWN else word("addin.and_more", names=names, count=len(states) - _SHOWN)


def _dates(states: Sequence[NodeStatus]) -> list[list[Any]]:
    groups: dict[tuple[Any, str], list[NodeStatus]] = {}
    for state in states:
        groups.setdefault((state.deadline, state.node.kind.value), []).append(state)
    return [
        [word(f"terms.kind.{kind}"), word("addin.come_in", done=sum(s.is_in for s in group), all=len(group)), day]
        for (day, kind), group in sorted(groups.items(), key=lambda item: item[0])
    ]
