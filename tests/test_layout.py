"""Issued workbooks as files: what may be written, what is locked, how it prints, and nothing left from drawing."""

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.utils import get_column_letter, range_boundaries

from tests.checks.desk import Desk, read_premises
from tests.conftest import NOW
from tests.office.a1 import letters, number
from tests.office.package import Package
from tests.office.xmledit import Edit
from xlstyr.layout.content import Content, Identity
from xlstyr.layout.definition import Form, Table, Workbook
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.round import Round

LAYOUTS = ("unit", "department", "administration", "committee", "central_finance", "company")
OUTPUTS = ("control", "rollup", "return")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass
class Drawn:
    """A drawn workbook; ``definition`` and ``content`` for the issued ones."""

    data: bytes
    definition: Workbook | None = None
    content: Content | None = None

    @cached_property
    def book(self) -> Any:
        """The workbook with its formulas."""
        return openpyxl.load_workbook(io.BytesIO(self.data))

    @cached_property
    def edit(self) -> Edit:
        """The workbook by its machine keys."""
        return Edit(self.data)

    @cached_property
    def sheets(self) -> dict[str, ET.Element]:
        """Title → the sheet's XML."""
        package = Package(self.data)
        return {title: ET.fromstring(package.text(part)) for title, part in package.sheets().items()}

    @property
    def visible(self) -> list[Any]:
        """The sheets that people see."""
        return [sheet for sheet in self.book.worksheets if sheet.sheet_state == "visible"]

    def parts(self) -> Iterator[tuple[str, str]]:
        """(name, text) of every text part."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            for name in archive.namelist():
                if name.endswith((".xml", ".rels", ".vml")):
                    yield name, archive.read(name).decode()

    def inputs(self) -> Iterator[tuple[str, str, str, str]]:
        """(block, column, sheet, cell) of every cell that the receiver may write, by the definition."""
        assert self.definition is not None and self.content is not None
        blocks: list[Form | Table] = [*self.definition.forms.values(), *self.definition.tables.values()]
        for block in blocks:
            if isinstance(block, Form):
                for column in block.field:
                    if column.open_in("normal"):
                        yield block.key, column.key, *self.edit.at(block.key, column.key, "value")
            elif block.is_read:
                yield from self._table_inputs(block)

    def _table_inputs(self, table: Table) -> Iterator[tuple[str, str, str, str]]:
        assert self.content is not None
        for row in self.content.tables[table.key]:
            for column in table.column:
                if column.open_in(row.variant):
                    yield table.key, column.key, *self.edit.at(table.key, row.id, column.key)


@pytest.fixture(scope="session")
def outputs(exempelby: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A control workbook, a rolled-up one and a return."""
    folder = Path(shutil.copytree(exempelby, tmp_path_factory.mktemp("ut") / "runda"))
    path = folder / "inkorg" / "Budget 2031 Hemtjänst öster & väster.xlsx"
    edit = Edit(path.read_bytes())
    edit.set(*edit.at("budget", "64110-V520", "change"), "1.234")
    path.write_bytes(edit.bytes())
    with Round(folder, NOW) as round_:
        [item] = collect(round_, [path])
        returned = write_return(round_, item.examined)
        assert returned is not None
        done = consolidate(round_)
        return {
            "control": (folder / "Styrbok 2031.xlsx").read_bytes(),
            "rollup": done.path.read_bytes(),
            "return": returned.read_bytes(),
        }


@pytest.fixture(scope="session")
def layout_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Danderyd's premises, and stamps of the layouts."""
    return Desk(read_premises(tmp_path_factory.mktemp("styrbok") / "Styrbok 2026.xlsx"))


@pytest.fixture(scope="session")
def drawn(layout_desk: Desk, outputs: dict[str, bytes]) -> dict[str, Drawn]:
    """One workbook of every kind. Shared: read only."""
    found = {name: Drawn(data) for name, data in outputs.items()}
    for layout in LAYOUTS:
        nodes = [n.id for n in layout_desk.premises.organisation if _layout(layout_desk, n.id) == layout]
        node = max(nodes, key=lambda one: len(layout_desk.premises.opening.get(one, ())))
        content, data = layout_desk.draw(node, answered=False)
        found[layout] = Drawn(data, layout_desk.stamps[layout][0], content)
    return found


def _layout(desk: Desk, node: str) -> str:
    phase = desk.premises.phase_of(node)
    return phase.layout if phase else ""


@pytest.fixture(params=LAYOUTS)
def issued(request: pytest.FixtureRequest, drawn: dict[str, Drawn]) -> Drawn:
    """An issued workbook of each layout."""
    return drawn[request.param]


@pytest.fixture(params=(*LAYOUTS, *OUTPUTS))
def book(request: pytest.FixtureRequest, drawn: dict[str, Drawn]) -> Drawn:
    """Any workbook that is drawn."""
    return drawn[request.param]


# what may be written


def test_input_cells_are_open_and_all_others_locked(issued: Drawn) -> None:
    wanted = {(sheet, ref) for _, _, sheet, ref in issued.inputs()}
    unlocked = {
        (sheet.title, cell.coordinate)
        for sheet in issued.book.worksheets
        for cells in sheet.iter_rows()
        for cell in cells
        if not cell.protection.locked
    }
    assert wanted
    assert unlocked == wanted


def test_every_sheet_is_protected_without_password_and_can_be_filtered(book: Drawn) -> None:
    for sheet in book.book.worksheets:
        assert sheet.protection.sheet, sheet.title
        assert not sheet.protection.password
        if sheet.title not in ("Listor", "_xlstyr"):
            assert sheet.protection.autoFilter is False, "filtering must not be forbidden"
            assert sheet.protection.formatColumns is False


def test_every_input_cell_is_validated_and_told_in_swedish(issued: Drawn) -> None:
    rules: dict[str, list[Any]] = {
        sheet.title: sheet.data_validations.dataValidation for sheet in issued.book.worksheets
    }
    for block, column, sheet, ref in issued.inputs():
        over = [rule for rule in rules[sheet] if ref in rule.sqref]
        assert len(over) == 1, (block, column, ref)
        [rule] = over
        assert rule.prompt and rule.error and rule.errorTitle, (block, column)
        assert rule.promptTitle and len(rule.promptTitle) <= 32
        assert rule.allowBlank


def test_validations_stand_on_input_columns_only(issued: Drawn) -> None:
    assert issued.definition is not None
    faces = {(b, c): face for b, c, face in _columns(issued.definition)}
    wanted = {
        "amount": "whole",
        "integer": "whole",
        "decimal": "decimal",
        "percent": "decimal",
        "text": "textLength",
        "choice": "list",
        "reference": "list",
        "date": "whole",
    }
    rules = {sheet.title: sheet.data_validations.dataValidation for sheet in issued.book.worksheets}
    for block, column, sheet, ref in issued.inputs():
        [rule] = [rule for rule in rules[sheet] if ref in rule.sqref]
        assert rule.type == wanted[faces[block, column].kind], (block, column)


def _columns(definition: Workbook) -> Iterator[tuple[str, str, Any]]:
    blocks: list[Form | Table] = [*definition.forms.values(), *definition.tables.values()]
    for block in blocks:
        for column in block.columns.values():
            yield block.key, column.key, column


def test_input_cells_are_never_merged(issued: Drawn) -> None:
    for _, _, title, ref in issued.inputs():
        assert not [area for area in issued.book[title].merged_cells.ranges if ref in area], (title, ref)


def test_input_cells_differ_by_more_than_colour(issued: Drawn) -> None:
    """A frame on all sides; computed and given cells have none."""
    wanted = {(sheet, ref) for _, _, sheet, ref in issued.inputs()}
    for title, ref in wanted:
        border = issued.book[title][ref].border
        assert all(side.style for side in (border.left, border.right, border.top, border.bottom)), (title, ref)
    assert issued.definition is not None
    for table in (table for table in issued.definition.tables.values() if table.is_read):
        place = issued.edit.table(table.key)
        for row in (row for key, row in place.rows.items() if not key.startswith("#")):
            for column in place.columns.values():
                if (place.sheet, f"{column}{row}") not in wanted:
                    border = issued.book[place.sheet][f"{column}{row}"].border
                    assert not (border.left.style or border.right.style), (place.sheet, column, row)


def test_what_was_given_is_there_in_kronor_shown_as_thousands(drawn: dict[str, Drawn]) -> None:
    unit = drawn["unit"]
    assert unit.content is not None
    for row in (row for row in unit.content.tables["budget"] if row.variant in ("normal", "fixed")):
        for column in ("outcome", "previous", "forecast", "proposal"):
            sheet, ref = unit.edit.at("budget", row.id, column)
            cell = unit.book[sheet][ref]
            assert cell.value == row.values[column]
            assert "," in cell.number_format.split(";")[0].removeprefix("#,##")


# the XML


def test_rows_and_cells_ascend(book: Drawn) -> None:
    for title, root in book.sheets.items():
        rows = [int(row.attrib["r"]) for row in root.iter(f"{MAIN}row")]
        assert rows == sorted(set(rows)), title
        for row in root.iter(f"{MAIN}row"):
            refs = [re.fullmatch(r"([A-Z]+)(\d+)", cell.attrib["r"]) for cell in row]
            assert all(ref is not None and ref[2] == row.attrib["r"] for ref in refs)
            columns = [number(ref[1]) for ref in refs if ref is not None]
            assert columns == sorted(set(columns)), (title, row.attrib["r"])


def test_every_formula_has_its_value(book: Drawn) -> None:
    formulas = 0
    for title, root in book.sheets.items():
        for cell in root.iter(f"{MAIN}c"):
            if cell.find(f"{MAIN}f") is not None:
                formulas += 1
                shown = cell.find(f"{MAIN}v")
                assert shown is not None, (title, cell.attrib["r"])
                assert cell.attrib.get("t") in (None, "str", "b"), "no cached errors"
                assert cell.attrib.get("t") == "str" or shown.text, (title, cell.attrib["r"])
    assert formulas


def test_nothing_is_left_from_drawing(book: Drawn) -> None:
    for name, text in book.parts():
        assert not re.search(r"%%\w+%%", text), name
        assert not re.search(r"\{\{\w+:\w+\}\}|\{(node|title|status|municipality)\}", text), name
        assert not re.search(r"777\d{7}\b", text), name
        assert "#REF!" not in text, name
        ET.fromstring(text)


def test_every_part_is_declared_and_every_link_leads_somewhere(book: Drawn) -> None:
    with zipfile.ZipFile(io.BytesIO(book.data)) as archive:
        names = archive.namelist()
        assert names[0] == "[Content_Types].xml"
        assert len(names) == len(set(names))
        types = archive.read("[Content_Types].xml").decode()
        for name in names[1:]:
            ending = name.rpartition(".")[2]
            assert f'PartName="/{name}"' in types or f'Extension="{ending}"' in types, name
        for declared in re.findall(r'PartName="/([^"]+)"', types):
            assert declared in names
        for name in (name for name in names if name.endswith(".rels")):
            folder = Path(name).parent.parent
            for element in ET.fromstring(archive.read(name)):
                assert element.get("TargetMode") != "External", name
                target = element.attrib["Target"]
                path = target.lstrip("/") if target.startswith("/") else os.path.normpath(folder / target)
                assert Path(path).as_posix() in names, (name, target)


def test_nothing_runs_or_reaches_out(book: Drawn) -> None:
    names = " ".join(name for name, _ in book.parts())
    assert "vbaProject" not in names and "externalLink" not in names and "connections" not in names


# names


def corners(area: str) -> tuple[int, int, int, int]:
    """(first column, first row, last column, last row) of an area."""
    left, top, right, bottom = range_boundaries(area)
    assert left is not None and top is not None and right is not None and bottom is not None, area
    return left, top, right, bottom


def test_defined_names_resolve(book: Drawn) -> None:
    titles = set(book.book.sheetnames)
    names = {name: defined.attr_text for name, defined in book.book.defined_names.items()}
    assert "xlstyr_identity" in names
    for name, text in names.items():
        if name == "xlstyr_identity":
            continue
        found = re.fullmatch(r"(?:'((?:[^']|'')+)'|([^'!]+))!(\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?)", text)
        assert found is not None, (name, text)
        assert (found[1] or found[2]).replace("''", "'") in titles, (name, text)
        first, top, last, bottom = corners(found[3])
        assert top <= bottom and first == last, name


def test_column_names_cover_exactly_their_rows(issued: Drawn) -> None:
    assert issued.definition is not None
    for table in (table for table in issued.definition.tables.values() if table.is_read):
        place = issued.edit.table(table.key)
        rows = [row for key, row in place.rows.items() if key not in ("#head", "#total")]
        for column in table.columns:
            text = issued.book.defined_names[f"x.{table.key}.{column}"].attr_text
            _, top, last, bottom = corners(text.rpartition("!")[2])
            assert get_column_letter(last) == place.columns[column]
            if rows:
                assert (top, bottom) == (min(rows), max(rows)), (table.key, column)


def test_list_rules_use_lists_that_exist(book: Drawn) -> None:
    names = set(book.book.defined_names)
    for sheet in book.book.worksheets:
        for rule in sheet.data_validations.dataValidation:
            if rule.type == "list" and "!" not in rule.formula1:
                assert rule.formula1.lstrip("=") in names, rule.formula1
            elif rule.type == "list":
                assert rule.formula1.lstrip("=").rpartition("!")[0].strip("'") in book.book.sheetnames


# on paper and on the screen


def test_pages_are_a4_landscape_one_page_wide(book: Drawn) -> None:
    for sheet in book.visible:
        assert int(sheet.page_setup.paperSize) == 9, sheet.title
        assert sheet.page_setup.orientation == "landscape", sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title
        assert int(sheet.page_setup.fitToWidth or 1) == 1
        assert int(sheet.page_setup.fitToHeight or 0) in (0, 1)


def test_pages_have_header_and_footer(issued: Drawn) -> None:
    assert issued.content is not None
    texts = issued.content.texts
    for sheet in issued.visible:
        assert texts["municipality"] in (sheet.oddHeader.left.text or ""), sheet.title
        assert texts["title"].replace("&", "och") in (sheet.oddHeader.right.text or "")
        assert texts["node"].replace("&", "och") in (sheet.oddFooter.left.text or "")
        assert "&P" in (sheet.oddFooter.right.text or "") and "&N" in (sheet.oddFooter.right.text or "")
        assert texts["label"].replace("&", "och") in (sheet.oddFooter.center.text or "")


def columns_of(sheet: Any) -> dict[int, Any]:
    """Column number → its settings; neighbours that look alike share one entry in the file."""
    return {at: found for found in sheet.column_dimensions.values() for at in range(found.min, found.max + 1)}


def shown(sheet: Any, columns: dict[str, str]) -> list[int]:
    """The numbers of the columns that aren't hidden."""
    return [at for at in map(number, columns.values()) if not columns_of(sheet)[at].hidden]


def test_long_tables_repeat_their_header_and_print_whole(issued: Drawn) -> None:
    for title, table in (("Budget", "budget"), ("Justeringar", "adjustments"), ("Personal", "staff")):
        if title in issued.book.sheetnames:
            place = issued.edit.table(table)
            sheet = issued.book[title]
            head = place.rows["#head"]
            assert sheet.print_title_rows.replace("$", "") == f"{head}:{head}"
            [area] = str(sheet.print_area).rpartition("!")[2].split(",")
            _, _, right, bottom = corners(area)
            assert bottom >= max(place.rows.values())
            assert right >= max(shown(sheet, place.columns))


def test_panes_are_frozen(book: Drawn) -> None:
    for sheet in book.visible:
        assert sheet.freeze_panes, sheet.title


def test_the_budget_keeps_its_header_and_first_columns_in_view(issued: Drawn) -> None:
    place = issued.edit.table("budget")
    pane = issued.book["Budget"].freeze_panes
    found = re.fullmatch(r"([A-Z]+)(\d+)", pane)
    assert found is not None
    assert int(found[2]) == place.rows["#head"] + 1
    assert number(place.columns["account"]) < number(found[1]) <= number(place.columns["outcome"])


def test_machine_marks_are_hidden(issued: Drawn) -> None:
    assert issued.definition is not None
    blocks: list[Form | Table] = [*issued.definition.forms.values(), *issued.definition.tables.values()]
    for block in blocks:
        read = any(c.open_in("normal") for c in block.field) if isinstance(block, Form) else block.is_read
        if not read:
            continue
        place = issued.edit.table(block.key)
        sheet = issued.book[place.sheet]
        assert sheet.row_dimensions[place.key_row].hidden, block.key
        assert columns_of(sheet)[1].hidden
        ids = next(letter for letter, text in issued.edit.rows(place.sheet)[place.key_row].items() if text == "id")
        assert columns_of(sheet)[number(ids)].hidden


def test_technical_sheets_are_hidden(book: Drawn) -> None:
    assert book.book["Listor"].sheet_state == "hidden"
    assert book.book["_xlstyr"].sheet_state == "veryHidden"
    assert book.visible[0].title == book.book.active.title


def test_a_unit_meets_five_tabs_and_a_page_to_read(drawn: dict[str, Drawn]) -> None:
    assert [sheet.title for sheet in drawn["unit"].visible] == [
        "Start",
        "Personal",
        "Budget",
        "Mål och uppdrag",
        "Klart",
        "Läs mig",
    ]


def test_no_text_is_shown_as_hashes(issued: Drawn) -> None:
    """Columns of amounts are wide enough for a municipality's sums."""
    assert issued.definition is not None
    for block, column, face in _columns(issued.definition):
        table = issued.definition.tables.get(block)
        if face.kind in ("amount", "formula") and face.unit and table is not None and not face.hidden:
            place = issued.edit.table(block)
            width = columns_of(issued.book[place.sheet])[number(place.columns[column])].width
            assert width >= 10, (block, column)


# what it is


def test_properties_say_what_and_whose_it_is(issued: Drawn) -> None:
    assert issued.content is not None
    properties, texts = issued.book.properties, issued.content.texts
    assert properties.title == texts["title"]
    assert properties.subject == texts["node"]
    assert properties.creator == texts["municipality"]
    assert properties.created.year == 2000, "the clock must not get into the file"


def test_identity_stands_in_three_places(book: Drawn) -> None:
    [prop] = [prop.value for prop in book.book.custom_doc_props.props if prop.name == "xlstyr"]
    texts = {
        str(book.book["_xlstyr"]["B1"].value).removeprefix("=").strip('"'),
        book.book.defined_names["xlstyr_identity"].attr_text.strip('"'),
        str(prop),
    }
    [text] = texts
    identity = Identity.parse(text)
    assert identity is not None
    if book.content is not None:
        assert identity == book.content.identity


def test_excel_computes_everything_on_opening(book: Drawn) -> None:
    text = dict(book.parts())["xl/workbook.xml"]
    assert 'fullCalcOnLoad="1"' in text


def test_the_same_premises_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Nothing depends on the clock, the order of sets or the folder."""
    found = []
    for seed, folder in (("1", tmp_path / "ett"), ("2", tmp_path / "två åäö")):
        for words in (
            ["init", str(folder), "--year", "2031", "--sample", "exempelby"],
            ["generate", "--round", str(folder)],
        ):
            command = [sys.executable, "-m", "xlstyr.cli.main", *words]
            environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "UTC" if seed == "1" else "Asia/Tokyo"}
            subprocess.run(command, check=True, capture_output=True, env=environment, timeout=120)
        found.append({p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.xlsx")})
    assert len(found[0]) == 17
    assert found[0] == found[1]


def test_columns_of_marks_stand_where_the_reader_of_people_expects_none(issued: Drawn) -> None:
    """Marks are in A and ids in D on every sheet, so that whoever sorts a table takes its ids along."""
    assert issued.definition is not None
    for table in (table for table in issued.definition.tables.values() if table.is_read):
        place = issued.edit.table(table.key)
        assert letters(1) == "A" and f"table:{table.key}" in issued.edit.rows(place.sheet)[place.key_row].values()
        assert issued.edit.get(place.sheet, f"A{place.key_row}") == f"table:{table.key}"
        columns = sorted(map(number, place.columns.values()))
        assert columns[0] < 4 < columns[-1]
