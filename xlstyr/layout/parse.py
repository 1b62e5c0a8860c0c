"""RawBook → Submission: what a person has answered, read by the definition it was issued with.

What was issued is known (``Content``), so the giver's cells are compared and never believed; formula cells are
computed afresh. Everything noticed becomes a finding with its cell.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from xlstyr.layout import kinds
from xlstyr.layout.compute import Computed, choices_for
from xlstyr.layout.content import Content, RowContent, Value
from xlstyr.layout.definition import Column, Form, Table, Workbook
from xlstyr.layout.drawn import feeding, issued_formulas, known_texts, said, skeleton, usual_formulas
from xlstyr.layout.lists import Choices, Lists
from xlstyr.layout.raw import RawBook, RawCell, RawRow, RawTable, RawValue, letters
from xlstyr.layout.submission import NOTHING, AnswerRow, Refs, Submission, part_of
from xlstyr.model.finding import Finding, Place, found
from xlstyr.words import word


def parse(raw: RawBook, workbook: Workbook, issued: Content, lists: Lists) -> tuple[Submission, list[Finding]]:
    """What ``raw`` answers to ``issued``, and everything noticed on the way."""
    return _Parser(raw, workbook, issued, lists).parse()


class _Parser:
    def __init__(self, raw: RawBook, workbook: Workbook, issued: Content, lists: Lists) -> None:
        self.raw = raw
        self.workbook = workbook
        self.issued = issued
        self.lists = lists
        self.findings: list[Finding] = []
        self.sheets: dict[str, str] = {}
        self.cells: dict[tuple[str, str], str] = {}
        self.held: dict[tuple[str, str], Value] = {}
        self.letters: dict[str, dict[str, str]] = {}
        self.feeding = feeding(workbook)
        self.node = issued.identity.node

    def parse(self) -> tuple[Submission, list[Finding]]:
        forms: dict[str, Mapping[str, Value]] = {}
        tables: dict[str, tuple[AnswerRow, ...]] = {}
        for form in self.workbook.forms.values():
            forms[form.key] = self._form(form)
        for table in self.workbook.tables.values():
            if table.is_read:
                tables[table.key] = self._table(table, tables)
        content = {
            key: tuple(RowContent(row.id, row.values, row.variant) for row in rows) for key, rows in tables.items()
        }
        computed = Computed(self.workbook, self.lists, forms, content)
        identity = replace(self.issued.identity, revision=self._revision())
        submission = Submission(identity, self.workbook, forms, tables, self.sheets, self.cells, computed, self.held)
        self._check_formulas(submission)
        self._check_loose()
        return submission, self.findings

    def _revision(self) -> int:
        return self.raw.identity.revision if self.raw.identity else self.issued.identity.revision

    def _note(self, code: str, block: str, row: str = "", column: str = "", cell: str = "", **args: object) -> None:
        place = Place("", self.node, self.sheets.get(block, ""), cell, block, row, column)
        finding = found(code, place, **args)
        if finding.blocks == "money":
            finding = replace(finding, blocks=part_of(block))
        self.findings.append(finding)

    def _find(self, block: Form | Table, title: str) -> RawTable | None:
        """The raw table of ``block``: missing or doubled is a finding."""
        hits = [table for table in self.raw.tables if table.key == block.key]
        if not hits:
            self._note("XS101", block.key, table=title)
            return None
        self.sheets[block.key] = hits[0].sheet
        if len(hits) > 1:
            self._note("XS103", block.key, table=title, sheets=", ".join(hit.sheet for hit in hits))
            return None
        if hits[0].sheet != title and not any(
            f.code == "XS107" and f.place.sheet == hits[0].sheet for f in self.findings
        ):
            self._note("XS107", block.key, was=title, is_now=hits[0].sheet)
        self._check_doubts(block.key, hits[0])
        return hits[0]

    def _check_doubts(self, block: str, raw: RawTable) -> None:
        """The keys and ids that rows and columns are found by must be read in one way only."""
        doubts = [("", raw.doubt), *((row.id, row.doubt) for row in raw.rows)]
        for row, cell in ((row, cell) for row, cell in doubts if cell is not None):
            self._note("XS221", block, row, "", cell.ref, **dict(kinds.doubted(cell).args))

    def _form(self, form: Form) -> Mapping[str, Value]:
        values: dict[str, Value] = dict(self.issued.forms.get(form.key, {}))
        answered = [column for column in form.field if column.open_in("normal")]
        if not answered:
            return values
        raw = self._find(form, self.workbook.sheet_of[form.key].title)
        rows = {row.id: row for row in raw.rows} if raw else {}
        for column in answered:
            row = rows.get(column.key)
            if raw is None or row is None:
                if raw is not None:
                    self._note("XS104", form.key, "", column.key, label=column.header)
                continue
            self.cells[form.key, column.key] = raw.ref(row, "value")
            held: dict[str, Value] = {}
            cell = row.cells.get("value")
            values[column.key] = self._read(cell, column, form.key, "", self._choices(column, {}), held)
            self.held.update({(form.key, key): typed for key, typed in held.items()})
        return values

    def _choices(self, column: Column, tables: Mapping[str, tuple[AnswerRow, ...]]) -> Choices | None:
        return choices_for(
            column, self.lists, lambda table, key: ((row.id, row.values.get(key)) for row in tables.get(table, ()))
        )

    def _read(
        self,
        cell: RawCell | None,
        column: Column,
        block: str,
        row: str,
        choices: Choices | None,
        held: dict[str, Value],
    ) -> Value:
        """The value of ``cell``. What can't be read goes to ``held`` as it stands."""
        reading = kinds.from_cell(cell, column, choices, self.raw.date1904)
        for problem in reading.problems:
            self._note(problem.code, block, row, column.key, cell.ref if cell else "", **dict(problem.args))
        if cell is not None and reading.value is None and reading.problems:
            held[column.key] = kinds.as_typed(cell, column)
        return reading.value

    def _table(self, table: Table, tables: Mapping[str, tuple[AnswerRow, ...]]) -> tuple[AnswerRow, ...]:
        issued = {row.id: row for row in self.issued.tables.get(table.key, ()) if row.id}
        raw = self._find(table, self.workbook.sheet_of[table.key].title)
        if raw is None:
            return ()
        for column in table.column:
            if column.key not in raw.columns and not column.is_formula:
                self._note("XS102", table.key, column=column.key, header=column.header, table=raw.sheet)
        self.letters[table.key] = {k: letters(raw.columns[k]) if k in raw.columns else "" for k in table.columns}
        self._check_columns(table, raw)
        rows: list[AnswerRow] = []
        seen: dict[str, list[str]] = {}
        faces = {column.key: self._choices(column, tables) for column in table.column}
        mixed = self._mixed(table, raw, issued, faces)
        used: dict[str, list[RawValue]] = {}
        ids = Counter(row.id for row in raw.rows)
        for number, raw_row in enumerate(raw.rows, 1):
            before = issued.get(raw_row.id)
            if before is not None and before.variant == "free":
                typed = [
                    cell.value for key, cell in sorted(raw_row.cells.items()) if table.columns[key].open_in("free")
                ]
                if used.setdefault(raw_row.id, typed) != typed:
                    before = None  # a free row that was copied and then filled in otherwise is a row of its own
            if before is not None and (before.variant != "free" or any(used[before.id])):
                seen.setdefault(raw_row.id, []).append(_first_ref(raw_row))
            if before is not None and len(seen.get(raw_row.id, ())) > 1:
                continue
            if before is not None and before.variant != "free":
                rows.append(self._issued_row(table, raw, raw_row, before, mixed, faces))
            elif (new := self._new_row(table, raw, raw_row, before, (number, ids), faces)) is not None:
                rows.append(new)
        self._check_rows(table, issued, seen, faces)
        self._check_hidden(table, raw)
        return tuple(rows)

    def _check_hidden(self, table: Table, raw: RawTable) -> None:
        hidden = [row for row in raw.rows if row.hidden and any(not cell.is_blank for cell in row.cells.values())]
        if hidden:
            self._note("XS112", table.key, hidden[0].id, "", _first_ref(hidden[0]), count=len(hidden))

    def _check_columns(self, table: Table, raw: RawTable) -> None:
        wanted = [key for key in table.columns if key in raw.columns]
        if [key for key in raw.columns if key in table.columns] != wanted:
            self._note("XS109", table.key, table=raw.sheet)

    def _check_rows(
        self,
        table: Table,
        issued: Mapping[str, RowContent],
        seen: Mapping[str, list[str]],
        faces: Mapping[str, Choices | None],
    ) -> None:
        for row_id, row in issued.items():
            label = _label(table, row.values, faces)
            if row_id not in seen and row.variant in ("normal", "fixed"):
                self._note("XS104", table.key, row_id, label=label)
            elif len(seen.get(row_id, ())) > 1:
                cells = seen[row_id]
                self._note("XS106", table.key, row_id, cell=cells[1], label=label, cells=", ".join(cells))

    def _issued_row(
        self,
        table: Table,
        found_in: RawTable,
        raw: RawRow,
        before: RowContent,
        mixed: Mapping[str, tuple[str, str]],
        faces: Mapping[str, Choices | None],
    ) -> AnswerRow:
        values: dict[str, Value] = {}
        held: dict[str, Value] = {}
        cells = Refs(self.letters[table.key], raw.number)
        for column in table.column:
            cell = raw.cells.get(column.key)
            if column.is_formula or before.variant in ("section", "sum"):
                continue
            if column.open_in(before.variant):
                values[column.key] = self._read(cell, column, table.key, raw.id, faces[column.key], held)
            else:
                value = before.values.get(column.key)
                values[column.key] = value
                if column.key in found_in.columns and raw.id not in mixed:
                    self._compare(table, raw, column, cell, value, faces[column.key])
        return AnswerRow(before.id, raw.number, values, cells, before.variant, held=held or NOTHING)

    def _compare(
        self, table: Table, raw: RawRow, column: Column, cell: RawCell | None, issued: Value, choices: Choices | None
    ) -> None:
        """A cell that the giver filled in must still say the same; what was issued counts in any case."""
        if self._says(cell, column, issued, choices):
            return
        now = cell.error or cell.value if cell is not None else None
        shown = said(now), said(kinds.to_cell(issued, column, choices))
        typed, given = (text or word("cells.nothing") for text in shown)
        args = {"typed": typed, "issued": given, "header": column.header}
        self._note("XS111", table.key, raw.id, column.key, cell.ref if cell else "", **args)

    def _says(self, cell: RawCell | None, column: Column, value: Value, choices: Choices | None) -> bool:
        """Whether ``cell`` shows ``value``, whatever its spaces."""
        shown = kinds.to_cell(value, column, choices)
        now = cell.value if cell is not None and cell.error is None else (cell.error if cell else None)
        if isinstance(now, str):
            now = now.strip() or None
        if isinstance(shown, str):
            shown = shown.strip() or None
        if now == shown or (isinstance(now, str) and isinstance(shown, str) and now.split() == shown.split()):
            return True
        return value is not None and kinds.from_cell(cell, column, choices, self.raw.date1904).value == value

    def _mixed(
        self, table: Table, raw: RawTable, issued: Mapping[str, RowContent], faces: Mapping[str, Choices | None]
    ) -> dict[str, tuple[str, str]]:
        """Rows that hold what was issued on another row, as when some columns are sorted and the ids aren't.

        XS118 once, at the first cell that isn't its row's own. Row id → (the other row, the column).
        """
        given = [row for row in raw.rows if row.id in issued and issued[row.id].variant in ("normal", "fixed")]
        mixed = {}
        for row in given:
            before = issued[row.id]
            columns = [c for c in table.column if not c.is_formula and not c.open_in(before.variant)]
            cells = [(c, row.cells[c.key]) for c in columns if not _blank(row.cells.get(c.key))]
            strange = [
                (c, cell) for c, cell in cells if not self._says(cell, c, before.values.get(c.key), faces[c.key])
            ]
            for other in given if len(strange) > 1 else ():
                values = issued[other.id].values
                same = [c for c, cell in strange if self._says(cell, c, values.get(c.key), faces[c.key])]
                if len(same) > 1 and row.id not in mixed:
                    mixed[row.id] = (other.id, same[0].key)
        for row_id, (other_id, column) in list(mixed.items())[:1]:
            labels = {"label": _label(table, issued[row_id].values, faces)}
            labels["other"] = _label(table, issued[other_id].values, faces)
            ref = next(row.cells[column].ref for row in given if row.id == row_id)
            self._note("XS118", table.key, row_id, column, ref, **labels)
        return mixed

    def _new_row(
        self,
        table: Table,
        found_in: RawTable,
        raw: RawRow,
        before: RowContent | None,
        place: tuple[int, Mapping[str, int]],
        faces: Mapping[str, Choices | None],
    ) -> AnswerRow | None:
        """A row of the sender's own: a free row that was used, or one that was inserted. None when blank.

        ``place``: its number in the table, and how many rows have each id.
        """
        control = self.issued.identity.kind == "control"
        typed = [c for c in table.free if not _blank(raw.cells.get(c.key))]
        stray = [] if control else self._stray(table, raw, faces)
        unread = [column for column in stray if (table.key, column.key) in self.feeding]
        if not typed and not unread:
            return None
        known = (before is not None and before.variant == "free") or (control and raw.id)
        row_id = raw.id if known else _own_id(raw.id, *place)
        held: dict[str, Value] = {}
        values = dict.fromkeys((column.key for column in table.free), None) | {
            column.key: self._read(raw.cells[column.key], column, table.key, row_id, faces[column.key], held)
            for column in typed
        }
        if unread:
            shown = [column for column in unread if not column.hidden] or unread
            headers, label = ", ".join(column.header for column in shown), _label(table, values, faces)
            self._note(
                "XS119", table.key, row_id, shown[0].key, raw.cells[shown[0].key].ref, label=label, columns=headers
            )
            held |= {column.key: kinds.as_typed(raw.cells[column.key], column) for column in unread}
        for column in stray:
            if column not in unread:
                self._compare(table, replace(raw, id=row_id), column, raw.cells[column.key], None, faces[column.key])
        if not known and not control and row_id != raw.id:
            label = _label(table, values, faces)
            self._note("XS105", table.key, row_id, cell=_first_ref(raw), label=label)
        cells = Refs(self.letters[table.key], raw.number)
        return AnswerRow(row_id, raw.number, values, cells, "free", new=True, held=held or NOTHING)

    def _stray(self, table: Table, raw: RawRow, faces: Mapping[str, Choices | None]) -> list[Column]:
        """The columns where the sender has written on a row of their own though only the giver writes there.

        What stands in the free rows as issued is copied with them, and says nothing.
        """
        free = [row for row in self.issued.tables.get(table.key, ()) if row.variant == "free"]
        issued = next((row.values for row in free if row.id == raw.id), free[0].values if free else {})
        return [
            column
            for column in table.given
            if not _blank(cell := raw.cells.get(column.key))
            and not self._says(cell, column, issued.get(column.key), faces[column.key])
        ]

    def _check_formulas(self, submission: Submission) -> None:
        """A computed cell that holds a typed value or another formula: the same is harmless, another is held.

        The formula that counts is the one that was issued, not the one that most rows have: a formula of the sender's
        own may be filled down the whole column. Only what another definition drew is judged by what most rows have.
        """
        raw_rows = {(table.key, row.number): row for table in self.raw.tables for row in table.rows}
        drawn_by = self.raw.identity.layout if self.raw.identity is not None else ""
        others = () if drawn_by == self.workbook.digest else self.raw.tables
        usual = {table.key: usual_formulas(table) for table in others}
        for table in self.workbook.tables.values():
            columns = [column for column in table.column if column.is_formula and not column.hidden]
            ours = issued_formulas(self.workbook, table, columns) if table.is_read else {}
            for row, values in submission.rows(table.key) if ours else ():
                raw = raw_rows.get((table.key, row.number))
                for column in columns if raw else ():
                    known = {ours[column.key], usual.get(table.key, {}).get(column.key, "")}
                    self._check_formula(table, row, raw, column, values[column.key], known)

    def _check_formula(
        self, table: Table, row: AnswerRow, raw: RawRow | None, column: Column, computed: Value, known: set[str]
    ) -> None:
        """``known``: the skeletons that may stand there. A cell that shares another's formula has none of its own."""
        cell = raw.cells.get(column.key) if raw else None
        if cell is None or _blank(cell):
            return
        shown = kinds.to_cell(computed, column, None)
        if cell.formula is not None and (not cell.formula or skeleton(cell.formula) in known):
            return
        if cell.formula is None and cell.error is None and (cell.value == shown or said(cell.value) == said(shown)):
            if not row.id.startswith("x"):  # an inserted row has had no formula to lose
                self._note("XS117", table.key, row.id, column.key, cell.ref, header=column.header)
        else:
            typed = f"={cell.formula}"[:60] if cell.formula is not None else said(cell.error or cell.value)
            args = {"typed": typed, "computed": said(shown), "header": column.header}
            self._note("XS110", table.key, row.id, column.key, cell.ref, **args)

    def _check_loose(self) -> None:
        """What stands outside the template is named, never read."""
        known = known_texts(self.workbook, self.issued)
        for sheet, cells in self.raw.loose.items():
            for cell in cells:
                if cell.formula is None and cell.value is not None and (text := said(cell.value)) not in known:
                    self.findings.append(found("XS108", Place("", self.node, sheet, cell.ref), text=text[:60]))


def _blank(cell: RawCell | None) -> bool:
    """Whether nothing is there; a formula is something, though it was never computed."""
    return cell is None or (cell.is_blank and cell.formula is None)


def _first_ref(row: RawRow) -> str:
    return next((cell.ref for cell in row.cells.values()), f"A{row.number}")


def _own_id(given: str, number: int, taken: Mapping[str, int]) -> str:
    """The id of a row that was never issued: the one that a return gave it, else one after its place.

    ``taken``: how many rows of the table have each id.
    """
    if re.fullmatch(r"x\d+", given) and taken[given] == 1:
        return given
    while f"x{number}" in taken:
        number += sum(taken.values())
    return f"x{number}"


def _label(table: Table, values: Mapping[str, Value], faces: Mapping[str, Choices | None]) -> str:
    """What a person calls the row: its first column."""
    first = table.column[0]
    return said(kinds.to_cell(values.get(first.key), first, faces.get(first.key))) or "–"
