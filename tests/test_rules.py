"""The catalogue of rules: every example gives its finding in its place, and every code is both declared and raised."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.office.xmledit import Edit
from tests.rules.example import ROUND, Desk, Spot, Step, steps
from xlstyr.model.delivery import Delivery
from xlstyr.model.finding import Finding
from xlstyr.rounds.control import read_control
from xlstyr.rounds.following.consolidating import consolidate, scope_of
from xlstyr.rounds.following.returning import write_return
from xlstyr.rounds.incoming.collecting import collect
from xlstyr.rounds.incoming.examining import examine
from xlstyr.rounds.outgoing.issuing import issue_workbooks
from xlstyr.rounds.resources import templates
from xlstyr.rounds.round import Round
from xlstyr.words.rules import SEVERITIES, codes, rule

CODE = Path(__file__).parents[1] / "xlstyr"
EXEMPT = {
    "XS901": "a fault in the program itself: test_a_fault_of_our_own_is_a_finding",
    **dict.fromkeys(
        ("XS015", "XS018", "XS019", "XS020", "XS021", "XS022", "XS023"), "files made for harm: tests/attacks"
    ),
    **dict.fromkeys(("XS221", "XS222"), "two readers that disagree: tests/test_second.py"),
    "XS220": "the control workbook changes after the answer: tests/test_changed_premises.py",
    "XS507": "the control workbook changes after the answer: tests/test_changed_premises.py",
    "XS512": "units are reorganised after the answer: tests/test_reorganised.py",
    "XS513": "units are reorganised after the answer: tests/test_reorganised.py",
    "XS514": "units are reorganised after the answer: tests/test_reorganised.py",
    "XS515": "units are reorganised after the answer: tests/test_reorganised.py",
    "XS510": "needs a folder with a part of a round: tests/test_levels.py",
    **dict.fromkeys(
        ("XS518", "XS519", "XS520", "XS521"), "answers that somebody has made up, or raised: tests/test_soundness.py"
    ),
    "XS509": "the page of facts has no marks to find rows by: tests/test_levels.py",
    "XS511": "carried answers that don't belong: tests/test_certify.py",
    "XS516": "a carried certification that isn't accepted: tests/test_certify.py",
    "XS517": "the control workbook changes after the certification: tests/test_certify.py",
    "XS708": "one certified answer after another: tests/test_certify.py",
    "XS709": "a level below lifts a certification: tests/test_certify.py",
    "XS703": "an answer to a node that is certified: tests/test_certify.py",
    "XS704": "somebody else certifies: tests/test_certify.py",
    "XS705": "certified after the last day: tests/test_certify.py",
    "XS706": "a certifier sends what can't be certified: tests/test_certify.py",
    "XS707": "a node is reopened that isn't certified: tests/test_certify.py",
    "XS041": "a file that was disposed of comes again: tests/test_privacy.py",
    **dict.fromkeys(
        ("XS820", "XS821", "XS822", "XS823", "XS824", "XS825"),
        "letters that can't be written or sent: tests/test_sending.py",
    ),
    "XS826": "nobody above has an address: tests/test_levels.py",
    "XS045": "what stands in a message: tests/test_privacy.py",
    **dict.fromkeys(("XS048", "XS049"), "folders that are away, and links: tests/test_inbox.py"),
    "XS042": "an archive: tests/test_archive.py",
    "XS043": "an archive: tests/test_archive.py",
    "XS044": "an archive: tests/test_archive.py",
    "XS046": "an archive: tests/test_archive.py",
    "XS827": "a control workbook of a former version: tests/test_start.py",
    "XS713": "an archive: tests/test_archive.py",
    "XS714": "an archive: tests/test_archive.py",
    "XS715": "an archive: tests/test_archive.py",
    **dict.fromkeys(
        ("XS030", "XS031", "XS032", "XS033", "XS034", "XS035", "XS036", "XS037", "XS038", "XS039"),
        "a message, or a file that isn't finished: tests/test_inbox.py",
    ),
}
"""Codes whose example has no steps, and why."""


@dataclass(frozen=True)
class Sample:
    """A sample round and the nodes that the examples are tried on. ``labels``: what it calls what they choose."""

    unit: str
    committee: str
    whole: str
    seller: str
    labels: Mapping[str, str] = field(default_factory=dict)


LABELS = {
    "6010 Internhyra": "61110 Internhyra, köpt",
    "7490 Övriga verksamhetskostnader": "64110 Livsmedel och material",
    "407 Förskola": "V407 Förskola",
    "Idrottsplatser och hallar": "Lokaler & städ",
}
SAMPLES = {
    "danderyd": Sample("ekbackens-forskola", "utbildningsnamnden", "ekbackens-forskola", "utbildningsnamnden"),
    "exempelby": Sample("ekonomi-kansli", "styrelsen", "ekonomi-kansli", "styrelsen", LABELS),
}


@dataclass
class Place:
    """A round on which examples are tried; ``answers`` holds the inbox with everybody's answers."""

    folder: Path
    answers: Path
    sample: Sample

    @contextmanager
    def opened(self, now: datetime = NOW) -> Iterator[Round]:
        """The round, open."""
        with Round(self.folder, now) as round_:
            yield round_

    def copy(self, into: Path) -> "Place":
        """A copy to change, without the issued workbooks."""
        copied = Path(shutil.copytree(self.folder, into / "runda", ignore=shutil.ignore_patterns("mallar")))
        return replace(self, folder=copied)

    def issued(self, round_: Round, node: str) -> Path:
        """The workbook that ``node`` was given."""
        issue = round_.register.issue(node, round_.premises.stage)
        assert issue is not None
        return self.answers / issue.file

    def answered(self, round_: Round, node: str) -> Path:
        """What ``node`` answered."""
        return self.answers / "inkorg" / self.issued(round_, node).name

    def desk(self, round_: Round, node: str, path: Path) -> Desk:
        """A workbook of ``node`` to take steps in."""
        phase = round_.premises.phase_of(node)
        assert phase is not None
        return Desk(path.read_bytes(), {sheet.key: sheet.title for sheet in round_.layout(phase.layout).sheets})


@pytest.fixture(scope="session")
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Place]:
    """The sample's rounds with nothing taken in. Shared: copy before changing anything."""

    @cache
    def make(sample: str) -> Place:
        answered: Path = request.getfixturevalue(f"{sample}_answered")
        ignored = shutil.ignore_patterns("inkorg", "mallar")
        folder = Path(shutil.copytree(answered, tmp_path_factory.mktemp("rules") / "runda", ignore=ignored))
        (folder / "inkorg").mkdir()
        return Place(folder, answered, SAMPLES[sample])

    return make


@pytest.fixture(scope="session")
def rounds(places: Callable[[str], Place]) -> Iterator[Callable[[str], Round]]:
    """The same rounds, open for reading."""
    with ExitStack() as stack:
        yield cache(lambda sample: stack.enter_context(places(sample).opened()))


def run(place: Place, shared: Round, into: Path, code: str) -> tuple[list[Finding], list[tuple[str, Spot]]]:
    """What an example gives, and what it must give where."""
    example = rule(code).example
    todo = [replace(step, value=place.sample.labels.get(step.value, step.value)) for step in steps(example.text)]
    match example.workbook:
        case "control":
            return run_control(place.copy(into), todo)
        case "round":
            return run_round(place.copy(into), todo)
    node = {"unit": place.sample.unit, "committee": place.sample.committee}[example.workbook]
    path = place.issued(shared, node)
    match todo[0].does:
        case "ny utgåva":
            return run_reissue(place.copy(into), node, path), [(todo[0].gives, Spot())]
        case "lämna in igen":
            return run_twice(place.copy(into), path), [(todo[0].gives, Spot())]
    desk = place.desk(shared, node, path)
    spots = taken(desk, todo)
    other = next(item for item in shared.register.issued_files() if item != path.name)
    return list(examine(shared, desk.data, other if desk.renamed else path.name, Delivery(NOW)).findings), spots


def run_reissue(place: Place, node: str, path: Path) -> list[Finding]:
    """The premises change, a new workbook goes out, and the old one comes in."""
    change_premises(place, node)
    with place.opened() as round_:
        changed = [issued.node for issued in issue_workbooks(round_) if issued.status == "reissued"]
        assert changed == [node]
        return list(examine(round_, path.read_bytes(), path.name, Delivery(NOW)).findings)


def run_twice(place: Place, path: Path) -> list[Finding]:
    """The same file comes twice."""
    for name in (path.name, "igen.xlsx"):
        shutil.copyfile(path, place.folder / "inkorg" / name)
    with place.opened() as round_:
        return [finding for one in collect(round_) for finding in one.examined.findings]


def taken(desk: Desk, todo: list[Step]) -> list[tuple[str, Spot]]:
    """Takes every step that is taken in the workbook; the findings they must give."""
    done = [(step.gives, desk.take(step)) for step in todo if step.does not in ROUND]
    return [(code, spot) for code, spot in desk.moved([pair for pair in done if pair[0]])]


def change_premises(place: Place, node: str) -> None:
    """The control workbook gets another budget of last year for ``node``."""
    (book,) = place.folder.glob("Styrbok*.xlsx")
    edit = Edit(book.read_bytes())
    table = edit.table("opening")
    rows = edit.rows(table.sheet)
    at = next(n for n in table.rows.values() if rows[n].get(table.columns["node"]) == node)
    was = rows[at][table.columns["budget"]]
    assert isinstance(was, int)
    edit.set(table.sheet, f"{table.columns['budget']}{at}", was + 500_000)
    book.write_bytes(edit.bytes())


def run_control(place: Place, todo: list[Step]) -> tuple[list[Finding], list[tuple[str, Spot]]]:
    """Steps in the control workbook."""
    (book,) = place.folder.glob("Styrbok*.xlsx")
    desk = Desk(book.read_bytes(), {})
    spots = taken(desk, todo)
    book.write_bytes(desk.data)
    return read_control(book, templates())[1], spots


def run_round(place: Place, todo: list[Step]) -> tuple[list[Finding], list[tuple[str, Spot]]]:
    """Steps where others have answered too: everybody has, and the steps are taken in one node's answer."""
    tables = {step.table for step in todo}
    node = place.sample.seller if "adjustments" in tables else place.sample.whole
    does = next((step.does for step in todo if step.does in ROUND), "")
    with place.opened() as round_:
        phase = round_.premises.phase_of(node)
        assert phase is not None
        if does == "lämna in sent":
            round_.now = datetime.combine(phase.deadline + timedelta(days=3), NOW.timetz())
        answer = place.answered(round_, node)
        inbox = round_.folder_of("inbox")
        for path in (place.answers / "inkorg").glob("*.xlsx"):
            if path != answer:
                shutil.copyfile(path, inbox / path.name)
        desk = place.desk(round_, node, answer)
        if "carrier" in tables:
            return run_carrier(round_, desk, todo, answer)
        spots = [(step.gives, Spot()) for step in todo if step.does in ROUND] + taken(desk, todo)
        if does != "lämna inte in":
            (inbox / answer.name).write_bytes(desk.data)
        own = [finding for one in collect(round_) for finding in one.examined.findings]
        match does:
            case "lämna in annan":
                own += again(round_, inbox / "annan.xlsx", desk.edit)
            case "lämna in rättad":
                returned = write_return(round_, examine(round_, desk.data, answer.name))
                assert returned is not None
                own += again(round_, returned, Edit(returned.read_bytes()))
        return [*own, *scope_of(round_, round_.premises.organisation.root.id)[1]], spots


def again(round_: Round, path: Path, edit: Edit) -> list[Finding]:
    """Another answer is sent: something in it differs."""
    edit.set(*edit.at("signoff", "message", "value"), "Det här är en annan fil.")
    path.write_bytes(edit.bytes())
    return [f for one in collect(round_, [path]) for f in one.examined.findings]


def run_carrier(
    round_: Round, desk: Desk, todo: list[Step], answer: Path
) -> tuple[list[Finding], list[tuple[str, Spot]]]:
    """Steps in a rolled-up workbook."""
    (round_.folder_of("inbox") / answer.name).write_bytes(desk.data)
    collect(round_)
    rolled = consolidate(round_).path
    carrier = Desk(rolled.read_bytes(), {})
    spots = taken(carrier, todo)
    return list(examine(round_, carrier.data, rolled.name, Delivery(NOW)).findings), spots


def is_there(finding: Finding, spot: Spot) -> bool:
    """Whether ``finding`` is where it must be; what the spot leaves blank is free, but for the cell."""
    place = finding.place
    wanted = (spot.table, spot.row, spot.column, spot.sheet)
    found = (place.table, place.row, place.column, place.sheet)
    if not all(one in ("", other) for one, other in zip(wanted, found, strict=True)):
        return False
    return place.cell == spot.cell if spot.cell or not spot.sheet else True


@pytest.mark.parametrize("code", [code for code in codes() if code not in EXEMPT])
@pytest.mark.parametrize("sample", SAMPLES)
def test_example(
    places: Callable[[str], Place], rounds: Callable[[str], Round], tmp_path: Path, sample: str, code: str
) -> None:
    """The steps of a rule's example give its finding at the step that says so, and everything in it is filled in."""
    findings, spots = run(places(sample), rounds(sample), tmp_path, code)
    assert spots, "the example says nothing"
    said = [(f.code, f.place, f.message) for f in findings]
    for gives, spot in spots:
        hits = [finding for finding in findings if finding.code == gives]
        assert hits, said
        assert any(is_there(finding, spot) for finding in hits), (spot, said)
    for finding in findings:
        text = finding.message + finding.fix
        assert not re.search(r"[{}]", text), text
        assert "\u2026" not in text or "\u2026" in str(finding.args), text
        assert "  " not in text.strip(), text


def test_a_fault_of_our_own_is_a_finding(rounds: Callable[[str], Round], monkeypatch: pytest.MonkeyPatch) -> None:
    """XS901: whatever goes wrong inside, the file is named and the next one can be taken in."""

    def fail(_: Round, data: bytes) -> None:
        raise error("x")

    monkeypatch.setattr(Round, "read", fail)
    for error in (RecursionError, KeyError, AssertionError, ValueError, ZeroDivisionError):
        examined = examine(rounds("exempelby"), b"x", "fil.xlsx")
        assert [finding.code for finding in examined.findings] == ["XS901"]
        assert error.__name__ in examined.findings[0].message
        assert (examined.status, examined.findings[0].place.file) == ("refused", "fil.xlsx")


def raised() -> set[str]:
    """Every code that the program raises."""
    text = "\n".join(path.read_text("utf-8") for path in CODE.rglob("*.py"))
    return set(re.findall(r'(?:found|note|Problem\.of)\(\s*"(XS\d{3})"', text))


def test_every_code_is_declared_and_raised() -> None:
    assert raised() == set(codes())


def test_every_placeholder_is_known() -> None:
    """A rule's texts use only what some finding of it fills in (the examples show that they are)."""
    for code in codes():
        found = rule(code)
        assert found.severity in SEVERITIES
        assert (found.severity == "fel") or not found.blocks, code
        assert "{" not in found.title + found.why, code
        texts = (found.title, found.message, found.why, found.fix, *found.cures.values())
        assert all(text.strip() == text and text for text in texts), code
        assert found.message.endswith((".", "?")), code


@pytest.mark.parametrize("code", sorted(EXEMPT))
def test_exempt_codes_have_no_steps(code: str) -> None:
    assert steps(rule(code).example.text) == []


def test_notation() -> None:
    """Every step of every example is one that is known here, and each example ends in its own code."""
    for code in codes():
        found = steps(rule(code).example.text)
        assert code in EXEMPT or [step.gives for step in found if step.gives] == [code], code
        assert all(step.does for step in found)
