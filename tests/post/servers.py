"""Real mail servers on loopback: dovecot for IMAP, aiosmtpd for SMTP."""

import grp
import imaplib
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PASSWORD = "hemligt-lösen"
TOKEN = "ya29.token"
MISSING = "dovecot isn't installed (apt-get install dovecot-imapd)"

_CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {inner}
default_internal_group = {inner_group}
default_login_user = {outer}
first_valid_uid = {uid}
mail_location = maildir:~/Maildir
auth_mechanisms = plain login xoauth2
disable_plaintext_auth = no
auth_failure_delay = 0
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {home}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%n
}}
{extra}
"""


@dataclass
class Imap:
    """A running dovecot. Every user name exists, with ``PASSWORD`` or ``TOKEN``; mailboxes are folders under ``home``."""

    home: Path
    plain: int
    tls: int

    @property
    def certificate(self) -> Path:
        """The certificate to trust."""
        return self.home / "cert.pem"

    def box(self, user: str) -> "Box":
        """The mailbox of ``user``; letters and digits only."""
        return Box(self, "".join(filter(str.isalnum, user)).lower()[:60])


@dataclass
class Box:
    """One mailbox, as its owner's own mail program sees it."""

    server: Imap
    user: str

    @property
    def maildir(self) -> Path:
        """The mailbox as files."""
        return self.server.home / "mail" / self.user / "Maildir"

    @contextmanager
    def opened(self) -> Iterator[imaplib.IMAP4]:
        """Logged in, by a program that isn't ours."""
        with imaplib.IMAP4("127.0.0.1", self.server.plain) as imap:
            imap.authenticate("PLAIN", lambda _: f"\0{self.user}\0{PASSWORD}".encode())
            yield imap

    def deliver(self, *messages: bytes, flags: str = "", folder: str = "INBOX", at: datetime | None = None) -> None:
        """Lays messages in the mailbox, as if they had come at ``at``."""
        with self.opened() as imap:
            for message in messages:
                assert imap.append(folder, flags, imaplib.Time2Internaldate(at) if at else "", message)[0] == "OK"

    def flags(self, folder: str = "INBOX") -> list[tuple[str, ...]]:
        """The flags of every message, in order; the session's own aside."""
        with self.opened() as imap:
            assert imap.select(f'"{folder}"', readonly=True)[0] == "OK"
            lines = imap.fetch("1:*", "(FLAGS)")[1] if imap.search(None, "ALL")[1][0] else []
            found = [imaplib.ParseFlags(line) for line in lines if isinstance(line, bytes)]
        return [tuple(sorted(flag.decode() for flag in flags if flag != rb"\Recent")) for flags in found]

    def messages(self, folder: str = "INBOX") -> list[bytes]:
        """Every message's bytes, in order."""
        with self.opened() as imap:
            assert imap.select(f'"{folder}"', readonly=True)[0] == "OK"
            lines = imap.fetch("1:*", "(BODY.PEEK[])")[1] if imap.search(None, "ALL")[1][0] else []
        return [line[1] for line in lines if isinstance(line, tuple)]


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def make_certificate(folder: Path, name: str = "localhost") -> None:
    """A self-made certificate for ``name``: ``cert.pem`` and ``key.pem`` in ``folder``."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    places = [
        "-addext",
        f"subjectAltName=DNS:{name}",
        "-keyout",
        str(folder / "key.pem"),
        "-out",
        str(folder / "cert.pem"),
    ]
    subprocess.run([*command, *places], check=True, capture_output=True)


def has_dovecot() -> bool:
    """Whether dovecot can be started here."""
    return _dovecot() is not None and shutil.which("openssl") is not None


def _dovecot() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def imap_server(extra: str = "") -> Iterator[Imap]:
    """Dovecot on free ports with mailboxes in a folder of its own; ``extra`` are more lines of its configuration."""
    home = Path(tempfile.mkdtemp(prefix="xlstyr-imap-"))
    server = Imap(home, free_port(), free_port())
    with _token_server() as tokens:
        try:
            config = _prepared(server, tokens, extra)
            process = subprocess.Popen(
                [str(_dovecot()), "-F", "-c", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            try:
                _until_it_answers(server, process)
                yield server
            finally:
                process.terminate()
                process.wait(10)
        finally:
            shutil.rmtree(home, ignore_errors=True)


def _prepared(server: Imap, tokens: int, extra: str) -> Path:
    home = server.home
    home.chmod(0o755)
    make_certificate(home)
    root = os.geteuid() == 0
    me = pwd.getpwuid(os.geteuid())
    mail = pwd.getpwnam("mail") if root else me
    (home / "mail").mkdir()
    if root:
        os.chown(home / "mail", mail.pw_uid, mail.pw_gid)
    inner = "dovecot" if root else me.pw_name
    text = _CONFIG.format(
        home=home,
        plain=server.plain,
        tls=server.tls,
        inner=inner,
        inner_group=grp.getgrgid(pwd.getpwnam(inner).pw_gid).gr_name,
        outer="dovenull" if root else me.pw_name,
        uid=mail.pw_uid,
        gid=mail.pw_gid,
        password=PASSWORD,
        extra=extra,
    )
    oauth = (
        f"introspection_mode = post\nintrospection_url = http://127.0.0.1:{tokens}/\nusername_attribute = username\n"
    )
    (home / "oauth2.conf").write_text(oauth, "utf-8")
    config = home / "dovecot.conf"
    config.write_text(text, "utf-8")
    return config


def _until_it_answers(server: Imap, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.plain), 1) as one:
            if one.recv(4) == b"* OK":
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    log = server.home / "dovecot.log"
    said = log.read_text("utf-8", "replace") if log.is_file() else ""
    raise RuntimeError(f"dovecot didn't start: {said}")


@contextmanager
def _token_server() -> Iterator[int]:
    """What dovecot asks whether a token is good, as it would ask the identity provider."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
            good = TOKEN in asked
            said = json.dumps({"active": good, "username": "svar"} if good else {"active": False}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
