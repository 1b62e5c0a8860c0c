"""What a file is, from its first bytes: so that the sender is told what they sent."""

import io
import zipfile

from xlstyr.model.finding import Finding, found
from xlstyr.words import word

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"{\\rtf", "rtf"),
)


def sniff(data: bytes) -> Finding | None:
    """A finding that names what ``data`` is, or None for a zip package that may be a workbook."""
    if not data.strip(b"\0 \r\n\t"):
        return found("XS004")
    if data.startswith(_OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        return found("XS002", kind=word("files.locked" if locked else "files.xls"))
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return found("XS001", kind=word(f"files.{kind}"))
    if not data.startswith(b"PK"):
        start = data[:2000].lstrip().lower()
        markup = start.startswith((b"<!doctype html", b"<html", b"<head", b"<a "))
        kind = "html" if markup else "xml" if start.startswith(b"<?xml") else "text" if _is_text(data) else "other"
        return found("XS001", kind=word(f"files.{kind}"))
    return _package(data)


def _is_text(data: bytes) -> bool:
    return b"\0" not in data[:4000]


def _package(data: bytes) -> Finding | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype")[:80] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        return found("XS003", detail=type(error).__name__)
    if b"opendocument" in mimetype:
        return found("XS001", kind=word("files.ods"))
    if "xl/workbook.bin" in names:
        return found("XS001", kind=word("files.xlsb"))
    if any(name.startswith("word/") for name in names):
        return found("XS001", kind=word("files.word"))
    if not any(name.startswith("xl/") for name in names):
        return found("XS001", kind=word("files.zip"))
    return None
