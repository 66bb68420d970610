"""The house rules of `src/mainstay` and `kit`: floors, drivers, and what may be done where."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
KIT = ROOT / "kit" / "src"

FLOORS = (
    "errors text",
    "system",
    "model",
    "manifest",
    "history",
    "drivers",
    "judging",
    "steps checks",
    "planning",
    "engine",
    "operations",
    "server cli",
)
"""The packages of `src/mainstay`, lowest first."""
FLOOR = {"": 0} | {name: number for number, names in enumerate(FLOORS, 1) for name in names.split()}
NEUTRAL = {
    "mainstay.drivers.world",
    "mainstay.drivers.targets.target",
    "mainstay.drivers.targets.jobs",
    "mainstay.drivers.datastores.datastore",
    "mainstay.drivers.secrets.source",
    "mainstay.drivers.secrets.sealed_file",
    "mainstay.drivers.secrets.settings_file",
}
"""What the floors above may know of the drivers: protocols and values."""
MODULES = sorted((SOURCE / "mainstay").rglob("*.py"))
KIT_MODULES = sorted(KIT.rglob("*.py"))


def name_of(path: Path) -> str:
    """`src/mainstay/model/edge.py` is `mainstay.model.edge`."""
    parts = path.relative_to(KIT if path.is_relative_to(KIT) else SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The package that has a floor: `mainstay.model.edge` is part of `model`."""
    return [*module.split("."), ""][1]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that this one names, `from package import module` spelt out."""
    return tuple(name for node in ast.walk(tree(path)) for name in names_in(node, path))


def names_in(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        package = name_of(path).split(".")[: None if path.name == "__init__.py" else -1]
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        yield from (f"{base}.{a.name}" if is_module(f"{base}.{a.name}") else base for a in node.names)


def is_module(name: str) -> bool:
    place = SOURCE.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").exists()


def ours(path: Path) -> list[str]:
    return [name for name in imports(path) if name.split(".")[0] == "mainstay"]


def doings(path: Path) -> Iterator[str]:
    """What a module calls or names, as dotted text: `time.sleep`, `print`, `self.clock.now`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


every_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


@every_module
def test_every_module_has_a_floor(path: Path) -> None:
    assert part_of(name_of(path)) in FLOOR


@every_module
def test_imports_go_down(path: Path) -> None:
    here = part_of(name_of(path))
    above = [name for name in ours(path) if FLOOR.get(part_of(name), 99) >= FLOOR.get(here, 0)]
    assert [name for name in above if part_of(name) != here] == []


@every_module
def test_only_wiring_imports_drivers(path: Path) -> None:
    drivers = {name for name in ours(path) if part_of(name) == "drivers"} - NEUTRAL
    here = name_of(path)
    assert part_of(here) == "drivers" or drivers <= ({"mainstay.drivers.wiring"} if part_of(here) == "cli" else set())


@every_module
def test_a_driver_knows_no_plan_and_no_journal(path: Path) -> None:
    here = name_of(path)
    inner = part_of(here) == "drivers" and here not in {"mainstay.drivers.wiring", "mainstay.drivers.world"}
    known = {"", "errors", "text", "system", "model", "drivers"}
    assert not inner or {part_of(name) for name in ours(path)} <= known


DRIVERS_OF_DRIVERS = {"machine": {"edge.haproxy"}, "targets.process": {"machine"}}
"""The drivers that a driver may import beside the protocols; the others import no driver but themselves."""


def driver_of(module: str) -> str:
    """`mainstay.drivers.edge.haproxy.slots` is part of the driver `edge.haproxy`; all of `machine` is one driver."""
    parts = module.split(".")[2:]
    return parts[0] if parts[:1] == ["machine"] else ".".join(parts[:2])


@every_module
def test_a_driver_imports_only_itself_protocols_and_the_drivers_it_is_built_on(path: Path) -> None:
    here = name_of(path)
    if part_of(here) == "drivers" and here not in {"mainstay.drivers.wiring", "mainstay.drivers.world"}:
        protocols = {name for name in NEUTRAL if driver_of(name) != "machine"}
        allowed = {driver_of(here)} | DRIVERS_OF_DRIVERS.get(driver_of(here), set())
        drivers = [name for name in ours(path) if part_of(name) == "drivers" and name not in protocols]
        assert [name for name in drivers if driver_of(name) not in allowed] == []


@pytest.mark.parametrize("path", KIT_MODULES, ids=name_of)
def test_the_kit_imports_nothing_of_ours(path: Path) -> None:
    assert ours(path) == []


@every_module
def test_nobody_imports_the_kit(path: Path) -> None:
    assert [name for name in imports(path) if name.startswith("mainstay_kit")] == []


@pytest.mark.parametrize(
    "path", [path for path in MODULES if FLOOR.get(part_of(name_of(path)), 99) < FLOOR["manifest"]], ids=name_of
)
def test_what_lies_below_the_manifest_imports_no_pydantic(path: Path) -> None:
    assert [name for name in imports(path) if name.startswith("pydantic")] == []


@every_module
def test_only_the_command_line_wiring_and_drivers_import_inside_a_function(path: Path) -> None:
    functions = [n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [name for f in functions for node in ast.walk(f) for name in names_in(node, path)]
    is_lazy = name_of(path) in {"mainstay.drivers.wiring", "mainstay.drivers.targets.process"}
    assert part_of(name_of(path)) == "cli" or is_lazy or inside == []


@every_module
def test_time_and_processes_have_their_own_files(path: Path) -> None:
    used = {text.replace("datetime.datetime", "datetime") for text in doings(path)} | set(imports(path))
    forbidden = used & {"subprocess", "time.sleep", "datetime.now", "datetime.utcnow"}
    name = name_of(path)
    assert name.startswith(("mainstay.system.", "mainstay.drivers.")) or forbidden == set()


# A cgroup's files are written in place; HAProxy checks its configuration before `atomic_file.move` gives it its name.
WRITES_TEXT = {"mainstay.drivers.machine.instances.cgroups", "mainstay.drivers.edge.haproxy.process"}


@every_module
def test_only_one_module_renames_and_writes_whole_files(path: Path) -> None:
    used = {name for node in ast.walk(tree(path)) if isinstance(node, ast.Call) for name in writings(node)}
    name = name_of(path)
    assert name == "mainstay.system.atomic_file" or used <= ({"write_text"} if name in WRITES_TEXT else set())


def writings(call: ast.Call) -> Iterator[str]:
    """`replace` with one positional argument is a path's: that of a text has two, that of a struct has names."""
    if isinstance(call.func, ast.Attribute):
        one = len(call.args) == 1 and not call.keywords
        of_os = ast.unparse(call.func.value) in {"os", "shutil"}
        if call.func.attr in {"rename", "renames", "write_text", "write_bytes"} or (
            call.func.attr in {"replace", "move"} and (of_os or (one and call.func.attr == "replace"))
        ):
            yield call.func.attr


@every_module
def test_nobody_catches_everything(path: Path) -> None:
    handlers = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler)]
    caught = {ast.unparse(name) for node in handlers if node.type for name in ast.walk(node.type)}
    assert "Exception" not in caught
    assert all(node.type for node in handlers)


@every_module
def test_only_the_console_prints(path: Path) -> None:
    assert name_of(path) == "mainstay.cli.console" or "print" not in set(doings(path))


BANNED = re.compile(
    r"\b(anew|aloud|asleep|awake|forg[ia]v\w*|heed\w*|mend(s|ed|ing)?|nobody|reckon\w*|somebody|tell(s|ing)?|told|said|say(s|ing)?"
    r"|tid(y|ying|ied)|unwell|whoever|whomever|bears? (it|with|that)|brings? about|brought about|c[oa]mes? about"
    r"|carr(y|ies|ied|ying) (it |them |a run )?(on|out)|goes home|l(aid|ay) down|lies? (in|below|beside|there|at)"
    r"|the way (back|home|out)|what is to be|stands? (in|at|there))\b",
    re.IGNORECASE,
)
"""Words that a reader stumbles over; docs/explanation/glossary.md has those to use instead."""
ODD_NAMES = frozenset(
    [
        "anew",
        "asked",
        "asks",
        "asleep",
        "awake",
        "aloud",
        "carried",
        "carry",
        "everybody",
        "forgive",
        "heard",
        "heed",
        "laid",
        "lay",
        "lies",
        "mend",
        "nobody",
        "reckon",
        "said",
        "say",
        "says",
        "somebody",
        "strange",
        "stranger",
        "stands",
        "tell",
        "telling",
        "tells",
        "tidied",
        "tidy",
        "told",
        "unwell",
        "whoever",
    ]
)
QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|https?://\S+")
"""Code, names and examples in a text."""
PROSE = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "kit/*.md", "systems/*/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
PYTHON = sorted(
    path
    for folder in ("src", "kit", "tests", "benchmarks", "tools", "systems")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__) and not any(part.startswith(".") or part == "node_modules" for part in path.parts)
)


def banned_in(text: str) -> list[str]:
    """Return the banned words of a text; `nobody` is also the name of a user."""
    return [found[0] for found in BANNED.finditer(QUOTED.sub("", text.replace("nobody cannot", "")))]


def words_of(name: str) -> set[str]:
    """`_AskedTwice` has the words `asked` and `twice`."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_comments_and_texts_use_plain_words(path: Path) -> None:
    found = []
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.NAME and words_of(token.string) & ODD_NAMES:
            found.append((token.start[0], token.string))
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
            found += [(token.start[0], word) for word in banned_in(token.string.strip("\"'"))]
    assert found == []


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_use_plain_words(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert banned_in(text) == []


DRIVER_WORDS = re.compile(r"haproxy|postgres|127\.0\.0\.1|/proc\b|cgroup", re.IGNORECASE)
BEHIND_THE_WALL = {"drivers", "system", "cli"}
KINDS = re.compile(r"[\"']postgres(ql)?\b")
"""A kind of datastore in the manifest, and the address of one in the documentation of placeholders."""


@pytest.mark.parametrize(
    "path", [path for path in MODULES if part_of(name_of(path)) not in BEHIND_THE_WALL], ids=name_of
)
def test_the_core_names_no_driver(path: Path) -> None:
    text = path.read_text()
    assert [found[0] for found in DRIVER_WORDS.finditer(KINDS.sub("", text))] == []
