"""Fetching from a mailbox by IMAP: message by message, unchanged until each is safe, then flagged or moved."""

import base64
import contextlib
import imaplib
import itertools
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from xlstyr.mail.headers import date_of
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

MARK = "$Xlstyr"
_PORT, _TLS_PORT = 143, 993
_AT_ONCE = 500  # UIDs in one command
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"', re.IGNORECASE)
_ID = re.compile(rb"message-id:\s*([^\r\n]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mailbox is. ``security``: tls, starttls, none; ``login``: password, xoauth2, none. Port 0: the usual.

    ``secret`` is the password or token itself and is never shown. ``move_to`` names the folder for what is done,
    ``""``: it is flagged where it lies.
    """

    host: str
    user: str
    secret: str
    port: int = 0
    security: str = "tls"
    login: str = "password"
    ca_file: str = ""
    seconds: float = 30
    folder: str = "INBOX"
    move_to: str = ""

    def __repr__(self) -> str:
        return f"{self.user}@{self.host}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One message that waits: its UID in the opened folder, and its size in bytes as the server states it."""

    uid: str
    size: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message's bytes, and when the server got it (UTC); None when it doesn't say."""

    data: bytes
    received: datetime | None


class NotHandedOutError(XlstyrError):
    """The server refused one message; others may be had."""


class Mailbox:
    """One folder of an account, open. Nothing is changed but by ``done``, and nothing is removed but by moving it.

    Raises:
        XlstyrError: no connection, an unknown certificate, a refused login, a folder that isn't there or read-only.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        with self._told():
            self._imap = _connected(account)
        try:
            with self._told():
                self._log_in()
                self._select()
        except BaseException:
            self.close()
            raise

    def waiting(self, known: Callable[[str], bool]) -> list[Listed]:
        """The messages that aren't done, oldest first.

        A mark alone proves nothing (another round's, a person's flag, a register from yesterday): a marked message is
        done when its Message-ID is ``known``.
        """
        if self._account.move_to:
            uids = self._search("UNDELETED")
        else:
            ask, ask_not = ("KEYWORD", "UNKEYWORD") if self._keywords else ("FLAGGED", "UNFLAGGED")
            mark = [MARK] if self._keywords else []
            uids = self._search("UNDELETED", ask_not, *mark)
            uids += self._strays(self._search("UNDELETED", ask, *mark), known)
        return list(self._sizes(sorted(uids, key=int)))

    def fetch(self, uid: str) -> Fetched | None:
        """The message, without marking it as read; None when it has gone since it was listed.

        Raises:
            NotHandedOutError: the server has it but refuses to give it.
        """
        data, received = None, None
        for item in self._each([uid], "(UID INTERNALDATE BODY.PEEK[])"):
            line = item[0] if isinstance(item, tuple) else item
            if isinstance(item, tuple) and b"BODY[]" in line.upper():
                data = bytes(item[1])
            if line and (date := _DATE.search(line)):
                received = date_of(date[1].decode("ascii", "replace"))
        return Fetched(data, received) if data is not None else None

    def done(self, uid: str) -> None:
        """Moves the message to the account's folder for that, else marks it as read and done."""
        moved, target = self._account.move_to, _quoted(self._account.move_to)
        if moved and "MOVE" in self._can:
            self._uid("MOVE", uid, target)
        elif moved and "UIDPLUS" in self._can:
            self._uid("COPY", uid, target)
            self._uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
            self._uid("EXPUNGE", uid)
        else:
            mark = MARK if self._keywords else r"\Flagged"
            self._uid("STORE", uid, "+FLAGS.SILENT", rf"(\Seen {mark})")

    def close(self) -> None:
        """Log out, whatever the server says."""
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            self._imap.logout()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _log_in(self) -> None:
        account = self._account
        plain = "AUTH=PLAIN" in self._imap.capabilities  # takes any letters in a password; LOGIN doesn't
        try:
            if account.login == "password" and plain:
                self._imap.authenticate("PLAIN", lambda _: f"\0{account.user}\0{account.secret}".encode())
            elif account.login == "password":
                self._imap.login(account.user, account.secret)
            elif account.login == "xoauth2":
                token = f"user={account.user}\x01auth=Bearer {account.secret}\x01\x01".encode()
                answers = itertools.chain([token], itertools.repeat(b""))  # a refusal is followed by a question
                self._imap.authenticate("XOAUTH2", lambda _: next(answers))
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
            raise XlstyrError(word("post.errors.login", user=account.user, host=account.host)) from error

    def _select(self) -> None:
        account = self._account
        self._can = self._imap.capability()[1][-1].decode().upper().split()  # more than before logging in
        try:
            self._imap.select(_quoted(account.folder))
        except imaplib.IMAP4.readonly as error:
            raise XlstyrError(word("post.errors.readonly", folder=account.folder, host=account.host)) from error
        if self._imap.state != "SELECTED":
            raise XlstyrError(word("post.errors.no_folder", folder=account.folder, host=account.host))
        lasting = b" ".join(line for line in self._imap.response("PERMANENTFLAGS")[1] if line)
        self._keywords = rb"\*" in lasting or MARK.encode().lower() in lasting.lower()
        if account.move_to and not any(self._imap.list(pattern=_quoted(account.move_to))[1]):
            self._imap.create(_quoted(account.move_to))

    def _search(self, *criteria: str) -> list[str]:
        found = self._uid("SEARCH", *criteria)
        return [uid.decode() for line in found if line for uid in line.split()]

    def _strays(self, uids: list[str], known: Callable[[str], bool]) -> list[str]:
        """Of messages that are marked, those that nobody has taken in here."""
        done = set()
        for item in self._each(uids, "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"):
            if not isinstance(item, tuple) or (uid := _UID.search(item[0])) is None:
                continue
            found = _ID.search(item[1])
            if known(found[1].decode("utf-8", "replace").strip()) if found else self._keywords:
                done.add(uid[1].decode())
        return [uid for uid in uids if uid not in done]

    def _sizes(self, uids: list[str]) -> Iterator[Listed]:
        sizes = {}
        for item in self._each(uids, "(UID RFC822.SIZE)"):
            line = item[0] if isinstance(item, tuple) else item
            if line and (uid := _UID.search(line)) and (size := _SIZE.search(line)):
                sizes[uid[1].decode()] = int(size[1])
        return (Listed(uid, sizes[uid]) for uid in uids if uid in sizes)

    def _each(self, uids: list[str], what: str) -> Iterator[Any]:
        for start in range(0, len(uids), _AT_ONCE):
            yield from self._uid("FETCH", ",".join(uids[start : start + _AT_ONCE]), what)

    def _uid(self, command: str, *args: str) -> list[Any]:
        with self._told():
            try:
                status, found = self._imap.uid(command, *args)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                raise self._refused(str(error)) from error
        if status != "OK":
            said = b" ".join(line for line in found if isinstance(line, bytes))
            raise self._refused(said.decode(errors="replace"))
        return found

    def _refused(self, detail: str) -> NotHandedOutError:
        return NotHandedOutError(word("post.errors.refused", host=self._account.host, detail=detail[:300]))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong on the way to the server, in words; never with the secret in it."""
        host = self._account.host
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            detail = error.verify_message
            raise XlstyrError(word("post.errors.certificate", host=host, detail=detail)) from error
        except (imaplib.IMAP4.error, OSError) as error:
            raise XlstyrError(word("post.errors.connection", host=host, detail=error)) from error


def _connected(account: Account) -> imaplib.IMAP4:
    trusted = ssl.create_default_context(cafile=account.ca_file or None)
    if account.security == "tls":
        port = account.port or _TLS_PORT
        return imaplib.IMAP4_SSL(account.host, port, ssl_context=trusted, timeout=account.seconds)
    imap = imaplib.IMAP4(account.host, account.port or _PORT, timeout=account.seconds)
    if account.security == "starttls":
        imap.starttls(trusted)
    return imap


def _quoted(folder: str) -> str:
    r"""A folder's name as IMAP writes it: modified UTF-7 in quotes, ``"Budget &AOU-r"`` with an a-ring as ``&AOU-``."""
    pieces = []
    for plain, letters in itertools.groupby(folder, lambda letter: " " <= letter <= "~"):
        text = "".join(letters)
        if plain:
            pieces.append(text.replace("&", "&-").replace("\\", "\\\\").replace('"', '\\"'))
        else:
            coded = base64.b64encode(text.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
            pieces.append(f"&{coded.decode()}-")
    return f'"{"".join(pieces)}"'
