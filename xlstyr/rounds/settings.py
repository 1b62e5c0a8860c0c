"""How xlstyr works in one round folder: ``xlstyr.toml``, owned by IT. Everything has a default, no secrets."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xlstyr.model.errors import XlstyrError

FILE = "xlstyr.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(_Section):
    """Whom messages come from, and where answers go. ``largest`` is the size of one message in MiB."""

    address: str = ""
    name: str = ""
    answers: str = ""
    largest: int = Field(default=20, ge=1)


class Server(_Section):
    """A mail server. ``secret`` says where the password or token is: ``env:NAME`` or ``keyring:SERVICE``."""

    host: str = ""
    port: int = Field(default=0, ge=0, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    login: Literal["password", "xoauth2", "none"] = "password"
    secret: str = ""
    ca_file: str = ""
    seconds: float = Field(default=30, gt=0)


class Smtp(Server):
    """Sending: at most ``per_minute`` messages, each tried ``attempts`` times."""

    per_minute: int = Field(default=30, ge=1)
    attempts: int = Field(default=3, ge=1)


class Imap(Server):
    """Fetching from ``folder``; what is done is flagged, or moved to ``move_to`` when that is named."""

    security: Literal["starttls", "tls", "none"] = "tls"
    folder: str = "INBOX"
    move_to: str = ""


class Limits(_Section):
    """What may come in. Sizes in MiB, times in seconds. The defaults are measured on ordinary workbooks."""

    file: int = Field(default=25, ge=1)
    entries: int = Field(default=2000, ge=1)
    unpacked: int = Field(default=256, ge=1)
    part: int = Field(default=128, ge=1)
    ratio: int = Field(default=100, ge=2)
    ratio_from: int = Field(default=1, ge=1)
    workbook_memory: int = Field(default=1024, ge=256)
    workbook_seconds: float = Field(default=20, gt=0)
    answer: int = Field(default=64, ge=1)
    message: int = Field(default=40, ge=1)
    message_unpacked: int = Field(default=40, ge=1)
    message_parts: int = Field(default=500, ge=1)
    message_depth: int = Field(default=12, ge=2)
    message_zips: int = Field(default=3, ge=1)
    message_memory: int = Field(default=256, ge=128)
    message_seconds: float = Field(default=2, gt=0)
    workers: int = Field(default=0, ge=0)


class Reminder(_Section):
    """One step: from ``days`` after the deadline (negative: before it), to these besides the responsible."""

    days: int
    copy_to: tuple[Literal["controller", "certifier", "line_parent"], ...] = ()


class Inbox(_Section):
    """Folders that are watched besides the round's own ``inkorg``; relative ones are in the round folder."""

    folders: tuple[str, ...] = ()


class Settings(_Section):
    """The whole of ``xlstyr.toml``."""

    sender: Sender = Sender()
    smtp: Smtp = Smtp()
    imap: Imap = Imap()
    limits: Limits = Limits()
    inbox: Inbox = Inbox()
    reminder: tuple[Reminder, ...] = (
        Reminder(days=-3),
        Reminder(days=1, copy_to=("controller",)),
        Reminder(days=5, copy_to=("controller", "line_parent")),
    )


def load_settings(folder: Path) -> Settings:
    """The settings of the round in ``folder``, the defaults where there is no file.

    Raises:
        XlstyrError: the file isn't TOML, or holds a key or value that doesn't belong there; file and key are named.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise XlstyrError(f"{FILE}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise XlstyrError(f"{FILE}: {faults}") from error
