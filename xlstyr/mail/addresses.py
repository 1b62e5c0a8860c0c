"""Addresses as they can be written on an envelope."""

import re

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_LONGEST = 254


def usable(address: str) -> str | None:
    """``address`` as servers take it: the domain in lower-case ASCII. None when no mail can reach it.

    Letters outside ASCII before the at sign need servers that few have, so such an address isn't usable.
    """
    local, at, domain = address.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    plain = f"{local}@{domain}"
    fits = at and len(plain) <= _LONGEST and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    return plain if fits else None
