"""The user's own folder, the only place outside a round that buttons write in."""

from pathlib import Path


def own_folder() -> Path:
    """Where settings, copies to read and what is remembered lie. It need not exist."""
    return Path.home() / ".xlstyr"
