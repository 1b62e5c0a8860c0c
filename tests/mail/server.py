"""Mail servers on loopback for tests of sending: a whole one, and one that follows a script to the letter."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN, USER, PASSWORD = "ya29.hemlig-token-som-aldrig-syns", "budget", "lösen-hemligt-1"


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Post:
    """What a server has taken. ``answers``: recipient → what is said to RCPT, one after the other; the last stays."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    after_data: list[str] = field(default_factory=list)
    taken: list[Envelope] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.answers.get(address, ["250 OK"])
        answer = said.pop(0) if len(said) > 1 else said[0]
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.after_data.pop(0) if self.after_data else "250 OK"
        if answer.startswith("250"):
            self.taken.append(envelope)
        return answer

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """As large services do it: a challenge with the fault in it, then the refusal."""
        import base64

        said = base64.b64decode(args[1]).decode()
        if said == f"user={USER}\x01auth=Bearer {TOKEN}\x01\x01":
            self.logins.append(said)
            return AuthResult(success=True)
        await server.challenge_auth(base64.b64encode(b'{"status":"400"}').decode(), encode_to_b64=False)
        await server.push(f"535 5.7.8 no {args[1]} {said}".replace("\x01", " "))
        return AuthResult(success=False, handled=True)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """By name and password."""
        assert isinstance(data, LoginPassword)
        if (data.login, data.password) == (USER.encode(), PASSWORD.encode()):
            self.logins.append(mechanism)
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False)


@contextmanager
def serving(
    post: Post | None = None, certificate: tuple[Path, Path] | None = None, *, implicit: bool = False, **options: Any
) -> Iterator[Post]:
    """A server with a mailbox of its own; with STARTTLS when there is a certificate, TLS from the start if ``implicit``."""
    post = post or Post()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*map(str, certificate))
    tls = {"ssl_context": context} if implicit else {"tls_context": context}
    controller = Controller(
        post, hostname="127.0.0.1", port=free_port(), authenticator=post.authenticate, **{**tls, **options}
    )
    controller.start()
    try:
        post.port = controller.port
        yield post
    finally:
        controller.stop()


@contextmanager
def scripted(scripts: Sequence[Sequence[tuple[str, str]]]) -> Iterator[tuple[int, list[str]]]:
    """A server that follows one script per connection: (what the client's line starts with, the answer).

    The answer ``""`` says nothing, ``hang up`` closes. A line ``.`` ends a message; other lines of it match ``…``.
    Gives the port and every line that was heard.
    """
    heard: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for script in scripts:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb", buffering=0) as stream:
                stream.write(b"220 test\r\n")
                _follow(stream, script, heard)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept
        listener.close()
        thread.join(5)


def _follow(stream: Any, script: Sequence[tuple[str, str]], heard: list[str]) -> None:
    for start, answer in script:
        while True:
            line = stream.readline().decode("utf-8", "replace").rstrip("\r\n")
            if not line and not stream.readable():
                return
            heard.append(line)
            if start == "." and line != ".":
                continue
            break
        assert line.startswith(start), (line, start)
        if answer == "hang up":
            return
        if answer:
            stream.write(f"{answer}\r\n".encode())


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
