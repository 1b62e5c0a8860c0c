"""Text without what steers a terminal or turns the writing around: names and letters come from anybody."""

import re

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_INSTEAD = "\N{REPLACEMENT CHARACTER}"


def plain(text: str, keep: str = "") -> str:
    """``text`` with a mark in place of every control character but those in ``keep``."""
    return _STEERING.sub(lambda hit: hit[0] if hit[0] in keep else _INSTEAD, text)
