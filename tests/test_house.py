"""The house rules of `src/mainstay` and `kit`: which package may import which, and what may be done where."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

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
    "mainstay.drivers.targets.target_facts",
    "mainstay.drivers.targets.preparation",
    "mainstay.drivers.targets.retained",
    "mainstay.drivers.targets.jobs",
    "mainstay.drivers.datastores.datastore",
    "mainstay.drivers.secrets.source",
    "mainstay.drivers.secrets.sealed_file",
    "mainstay.drivers.secrets.settings_file",
}
"""What the floors above may know of the drivers: protocols and values."""
WIRING = {"mainstay.drivers.wiring", "mainstay.drivers.world"}
DRIVERS_OF_DRIVERS = {
    "edge.haproxy": {"edge.acme"},
    "machine": {"edge.acme", "edge.haproxy"},
    "targets.process": {"machine"},
}
"""The drivers that a driver may import beside the protocols; the others import no driver but themselves."""
WRITES_TEXT = {"mainstay.drivers.machine.instances.cgroups", "mainstay.drivers.edge.haproxy.proxy"}
"""A cgroup's files are written in place; HAProxy checks its configuration before `atomic_file.move` names it."""
DRIVER_WORDS = re.compile(r"haproxy|postgres|127\.0\.0\.1|/proc\b|cgroup", re.IGNORECASE)
BEHIND_THE_WALL = {"drivers", "system", "cli"}
KINDS = re.compile(r"[\"']postgres(ql)?\b")
"""A kind of datastore in the manifest, and the address of one in the documentation of placeholders."""
MODULES = sorted((SOURCE / "mainstay").rglob("*.py"))
KIT_MODULES = sorted(KIT.rglob("*.py"))


def found_in(rule: Callable[[Path], Iterable[str]], paths: Iterable[Path] = MODULES) -> dict[str, list[str]]:
    """Return what breaks a rule, by module."""
    return {name_of(path): found for path in paths if (found := sorted(set(rule(path))))}


def name_of(path: Path) -> str:
    """`src/mainstay/model/edge.py` is `mainstay.model.edge`."""
    parts = path.relative_to(KIT if path.is_relative_to(KIT) else SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The package that has a floor: `mainstay.model.edge` is part of `model`."""
    return [*module.split("."), ""][1]


def driver_of(module: str) -> str:
    """`mainstay.drivers.edge.haproxy.slots` is part of the driver `edge.haproxy`; all of `machine` is one driver."""
    parts = module.split(".")[2:]
    return parts[0] if parts[:1] == ["machine"] else ".".join(parts[:2])


def in_part(*parts: str) -> list[Path]:
    return [path for path in MODULES if part_of(name_of(path)) in parts]


def outside(*parts: str) -> list[Path]:
    return [path for path in MODULES if part_of(name_of(path)) not in parts]


def inner_drivers() -> list[Path]:
    return [path for path in in_part("drivers") if name_of(path) not in WIRING]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that this one names, `from package import module` spelt out."""
    return tuple(name for node in nodes(path) for name in names_in(node, path))


def names_in(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        package = name_of(path).split(".")[: None if path.name == "__init__.py" else -1]
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        yield from (f"{base}.{a.name}" if is_module(f"{base}.{a.name}") else base for a in node.names)


@cache
def is_module(name: str) -> bool:
    place = SOURCE.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").exists()


def ours(path: Path) -> list[str]:
    return [name for name in imports(path) if name.split(".")[0] == "mainstay"]


def doings(path: Path) -> Iterator[str]:
    """What a module calls or names, as dotted text: `time.sleep`, `print`, `self.clock.now`."""
    for node in nodes(path):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_has_a_floor() -> None:
    assert {part_of(name_of(path)) for path in MODULES} <= set(FLOOR)


def test_imports_go_down() -> None:
    def upward(path: Path) -> list[str]:
        here = part_of(name_of(path))
        above = [name for name in ours(path) if FLOOR.get(part_of(name), 99) >= FLOOR[here]]
        return [name for name in above if part_of(name) != here]

    assert found_in(upward) == {}


def test_only_wiring_imports_drivers() -> None:
    def drivers(path: Path) -> set[str]:
        allowed = {"mainstay.drivers.wiring"} if part_of(name_of(path)) == "cli" else set()
        return {name for name in ours(path) if part_of(name) == "drivers"} - NEUTRAL - allowed

    assert found_in(drivers, outside("drivers")) == {}


def test_a_driver_knows_no_plan_and_no_journal() -> None:
    known = {"", "errors", "text", "system", "model", "drivers"}
    assert found_in(lambda path: {part_of(name) for name in ours(path)} - known, inner_drivers()) == {}


def test_a_driver_imports_only_itself_protocols_and_the_drivers_it_is_built_on() -> None:
    protocols = {name for name in NEUTRAL if driver_of(name) != "machine"}

    def foreign(path: Path) -> list[str]:
        here = driver_of(name_of(path))
        allowed = {here} | DRIVERS_OF_DRIVERS.get(here, set())
        drivers = [name for name in ours(path) if part_of(name) == "drivers" and name not in protocols]
        return [name for name in drivers if driver_of(name) not in allowed]

    assert found_in(foreign, inner_drivers()) == {}


def test_the_kit_imports_nothing_of_ours() -> None:
    assert found_in(ours, KIT_MODULES) == {}


def test_no_module_imports_the_kit() -> None:
    assert found_in(lambda path: [name for name in imports(path) if name.startswith("mainstay_kit")]) == {}


def test_packages_below_the_manifest_import_no_pydantic() -> None:
    below = in_part(*[part for part, floor in FLOOR.items() if floor < FLOOR["manifest"]])
    assert found_in(lambda path: [name for name in imports(path) if name.startswith("pydantic")], below) == {}


def test_only_the_command_line_wiring_and_drivers_import_inside_a_function() -> None:
    lazy = {"mainstay.drivers.wiring", "mainstay.drivers.targets.process"}

    def inside(path: Path) -> list[str]:
        functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return [name for function in functions for node in ast.walk(function) for name in names_in(node, path)]

    assert found_in(inside, [path for path in outside("cli") if name_of(path) not in lazy]) == {}


def test_time_and_processes_have_their_own_files() -> None:
    def forbidden(path: Path) -> set[str]:
        used = {text.replace("datetime.datetime", "datetime") for text in doings(path)} | set(imports(path))
        return used & {"subprocess", "time.sleep", "datetime.now", "datetime.utcnow"}

    assert found_in(forbidden, outside("system", "drivers")) == {}


def test_only_one_module_renames_and_writes_whole_files() -> None:
    def written(path: Path) -> set[str]:
        used = {name for node in nodes(path) if isinstance(node, ast.Call) for name in writings(node)}
        return used - ({"write_text"} if name_of(path) in WRITES_TEXT else set())

    assert found_in(written, [path for path in MODULES if name_of(path) != "mainstay.system.atomic_file"]) == {}


def writings(call: ast.Call) -> Iterator[str]:
    """`replace` with one positional argument is a path's: that of a text has two, that of a struct has names."""
    if isinstance(call.func, ast.Attribute):
        one = len(call.args) == 1 and not call.keywords
        of_os = ast.unparse(call.func.value) in {"os", "shutil"}
        if call.func.attr in {"rename", "renames", "write_text", "write_bytes"} or (
            call.func.attr in {"replace", "move"} and (of_os or (one and call.func.attr == "replace"))
        ):
            yield call.func.attr


def test_no_module_catches_everything() -> None:
    def caught(path: Path) -> list[str]:
        handlers = [node for node in nodes(path) if isinstance(node, ast.ExceptHandler)]
        names = [ast.unparse(name) for node in handlers if node.type for name in ast.walk(node.type)]
        bare = ["except:" for node in handlers if not node.type]
        return bare + [name for name in names if name == "Exception"]

    assert found_in(caught) == {}


def test_only_the_console_prints() -> None:
    quiet = [path for path in MODULES if name_of(path) != "mainstay.cli.console"]
    assert found_in(lambda path: {"print"} & set(doings(path)), quiet) == {}


def test_the_core_names_no_driver() -> None:
    def named(path: Path) -> list[str]:
        return [found[0] for found in DRIVER_WORDS.finditer(KINDS.sub("", path.read_text()))]

    assert found_in(named, outside(*BEHIND_THE_WALL)) == {}
