"""Comments at cells with findings: the two package parts that Excel wants for a sheet's comments."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name

_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_VML = """<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" \
xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">\
<o:idmap v:ext="edit" data="1"/></o:shapelayout>\
<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">\
<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>{shapes}</xml>"""
_SHAPE = """<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;\
margin-top:2pt;width:240pt;height:{height}pt;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">\
<v:fill color2="#ffffe1"/>\
<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto">\
<div style="text-align:left"></div></v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>\
<x:Anchor>{left}, 15, {top}, 4, {right}, 31, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>\
<x:Column>{column}</x:Column></x:ClientData></v:shape>"""


@dataclass(frozen=True, slots=True)
class CellMark:
    """A text at a cell: row from 1, column from 0."""

    row: int
    column: int
    text: str

    @property
    def ref(self) -> str:
        """The cell's address."""
        return f"{xl_col_to_name(self.column)}{self.row}"


def comment_parts(marks: Iterable[CellMark], author: str) -> tuple[str, str]:
    """(comments part, drawing part) of one sheet; several marks at a cell become one comment."""
    texts: dict[tuple[int, int], list[str]] = {}
    for mark in marks:
        texts.setdefault((mark.row, mark.column), []).append(mark.text)
    comments, shapes = [], []
    for number, ((row, column), lines) in enumerate(sorted(texts.items()), 1025):
        text = escape(printable("\n\n".join(lines)))
        ref = f"{xl_col_to_name(column)}{row}"
        comments.append(
            f'<comment ref="{ref}" authorId="0"><text><r><t xml:space="preserve">{text}</t></r></text></comment>'
        )
        height = 40 + 15 * (len(text) // 45)
        shapes.append(
            _SHAPE.format(
                number=number,
                height=height,
                left=column + 1,
                right=column + 4,
                top=max(0, row - 2),
                bottom=row + height // 15,
                row=row - 1,
                column=column,
            )
        )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    body = f"<authors><author>{escape(author)}</author></authors><commentList>{''.join(comments)}</commentList>"
    return f'{head}<comments xmlns="{_NAMESPACE}">{body}</comments>', _VML.format(shapes="".join(shapes))


def printable(text: str) -> str:
    """``text`` as Excel's XML can hold it: no control characters, at most a cell's length, ``_x0041_`` as typed."""
    kept = text if text.isprintable() else "".join(char for char in text if char >= " " or char in "\n\t")
    return _LOOKS_ESCAPED.sub("_x005F_", kept[:32_767])
