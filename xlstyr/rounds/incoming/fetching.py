"""The round's mailbox on a server: how to reach it, and what waits there."""

from xlstyr.mail.imap import Account, Mailbox
from xlstyr.mail.secrets import read_secret
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.round import Round
from xlstyr.words import word


def open_mailbox(round_: Round) -> Mailbox:
    """The mailbox that the round's settings name.

    Raises:
        XlstyrError: none is named, its secret isn't there, or the server can't be used.
    """
    imap = round_.settings.imap
    if not imap.host:
        raise XlstyrError(word("post.errors.no_server"))
    secret = read_secret(imap.secret, imap.user) if imap.login != "none" else ""
    account = imap.model_dump(exclude={"secret"})
    return Mailbox(Account(secret=secret, **account))
