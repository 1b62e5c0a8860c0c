"""Fetching from a real IMAP server: everything once, nothing lost, nothing changed before it is safe."""

import shutil
import socket
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.mail import builders as b
from tests.office.xmledit import Edit
from tests.post import people as p
from tests.post import servers
from tests.post.servers import PASSWORD, TOKEN, Box, Imap
from xlstyr.mail.imap import MARK, Account, Fetched, Mailbox, NotHandedOutError
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.children.workers import Died, Workers
from xlstyr.rounds.incoming.collecting import Collected, gather
from xlstyr.rounds.incoming.standing import bundle
from xlstyr.rounds.round import Round

Uses = Callable[..., None]
DONE = (MARK, r"\Seen")


@pytest.fixture
def folder(exempelby_answered: Path, tmp_path: Path) -> Path:
    """The sample's round with nothing in its inbox."""
    folder = Path(shutil.copytree(exempelby_answered, tmp_path / "runda", ignore=shutil.ignore_patterns("inkorg")))
    (folder / "inkorg").mkdir()
    return folder


@pytest.fixture(scope="session")
def everybody(exempelby_answered: Path) -> list[p.Person]:
    """Those who answer."""
    files = {path.name: path.read_bytes() for path in (exempelby_answered / "inkorg").iterdir()}
    with Round(exempelby_answered, NOW) as round_:
        return p.people(round_, files)


def run(folder: Path) -> Collected:
    with Round(folder, NOW) as round_:
        return gather(round_, imap=True)


def counting(folder: Path) -> set[str]:
    with Round(folder, NOW) as round_:
        return {node for (node, _), said in bundle(round_).items() if len(said) == 1}


def dump(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "xlstyr.db") as db:
        lines = list(db.iterdump())
    db.close()
    return lines


def account(imap: Imap, **more: object) -> Account:
    usual: dict[str, object] = {
        "host": "localhost",
        "user": "svar",
        "secret": PASSWORD,
        "port": imap.plain if more.get("security") in ("starttls", "none") else imap.tls,
        "ca_file": str(imap.certificate),
    }
    return Account(**(usual | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(("login", "secret"), [("password", PASSWORD), ("xoauth2", TOKEN)])
def test_logging_in(imap: Imap, security: str, login: str, secret: str) -> None:
    with Mailbox(account(imap, security=security, login=login, secret=secret)) as mailbox:
        assert mailbox.waiting(lambda _: False) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": "s3kret"}, "inloggningen för svar"),
        ({"login": "xoauth2", "secret": "s3kret"}, "inloggningen för svar"),
        ({"ca_file": ""}, "certifikat"),
        ({"ca_file": "", "security": "starttls"}, "certifikat"),
        ({"host": "127.0.0.1"}, "certifikat"),
        ({"port": 1}, "localhost"),
        ({"host": "finns-inte.invalid"}, "finns-inte.invalid"),
        ({"folder": "Finns inte"}, "Finns inte"),
    ],
)
def test_what_is_wrong_is_said_and_no_secret_is_shown(imap: Imap, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(XlstyrError, match=said) as error:
        Mailbox(account(imap, **wrong))
    chain = [error.value, error.value.__cause__, account(imap, **wrong)]
    assert not any("s3kret" in repr(one) + str(one) for one in chain)


def test_everything_is_taken_in_once_and_marked(folder: Path, box: Box, uses: Uses, everybody: list[p.Person]) -> None:
    letters = [message for who in everybody[:3] for message in p.plain(who)]
    box.deliver(*letters)
    uses(folder, box)
    done = run(folder)
    assert done.failure is None
    assert counting(folder) == {who.node for who in everybody[:3]}
    assert box.flags() == [DONE] * 3
    assert sorted(path.read_bytes() for path in (folder / "inlämnat").glob("*.eml")) == sorted(letters)
    before = dump(folder)
    assert run(folder).posts == []
    assert (dump(folder), box.flags()) == (before, [DONE] * 3)
    assert box.messages() == letters


def test_a_message_is_marked_only_when_it_is_safe(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    box.deliver(*p.plain(everybody[0]))
    uses(folder, box)
    done = Mailbox.done
    seen = []

    def looking(self: Mailbox, uid: str) -> None:
        with sqlite3.connect(folder / "xlstyr.db") as db:
            (count,) = db.execute("select count(*) from messages").fetchone()
        db.close()
        seen.append((count, len(list((folder / "inlämnat").iterdir())), box.flags()))
        done(self, uid)

    monkeypatch.setattr(Mailbox, "done", looking)
    run(folder)
    assert seen == [(1, 2, [()])]


def test_a_message_came_when_the_server_got_it(folder: Path, box: Box, uses: Uses, everybody: list[p.Person]) -> None:
    """Neither the sender's clock nor a line that the sender can write decides who is late."""
    got = NOW - timedelta(days=1, minutes=7)
    forged = b"Received: by post.example; Thu, 1 May 2025 08:00:00 +0200\r\n"
    letter = p.plain(everybody[0])[0].replace(b"02 Jun 2025", b"01 May 2025")
    box.deliver(forged + letter, at=got)
    uses(folder, box)
    run(folder)
    with Round(folder, NOW) as round_:
        (mail,) = round_.mailbook.messages()
        assert mail.received == got
        assert {arrival.delivery.received for arrival in round_.mailbook.arrivals()} == {got}


def test_what_people_have_read_or_flagged_or_another_round_has_marked_still_comes_in(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person]
) -> None:
    for who, flags in zip(everybody, (r"(\Seen)", r"(\Seen \Flagged)", rf"(\Seen {MARK})"), strict=False):
        box.deliver(*p.plain(who), flags=flags)
    uses(folder, box)
    run(folder)
    assert counting(folder) == {who.node for who in everybody[:3]}
    assert run(folder).posts == []


def test_without_keywords_flags_are_used_and_a_persons_flag_hides_nothing(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Exchange."""
    select = Mailbox._select

    def exchange(self: Mailbox) -> None:
        select(self)
        self._keywords = False

    monkeypatch.setattr(Mailbox, "_select", exchange)
    box.deliver(*p.plain(everybody[0]))
    box.deliver(*p.plain(everybody[1]), flags=r"(\Flagged)")
    uses(folder, box)
    run(folder)
    assert counting(folder) == {who.node for who in everybody[:2]}
    assert box.flags() == [(r"\Flagged", r"\Seen")] * 2
    assert run(folder).posts == []


@pytest.mark.parametrize("offers", ["MOVE UIDPLUS", "UIDPLUS", ""])
def test_done_messages_are_moved_by_what_the_server_offers(
    folder: Path, uses: Uses, everybody: list[p.Person], offers: str
) -> None:
    """Another message, marked as deleted by a person, stays; without a safe way of moving nothing is moved."""
    if not servers.has_dovecot():
        pytest.skip(servers.MISSING)
    with servers.imap_server(f"imap_capability = IMAP4rev1 {offers}") as server:
        box = server.box("svar")
        letters = p.plain(everybody[0]) + p.plain(everybody[1])
        box.deliver(b.letter(b.text()), flags=r"(\Deleted)")
        box.deliver(*letters)
        uses(folder, box, move_to="Inlästa åäö & klara")
        assert run(folder).failure is None
        assert run(folder).files == [] or not offers
        stays = box.messages()
        if offers:
            assert stays == [b.letter(b.text())]
            assert box.messages("Inl&AOQ-sta &AOUA5AD2- &- klara") == letters
        else:
            assert stays == [b.letter(b.text()), *letters]
    assert counting(folder) == {who.node for who in everybody[:2]}


def test_too_large_stays_and_is_said_each_time(folder: Path, box: Box, uses: Uses, everybody: list[p.Person]) -> None:
    box.deliver(p.mail(everybody[1], b.attached(bytes(2 * 2**20))), *p.plain(everybody[0]))
    uses(folder, box)
    with (folder / "xlstyr.toml").open("a") as file:
        file.write("[limits]\nmessage = 1\n")
    for _ in range(2):
        assert [finding.code for finding in run(folder).left] == ["XS038"]
    assert box.flags() == [(), DONE]
    assert counting(folder) == {everybody[0].node}


def test_one_that_the_server_refuses_never_stops_the_next(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    box.deliver(*(message for who in everybody[:3] for message in p.plain(who)))
    uses(folder, box)
    fetch = Mailbox.fetch

    def refusing(self: Mailbox, uid: str) -> Fetched | None:
        if uid == "1":
            raise NotHandedOutError("NO")
        return None if uid == "2" else fetch(self, uid)  # somebody has moved the second

    monkeypatch.setattr(Mailbox, "fetch", refusing)
    done = run(folder)
    assert [finding.code for finding in done.left] == ["XS039"]
    assert counting(folder) == {everybody[2].node}
    assert box.flags() == [(), (), DONE]


def test_a_lost_connection_loses_nothing(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    box.deliver(*(message for who in everybody[:4] for message in p.plain(who)))
    uses(folder, box)
    fetch, done = Mailbox.fetch, Mailbox.done

    def cut_fetch(self: Mailbox, uid: str) -> Fetched | None:
        if uid == "2":
            self._imap.sock.shutdown(socket.SHUT_RDWR)
        return fetch(self, uid)

    def cut_done(self: Mailbox, uid: str) -> None:
        if uid == "3":
            self._imap.sock.shutdown(socket.SHUT_RDWR)
        done(self, uid)

    monkeypatch.setattr(Mailbox, "fetch", cut_fetch)
    first = run(folder)
    assert first.failure is not None
    assert "localhost" in str(first.failure)
    assert counting(folder) == {everybody[0].node}
    monkeypatch.setattr(Mailbox, "fetch", fetch)
    monkeypatch.setattr(Mailbox, "done", cut_done)
    assert run(folder).failure is not None
    assert box.flags() == [DONE, DONE, (), ()]
    assert counting(folder) == {who.node for who in everybody[:3]}
    monkeypatch.setattr(Mailbox, "done", done)
    assert run(folder).failure is None
    assert counting(folder) == {who.node for who in everybody[:4]}
    assert box.flags() == [DONE] * 4
    with Round(folder, NOW) as round_:
        assert sum(event.kind == "received" for event in round_.register.events()) == 4
        assert len(round_.mailbook.messages()) == 4


def test_a_mailbox_that_was_restored_gives_nothing_twice(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person]
) -> None:
    """New UIDVALIDITY, no marks left: the bytes decide."""
    letters = [message for who in everybody[:2] for message in p.plain(who)]
    box.deliver(*letters)
    uses(folder, box)
    run(folder)
    before = dump(folder)
    shutil.rmtree(box.maildir)
    box.deliver(*reversed(letters))
    done = run(folder)
    assert [post.known for post in done.posts] == [True, True]
    assert dump(folder) == before
    assert box.flags() == [DONE, DONE]


def test_what_was_refused_counts_when_the_round_is_mended(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person]
) -> None:
    """The message is marked and isn't fetched again; its file is read again from the originals."""
    who = next(who for who in everybody if who.node == "hemtjanst")
    (book,) = folder.glob("Styrbok*.xlsx")
    right = book.read_bytes()
    edit = Edit(right)
    edit.set(*edit.at("round", "round", "value"), "en-annan-omgang")
    book.write_bytes(edit.bytes())
    box.deliver(*p.plain(who))
    uses(folder, box)
    done = run(folder)
    assert [taken.outcome for taken in done.files] == ["refused"]
    assert box.flags() == [DONE]
    book.write_bytes(right)
    again = run(folder)
    assert (again.posts, [taken.examined.node for taken in again.files]) == ([], [who.node])
    assert counting(folder) == {who.node}
    before = dump(folder)
    assert run(folder).files == []
    assert dump(folder) == before


def test_a_message_that_the_computer_was_too_busy_for_is_opened_the_next_time(
    folder: Path, box: Box, uses: Uses, everybody: list[p.Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    box.deliver(*p.plain(everybody[0]))
    uses(folder, box)
    with monkeypatch.context() as busy:
        busy.setattr(Workers, "run", lambda *_: Died("time"))
        done = run(folder)
    assert [finding.code for post in done.posts for finding in post.findings] == ["XS039"]
    assert counting(folder) == set()
    (again,) = run(folder).posts
    assert (again.known, again.received.sender, again.files) == (False, everybody[0].address, 1)
    assert counting(folder) == {everybody[0].node}
    before = dump(folder)
    assert run(folder).posts == []
    assert dump(folder) == before
