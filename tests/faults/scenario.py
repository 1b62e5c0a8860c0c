"""A small round from start to archive: what people do, and what the commands do of it. The same every time."""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from tests.conftest import NOW
from tests.office.xmledit import Edit
from xlstyr.excel.typing import type_answers
from xlstyr.rounds.deciding.certifying import certify
from xlstyr.rounds.following.consolidating import consolidate
from xlstyr.rounds.following.lending import letter_upwards
from xlstyr.rounds.following.replying import Return, laid, plan_returns
from xlstyr.rounds.incoming.collecting import gather
from xlstyr.rounds.outgoing.delivering import deliver
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.outgoing.letters import Outgoing
from xlstyr.rounds.outgoing.sending import plan_issue
from xlstyr.rounds.records.archiving import archive_round
from xlstyr.rounds.records.disposing import Decision, chosen, dispose, listed
from xlstyr.rounds.resources import data_folder
from xlstyr.rounds.round import Round
from xlstyr.rounds.samples import answers
from xlstyr.rounds.start import start_round

SAMPLE = "exempelby"
KINDS = ("Avdelning", "Förvaltning")
PERSON = "Vikarie 811228-9874 från mars."
TYPED = answers(data_folder("samples") / SAMPLE)


def prepare(folder: Path) -> Path:
    """The sample's round where only four nodes answer."""
    start_round(folder, None, SAMPLE)
    book = next(folder.glob("Styrbok *.xlsx"))
    edit = Edit(book.read_bytes())
    for row in edit.table("phases").rows:
        if row[0] != "#" and edit.get(*edit.at("phases", row, "kind")) not in KINDS:
            for column in edit.table("phases").columns:
                if column != "id":
                    edit.set(*edit.at("phases", row, column), None)
    book.write_bytes(edit.bytes())
    return folder


_CONTROL: dict[bytes, object] = {}
_STAMPS: dict[object, object] = {}


def opened(folder: Path) -> Round:
    """The round; its control workbook is read, and each kind of workbook is drawn, once for all of them."""
    round_ = Round(folder, NOW)
    assert round_.control_path is not None
    key = round_.control_path.read_bytes()
    if key not in _CONTROL:
        _CONTROL[key] = round_._control
    round_.__dict__ |= {"_control": _CONTROL[key], "_stamps": _STAMPS}
    return round_


# what people do: between the commands, and outside what can fail


def _issued(folder: Path, node: str) -> Path:
    with sqlite3.connect(folder / "xlstyr.db") as db:
        [file] = db.execute("select file from issues where node = ? and issue = 1", (node,)).fetchone()
    db.close()
    return folder / str(file)


def _answer(folder: Path, node: str, *cells: tuple[str, str, str, str]) -> bytes:
    edit = Edit(type_answers(_issued(folder, node).read_bytes(), TYPED[node]))
    for table, row, column, value in cells:
        edit.set(*edit.at(table, row, column), value)
    return edit.bytes()


def _mail(sender: str, copy: str, name: str, data: bytes | None) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Cc"] = sender, "budget@exempelby.example", copy
    message["Subject"], message["Date"] = "Vår budget", "Mon, 02 Jun 2025 08:00:00 +0000"
    message["Message-ID"] = f"<{name.encode().hex()[:20]}@exempelby.example>"
    message.set_content("Hej! Här kommer den.")
    if data is not None:
        kind = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        message.add_attachment(data, maintype="application", subtype=kind, filename=name)
        boundary = "=_grans_" + hashlib.sha256(name.encode()).hexdigest()[:16]
        message.set_boundary(boundary)
    return message.as_bytes()


def changed_premises(folder: Path) -> None:
    """One unit's budget of last year was wrong; what it has got is outdated."""
    book = next(folder.glob("Styrbok *.xlsx"))
    edit = Edit(book.read_bytes())
    rows = (row for row in edit.table("opening").rows if row[0] not in "#n")
    row = next(row for row in rows if edit.get(*edit.at("opening", row, "node")) == "barn-unga")
    edit.set(*edit.at("opening", row, "budget"), 2_600_000)
    book.write_bytes(edit.bytes())


def first_answers(folder: Path) -> None:
    """One answer is wrong, one comes by mail with the controller in copy, one names a person, and some is no answer."""
    inbox = folder / "inkorg"
    wrong = _answer(folder, "barn-unga", ("budget", "70110-V440", "change", "kanske"))
    (inbox / _issued(folder, "barn-unga").name).write_bytes(wrong)
    (inbox / "kopia.xlsx").write_bytes(wrong)
    (inbox / "person.xlsx").write_bytes(_answer(folder, "samhalle-forv", ("signoff", "message", "value", PERSON)))
    (inbox / "anteckning.txt").write_bytes("Ring förvaltningen!".encode())
    name = _issued(folder, "omsorg").name
    controller = "controller.valfard@exempelby.example"
    mail = _mail("omsorg@exempelby.example", controller, name, _answer(folder, "omsorg"))
    (inbox / "svar.eml").write_bytes(mail)
    (inbox / "tomt.eml").write_bytes(_mail("omsorg@exempelby.example", controller, "inget", None))


def corrected_answers(folder: Path) -> None:
    """The rest, and what was wrong put right in the returned workbook."""
    inbox = folder / "inkorg"
    [returned] = (folder / "retur").glob("*.xlsx")
    edit = Edit(returned.read_bytes())
    edit.set(*edit.at("budget", "70110-V440", "change"), 10)
    edit.set(*edit.at("signoff", "done", "value"), "Ja")
    (inbox / returned.name).write_bytes(edit.bytes())
    for node in ("samhalle-forv", "valfard-forv"):
        (inbox / _issued(folder, node).name).write_bytes(_answer(folder, node))


# what the commands do


def generate(round_: Round) -> object:
    return [(item.node, item.issue) for item in issue_workbooks(round_)]


def send(round_: Round) -> object:
    return len(deliver(round_, plan_issue(round_).letters))


def collect(round_: Round) -> object:
    return len(gather(round_).files)


def give_back(round_: Round) -> object:
    planned = [laid(round_, one) for one in plan_returns(round_) if isinstance(one, Return)]
    return len(deliver(round_, [one.letter for one in planned if one.letter is not None]))


def roll_up(round_: Round) -> object:
    done = consolidate(round_, "valfard-forv")
    letter = letter_upwards(round_, done)
    assert isinstance(letter, Outgoing)
    return deliver(round_, [letter]), done.totals


def whole(round_: Round) -> object:
    return consolidate(round_).totals


def certified(round_: Round) -> object:
    return certify(round_, "barn-unga", "controller.valfard@exempelby.example").signature


def cleared(round_: Round) -> object:
    sealed, _ = listed(round_)
    dispose(round_, chosen(round_, [one.sha256 for one in sealed], all_due=False), Decision("Fel fil", ""))
    return len(sealed)


def archived(round_: Round) -> object:
    return archive_round(round_).path.name


@dataclass(frozen=True)
class Step:
    """Something that people do first, and then a command."""

    name: str
    run: Callable[[Round], object]
    before: Callable[[Path], None] | None = None


STEPS = (
    Step("generate", generate),
    Step("send", send),
    Step("generate again", generate, changed_premises),
    Step("send again", send),
    Step("collect", collect, first_answers),
    Step("return", give_back),
    Step("collect again", collect, corrected_answers),
    Step("rollup", roll_up),
    Step("consolidate", whole),
    Step("certify", certified),
    Step("dispose", cleared),
    Step("archive", archived),
)


def run(step: Step, folder: Path) -> object:
    """The command, on a round that is opened for it and closed after it."""
    with opened(folder) as round_:
        return step.run(round_)


# what is left behind

_BESIDE = ("xlstyr.db", ".xlstyr.lock")


def files(folder: Path) -> dict[str, str]:
    """Every file in the round but the register, by what it holds."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(_BESIDE))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def visible(folder: Path) -> set[tuple[str, str]]:
    """The files that people see; not those that are named after what they hold, and so are whole."""
    found = ((Path(name), digest) for name, digest in files(folder).items())
    return {(path.as_posix(), digest) for path, digest in found if path.name[:2] != ".~" and path.stem != digest}


def register(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table of the register; what is numbered in the order it came keeps that order, without the numbers."""
    path = folder / "xlstyr.db"
    if not path.exists():
        return {}
    db = sqlite3.connect(path)
    try:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        names = [name for (name,) in db.execute("select name from sqlite_master where type = 'table' order by name")]
        tables = {}
        for name in names:
            columns = [row[1] for row in db.execute(f"pragma table_info({name})")]
            kept = ", ".join(column for column in columns if column != "seq")
            rows = list(db.execute(f"select {kept} from {name} order by {'seq' if 'seq' in columns else kept}"))
            tables[name] = rows
    finally:
        db.close()
    return tables


State = tuple[dict[str, str], dict[str, list[tuple[object, ...]]]]


def state(folder: Path) -> State:
    """Everything that is left behind."""
    return files(folder), register(folder)


def differences(found: State, expected: State) -> list[str]:
    """What is there that shouldn't be (+), and what isn't there and should (-)."""
    told = []
    for sign, (one_files, one_tables), (other_files, other_tables) in (
        ("+", found, expected),
        ("-", expected, found),
    ):
        told += [f"{sign} {name} {digest[:8]}" for name, digest in sorted(one_files.items() - other_files.items())]
        for table, rows in one_tables.items():
            others = other_tables.get(table, [])
            told += [f"{sign} {table}: {str(row)[:300]}" for row in rows if row not in others]
    return told or ([] if found == expected else ["the register has another order or number of rows"])


def temporary(folder: Path) -> list[str]:
    """Files that are being written, or were; what is being erased has begun to go and is swept away later."""
    return [path.name for path in folder.rglob(".~*") if not path.name.startswith(".~xlstyr~")]


def age(folder: Path) -> None:
    """Time passes: what a crash left is old enough to be swept away."""
    for path in folder.rglob(".~*"):
        os.utime(path, (time.time() - 3600,) * 2)


def copy(folder: Path, to: Path) -> Path:
    """A copy to break, where there was none."""
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))
