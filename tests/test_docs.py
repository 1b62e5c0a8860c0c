"""The documentation is true: generated pages are fresh, and every link, command and name in the pages exists."""

import importlib
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from xlstyr.cli.main import COMMANDS, group
from xlstyr.cli.output import show_totals
from xlstyr.rounds.following.consolidating import consolidate, scope_of
from xlstyr.rounds.round import Round

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
ROOMS = ("words", "model", "layout", "checks", "rollup", "excel", "mail", "reports", "rounds", "addin", "cli")


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "build.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run python docs/build.py:\n{done.stdout}{done.stderr}"


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings)


def links(text: str) -> Iterator[str]:
    """Targets of links and images, without those in code."""
    plain = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", plain):
        if not target.startswith(("https://", "mailto:")):
            yield target


@pytest.mark.parametrize("name", NAMES)
def test_links_and_images_exist(name: str) -> None:
    page = ROOT / name
    missing = []
    for link in links(page.read_text("utf-8")):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            missing.append(link)
    assert missing == []


def commands(text: str) -> Iterator[list[str]]:
    """Every ``xlstyr …`` in code, as words."""
    for code in re.findall(r"```\w*\n(.*?)```|`([^`]+)`", text, re.DOTALL):
        for line in "".join(code).replace("\\", "/").splitlines():
            for part in line.split("&&"):
                if found := re.match(r"(?:\S*/)?xlstyr +(.+)", part.strip()):
                    yield found[1].split()


@pytest.mark.parametrize("name", NAMES)
def test_commands_exist(name: str) -> None:
    context = click.Context(group, info_name="xlstyr")
    wrong = []
    for first, *rest in commands((ROOT / name).read_text("utf-8")):
        known = group if first.startswith("-") or first == "…" else group.get_command(context, first)
        while isinstance(known, click.Group) and known is not group and rest and not rest[0].startswith(("-", "[")):
            known = known.get_command(context, rest.pop(0))
        options = {option for parameter in known.params for option in parameter.opts} if known else set()
        used = [word for word in (first, *rest) if word.startswith("--")]
        if known is None or not set(used) <= options | {"--help"}:
            wrong.append(" ".join((first, *rest)))
    assert wrong == []


def test_the_readme_tells_of_every_command() -> None:
    told = {first for first, *_ in commands((ROOT / "README.md").read_text("utf-8"))}
    assert set(COMMANDS) <= told


def dotted(text: str) -> Iterator[str]:
    """Names such as ``layout.parse.parse`` in code."""
    yield from re.findall(rf"`((?:{'|'.join(ROOMS)})(?:\.\w+)+)`", text)


def exists(name: str) -> bool:
    """Whether ``name`` is a module of the package, or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            place: object = importlib.import_module(".".join(("xlstyr", *parts[:end])))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(place, part):
                return False
            place = getattr(place, part)
        return True
    return False


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("docs/architecture", "docs/decisions"))])
def test_names_in_the_code_exist(name: str) -> None:
    assert [found for found in dotted((ROOT / name).read_text("utf-8")) if not exists(found)] == []


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_named_exist(name: str) -> None:
    code = re.findall(
        r"`((?:tests|xlstyr|workbook_templates|samples|benchmarks|docs)/[\w./-]*)`", (ROOT / name).read_text("utf-8")
    )
    assert [path for path in code if not (ROOT / path).exists()] == []


def plain(text: str) -> str:
    """Text with ordinary spaces."""
    return re.sub(r"[^\S\n]", " ", unicodedata.normalize("NFKC", text))


def test_the_demo_in_the_readme_is_what_it_says(
    danderyd: Path,
    copied: Callable[[Path], Path],
    opened: Callable[[Path], Round],
    capsys: pytest.CaptureFixture[str],
) -> None:
    round_ = opened(copied(danderyd))
    show_totals(consolidate(round_))
    said = plain(capsys.readouterr().out).splitlines()
    readme = plain((ROOT / "README.md").read_text("utf-8"))
    assert [line for line in said if not line.startswith("Arbetsbok") and line not in readme] == []


def test_the_journey_of_the_architecture_page_is_true(danderyd: Path, opened: Callable[[Path], Round]) -> None:
    round_ = opened(danderyd)
    scope, _ = scope_of(round_, round_.premises.organisation.root.id)
    row, line = next(pair for pair in scope.lines if pair[0].owner == "ekbackens-forskola" and pair[0].id == "6430-407")
    page = plain((DOCS / "architecture.md").read_text("utf-8"))
    amounts = [amount for period, amount in line.amounts if str(period) in ("budget-2025", "budget-2026")]
    assert amounts == [378_000, 360_560]
    assert all(f"{amount:,}".replace(",", " ") in page for amount in amounts)
    assert f"`{row.origin.ref('change')}`" in page
    assert f"row {row.origin.row}," in page
