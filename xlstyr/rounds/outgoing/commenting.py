"""The giver's comments to a node: from the control workbook and the command line, told in the next file out."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from xlstyr.layout.content import Content, RowContent, Value
from xlstyr.layout.content import load as load_content
from xlstyr.model.personal import masked
from xlstyr.model.premises import Remark
from xlstyr.rounds.round import Round
from xlstyr.words import word

FEEDBACK = "feedback"


def comment(round_: Round, node: str, text: str, by: str = "") -> None:
    """Registers a comment to ``node``; it is told in the next file that the node gets."""
    with round_.register.transaction():
        round_.register.add_event("commented", node, round_.premises.stage, round_.now, text=masked(text), by=by)


def remarks(round_: Round, node: str, sha256: str = "") -> list[Remark]:
    """What is to be told ``node``: all that stands in the control workbook, and what was said since its last file.

    ``sha256`` is the answer that is returned: drawn once more, its return says the same.
    """
    standing = [
        replace(remark, about=masked(remark.about), text=masked(remark.text))
        for remark in round_.premises.comments
        if remark.node == node
    ]
    since: list[Remark] = []
    for event in round_.register.events(("issued", "commented", "returned"), node):
        if event.stage != round_.premises.stage:
            continue
        if event.kind == "commented":
            since.append(Remark(node, str(event.data["text"])))
        elif not sha256 or event.data.get("sha256") != sha256:
            since = []
    return [*standing, *since]


def untold(round_: Round, node: str) -> bool:
    """Whether something is to be said to ``node`` that no file has told it."""
    pending = {key_of(remark) for remark in remarks(round_, node)}
    if not pending:
        return False
    stage = round_.premises.stage
    told = {key for event in round_.register.events(("returned",), node) for key in event.data.get("comments", ())}
    issue = round_.register.issue(node, stage)
    if issue is not None:
        told |= {row.id for row in load_content(issue.content).tables.get(FEEDBACK, ())}
    return not pending <= told


def key_of(remark: Remark) -> str:
    """What a comment is known by: over all of it."""
    whole = f"{remark.node}\n{remark.about}\n{remark.text}"
    return f"k{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def comment_rows(told: Iterable[Remark]) -> list[RowContent]:
    """The comments as lines of the feedback sheet."""
    rows = {}
    for remark in told:
        values: dict[str, Value] = {
            "severity": word("returns.comment"),
            "place": remark.about or word("returns.whole"),
            "message": remark.text,
        }
        rows[key_of(remark)] = RowContent(key_of(remark), values)
    return list(rows.values())


def commented(content: Content, told: Iterable[Remark]) -> Content:
    """``content`` of a workbook to issue with the comments in front; as it is when there are none."""
    rows = comment_rows(told)
    if not rows:
        return content
    texts = {**content.texts, FEEDBACK: word("returns.comments", count=len(rows)), "compared": ""}
    return replace(content, texts=texts, tables={**content.tables, FEEDBACK: tuple(rows)})
