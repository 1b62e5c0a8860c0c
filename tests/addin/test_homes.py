"""Where an open workbook lies, and what that may lead to: never what the workbook itself says of it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import xlwings as xw

from xlstyr.addin.homes import home_of, place_of, settings_path
from xlstyr.addin.running import Work, open_book
from xlstyr.layout.content import Identity
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.round import Round, control_of
from xlstyr.words import word

CLOUD = "https://kommunen.sharepoint.com/sites/Ekonomi/Delade dokument/"


class ExcelBook:
    """A book in Excel for Windows. xlwings' own ``fullname`` reads settings in the book; nobody may ask for it."""

    def __init__(self, app: "ExcelApp", full_name: str, *, saved: bool = True) -> None:
        self.app = app
        self.name = full_name.replace("\\", "/").rpartition("/")[2]
        self.api = SimpleNamespace(FullName=full_name, Saved=saved)
        self.closed = False

    @property
    def fullname(self) -> str:
        """What settings in the book decide."""
        raise AssertionError(self.name)

    def close(self) -> None:
        """Closes it."""
        self.closed = True


class ExcelApp:
    """Excel for Windows with some open books, and how it treats macros."""

    engine = SimpleNamespace(name="excel")

    def __init__(self, *names: str) -> None:
        self.api = SimpleNamespace(AutomationSecurity=1)
        self.books = Open(self, names)


class Open(list[ExcelBook]):
    """Its open books."""

    def __init__(self, app: ExcelApp, names: tuple[str, ...]) -> None:
        super().__init__(ExcelBook(app, name) for name in names)
        self.app = app
        self.security: list[object] = []
        self.failure: Exception | None = None

    def open(self, path: str, **_: object) -> ExcelBook:
        """Opens one, under the security of the moment."""
        self.security.append(self.app.api.AutomationSecurity)
        if self.failure is not None:
            raise self.failure
        self.append(ExcelBook(self.app, path))
        return self[-1]


def excel(*names: str) -> Any:
    """An Excel with books by those names."""
    return ExcelApp(*names)


def test_the_program_says_where_a_book_lies(tmp_path: Path) -> None:
    path = tmp_path / "Budget.xlsx"
    path.touch()
    app = excel(str(path), CLOUD + "Budget.xlsx", "Bok1", str(tmp_path / "borta.xlsx"))
    assert [place_of(book) for book in app.books] == [path, None, None, None]


@pytest.mark.parametrize("error", [OSError, xw.XlwingsError, RuntimeError])
def test_a_book_that_cannot_say_where_it_is_has_no_place(error: type[Exception]) -> None:
    class Broken:
        @property
        def FullName(self) -> str:  # noqa: N802 (Excel's name)
            raise error

    book = excel("Bok1").books[0]
    book.api = Broken()
    assert place_of(book) is None


def test_books_in_the_cloud_are_in_nobodys_way(tmp_path: Path) -> None:
    result = tmp_path / "Budget 2031.xlsx"
    result.touch()
    app = excel(CLOUD + "Annan.xlsx", str(result))
    work = Work(cast("xw.Book", SimpleNamespace(app=app)), cast("Round", SimpleNamespace(folder=tmp_path)))
    work.make_room(result)
    assert [book.closed for book in app.books] == [False, True]
    for open_now in (excel(CLOUD + "Budget 2031.xlsx"), excel(str(tmp_path / "annan" / "Budget 2031.xlsx"))):
        with pytest.raises(XlstyrError) as told:
            Work(cast("xw.Book", SimpleNamespace(app=open_now)), work.round).make_room(result)
        assert str(told.value) == word("addin.same_name", book="Budget 2031.xlsx")
        with pytest.raises(XlstyrError, match="Budget 2031"):
            open_book(open_now, result)
        assert not open_now.books.security


def test_what_a_button_opens_is_opened_without_macros(tmp_path: Path) -> None:
    path = tmp_path / "Svar.xlsx"
    path.touch()
    app = excel(CLOUD + "Annan.xlsx")
    opened = open_book(app, path, read_only=True)
    assert opened.name == path.name
    assert open_book(app, path) is opened
    assert (app.books.security, app.api.AutomationSecurity) == ([3], 1)
    app.books.failure = ValueError("Cannot open two workbooks")
    with pytest.raises(XlstyrError) as told:
        open_book(app, tmp_path / "Andra.xlsx")
    assert str(told.value) == word("addin.same_name", book="Andra.xlsx")
    assert app.api.AutomationSecurity == 1


def test_one_control_workbook_counts(tmp_path: Path) -> None:
    names = ("Styrbok 2031 - Kopia.xlsx", "Styrbok 2031.xlsx", "Styrbok 2031 (1).xlsm", "~$Styrbok 2031.xlsx")
    assert control_of(tmp_path) is None
    (tmp_path / names[3]).touch()
    assert control_of(tmp_path) is None
    (tmp_path / names[0]).touch()
    assert control_of(tmp_path) == tmp_path / names[0]  # the only one: somebody has renamed it
    (tmp_path / names[2]).touch()
    with pytest.raises(XlstyrError, match="Kopia"):
        control_of(tmp_path)
    (tmp_path / names[1]).touch()
    assert control_of(tmp_path) == tmp_path / names[1]
    for other in ("Styrbok 2030.xlsx", "Styrbok 2031.xlsm"):
        (tmp_path / other).touch()
        with pytest.raises(XlstyrError, match=other):
            control_of(tmp_path)
        (tmp_path / other).unlink()


def test_a_folder_with_several_does_not_hide_the_round(exempelby: Path, copied: Callable[[Path], Path]) -> None:
    folder = copied(exempelby)
    identity = Identity("rollup", "exempelby-2031", "kommunen", "proposal", 1, 0, "")
    book = excel("Bok1").books[0]
    crowded = folder.parent / "flera"
    crowded.mkdir()
    for year in (2030, 2031):
        shutil.copyfile(next(folder.glob("Styrbok*.xlsx")), crowded / f"Styrbok {year}.xlsx")
    settings_path().parent.mkdir(exist_ok=True)
    settings_path().write_text(f"rounds = ['{crowded}', '{folder}']", "utf-8")
    with home_of(book, identity) as round_:
        assert round_.folder == folder
    settings_path().write_text(f"rounds = ['{crowded}']", "utf-8")
    with pytest.raises(XlstyrError, match=r"Styrbok 2030\.xlsx, Styrbok 2031\.xlsx"):
        home_of(book, identity)
