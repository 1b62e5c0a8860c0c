"""A round in one package: everything, the same bytes for the same round, and whatever is wrong with it is found."""

import csv
import hashlib
import io
import json
import os
import shutil
import sqlite3
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.conftest import NOW
from tests.office.xmledit import Edit
from xlstyr.cli.main import group
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.records.archiving import Archived, archive_round
from xlstyr.rounds.records.verifying import verify_package
from xlstyr.rounds.register import schema_of
from xlstyr.rounds.round import Round

OUTSIDE = ("inkorg", "karantän", "arkiv", ".xlstyr.lock")
PRIVATE = "Vikarie för 121212-1212"


@pytest.fixture
def folder(exempelby: Path, copied: Callable[[Path], Path]) -> Path:
    """A round with answers, a consolidated budget, and a file in quarantine."""
    folder = copied(exempelby)
    edit = Edit((folder / "inkorg" / "Budget 2031 Ekonomi & kansli.xlsx").read_bytes())
    edit.set(*edit.at("budget", "64110-K130", "comment"), PRIVATE)
    (folder / "inkorg" / "Budget.xlsx").write_bytes(edit.bytes())
    with Round(folder, NOW) as round_:
        collect(round_)
        consolidate(round_)
    return folder


def archived(folder: Path, out: Path | None = None, days: int = 0) -> Archived:
    """The round packed so many days from now."""
    with Round(folder, NOW + timedelta(days=days)) as round_:
        return archive_round(round_, out)


def members(path: Path) -> dict[str, bytes]:
    """What is in a package."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def codes(path: Path) -> list[str]:
    """What is wrong with a package."""
    return sorted({finding.code for finding in verify_package(path).findings})


# what is in it


def test_everything_is_there_with_its_checksum(folder: Path) -> None:
    done = archived(folder)
    inside = members(done.path)
    kept = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in (*OUTSIDE, "xlstyr.db")
    }
    assert {name: inside[name] for name in kept} == kept
    manifest = json.loads(inside.pop("manifest.json"))
    assert {one["path"]: (one["sha256"], one["size"]) for one in manifest["files"]} == {
        name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in inside.items()
    }
    assert {one["path"]: one["keep"] for one in manifest["files"]}["resultat/Budget 2031.xlsx"] == "bevaras"
    issued = next(one for one in manifest["files"] if one["kind"] == "issued")
    assert (issued["keep"], issued["until"]) == ("vid inaktualitet", "2032-01-01")
    assert (manifest["producer"], manifest["system"]["name"]) == ("Exempelby kommun", "xlstyr")
    assert manifest["round"]["id"] == "exempelby-2031"
    assert manifest["extracted"] == NOW.isoformat()
    lines = [line.split("  ", 1) for line in inside["sha256.txt"].decode().splitlines()]
    sums = {name: digest for digest, name in lines}
    assert {name: hashlib.sha256(inside[name]).hexdigest() for name in sums} == sums
    assert set(inside) - set(sums) == {"sha256.txt"}
    guide = inside["LÄSMIG.txt"].decode()
    assert "Exempelby kommun" in guide and "--verify" in guide and "{" not in guide


def test_the_register_is_there_as_sqlite_and_as_text(folder: Path, tmp_path: Path) -> None:
    with Round(folder, NOW) as round_, round_.register.transaction():
        round_.register.add_event("commented", "n", "s", NOW, why='=cmd|"x";\r\nrad två')
        round_.register.add_layout("=1+1", "-2+3")
        names = ["layouts", "events", "files", "answers", "meta", "messages", "letters", "arrivals", "issues"]
        live = {name: round_.register.execute(f"select * from {name}").fetchall() for name in names}
    inside = members(archived(folder).path)
    (tmp_path / "copy.db").write_bytes(inside["xlstyr.db"])
    with sqlite3.connect(tmp_path / "copy.db") as db:
        for name, rows in live.items():
            assert sorted(db.execute(f"select * from {name}").fetchall(), key=str) == sorted(rows, key=str)
    for name, rows in live.items():
        text = inside[f"register/{name}.csv"].decode("utf-8")
        assert not text.startswith("\ufeff")
        _, *read = csv.reader(io.StringIO(text, newline=""), delimiter=";")
        shown = [["" if value is None else str(value) for value in row] for row in rows]
        assert sorted([value.removeprefix("'") for value in row] for row in read) == sorted(shown)
        assert not [value for row in read for value in row if value.startswith(("=", "@", "+", "-"))]


def test_what_is_in_quarantine_stays_out_but_is_told(folder: Path) -> None:
    (sealed,) = (folder / "karantän").iterdir()
    inside = members(archived(folder).path)
    assert sealed.read_bytes() not in inside.values()
    assert not [name for name in inside if sealed.stem in name]
    assert not [name for name, data in inside.items() if PRIVATE.encode() in data]
    (told,) = json.loads(inside["manifest.json"])["quarantine"]
    assert (told["sha256"], told["code"], told["disposed"]) == (sealed.stem, "XS219", None)
    assert "legat i karantän: 1" in inside["LÄSMIG.txt"].decode()


# the same bytes


def test_the_same_round_gives_the_same_package(folder: Path, tmp_path: Path) -> None:
    first = archived(folder)
    data = first.path.read_bytes()
    again = archived(folder, days=40)
    assert (again.again, first.again) == (True, False)
    assert (again.path.read_bytes(), again.digest) == (data, first.digest)
    with Round(folder, NOW) as round_:
        (event,) = round_.register.events(["archived"])
        assert (event.data["digest"], event.data["files"]) == (first.digest, len(first.files))
    moved = Path(shutil.copytree(folder, tmp_path / "flyttad"))
    assert archived(moved, tmp_path / "annat.zip", days=80).path.read_bytes() == data
    shutil.copyfile(next((folder / "mallar").rglob("*kansli*")), folder / "inkorg" / "tom.xlsx")
    with Round(folder, NOW) as round_:
        collect(round_)
    changed = archived(folder, days=80)
    assert not changed.again
    assert changed.path.read_bytes() != data
    assert codes(changed.path) == []


def test_flat_memory(folder: Path) -> None:
    with (folder / "resultat" / "stor.bin").open("wb") as file:
        for _ in range(48):
            file.write(Random(1).randbytes(2**20))
    tracemalloc.start()
    try:
        done = archived(folder)
        before = tracemalloc.get_traced_memory()[1]
        assert codes(done.path) == []
        peak = max(before, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peak < 30 * 2**20


# where


def test_where_it_is_put(folder: Path, tmp_path: Path) -> None:
    name = "Arkiv exempelby-2031.zip"
    assert archived(folder).path == folder / "arkiv" / name
    assert archived(folder, tmp_path).path == tmp_path / name
    assert archived(folder, tmp_path / "ny").path == tmp_path / "ny" / name
    assert archived(folder, tmp_path / "paket.zip").path == tmp_path / "paket.zip"
    for inside in ("resultat", "inlämnat/x.zip", "karantän/djupt/ner"):
        with pytest.raises(XlstyrError, match="Välj en annan mapp"):
            archived(folder, folder / inside)
    assert not list(folder.rglob(".~*"))


def test_a_failing_disk_leaves_the_former_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archived(folder).path
    before = path.read_bytes()
    (folder / "resultat" / "ny.txt").write_text("ny")
    real = os.fsync
    for nth in range(1, 4):
        calls = iter(range(1, 1000))

        def fail(handle: int, nth: int = nth, calls: object = calls) -> None:
            if next(calls) == nth:  # type: ignore[call-overload]
                raise OSError(28, "full")
            real(handle)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            try:
                archived(folder)
            except OSError:
                assert path.read_bytes() == before or codes(path) == []
        assert not list(folder.rglob(".~*"))
    assert codes(archived(folder).path) == []


# what is told


def test_an_unfinished_round_is_told(folder: Path) -> None:
    (finding,) = archived(folder).findings
    assert (finding.code, finding.severity) == ("XS042", "notis")
    assert "sista dag är 2030-12-12" in finding.message and "inte har svarat: 1" in finding.message
    assert "i karantän utan beslut: 1" in finding.message
    (folder / "inkorg" / "ny.csv").write_text("Konto;kr")
    assert "inte är inlästa: 1" in archived(folder).findings[0].message


def test_a_missing_original_is_told(folder: Path) -> None:
    lost = sorted((folder / "inlämnat").iterdir())[0]
    lost.unlink()
    finding = archived(folder).findings[-1]
    assert (finding.code, finding.severity) == ("XS044", "fel")
    assert lost.stem[:8] in finding.message
    (missing,) = verify_package(folder / "arkiv" / "Arkiv exempelby-2031.zip").findings
    assert missing.code == "XS713" and lost.stem in missing.message


def test_a_changed_original_is_told(folder: Path) -> None:
    path = sorted((folder / "inlämnat").glob("*.xlsx"))[0]
    path.write_bytes(b"annat")
    done = archived(folder)
    (finding,) = [one for one in done.findings if one.code == "XS046"]
    assert (finding.severity, path.name in finding.message) == ("fel", True)
    assert "XS714" in codes(done.path)


# verifying


@pytest.fixture
def package(folder: Path, tmp_path: Path) -> Path:
    """A package that is whole."""
    path = archived(folder, tmp_path / "paket.zip").path
    assert codes(path) == []
    return path


def rewritten(path: Path, changes: Mapping[str, bytes | None], *, listed: bool = False) -> Path:
    """The package with files changed, added or (None) taken out; ``listed``: and its manifest with them."""
    inside: dict[str, bytes] = {**members(path)}
    for name, data in changes.items():
        if data is None:
            del inside[name]
        else:
            inside[name] = data
    if listed:
        manifest = json.loads(inside["manifest.json"])
        kinds = {one["path"]: one["kind"] for one in manifest["files"]}
        manifest["files"] = [
            {
                "path": name,
                "kind": kinds.get(name, "originals"),
                "sha256": hashlib.sha256(data).hexdigest(),
                "size": len(data),
            }
            for name, data in inside.items()
            if name != "manifest.json"
        ]
        inside["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in inside.items():
            archive.writestr(name, data)
    return path


def original(path: Path) -> str:
    """One of the originals in a package."""
    return next(name for name in members(path) if name.startswith("inlämnat/"))


def test_something_missing(package: Path) -> None:
    name = original(package)
    (finding,) = verify_package(rewritten(package, {name: None})).findings
    assert (finding.code, finding.severity) == ("XS713", "fel")
    assert name in finding.message


@pytest.mark.parametrize("data", [b"", b"x", None])
def test_something_changed(package: Path, data: bytes | None) -> None:
    name = original(package)
    new = data if data is not None else members(package)[name][:-1] + b"\0"
    (finding,) = verify_package(rewritten(package, {name: new + b"\1" if data is None else new})).findings
    assert (finding.code, name in finding.message) == ("XS714", True)


def test_something_extra(package: Path) -> None:
    (finding,) = verify_package(rewritten(package, {"inlämnat/extra.xlsx": b"x"})).findings
    assert (finding.code, "extra.xlsx" in finding.message) == ("XS715", True)


def test_bytes_that_belong_to_no_file(package: Path) -> None:
    """Nobody who unpacks the package sees them."""
    whole = package.read_bytes()
    second = whole.index(b"PK\3\4", 4)
    for data, where in (
        (whole + b"x", "efter paketets slut"),
        (whole[:-2] + b"\1\0x", "efter paketets slut"),
        (b"x" + whole, "mellan filerna"),
        (whole[:second] + b"x" + whole[second:], ""),
    ):
        package.write_bytes(data)
        findings = verify_package(package).findings
        assert findings
        assert not where or [(f.code, where in f.message) for f in findings] == [("XS715", True)]


def test_a_package_that_was_packed_again_by_another_program_is_whole(package: Path) -> None:
    """Such as one that writes to a stream, and states the size of each file after it."""
    target = io.BytesIO()
    with zipfile.ZipFile(Stream(target), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members(package).items():
            archive.writestr(name, data)
    package.write_bytes(target.getvalue())
    assert codes(package) == []


class Stream(io.RawIOBase):
    """Something to write to that can't go back."""

    def __init__(self, target: io.BytesIO) -> None:
        self.target = target

    def writable(self) -> bool:
        """It takes bytes."""
        return True

    def write(self, data: Any) -> int:
        """Adds ``data``."""
        return self.target.write(data)


def test_the_same_name_twice(package: Path) -> None:
    with zipfile.ZipFile(package, "a") as archive, pytest.warns(UserWarning):
        archive.writestr("LÄSMIG.txt", "annat")
    assert "XS715" in codes(package)


def test_a_manifest_that_was_changed_too_is_found_by_the_register(package: Path) -> None:
    name = original(package)
    whole = package.read_bytes()
    for changes, code in (
        ({name: None}, "XS713"),
        ({f"inlämnat/{'ab' * 32}.xlsx": b"x"}, "XS715"),
        ({name: b"annat"}, "XS714"),
        ({"register/events.csv": b"seq\r\n"}, "XS714"),
        ({"register/events.csv": None}, "XS714"),
        ({"xlstyr.db": b"SQLite format 3\0" + bytes(5000)}, "XS714"),
        ({"xlstyr.db": b"nothing"}, "XS714"),
        ({"xlstyr.db": None}, "XS713"),
    ):
        package.write_bytes(whole)
        assert codes(rewritten(package, changes, listed=True)) == [code], changes.keys()


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\3\4", b"inget paket", b"{", b"[]", b'{"format": 99, "files": []}', b'{"format": 1}', b"[" * 100_000],
)
def test_what_is_no_package(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "paket.zip"
    path.write_bytes(data)
    assert codes(path) == ["XS043"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", data)
    assert codes(path) == ["XS043"]


def test_any_flipped_or_cut_byte_is_found_or_harmless(package: Path) -> None:
    """Never an exception; what is passed as whole says the same."""
    whole, same = package.read_bytes(), members(package)
    random = Random(8)
    for _ in range(60):
        at = random.randrange(len(whole))
        package.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        assert codes(package) or members(package) == same
    for _ in range(10):
        package.write_bytes(whole[: random.randrange(len(whole))])
        assert codes(package) == ["XS043"]


def with_register(path: Path, script: str) -> Path:
    """The package with its register changed, and its manifest with it."""
    draft = path.with_name("register.db")
    draft.write_bytes(members(path)["xlstyr.db"])
    with closing(sqlite3.connect(draft)) as db:
        db.executescript(script)
    return rewritten(path, {"xlstyr.db": draft.read_bytes()}, listed=True)


ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n"


@pytest.mark.parametrize(
    "script",
    [
        f"alter table meta rename to m; create view meta as {ENDLESS}",
        f"alter table files rename to f; create view files as select x as sha256 from ({ENDLESS})",
        "create table extra (x)",
        'create table "a""; drop" (x)',
        'create table "../../x" (x)',
        "create trigger t after insert on events begin delete from files; end",
        "drop table letters",
        "drop table events",
        f"drop table layouts; create table layouts (digest text primary key, definition as (({'1+' * 40}1)))",
        *(
            f"insert into events values (9999, '', '{kind}', '', '', {data})"
            for kind in ("disposed", "quarantined")
            for data in ("'x'", "'[]'", "'{}'", "x'ff'", "1", f"'{'[' * 50_000}'", "'null'")
        ),
    ],
)
def test_a_register_made_for_harm_is_a_finding_at_once(package: Path, script: str) -> None:
    started = time.monotonic()
    findings = verify_package(with_register(package, script)).findings
    assert {finding.code for finding in findings} == {"XS714"}
    assert time.monotonic() - started < 10


def test_a_statement_that_never_ends_is_ended(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were something let through, there would still be a limit."""
    with_register(package, f"drop table letters; create view letters as {ENDLESS}")
    with closing(sqlite3.connect(package.with_name("register.db"))) as db:
        schema = schema_of(db)
    monkeypatch.setattr("xlstyr.rounds.records.verifying.own_schema", lambda: schema)
    monkeypatch.setattr("xlstyr.rounds.records.verifying.tables_of", lambda _: ["letters"])
    (finding,) = verify_package(package).findings
    assert (finding.code, "interrupted" in finding.message) == ("XS714", True)


def test_a_manifest_that_names_a_file_twice(package: Path) -> None:
    manifest = json.loads(members(package)["manifest.json"])
    manifest["files"] += manifest["files"][:1] * 3
    (finding,) = verify_package(rewritten(package, {"manifest.json": json.dumps(manifest).encode()})).findings
    assert (finding.code, manifest["files"][0]["path"] in finding.message) == ("XS714", True)


def test_what_cannot_be_opened_is_a_finding(tmp_path: Path) -> None:
    assert codes(tmp_path / "finns inte.zip") == ["XS043"]
    assert codes(tmp_path) == ["XS043"]


# the command


def run(*args: str | Path) -> Result:
    """``xlstyr archive``."""
    return CliRunner().invoke(group, ["archive", *map(str, args)])


def test_the_command(folder: Path, tmp_path: Path) -> None:
    done = run("--round", folder, "--json")
    assert done.exit_code == 0
    said = json.loads(done.output)
    assert [finding["code"] for finding in said["findings"]] == ["XS042"]
    path = Path(said["package"])
    looked = json.loads(run("--verify", path, "--json").output)
    assert (looked["ok"], looked["digest"], looked["files"]) == (True, said["digest"], said["files"])
    assert "allt stämmer" in run("--verify", path, "--round", tmp_path / "ingen").output
    assert "Inget har ändrats" in run("--round", folder).output
    rewritten(path, {original(path): None})
    faulty = run("--verify", path)
    assert (faulty.exit_code, "XS713" in faulty.output) == (1, True)
    assert run("--verify", path, "--out", tmp_path).exit_code == 2
