"""Finding LibreOffice and its Python bridge, whichever environment runs the tests."""

import builtins
import importlib
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

_PROGRAMS = ("soffice", "libreoffice")
_PLACES = (
    Path("/usr/lib/libreoffice/program"),
    Path("/opt/libreoffice/program"),
    Path("/Applications/LibreOffice.app/Contents/MacOS"),
)
_BRIDGES = (Path("/usr/lib/python3/dist-packages"),)


class OfficeError(RuntimeError):
    """LibreOffice is missing, would not start, or could not do what was asked."""


@cache
def find_soffice() -> Path:
    """Returns the program to start: ``soffice.bin`` where there is one.

    The environment variable ``SOFFICE`` names another program.

    Raises:
        OfficeError: No LibreOffice is installed.
    """
    named = os.environ.get("SOFFICE")
    found = [Path(path).resolve() for name in _PROGRAMS if (path := shutil.which(name))]
    for program in [Path(named)] if named else [*found, *(place / "soffice" for place in _PLACES)]:
        binary = program.with_name("soffice.bin")
        if binary.exists():
            return binary
        if program.exists():
            return program
    raise OfficeError("LibreOffice is not installed (apt-get install libreoffice-calc python3-uno)")


@cache
def load_uno() -> ModuleType:
    """Imports ``uno``, from the system's Python when the environment has none.

    The bridge replaces ``__import__`` when it is imported; that is undone, since nothing here
    imports names from ``com.sun.star`` and other tests should not run under it.

    Raises:
        OfficeError: No bridge for this version of Python.
    """
    importer = builtins.__import__
    path = list(sys.path)
    sys.path.extend(str(place) for place in (*_BRIDGES, find_soffice().parent) if place.is_dir())
    try:
        return importlib.import_module("uno")
    except ImportError as error:
        version = ".".join(map(str, sys.version_info[:2]))
        raise OfficeError(f"no uno for Python {version} (apt-get install python3-uno)") from error
    finally:
        builtins.__import__ = importer
        sys.path[:] = path


def properties(**values: object) -> tuple[Any, ...]:
    """Returns the named values as UNO's PropertyValue structures."""
    uno = load_uno()
    made = []
    for name, value in values.items():
        item = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        item.Name, item.Value = name, value
        made.append(item)
    return tuple(made)
