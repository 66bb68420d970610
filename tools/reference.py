"""Generate the pages of `docs/reference/` from the code that they describe, so that they cannot be out of date."""

import ast
import re
import sys
import types
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc, getdoc, getsource
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click
import msgspec
import yaml

from mainstay.errors import MainstayError
from mainstay.manifest import scalars

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
SOURCE = ROOT / "src" / "mainstay"


def main() -> int:
    """Write every page; return 1 if any page has changed."""
    texts = {name: page(name) for name in CONTENTS}
    stale = [name for name, text in texts.items() if not _same(PAGES / name, text)]
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (PAGES / name).write_text(text)
    print(f"updated: {', '.join(stale)}" if stale else "the reference is up to date")
    return 1 if stale else 0


def page(name: str) -> str:
    """Return the text of the page *name*, a key of `CONTENTS`."""
    return "\n".join(CONTENTS[name]()).rstrip() + "\n"


def manifest() -> Iterator[str]:
    schema = import_module("mainstay.manifest.json_schema").json_schema()
    yield "# The manifest"
    yield ""
    yield f"{schema['description']} `mainstay schema` prints the same for editors."
    yield from _sections(schema, "SystemSection")
    yield from _placeholders()


def _sections(schema: dict[str, Any], root: str) -> Iterator[str]:
    """The tables of the section *root* and of every other section in *schema*."""
    sections = {
        section.__name__: section for section in import_module("mainstay.manifest.base").Section.__subclasses__()
    }
    yield from _part(schema, sections[root])
    for name, part in sorted(schema["$defs"].items()):
        yield ""
        yield f"## {_title(name)}"
        yield ""
        yield part["description"]
        yield from _part(part, sections[name])


def smoke_flows() -> Iterator[str]:
    module = import_module("mainstay.manifest.smoke.flow")
    schema = import_module("mainstay.manifest.json_schema").json_schema(module.FlowSection, "a smoke flow")
    yield "# Smoke flows"
    yield ""
    yield f"{schema['description']} [Smoke-test a release](../how-to/smoke-test-a-release.md) shows how to use them."
    yield from _sections(schema, "FlowSection")
    yield ""
    yield "## Placeholders of flows"
    yield ""
    yield "Names in single braces are replaced in paths, headers, bodies and expectations. A flow that uses a name that"
    yield "is neither of these nor kept by an earlier step is refused. A string that is only a placeholder becomes the"
    yield "value itself: a kept number stays a number."
    yield ""
    yield "| placeholder | value |"
    yield "|---|---|"
    yield "| `{unique}` | 12 random letters and digits, new for each run of a flow |"
    yield "| `{password}` | a random password of 28 characters, new for each run of a flow; never shown |"
    yield "| `{version}` | the version of the release |"
    yield "| `{NAME}` | what an earlier step has kept under this name |"


def _placeholders() -> Iterator[str]:
    module = import_module("mainstay.model.placeholders")
    yield ""
    yield "## Placeholders"
    yield ""
    yield "Mainstay replaces these names in single braces, anywhere in an argument or in a variable's `default`."
    yield "It refuses any other lower-case name in single braces (`{pyton}`). It leaves all other braces (JSON,"
    yield "`${X}`, `{{x}}`, `{X}`) and every `$` alone. There is no escape: give a value that must contain"
    yield "`{version}` itself with `mainstay set`, which replaces nothing."
    yield ""
    yield "| placeholder | value | used in |"
    yield "|---|---|---|"
    for each in module.PLACEHOLDERS:
        yield f"| `{each.written}` | {_cell(each.means)} | {', '.join(f'`{key}`' for key in each.where)} |"
    yield ""
    yield (Path(__file__).parent / "addresses.md").read_text().rstrip()


def _part(part: dict[str, Any], section: Any) -> Iterator[str]:
    yield ""
    yield "| key | is | default | example | means |"
    yield "|---|---|---|---|---|"
    for key, each in part["properties"].items():
        default = "required" if key in part.get("required", ()) else _code(each.get("default"))
        example = _code(f"{key}: {_yaml(each['examples'][0])}")
        means = _limit(key, section) + _cell(each["description"])
        yield f"| `{key}` | {_kind(each)} | {default} | {example} | {means} |"


def _limit(key: str, section: Any) -> str:
    """Return a remark for a key that Mainstay refuses or ignores so far."""
    if key in section.later:
        return "**Refused so far.** "
    return "**Accepted and ignored so far.** " if key in section.noted else ""


def _yaml(value: object) -> str:
    """Return *value* as people write it on one line of a manifest."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).removesuffix("...\n").strip()


PATTERNS = {f"^{scalars.DURATION.pattern}$": "duration", f"^{scalars.SIZE.pattern}$": "size"}


def _title(definition: str) -> str:
    """Return the title of a part of the manifest: `Health` for the class `HealthSection`."""
    return definition.removesuffix("Section")


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        title = _title(schema["$ref"].rpartition("/")[2])
        return f"[{title}](#{title.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        values = values if isinstance(values, dict) else next(iter(schema.get("patternProperties", {}).values()), None)
        return f"name: {_kind(values)}" if values else "keys"
    if schema.get("pattern") in PATTERNS:
        return PATTERNS[schema["pattern"]]
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def command_line() -> Iterator[str]:
    frame = import_module("mainstay.cli.main")
    yield "# The command line"
    yield ""
    yield frame.mainstay.help
    yield ""
    yield "`mainstay [-f FILE] [-e ENVIRONMENT] [--state DIR] [--output text|json] COMMAND`"
    yield ""
    yield "The options before the command may also be given after it."
    yield from _options(frame.mainstay)
    for name in import_module("mainstay.cli.command_table").COMMANDS:
        command = import_module(f"mainstay.cli.commands.{name}").command
        inner = command.commands if isinstance(command, click.Group) else {}
        for full, each in {name: command, **{f"{name} {word}": one for word, one in inner.items()}}.items():
            yield from _command(full, each)


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield ""
    yield f"## {name}"
    yield ""
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    yield f"`mainstay {name} {usage}`"
    yield ""
    yield cleandoc(command.help or "")
    yield from _options(command)
    if command.epilog:
        yield ""
        yield "```sh"
        yield from (line.strip() for line in command.epilog.splitlines() if line.strip() not in ("\b", "Examples:"))
        yield "```"


def _options(command: click.Command) -> Iterator[str]:
    shown = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    if shown:
        yield ""
        yield "| option | does |"
        yield "|---|---|"
        for option in shown:
            names = ", ".join(f"`{name}`" for name in option.opts)
            yield f"| {names} {_cell(option.metavar or '')} | {_cell(option.help or '')} |"


def documents() -> Iterator[str]:
    events = import_module("mainstay.history.events")
    yield "# Documents"
    yield ""
    yield "What `--output json` prints. Queries print one document; commands that execute a run print one event a line."
    yield "Times are RFC 3339 with zone; durations are seconds in fields that end in `_s`; percentages are numbers from"
    yield "0 to 100. An error is printed to standard error: `{error: {code, what, remedy, place: {file, line, column,"
    yield "path}?}}`. For an invalid manifest, `{errors: […]}` has every mistake."
    yield ""
    yield "## plan"
    yield ""
    yield "`{id, kind, from, to, version, rollback, phases: [{name, ranks: [[{number, kind, title, place, reversible,"
    yield "expected_s}]]}], changes: [{path, before, after}], notes, expected_s}`"
    roots = {
        "status": import_module("mainstay.operations.status_document").Status,
        "check": import_module("mainstay.operations.check").Findings,
        "edge listens": import_module("mainstay.operations.edge_listens").EdgeListens,
        "smoke": import_module("mainstay.operations.smoke").SmokeResult,
        "history": import_module("mainstay.history.summary").RunSummary,
        "logs": import_module("mainstay.model.log_lines").LogLine,
        "journal verify": import_module("mainstay.history.journal").Verification,
        "validate": import_module("mainstay.manifest.load").Report,
        "config": import_module("mainstay.operations.config").Configuration,
        "secrets list (a list of these)": import_module("mainstay.operations.secrets").SecretStatus,
        "secrets set (its `changes`)": import_module("mainstay.operations.secrets").SecretChange,
        "set and unset (their `changes`)": import_module("mainstay.operations.settings").SettingChange,
    }
    for name, root in roots.items():
        yield ""
        yield f"## {name}"
        yield from _struct(root, set())
    yield from _instance_states()
    yield ""
    yield "## events"
    yield ""
    yield "Every event has `at`, `run`, `sequence` and `event`, its name; those of a step also its `title`."
    for kind, name in events.NAMES.items():
        yield ""
        yield f"### {name}"
        yield from _struct(kind, set(), left_out={"plan"})


def _instance_states() -> Iterator[str]:
    yield ""
    yield "## States of an instance"
    yield ""
    yield "| state | means | may be followed by |"
    yield "|---|---|---|"
    for state, row in import_module("mainstay.model.status").INSTANCE_STATES.items():
        yield f"| `{state}` | {_cell(row.means)} | {', '.join(f'`{each}`' for each in row.then)} |"


def _struct(root: type, seen: set[type], left_out: set[str] = frozenset()) -> Iterator[str]:  # type: ignore[assignment]
    seen.add(root)
    if root.__module__.startswith("mainstay") and (text := root.__doc__):
        yield ""
        yield cleandoc(text)
    yield ""
    means = _field_texts(root)
    yield "| field | is | means |"
    yield "|---|---|---|"
    hints = {name: hint for name, hint in get_type_hints(root).items() if name not in left_out}
    renamed = dict(
        zip(getattr(root, "__struct_fields__", ()), getattr(root, "__struct_encode_fields__", ()), strict=True)
    )
    for name, hint in hints.items():
        yield f"| `{renamed.get(name, name)}` | {_cell(_hint(hint))} | {_cell(means.get(name, ''))} |"
    for inner in dict.fromkeys(each for hint in hints.values() for each in _structs(hint)):
        if inner not in seen:
            yield ""
            yield f"**{inner.__name__}**"
            yield from _struct(inner, seen)


def _field_texts(kind: type) -> dict[str, str]:
    """Return the text after each field of the class *kind* that has one, with values as JSON has them."""
    body = ast.parse(dedent(getsource(kind))).body[0].body  # type: ignore[attr-defined]
    return {
        ast.unparse(field.target): re.sub(r"\bNone\b", "null", cleandoc(after.value.value)).replace("False:", "false:")
        for field, after in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


def _structs(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and (issubclass(hint, msgspec.Struct) or hint.__name__ in ("Mistake", "Place")):
        yield hint
    for inner in get_args(hint):
        yield from _structs(inner)


def _hint(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join("null" if each is type(None) else _hint(each) for each in inner)
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inner)
    if origin is tuple:
        return f"list of {_hint(inner[0])}"
    if origin is dict:
        return f"map of {_hint(inner[0])} to {_hint(inner[1])}"
    words = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))


def errors() -> Iterator[str]:
    module = import_module("mainstay.errors")
    yield "# Errors"
    yield ""
    yield "Every error consists of what happened and what to type next. Its code is stable: scripts may compare it."
    yield ""
    yield "| code | exit | means |"
    yield "|---|---|---|"
    for kind in vars(module).values():
        # A subclass without a code of its own is the same error for readers of this page.
        if isinstance(kind, type) and issubclass(kind, MainstayError) and "code" in vars(kind):
            yield f"| `{kind.code}` | {kind.exit_code} | {_cell((getdoc(kind) or '').partition('.')[0])} |"
    for title, folder in (("In a manifest (exit 2)", SOURCE / "manifest"), ("Elsewhere", SOURCE)):
        found = sorted({pair for path in folder.rglob("*.py") for pair in _errors_of(path, folder == SOURCE)})
        yield ""
        yield f"## {title}"
        yield ""
        yield "| code | message |"
        yield "|---|---|"
        yield from (f"| `{code}` | {_cell(message)} |" for code, message in found)


CODE_AT = {"rule_error": 0, "Mistake": 0, "at_value": 0, "at_key": 0, "Violation": 1, "_at": 2}


def _errors_of(path: Path, elsewhere: bool) -> Iterator[tuple[str, str]]:
    """Yield the code and text of each error that a module raises."""
    if elsewhere and path.is_relative_to(SOURCE / "manifest"):
        return
    for scope in ast.walk(ast.parse(path.read_text())):
        if not isinstance(scope, ast.FunctionDef):
            continue
        texts = [n for n in ast.walk(scope) if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)]
        for call in ast.walk(scope):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                named = next((each.value for each in call.keywords if each.arg == "code"), None)
                at = CODE_AT.get(name, 99)
                code = call.args[at] if at < len(call.args) else named
                what = call.args[at + 1] if at + 1 < len(call.args) else call.args[0] if named and call.args else None
                if isinstance(code, ast.Constant) and isinstance(code.value, str) and what is not None:
                    # A placeholder for each of two adjacent values would look like a mistake, so both get one.
                    yield code.value, re.sub(r"…(?: ?…)+", "…", _text(_meant(what, texts)))


def _meant(what: ast.expr, texts: list[ast.Assign]) -> ast.expr:
    """Return the expression *what*, or the last value assigned to it if it is a name."""
    if not isinstance(what, ast.Name):
        return what
    given = [each for each in texts if ast.unparse(each.targets[0]) == what.id and each.lineno < what.lineno]
    return max(given, key=lambda each: each.lineno).value if given else what


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
    return _text(node.left) + " …" if isinstance(node, ast.BinOp) else "…"


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def _code(value: object) -> str:
    return "" if value in (None, [], {}, ()) else f"`{value if isinstance(value, str) else _yaml(value)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


CONTENTS = {
    "manifest.md": manifest,
    "cli.md": command_line,
    "smoke.md": smoke_flows,
    "json.md": documents,
    "errors.md": errors,
}
"""The functions that yield the lines of each page, by name."""


if __name__ == "__main__":
    sys.exit(main())
