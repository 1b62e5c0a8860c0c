"""Exceptions: faults of the environment or of the program, never of what people wrote."""


class XlstyrError(Exception):
    """Something outside the users' data is wrong: a missing file, a broken definition, a bug."""


class DefinitionError(XlstyrError):
    """A workbook definition, rule or word file can't be used; the text names file and key."""
