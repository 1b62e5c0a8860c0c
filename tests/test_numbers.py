"""Text that looks like a number is read exactly, asked back, or no number: never guessed."""

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlstyr.layout import numbers
from xlstyr.layout.definition import Column
from xlstyr.layout.kinds import from_cell
from xlstyr.layout.numbers import Ambiguous, Number, read_number
from xlstyr.layout.raw import RawCell

NBSP, NARROW, FIGURE, THIN, MINUS, DASH = "\u00a0", "\u202f", "\u2007", "\u2009", "\u2212", "\u2013"

EXACT = {
    "0": "0",
    "7": "7",
    "012": "12",
    "1234": "1234",
    "  42  ": "42",
    "1 234": "1234",
    "1 234 567": "1234567",
    "12 345 678": "12345678",
    f"1{NBSP}234": "1234",
    f"1{NARROW}234{NARROW}567": "1234567",
    f"1{FIGURE}234": "1234",
    f"1{THIN}234": "1234",
    "1'234": "1234",
    "1 234,50": "1234.50",
    f"{NBSP}1{NBSP}234,50{NBSP}": "1234.50",
    "1234,5": "1234.5",
    "1234.5": "1234.5",
    "12.50": "12.50",
    "0,5": "0.5",
    "0,125": "0.125",
    "-0,125": "-0.125",
    "0,000": "0",
    "1 234 567,891": "1234567.891",
    "1234,567": "1234.567",
    "+5": "5",
    "+ 5": "5",
    "-5": "-5",
    "- 5": "-5",
    f"{MINUS}5": "-5",
    f"{MINUS}{NBSP}1{NBSP}234,5": "-1234.5",
    f"{DASH}5": "-5",
    f"{DASH} 5": "-5",
    "\uff0d5": "-5",
    "\uff11\uff12\uff13": "123",
    "\uff11\uff12\uff0c\uff15": "12.5",
    "\u0663": "3",
    "9" * 15: "9" * 15,
}
WITH_UNIT = {
    "12 tkr": ("12", 1000),
    "12tkr": ("12", 1000),
    "12 TKR": ("12", 1000),
    "12 tkr.": ("12", 1000),
    f"{MINUS}1 234{NBSP}tkr": ("-1234", 1000),
    "12 kkr": ("12", 1000),
    "12 kr": ("12", 1),
    "1 234:-": ("1234", 1),
    "12,50 kronor": ("12.50", 1),
    "100 SEK": ("100", 1),
    "3 mnkr": ("3", 1_000_000),
    "2,5 mkr": ("2.5", 1_000_000),
    "1 MSEK": ("1", 1_000_000),
}
ASKED_BACK = {
    "1.234": ("1234", "1,234"),
    "1,234": ("1234", "1,234"),
    "-1.234": ("-1234", "-1,234"),
    f"{MINUS}12.345": ("-12345", "-12,345"),
    "123,456": ("123456", "123,456"),
    "1.000 tkr": ("1000", "1,000"),
    "1.234,50": ("1234,50", ""),
    "1,234.50": ("1234,50", ""),
    "-1.234,50": ("-1234,50", ""),
    "1.234,50 kr": ("1234,50", ""),
    "1.234.567": ("1234567", ""),
    "1,234,567": ("1234567", ""),
    "1_000": ("1000", ""),
    "1e5": ("100000", ""),
    "-2E+3": ("-2000", ""),
    "(500)": ("-500", "500"),
    "(1 234,50)": ("-1234,50", "1234,50"),
    "500-": ("-500", "500"),
    f"500,50{MINUS}": ("-500,50", "500,50"),
    "12 34": ("1234", ""),
    "1 23 456": ("123456", ""),
    "0 123": ("0123", ""),
    "08 123 456": ("08123456", ""),
    ",5": ("5", ""),
    "5,": ("5", ""),
}
NOT_NUMBERS = [
    "",
    "   ",
    "-",
    "kr",
    "tolv",
    "nej",
    "12 st",
    "ca 12",
    "kr 12",
    "12 kr 50",
    "12 kr/mån",
    "12\u2030",
    "$5",
    "5 \u20ac",
    "12-15",
    "1/2",
    "\u00bd",
    "5\u00bd",
    "5\u00b2",
    "5\u2460",
    "1+1",
    "=1+1",
    "+-5",
    "--5",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "\u221e",
    "1e999999999",
    "0x10",
    "1 e 5",
    "2026-01-01",
    "12:30",
    "1\n234",
    "1\t234",
    "1\u00ad234",
    "1\u200b234",
    "(12 tkr)",
    "#REF!",
]


@pytest.mark.parametrize("text", EXACT)
def test_read_exactly(text: str) -> None:
    assert read_number(text) == Number(Decimal(EXACT[text]))


@pytest.mark.parametrize("text", WITH_UNIT)
def test_a_unit_after_the_number_is_told(text: str) -> None:
    digits, scale = WITH_UNIT[text]
    assert read_number(text) == Number(Decimal(digits), scale)


@pytest.mark.parametrize("text", ["25 %", "25%", f"25{NBSP}%", "\uff12\uff15\uff05"])
def test_percent_is_told(text: str) -> None:
    assert read_number(text) == Number(Decimal(25), None, percent=True)


@pytest.mark.parametrize("text", ASKED_BACK)
def test_asked_back_with_what_it_might_mean(text: str) -> None:
    assert read_number(text) == Ambiguous(*ASKED_BACK[text])


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_not_a_number(text: str) -> None:
    assert read_number(text) is None


def swedish(number: int, space: str = NBSP, minus: str = MINUS) -> str:
    """``number`` as Swedish Excel and Swedish people write it."""
    return f"{number:,}".replace(",", space).replace("-", minus)


SPACES = st.sampled_from([" ", NBSP, NARROW, FIGURE, THIN])
MINUSES = st.sampled_from(["-", MINUS, DASH, f"{MINUS} "])


@given(st.integers(-(10**15), 10**15), SPACES, MINUSES)
def test_any_whole_number_written_the_swedish_way_comes_back(number: int, space: str, minus: str) -> None:
    assert read_number(swedish(number, space, minus)) == Number(Decimal(number))


@given(st.integers(-(10**12), 10**12), st.integers(0, 99), SPACES)
def test_any_amount_with_two_decimals_comes_back(whole: int, part: int, space: str) -> None:
    text = f"{swedish(whole, space)},{part:02}"
    sign = -1 if text.startswith(MINUS) else 1
    assert read_number(text) == Number(whole + sign * Decimal(part) / 100)


@given(st.text(alphabet="0123456789 .,-+_()eE%tkr\u00a0\u2212\u00b2\n", max_size=12))
def test_what_is_read_has_the_digits_that_were_typed(text: str) -> None:
    """Nothing made of these signs raises, and no digit is lost, added or moved."""
    read = read_number(text)
    if isinstance(read, Number):
        shown = f"{abs(read.value):f}".replace(".", "")
        assert shown.lstrip("0") == "".join(filter("0123456789".__contains__, text)).lstrip("0")
        assert (read.value < 0) == (any(sign in text for sign in "-\u2212") and read.value != 0)


@given(st.text(max_size=30))
def test_no_text_raises(text: str) -> None:
    assert read_number(text) is None or isinstance(read_number(text), Number | Ambiguous)


@pytest.mark.parametrize(
    ("text", "kr", "codes"),
    [
        ("1 234", 1_234_000, ["XS201"]),
        ("12 kr", 12, ["XS201"]),
        ("2,5 mnkr", 2_500_000, ["XS201"]),
        ("12 %", None, ["XS203"]),
        ("1.234", None, ["XS202"]),
        ("5\u00b2", None, ["XS203"]),
        ("0,0001", None, ["XS201", "XS215"]),
    ],
)
def test_what_a_text_in_an_amount_cell_means(text: str, kr: int | None, codes: list[str]) -> None:
    column = Column(key="change", header="Ändring ±", kind="amount", unit="tkr")  # type: ignore[call-arg]
    reading = from_cell(RawCell(text, None, None, "H12"), column, None)
    assert reading.value == kr
    assert sorted({problem.code for problem in reading.problems} & {*codes}) == codes


def test_the_examples_in_the_docstring_hold() -> None:
    assert doctest.testmod(numbers).failed == 0
