"""What people do to a workbook, as functions for the table of messes: each takes it and changes it."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.office.a1 import letters, number, split
from tests.office.hand import Hand
from tests.office.package import CONTENT_TYPES
from tests.office.soffice import Office
from tests.office.values import Error
from tests.office.xmledit import Edit, Typed

Do = Callable[[Edit], object]
"""Changes the workbook in place, or gives the bytes of what is sent instead."""

ROW = "64110-K130"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def typed(value: Typed, row: str = ROW, column: str = "change", table: str = "budget") -> Do:
    """Somebody types a value in a cell."""
    return lambda edit: edit.set(*edit.at(table, row, column), value)


def formula(text: str, cached: Typed = None, row: str = ROW, column: str = "change") -> Do:
    """Somebody types a formula; ``cached`` is what the sheet shows."""
    return lambda edit: edit.set(*edit.at("budget", row, column), cached, formula=text)


def error(text: str) -> Do:
    """An error stands in the cell."""
    return lambda edit: edit.set(*edit.at("budget", ROW, "change"), None, error=text)


def both(*dos: Do) -> Do:
    """One thing after another."""
    return lambda edit: [do(edit) for do in dos] and None


def beside(edit: Edit, ref: str, value: Typed) -> None:
    """Somebody writes where the template has nothing."""
    edit.set("Budget", ref, value)


def place(edit: Edit, row: str, table: str = "budget") -> int:
    """The number of a row."""
    return split(edit.at(table, row, "account" if table == "budget" else "id")[1])[0]


def column(edit: Edit, key: str) -> str:
    """The letters of a column of the budget."""
    return edit.table("budget").columns[key]


def sort_rows(edit: Edit, key: str) -> None:
    """Unprotects the budget and sorts all its rows by a column."""
    edit.unprotect("Budget")
    places = edit.table("budget").rows
    edit.sort("Budget", places["#Taxor och hyror"], max(places.values()), column(edit, key))


def swap_cells(edit: Edit, one: str, other: str, first: str, last: str) -> None:
    """Two rows change places in some columns only, as when only those are sorted; formulas stay."""
    for letter in range(number(column(edit, first)), number(column(edit, last)) + 1):
        refs = [f"{letters(letter)}{place(edit, row)}" for row in (one, other)]
        if not edit.formula("Budget", refs[0]):
            values = [edit.get("Budget", ref) for ref in refs]
            for ref, value in zip(refs, reversed(values), strict=True):
                assert value is None or isinstance(value, int | float | str)
                edit.set("Budget", ref, value)


def insert_row(edit: Edit, before: str, **values: Typed) -> None:
    """Inserts a row before another and types in it."""
    at = place(edit, before)
    edit.insert_row("Budget", at)
    for key, value in values.items():
        edit.set("Budget", f"{column(edit, key)}{at}", value)


def delete_row(row: str) -> Do:
    """Somebody deletes a row of the budget."""
    return lambda edit: edit.delete_row("Budget", place(edit, row))


def copy_row(row: str) -> Do:
    """Somebody copies a row of the budget and inserts the copy below it."""
    return lambda edit: edit.copy_row("Budget", place(edit, row), place(edit, row) + 1)


def filtered(edit: Edit, key: str) -> None:
    """A filter shows only the rows with something in a column."""
    hidden = [n for row, n in edit.table("budget").rows.items() if edit.get(*edit.at("budget", row, key)) is None]
    for at in hidden:
        edit.hide_row("Budget", at)


def copy_sheet(edit: Edit, title: str) -> None:
    """Copies a sheet's values and formulas to a new one."""
    copy = f"{title} (2)"
    edit.add_sheet(copy, [])
    for at, cells in edit.rows(title).items():
        for letter, value in cells.items():
            assert not isinstance(value, Error)
            edit.set(copy, f"{letter}{at}", value, formula=edit.formula(title, f"{letter}{at}"))


def identity(part: int, value: str, places: tuple[str, ...] = ("sheet", "name", "property")) -> Do:
    """The workbook's identity says something else in part ``part``, in some of the places where it stands."""

    def do(edit: Edit) -> None:
        was = str(edit.get("_xlstyr", "B1"))
        parts = was.split("|")
        parts[part] = value
        now = "|".join(parts)
        if "sheet" in places:
            edit.set("_xlstyr", "B1", now)
        package = edit.package
        for name, kind in (("xl/workbook.xml", "name"), ("docProps/custom.xml", "property")):
            if kind in places and name in package.parts:
                assert was in package.text(name)
                package.put(name, package.text(name).replace(was, now))

    return do


def lose_identity(edit: Edit, *, all_of_it: bool) -> None:
    """The hidden sheet is deleted; and with ``all_of_it`` the name and the property are gone too."""
    edit.delete_sheet("_xlstyr")
    if all_of_it:
        package = edit.package
        workbook = package.text("xl/workbook.xml")
        package.put("xl/workbook.xml", re.sub(r'<definedName name="xlstyr_identity".*?</definedName>', "", workbook))
        package.put("docProps/custom.xml", package.text("docProps/custom.xml").replace('"xlstyr"', '"annat"'))


def add_part(name: str, content: bytes = b"x", kind: str = "") -> Do:
    """A part is added to the package, related to the workbook."""

    def do(edit: Edit) -> None:
        edit.package.parts[name] = content
        edit.package.link("xl/workbook.xml", name, f"{_REL}/{kind}", f"application/vnd.{kind}")

    return do


def external_link(edit: Edit) -> None:
    """The workbook fetches from another file."""
    add_part("xl/externalLinks/externalLink1.xml", b"<externalLink/>", "externalLink")(edit)
    target = (
        '<Relationship Id="rId1" Type="x/externalLinkPath" Target="file:///C:/Egna/Fjol.xlsx" TargetMode="External"/>'
    )
    edit.package.put("xl/externalLinks/_rels/externalLink1.xml.rels", f"<Relationships>{target}</Relationships>")


def instead(data: bytes) -> Do:
    """Something else is sent."""
    return lambda _: data


def truncated(edit: Edit) -> bytes:
    """The download was cut off."""
    data = edit.bytes()
    return data[: len(data) * 2 // 3]


def flipped(edit: Edit) -> bytes:
    """A byte in the middle of a sheet was damaged on the way."""
    data = bytearray(edit.bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = max(archive.infolist(), key=lambda info: info.compress_size)
    data[info.header_offset + info.compress_size // 2 + 60] ^= 0xFF
    return bytes(data)


def zip_of(*names: str) -> bytes:
    """A zip package with some parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in (CONTENT_TYPES, *names):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def in_office(office: Office, do: Callable[[Hand], object], data: bytes) -> bytes:
    """What LibreOffice saves after a person has worked in it."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "svar åäö.xlsx"
        source.write_bytes(data)
        return office.edit(source, Path(folder) / "sparad.xlsx", lambda document: do(Hand(document))).read_bytes()


def round_trip(office: Office, formats: tuple[str, ...], data: bytes) -> bytes:
    """Saved as one format after another."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "svar.xlsx"
        path.write_bytes(data)
        for number_, fmt in enumerate(formats):
            path = office.resave(path, Path(folder) / f"steg {number_}.{fmt}", fmt)  # type: ignore[arg-type]
        return path.read_bytes()
