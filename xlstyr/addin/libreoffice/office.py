"""A LibreOffice to talk to over UNO: a private one that is started, or one that runs already."""

import atexit
import builtins
import contextlib
import datetime as dt
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

PIPE = "XLSTYR_OFFICE_PIPE"
"""The environment variable that names the pipe of a LibreOffice that runs already."""
_PROGRAMS = ("soffice", "libreoffice")
_PLACES = (
    Path("/usr/lib/libreoffice/program"),
    Path("/opt/libreoffice/program"),
    Path("/Applications/LibreOffice.app/Contents/MacOS"),
    Path("C:/Program Files/LibreOffice/program"),
)
_BRIDGES = (Path("/usr/lib/python3/dist-packages"),)
_FRESH_PROFILE = 81  # the exit code by which a new profile asks to be started once more
_START_SECONDS = 90
_AMBIGUOUS = "AMBIGUOUS_VALUE"  # com.sun.star.beans.PropertyState
_OWN_SYNTAX, _EXCEL_SYNTAX = 0, 3  # com.sun.star.sheet.AddressConvention
_QUOTED = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')""")
_NO_MACROS = 0  # com.sun.star.document.MacroExecMode.NEVER_EXECUTE
_LIBRARY = "xlstyr"
_INSIDE = Path(__file__).with_name("inside.bas")
_OPTIONS = (
    ("org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", 0),
    ("org.openoffice.Office.Calc/Layout/Line", "PageBreak", "false"),
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", 3),
    ("org.openoffice.Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("org.openoffice.Setup/Product", "ooSetupLastVersion", "99.9"),
    ("org.openoffice.Setup/L10N", "ooSetupSystemLocale", "sv-SE"),
)


@cache
def find_soffice() -> Path:
    """The program to start. Raises ``XlstyrError`` when no LibreOffice is installed."""
    found = [Path(path).resolve() for name in _PROGRAMS if (path := shutil.which(name))]
    for program in [*found, *(place / "soffice" for place in _PLACES)]:
        for name in ("soffice.bin", "soffice.exe", "soffice"):
            if program.with_name(name).exists():
                return program.with_name(name)
    raise XlstyrError(word("engine.no_office"))


@cache
def load_uno() -> ModuleType:
    """The bridge ``uno``, from the system's Python when the environment has none.

    It replaces ``__import__`` when it is imported; that is undone, since nothing here imports from ``com.sun.star``.

    Raises:
        XlstyrError: there is no bridge for this version of Python.
    """
    importer, path = builtins.__import__, list(sys.path)
    sys.path.extend(str(place) for place in (*_BRIDGES, find_soffice().parent) if place.is_dir())
    try:
        return importlib.import_module("uno")
    except ImportError as error:
        raise XlstyrError(word("engine.no_uno", version=".".join(map(str, sys.version_info[:2])))) from error
    finally:
        builtins.__import__ = importer
        sys.path[:] = path


def struct(name: str, **values: object) -> Any:
    """A UNO structure ``com.sun.star.<name>`` with ``values``."""
    made = load_uno().createUnoStruct(f"com.sun.star.{name}")
    for key, value in values.items():
        setattr(made, key, value)
    return made


def properties(**values: object) -> tuple[Any, ...]:
    """Named values as UNO takes them."""
    return tuple(struct("beans.PropertyValue", Name=name, Value=value) for name, value in values.items())


def enum(name: str, value: str) -> Any:
    """A value of the UNO enumeration ``com.sun.star.<name>``."""
    return load_uno().Enum(f"com.sun.star.{name}", value)


def shared(area: Any, name: str) -> Any:
    """The property ``name`` that all cells of ``area`` have; None when they differ, where UNO gives the first one's."""
    return None if area.getPropertyState(name).value == _AMBIGUOUS else area.getPropertyValue(name)


def epoch_of(document: Any) -> dt.datetime:
    """The day that dates are counted from: another in workbooks that come from old Macs."""
    day = document.NullDate
    return dt.datetime(day.Year, day.Month, day.Day)  # noqa: DTZ001 (cells know no time zones)


class Kinds:
    """What number formats show, each asked for once: to ask costs more than a cell."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._known: dict[int, int] = {}

    def of(self, key: int) -> int:
        """The ``com.sun.star.util.NumberFormat`` of a format's key."""
        if key not in self._known:
            self._known[key] = int(self.formats.getByKey(key).Type)
        return self._known[key]

    @cached_property
    def formats(self) -> Any:
        """UNO's collection of formats."""
        return self._document.NumberFormats

    @cached_property
    def general(self) -> int:
        """The key of the format of a cell that has none."""
        return int(self.formats.getStandardIndex(struct("lang.Locale")))


def parser_of(document: Any, syntax: int = _EXCEL_SYNTAX) -> Any:
    """What reads and writes formulas in English as Excel spells them, or as ``syntax`` says."""
    parser = document.createInstance("com.sun.star.sheet.FormulaParser")
    parser.CompileEnglish, parser.FormulaConvention = True, syntax
    return parser


def own_text(document: Any, formula: str) -> str:
    """Excel's spelling of a formula → LibreOffice's."""
    place = struct("table.CellAddress")
    return str(parser_of(document, _OWN_SYNTAX).printFormula(parser_of(document).parseFormula(formula, place), place))


class ExcelText:
    """LibreOffice's spelling of formulas → Excel's."""

    def __init__(self, document: Any) -> None:
        self._document = document

    @cached_property
    def _parsers(self) -> tuple[Any, Any]:
        return parser_of(self._document), parser_of(self._document, _OWN_SYNTAX)

    def of(self, formula: str, place: Any) -> str:
        """``formula``, without its equals sign, as it stands at the UNO address ``place``."""
        excel, own = self._parsers
        parts = _QUOTED.split(str(excel.printFormula(own.parseFormula(formula, place), place)))
        parts[::2] = [part.replace("~", ",") for part in parts[::2]]  # unions, which it prints in its own way
        return "".join(parts)


class Office:
    """One LibreOffice. ``pipe`` None starts a private one with a profile of its own.

    Without windows it is closed when Python ends. With windows it is somebody's, and stays as Excel does.
    """

    def __init__(self, pipe: str | None = None, *, visible: bool = False) -> None:
        self.visible = visible
        self.headless = pipe is None and not visible
        self.process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self.pipe = pipe or f"xlstyr{uuid.uuid4().hex}"
        if pipe is None:
            self._context = self._start()
            if self.headless:
                atexit.register(self.close)
        else:
            self._context = self._attach(pipe)

    @cached_property
    def desktop(self) -> Any:
        """The UNO desktop, where documents are."""
        return self.service("frame.Desktop")

    def service(self, name: str) -> Any:
        """A UNO service ``com.sun.star.<name>``."""
        return self._context.ServiceManager.createInstanceWithContext(f"com.sun.star.{name}", self._context)

    @cached_property
    def _inside(self) -> Any:
        """What asks the functions of ``inside.bas``, after they have been put there."""
        libraries = self.service("script.ApplicationScriptLibraryContainer")
        if not libraries.hasByName(_LIBRARY):
            libraries.createLibrary(_LIBRARY)
        modules, text = libraries.getByName(_LIBRARY), _INSIDE.read_text("utf-8")
        if not modules.hasByName(_INSIDE.stem):
            modules.insertByName(_INSIDE.stem, text)
        elif modules.getByName(_INSIDE.stem) != text:
            modules.replaceByName(_INSIDE.stem, text)
        factory = "/singletons/com.sun.star.script.provider.theMasterScriptProviderFactory"
        provider = self._context.getValueByName(factory).createScriptProvider("")
        place = f"{_LIBRARY}.{_INSIDE.stem}.Ask?language=Basic&location=application"
        return provider.getScript(f"vnd.sun.star.script:{place}")

    def inside(self, function: str, *args: object) -> Any:
        """What a function of ``inside.bas`` gives.

        Raises:
            com.sun.star.uno.Exception: it can't be done, as when the workbook was closed in the middle of it.
        """
        done, found = self._inside.invoke((function, args), (), ())[0]
        if done:
            return found
        raise load_uno().getClass("com.sun.star.uno.RuntimeException")(found, None)

    def open(self, path: Path, **options: object) -> Any:
        """The document at ``path``. Its macros don't run: buttons open workbooks that came by mail.

        Raises:
            XlstyrError: it can't be loaded.
        """
        values = {"Hidden": not self.visible, "MacroExecutionMode": _NO_MACROS} | options
        uno = load_uno()
        try:
            document = self.desktop.loadComponentFromURL(path.resolve().as_uri(), "_blank", 0, properties(**values))
        except uno.getClass("com.sun.star.uno.Exception") as error:
            raise XlstyrError(
                word("engine.not_loaded" if self.is_alive() else "engine.gone", file=path.name)
            ) from error
        if document is None:
            raise XlstyrError(word("engine.not_loaded", file=path.name))
        return document

    def is_alive(self) -> bool:
        """Whether it still answers."""
        try:
            return self.desktop.Components is not None
        except load_uno().getClass("com.sun.star.uno.Exception"):
            return False

    def close(self) -> None:
        """Stops a LibreOffice that was started here, its books unsaved; one that ran already is left alone."""
        if self.process is None:
            return
        with contextlib.suppress(Exception):  # whatever state it is in, it shall go
            self._close_documents()
            self.desktop.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self._remove_folder()

    def _close_documents(self) -> None:
        found = self.desktop.Components.createEnumeration()
        for document in [found.nextElement() for _ in iter(found.hasMoreElements, False)]:
            document.setModified(False)  # else it asks whether to save, and waits
            document.close(True)

    def _remove_folder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> Any:
        self._folder = Path(tempfile.mkdtemp(prefix="xlstyr-office-"))
        write_profile(self._folder / "profile")
        arguments = command(self._folder / "profile", self.pipe, visible=self.visible)
        started_here = {**os.environ, PIPE: self.pipe}  # so that what its buttons start finds it
        self.process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=started_here)  # noqa: S603
        for _ in _waiting():
            with contextlib.suppress(XlstyrError):
                return self._attach(self.pipe)
            if self.process.poll() == _FRESH_PROFILE:
                self.process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=started_here)  # noqa: S603
            elif self.process.poll() is not None:
                break
        self.process.kill()
        self.process.wait()
        self.process = None
        self._remove_folder()
        raise XlstyrError(word("engine.no_start"))

    @staticmethod
    def _attach(pipe: str) -> Any:
        uno = load_uno()
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except uno.getClass("com.sun.star.connection.NoConnectException") as error:
            raise XlstyrError(word("engine.no_pipe", pipe=pipe)) from error


def command(profile: Path, pipe: str, *, visible: bool) -> list[str]:
    """The command line of a LibreOffice with ``profile`` that listens on ``pipe``."""
    options = ["--norestore", "--nologo", "--nodefault", f"--accept=pipe,name={pipe};urp;"]
    shown = [] if visible else ["--headless"]
    return [str(find_soffice()), *shown, f"-env:UserInstallation={profile.resolve().as_uri()}", *options]


def write_profile(profile: Path) -> None:
    """Settings of a private profile: recalculate what is opened, ask nothing, run no macros that nobody asked for."""
    items = "\n".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _OPTIONS
    )
    spaces = 'xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    settings = profile / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<oor:items {spaces}>\n{items}\n</oor:items>\n', encoding="utf-8"
    )


def _waiting() -> Iterator[None]:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        yield
        time.sleep(0.05)


def running_pipe() -> str | None:
    """The pipe of the LibreOffice that started this program, if one did."""
    return os.environ.get(PIPE)
