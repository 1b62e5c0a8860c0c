"""What an add-in's file holds: which code, which settings, and whether it is signed."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

_BROKEN = (zipfile.BadZipFile, zlib.error, ET.ParseError, EOFError, LookupError, RuntimeError, ValueError)
_CODE = ("xl/vbaProject.bin", "customUI/customUI14.xml")
_SIGNATURES = "xl/vbaProjectSignature"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True, slots=True)
class AddinFile:
    """``code`` is a digest of macros and tab, the same before and after signing; ``settings`` stand in its sheet."""

    code: str
    settings: Mapping[str, str]
    signed: bool

    def does_as(self, other: "AddinFile") -> bool:
        """Whether both do the same, signed or not."""
        return (self.code, dict(self.settings)) == (other.code, dict(other.settings))


def read_addin(data: bytes) -> AddinFile | None:
    """What the add-in ``data`` (bytes of an .xlam) holds; None when it isn't one, or is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            digest = hashlib.sha256(b"".join(package.read(name) for name in _CODE)).hexdigest()
            signed = any(name.startswith(_SIGNATURES) for name in package.namelist())
            return AddinFile(digest, _settings(package), signed)
    except _BROKEN:
        return None


def _settings(package: zipfile.ZipFile) -> dict[str, str]:
    texts = [_text(item) for item in ET.fromstring(package.read("xl/sharedStrings.xml"))]
    sheet = ET.fromstring(package.read("xl/worksheets/sheet1.xml"))
    rows = [[texts[int(cell.findtext(f"{_MAIN}v", "0"))] for cell in row] for row in sheet.iter(f"{_MAIN}row")]
    return {name: value for name, value in rows}  # noqa: C416 (says that there are two in a row)


def _text(item: ET.Element) -> str:
    return "".join(part.text or "" for part in item.iter(f"{_MAIN}t"))
