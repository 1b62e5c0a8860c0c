"""A mail server for the session, and a round that uses it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.post import servers


@pytest.fixture(scope="session")
def imap() -> Iterator[servers.Imap]:
    """A running dovecot; every test uses a mailbox of its own."""
    if not servers.has_dovecot():
        pytest.skip(servers.MISSING)
    with servers.imap_server() as server:
        yield server


@pytest.fixture
def box(imap: servers.Imap, request: pytest.FixtureRequest) -> servers.Box:
    """An empty mailbox."""
    return imap.box(request.node.name)


@pytest.fixture
def uses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes into a round's settings that its mail is in a mailbox."""

    def write(folder: Path, box: servers.Box, **more: str) -> None:
        monkeypatch.setenv("XLSTYR_TEST_SECRET", servers.PASSWORD)
        lines = {
            "host": "localhost",
            "port": box.server.tls,
            "user": box.user,
            "secret": "env:XLSTYR_TEST_SECRET",
            "ca_file": box.server.certificate.as_posix(),
            **more,
        }
        text = "".join(f"{key} = {value if isinstance(value, int) else repr(value)}\n" for key, value in lines.items())
        (folder / "xlstyr.toml").write_text(f"[imap]\n{text}", "utf-8")

    return write
