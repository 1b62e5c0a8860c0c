"""The zip and the XML of a workbook, without any spreadsheet library."""

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass
from html import unescape
from xml.sax.saxutils import escape

_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
_OFFICE_DOCUMENT = "/officeDocument"

CONTENT_TYPES = "[Content_Types].xml"


def attributes(tag: str) -> dict[str, str]:
    """Returns the attributes in the text of a start tag, as they stand in the XML."""
    return {name: one or other for name, one, other in _ATTRIBUTE.findall(tag)}


def written(values: dict[str, str]) -> str:
    """Returns attributes as they stand in a start tag, each with a blank before it."""
    return "".join(f' {name}="{value}"' for name, value in values.items())


def plain(text: str) -> str:
    """Returns the text that XML text stands for."""
    return _CODED.sub(lambda match: chr(int(match[1], 16)), unescape(text))


def coded(text: str) -> str:
    """Returns text as XML text, control characters written as Excel does."""
    return escape(_CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text))


def quoted_attribute(text: str) -> str:
    """Returns text as it stands between the quotes of an attribute."""
    return escape(text, {'"': "&quot;"})


@dataclass(frozen=True, slots=True)
class Relationship:
    """A part's pointer to another part."""

    id: str
    kind: str
    target: str


def rels_of(part: str) -> str:
    """Returns the name of the part that holds a part's relationships."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


class Package:
    """The parts of an xlsx file, by name, in the order of the file.

    Attributes:
        parts: Content by part name; may be changed freely.
        workbook: Name of the workbook part.
    """

    def __init__(self, data: bytes) -> None:
        """Reads the zip."""
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.parts = {info.filename: archive.read(info) for info in archive.infolist()}
        self.workbook = next(
            (link.target for link in self.relationships("") if link.kind.endswith(_OFFICE_DOCUMENT)),
            "xl/workbook.xml",
        )

    def bytes(self) -> bytes:
        """Returns the parts as a zip; the same parts give the same bytes."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in self.parts.items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def text(self, part: str) -> str:
        """Returns a part as text."""
        return self.parts[part].decode("utf-8-sig")

    def put(self, part: str, text: str) -> None:
        """Replaces or adds a part."""
        self.parts[part] = text.encode("utf-8")

    def relationships(self, part: str) -> list[Relationship]:
        """Returns the pointers of a part to parts inside the file ("" for the package's own)."""
        name = rels_of(part)
        if name not in self.parts:
            return []
        found = []
        for tag in re.findall(r"<Relationship\b[^>]*>", self.text(name)):
            values = attributes(tag)
            if values.get("TargetMode") == "External":
                continue
            target = posixpath.join("/", posixpath.dirname(part), unescape(values["Target"]))
            place = posixpath.normpath(target).lstrip("/")
            found.append(Relationship(values["Id"], values["Type"], place))
        return found

    def sheets(self) -> dict[str, str]:
        """Returns the part of each worksheet by its title, in the order of the tabs."""
        places = {link.id: link.target for link in self.relationships(self.workbook)}
        found = {}
        for tag in re.findall(r"<sheet\b[^>]*>", self.text(self.workbook)):
            values = attributes(tag)
            link = next(value for name, value in values.items() if name.endswith(":id"))
            found[unescape(values["name"])] = places[link]
        return found

    def remove(self, part: str) -> None:
        """Removes a part, its relationships and its content type."""
        del self.parts[part]
        self.parts.pop(rels_of(part), None)
        types = re.sub(rf'<Override\b[^>]*"/{re.escape(part)}"[^>]*>', "", self.text(CONTENT_TYPES))
        self.put(CONTENT_TYPES, types)

    def unlink(self, part: str, target: str) -> None:
        """Removes a part's pointer to another part, and all parts that nothing points to then."""
        links = {link.id for link in self.relationships(part) if link.target == target}
        name = rels_of(part)

        def kept(match: re.Match[str]) -> str:
            return "" if attributes(match[0])["Id"] in links else match[0]

        self.put(name, re.sub(r"<Relationship\b[^>]*>", kept, self.text(name)))
        reached: set[str] = set()
        queue = [link.target for link in self.relationships("")]
        while queue:
            found = queue.pop()
            if found in self.parts and found not in reached:
                reached.add(found)
                queue += [link.target for link in self.relationships(found)]
        for other in list(self.parts):
            if not other.endswith(".rels") and other not in reached | {CONTENT_TYPES}:
                self.remove(other)

    def link(self, part: str, target: str, kind: str, content_type: str) -> str:
        """Adds a pointer to a new part and that part's content type; returns the pointer's id."""
        name = rels_of(part)
        text = self.text(name)
        taken = {link.id for link in self.relationships(part)}
        new = next(made for n in range(1, 10_000) if (made := f"rId{n}") not in taken)
        entry = f'<Relationship Id="{new}" Type="{kind}" Target="/{target}"/>'
        self.put(name, text.replace("</Relationships>", f"{entry}</Relationships>"))
        override = f'<Override PartName="/{target}" ContentType="{content_type}"/>'
        types = self.text(CONTENT_TYPES).replace("</Types>", f"{override}</Types>")
        self.put(CONTENT_TYPES, types)
        return new
