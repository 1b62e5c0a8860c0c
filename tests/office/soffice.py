"""A private, headless LibreOffice for the tests, driven over a UNO pipe."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.office.a1 import join
from tests.office.poison import poison
from tests.office.runtime import OfficeError, find_soffice, load_uno, properties
from tests.office.values import Error

Format = Literal["xlsx", "ods", "xls", "xlsm", "csv", "pdf"]
Calculated = float | str | Error

_FILTERS: dict[Format, str] = {
    "xlsx": "Calc MS Excel 2007 XML",
    "xlsm": "Calc MS Excel 2007 VBA XML",
    "ods": "calc8",
    "xls": "MS Excel 97",
    "csv": "Text - txt - csv (StarCalc)",
    "pdf": "calc_pdf_Export",
}
_FRESH_PROFILE = 81  # the exit code by which a new profile asks to be started once more
_FORMULAS = 16  # com.sun.star.sheet.CellFlags.FORMULA
_NEVER = 1  # recalculation on load: only calculateAll() may compute
_START_SECONDS = 90

_OPTIONS = (
    ("org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", _NEVER),
    ("org.openoffice.Office.Calc/Formula/Load", "ODFRecalcMode", _NEVER),
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", 0),
    ("org.openoffice.Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("org.openoffice.Setup/Product", "ooSetupLastVersion", "99.9"),
    ("org.openoffice.Setup/L10N", "ooSetupSystemLocale", "sv-SE"),
)


def _settings() -> str:
    """Returns the text of the profile's settings file."""
    items = "\n".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _OPTIONS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
        f"{items}\n</oor:items>\n"
    )


class Office:
    """One LibreOffice with its own profile; starts again by itself if it has died.

    Files are always opened as private copies: originals get no lock file and cannot be changed.

    Attributes:
        limit: Seconds that one call may take before LibreOffice is killed.
        process: The program, while it runs.
    """

    def __init__(self, *, limit: float = 180) -> None:
        """Prepares; the program starts on entering the context or at the first call."""
        self.limit = limit
        self._folder = Path(tempfile.mkdtemp(prefix="xlstyr-office-"))
        self.process: subprocess.Popen[bytes] | None = None
        self._desktop: Any = None

    def __enter__(self) -> Self:
        """Starts LibreOffice."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops LibreOffice and removes its profile."""
        self.close()

    def close(self) -> None:
        """Stops LibreOffice and removes its profile."""
        if self.process is not None:
            try:
                with self._guard(10):
                    self._desktop.terminate()
                self.process.wait(10)
            except (OfficeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process = self._desktop = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, path: Path | str, *, macros: bool = False) -> Any:
        """Opens a private copy of a file, hidden, and returns the document to be closed.

        Args:
            path: Any file that LibreOffice reads.
            macros: Whether the document's macros may run.
        """
        self._start()
        source = Path(path)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        copy = folder / source.name
        shutil.copyfile(source, copy)
        options = properties(Hidden=True, MacroExecutionMode=4 if macros else 0, UpdateDocMode=0)
        document = self._desktop.loadComponentFromURL(copy.as_uri(), "_blank", 0, options)
        if document is None:
            raise OfficeError(f"LibreOffice cannot open {source}")
        return document

    @contextmanager
    def opened(self, path: Path | str, *, macros: bool = False) -> Iterator[Any]:
        """Opens a private copy of a file for the length of a ``with``, under the time limit."""
        self._start()
        with self._guard(self.limit):
            document = self.open(path, macros=macros)
            try:
                yield document
            finally:
                document.close(True)

    def recalculated(self, path: Path | str) -> dict[tuple[str, str], Calculated]:
        """Returns the value of every formula cell as LibreOffice computes it.

        Every cached value is replaced by a wrong one first, so nothing can be merely re-read.

        Args:
            path: An xlsx workbook; it is not changed.

        Returns:
            Values by (sheet title, reference without dollar signs).
        """
        source = Path(path)
        poisoned = self._folder / f"poisoned-{uuid.uuid4().hex}{source.suffix}"
        poisoned.write_bytes(poison(source.read_bytes()))
        try:
            with self.opened(poisoned) as document:
                document.calculateAll()
                return formula_values(document)
        finally:
            poisoned.unlink()

    def resave(self, source: Path | str, target: Path | str, fmt: Format = "xlsx") -> Path:
        """Opens a file and saves it as another, as a user of LibreOffice would."""
        with self.opened(source) as document:
            return _store(document, target, fmt)

    def edit(self, source: Path | str, target: Path | str, change: Callable[[Any], object]) -> Path:
        """Lets ``change`` alter the open document, and saves it as xlsx.

        Args:
            source: The workbook to start from; it is not changed.
            target: Where the changed workbook goes.
            change: Is handed the UNO document; ``tests.office.hand.Hand`` wraps it.
        """
        with self.opened(source) as document:
            change(document)
            return _store(document, target, "xlsx")

    def pdf(self, source: Path | str, target: Path | str, *, recalculate: bool = False) -> Path:
        """Prints all visible sheets to a PDF; cached values are shown unless recalculated."""
        with self.opened(source) as document:
            if recalculate:
                document.calculateAll()
            return _store(document, target, "pdf")

    def png(
        self,
        source: Path | str,
        folder: Path | str,
        dpi: int = 80,
        *,
        recalculate: bool = False,
    ) -> list[Path]:
        """Prints all visible sheets and returns one PNG a page, in order."""
        into, stem = Path(folder), Path(source).stem
        into.mkdir(parents=True, exist_ok=True)
        printed = self._folder / f"{uuid.uuid4().hex}.pdf"
        self.pdf(source, printed, recalculate=recalculate)
        for old in into.glob(f"{stem}-*.png"):
            old.unlink()
        try:
            subprocess.run(
                ["pdftoppm", "-png", "-r", str(dpi), str(printed), str(into / stem)],
                check=True,
                timeout=self.limit,
            )
        finally:
            printed.unlink()
        return sorted(into.glob(f"{stem}-*.png"))

    def _start(self) -> None:
        """Starts the program unless it is running."""
        if self.process is not None and self.process.poll() is None:
            return
        uno = load_uno()
        profile = self._folder / "profile"
        settings = profile / "user" / "registrymodifications.xcu"
        if not settings.exists():
            settings.parent.mkdir(parents=True, exist_ok=True)
            settings.write_text(_settings(), encoding="utf-8")
        pipe = f"xlstyr{uuid.uuid4().hex}"
        command = [
            str(find_soffice()),
            "--headless",
            "--norestore",
            "--nologo",
            "--nodefault",
            "--nolockcheck",
            f"-env:UserInstallation={profile.as_uri()}",
            f"--accept=pipe,name={pipe};urp;StarOffice.ComponentContext",
        ]
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        not_yet = uno.getClass("com.sun.star.connection.NoConnectException")
        address = f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext"
        deadline = time.monotonic() + _START_SECONDS
        process = _launch(command)
        while True:
            try:
                context = resolver.resolve(address)
                break
            except not_yet:
                code = process.poll()
                if code == _FRESH_PROFILE:
                    process = _launch(command)
                elif code is not None:
                    raise OfficeError(f"LibreOffice ended with exit code {code}") from None
                elif time.monotonic() > deadline:
                    process.kill()
                    raise OfficeError("LibreOffice did not answer in time") from None
                time.sleep(0.05)
        self.process = process
        self._desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)

    @contextmanager
    def _guard(self, seconds: float) -> Iterator[None]:
        """Kills LibreOffice if the body takes too long, so that a test fails and never hangs.

        Raises:
            OfficeError: It took too long, or LibreOffice died; the next call starts it again.
        """
        process = self.process
        assert process is not None
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if not late.is_set() and "DisposedException" not in type(error).__name__:
                raise
            process.kill()
            process.wait()
            why = f"took more than {seconds} s" if late.is_set() else "died"
            raise OfficeError(f"LibreOffice {why}") from error
        finally:
            timer.cancel()


def _launch(command: list[str]) -> subprocess.Popen[bytes]:
    """Starts soffice without a display."""
    return subprocess.Popen(
        command,
        env={**os.environ, "SAL_USE_VCLPLUGIN": "svp"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _store(document: Any, target: Path | str, fmt: Format) -> Path:
    """Saves a copy of the open document."""
    path = Path(target).resolve()
    document.storeToURL(path.as_uri(), properties(FilterName=_FILTERS[fmt]))
    return path


def formula_values(document: Any) -> dict[tuple[str, str], Calculated]:
    """Returns the present value of every formula cell of an open document.

    Values are fetched for the whole area that holds a sheet's formulas in one call; a cell is
    visited on its own only where that call gives nothing, which is how it shows an error.
    """
    values: dict[tuple[str, str], Calculated] = {}
    sheets = document.Sheets
    for index in range(sheets.Count):
        sheet = sheets.getByIndex(index)
        areas = sheet.queryContentCells(_FORMULAS).RangeAddresses
        if not areas:
            continue
        top = min(area.StartRow for area in areas)
        left = min(area.StartColumn for area in areas)
        bottom = max(area.EndRow for area in areas)
        right = max(area.EndColumn for area in areas)
        data = sheet.getCellRangeByPosition(left, top, right, bottom).getDataArray()
        title = sheet.Name
        for area in areas:
            for row in range(area.StartRow, area.EndRow + 1):
                line = data[row - top]
                for column in range(area.StartColumn, area.EndColumn + 1):
                    value = line[column - left]
                    if not isinstance(value, float | str):
                        cell = sheet.getCellByPosition(column, row)
                        value = Error(cell.String or f"Err:{cell.getError()}")
                    values[title, join(row + 1, column + 1)] = value
    return values
