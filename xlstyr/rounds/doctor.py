"""Examines the computer and a round's folder: what stops the work, what should be looked at, and how to mend it."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

from xlstyr.excel.theme import Theme
from xlstyr.mail.secrets import read_secret
from xlstyr.mail.smtp import Pace, Post
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding
from xlstyr.rounds.control import read_control
from xlstyr.rounds.incoming.fetching import open_mailbox
from xlstyr.rounds.outgoing.delivering import server_of
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import THEME, Round
from xlstyr.rounds.safe import write_safely
from xlstyr.rounds.settings import FILE, Server
from xlstyr.words import word

_OLDEST = (3, 11)
_REQUIREMENT = re.compile(r"([\w.-]+)[^;]*?>=\s*([\d.]+)[^;]*$")
_ZONE = "Europe/Stockholm"
_LITTLE, _NONE = 2 * 1024**3, 200 * 1024**2  # bytes left on the disk
_APART = 120  # seconds between two clocks
_LONG = 300  # characters; Windows takes 260 unless it is told otherwise
_TRIES = 5
_SWEDISH = word("deploy.probe")
_TAKEN = 3
_TAKE = f"""
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("begin immediate")
except sqlite3.OperationalError:
    sys.exit({_TAKEN})
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing examined. ``state``: good, hint (look at it), stop (the work can't be done). ``cure`` "" when good."""

    key: str
    state: Literal["good", "hint", "stop"]
    text: str
    cure: str = ""


def good(key: str, /, **args: object) -> Check:
    """Nothing to do."""
    return Check(key, "good", word(f"deploy.good.{key}", **args))


def bad(
    key: str,
    state: Literal["hint", "stop"],
    /,
    text: str = "",
    cure: str = "",
    command: str = "",
    **args: object,
) -> Check:
    """Something to do; ``text`` and ``cure`` name other words than ``key``, and ``command`` stands in the cure."""
    said = word(f"deploy.bad.{text or key}", **args)
    return Check(
        key, state, said, word(f"deploy.cure.{cure or text or key}", **({"command": command} if command else {}))
    )


def examine_program(now: datetime) -> list[Check]:
    """Python, its packages, and the clock; ``now`` in the computer's own time zone."""
    return [_python(), _packages(), _zone(now)]


def _python() -> Check:
    version, bits = ".".join(map(str, sys.version_info[:3])), 64 if sys.maxsize > 2**32 else 32
    if sys.version_info < _OLDEST:
        return bad("python", "stop", text="old", version=version)
    if bits == 32:
        return bad("python", "hint", text="bits", version=version)
    return good("python", version=version, bits=bits)


def _packages() -> Check:
    wanted = [found for line in metadata.requires("xlstyr") or () if (found := _REQUIREMENT.fullmatch(line))]
    names = {found[1]: found[2] for found in wanted}
    lacking = [f"{name}>={least}" for name, least in names.items() if _older(name, least)]
    if lacking:
        command = (
            f'"{sys.executable}" -m pip install --upgrade {" ".join(f"{chr(34)}{one}{chr(34)}" for one in lacking)}'
        )
        return bad("packages", "stop", names=", ".join(lacking), command=command)
    versions = {name: metadata.version(name) for name in ("xlwings", "openpyxl")}
    return good("packages", count=len(names), **versions)


def _older(name: str, least: str) -> bool:
    try:
        return _release(metadata.version(name)) < _release(least)
    except metadata.PackageNotFoundError:
        return True


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version.partition("+")[0])[:3]))


def _zone(now: datetime) -> Check:
    from zoneinfo import ZoneInfo

    offset, swedish = now.utcoffset(), now.astimezone(ZoneInfo(_ZONE)).utcoffset()
    assert offset is not None
    if offset != swedish:
        return bad("zone", "hint", hours=f"{offset.total_seconds() / 3600:+g}")
    return good("zone")


def examine_round(folder: Path, *, net: bool = False) -> Iterator[Check]:
    """What a round needs of its disk, and whether its files can be used; ``net`` tries the mail servers too.

    Nothing is left in ``folder`` and no message is sent or marked.

    Raises:
        XlstyrError: there is no round there.
    """
    with closing(Round(folder)) as round_:
        yield from _disk(folder)
        yield from _settings(round_, net=net)
        yield _theme(folder)
        yield _control(round_)
        yield from _register(folder / word("folders.register"))


def _disk(folder: Path) -> Iterator[Check]:
    try:
        with tempfile.TemporaryDirectory(prefix=".~", dir=folder, ignore_cleanup_errors=True) as name:
            place = Path(name)
            yield _written(place)
            yield _clock(place)
            yield _named(place)
            yield _locked(place / "lock.db")
    except (OSError, XlstyrError) as error:
        yield bad("folder", "stop", why=error)
    free = shutil.disk_usage(folder).free
    left = f"{free / 1024**3:.1f}".replace(".", ",")
    if free < _LITTLE:
        yield bad("space", "stop" if free < _NONE else "hint", free=left)
    else:
        yield good("space", free=left)


def _written(place: Path) -> Check:
    started = time.perf_counter()
    for number in range(_TRIES):
        write_safely(place / "prov.bin", bytes([number]) * 65536)
    return good("folder", milliseconds=round((time.perf_counter() - started) * 1000 / _TRIES))


def _clock(place: Path) -> Check:
    probe = place / "klocka"
    probe.touch()
    apart = round(probe.stat().st_mtime - time.time())
    return bad("clock", "hint", seconds=apart) if abs(apart) > _APART else good("clock")


def _named(place: Path) -> Check:
    try:
        (place / _SWEDISH).write_bytes(b"")
    except OSError as error:
        return bad("names", "stop", text="swedish", why=error.strerror)
    if _SWEDISH not in os.listdir(place):  # noqa: PTH208 (the name as the disk spells it)
        return bad("names", "hint", text="changed")
    deep = place
    while len(str(deep)) < _LONG:
        deep /= "x" * 60
    try:
        deep.mkdir(parents=True)
        (deep / _SWEDISH).write_bytes(b"")
    except OSError:
        return bad("names", "hint", text="long")
    return good("names")


def _locked(path: Path) -> Check:
    """Whether another process is kept out while one writes, and let in afterwards."""
    try:
        with closing(sqlite3.connect(path)) as own:
            own.execute("create table prov (x)")
            own.execute("begin immediate")
            while_taken = _try_lock(path)
            own.rollback()
    except sqlite3.Error as error:
        return bad("locks", "stop", text="no_locks", cure="locks", why=error)
    if while_taken != _TAKEN or _try_lock(path) != 0:
        return bad("locks", "stop")
    return good("locks")


def _try_lock(path: Path) -> int:
    command = [sys.executable, "-I", "-c", _TAKE, str(path)]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode  # noqa: S603


def _settings(round_: Round, *, net: bool) -> Iterator[Check]:
    try:
        settings = round_.settings
    except (XlstyrError, OSError) as error:
        yield bad("settings", "stop", why=error)
        return
    if (round_.folder / FILE).is_file():
        yield good("settings")
    secret = [server for server in (settings.smtp, settings.imap) if server.host and server.login != "none"]
    if secret:
        yield _secrets(secret)
    if net and settings.smtp.host:
        yield _reached("smtp", settings.smtp.host, lambda: _call(round_))
    if net and settings.imap.host:
        yield _reached("imap", settings.imap.host, lambda: open_mailbox(round_).close())


def _secrets(servers: Sequence[Server]) -> Check:
    try:
        for server in servers:
            read_secret(server.secret, server.user)
    except XlstyrError as error:
        return bad("secrets", "stop", why=error)
    return good("secrets", count=len(servers))


class _Call(Post):
    """A connection that is made and sends nothing."""

    def connect(self) -> None:
        """Connects and logs in. Raises ``XlstyrError`` when it can't."""
        self._connected()


def _call(round_: Round) -> None:
    with _Call(replace(server_of(round_), attempts=1), Pace()) as call:
        call.connect()


def _reached(key: str, host: str, reach: Callable[[], None]) -> Check:
    try:
        reach()
    except (XlstyrError, OSError) as error:
        return bad(key, "stop", cure="server", host=host, why=error)
    return good(key, host=host)


def _theme(folder: Path) -> Check:
    own = folder / THEME
    try:
        theme = Theme.load(own if own.is_file() else templates() / THEME)
    except (XlstyrError, KeyError, TypeError) as error:
        return bad("theme", "stop", why=error)
    if theme.logo is not None and not theme.logo.is_file():
        return bad("theme", "stop", text="logo", file=theme.logo.name)
    return good("theme")


def _control(round_: Round) -> Check:
    path = round_.control_path
    assert path is not None
    try:
        premises, findings = read_control(path, templates())
    except OSError as error:
        return bad("control", "stop", file=path.name, count=1, first=error.strerror)
    worst = [one for one in findings if one.severity == "fel"] or [one for one in findings if one.severity == "varning"]
    if premises is None:
        return bad("control", "stop", file=path.name, count=len(worst), first=_told(worst[0]))
    if worst:
        return bad("control", "hint", text="remarks", file=path.name, count=len(worst), first=_told(worst[0]))
    return good("control", file=path.name)


def _register(path: Path) -> Iterator[Check]:
    """Whether the register is whole, read without a change; nothing before there is one."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (state,) = db.execute("pragma quick_check(1)").fetchone()
            (stated,) = db.execute("select count(*) from meta where key = 'schema'").fetchone()
    except sqlite3.Error as error:
        if "lock" in str(error) or "disk I/O" in str(error):
            return  # the disk's fault, told already
        state, stated = str(error), 1
    if state != "ok":
        yield bad("register", "stop", file=path.name, why=state)
    else:
        yield good("register") if stated else bad("register", "stop", text="no_schema", cure="register", file=path.name)


def _told(finding: Finding) -> str:
    place = " ".join(part for part in (finding.place.sheet, finding.place.cell) if part)
    return f"{finding.code} {place}: {finding.message} {finding.fix}"


def local_now() -> datetime:
    """The time in the computer's own time zone."""
    return datetime.now(UTC).astimezone()
