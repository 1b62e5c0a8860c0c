"""Which round an open workbook belongs to: the folder above it, else one that the user's own settings name."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import xlwings as xw

from xlstyr.layout.content import Identity
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.round import Round
from xlstyr.words import word

FOLDER, FILE = ".xlstyr", "xlstyr.toml"


def place_of(book: xw.Book) -> Path | None:
    """The file of ``book``; None when it was never saved, or lies where no program but Excel reaches it."""
    path = Path(book.fullname)
    return path if path.is_absolute() and path.is_file() else None


def home_of(book: xw.Book, identity: Identity) -> Round:
    """The round that ``identity`` names, open.

    Raises:
        XlstyrError: it is nowhere to be found, or its control workbook can't be used.
    """
    broken: XlstyrError | None = None
    for folder in dict.fromkeys(_candidates(book)):
        if not _has_control(folder):
            continue
        round_ = Round(folder)
        try:
            if round_.premises.settings.round == identity.round:
                return with_register(round_)
        except XlstyrError as error:
            broken = broken or error
        round_.close()
    if broken is not None:
        raise broken
    raise XlstyrError(word("addin.no_home", round=identity.round, settings=settings_path()))


def with_register(round_: Round) -> Round:
    """``round_`` when its register is there. Raises ``XlstyrError`` when nothing has been issued from the folder."""
    if not (round_.folder / word("folders.register")).is_file():
        raise XlstyrError(word("addin.no_register", folder=round_.folder))
    return round_


def settings_path() -> Path:
    """The user's own settings."""
    return Path.home() / FOLDER / FILE


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


def _has_control(folder: Path) -> bool:
    pattern = word("folders.control", year="*").removesuffix("x")
    return any(not path.name.startswith("~$") for ending in ("x", "m") for path in folder.glob(pattern + ending))
