"""From a node's workbook and what is typed in it to findings, without round, register or mail."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.office.xmledit import Edit
from xlstyr.checks.submission import check_submission
from xlstyr.excel.read import read_workbook
from xlstyr.excel.stamp import Stamp
from xlstyr.excel.theme import Theme
from xlstyr.layout.content import Content
from xlstyr.layout.definition import Workbook
from xlstyr.layout.load import load_workbook
from xlstyr.layout.parse import parse
from xlstyr.layout.submission import Submission
from xlstyr.model.finding import Finding
from xlstyr.model.premises import Premises
from xlstyr.rounds.control import read_control
from xlstyr.rounds.prefill import lists_of, node_content, with_growth
from xlstyr.rounds.samples import Typed, answers, sample_content

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "workbook_templates"
SAMPLE = ROOT / "samples" / "danderyd"
YEAR = 2026
FORMS = ("answer", "signoff", "mission")


def read_premises(path: Path) -> Premises:
    """Danderyd's premises, through its control workbook drawn at ``path``."""
    workbook = load_workbook("control", YEAR, TEMPLATES)
    content = with_growth(sample_content(SAMPLE, workbook, YEAR), workbook)
    texts = {key: "" for key in ("title", "node", "municipality", "label", "committee")}
    path.write_bytes(Stamp(workbook, Theme.load(TEMPLATES / "theme.toml"), {}).draw(replace(content, texts=texts)))
    premises, findings = read_control(path, TEMPLATES)
    assert premises is not None, findings
    return premises


@dataclass
class Desk:
    """Fills in workbooks. What a kind of workbook looks like and what people answered is kept."""

    premises: Premises
    stamps: dict[str, tuple[Workbook, Stamp]] = field(default_factory=dict)
    drawn: dict[str, tuple[Content, bytes]] = field(default_factory=dict)

    def draw(self, node: str, answered: bool) -> tuple[Content, bytes]:
        """The workbook of ``node`` as issued, and its bytes: empty, or with the sample's answers typed."""
        key = f"{node}+" if answered else node
        if key not in self.drawn:
            phase = self.premises.phase_of(node)
            assert phase is not None, node
            if phase.layout not in self.stamps:
                workbook = load_workbook(phase.layout, YEAR, TEMPLATES)
                theme = Theme.load(TEMPLATES / "theme.toml")
                self.stamps[phase.layout] = (workbook, Stamp(workbook, theme, lists_of(self.premises)))
            workbook, stamp = self.stamps[phase.layout]
            content = node_content(self.premises, node, phase, workbook, 1)
            data = stamp.draw(content)
            self.drawn[key] = content, fill(data, ANSWERS.get(node, [])) if answered else data
        return self.drawn[key]

    def submit(
        self, node: str, typed: Sequence[Typed] = (), *, answered: bool = True
    ) -> tuple[Submission, Content, list[Finding]]:
        """What ``node`` says, what it was issued, and what reading it found; ``typed`` comes after the answers."""
        content, data = self.draw(node, answered)
        raw, refused = read_workbook(fill(data, typed))
        assert raw is not None, refused
        phase = self.premises.phase_of(node)
        assert phase is not None
        workbook, _ = self.stamps[phase.layout]
        submission, noticed = parse(raw, workbook, content, lists_of(self.premises))
        return submission, content, noticed

    def check(
        self, node: str, text: str = "", *, answered: bool = True, premises: Premises | None = None
    ) -> list[Finding]:
        """The findings of the checks when ``text`` (see ``cells``) is typed in the workbook of ``node``."""
        submission, issued, noticed = self.submit(node, cells(text), answered=answered)
        return check_submission(submission, premises or self.premises, issued, noticed)


ANSWERS = answers(SAMPLE)


def cells(text: str) -> list[Typed]:
    """What is typed, from lines ``table | row | column | text``; of a form ``form | field | text``."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        parts = [part.strip() for part in line.split("|")]
        if parts[0] in FORMS:
            parts.insert(2, "value")
        found.append(Typed(*parts))
    return found


def fill(data: bytes, typed: Sequence[Typed]) -> bytes:
    """``data`` with ``typed`` in its cells; numbers and dates as Excel would take them."""
    if not typed:
        return data
    edit = Edit(data)
    tables = {one.table: edit.table(one.table) for one in typed}
    for one in typed:
        table = tables[one.table]
        edit.set(table.sheet, f"{table.columns[one.column]}{table.rows[one.row]}", value_of(one.text))
    return edit.bytes()


def value_of(text: str) -> int | float | str | None:
    """A cell's value as typed."""
    if not text:
        return None
    if re.fullmatch(r"[-\u2212]?\d+(,\d+)?", text):
        number = text.replace(",", ".").replace("\u2212", "-")
        return float(number) if "." in number else int(number)
    return text


def codes(findings: Sequence[Finding]) -> list[str]:
    """The codes of ``findings``, sorted."""
    return sorted(finding.code for finding in findings)


def only(findings: Sequence[Finding], code: str) -> Finding:
    """The one finding of rule ``code``."""
    hits = [finding for finding in findings if finding.code == code]
    assert len(hits) == 1, [finding.message for finding in findings]
    return hits[0]
