"""What a file is, from its first bytes: so that the sender is told what they sent."""

from collections.abc import Sequence

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


_INSIDE_OLE = (("__substg1.0_", "msg"), ("WordDocument", "doc"), ("PowerPoint Document", "ppt"))


def sniff(data: bytes) -> Finding | None:
    """A finding that names what ``data`` is, or None for a zip package."""
    if not data.strip(b"\0 \r\n\t"):
        return found("XS004")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return found("XS002", kind=word("files.locked"), cause="locked")
        for mark, kind in _INSIDE_OLE:
            if mark.encode("utf-16-le") in data:
                return found("XS001", kind=word(f"files.{kind}"))
        return found("XS002", kind=word("files.xls"), cause="xls")
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return found("XS001", kind=word(f"files.{kind}"))
    if not data.startswith((b"PK\3\4", b"PK\5\6")):
        return found("XS001", kind=word(f"files.{_unpacked(data)}"))
    return None


def _unpacked(data: bytes) -> str:
    """What a file is that isn't packed."""
    start = data[:2000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<a ")):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    if start.startswith(b"[internetshortcut]"):
        return "shortcut"
    if b"\0" in data[:4000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "other"
    return "csv" if _is_table(data[:4000].replace(b"\0", b"")) else "text"


def _is_table(start: bytes) -> bool:
    """Whether the first lines hold the same number of separators."""
    lines = [line for line in start.splitlines() if line.strip()][:4]
    for mark in (b";", b"\t", b","):
        counts = {line.count(mark) for line in lines[:-1] or lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {0}:
            return True
    return False


def sniff_package(names: Sequence[str], mimetype: bytes) -> Finding | None:
    """A finding that names what a zip package with the parts ``names`` is, or None for one that may be a workbook."""
    if b"opendocument" in mimetype:
        return found("XS001", kind=word("files.ods"))
    if "xl/workbook.bin" in names:
        return found("XS001", kind=word("files.xlsb"))
    for folder, kind in (("word/", "word"), ("ppt/", "powerpoint")):
        if any(name.startswith(folder) for name in names):
            return found("XS001", kind=word(f"files.{kind}"))
    if not any(name.startswith("xl/") for name in names):
        return found("XS001", kind=word("files.zip"))
    return None
