"""The documents for users: every manifest in them loads, every command in them is one."""

import re
import shlex
import tomllib
from contextlib import suppress
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import yaml

from mainstay.cli.main import mainstay
from mainstay.manifest.document import read
from mainstay.manifest.load import environments
from mainstay.manifest.validate import check
from mainstay.model.placeholders import PLACEHOLDERS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", DOCS / "index.md", *sorted([*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md")])]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(mainstay [^`]+)`")
STARTER = files("mainstay.cli").joinpath("starter")


class Shown(NamedTuple):
    page: Path
    text: str


def blocks(kind: str) -> list[Shown]:
    return [Shown(page, text) for page in PAGES for found, text in BLOCK.findall(page.read_text()) if found == kind]


def typed() -> list[Shown]:
    consoles = [
        Shown(page, line[2:]) for page, text in blocks("console") for line in text.splitlines() if line[:2] == "$ "
    ]
    inline = [Shown(page, text) for page in PAGES for text in INLINE.findall(BLOCK.sub("", page.read_text()))]
    return [Shown(page, shlex.join(words)) for page, line in [*consoles, *inline] for words in commands(line)]


def commands(line: str) -> list[list[str]]:
    """The words of each call of Mainstay in a line for the shell."""
    words = shlex.shlex(line.replace("…", ""), posix=True, punctuation_chars=True)
    words.whitespace_split = True
    parts = [list(part) for ends, part in groupby(words, lambda word: word[0] in ";&|<>") if not ends]
    return [part[part.index("mainstay") + 1 :] for part in parts if "mainstay" in part]


def folders(system: dict[str, object]) -> set[str]:
    """What a manifest expects beside itself."""
    text = yaml.safe_dump(system)
    return set(re.findall(r"(?:source|folder|sql): ([\w/]+)", text)) | {"lib/shop"}


MENTIONS = {
    "#placeholders": re.compile("|".join(re.escape(each.written).replace("NAME", r"\\w+") for each in PLACEHOLDERS)),
    "#addresses": re.compile(r"\{from: [\w-]+\}"),
}


def page_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", sorted([*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/**/*.md")]), ids=page_of)
def test_a_page_that_mentions_a_placeholder_or_an_address_links_the_list_of_all(page: Path) -> None:
    text = page.read_text()
    manifests = "".join(found for kind, found in BLOCK.findall(text) if kind == "yaml") + BLOCK.sub("", text)
    needed = {anchor for anchor, mention in MENTIONS.items() if mention.search(manifests)}
    assert {anchor for anchor in needed if f"reference/manifest.md{anchor})" not in text} == set()


def name_of(shown: Shown) -> str:
    return f"{shown.page.relative_to(ROOT)}: {shown.text.splitlines()[0][:50]}"


@pytest.mark.parametrize("shown", [each for each in blocks("yaml") if "system:" in each.text], ids=name_of)
def test_every_manifest_shown_has_no_mistake(shown: Shown, tmp_path: Path) -> None:
    for folder in folders(yaml.safe_load(shown.text)):
        (tmp_path / folder).mkdir(parents=True)
    for name in re.findall(r"errors/[\w.]+", shown.text):
        (tmp_path / "errors").mkdir(exist_ok=True)
        (tmp_path / name).touch()
    if "smoke:" in shown.text:
        (tmp_path / "smoke").mkdir()
        (tmp_path / "smoke" / "home.yaml").write_text("flow: home\nsteps: [{get: /, expect: {status: 200}}]\n")
    path = tmp_path / "mainstay.yaml"
    path.write_text(shown.text)
    document = read(path)
    found = [check(document, path, place) for place in environments(document) or ("local",)]
    assert [(checked.mistakes, checked.warnings) for checked in found] == [((), ())] * len(found)


@pytest.mark.parametrize("shown", sorted(set(typed())), ids=name_of)
def test_every_command_shown_is_one(shown: Shown) -> None:
    with suppress(click.exceptions.Exit):
        understand(mainstay, "mainstay", shlex.split(shown.text), None)


def understand(command: click.Command, name: str, words: list[str], parent: click.Context | None) -> None:
    """Raises UsageError where a command or an option is not known."""
    context = command.make_context(name, words, parent=parent)
    if isinstance(command, click.Group):
        inner, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert inner is not None
        assert found is not None
        understand(found, inner, rest, context)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", DOCS / "tutorial" / "first-release.md"], ids=lambda page: page.stem
)
def test_the_first_manifest_shown_is_the_one_that_init_writes(page: Path) -> None:
    first = next(shown for shown in blocks("yaml") if shown.page == page)
    assert first.text == STARTER.joinpath("mainstay.yaml").read_text()


def test_the_change_that_the_tutorial_makes_fits_what_init_writes() -> None:
    ours = STARTER.joinpath("app.py.txt").read_text().splitlines()
    (shown,) = blocks("diff")
    before = [line[1:] for line in shown.text.splitlines() if line[:1] in " -" and line[:3] != "---"]
    assert [line for line in before if line not in ours] == []


def test_the_navigation_names_every_page() -> None:
    named = set(re.findall(r"[\w/-]+\.md", str(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])))
    assert named == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}


def test_a_command_that_is_none_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        understand(mainstay, "mainstay", ["deploy", "--no-such-option"], None)
