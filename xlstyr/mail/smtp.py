"""Handing messages to a mail server, each once: how it went is always known, or said to be unknown."""

import smtplib
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

from xlstyr.mail.coding import one_line
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

PORTS = {"tls": 465, "starttls": 587, "none": 25}
_LOCAL = ("localhost", "127.0.0.1", "::1")
_FIRST_PAUSE = 5.0  # seconds; each pause is five times the one before
_MINUTE = 60.0
_LOST = (smtplib.SMTPServerDisconnected, OSError)


@dataclass(frozen=True, slots=True)
class Server:
    """A server to send through. ``port`` 0: the usual one. ``login``: password, xoauth2, none."""

    host: str
    port: int = 0
    security: str = "starttls"
    user: str = ""
    login: str = "password"
    secret: str = field(default="", repr=False)
    ca_file: str = ""
    seconds: float = 30
    per_minute: int = 30
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """Time, as tests may replace it."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status``: sent, failed, unsure, or skipped when ``claim`` said no. ``refused``: addresses and why not."""

    status: str
    detail: str = ""
    refused: tuple[tuple[str, str], ...] = ()


class _Later(Exception):  # noqa: N818
    """The server said 4xx: try again."""


class _Never(Exception):  # noqa: N818
    """The server said 5xx: it won't help to try again."""


class Post:
    """A connection that is opened when first needed and opened again when it is lost.

    Raises:
        XlstyrError: no contact, no protection, or no login. What has been sent is known.
    """

    def __init__(self, server: Server, pace: Pace) -> None:
        if server.login != "none" and server.security == "none" and server.host not in _LOCAL:
            raise XlstyrError(word("mail_out.errors.unsafe_login"))
        self._server, self._pace = server, pace
        self._smtp: smtplib.SMTP | None = None
        self._sent: deque[float] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def send(
        self, sender: str, to: Sequence[str], copies: Sequence[str], data: bytes, claim: Callable[[], bool]
    ) -> Outcome:
        """Sends one message. ``claim`` is asked once, just before the server gets the message itself.

        4xx and lost contact are tried again as long as the server can't have taken the message; when it may have,
        the outcome is unsure. An address that is refused doesn't stop the others, but some in ``to`` must be left.
        """
        claimed: list[bool] = []

        def once() -> bool:
            if not claimed:
                claimed.append(claim())
            return claimed[0]

        detail = ""
        for attempt in range(self._server.attempts):
            if attempt:
                self._pace.sleep(_FIRST_PAUSE * 5 ** (attempt - 1))
            smtp = self._connected()
            try:
                return self._hand_over(
                    smtp, sender, (to, copies), data, once, last=attempt + 1 == self._server.attempts
                )
            except _Later as error:
                detail = str(error)
                self._reset()
            except _Never as error:
                self._reset()
                return Outcome("failed", str(error))
            except _LOST as error:
                detail = self._said(error)
                self._hang_up()
        return Outcome("failed", detail)

    def _hand_over(
        self,
        smtp: smtplib.SMTP,
        sender: str,
        recipients: tuple[Sequence[str], Sequence[str]],
        data: bytes,
        claim: Callable[[], bool],
        *,
        last: bool,
    ) -> Outcome:
        self._wait()
        size = [f"size={len(data)}"] if smtp.has_extn("size") else []
        self._check(smtp.mail(sender, size))
        refused = self._recipients(smtp, *recipients, last=last)
        if not claim():
            self._reset()
            return Outcome("skipped")
        self._check(smtp.docmd("DATA"), 354)
        smtp.send(_dotted(data))
        try:
            smtp.send(b".\r\n")
            answer = smtp.getreply()
        except _LOST as error:
            self._hang_up()
            return Outcome("unsure", self._said(error), refused)
        self._sent.append(self._pace.clock())
        self._check(answer)
        return Outcome("sent", "", refused)

    def _recipients(
        self, smtp: smtplib.SMTP, to: Sequence[str], copies: Sequence[str], *, last: bool
    ) -> tuple[tuple[str, str], ...]:
        """Names the recipients; those refused. Raises when nobody in ``to`` is left, or some may be taken later."""
        refused = []
        for address in dict.fromkeys((*to, *copies)):
            answer = smtp.rcpt(address)
            try:
                self._check(answer)
            except _Never as error:
                refused.append((address, str(error)))
            except _Later as error:
                if not last:
                    raise
                refused.append((address, str(error)))
        gone = dict(refused)
        if all(address in gone for address in to):
            raise _Never("; ".join(f"{address}: {gone[address]}" for address in to))
        return tuple(refused)

    def _check(self, answer: tuple[int, bytes], wanted: int = 250) -> None:
        code, text = answer
        if code == wanted or (wanted == 250 and code == 251):
            return
        said = one_line(f"{code} {self._hidden(text.decode('utf-8', 'replace'))}", 200)
        if code == 421:
            raise smtplib.SMTPServerDisconnected(said)
        raise _Later(said) if 400 <= code < 500 else _Never(said)

    def _wait(self) -> None:
        """Not more than so many in any minute."""
        while self._sent and self._pace.clock() - self._sent[0] >= _MINUTE:
            self._sent.popleft()
        if len(self._sent) >= self._server.per_minute:
            self._pace.sleep(_MINUTE - (self._pace.clock() - self._sent.popleft()))

    def _connected(self) -> smtplib.SMTP:
        attempt = 0
        while self._smtp is None:
            try:
                self._smtp = self._dial()
            except (*_LOST, smtplib.SMTPResponseException) as error:
                attempt += 1
                if attempt >= self._server.attempts:
                    detail = self._said(error)
                    raise XlstyrError(word("mail_out.errors.connection", host=self._where, detail=detail)) from error
                self._pace.sleep(_FIRST_PAUSE * 5 ** (attempt - 1))
        return self._smtp

    def _dial(self) -> smtplib.SMTP:
        server = self._server
        port = server.port or PORTS[server.security]
        with self._trusted():
            if server.security == "tls":
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, port, timeout=server.seconds, context=_context(server)
                )
            else:
                smtp = smtplib.SMTP(server.host, port, timeout=server.seconds)
            try:
                smtp.ehlo()
                if server.security == "starttls":
                    self._protect(smtp)
                self._log_in(smtp)
            except BaseException:
                smtp.close()
                raise
        return smtp

    @contextmanager
    def _trusted(self) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            detail = error.verify_message
            raise XlstyrError(word("mail_out.errors.certificate", host=self._where, detail=detail)) from error

    def _protect(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            raise XlstyrError(word("mail_out.errors.no_tls", host=self._where))
        smtp.starttls(context=_context(self._server))
        smtp.ehlo()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        server = self._server
        if server.login == "none":
            return
        try:
            if server.login == "xoauth2":
                said = _token(server)
                smtp.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")
            else:
                _password(smtp, server)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, UnicodeEncodeError) as error:
            detail = self._said(error)
            raise XlstyrError(word("mail_out.errors.login", host=self._where, detail=detail)) from None

    @property
    def _where(self) -> str:
        return f"{self._server.host}:{self._server.port or PORTS[self._server.security]}"

    def _said(self, error: Exception) -> str:
        """What happened, in the server's words where it has any; never with the secret in it."""
        if isinstance(error, UnicodeEncodeError):  # its text quotes the secret
            return type(error).__name__
        text = str(error)
        if isinstance(error, smtplib.SMTPResponseException):
            said = error.smtp_error
            text = f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
        return one_line(self._hidden(text), 200) or type(error).__name__

    def _hidden(self, text: str) -> str:
        """``text`` without the secret, also as it was written to the server."""
        server = self._server
        if server.secret:
            plain = (server.secret, f"\0{server.user}\0{server.secret}", _token(server))
            for form in (server.secret, *(b64encode(one.encode()).decode() for one in plain)):
                text = text.replace(form, "…")
        return text

    def _reset(self) -> None:
        if self._smtp is not None:
            try:
                self._smtp.rset()
            except _LOST:
                self._hang_up()

    def _hang_up(self) -> None:
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
            self._smtp.close()
            self._smtp = None


def _password(smtp: smtplib.SMTP, server: Server) -> None:
    """Logs in by password; smtplib's own way can't take letters outside ASCII."""
    if server.secret.isascii() and server.user.isascii():
        smtp.login(server.user, server.secret)
        return
    user, secret = (b64encode(text.encode()).decode() for text in (server.user, server.secret))
    if "PLAIN" in smtp.esmtp_features.get("auth", "").split():
        both = b64encode(f"\0{server.user}\0{server.secret}".encode()).decode()
        code, said = smtp.docmd("AUTH", f"PLAIN {both}")
    else:
        code, said = smtp.docmd("AUTH", f"LOGIN {user}")
        if code == 334:
            code, said = smtp.docmd(secret)
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _token(server: Server) -> str:
    return f"user={server.user}\x01auth=Bearer {server.secret}\x01\x01"


def _context(server: Server) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise XlstyrError(word("mail_out.errors.ca_file", file=server.ca_file)) from error


def _dotted(data: bytes) -> bytes:
    """``data`` with CRLF at its end and a dot more where a line starts with one."""
    dotted = data.replace(b"\r\n.", b"\r\n..")
    dotted = b"." + dotted if dotted.startswith(b".") else dotted
    return dotted if dotted.endswith(b"\r\n") else dotted + b"\r\n"
