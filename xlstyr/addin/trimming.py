"""What the add-in takes of xlwings' own VBA (BSD): the look-up of its settings, and what that needs.

As it comes, xlwings' module lets the workbook that happens to be open choose what program runs, and every function in
it can be called from a cell. Here nothing is kept that isn't reached, what is kept is private and answers no cell, and
a text that no longer has what is cut where it was is refused rather than shipped uncut.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

_PROCEDURE = re.compile(r"^(?:Public |Private )?(Function|Sub) (\w+)\(.*?^End \1$", re.MULTILINE | re.DOTALL)
_SIGNATURE = re.compile(r"(?:Public |Private )?((Function|Sub) .*\n)")
_UNCODED = re.compile(r'"[^"\n]*"|\'.*')
"""Texts and comments."""
_WORKBOOKS = re.compile(r"\b(Active|This)Workbook\b", re.IGNORECASE)
_OWN_SHEET = 'ThisWorkbook, PROJECT_NAME & ".conf"', "GetConfigFromSheet(ThisWorkbook)"


@dataclass(frozen=True, slots=True)
class _Cut:
    """What stands from the text ``start`` up to ``end`` (which stays), once in the whole, goes."""

    start: str
    end: str


_CUTS = (
    # a sheet "xlstyr.conf" in the workbook that is open
    _Cut("            'Workbook Sheet Config\n", "            'Add-in Sheet Config"),
    # a file "xlstyr.conf" beside the workbook that is open
    _Cut("    ' Directory Config\n", "    ' User Config\n"),
)
_OWN = _Cut("    ' Sheet\n    #If", "    ' User Config\n")
"""The sheet in the workbook that holds the macros: IT's in the add-in, anybody's in a control workbook."""
_NAME = 'PROJECT_NAME As String = "'


def settings_code(text: str, wanted: Iterable[str], *, own_sheet: bool) -> str:
    """The procedures ``wanted`` of xlwings' module ``text``, with what they call; its licence stands first.

    ``own_sheet``: whether settings are looked for in the workbook that the module is in.

    Raises:
        XlstyrError: something is cut that isn't there exactly once, or what is left asks a workbook for more.
    """
    for cut in (*_CUTS, *(() if own_sheet else (_OWN,))):
        text = _without(text, cut)
    if text.count(_NAME) != 1:
        raise _unknown(_NAME)
    procedures = {found[2].casefold(): found[0] for found in _PROCEDURE.finditer(_for_excel(text))}
    kept = [_closed(code) for code in _reached(procedures, wanted)]
    for line in "\n".join(kept).split("\n"):
        asked = line if not own_sheet else line.replace(_OWN_SHEET[0], "").replace(_OWN_SHEET[1], "")
        if _WORKBOOKS.search(_UNCODED.sub("", asked)):
            raise _unknown(line)
    licence = [line for line in text.partition("\n#If ")[0].split("\n") if re.match("'(?!Attribute)", line)]
    return "\n".join([*licence, "", 'Private Const PROJECT_NAME As String = "xlstyr"', "", "\n\n".join(kept), ""])


def _unknown(detail: str) -> XlstyrError:
    return XlstyrError(word("addin.unknown_xlwings", detail=detail.strip()[:60]))


def _without(text: str, cut: _Cut) -> str:
    before, found, after = text.partition(cut.start)
    if not found or cut.start in after or cut.end not in after:
        raise _unknown(cut.start)
    return before + after[after.index(cut.end) :]


def _for_excel(text: str) -> str:
    """``text`` without the lines for other programs than Excel; what differs between systems stays."""
    kept: list[str] = []
    shown: list[bool | None] = []  # for each condition that is open: whether it holds; None when Excel decides
    for line in text.split("\n"):
        code = line.strip()
        if code.startswith("#If "):
            shown.append(code == '#If App = "Microsoft Excel" Then' if code.startswith("#If App ") else None)
            ours = shown[-1] is not None
        else:
            ours = bool(shown) and shown[-1] is not None and code.startswith(("#Else", "#End If"))
            if ours:
                shown[-1] = False
        if not ours and False not in shown:
            kept.append(line)
        if code.startswith("#End If"):
            shown.pop()
    return "\n".join(kept)


def _reached(procedures: dict[str, str], wanted: Iterable[str]) -> Iterator[str]:
    """The text of the procedures ``wanted`` and of every one that they call, in the order of the module."""
    reached: set[str] = set()
    left = [name.casefold() for name in wanted]
    while left:
        name = left.pop()
        if name not in procedures:
            raise _unknown(name)
        reached.add(name)
        words = {one.casefold() for one in re.findall(r"\w+", _UNCODED.sub("", procedures[name]))}
        left += words & procedures.keys() - reached
    return (code for name, code in procedures.items() if name in reached)


def _closed(code: str) -> str:
    """A procedure that no other module sees, and that does nothing when a cell asks."""
    found = _SIGNATURE.match(code)
    if found is None or found[1].rstrip().endswith("_"):
        raise _unknown(code)
    guard = f'    If TypeName(Application.Caller) = "Range" Then Exit {found[2]}\n'
    return f"Private {found[1]}{guard}{code[found.end() :]}"
