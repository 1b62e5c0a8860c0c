"""``doctor``: the whole examination, with Excel, LibreOffice and the add-in among the rest."""

from collections.abc import Iterator
from pathlib import Path

from xlstyr.addin.deploying import status
from xlstyr.addin.places import Machine, excel_program
from xlstyr.model.errors import XlstyrError
from xlstyr.rounds.doctor import Check, bad, examine_program, examine_round, good, local_now
from xlstyr.words import word

_HAS_EXCEL = ("win32", "darwin")


def examine(machine: Machine, folder: Path | None, *, net: bool = False) -> Iterator[Check]:
    """Every check in order: program, Excel, LibreOffice, and the round in ``folder`` (None: none).

    Raises:
        XlstyrError: there is no round in ``folder``.
    """
    yield from examine_program(local_now())
    if machine.system in _HAS_EXCEL:
        yield from _excel(machine)
    else:
        yield Check("excel", "good", word("deploy.good.no_excel_needed"))
        yield _office()
    if folder is not None:
        yield from examine_round(folder, net=net)


def _excel(machine: Machine) -> Iterator[Check]:
    program = excel_program(machine)
    if program is None:
        yield bad("excel", "hint", text="no_excel")
        yield _office()
        return
    yield good("excel", path=program)
    yield good("addin") if status(machine).current else bad("addin", "hint")


def _office() -> Check:
    """LibreOffice stands in where there is no Excel."""
    from xlstyr.addin.libreoffice.office import find_soffice, load_uno

    try:
        load_uno()
        return good("office", path=find_soffice())
    except XlstyrError as error:
        return bad("office", "hint", why=error)
