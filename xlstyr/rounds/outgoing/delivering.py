"""Letters on their way: as drafts, in folders, or through a mail server. Registered so that none goes twice."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xlstyr.mail.addresses import usable
from xlstyr.mail.compose import Mail, draft, finished, message_id
from xlstyr.model.errors import XlstyrError
from xlstyr.model.finding import Finding, Place, found
from xlstyr.rounds.mailbook import Letter
from xlstyr.rounds.outgoing.letters import UNDECIDED, Outgoing, addresses, nodes_of, plain_key
from xlstyr.rounds.outgoing.sent import Sent, lies
from xlstyr.rounds.round import Round
from xlstyr.rounds.safe import write_safely
from xlstyr.words import word

if TYPE_CHECKING:
    from xlstyr.mail.smtp import Pace, Post, Server

Progress = Callable[[Iterable[Outgoing]], Iterable[Outgoing]]
CHANNELS = ("draft", "folder", "smtp")
EVENTS = {"issue": "sent", "reminder": "reminded", "return": "returned"}
"""What happens to a letter's nodes when it goes, by its kind. A roll-up changes no node's state."""
_OUT = ("draft", "laid", "sent")


def deliver(
    round_: Round,
    outgoing: Sequence[Outgoing],
    channel: str = "draft",
    progress: Progress = iter,
    to: Path | None = None,
    pace: "Pace | None" = None,
) -> list[Letter]:
    """Writes or sends each letter, registers it, and removes drafts that it replaces.

    ``to`` is where folders are made (None: the round's outbox). A letter that another command has taken meanwhile is
    left out of what is returned.

    Raises:
        XlstyrError: no contact with the mail server, or no such channel. What has gone is registered.
    """
    before = [letter for letter in round_.mailbook.letters() if letter.status == "draft" and letter.file]
    if channel == "smtp":
        letters = _posted(round_, outgoing, progress, pace)
    else:
        lay = {"draft": _lay_draft, "folder": _lay_folder}[channel]
        target = to or round_.folder_of("outbox")
        letters = [lay(round_, one, target) for one in progress(outgoing)]
    _sweep(round_, outgoing, letters, before)
    return letters


def troubles(letters: Iterable[Letter]) -> list[Finding]:
    """What didn't go as it should, each with its letter's first node."""
    found_ = []
    for letter in letters:
        node, to = nodes_of(letter)[0], ", ".join(letter.recipients)
        if letter.status in UNDECIDED:
            cure = word(f"mail_out.again.{letter.kind}", reference=plain_key(letter.reference))
            found_.append(found("XS825", Place(node=node), to=to, cure=cure))
        elif letter.status == "failed" or (letter.status == "sent" and letter.detail):
            found_.append(found("XS824", Place(node=node), to=to, detail=letter.detail))
    return found_


def _lay_draft(round_: Round, one: Outgoing, folder: Path) -> Letter:
    if (same := _same_draft(round_, one)) is not None:
        return same
    path = folder / f"{one.title}.eml"
    data = draft(_mail(round_, one, _files(one)))
    written = write_safely(path, data)
    return _laid(round_, one, path, data, written, ("draft", "draft"))


def _same_draft(round_: Round, one: Outgoing) -> Letter | None:
    """A draft under an earlier name that lies as it was written and says exactly this: the command is run again."""
    base = one.key.partition("#")[0]
    for row in round_.mailbook.letters((one.kind,)):
        if row.status == "draft" and row.reference != one.key and row.reference.partition("#")[0] == base:
            data = draft(_mail(round_, replace(one, key=row.reference), _files(one)))
            if hashlib.sha256(data).hexdigest() == row.digest and lies(round_, row):
                return row
    return None


def _lay_folder(round_: Round, one: Outgoing, folder: Path) -> Letter:
    """A folder with the workbooks and the letter as a text. What somebody has written in is never written over."""
    place = folder / one.title
    files = []
    written = False
    for (name, data), issue in zip(_files(one), (*one.issues, *[1] * len(one.files)), strict=False):
        path = _free(place / name, data, issue)
        written = write_safely(path, data) or written
        files.append(path.name)
    path = place / f"{word(f'mail_out.letter.{one.kind}')}.txt"
    data = _as_text(one).encode("utf-8-sig")
    written = write_safely(path, data) or written
    return _laid(round_, one, path, data, written, ("folder", "laid"))


def _free(path: Path, data: bytes, issue: int) -> Path:
    """``path`` where it is free or holds ``data``; else beside it, named after its issue."""
    stem = word("mail_out.reissued", stem=path.stem, issue=issue)
    number = 1
    candidate = path
    while candidate.exists() and candidate.read_bytes() != data:
        again = word("mail_out.numbered", number=number) if number > 1 else ""
        candidate = path.with_name(f"{stem}{again}{path.suffix}")
        number += 1
    return candidate


def _as_text(one: Outgoing) -> str:
    lines = [f"{word('mail_out.subject')} {one.subject}"]
    for key, people in (("recipients", one.to), ("copies", one.copies), ("answers", one.answers)):
        if people:
            lines.append(f"{word(f'mail_out.{key}')} {', '.join(people)}")
    return "\n".join((*lines, "", one.body)).replace("\n", "\r\n")


def _laid(round_: Round, one: Outgoing, path: Path, data: bytes, written: bool, how: tuple[str, str]) -> Letter:
    """Registers what lies in a file; nothing when it lay there and was registered so."""
    channel, status = how
    inside = path.is_relative_to(round_.folder)
    file = path.relative_to(round_.folder).as_posix() if inside else str(path)
    letter = _letter(round_, one, channel, status, data, file)
    if written or one.seen != status:
        with round_.register.transaction():
            _register(round_, one, letter, letter.recipients)
    return letter


def _posted(round_: Round, outgoing: Sequence[Outgoing], progress: Progress, pace: "Pace | None") -> list[Letter]:
    from xlstyr.mail.smtp import Pace, Post

    server = server_of(round_)
    if not outgoing:
        return []
    with Post(server, pace or Pace()) as post:
        done = [_post(round_, post, one) for one in progress(outgoing)]
    return [letter for letter in done if letter is not None]


def server_of(round_: Round) -> "Server":
    """The server to send through. Raises ``XlstyrError`` when settings or secret are lacking."""
    from xlstyr.mail.secrets import read_secret
    from xlstyr.mail.smtp import Server

    smtp, sender = round_.settings.smtp, round_.settings.sender
    if not smtp.host:
        raise XlstyrError(word("mail_out.errors.no_server"))
    if usable(sender.address) is None:
        raise XlstyrError(word("mail_out.errors.no_sender"))
    secret = "" if smtp.login == "none" else read_secret(smtp.secret, smtp.user)
    ca_file = str(round_.folder / smtp.ca_file) if smtp.ca_file else ""
    return Server(
        smtp.host,
        smtp.port,
        smtp.security,
        smtp.user,
        smtp.login,
        secret,
        ca_file,
        smtp.seconds,
        smtp.per_minute,
        smtp.attempts,
    )


def _post(round_: Round, post: "Post", one: Outgoing) -> Letter | None:
    """Sends one letter; None when another command has taken it since it was planned."""
    mail = _mail(round_, one, _files(one))
    at = one.since or round_.now
    data = finished(mail, message_id(one.key, at, mail.sender), at)
    letter = _letter(round_, one, "smtp", "sending", data)
    outcome = post.send(mail.sender, mail.to, mail.copies, data, lambda: _claim(round_, one, letter))
    if outcome.status == "skipped":
        return None
    refused = dict(outcome.refused)
    detail = outcome.detail or "; ".join(f"{address}: {why}" for address, why in outcome.refused)
    if outcome.status == "unsure":
        detail = letter.detail
    letter = replace(letter, status=outcome.status, detail=detail)
    with round_.register.transaction():
        if outcome.status == "sent":
            _register(round_, one, letter, [address for address in one.to if address not in refused])
        else:
            round_.mailbook.put_letter(letter)
    return letter


def _claim(round_: Round, one: Outgoing, letter: Letter) -> bool:
    """Registers that the letter is about to go. False when it isn't as it was when it was planned."""
    register = round_.register
    with register.transaction():
        register.execute("begin immediate")
        row = register.execute("select status from letters where reference = ?", (one.key,)).fetchone()
        if (row[0] if row else "") != one.seen:
            return False
        round_.mailbook.put_letter(letter)
    return True


def _register(round_: Round, one: Outgoing, letter: Letter, reached: Sequence[str]) -> None:
    """The letter, and what it means for its nodes. Inside a transaction."""
    round_.mailbook.put_letter(letter)
    kind = EVENTS.get(one.kind)
    if kind is None:
        return
    by = {"by": round_.settings.sender.address} if round_.settings.sender.address else {}
    how = {"letter": one.key, "channel": letter.channel, "to": list(reached), **by}
    for node, issue in zip(one.nodes, one.issues, strict=True):
        round_.register.add_event(kind, node, one.stage, round_.now, issue=issue, **how, **one.data)


def _letter(round_: Round, one: Outgoing, channel: str, status: str, data: bytes, file: str = "") -> Letter:
    issues = word("mail_out.issues", issues=", ".join(map(str, one.issues)))
    return Letter(
        one.key,
        one.kind,
        " ".join(one.nodes),
        one.stage,
        one.to,
        one.copies,
        one.subject,
        channel,
        status,
        file,
        hashlib.sha256(data).hexdigest(),
        one.since or round_.now,
        issues if status in UNDECIDED else "",
    )


def _files(one: Outgoing) -> tuple[tuple[str, bytes], ...]:
    return tuple((path.name, path.read_bytes()) for path in one.files)


def _mail(round_: Round, one: Outgoing, files: tuple[tuple[str, bytes], ...]) -> Mail:
    sender = round_.settings.sender
    return Mail(
        one.to,
        one.subject,
        one.body,
        files,
        one.copies,
        one.answers,
        one.key,
        usable(sender.address) or "",
        sender.name,
    )


def _sweep(round_: Round, outgoing: Sequence[Outgoing], letters: Sequence[Letter], before: Sequence[Letter]) -> None:
    """Removes the drafts ``before`` that ``letters`` replace; one that somebody has changed is left to that person.

    Replaced are a draft of the same letter, an earlier one of the same kind, one to an address that is no longer the
    node's, and one whose workbook has been issued anew; never one that holds what some node hasn't got otherwise. So
    are those that letters of an earlier run replaced, which a crash left.
    """
    if not before:
        return
    gone = {letter.reference: letter for letter in letters if letter.status in _OUT}
    sent = Sent(round_)
    done: dict[str, set[str]] = defaultdict(set)
    for one in outgoing:
        if one.key in gone:
            done[one.kind].update(one.nodes)
    kept = {letter.file for letter in gone.values()}
    drafts = {row.reference: row for row in before}
    for later in reversed(round_.mailbook.letters()):
        row = drafts.get(later.reference)
        if row is not None and row.file not in kept and _replaced(round_, sent, row, done, gone) and lies(round_, row):
            (round_.folder / row.file).unlink()
            if row.reference not in gone:
                with round_.register.transaction():
                    round_.mailbook.put_letter(replace(row, file=""))
        if later.status in _OUT:
            done[later.kind].update(nodes_of(later))
            kept.add(later.file)


def _replaced(round_: Round, sent: Sent, row: Letter, done: dict[str, set[str]], gone: Mapping[str, Letter]) -> bool:
    nodes = set(nodes_of(row))
    if row.reference in gone or (row.kind != "issue" and nodes <= done[row.kind]):
        return True
    mailed = done["issue"]
    covered = row.kind in ("issue", "reminder") and nodes <= mailed | sent.answered and not nodes.isdisjoint(mailed)
    return covered and (sent.outdated(row) or _astray(round_, row))


def _astray(round_: Round, letter: Letter) -> bool:
    """Whether a letter is to nobody that is responsible for its nodes now."""
    responsible = (c for node in nodes_of(letter) for c in round_.premises.contacts_of(node, "responsible"))
    return set(addresses(responsible)).isdisjoint(letter.recipients)
