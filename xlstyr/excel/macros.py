"""Puts VBA in workbooks: an ``.xlsx`` becomes an ``.xlsm``, or an add-in with a ribbon; the same bytes every time."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from xlstyr.excel.vba import Kind, Module, build_project
from xlstyr.excel.zipped import Member, zipped

_MAIN = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MACRO = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_ADDIN = b"application/vnd.ms-excel.addin.macroEnabled.main+xml"
_BIN = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
_VBA = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
_RIBBON = "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"
_PROJECT = "xlstyr"


def with_macros(book: bytes, modules: Sequence[Module], workbook: Module | None = None) -> bytes:
    """The workbook ``book`` (bytes of an .xlsx) as an .xlsm with ``modules``; ``workbook`` is its own module's text."""
    return _packed(book, modules, workbook, _MACRO)


def addin(book: bytes, modules: Sequence[Module], workbook: Module | None, ribbon: bytes) -> bytes:
    """``book`` as an .xlam with ``modules`` and the tab that ``ribbon`` (customUI14.xml) describes."""
    parts = {"customUI/customUI14.xml": ribbon}
    return _packed(book, modules, workbook, _ADDIN, parts)


def pairs_book(title: str, pairs: Mapping[str, str]) -> bytes:
    """A workbook (.xlsx) of one sheet with a name and a value on each row."""
    import xlsxwriter

    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True})
    book.set_properties({"created": datetime(1980, 1, 1, tzinfo=UTC)})
    sheet = book.add_worksheet(title)
    for row, (name, value) in enumerate(pairs.items()):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
    book.close()
    return memory.getvalue()


def _packed(
    book: bytes, modules: Sequence[Module], workbook: Module | None, main: bytes, more: dict[str, bytes] | None = None
) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheets = sorted((name for name in parts if name.startswith("xl/worksheets/sheet")), key=lambda n: (len(n), n))
    documents = [Module("ThisWorkbook", workbook.code if workbook else "", Kind.WORKBOOK)]
    for number, name in enumerate(sheets, 1):
        documents.append(Module(f"Blad{number}", "", Kind.SHEET))
        parts[name] = _named(parts[name], f"Blad{number}", b"sheetPr", b"worksheet")
    parts["xl/workbook.xml"] = _named(parts["xl/workbook.xml"], "ThisWorkbook", b"workbookPr", b"workbook")
    parts["xl/vbaProject.bin"] = build_project([*documents, *modules], _PROJECT)
    types = parts["[Content_Types].xml"].replace(_MAIN, main)
    parts["[Content_Types].xml"] = types.replace(b"<Default ", _BIN + b"<Default ", 1)
    _relate(parts, "xl/_rels/workbook.xml.rels", "rIdVba", _VBA, "vbaProject.bin")
    for target in more or {}:
        _relate(parts, "_rels/.rels", "rIdRibbon", _RIBBON, target)
    return zipped(Member.of(name, content) for name, content in (parts | (more or {})).items())


def _relate(parts: dict[str, bytes], rels: str, ident: str, kind: str, target: str) -> None:
    line = f'<Relationship Id="{ident}" Type="{kind}" Target="{target}"/></Relationships>'
    parts[rels] = parts[rels].replace(b"</Relationships>", line.encode())


def _named(part: bytes, name: str, element: bytes, root: bytes) -> bytes:
    """``part`` with the code name that the project calls it, in its ``element`` (made first in ``root`` if absent)."""
    attribute = f' codeName="{name}"'.encode()
    if found := re.search(rb"<" + element + rb"(?=[ />])", part):
        return part[: found.end()] + attribute + part[found.end() :]
    after = part.index(b">", part.index(b"<" + root)) + 1
    return part[:after] + b"<" + element + attribute + b"/>" + part[after:]
