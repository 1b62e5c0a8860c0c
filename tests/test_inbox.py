"""What waits in folders: workbooks, messages, archives. Everything that comes is accounted for, and only once."""

import hashlib
import json
import mailbox
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.mail import builders as b
from tests.office.xmledit import Edit
from tests.post import people as p
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds import safe
from xlstyr.rounds.children.workers import Died, Workers
from xlstyr.rounds.following.consolidating import consolidate, scope_of
from xlstyr.rounds.incoming import standing
from xlstyr.rounds.incoming.collecting import Collected, gather, recover
from xlstyr.rounds.incoming.standing import passed_over
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.records.archiving import archive_round
from xlstyr.rounds.register import Register
from xlstyr.rounds.round import Round
from xlstyr.rounds.turns import turn

GOOD = ("accepted", "partly")
Copied = Callable[[Path], Path]
Opened = Callable[[Path], Round]


@pytest.fixture(scope="session")
def empty(exempelby_answered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's round with nothing in its inbox. Shared: copy before changing anything."""
    folder = tmp_path_factory.mktemp("empty") / "runda"
    shutil.copytree(exempelby_answered, folder, ignore=shutil.ignore_patterns("inkorg"))
    (folder / "inkorg").mkdir()
    return folder


@pytest.fixture(scope="session")
def everybody(exempelby_answered: Path) -> dict[str, p.Person]:
    """Those who answer, by node."""
    files = {path.name: path.read_bytes() for path in (exempelby_answered / "inkorg").iterdir()}
    with Round(exempelby_answered, NOW) as round_:
        return {who.node: who for who in p.people(round_, files)}


@pytest.fixture
def folder(empty: Path, copied: Copied) -> Path:
    return copied(empty)


@pytest.fixture
def who(everybody: dict[str, p.Person]) -> p.Person:
    return everybody["hemtjanst"]


def lay(folder: Path, *messages: bytes, start: int = 0, ending: str = "eml") -> None:
    for number, data in enumerate(messages, start):
        (folder / "inkorg" / f"{number:03} svar åäö.{ending}").write_bytes(data)


def run(folder: Path, *paths: Path) -> Collected:
    with Round(folder, NOW) as round_:
        return gather(round_, paths)


def codes(done: Collected) -> list[str]:
    return sorted(finding.code for finding in done.findings)


def outcomes(folder: Path) -> list[str]:
    with Round(folder, NOW) as round_:
        return sorted(one.outcome for one in round_.mailbook.arrivals())


def dump(folder: Path) -> list[str]:
    """Everything in the register."""
    with sqlite3.connect(folder / "xlstyr.db") as db:
        lines = list(db.iterdump())
    db.close()
    return lines


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file in the round but the register: its bytes and when it was written."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".db")
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def counting(folder: Path) -> set[str]:
    """The nodes whose answers count."""
    with Round(folder, NOW) as round_:
        return {node for (node, _), said in standing.bundle(round_).items() if len(said) == 1}


@pytest.mark.parametrize("shape", p.SHAPES)
def test_each_shape_is_accounted_for_and_a_second_run_changes_nothing(folder: Path, who: p.Person, shape: str) -> None:
    wanted = p.SHAPES[shape]
    messages = wanted.send(who)
    lay(folder, *messages)
    done = run(folder)
    found = outcomes(folder)
    assert sorted("good" if one in GOOD else one for one in found) == sorted(wanted.outcomes)
    assert codes(done) == sorted(wanted.codes)
    assert (who.node in counting(folder)) is wanted.counts
    assert len(done.posts) == len(messages)
    assert not any(post.known for post in done.posts)
    kept = [path.read_bytes() for path in (folder / "inlämnat").glob("*.eml")]
    assert sorted(kept) == sorted(messages)
    before = dump(folder), files(folder)
    again = run(folder)
    assert (dump(folder), files(folder)) == before
    assert again.findings == []
    assert all(post.known for post in again.posts)
    assert all(taken.duplicate or taken.outcome == "refused" for taken in again.files)


def test_what_comes_by_mail_counts_as_what_lies_in_the_folder(
    folder: Path, exempelby: Path, everybody: dict[str, p.Person], copied: Copied
) -> None:
    ways = [p.plain, p.forwarded, p.zipped, p.several, p.winmail]
    lay(folder, *(ways[n % len(ways)](who)[0] for n, who in enumerate(everybody.values())))
    run(folder)
    with Round(folder, NOW) as round_, Round(exempelby, NOW) as other:
        totals, there = consolidate(round_).totals, scope_of(other, other.premises.organisation.root.id)[0]
        here = scope_of(round_, round_.premises.organisation.root.id)[0]
        assert here.gaps == there.gaps
        assert {c.digest for c in standing.contributions(round_)} == {c.digest for c in standing.contributions(other)}
        sent = {one.delivery.sender for one in round_.mailbook.arrivals()}
    assert sent == {who.address for who in everybody.values()}
    assert totals["net_cost"]


@pytest.mark.parametrize("way", ["msg", "mbox", "zip", "dat"])
def test_saved_in_other_ways(folder: Path, everybody: dict[str, p.Person], tmp_path: Path, way: str) -> None:
    """Outlook's own form, a mailbox in one file, a loose archive, a loose winmail.dat."""
    two = [everybody["hemtjanst"], everybody["ekonomi-kansli"]]
    match way:
        case "msg":
            data = [b.msg([b.msg_file(who.name, who.answer)]) for who in two]
        case "mbox":
            box = mailbox.mbox(tmp_path / "box", create=True)
            for who in two:
                box.add(p.plain(who)[0])
            box.close()
            data = [(tmp_path / "box").read_bytes()]
        case "zip":
            data = [b.packed({who.name: who.answer for who in two})]
        case _:
            data = [b.tnef([b.tnef_file(who.name, who.answer) for who in two])]
    lay(folder, *data, ending="bin")  # the bytes decide
    run(folder)
    assert all(one in GOOD for one in outcomes(folder))
    assert counting(folder) == {who.node for who in two}
    before = dump(folder), files(folder)
    run(folder)
    assert (dump(folder), files(folder)) == before


def test_an_archive_without_files_is_told(folder: Path) -> None:
    lay(folder, b.packed({}), ending="zip")
    assert codes(run(folder)) == ["XS004"]


def test_an_archive_with_a_password_is_told(folder: Path, who: p.Person) -> None:
    lay(folder, b.raw_zip([(who.name.encode("cp437", "replace"), b"x" * 30, 1)]), ending="zip")
    done = run(folder)
    assert codes(done) == ["XS030"]
    assert "lösenord" in done.findings[0].fix
    assert outcomes(folder) == ["unreadable"]


def test_another_units_file_counts_for_that_unit_and_both_are_named(
    folder: Path, everybody: dict[str, p.Person]
) -> None:
    one, other = everybody["hemtjanst"], everybody["ekonomi-kansli"]
    lay(folder, *p.plain(p.Person(one.node, one.address, one.reference, other.name, other.answer)))
    done = run(folder)
    assert counting(folder) == {other.node}
    said = {finding.code: finding.message for finding in done.findings if finding.code in ("XS035", "XS036")}
    assert set(said) == {"XS035", "XS036"}
    assert one.address in said["XS035"]
    with Round(folder, NOW) as round_:
        assert all(round_.names[node] in said["XS036"] for node in (one.node, other.node))
        (answer,) = round_.register.answers()
        assert {"XS035", "XS036"} <= {finding.code for finding in answer.findings}


def test_senders_are_known_by_address_alone(folder: Path, who: p.Person) -> None:
    """A display name proves nothing, nor does a copy; those above are known; case makes no difference."""
    with Round(folder, NOW) as round_:
        premises = round_.premises
        above = premises.controllers(who.node)[0].email
        (root, *_) = premises.contacts_of(premises.organisation.root.id) or premises.controllers(who.node)
    stranger = f'"{who.address}" <annan@utanfor.example>'
    for sender, copy, expected in [
        (stranger, "", ["XS035"]),
        (stranger, who.address.upper(), ["XS035"]),
        (who.address.upper(), "", []),
        (above, "", []),
        (root.email, "", []),
        (f"{who.address}, annan@utanfor.example", "", ["XS035"]),  # nobody is known to have sent it
    ]:
        shutil.rmtree(folder / "inlämnat")
        (folder / "xlstyr.db").rename(folder / "orig.db") if not (folder / "orig.db").exists() else None
        shutil.copyfile(folder / "orig.db", folder / "xlstyr.db")
        lay(folder, p.mail(who, p.with_file(who), From=sender, **({"Cc": copy} if copy else {})))
        assert [code for code in codes(run(folder)) if code in ("XS035", "XS036")] == expected, sender
        assert who.node in counting(folder)


def test_one_letter_for_several_nodes_may_be_answered_with_any_of_them(
    folder: Path, everybody: dict[str, p.Person]
) -> None:
    one, other = everybody["hemtjanst"], everybody["ekonomi-kansli"]
    (book,) = folder.glob("Styrbok*.xlsx")
    edit = Edit(book.read_bytes())
    table = edit.table("contacts")
    for row, cells in edit.rows(table.sheet).items():
        if cells.get(table.columns["node"]) == other.node:
            edit.set(table.sheet, f"{table.columns['email']}{row}", one.address)
    book.write_bytes(edit.bytes())
    lay(folder, *p.plain(p.Person(one.node, one.address, one.reference, other.name, other.answer)))
    assert {"XS035", "XS036"}.isdisjoint(codes(run(folder)))
    assert counting(folder) == {other.node}


def test_a_reused_message_id_hides_nothing_and_the_same_message_again_is_known(
    folder: Path, everybody: dict[str, p.Person]
) -> None:
    one, other = everybody["hemtjanst"], everybody["ekonomi-kansli"]
    lay(folder, p.plain(one)[0], p.mail(other, p.with_file(other), Message_ID=f"<{one.node}@mail.example>"))
    done = run(folder)
    assert [post.known for post in done.posts] == [False, False]
    assert counting(folder) == {one.node, other.node}
    saved = b"X-MS-Exchange-Organization-SCL: -1\r\n" + p.plain(one)[0]
    lay(folder, saved, p.mail(other, b.text(), Message_ID=f"<{one.node}@mail.example>"), start=2)
    again = run(folder)
    assert [post.known for post in again.posts] == [True, True, True, False]
    assert codes(again) == ["XS031"]
    assert outcomes(folder).count("duplicate") == 1
    assert counting(folder) == {one.node, other.node}


def test_two_versions_are_rivals_until_somebody_chooses(folder: Path, who: p.Person) -> None:
    lay(folder, *p.two_versions(who))
    done = run(folder)
    (saved,) = (folder / "inlämnat").glob(f"{done.files[1].examined.sha256}*")
    with Round(folder, NOW) as round_:
        rivals = [f for f in consolidate(round_).findings if f.code == "XS501"]
        assert len(rivals) == 1
        assert passed_over(round_).replaced == frozenset()
        standing.choose(round_, saved)
        assert passed_over(round_).replaced == {done.files[0].examined.sha256}
    assert who.node in counting(folder)


def test_a_conflict_copy_is_a_second_answer_and_both_files_are_named(folder: Path, who: p.Person) -> None:
    stem = who.name.removesuffix(".xlsx")
    copy = f"{stem}-LAPTOP-7Q2.xlsx"
    (folder / "inkorg" / who.name).write_bytes(who.answer)
    (folder / "inkorg" / copy).write_bytes(p.another_version(who.answer))
    done = run(folder)
    assert [taken.examined.status in GOOD for taken in done.files] == [True, True]
    with Round(folder, NOW) as round_:
        (rival,) = [f for f in consolidate(round_).findings if f.code == "XS501"]
    assert who.name in rival.message
    assert copy in rival.message


def untouched(folder: Path, who: p.Person) -> p.Person:
    """Somebody who sends the workbook as it came."""
    (issued,) = (folder / "mallar").rglob(who.name)
    return replace(who, answer=issued.read_bytes())


def written(folder: Path, who: p.Person, kind: str = "issue") -> None:
    """The letter that somebody answers is in the mailbook."""
    reference = who.reference if kind == "issue" else who.reference.replace("]", "s]")
    to = (who.address,)
    letter = Letter(reference, kind, who.node, "proposal", to, (), "Budget", "smtp", "sent", "", "", NOW)
    with Round(folder, NOW) as round_, round_.register.transaction():
        round_.mailbook.put_letter(letter)


@pytest.mark.parametrize("kind", ["nobody's", "issue", "rollup"])
def test_what_bears_our_mark_and_is_filled_in_is_an_answer(folder: Path, who: p.Person, kind: str) -> None:
    """A draft that somebody filled in and sent on, or what another part of the round sends."""
    if kind != "nobody's":
        written(folder, who, kind)
    lay(folder, p.mail(who, p.with_file(who), X_Xlstyr=who.reference))
    done = run(folder)
    assert [post.received.kind for post in done.posts] == ["letter"]
    assert codes(done) == []
    assert counting(folder) == {who.node}


def test_our_own_letter_with_another_workbook_than_we_have_is_told(folder: Path, who: p.Person) -> None:
    written(folder, who)
    lay(folder, p.mail(who, p.with_file(who), X_Xlstyr=who.reference, Message_ID="<xlstyr.1@kommunen.example>"))
    done = run(folder)
    assert (codes(done), counting(folder)) == (["XS034"], set())


@pytest.mark.parametrize("headers", [{"Return_Path": "<>"}, {"X_Failed_Recipients": "a@b.example"}])
def test_an_answer_in_what_looks_like_a_bounce_is_told(folder: Path, who: p.Person, headers: dict[str, str]) -> None:
    lay(folder, p.mail(who, p.with_file(who), **headers))
    lay(folder, p.mail(who, p.with_file(untouched(folder, who)), **headers, Message_ID="<2@x>"), start=1)
    done = run(folder)
    assert [post.received.kind for post in done.posts] == ["bounce"] * 2
    assert [finding.code for finding in done.posts[0].findings] == ["XS034", "XS033"]
    assert [finding.code for finding in done.posts[1].findings] == ["XS033"]  # as it went out


def test_bounces_receipts_and_our_own_letters_give_no_answers(folder: Path, who: p.Person) -> None:
    written(folder, who)
    own = p.mail(who, p.with_file(untouched(folder, who)), X_Xlstyr="1", Message_ID="<eget@mail.example>")
    lay(folder, b.bounce(own), b.receipt(), own)
    done = run(folder)
    assert Counter(post.received.kind for post in done.posts) == {"bounce": 1, "receipt": 1, "own": 1}
    assert done.files == []
    assert counting(folder) == set()
    (told,) = done.findings
    assert told.code == "XS033"
    assert told.place.node == who.node
    assert who.address in told.message
    assert outcomes(folder) == ["ignored", "ignored"]


def test_a_workbook_in_an_automatic_reply_is_told(folder: Path, who: p.Person) -> None:
    lay(folder, p.mail(who, p.with_file(who), Auto_Submitted="auto-generated"))
    done = run(folder)
    assert codes(done) == ["XS034"]
    assert who.name in done.findings[0].message
    assert outcomes(folder) == ["ignored"]
    (issued,) = (folder / "mallar").rglob(who.name)
    quoted = p.Person(who.node, who.address, who.reference, who.name, issued.read_bytes())
    lay(folder, p.mail(who, p.with_file(quoted), Auto_Submitted="auto-replied", Message_ID="<2@x>"), start=1)
    assert codes(run(folder)) == []  # our own workbook back, as it went out


def test_mail_from_nobody_we_know_is_only_mentioned(folder: Path, who: p.Person) -> None:
    lay(folder, p.mail(who, b.text(), From="nyhetsbrev@reklam.example", Subject="Sommarens erbjudanden"))
    (finding,) = run(folder).findings
    assert (finding.code, finding.severity) == ("XS032", "notis")


def test_a_message_that_cannot_be_opened_is_kept_and_stops_nothing(
    folder: Path, everybody: dict[str, p.Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = everybody["hemtjanst"], everybody["ekonomi-kansli"]
    lay(folder, *p.plain(one), *p.plain(other))
    asked: Callable[..., object] = Workers.run

    def dying(workers: Workers, function: str, data: bytes, *args: int) -> object:
        return Died("memory") if f"<{one.node}@".encode() in data[:2000] else asked(workers, function, data, *args)

    monkeypatch.setattr(Workers, "run", dying)
    done = run(folder)
    assert codes(done).count("XS039") == 1
    assert counting(folder) == {other.node}
    assert "unreadable" in outcomes(folder)
    assert p.plain(one)[0] in [path.read_bytes() for path in (folder / "inlämnat").iterdir()]
    monkeypatch.setattr(Workers, "run", asked)
    again = run(folder)
    assert [post.known for post in again.posts] == [False, True]
    assert counting(folder) == {one.node, other.node}
    assert "unreadable" not in outcomes(folder)


def test_what_is_too_large_stays_where_it_is(folder: Path, who: p.Person) -> None:
    (folder / "xlstyr.toml").write_text("[limits]\nmessage = 1\nfile = 1\n", "utf-8")
    lay(folder, p.mail(who, b.attached(os.urandom(3 * 2**20))), *p.plain(who))
    done = run(folder)
    assert [finding.code for finding in done.left] == ["XS038"]
    assert "1 MiB" in done.left[0].message
    assert counting(folder) == {who.node}


def test_every_limit_for_messages_is_the_rounds_own(folder: Path, who: p.Person) -> None:
    both = b.several(b.text(), b.attached(who.answer, "A.xlsx"), b.attached(b"%PDF-1.7", "B.pdf"))
    lay(folder, p.mail(who, both))
    whole = Path(shutil.copytree(folder, folder.with_name("hel")))
    assert "XS039" not in [finding.code for finding in run(whole).findings]
    (folder / "xlstyr.toml").write_text("[limits]\nmessage_parts = 1\n", "utf-8")
    told = [finding.message + finding.fix for finding in run(folder).findings]
    assert any("för många delar (1)" in text for text in told)


def test_files_that_are_not_finished_wait_for_the_next_run(folder: Path, who: p.Person) -> None:
    inbox = folder / "inkorg"
    (inbox / "moln.xlsx").write_bytes(b"")
    (inbox / "hämtas.xlsx.crdownload").write_bytes(who.answer[:1000])
    (inbox / "~WRL0003.tmp").write_bytes(b"x")
    (inbox / who.name).write_bytes(who.answer)
    (inbox / f"~${who.name[2:]}").write_bytes(b"\x05Anna")
    (inbox / "desktop.ini").write_bytes(b"[x]")
    done = run(folder)
    assert done.files == []
    assert {finding.place.file for finding in done.left} == {
        "moln.xlsx",
        "hämtas.xlsx.crdownload",
        "~WRL0003.tmp",
        who.name,
    }
    assert {finding.code for finding in done.left} == {"XS037"}
    (inbox / f"~${who.name[2:]}").unlink()
    assert run(folder).files[0].examined.node == who.node


def test_a_file_that_changes_while_it_is_read_waits(
    folder: Path, who: p.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "inkorg" / who.name
    path.write_bytes(who.answer)
    read = Path.read_bytes

    def growing(self: Path) -> bytes:
        data = read(self)
        if self == path:
            with self.open("ab") as file:
                file.write(b"more")
        return data

    monkeypatch.setattr(Path, "read_bytes", growing)
    assert [finding.code for finding in run(folder).left] == ["XS037"]
    monkeypatch.setattr(Path, "read_bytes", read)
    path.write_bytes(who.answer)
    assert run(folder).files[0].examined.node == who.node


def test_a_watched_folder_is_never_changed(folder: Path, everybody: dict[str, p.Person], tmp_path: Path) -> None:
    """Nor are the round's own folders taken for answers when the watched one holds the whole round."""
    one, other, third = (everybody[node] for node in ("hemtjanst", "ekonomi-kansli", "finans-skatt"))
    watched = tmp_path / "Teams" / "Budget åäö"
    (watched / "hemtjänst").mkdir(parents=True)
    (watched / "hemtjänst" / one.name).write_bytes(one.answer)
    (watched / "svar.eml").write_bytes(p.plain(other)[0])
    (folder / "inkorg" / third.name).write_bytes(third.answer)
    (folder / "xlstyr.toml").write_text(f'[inbox]\nfolders = ["{watched.as_posix()}", "."]\n', "utf-8")
    before = files(watched)
    watched.chmod(0o555)
    done = run(folder)
    watched.chmod(0o755)
    assert files(watched) == before
    assert counting(folder) == {one.node, other.node, third.node}
    assert len(done.files) == 3


@pytest.fixture
def teams(folder: Path, tmp_path: Path) -> Path:
    """A folder on Teams that the round watches."""
    teams = tmp_path / "Teams – Budget"
    teams.mkdir()
    (folder / "xlstyr.toml").write_text(f'[inbox]\nfolders = ["{teams.as_posix()}"]\n', "utf-8")
    return teams


def test_workbooks_that_nobody_has_filled_in_are_no_answers(folder: Path, who: p.Person, teams: Path) -> None:
    """They were laid there to be filled in."""
    for path in (folder / "mallar").rglob("*.xlsx"):
        shutil.copyfile(path, teams / path.name)
    count = len(list(teams.iterdir()))
    done = run(folder)
    assert (done.files, done.left, done.untouched) == ([], [], count)
    (teams / who.name).write_bytes(who.answer)
    done = run(folder)
    assert ([taken.examined.node for taken in done.files], done.untouched) == ([who.node], count - 1)


def test_a_file_saved_anew_in_a_watched_folder_replaces_itself(folder: Path, who: p.Person, teams: Path) -> None:
    """By a decision that says why; put back, the former counts again; a person's choice stands until it is saved anew."""
    place = teams / who.name
    versions = [who.answer, p.another_version(who.answer), p.another_version(who.answer, "En tredje.")]

    def counts() -> list[bool]:
        with Round(folder, NOW) as round_:
            (said,) = [said for (node, _), said in standing.bundle(round_).items() if node == who.node]
            stands = {one.rows[0].origin.source.sha256 for one in said}
        return [hashlib.sha256(version).hexdigest() in stands for version in versions]

    for number in (0, 1, 2, 0):
        place.write_bytes(versions[number])
        run(folder)
        assert counts() == [number == one for one in range(3)]
        before = dump(folder)
        run(folder)
        assert dump(folder) == before
    with Round(folder, NOW) as round_:
        decided = round_.register.events(["decided"])
        assert len(decided) == 3
        assert all(who.name in event.data["why"] and event.data["by"] for event in decided)
        (chosen,) = (folder / "inlämnat").glob(f"{hashlib.sha256(versions[1]).hexdigest()}*")
        standing.choose(round_, chosen, "Enligt chefen", "chef@exempelby.example")
    run(folder)
    assert counts() == [False, True, False]
    versions.append(p.another_version(who.answer, "En fjärde."))
    place.write_bytes(versions[3])
    run(folder)
    assert counts() == [False, False, False, True]


def test_where_another_file_competes_nobody_decides_by_itself(folder: Path, who: p.Person, teams: Path) -> None:
    (folder / "inkorg" / who.name).write_bytes(p.another_version(who.answer))
    (teams / who.name).write_bytes(who.answer)
    run(folder)
    (teams / who.name).write_bytes(p.another_version(who.answer, "En tredje."))
    run(folder)
    assert who.node not in counting(folder)


def test_a_watched_folder_that_is_away_is_told_and_stops_nothing_else(
    folder: Path, everybody: dict[str, p.Person], tmp_path: Path
) -> None:
    one, other = everybody["hemtjanst"], everybody["angsskolan"]
    there, away = tmp_path / "här", tmp_path / "borta"
    there.mkdir()
    (there / one.name).write_bytes(one.answer)
    (folder / "inkorg" / other.name).write_bytes(other.answer)
    paths = ", ".join(f'"{path.as_posix()}"' for path in (away, there))
    (folder / "xlstyr.toml").write_text(f"[inbox]\nfolders = [{paths}]\n", "utf-8")
    done = run(folder)
    (told,) = done.findings
    assert (told.code, told.severity, told.place.file) == ("XS048", "fel", str(away))
    assert counting(folder) == {one.node, other.node}
    said = xlstyr("collect", "--round", str(folder))
    assert (said.returncode, "XS048" in said.stdout, "borta" in said.stdout) == (1, True, True)
    with Round(folder, NOW) as round_:
        assert "XS048" in [finding.code for finding in archive_round(round_, tmp_path / "paket.zip").findings]
    with pytest.raises(XlstyrError, match="borta"):
        run(folder, away)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_told_and_never_followed(folder: Path, who: p.Person, tmp_path: Path) -> None:
    outside = tmp_path / "utanför"
    outside.mkdir()
    (outside / who.name).write_bytes(who.answer)
    inbox = folder / "inkorg"
    (inbox / who.name).symlink_to(outside / who.name)
    (inbox / "mapp").symlink_to(outside)
    (inbox / "ingenstans.xlsx").symlink_to(outside / "saknas")
    done = run(folder)
    assert done.files == []
    assert {(one.code, one.place.file) for one in done.findings} == {
        ("XS049", name) for name in (who.name, "mapp", "ingenstans.xlsx")
    }
    safe.erase(inbox / who.name)
    assert not (inbox / who.name).is_symlink()
    assert (outside / who.name).read_bytes() == who.answer


def test_only_one_takes_in_at_a_time(folder: Path, everybody: dict[str, p.Person]) -> None:
    for one in everybody.values():
        (folder / "inkorg" / one.name).write_bytes(one.answer)
    command = [sys.executable, "-m", "xlstyr.cli.main", "collect", "--round", str(folder), "--json"]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf-8") for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    ended = sorted(process.returncode for process in both)
    assert ended in ([0, 3], [0, 0]), said  # one refused, or so slow to start that the first was done
    assert any("collect" in text for text in said) is (3 in ended)
    with sqlite3.connect(folder / "xlstyr.db") as db:
        count = "select count(*), count(distinct node) from events where kind = 'received'"
        assert db.execute(count).fetchone() == (len(everybody), len(everybody))
        assert db.execute("select count(*) from arrivals").fetchone() == (len(everybody),)
    db.close()


def test_who_comes_second_is_told_and_what_is_at_work_is_left_alone(folder: Path, who: p.Person) -> None:
    (folder / "inkorg" / who.name).write_bytes(who.answer)
    digest = hashlib.sha256(who.answer).hexdigest()
    with Round(folder, NOW) as round_, turn(round_):
        (folder / "inlämnat" / f"{digest}.xlsx").write_bytes(who.answer)  # safe, and about to be registered
        said = xlstyr("collect", "--round", str(folder))
        assert (said.returncode, "Någon annan" in said.stderr) == (3, True)
        with Round(folder, NOW) as other:
            assert recover(other) == []
            assert other.register.file(digest) is None
    assert xlstyr("collect", "--round", str(folder)).returncode == 0


@pytest.mark.parametrize("name", ["svar.zip", "svar.eml", "svar.dat", "svar.msg"])
def test_what_a_crash_left_is_known_by_its_bytes_not_its_name(folder: Path, who: p.Person, name: str) -> None:
    digest = hashlib.sha256(who.answer).hexdigest()
    (folder / "inlämnat" / f"{digest}{Path(name).suffix}").write_bytes(who.answer)
    run(folder)
    assert counting(folder) == {who.node}
    with Round(folder, NOW) as round_:
        assert round_.mailbook.messages() == []


def test_what_comes_happens_when_it_is_taken_in_whatever_its_date(folder: Path, who: p.Person) -> None:
    """A message that says it is from before its workbook was issued is no earlier than the one before it."""
    lay(folder, *p.plain(who))
    run(folder)
    later = NOW + timedelta(days=2200)  # long after the last day
    broken = replace(who, answer=p.another_version(who.answer)[:-2000])
    lay(folder, p.mail(who, p.with_file(broken), Date="Mon, 02 Jun 2014 08:00:00 +0200", Message_ID="<2@x>"), start=1)
    older = replace(who, answer=p.another_version(who.answer))
    lay(folder, p.mail(who, p.with_file(older), Date="Mon, 02 Jun 2014 08:00:00 +0200", Message_ID="<3@x>"), start=2)
    with Round(folder, later) as round_:
        done = gather(round_)
        assert [event.at for event in round_.register.events(["received"], who.node)] == [NOW, later]
        assert round_.register.answers()[0].contribution is not None  # the first stays first
    assert "XS701" in codes(done)


def test_mail_in_time_is_not_late_because_it_is_collected_late(folder: Path, who: p.Person) -> None:
    with Round(folder, NOW) as round_:
        phase = round_.premises.phase_of(who.node)
        assert phase is not None
        due = phase.deadline
    later = datetime(due.year + 1, 1, 1, 9, 0, tzinfo=UTC)
    for date, late in (f"{due:%d %b %Y} 08:00:00 +0200", False), (f"{due:%d %b} {due.year + 5} 08:00:00 +0200", True):
        copy = Path(shutil.copytree(folder, folder.with_name(f"kopia{late}")))
        lay(copy, p.mail(who, p.with_file(who), Date=date))
        with Round(copy, later) as round_:
            assert ("XS701" in codes(gather(round_))) is late


def test_an_original_whose_message_is_gone_is_taken_in_again(folder: Path, who: p.Person) -> None:
    """As after a crash, when somebody has emptied the folder since."""
    lay(folder, *p.plain(who))
    run(folder)
    with sqlite3.connect(folder / "xlstyr.db") as db:
        for table in ("messages", "arrivals", "answers", "files"):
            db.execute(f"delete from {table}")
    db.close()
    for path in (*(folder / "inkorg").iterdir(), *(folder / "inlämnat").glob("*.xlsx")):
        path.unlink()
    run(folder)
    assert counting(folder) == {who.node}
    with Register(folder / "xlstyr.db") as register:
        (sha256,) = register.execute("select sha256 from messages").fetchone()
    assert (folder / "inlämnat" / f"{sha256}.eml").is_file()


def test_what_must_be_sealed_is_sealed_with_its_message(folder: Path, who: p.Person) -> None:
    private = p.another_version(who.answer, "Gäller Anna, 811218-9876.")
    secret = p.Person(who.node, who.address, who.reference, who.name, private)
    lay(folder, p.mail(secret, p.with_file(secret), Subject=f"811218-9876 {who.reference}"))
    done = run(folder)
    assert outcomes(folder) == ["quarantined"]
    assert counting(folder) == set()
    assert list((folder / "inlämnat").iterdir()) == []
    assert {path.suffix for path in (folder / "karantän").iterdir()} == {".eml", ".xlsx"}
    assert not any("811218" in line for line in dump(folder))
    assert "811218" not in done.posts[0].received.subject
    before = dump(folder), files(folder)
    run(folder)
    assert (dump(folder), files(folder)) == before


class Crash(BaseException):
    """As if the power went."""


@pytest.mark.slow
def test_a_crash_anywhere_and_a_new_run_end_as_an_undisturbed_one(
    folder: Path, everybody: dict[str, p.Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The n-th write, replace or commit fails, for every n; the second run ends where the undisturbed one ended."""
    one, other, third = (everybody[node] for node in ("hemtjanst", "ekonomi-kansli", "finans-skatt"))
    both = b.several(
        b.text(), b.attached(one.answer, "A.xlsx"), b.attached(other.answer, "B.xlsx"), b.attached(b"%PDF-1.7")
    )
    lay(folder, p.mail(one, both), *p.nothing(other), *p.broken_base64(third))
    sealed = p.another_version(everybody["barn-unga"].answer, "Gäller Anna, 811218-9876.")
    lay(folder, p.mail(third, b.attached(sealed), Message_ID="<hemligt@mail.example>"), start=3)
    whole = Path(shutil.copytree(folder, folder.with_name("hel")))
    run(whole)
    expected = sorted(dump(whole)), sorted(files(whole))

    steps = left = 0

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    write, execute = safe.write_safely, Register.execute

    def writing(path: Path, data: bytes) -> bool:
        step()
        done = write(path, data)
        step()
        return done

    def executing(self: Register, query: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if query.startswith(("insert", "delete")):
            step()
        return execute(self, query, values)

    monkeypatch.setattr("xlstyr.rounds.incoming.collecting.write_safely", writing)
    monkeypatch.setattr("xlstyr.rounds.incoming.post.write_safely", writing)
    monkeypatch.setattr(Register, "execute", executing)
    while True:
        steps += 1
        broken = Path(shutil.copytree(folder, folder.with_name("bruten")))
        left = steps
        try:
            run(broken)
        except Crash:
            left = 0
            run(broken)
            assert (sorted(dump(broken)), sorted(files(broken))) == expected, steps
            shutil.rmtree(broken)
        else:
            break
    print(f"{steps - 1} points tried")
    assert steps > 20


def xlstyr(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "xlstyr.cli.main", *args], capture_output=True, text=True, check=False)


def test_the_command_tells_what_came_and_from_whom(folder: Path, everybody: dict[str, p.Person]) -> None:
    one, other = everybody["hemtjanst"], everybody["ekonomi-kansli"]
    lay(folder, *p.plain(one), *p.broken_base64(other))
    (folder / "inkorg" / "moln.xlsx").write_bytes(b"")
    done = xlstyr("collect", "--round", str(folder), "--json")
    assert (done.returncode, done.stderr) == (1, "")
    said = json.loads(done.stdout)
    (file,) = said["files"]
    assert (file["file"], file["node"], file["sender"]) == (one.name, one.node, one.address)
    assert file["status"] in GOOD
    assert file["superseded"] is False
    messages = {message["sender"]: message for message in said["messages"]}
    assert messages[one.address]["message"] == file["message"]
    assert messages[other.address]["node"] == other.node
    (fault,) = messages[other.address]["findings"]
    assert fault["code"] == "XS030"
    (left,) = said["left"]
    assert (left["file"], left["code"]) == ("moln.xlsx", "XS037")
    text = xlstyr("collect", "--round", str(folder)).stdout
    assert "2 kända sedan tidigare" in text
    assert "moln.xlsx: ligger kvar" in text


def test_the_command_shows_what_is_wrong_with_a_message(folder: Path, who: p.Person) -> None:
    lay(folder, *p.nothing(who))
    done = xlstyr("collect", "--round", str(folder))
    assert done.returncode == 0
    assert "1 brev" in done.stdout
    assert who.address in done.stdout
    assert "XS031" in done.stdout


def test_without_a_mail_server_the_command_says_where_to_name_one(folder: Path, who: p.Person) -> None:
    lay(folder, *p.plain(who))
    done = xlstyr("collect", "--imap", "--round", str(folder))
    assert done.returncode == 3
    assert "imap.host" in done.stderr
    assert "Tog in 1 fil (" in done.stdout  # what lay in the folder is taken in all the same


def test_the_command_tells_at_once_that_two_answers_compete(folder: Path, who: p.Person) -> None:
    first, second = p.two_versions(who)
    lay(folder, first)
    assert xlstyr("collect", "--round", str(folder)).returncode == 0
    lay(folder, second, start=1)
    done = xlstyr("collect", "--round", str(folder))
    assert done.returncode == 1
    assert "Hemtjänst öster & väster: två svar tävlar" in done.stdout
    assert "Två svar från Hemtjänst öster & väster skiljer sig" in done.stdout
    assert "XS501" in done.stdout
    assert xlstyr("collect", "--round", str(folder)).returncode == 0, "told once, then status tells"


def test_status_shows_that_two_answers_compete(folder: Path, who: p.Person) -> None:
    lay(folder, *p.two_versions(who))
    done = xlstyr("collect", "--round", str(folder), "--json")
    (rival,) = json.loads(done.stdout)["rivals"]
    assert (done.returncode, rival["code"], rival["node"]) == (1, "XS501", who.node)
    said = json.loads(xlstyr("status", who.node, "--round", str(folder), "--json").stdout)
    (node,) = said["nodes"]
    assert (node["state"], node["errors"]) == ("received", 1)
    assert [finding["code"] for finding in said["findings"]] == ["XS501"]
    assert "två svar tävlar" in xlstyr("status", "--round", str(folder)).stdout
    assert (
        xlstyr("collect", "--use", said_in(rival["message"])[1], "--why", "Ringde", "--round", str(folder)).returncode
        == 0
    )
    (node,) = json.loads(xlstyr("status", who.node, "--round", str(folder), "--json").stdout)["nodes"]
    assert (node["state"], node["errors"]) == ("received", 0)
    assert "två svar tävlar" not in xlstyr("status", "--round", str(folder)).stdout


def said_in(message: str) -> list[str]:
    """The checksums that XS501 shows."""
    return re.findall(r"\b[0-9a-f]{8}\b", message)


def test_what_is_chosen_is_given_as_a_message_or_a_checksum(folder: Path, who: p.Person, tmp_path: Path) -> None:
    letters = p.two_versions(who)
    lay(folder, *letters)
    done = run(folder)
    sums = [taken.examined.sha256 for taken in done.files]
    saved = tmp_path / "mejlet.eml"
    wanted = []
    for number in (0, 1):
        saved.write_bytes(b"X-MS-Exchange-Organization-SCL: -1\r\n" + letters[number])  # saved from Outlook
        for given in (saved, folder / "inkorg" / f"{number:03} svar åäö.eml", sums[number][:8], sums[number].upper()):
            with Round(folder, NOW) as round_:
                chosen = standing.choose(round_, given, "Rektorn ringde")
                (stands,) = standing.bundle(round_)[who.node, chosen.stage]
                assert stands.digest == chosen.digest
                wanted.append((sums[number], "Rektorn ringde"))
    with Round(folder, NOW) as round_:
        decided = [(event.data["sha256"], event.data["why"]) for event in round_.register.events(["decided"])]
    assert decided == wanted
    assert len(list((folder / "inlämnat").glob("*.eml"))) == 2, "a message that is only pointed at isn't kept"


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("finns inte.xlsx", 2, "Hittar ingen fil"),
        ("abc1234", 2, "åtta tecken"),
        ("0123456789", 3, "Inget svar som tävlar"),
        ("{both}", 3, "flera olika svar"),
        ("{none}", 3, "har inte tagits in"),
    ],
)
def test_what_cannot_be_chosen_is_said(
    folder: Path, who: p.Person, tmp_path: Path, given: str, code: int, says: str
) -> None:
    both = tmp_path / "båda.eml"
    later = b.attached(p.another_version(who.answer), "Annan.xlsx")
    both.write_bytes(p.mail(who, b.several(b.text(), b.attached(who.answer, "Budget.xlsx"), later)))
    none = tmp_path / "inget.eml"
    none.write_bytes(p.nothing(who)[0])
    lay(folder, both.read_bytes())
    run(folder)
    done = xlstyr("collect", "--use", given.format(both=both, none=none), "--why", "Ringde", "--round", str(folder))
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    with Round(folder, NOW) as round_:
        assert round_.register.events(["decided"]) == []


def test_of_several_workbooks_in_a_message_the_one_that_competes_is_chosen(
    folder: Path, everybody: dict[str, p.Person]
) -> None:
    one, other = everybody["hemtjanst"], everybody["ekonomi-kansli"]
    whole = p.mail(one, b.several(b.text(), b.attached(one.answer, "Ett.xlsx"), b.attached(other.answer, "Två.xlsx")))
    lay(folder, whole, p.two_versions(one)[1])
    run(folder)
    with Round(folder, NOW) as round_:
        assert standing.choose(round_, folder / "inkorg" / "000 svar åäö.eml").node == one.node
        (stands,) = standing.bundle(round_)[one.node, "proposal"]
        assert stands.rows[0].origin.source.name == "Ett.xlsx"


def received(folder: Path) -> datetime:
    """When the only message came."""
    with Round(folder, NOW) as round_:
        (mail,) = round_.mailbook.messages()
        return mail.received


def test_a_saved_message_came_when_our_server_got_it_not_when_its_sender_says(folder: Path, who: p.Person) -> None:
    letter = p.plain(who)[0].replace(b"02 Jun 2025 08:15", b"01 May 2025 08:15")
    older = b"Received: from a.example by b.example;\r\n Sun, 1 Jun 2025 09:00:00 +0200\r\n"
    newest = (
        b"Received: from b.example by post.example (kommunen; tls)\r\n id 7; Mon, 2 Jun 2025 09:30:00 +0200 (CEST)\r\n"
    )
    lay(folder, newest + older + letter)
    run(folder)
    assert received(folder) == datetime(2025, 6, 2, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("head", [b"", b"Received: by post.example\r\n", b"Received: by x; 40 Foo 1899 25:61\r\n"])
def test_without_a_servers_word_the_senders_date_counts_and_never_the_future(
    folder: Path, who: p.Person, head: bytes
) -> None:
    lay(folder, head + p.plain(who)[0])
    run(folder)
    assert received(folder) == datetime(2025, 6, 2, 6, 15, tzinfo=UTC)


def test_a_servers_clock_that_is_ahead_makes_nobody_late(folder: Path, who: p.Person) -> None:
    lay(folder, b"Received: by post.example; Mon, 2 Jun 2031 09:30:00 +0200\r\n" + p.plain(who)[0])
    run(folder)
    assert received(folder) == NOW


def test_a_reply_on_any_of_several_letters_with_one_reference_is_about_all_their_nodes(
    folder: Path, everybody: dict[str, p.Person]
) -> None:
    """Sent again alone, a letter has the reference of the first, in which two nodes were asked."""
    one, other = everybody["hemtjanst"], everybody["ekonomi-kansli"]
    with Round(folder, NOW) as round_, round_.register.transaction():
        for key, nodes in ((one.reference, f"{one.node} {other.node}"), (f"{one.reference}#2", one.node)):
            letter = Letter(
                key, "issue", nodes, "proposal", (one.address,), (), "Budget", "draft", "draft", "", "", NOW
            )
            round_.mailbook.put_letter(letter)
    lay(folder, p.mail(one, p.with_file(other)))
    assert "XS036" not in codes(run(folder))
