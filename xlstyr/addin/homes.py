"""Which round an open workbook belongs to: the folder above it, else one that the user's own settings name."""

import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import xlwings as xw

from xlstyr.addin.native import full_name
from xlstyr.addin.own import own_folder
from xlstyr.addin.remembering import remembered_control
from xlstyr.layout.content import Identity
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.round import Round, control_of
from xlstyr.words import word

FILE = "xlstyr.toml"


def place_of(book: xw.Book) -> Path | None:
    """The file of ``book``; None when it was never saved, or lies where no program but Excel reaches it.

    The program itself is asked: xlwings guesses where a book from the cloud lies, as settings inside that book say.
    """
    try:
        text = full_name(book)
        path = Path(text)
        return path if "://" not in text and path.is_absolute() and path.is_file() else None
    except Exception:  # noqa: BLE001 (each program raises its own, and a book that can't say where it is has no place)
        return None


def named(app: xw.App, name: str) -> list[xw.Book]:
    """The open books called ``name``, wherever they lie."""
    return [book for book in app.books if _folded(book.name) == _folded(name)]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def home_of(book: xw.Book, identity: Identity) -> Round:
    """The round that ``identity`` names, open.

    Raises:
        XlstyrError: it is nowhere to be found, or its control workbook can't be used.
    """
    broken: XlstyrError | None = None
    for folder in dict.fromkeys(_candidates(book)):
        try:
            if (round_ := _round_in(folder, identity.round)) is not None:
                return round_
        except XlstyrError as error:
            broken = broken or error
    if broken is not None:
        raise broken
    raise XlstyrError(word("addin.no_home", round=identity.round, settings=settings_path()))


def _round_in(folder: Path, wanted: str) -> Round | None:
    """The round in ``folder``, open, when it is the one that is ``wanted``."""
    if control_of(folder) is None:
        return None
    round_ = Round(folder, read_control=remembered_control)
    try:
        if round_.premises.settings.round == wanted:
            return with_register(round_)
    except XlstyrError:
        round_.close()
        raise
    round_.close()
    return None


def with_register(round_: Round) -> Round:
    """``round_`` when its register is there. Raises ``XlstyrError`` when nothing has been issued from the folder."""
    if not (round_.folder / word("folders.register")).is_file():
        raise XlstyrError(word("addin.no_register", folder=round_.folder))
    return round_


def settings_path() -> Path:
    """The user's own settings."""
    return own_folder() / FILE


def _candidates(book: xw.Book) -> Iterator[Path]:
    place = place_of(book)
    yield from place.parents if place is not None else ()
    yield from named_rounds()


def named_rounds() -> list[Path]:
    """The folders in the user's settings. Raises ``XlstyrError`` when they can't be read."""
    path = settings_path()
    if not path.is_file():
        return []
    try:
        folders = tomllib.loads(path.read_text("utf-8")).get("rounds", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise XlstyrError(word("addin.bad_settings", file=path, detail=error)) from error
    if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
        raise XlstyrError(word("addin.bad_settings", file=path, detail="rounds"))
    return [Path(folder).expanduser() for folder in folders]
