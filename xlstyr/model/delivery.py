"""How a file came: by which way, when, from whom."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One arrival of one file.

    ``channel`` is folder, message (a saved message in a folder) or imap. ``message`` is the sha256 of the message
    that carried it and ``place`` where it lay in it; of a loose file ``message`` is ``""``, and ``place`` is where it
    lies in a watched folder, else ``""``. Addresses are lower case, and ``""`` or empty when nobody knows: then
    nothing is compared with the node's contacts. ``about`` are the nodes of the letter that the message answers, empty
    when it says nothing of that. ``personal``: there is a personal identity number in what is written in the message.
    """

    received: datetime
    channel: str = "folder"
    message: str = ""
    place: str = ""
    sender: str = ""
    copies: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    personal: bool = False
