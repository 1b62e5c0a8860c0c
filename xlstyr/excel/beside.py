"""What stands in a workbook beside its cells: comments, titles, headers, properties, names, text boxes.

Only searched for what points somebody out. Nothing is interpreted: marks are taken away and texts are looked at, part
by part, so that the work is linear in the size. For what has passed the gate.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from posixpath import normpath

from xlstyr.checks.privacy import codes_of, private
from xlstyr.excel.specimen import HIDDEN_SHEET, LISTS_SHEET
from xlstyr.model.finding import Finding, Place
from xlstyr.words import word

_MOST = 20  # findings of one file: they all say the same
_TAG = re.compile(r"<[^>]*>")
_RUN = re.compile(r"</?(?:\w+:)?(?:r|t|rPr|phoneticPr|b|i|u|sz|color|rFont|family|scheme|font|span)\b[^>]*>")
_ATTRIBUTE = re.compile(
    r"\b(?:name|descr|title|prompt|promptTitle|error|errorTitle|tooltip|display|location|Target|comment)=\"([^\"]*)\""
)
_COMMENT = re.compile(r"<(?:\w+:)?(?:threadedComment|comment)\b[^>]*?\bref=\"([A-Z]+\d+)\"[^>]*>")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_HIDDEN = re.compile(r"\bstate=\"(?:hidden|veryHidden)\"")
_NAME = re.compile(r"\bname=\"([^\"]*)\"")
_KEY = re.compile(r"\b\w+:id=\"([^\"]*)\"")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_TARGET = re.compile(r"\bTarget=\"([^\"]*)\"")
_RID = re.compile(r"\bId=\"([^\"]*)\"")
_KINDS = (
    ("comment", "comment"),
    ("docprops/", "properties"),
    ("customxml/", "properties"),
    ("drawing", "drawing"),
    ("charts/", "drawing"),
    ("diagrams/", "drawing"),
)
_CELLS = ("sharedstrings.xml", "styles.xml", "calcchain.xml", "[content_types].xml")
"""Texts of cells are looked at where they stand; the others hold no text."""


def beside(data: bytes) -> list[Finding]:
    """A finding for each place beside the cells of the workbook ``data`` that points somebody out; twenty at most."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return list(islice(_Search(archive).findings(), _MOST))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, NotImplementedError):
        return []  # the readers refuse it


@dataclass
class _Search:
    """Looks through one package. ``titles``: part of a sheet → what it is called; ``owners``: part → its sheet's."""

    archive: zipfile.ZipFile
    titles: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        names = self.archive.namelist()
        book = next((name for name in names if name.casefold().endswith("workbook.xml")), None)
        if book is not None:
            yield from self._titles(book)
        for part in self.titles:
            self.owners |= dict.fromkeys(self._targets(part).values(), part)
        for name in names:
            folded = name.casefold()
            if folded.endswith((".xml", ".vml", ".rels")) and not folded.endswith(_CELLS) and "/theme/" not in folded:
                yield from self._part(name, folded)

    def _text(self, name: str) -> str:
        data = self.archive.read(name)
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")

    def _targets(self, part: str) -> dict[str, str]:
        """Relation id → part, of ``part``."""
        folder, _, name = part.rpartition("/")
        rels = f"{folder}/_rels/{name}.rels"
        targets = {}
        for tag in _RELATION.findall(self._text(rels)) if rels in self.archive.NameToInfo else ():
            target, key = _TARGET.search(tag), _RID.search(tag)
            if target and key:
                path = target[1] if target[1].startswith("/") else f"{folder}/{target[1]}"
                targets[key[1]] = normpath(path).lstrip("/")
        return targets

    def _titles(self, book: str) -> Iterator[Finding]:
        targets = self._targets(book)
        number = 0
        for tag in _SHEET.findall(self._text(book)):
            number += not _HIDDEN.search(tag)  # as people count the tabs
            name, key = _NAME.search(tag), _KEY.search(tag)
            title = unescape(name[1]) if name else ""
            codes = codes_of(title) if title not in (HIDDEN_SHEET, LISTS_SHEET) else []
            shown = word("privacy.sheet.added", number=number)
            if key and key[1] in targets:
                self.titles[targets[key[1]]] = shown if codes else title
            for code in codes:
                yield private(code, word("privacy.where.title", number=number), Place(sheet=shown))

    def _part(self, name: str, folded: str) -> Iterator[Finding]:
        text = self._text(name)
        if name in self.titles:  # its cells are looked at where they are read
            head, _, tail = text.partition("<sheetData")
            kind, sheet, text = "header", name, head + tail.rpartition("</sheetData>")[2]
        elif folded.endswith("workbook.xml"):
            kind, sheet, text = "names", "", _SHEET.sub("", text)
        else:
            kind, sheet = next((kind for start, kind in _KINDS if start in folded), "other"), self.owners.get(name, "")
        place = Place(sheet=self.titles.get(sheet, ""))
        if kind == "comment":
            yield from _comments(text, place)
        else:
            yield from _found((*_items(text), *_attributes(text)), kind, place)


def _comments(text: str, place: Place) -> Iterator[Finding]:
    """Comments with the cells that they belong to."""
    _, *pieces = _COMMENT.split(text)
    for ref, content in zip(pieces[::2], pieces[1::2], strict=True):
        yield from _found([" ".join(_items(content))], "comment", Place(sheet=place.sheet, cell=ref))


def _found(texts: Iterable[str], kind: str, place: Place) -> Iterator[Finding]:
    for code in dict.fromkeys(code for text in texts for code in codes_of(text)):
        yield private(code, word(f"privacy.where.{kind}"), place)


def _items(text: str) -> Iterator[str]:
    """What stands between marks; runs of one text that differ in looks are one text."""
    return (unescape(one) for one in _TAG.sub("\0", _RUN.sub("", text)).split("\0") if len(one) > 3)


def _attributes(text: str) -> Iterator[str]:
    return (unescape(one) for one in _ATTRIBUTE.findall(text) if len(one) > 3)
