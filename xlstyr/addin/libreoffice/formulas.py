"""LibreOffice's own spelling of a formula → Excel's, for what both spell alike but for signs: without asking it."""

import re
from functools import lru_cache

_ALIKE = frozenset(
    """ABS AND AVERAGE COLUMN COLUMNS COUNT COUNTA COUNTIF COUNTIFS IF IFERROR INDEX INT ISBLANK LEFT LEN MATCH MAX MID
    MIN N NOT OR RIGHT ROUND ROUNDDOWN ROUNDUP ROW ROWS SUM SUMIF SUMIFS SUMPRODUCT TRIM""".split()  # noqa: SIM905
)
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")|(?P<sheet>\$(?:'(?:[^']|'')*'|\w+)\.(?=\$?[A-Z]{1,3}\$?\d))"""
    r"""|(?P<cell>\$?[A-Z]{1,3}\$?\d+(?![\w.]))|(?P<function>[A-Z][A-Z.0-9]*)(?=\()|(?P<name>[a-z_]\w*(?![\w.(]))"""
    r"""|(?P<error>\#REF!)|(?P<number>\d+(?:\.\d+)?(?:E[+-]?\d+)?)|(?P<split>;)|(?P<sign><>|<=|>=|[-+*/^&=<>():%])"""
)


@lru_cache(16384)
def as_excel(formula: str) -> str | None:
    """``=SUM($Budget.$A$1;2)`` as ``=SUM(Budget!$A$1,2)``; None when it holds anything that isn't surely the same."""
    pieces = []
    place = 1
    while place < len(formula):
        found = _TOKEN.match(formula, place)
        if found is None or (found.lastgroup == "function" and found[0] not in _ALIKE):
            return None
        match found.lastgroup:
            case "sheet":
                pieces.append(f"{found[0][1:-1]}!")
            case "split":
                pieces.append(",")
            case _:
                pieces.append(found[0])
        place = found.end()
    return "=" + "".join(pieces)
