"""The add-in as a file: reproducible, valid, with a tab whose every button leads somewhere."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openxml_audit
import pytest
import xlsxwriter
from lxml import etree
from oletools.olevba import VBA_Parser
from openxml_audit import OpenXmlValidator

from tests.office.soffice import Office
from xlstyr.addin.building import build_addin, run_python, with_buttons
from xlstyr.addin.pressed import functions
from xlstyr.excel.macros import with_macros
from xlstyr.excel.vba import Module
from xlstyr.rounds.resources import data_folder

MACROS = data_folder("macros")
RIBBON = (MACROS / "customUI14.xml").read_bytes()
STYRNING = (MACROS / "Styrning.bas").read_text("utf-8")
OURS = ["ThisWorkbook", "Blad1", "Styrning", "xlwings", "Dictionary"]
BUTTONS = {
    "Skapa mallar",
    "Skicka",
    "Hämta in",
    "Kontrollera",
    "Rulla upp",
    "Konsolidera",
    "Läge",
    "Följ siffran",
    "Frågeblad",
    "Hjälp",
}


@pytest.fixture(scope="module")
def package() -> bytes:
    """The add-in."""
    return build_addin()


def parts(data: bytes) -> dict[str, bytes]:
    """The members of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def modules_of(data: bytes, name: str) -> dict[str, str]:
    """Module → text, as olevba reads it."""
    return {v.rpartition(".")[0]: code for _, _, v, code in VBA_Parser(name, data=data).extract_macros()}


def same(one: str, other: str) -> bool:
    """Whether two texts are the same but for how lines end."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def test_the_add_in_is_the_same_bytes_whenever_and_wherever_it_is_built(package: bytes) -> None:
    code = "import sys; from xlstyr.addin.building import build_addin; sys.stdout.buffer.write(build_addin())"
    for zone, epoch in (("Pacific/Kiritimati", "0"), ("America/Los_Angeles", "1700000000")):
        environment = {**os.environ, "TZ": zone, "SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": epoch[:3]}
        built = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
        assert built.stdout == package


def test_olevba_lists_exactly_our_modules_with_exactly_our_text(package: bytes) -> None:
    found = modules_of(package, "xlstyr.xlam")
    assert list(found) == OURS
    assert same(found["Styrning"], STYRNING)
    for module in run_python(own_sheet=True):
        assert same(found[module.name], module.source())


def test_the_package_is_what_excel_expects(package: bytes, tmp_path: Path) -> None:
    members = parts(package)
    types = members["[Content_Types].xml"].decode()
    assert 'PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.addin.macroEnabled.main+xml"' in types
    assert 'Extension="bin" ContentType="application/vnd.ms-office.vbaProject"' in types
    assert 'Target="customUI/customUI14.xml"' in members["_rels/.rels"].decode()
    assert members["customUI/customUI14.xml"] == RIBBON
    assert "vbaProject.bin" in members["xl/_rels/workbook.xml.rels"].decode()
    path = tmp_path / "xlstyr.xlam"
    path.write_bytes(package)
    result = OpenXmlValidator().validate(str(path))
    assert result.is_valid, [str(error) for error in result.errors]
    assert not result.errors


def test_a_workbook_with_buttons_keeps_its_sheets(tmp_path: Path, exempelby: Path) -> None:
    [control] = exempelby.glob("Styrbok*.xlsx")
    book = with_buttons(control.read_bytes())
    path = tmp_path / "Styrbok.xlsm"
    path.write_bytes(book)
    result = OpenXmlValidator().validate(str(path))
    assert not [str(error) for error in result.errors if "codeName" in str(error) or "vba" in str(error).lower()]
    before, after = parts(control.read_bytes()), parts(book)
    assert set(before) < set(after)
    sheets = [name for name in before if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) > 20
    for name, content in after.items():
        if name.endswith((".xml", ".rels")):
            etree.fromstring(content)
    for name in sheets:
        assert re.sub(rb' codeName="\w+"', b"", after[name]).replace(b"<sheetPr/>", b"") == before[name].replace(
            b"<sheetPr/>", b""
        )
    assert list(modules_of(book, "Styrbok.xlsm"))[len(sheets) + 1 :] == ["Styrning", "xlwings"]


def schema() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The ribbon's schema: types by their name, and the root's."""
    folder = Path(openxml_audit.__file__).parent / "data/openxml/schemas"
    data = json.loads((folder / "schemas_microsoft_com_office_2009_07_customui.json").read_text("utf-8"))
    types = {item["Name"]: item for item in data["Types"]}
    return types, [item for name, item in types.items() if name.endswith(":customUI")]


def ribbon_faults(xml: bytes, code: str) -> list[str]:
    """What is wrong with a ribbon: elements, attributes, ids, and callbacks without a Sub of the right shape."""
    types, roots = schema()
    faults: list[str] = []
    seen: set[str] = set()

    def walk(element: etree._Element, allowed: list[dict[str, Any]]) -> None:
        name = etree.QName(element).localname
        kind = next((item for item in allowed if item["Name"].endswith(f":{name}")), None)
        if kind is None:
            faults.append(f"<{name}> not here")
            return
        known = {attribute["QName"].lstrip(":") for attribute in kind.get("Attributes", ())}
        for key, value in element.attrib.items():
            if key not in known:
                faults.append(f"<{name} {key}>")
            if key.startswith(("on", "get")):
                faults.extend(callback_faults(str(key), str(value), code))
        ident = element.get("id")
        if ident in seen:
            faults.append(f"id {ident}")
        if ident:
            seen.add(ident)
        below = [types[child["Name"]] for child in kind.get("Children", ()) if child["Name"] in types]
        for child in element:
            walk(child, below)

    walk(etree.fromstring(xml), roots)
    return faults


def callback_faults(key: str, value: str, code: str) -> list[str]:
    """Whether the Sub that an attribute names is there, public, and takes what Office hands it."""
    module, _, name = value.partition(".")
    shape = {
        "onAction": r"Optional control As Object",
        "onLoad": r"control As Object",
        "getEnabled": r"control As Object, ByRef \w+",
    }[key]
    found = module == "Styrning" and re.search(rf"(?m)^Public Sub {name}\({shape}\)", code)
    return [] if found else [f"{key} {value}"]


def test_the_tab_has_the_ten_buttons_and_every_callback_exists() -> None:
    assert ribbon_faults(RIBBON, STYRNING) == []
    root = etree.fromstring(RIBBON)
    buttons = root.findall(".//{*}button")
    assert {button.get("label") for button in buttons} == BUTTONS
    assert [tab.get("label") for tab in root.iter("{*}tab")] == ["Styrning"]
    for button in buttons:
        assert button.get("imageMso")
        assert button.get("screentip")
        tip = button.get("supertip") or ""
        assert tip.endswith(".")
        assert 30 < len(tip) <= 1024


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b'imageMso="Help"', b'imagMso="Help"', "<button imagMso>"),
        (b"Styrning.Hjalp", b"Styrning.Hjelp", "onAction Styrning.Hjelp"),
        (b'id="xlstyrHjalp"', b'id="xlstyrLage"', "id xlstyrLage"),
        (b"<tabs>", b"<tabs><button/>", "<button> not here"),
        (b"Styrning.GarAttFolja", b"Styrning.Hjalp", "getEnabled Styrning.Hjalp"),
    ],
)
def test_the_ribbon_check_sees_what_is_wrong(before: bytes, after: bytes, fault: str) -> None:
    assert fault in ribbon_faults(RIBBON.replace(before, after), STYRNING)


def test_each_button_is_one_line_that_names_one_function() -> None:
    subs = dict(re.findall(r"Public Sub (\w+)\(Optional control As Object\)\n(.*?)\nEnd Sub", STYRNING, re.DOTALL))
    assert "RunPython" not in subs.pop("Avbryt")  # while Python runs, Excel can do no more than leave a flag
    named = {re.fullmatch(r'\s*RunPython "(\w+)"', body) for body in subs.values()}
    assert {found[1] for found in named if found is not None} == functions().keys()
    assert None not in named
    assert len(subs) == len(BUTTONS)


def test_the_tab_hears_of_every_workbook_that_comes_and_goes() -> None:
    own = (MACROS / "TillaggsBok.cls").read_text("utf-8")
    for event in ("WorkbookActivate", "WorkbookDeactivate"):
        assert f"Private Sub program_{event}(ByVal Wb As Workbook)" in own
    assert re.search(r"Application\.OnTime Now, \"'\" & ThisWorkbook\.Name & \"'!Styrning\.BytteBok\"", own)
    assert "Public Sub BytteBok()" in STYRNING


@pytest.mark.office
@pytest.mark.parametrize(
    ("kind", "enabled"),
    [
        ("control", {"ArStyrbok", "GarAttKontrollera", "GarAttFraga"}),
        ("node", {"GarAttKontrollera"}),
        ("rollup", {"GarAttKontrollera", "GarAttFolja", "GarAttFraga"}),
        ("", {"GarAttFraga"}),
    ],
)
def test_the_buttons_that_make_sense_in_a_workbook_are_enabled(
    office: Office, tmp_path: Path, kind: str, enabled: set[str]
) -> None:
    asked = sorted(set(re.findall(r"Public Sub (\w+)\(control As Object, ByRef svar\)", STYRNING)))
    assert enabled < set(asked)
    lines = [f'    {name} Nothing, svar\n    If svar Then Svar_ = Svar_ & " {name}"' for name in asked]
    code = STYRNING + "\nPublic Function Svar_()\n    Dim svar\n" + "\n".join(lines) + "\nEnd Function\n"
    plain = tmp_path / "bok.xlsx"
    with xlsxwriter.Workbook(plain) as book:
        book.add_worksheet("Blad")
        if kind:
            book.define_name("xlstyr_identity", f'="{kind}|2031|x"')
    path = tmp_path / "bok.xlsm"
    start = Module("xlwings", "Public Sub RunPython(knapp As String)\nEnd Sub\n")
    path.write_bytes(with_macros(plain.read_bytes(), [Module("Styrning", code), start]))
    with office.opened(path, macros=True) as document:
        place = "vnd.sun.star.script:xlstyr.Styrning.Svar_?language=Basic&location=document"
        said = document.getScriptProvider().getScript(place).invoke((), (), ())[0]
    assert set(str(said or "").split()) == enabled
