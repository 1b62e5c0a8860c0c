"""What a cell can hold, as the tests see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Error:
    """An error value, such as ``#REF!`` or ``Err:508``."""

    text: str

    def __str__(self) -> str:
        """Shows the error as the cell does."""
        return self.text


Value = int | float | str | bool | Error | None
