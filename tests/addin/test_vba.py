"""VBA projects: olevba reads back exactly what was put in, whatever the text."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oletools.olevba import VBA_Parser, decompress_stream

from xlstyr.excel.compound import compound
from xlstyr.excel.vba import Kind, Module, build_project, compress

SWEDISH = 'Option Explicit\r\n\' åäö ÅÄÖ é – ”citat”\r\nPublic Sub Räkna()\r\n    MsgBox "Sjöängen"\r\nEnd Sub\r\n'


def modules_of(project: bytes) -> dict[str, str]:
    """Name → text of every module that olevba finds."""
    found = {}
    for _, _, name, code in VBA_Parser("vbaProject.bin", data=project).extract_macros():
        found[name.rpartition(".")[0]] = code
    return found


@given(
    st.text(st.characters(codec="cp1252", exclude_characters="\r\n"), max_size=9000).map(lambda t: t.encode("cp1252"))
)
@settings(max_examples=60, deadline=None)
def test_packing_is_undone_exactly(data: bytes) -> None:
    assert bytes(decompress_stream(bytearray(compress(data)))) == data


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4095, 4096, 4097, 8192, 66_000])
def test_packing_at_the_edges_of_chunks(size: int) -> None:
    data = (b"Dim antal As Long ' rad\r\n" * (size // 20 + 1))[:size]
    packed = compress(data)
    assert bytes(decompress_stream(bytearray(packed))) == data
    assert len(packed) < max(size, 8)


def test_what_cannot_be_packed_is_stored_as_it_is_or_refused() -> None:
    noise = bytes((i * i * 2654435761 >> 13) & 0xFF for i in range(4096))
    assert bytes(decompress_stream(bytearray(compress(noise)))) == noise
    with pytest.raises(ValueError, match="4000"):
        compress(noise[:4000])


def test_every_module_comes_back_as_written() -> None:
    long = "".join(f"' rad {n} ö\r\n" for n in range(5000))
    modules = [
        Module("ThisWorkbook", "", Kind.WORKBOOK),
        Module("Blad1", "", Kind.SHEET),
        Module("Knappar", SWEDISH),
        Module("Lang", long),
        Module("Ordbok", "VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1\nEND\nPublic A As Long\n", Kind.CLASS),
    ]
    found = modules_of(build_project(modules, "prov"))
    assert list(found) == [module.name for module in modules]
    for module in modules:
        assert found[module.name].replace("\r\n", "\n") == module.source().replace("\r\n", "\n"), module.name
    assert "VERSION" not in found["Ordbok"]
    assert "Sjöängen" in found["Knappar"]


def test_the_same_text_gives_the_same_bytes_and_another_gives_others() -> None:
    modules = [Module("ThisWorkbook", "", Kind.WORKBOOK), Module("Knappar", SWEDISH)]
    assert build_project(modules, "prov") == build_project(modules, "prov")
    assert build_project([*modules, Module("Fler", "")], "prov") != build_project(modules, "prov")


def test_a_sign_that_vba_cannot_hold_is_an_error_not_a_question_mark() -> None:
    with pytest.raises(UnicodeEncodeError):
        build_project([Module("Knappar", "' 漢字")], "prov")


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_]{1,20}", fullmatch=True), st.binary(max_size=9000), min_size=1, max_size=12
    )
)
@settings(max_examples=40, deadline=None)
def test_compound_files_hold_every_stream(tree: dict[str, bytes]) -> None:
    import olefile

    folded = {name.upper(): name for name in tree}
    tree = {name: tree[name] for name in folded.values()}
    with olefile.OleFileIO(compound({"Inre": dict(tree), "Ytter": b"x" * 5000})) as ole:
        for name, content in tree.items():
            assert ole.openstream(["Inre", name]).read() == content
        assert ole.openstream("Ytter").read() == b"x" * 5000
        assert not ole.parsing_issues


def test_a_compound_file_begins_as_the_format_says() -> None:
    data = compound({"A": b"content"})
    assert data[:8] == bytes.fromhex("D0CF11E0A1B11AE1")
    assert len(data) % 512 == 0
    assert struct.unpack_from("<HH", data, 24) == (0x3E, 3)
