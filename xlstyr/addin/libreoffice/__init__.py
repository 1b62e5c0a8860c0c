"""An xlwings engine for LibreOffice: the buttons' code runs unchanged where there is no Excel.

Just the members that the buttons use are there (``docs/libreoffice.md`` lists them); every other one says clearly that
it isn't supported. Only xlwings' public, BSD-licensed engine interface is used.
"""

ENGINE = "libreoffice"


def activate() -> None:
    """Makes LibreOffice the engine that xlwings talks to from now on. It starts when first needed."""
    import xlwings

    from xlstyr.addin.libreoffice.program import Engine

    if ENGINE not in xlwings.engines.engines_by_name:
        xlwings.engines.add(xlwings.Engine(impl=Engine()))
    xlwings.engines[ENGINE].activate()
