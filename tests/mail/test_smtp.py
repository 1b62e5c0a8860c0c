"""Handing messages to a server: login, protection, patience, and knowing what was taken. Nothing waits for real."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.mail.server import PASSWORD, TOKEN, USER, certificate, free_port, scripted, serving
from tests.mail.server import Post as Box
from xlstyr.mail.secrets import read_secret
from xlstyr.mail.smtp import Outcome, Pace, Post, Server
from xlstyr.model.errors import XlstyrError

DATA = b"Subject: hej\r\n\r\nrad\r\n.punkt\r\nslut\r\n"
SENDER, TO = "ekonomi@kommunen.example", "enhet@kommunen.example"


@dataclass
class Clock:
    """Time that only passes when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def pace(self) -> Pace:
        return Pace(lambda: self.now, self.sleep)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as box:
        yield box


def plain(port: int) -> Server:
    """A server on loopback without protection or login."""
    return Server("127.0.0.1", port, "none", login="none", seconds=5)


def send(
    server: Server, clock: Clock, *to: str, copies: tuple[str, ...] = (), claim: Callable[[], bool] = lambda: True
) -> Outcome:
    """One message through a connection of its own."""
    with Post(server, clock.pace) as post:
        return post.send(SENDER, to or (TO,), copies, DATA, claim)


def test_a_message_arrives_whole(box: Box, clock: Clock) -> None:
    assert send(plain(box.port), clock, copies=("chef@kommunen.example",)) == Outcome("sent")
    [taken] = box.taken
    assert (taken.mail_from, taken.rcpt_tos, taken.content) == (SENDER, [TO, "chef@kommunen.example"], DATA)
    assert clock.slept == []


def test_starttls_and_tls_with_a_certificate_of_our_own(tmp_path: Path, clock: Clock) -> None:
    made = certificate(tmp_path)
    for security, implicit in (("starttls", False), ("tls", True)):
        with serving(certificate=made, implicit=implicit, auth_required=not implicit) as box:
            server = Server("127.0.0.1", box.port, security, USER, "password", PASSWORD, str(made[0]))
            server = replace(server, login="none") if implicit else server
            assert send(server, clock).status == "sent"
            assert len(box.taken) == 1
            assert bool(box.logins) is not implicit


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_stops_everything(tmp_path: Path, clock: Clock, security: str) -> None:
    with serving(certificate=certificate(tmp_path), implicit=security == "tls") as box:
        server = Server("127.0.0.1", box.port, security, user=USER, secret=PASSWORD)
        with pytest.raises(XlstyrError, match="certifikat") as told:
            send(server, clock)
        assert PASSWORD not in str(told.value)
        assert box.taken == []
        assert clock.slept == []


def test_a_server_without_starttls_gets_nothing(box: Box, clock: Clock) -> None:
    with pytest.raises(XlstyrError, match="STARTTLS"):
        send(replace(plain(box.port), security="starttls", login="password", secret=PASSWORD), clock)
    assert box.taken == []
    assert box.logins == []


def test_a_token_logs_in(tmp_path: Path, clock: Clock) -> None:
    made = certificate(tmp_path)
    with serving(certificate=made) as box:
        server = Server("127.0.0.1", box.port, "starttls", USER, "xoauth2", TOKEN, str(made[0]))
        assert send(server, clock).status == "sent"
        assert len(box.logins) == 1


@pytest.mark.parametrize(("login", "secret"), [("password", "fel-men-hemligt"), ("xoauth2", "gammal-hemlig-token")])
def test_a_refused_login_never_shows_the_secret(tmp_path: Path, clock: Clock, login: str, secret: str) -> None:
    """Even when the server repeats what it was told."""
    made = certificate(tmp_path)
    with serving(certificate=made) as box:
        server = Server("127.0.0.1", box.port, "starttls", USER, login, secret, str(made[0]))
        with pytest.raises(XlstyrError, match="535") as told:
            send(server, clock)
        import base64

        assert secret not in str(told.value) + repr(told.value.__cause__) + repr(server)
        assert base64.b64encode(f"user={USER}\x01auth=Bearer {secret}\x01\x01".encode()).decode() not in str(told.value)
        assert box.taken == []


def test_a_secret_never_goes_unprotected(clock: Clock) -> None:
    with pytest.raises(XlstyrError, match="okrypterat"):
        Post(Server("post.kommunen.example", 25, "none", USER, "password", PASSWORD), clock.pace)


def test_temporary_refusals_are_tried_again_with_growing_pauses(box: Box, clock: Clock) -> None:
    box.answers[TO] = ["451 greylisted", "451 greylisted", "250 OK"]
    assert send(plain(box.port), clock).status == "sent"
    assert clock.slept == [5.0, 25.0]
    assert len(box.taken) == 1


def test_a_temporary_refusal_that_lasts_is_a_failure_that_says_so(box: Box, clock: Clock) -> None:
    box.after_data = ["452 full"] * 3
    outcome = send(plain(box.port), clock)
    assert outcome == Outcome("failed", "452 full")
    assert box.taken == []


def test_a_permanent_refusal_isnt_tried_again(box: Box, clock: Clock) -> None:
    box.answers["borta@kommunen.example"] = ["550 5.1.1 finns inte"]
    outcome = send(plain(box.port), clock, "borta@kommunen.example")
    assert outcome == Outcome("failed", "borta@kommunen.example: 550 5.1.1 finns inte")
    assert clock.slept == []


@pytest.mark.parametrize("answer", ["550 finns inte", "450 senare"])
def test_one_bad_address_doesnt_stop_the_next(box: Box, clock: Clock, answer: str) -> None:
    box.answers["bad@kommunen.example"] = [answer]
    with Post(plain(box.port), clock.pace) as post:
        first = post.send(SENDER, (TO, "bad@kommunen.example"), (), DATA, lambda: True)
        assert first == Outcome("sent", "", (("bad@kommunen.example", answer),))
        assert post.send(SENDER, ("bad@kommunen.example",), (), DATA, lambda: True).status == "failed"
        assert post.send(SENDER, (TO,), (), DATA, lambda: True) == Outcome("sent")
    assert [taken.rcpt_tos for taken in box.taken] == [[TO], [TO]]


def test_a_message_larger_than_the_server_takes_fails(clock: Clock) -> None:
    with serving(data_size_limit=20) as box:
        outcome = send(plain(box.port), clock)
        assert outcome.status == "failed"
        assert "552" in outcome.detail
        assert box.taken == []


HELLO = [("ehlo", "250 test"), ("mail", "250 ok"), ("rcpt", "250 ok")]


def test_contact_lost_before_the_end_is_tried_again(clock: Clock) -> None:
    """The server hung up when it was to get the message: it can't have taken it."""
    scripts = [[*HELLO, ("DATA", "hang up")], [*HELLO, ("DATA", "354 go"), (".", "250 taken"), ("quit", "221 bye")]]
    claims: list[int] = []

    def claim() -> bool:
        claims.append(1)
        return True

    with scripted(scripts) as (port, heard):
        outcome = send(plain(port), clock, claim=claim)
    assert outcome == Outcome("sent")
    assert heard.count(".") == 1
    assert ".." + "punkt" in heard
    assert (claims, clock.slept) == ([1], [5.0])


def test_contact_lost_after_the_end_is_unsure_and_never_tried_again(clock: Clock) -> None:
    with scripted([[*HELLO, ("DATA", "354 go"), (".", "hang up")], HELLO]) as (port, heard):
        outcome = send(plain(port), clock)
    assert outcome.status == "unsure"
    assert sum(line.startswith("mail") for line in heard) == 1
    assert clock.slept == []


def test_a_server_that_wants_to_rest_is_called_again(clock: Clock) -> None:
    scripts = [
        [("ehlo", "250 test"), ("mail", "421 rest"), ("quit", "221 bye")],
        [*HELLO, ("DATA", "354 go"), (".", "250 ok")],
    ]
    with scripted(scripts) as (port, _):
        assert send(plain(port), clock).status == "sent"


def test_nobody_there_is_an_error_with_the_address(clock: Clock) -> None:
    port = free_port()
    with pytest.raises(XlstyrError, match=f"127.0.0.1:{port}"):
        send(plain(port), clock)
    assert clock.slept == [5.0, 25.0]


def test_a_letter_that_another_has_taken_isnt_sent(box: Box, clock: Clock) -> None:
    with Post(plain(box.port), clock.pace) as post:
        assert post.send(SENDER, (TO,), (), DATA, lambda: False).status == "skipped"
        assert post.send(SENDER, (TO,), (), DATA, lambda: True).status == "sent"
    assert len(box.taken) == 1


def test_not_more_than_so_many_in_a_minute(box: Box, clock: Clock) -> None:
    server = replace(plain(box.port), per_minute=3)
    times = []
    with Post(server, clock.pace) as post:
        for _ in range(8):
            clock.now += 1
            post.send(SENDER, (TO,), (), DATA, lambda: True)
            times.append(clock.now)
    assert len(box.taken) == 8
    assert all(sum(at - 60 < earlier <= at for earlier in times) <= 3 for at in times)
    assert times[-1] < 130


def test_secrets_are_found_where_they_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    monkeypatch.setenv("XLSTYR_TEST", " hemligt\n")
    assert read_secret("env:XLSTYR_TEST") == "hemligt"
    monkeypatch.setattr(keyring, "get_password", lambda service, user: f"{service}/{user}")
    assert read_secret("keyring:post", "budget") == "post/budget"
    monkeypatch.setattr(keyring, "get_credential", lambda service, user: None)
    monkeypatch.delenv("XLSTYR_TEST")
    for where, said in (
        ("env:XLSTYR_TEST", "XLSTYR_TEST"),
        ("keyring:post", "post"),
        ("hunter2", "env:NAMN"),
        ("env:", "env:NAMN"),
    ):
        with pytest.raises(XlstyrError, match=said) as told:
            read_secret(where)
        assert "hunter2" not in str(told.value)


def test_a_keyring_that_doesnt_work_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.errors import NoKeyringError

    def fail(*_: str) -> str:
        raise NoKeyringError

    monkeypatch.setattr(keyring, "get_password", fail)
    with pytest.raises(XlstyrError, match="NoKeyringError"):
        read_secret("keyring:post", "budget")
