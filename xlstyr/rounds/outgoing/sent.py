"""What has gone out to whom, and who has answered: derived from the register when a plan is made."""

import hashlib
import re
from collections import defaultdict

from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.outgoing.letters import UNDECIDED, nodes_of
from xlstyr.rounds.round import Round

ANSWERED = ("accepted", "partly", "held")


class Sent:
    """The running stage's letters and answers, read once.

    ``reached``: (node, issue) → addresses, in lower case, that its workbook went to; ``""`` is a folder.
    ``issues``: letter → node → issue. ``reminded``: node → levels.
    """

    def __init__(self, round_: Round) -> None:
        self._round = round_
        stage = round_.premises.stage
        self.reached: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.issues: dict[str, dict[str, int]] = defaultdict(dict)
        self.reminded: dict[str, set[int]] = defaultdict(set)
        self.sent: set[str] = set()
        for event in round_.register.events(("sent", "reminded")):
            if event.stage != stage:
                continue
            self.issues[str(event.data.get("letter", ""))][event.node] = int(event.data.get("issue", 0))
            if event.kind == "sent":
                self.sent.add(event.node)
                reached = (str(address).casefold() for address in event.data.get("to") or ("",))
                self.reached[event.node, int(event.data.get("issue", 0))].update(reached)
            else:
                self.reminded[event.node].add(int(event.data.get("level", 0)))
        answers = (answer for answer in round_.register.each_answer() if answer.stage == stage)
        self.answered = {answer.node for answer in answers if answer.status in ANSWERED}
        self.letters = [letter for letter in round_.mailbook.letters() if letter.stage == stage]
        for letter in self.letters:
            if letter.status in UNDECIDED:
                numbers = map(int, re.findall(r"\d+", letter.detail))
                self.issues[letter.reference].update(zip(nodes_of(letter), numbers, strict=False))

    def reached_now(self, node: str) -> set[str]:
        """The addresses, in lower case, that the current issue of ``node``'s workbook went to."""
        return self.reached.get((node, self._current(node)), set())

    def undecided(self, kind: str) -> list[Letter]:
        """Letters of ``kind`` with a current workbook that a server may or may not have taken."""
        rows = (row for row in self.letters if row.kind == kind and row.status in UNDECIDED)
        return [row for row in rows if not self.outdated(row)]

    def outdated_drafts(self) -> list[Letter]:
        """Drafts of workbooks that lie as they were written, though one of the workbooks has been issued anew."""
        rows = (row for row in self.letters if row.kind == "issue" and row.status == "draft")
        return [row for row in rows if self.outdated(row) and lies(self._round, row)]

    def outdated(self, letter: Letter) -> bool:
        """Whether a workbook in ``letter`` has been issued anew since."""
        return any(self._current(node) > issue for node, issue in self.issues.get(letter.reference, {}).items())

    def _current(self, node: str) -> int:
        issue = self._round.register.issue(node, self._round.premises.stage)
        return issue.issue if issue else 0


def lies(round_: Round, letter: Letter) -> bool:
    """Whether the letter's file is still there, exactly as it was written."""
    path = round_.folder / letter.file
    return bool(letter.file) and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == letter.digest
