"""TOML → ``Workbook``: shared sheets, what is only in some workbooks, years in headings, strict on unknown keys."""

import hashlib
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xlstyr.layout.definition import Workbook
from xlstyr.layout.expression import check_references
from xlstyr.model.errors import DefinitionError
from xlstyr.words import word

_YEAR = re.compile(r"\{t([+-]\d)?\}")


def load_workbook(key: str, year: int, folder: Path) -> Workbook:
    """The definition ``key`` in ``folder`` for budget ``year``.

    Raises:
        DefinitionError: it can't be used; the text names the file and the key at fault.
    """
    path = folder / f"{key}.toml"
    raw = dict(_toml(path))
    names = raw.pop("sheets", [])
    own = raw.pop("sheet", [])
    files = {f"sheets/{name}.toml": _toml(folder / "sheets" / f"{name}.toml") for name in names}
    sheets = [*(_only(sheet, key) for sheet in (*files.values(), *own))]
    known = _known_names(folder)
    unexpected = set(raw) - {"workbook", "title"}
    if unexpected:
        raise DefinitionError(f"{path.name}: {', '.join(sorted(unexpected))}")
    fields = {
        "key": raw.get("workbook"),
        "title": raw.get("title"),
        "year": year,
        "sheets": [sheet for sheet in sheets if sheet is not None],
    }
    try:
        workbook = Workbook.model_validate(_with_years(fields, year))
    except ValidationError as error:
        raise DefinitionError(_explain(error, path.name, [*files, *(path.name for _ in own)])) from error
    check_references(workbook, known, path.name)
    return workbook.model_copy(update={"digest": _digest(workbook)})


def with_sheet(workbook: Workbook, path: Path) -> Workbook:
    """``workbook`` with the sheet in ``path`` in front. Its digest stays: the sheet is never read."""
    sheet = _with_years(_only(_toml(path), workbook.key), workbook.year)
    fields = {**workbook.model_dump(), "sheets": [sheet, *(s.model_dump() for s in workbook.sheets)]}
    return Workbook.model_validate(fields)


def dump_workbook(workbook: Workbook) -> str:
    """``workbook`` as canonical JSON, kept in the round for as long as answers may come."""
    return workbook.model_dump_json(exclude_defaults=True)


def parse_workbook(text: str) -> Workbook:
    """The workbook that ``dump_workbook`` wrote."""
    return Workbook.model_validate_json(text)


def _digest(workbook: Workbook) -> str:
    return hashlib.sha256(dump_workbook(workbook).encode()).hexdigest()[:16]


@cache
def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"{path.name}: {error}") from error


def _only(part: Any, key: str) -> Any:
    """``part`` without what is only in other workbooks; ``hidden`` lists resolved to a flag. None: left out."""
    if isinstance(part, list):
        return [kept for kept in (_only(item, key) for item in part) if kept is not None]
    if not isinstance(part, dict):
        return part
    if part.get("only") and key not in part["only"]:
        return None
    kept = {name: _only(value, key) for name, value in part.items() if name != "only"}
    if isinstance(kept.get("column"), list):
        kept["column"] = [wide for column in kept["column"] for wide in _periods(column)]
        if kept.get("type") != "table":  # a matrix or statement is never written in
            kept["column"] = [{**column, "writer": "giver"} for column in kept["column"]]
    if isinstance(kept.get("hidden"), list):
        kept["hidden"] = key in kept["hidden"]
    return kept


PERIODS = {
    "outcome": "t-2",
    "previous": "t-1",
    "forecast": "t-1",
    "budget": "t",
    "plan_1": "t+1",
    "plan_2": "t+2",
}


def _periods(column: dict[str, Any]) -> list[dict[str, Any]]:
    """A column with ``periods`` stands for six, one per period; ``{p}`` is the period's key.

    A text as ``periods`` is added to their keys.
    """
    if not column.get("periods"):
        return [column]
    suffix = column["periods"] if isinstance(column["periods"], str) else ""
    rest = {name: value for name, value in column.items() if name != "periods"}
    kinds = {"previous": "budget", "plan_1": "plan", "plan_2": "plan"}
    return [
        {
            **rest,
            "key": f"{key}{suffix}",
            "header": word(f"terms.period.{kinds.get(key, key)}", year=f"{{{year}}}"),
            "expression": rest["expression"].replace("{p}", key),
        }
        for key, year in PERIODS.items()
    ]


def _with_years(part: Any, year: int) -> Any:
    if isinstance(part, str):
        return _YEAR.sub(lambda match: str(year + int(match[1] or 0)), part)
    if isinstance(part, list):
        return [_with_years(item, year) for item in part]
    if isinstance(part, dict):
        return {name: _with_years(value, year) for name, value in part.items()}
    return part


@cache
def _known_names(folder: Path) -> frozenset[str]:
    """Every ``block.column`` that some shared sheet defines: absent in a workbook, it reads as blank."""
    names: set[str] = set()
    for path in (folder / "sheets").glob("*.toml"):
        for block in _toml(path).get("block", []):
            keys = [column["key"] for column in (*block.get("column", []), *block.get("field", []))]
            names.update(f"{block.get('key')}.{key}" for key in keys)
    return frozenset(names)


def _explain(error: ValidationError, file: str, sheet_files: list[str]) -> str:
    """The first fault of ``error``, with the file it is in and the path of keys to it."""
    fault = error.errors()[0]
    place = [str(part) for part in fault["loc"]]
    if len(place) > 1 and place[0] == "sheets" and int(place[1]) < len(sheet_files):
        file, place = sheet_files[int(place[1])], place[2:]
    return f"{file}: {'.'.join(place)}: {fault['msg']}"
