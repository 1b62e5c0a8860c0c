"""What stands around a worksheet's rows: areas and formulas of rules, names and charts."""

import re
from collections.abc import Callable

from tests.office.a1 import LOST, Move
from tests.office.package import attributes, coded, plain, written

_CONTAINERS = "mergeCells|hyperlinks|dataValidations|ignoredErrors|protectedRanges"
_ELEMENT = re.compile(
    r"<(?P<name>mergeCell|hyperlink|dataValidation|conditionalFormatting|ignoredError"
    r"|protectedRange|selection|autoFilter|dimension)\b(?P<tag>[^>]*?)"
    r"(?:/>|>(?P<inner>.*?)</(?P=name)>)",
    re.DOTALL,
)
_FORMULA = re.compile(
    r"(?P<start><(?P<name>(?:x14:|xm:|c:)?(?:formula[12]?|f))\b[^>]*>)(?P<text>[^<]*)"
    r"(?P<end></(?P=name)>)"
)
_EXTENDED = re.compile(r"(<xm:sqref>)([^<]*)(</xm:sqref>)")
_COLUMN = re.compile(r"<col\b([^>]*?)/>")
_COLUMNS = re.compile(r"<cols>.*?</cols>", re.DOTALL)
_DEFINED = re.compile(r"(<definedName\b[^>]*>)([^<]*)(</definedName>)")


def move_areas(xml: str, move: Move) -> str:
    """Moves the areas of merged cells, links, validations and conditional formats.

    A rule of whose area nothing is left goes with it. Anchors of drawings, comments and
    pictures stay where they are.
    """

    def one(match: re.Match[str]) -> str:
        values = attributes(match["tag"])
        for name in ("ref", "sqref"):
            if name in values:
                values[name] = move.areas(values[name])
                if not values[name]:
                    return ""
        start = f"<{match['name']}{written(values)}"
        return start + ("/>" if match["inner"] is None else f">{match['inner']}</{match['name']}>")

    xml = _ELEMENT.sub(one, xml)
    xml = _EXTENDED.sub(lambda match: match[1] + move.areas(match[2]) + match[3], xml)
    xml = re.sub(rf"<({_CONTAINERS})\b[^>]*></\1>", "", xml)
    return re.sub(rf'(<(?:{_CONTAINERS})\b[^>]*?) count="\d+"', r"\1", xml)


def move_columns(xml: str, move: Move) -> str:
    """Moves the widths and other settings of whole columns."""

    def all_of(match: re.Match[str]) -> str:
        found = []
        for tag in _COLUMN.findall(match[0]):
            values = attributes(tag)
            span = move.columns(int(values["min"]), int(values["max"]))
            if span is not None:
                values["min"], values["max"] = map(str, span)
                found.append((span, f"<col{written(values)}/>"))
        return f"<cols>{''.join(tag for _, tag in sorted(found))}</cols>" if found else ""

    return _COLUMNS.sub(all_of, xml)


def rewrite_formulas(xml: str, change: Callable[[str], str]) -> str:
    """Rewrites the formulas of validations, conditional formats and charts.

    Such formulas are relative to the first cell of their area. When that cell is deleted the
    next one takes its place and the text holds for it as it stands, so a formula that would
    lose its reference is left alone.
    """

    def one(match: re.Match[str]) -> str:
        old = plain(match["text"])
        new = change(old)
        if LOST in new and LOST not in old and match["name"] != "c:f":
            return match[0]
        return f"{match['start']}{coded(new)}{match['end']}"

    return _FORMULA.sub(one, xml)


def rewrite_names(xml: str, change: Callable[[str], str]) -> str:
    """Rewrites the formulas of a workbook's defined names."""
    return _DEFINED.sub(lambda match: f"{match[1]}{coded(change(plain(match[2])))}{match[3]}", xml)
