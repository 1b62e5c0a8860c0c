"""Links, other programs' files, awkward names: nothing outside is touched, and one file never stops the others."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import NOW
from tests.office.xmledit import Edit
from xlstyr.cli.main import group
from xlstyr.model.plain import plain
from xlstyr.rounds.incoming import quarantine
from xlstyr.rounds.incoming.collecting import Collected, gather
from xlstyr.rounds.incoming.examining import readable
from xlstyr.rounds.incoming.inbox import waiting
from xlstyr.rounds.records.archiving import archive_round
from xlstyr.rounds.records.disposing import Decision, chosen, dispose
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import ABANDONED, beside, erase, sweep, write_safely, writing

CLI = Path(__file__).parents[1] / "xlstyr" / "cli"
KEPT = b"something of somebody else's " * 10
NAME = "Budget 2031 Ekonomi & kansli.xlsx"


def aged(path: Path) -> Path:
    """Old enough to have been abandoned."""
    old = time.time() - 2 * ABANDONED
    os.utime(path, (old, old), follow_symlinks=False)
    return path


# sweeping and erasing


def test_only_our_own_names_are_swept(tmp_path: Path) -> None:
    names = [".~lock.Styrbok 2031.xlsx#", ".~viktig.xlsx", ".~~x", ".~xlstyr-anteckningar.txt", "~$Budget.xlsx"]
    for name in names:
        (tmp_path / name).write_bytes(KEPT)
        aged(tmp_path / name)
    ours = [tmp_path / "mapp" / "fil.xlsx", tmp_path / "annan.xlsx"]
    ours[0].parent.mkdir()
    left = [beside(ours[0]), beside(ours[1], ".~xlstyr~"), beside(ours[1]).with_name(f"{beside(ours[1]).name}-journal")]
    for path in left:
        path.write_bytes(b"half")
    sweep(tmp_path)
    assert all(path.exists() for path in left), "they may be at work"
    for path in left:
        aged(path)
    sweep(tmp_path)
    assert not any(path.exists() for path in left)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == dict.fromkeys(names, KEPT)


@pytest.mark.parametrize("beginning", [".~xlstyr-", ".~xlstyr~"])
def test_sweeping_follows_no_links(tmp_path: Path, beginning: str) -> None:
    outside, folder = tmp_path / "utanför", tmp_path / "runda"
    outside.mkdir()
    folder.mkdir()
    (outside / "viktig.txt").write_bytes(KEPT)
    aged(outside / "viktig.txt")
    inside = beside(outside / "fil", beginning)
    inside.write_bytes(KEPT)
    aged(inside)
    link = beside(folder / "fil", beginning)
    link.symlink_to(outside / "viktig.txt")
    aged(link)
    (folder / "mapp").symlink_to(outside, target_is_directory=True)
    sweep(folder)
    assert (outside / "viktig.txt").read_bytes() == KEPT
    assert inside.read_bytes() == KEPT


def test_erasing_takes_the_bytes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "hemlig.xlsx", []
    path.write_bytes(KEPT)
    unlink = Path.unlink

    def watched(self: Path, missing_ok: bool = False) -> None:
        seen.append(self.read_bytes())
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", watched)
    erase(path)
    assert (seen, list(tmp_path.iterdir())) == ([b""], [])


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_of_another_name_for_a_file_only_the_name_is_erased(tmp_path: Path, make: Callable[[Path, Path], None]) -> None:
    target, link = tmp_path / "Styrbok.xlsx", tmp_path / "länk.xlsx"
    target.write_bytes(KEPT)
    make(link, target)
    erase(link)
    assert [path.name for path in tmp_path.iterdir()] == ["Styrbok.xlsx"]
    assert target.read_bytes() == KEPT


def test_the_longest_name_can_be_written_and_erased(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 250 + ".xlsx")
    assert write_safely(path, b"x")
    with writing(path) as file:
        file.write(b"y")
    assert path.read_bytes() == b"y"
    erase(path)
    assert list(tmp_path.iterdir()) == []


# quarantine


@pytest.fixture
def sealed(exempelby: Path, copied: Callable[[Path], Path]) -> tuple[Path, str]:
    """A round with one file in quarantine: the folder, the file's sha256."""
    folder = copied(exempelby)
    edit = Edit((folder / "inkorg" / NAME).read_bytes())
    edit.set(*edit.at("budget", "64110-K130", "comment"), "Vikarie för 121212-1212")
    (folder / "inkorg" / "hemlig.xlsx").write_bytes(edit.bytes())
    with Round(folder, NOW) as round_:
        gather(round_)
        (one,) = quarantine.in_quarantine(round_)
    return folder, one.sha256


def test_what_only_looks_like_a_sealed_file_stays(sealed: tuple[Path, str], tmp_path: Path) -> None:
    folder, sha256 = sealed
    outside = tmp_path / "utanför"
    outside.mkdir()
    copy = (folder / "inkorg" / "hemlig.xlsx").read_bytes()
    (outside / "kopia.xlsx").write_bytes(copy)
    (folder / "inkorg" / "länk.xlsx").symlink_to(outside / "kopia.xlsx")
    (folder / "inkorg" / "mapp").symlink_to(outside, target_is_directory=True)
    planted = folder / "karantän" / f"{sha256}x.xlsx"
    planted.write_bytes(KEPT)
    (folder / "karantän" / f"{sha256}.lnk").symlink_to(folder / "Styrbok 2031.xlsx")
    book = (folder / "Styrbok 2031.xlsx").read_bytes()
    with Round(folder, NOW) as round_:
        quarantine.unlink(round_, sha256)
    assert not (folder / "karantän" / f"{sha256}.xlsx").exists()
    assert not (folder / "inkorg" / "hemlig.xlsx").exists()
    assert (outside / "kopia.xlsx").read_bytes() == copy
    assert planted.read_bytes() == KEPT
    assert (folder / "Styrbok 2031.xlsx").read_bytes() == book


def test_an_inbox_that_lies_elsewhere_is_left_alone(sealed: tuple[Path, str], tmp_path: Path) -> None:
    folder, sha256 = sealed
    (folder / "inkorg").rename(tmp_path / "annans")
    (folder / "inkorg").symlink_to(tmp_path / "annans", target_is_directory=True)
    with Round(folder, NOW) as round_:
        assert quarantine.unlink(round_, sha256)
    assert (tmp_path / "annans" / "hemlig.xlsx").exists()


def test_a_link_among_the_originals_is_not_moved_nor_its_target_changed(sealed: tuple[Path, str]) -> None:
    folder, sha256 = sealed
    link, book = folder / "inlämnat" / f"{sha256}.xlsx", folder / "Styrbok 2031.xlsx"
    link.symlink_to(book)
    book.chmod(0o644)
    with Round(folder, NOW) as round_:
        quarantine.settle(round_)
    assert (link.is_symlink(), book.stat().st_mode & 0o777) == (True, 0o644)
    assert not (folder / "karantän" / f"{sha256}.xlsx").is_symlink()


def test_a_dead_link_in_quarantine_stops_nothing(sealed: tuple[Path, str]) -> None:
    folder, sha256 = sealed
    (folder / "karantän" / "borta.xlsx").symlink_to(folder / "finns inte")
    with Round(folder, NOW) as round_:
        wanted = chosen(round_, [sha256[:10]], all_due=False)
        dispose(round_, wanted, Decision("fel fil", "anna@exempelby.example"))
        assert quarantine.in_quarantine(round_) == []


# collecting


def run(folder: Path) -> Collected:
    """One run of collect."""
    with Round(folder, NOW) as round_:
        return gather(round_)


@pytest.fixture
def folder(exempelby_answered: Path, copied: Callable[[Path], Path]) -> Path:
    """A round with answers that wait, none taken in."""
    return copied(exempelby_answered)


def test_a_name_as_long_as_a_disk_takes_is_taken_in(folder: Path) -> None:
    (folder / "inkorg" / NAME).rename(folder / "inkorg" / ("A" * 249 + ".xlsx"))
    done = run(folder)
    assert [finding.code for finding in done.left] == []
    assert "A" * 249 + ".xlsx" in {taken.examined.name for taken in done.files}
    assert {taken.outcome for taken in done.files} == {"accepted"}


def test_a_file_that_goes_while_it_is_looked_at_stops_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, is_file = len(list((folder / "inkorg").iterdir())), Path.is_file

    def listed(self: Path) -> bool:
        there = is_file(self)
        if self == folder / "inkorg" / NAME:
            self.unlink(missing_ok=True)
        return there

    monkeypatch.setattr(Path, "is_file", listed)
    done = run(folder)
    assert [(finding.code, finding.place.file) for finding in done.left] == [("XS037", NAME)]
    assert len(done.files) == count - 1


def test_a_file_that_is_kept_from_us_stops_neither_collect_nor_archive(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, opened = len(list((folder / "inkorg").iterdir())), Path.open

    def refused(self: Path, *args: object, **kwargs: object) -> object:
        if self == folder / "inkorg" / NAME:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refused)
    done = run(folder)
    assert [(finding.code, finding.place.file) for finding in done.left] == [("XS037", NAME)]
    assert len(done.files) == count - 1
    with Round(folder, NOW) as round_:
        (finding,) = archive_round(round_).findings
    assert (finding.code, "filer i inkorgen som inte är inlästa: 1" in finding.message) == ("XS042", True)


def test_what_cannot_be_looked_at_in_a_watched_folder_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = tmp_path / "teams"
    watched.mkdir()
    answers = sorted((folder / "inkorg").glob("*.xlsx"))[:2]
    for path in answers:
        path.rename(watched / path.name)
    (folder / "xlstyr.toml").write_text(f'[inbox]\nfolders = ["{watched.as_posix()}"]\n', "utf-8")
    read = Path.read_bytes

    def refused(self: Path) -> bytes:
        if self == watched / answers[0].name:
            raise PermissionError(13, "Permission denied", str(self))
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", refused)
    monkeypatch.setattr(
        "xlstyr.rounds.incoming.inbox._issued", lambda _: {path.name: [watched / path.name] for path in answers}
    )
    with Round(folder, NOW) as round_:
        found = waiting(round_)
    assert [(finding.code, finding.place.file) for finding in found.left] == [("XS037", answers[0].name)]
    assert found.untouched == 1


# the terminal

STEERING = "\x1b]0;own\x07\x1b[2J\x9b31m\u202e\u2066 namn.xlsx"


def test_names_are_shown_and_kept_without_what_steers_a_terminal(folder: Path) -> None:
    (folder / "inkorg" / STEERING).write_bytes(b"inte Excel")
    for args in (["collect"], ["collect", "--json"], ["check", str(folder / "inkorg" / STEERING)]):
        said = CliRunner().invoke(group, [*args, "--round", str(folder)]).output
        assert "namn.xlsx" in said or "--json" in args
        assert plain(said, keep="\n\t") == said
    with Round(folder, NOW) as round_:
        (name,) = [one.name for one in round_.mailbook.arrivals() if "namn" in one.name]
    assert plain(name) == name == readable(STEERING)


def test_swedish_and_unusual_letters_are_left_as_they_are() -> None:
    text = "Åsens förskola – ”Ängen” & 1\u00a0000 tkr \N{SNOWMAN} 漢字 e\u0301"
    assert (plain(text), readable(text)) == (text, text)
    assert plain("a\tb\nc\r", keep="\n\t") == "a\tb\nc\ufffd"


def test_commands_write_in_one_way_only() -> None:
    """``output.progress`` alone moves the cursor; what it shows are words of ours."""
    said = {path.name: path.read_text("utf-8").count("click.echo(") for path in CLI.glob("*.py")}
    assert {name: count for name, count in said.items() if count} == {"echo.py": 1, "output.py": 1}
