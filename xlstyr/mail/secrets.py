"""Passwords and tokens: named in the settings, kept in the environment or the computer's keyring, never shown."""

import os

from xlstyr.model.errors import XlstyrError
from xlstyr.words import word


def read_secret(where: str, user: str = "") -> str:
    """The secret that ``where`` names: ``env:NAME``, or ``keyring:SERVICE`` for ``user`` (``""``: the service's own).

    Raises:
        XlstyrError: it isn't there, is empty, or can't be had; the place is named, never what stands in it.
    """
    kind, _, name = where.partition(":")
    match kind:
        case "env" if name:
            secret = os.environ.get(name, "")
        case "keyring" if name:
            secret = _from_keyring(name, user)
        case _:
            raise XlstyrError(word("mail_out.errors.secret_form"))
    if not secret.strip():
        raise XlstyrError(word(f"mail_out.errors.no_{kind}", name=name, user=user))
    return secret.strip()


def _from_keyring(service: str, user: str) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise XlstyrError(word("mail_out.errors.keyring_lacking")) from error
    try:
        if user:
            return keyring.get_password(service, user) or ""
        credential = keyring.get_credential(service, None)
    except (keyring.errors.KeyringError, RuntimeError) as error:
        raise XlstyrError(word("mail_out.errors.keyring", detail=type(error).__name__)) from error
    return credential.password if credential else ""
