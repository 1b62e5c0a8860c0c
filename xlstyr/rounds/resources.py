"""Where the project's data folders are: in a checkout (editable install) or inside the installed package."""

import tomllib
from pathlib import Path

import xlstyr
from xlstyr.model.errors import XlstyrError


def data_folder(name: str) -> Path:
    """The folder ``workbook_templates``, ``samples`` or ``macros``, wherever it was installed."""
    package = Path(xlstyr.__file__).parent
    for candidate in (package / "_installed" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise XlstyrError(f"{name}: not installed")


def templates() -> Path:
    """The folder of workbook definitions."""
    return data_folder("workbook_templates")


def demo_sample() -> str:
    """The sample that the demo runs unless another is named."""
    return str(tomllib.loads((data_folder("samples") / "index.toml").read_text("utf-8"))["demo"])
