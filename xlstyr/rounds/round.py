"""One planning round: a folder with its control workbook and register, opened for work."""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from xlstyr.excel.stamp import Stamp
from xlstyr.excel.theme import Theme
from xlstyr.layout.definition import Workbook
from xlstyr.layout.lists import Lists
from xlstyr.layout.load import dump_workbook, load_workbook, parse_workbook
from xlstyr.layout.raw import RawBook
from xlstyr.model.days import local_day
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.model.premises import Premises
from xlstyr.rounds.children.workers import Reading, shared_reading
from xlstyr.rounds.control import read_control
from xlstyr.rounds.mailbook import Mailbook
from xlstyr.rounds.prefill import lists_of
from xlstyr.rounds.register import Register
from xlstyr.rounds.resources import templates
from xlstyr.rounds.safe import sweep
from xlstyr.rounds.settings import Settings, load_settings
from xlstyr.rounds.succeeding import reached_from
from xlstyr.words import word

THEME = "theme.toml"


class BrokenControlError(XlstyrError):
    """The control workbook has faults; ``findings`` names them."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(word("cli.errors.control"))
        self.findings = findings


@dataclass
class Round:
    """A round in ``folder``. ``now`` is the time that events get, fixed while a command runs.

    Entered (``with``) it raises ``XlstyrError`` when ``xlstyr.toml`` can't be used.
    """

    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    read_control: Callable[[Path, Path], tuple[Premises | None, list[Finding]]] = read_control

    def __post_init__(self) -> None:
        if self.control_path is None:
            raise XlstyrError(word("cli.errors.no_round", folder=self.folder.resolve()))
        sweep(self.folder)

    @property
    def today(self) -> date:
        """The Swedish calendar day of ``now``: the day that every deadline is compared with."""
        return local_day(self.now)

    @cached_property
    def control_path(self) -> Path | None:
        """The control workbook; None when there is none. Raises ``XlstyrError`` when there are several."""
        return control_of(self.folder)

    @cached_property
    def _control(self) -> tuple[Premises, list[Finding]]:
        assert self.control_path is not None
        premises, findings = self.read_control(self.control_path, templates())
        if premises is None:
            raise BrokenControlError(findings)
        return premises, findings

    @property
    def premises(self) -> Premises:
        """The round's premises. Raises ``BrokenControlError`` when the control workbook can't be used."""
        return self._control[0]

    @property
    def control_findings(self) -> list[Finding]:
        """What the control workbook should have looked at (no fel: then it can't be used)."""
        return self._control[1]

    @cached_property
    def part(self) -> str | None:
        """The node whose part of a round this folder holds (``init --part``); None: the whole round."""
        return self.register.note("part")

    @cached_property
    def reach(self) -> frozenset[str]:
        """The nodes whose answers belong in this folder: all; in a part those below its node by decision or line."""
        organisation = self.premises.organisation
        if self.part is None:
            return frozenset(organisation.nodes)
        return reached_from(self.premises, organisation.reach(self.part)) if self.part in organisation else frozenset()

    @cached_property
    def file_names(self) -> Counter[str]:
        """How many nodes share each name, as files spell it."""
        return Counter(file_name(node.name).casefold() for node in self.premises.organisation)

    @cached_property
    def names(self) -> dict[str, str]:
        """What people call each node."""
        return {node.id: node.name for node in self.premises.organisation}

    @cached_property
    def lists(self) -> Lists:
        """The lists that references choose from."""
        return lists_of(self.premises)

    @cached_property
    def theme(self) -> Theme:
        """The round's own theme, else the shipped one."""
        own = self.folder / THEME
        return Theme.load(own if own.is_file() else templates() / THEME)

    @cached_property
    def register(self) -> Register:
        """The register, opened when first needed."""
        return Register(self.folder / word("folders.register"))

    @cached_property
    def mailbook(self) -> Mailbook:
        """What has come and gone by mail."""
        return Mailbook(self.register)

    @cached_property
    def settings(self) -> Settings:
        """How xlstyr works in this folder. Raises ``XlstyrError`` when ``xlstyr.toml`` can't be used."""
        return load_settings(self.folder)

    def read(self, data: bytes) -> tuple[RawBook | None, list[Finding]]:
        """What stands in a file that arrived: through the gate, and then read twice in a process of its own."""
        ahead = self._ahead.pop(hashlib.sha256(data).hexdigest(), None) if self._ahead else None
        return ahead if ahead is not None else self.reading.read(data)

    def read_ahead(self, data: bytes) -> None:
        """Reads a file that will be asked for soon; may be called from another thread."""
        self._ahead[hashlib.sha256(data).hexdigest()] = self.reading.read(data)

    @cached_property
    def _ahead(self) -> dict[str, tuple[RawBook | None, list[Finding]]]:
        return {}

    @property
    def reading(self) -> Reading:
        """What reads files, within the round's limits."""
        return shared_reading(self.settings.limits)

    def folder_of(self, name: str) -> Path:
        """One of the round's folders, by its name in ``words/folders.toml``."""
        return self.folder / word(f"folders.{name}")

    @cached_property
    def _layouts(self) -> dict[str, Workbook]:
        return {}

    def layout(self, key: str) -> Workbook:
        """The current definition ``key`` for the round's year, kept in the register."""
        if key not in self._layouts:
            workbook = load_workbook(key, self.premises.settings.year, templates())
            with self.register.transaction():
                self.register.add_layout(workbook.digest, dump_workbook(workbook))
            self._layouts[key] = self._layouts[workbook.digest] = workbook
        return self._layouts[key]

    def issued_layout(self, digest: str) -> Workbook | None:
        """The definition that was issued as ``digest``; None when it never was."""
        if digest not in self._layouts:
            text = self.register.layout(digest)
            if text is None:
                return None
            self._layouts[digest] = parse_workbook(text).model_copy(update={"digest": digest})
        return self._layouts[digest]

    @cached_property
    def _stamps(self) -> dict[tuple[str, bool], Stamp]:
        return {}

    def stamp(self, workbook: Workbook, commented: bool = False) -> Stamp:
        """The stamp of ``workbook``, made once."""
        key = (f"{workbook.digest} {len(workbook.sheets)}", commented)
        if key not in self._stamps:
            self._stamps[key] = Stamp(workbook, self.theme, self.lists, commented)
        return self._stamps[key]

    def close(self) -> None:
        """Close what is open."""
        if "register" in self.__dict__:
            self.register.close()

    def __enter__(self) -> Self:
        _ = self.settings  # a misspelt line stops every command, not only those that need it
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def replaced_controls(folder: Path, name: str) -> list[Path]:
    """The control workbooks in ``folder`` that one called ``name`` takes the place of; copies are left alone."""
    return [path for path in _controls(folder) if path.name != name and _is_exact(path)]


def _controls(folder: Path) -> list[Path]:
    pattern = word("folders.control", year="*").removesuffix("x")
    return [path for ending in "xm" for path in folder.glob(pattern + ending) if not path.name.startswith("~$")]


def _is_exact(path: Path) -> bool:
    beginning = word("folders.control", year="*").partition("*")[0]
    return re.fullmatch(r"[0-9]{4}", path.stem.removeprefix(beginning)) is not None


def control_of(folder: Path) -> Path | None:
    """The control workbook in ``folder``; None when there is none.

    One that is named exactly as they are goes before those whose names only begin so, such as copies.

    Raises:
        XlstyrError: there are several left to choose between, and which one counts is nobody's guess.
    """
    found = _controls(folder)
    left = [path for path in found if _is_exact(path)] or found
    if len(left) > 1:
        names = ", ".join(sorted(path.name for path in left))
        raise XlstyrError(word("cli.errors.several_controls", folder=folder.resolve(), names=names))
    return left[0] if left else None


def file_name(text: str) -> str:
    """``text`` as a file name that Windows, macOS and Linux take: letters with rings and dots and blanks stay."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", text).strip(" .")[:150]


def shown_name(round_: Round, node: str) -> str:
    """What files call ``node``: its name, with its id where nodes share a name."""
    name = round_.names.get(node, node)
    return f"{name} ({node})" if round_.file_names[file_name(name).casefold()] > 1 else name


def copy_theme(folder: Path) -> None:
    """The shipped theme in the round's folder, to change."""
    shutil.copyfile(templates() / THEME, folder / THEME)
