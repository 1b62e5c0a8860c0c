"""Every member is tested, and every other member of xlwings says that it isn't supported."""

import ast
from pathlib import Path
from typing import Any

import pytest
from xlwings import base_classes as base

from tests.addin.engine.covering import code_of, kinds
from xlstyr.addin.libreoffice.support import NotSupportedError, members
from xlstyr.words import words

HERE = Path(__file__).parent
OWN_BOOKKEEPING = {"max_cells_per_read", "max_cells_per_write"}
"""Settings that xlwings reads, of no use to callers."""
BASES = {name: getattr(base, name) for name in kinds() if hasattr(base, name)}


def named() -> set[str]:
    """What the tests say that they are about."""
    found: set[str] = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "covers":
                found |= {ast.literal_eval(argument) for argument in node.args}
    return found


def test_every_member_has_a_test_that_names_it() -> None:
    wanted = {name for name, _ in members()} | {f"{name} =" for name, can_be_set in members() if can_be_set}
    assert named() == wanted


def test_every_member_has_code_that_a_test_can_be_seen_to_run() -> None:
    assert len({code_of(name) for name in named()}) == len(named())


def test_what_is_said_to_differ_from_excel_is_there() -> None:
    assert set(words("engine")["differs"]) <= {name for name, _ in members()}


@pytest.mark.parametrize("kind", sorted(BASES))
def test_everything_else_in_xlwings_says_that_it_is_not_supported(kind: str) -> None:
    instance: Any = object.__new__(kinds()[kind])
    supported = dict(members())
    for name, what in vars(BASES[kind]).items():
        if name.startswith("_") or name in OWN_BOOKKEEPING:
            continue
        said = f"{kind}.{'value' if name == 'raw_value' else name}"
        if isinstance(what, property):
            if said not in supported:
                with pytest.raises(NotSupportedError, match=rf"^{said} "):
                    getattr(instance, name)
            if not supported.get(said):
                with pytest.raises(NotSupportedError, match=rf"^{said} "):
                    setattr(instance, name, 1)
        elif callable(what) and f"{said}()" not in supported:
            with pytest.raises(NotSupportedError, match=rf"^{said} "):
                getattr(instance, name)(1, x=2)


def test_no_class_of_ours_is_left_out() -> None:
    assert set(BASES) | {"SheetProtection"} == set(kinds())
    assert {name.split(".")[0] for name, _ in members() if "." in name} == set(kinds())
