"""Placeholders: the names in single braces that Mainstay replaces in arguments and values."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

Where = Literal["command", "health.command", "health.file", "build", "variables", "source.ref", "image"]
"""A key of the manifest whose texts may contain placeholders."""

COMMANDS: tuple[Where, ...] = ("command", "health.command")
RUNS: tuple[Where, ...] = (*COMMANDS, "health.file", "variables")


class Placeholder(NamedTuple):
    """One placeholder: the word in braces, the meaning of its value, and the keys in which it has a value."""

    name: str
    means: str
    where: tuple[Where, ...]

    @property
    def written(self) -> str:
        """The placeholder as written in the manifest: `{port}`, `{volume:NAME}`."""
        return f"{{{self.name}:NAME}}" if self.name == VOLUME else f"{{{self.name}}}"


VOLUME = "volume"
ADDRESS = ("host", "port")
"""Placeholders that the supervisor replaces when it starts an instance; all others are replaced in the plan."""

PLACEHOLDERS = (
    Placeholder("host", "The address on which the instance must listen, as in its variable `HOST`.", COMMANDS),
    Placeholder("port", "The port on which the instance must listen, as in its variable `PORT`.", COMMANDS),
    Placeholder(
        "python",
        "The path of a Python interpreter (3.11 or later) that the service's user can run. `plan` names it.",
        (*RUNS, "build"),
    ),
    Placeholder("uv", "The path of the `uv` that is installed with Mainstay.", (*RUNS, "build")),
    Placeholder("version", "The version that is deployed.", (*RUNS, "build", "source.ref", "image")),
    Placeholder(VOLUME, "The path of the service's volume NAME.", RUNS),
)
BY_NAME = {each.name: each for each in PLACEHOLDERS}

# `{{x}}` and `${x}` are not placeholders. JSON and `{A}` are not either, since names have lower-case letters only.
_BRACES = re.compile(r"(?<![{$])\{([a-z][a-z0-9_]*)(?::([^{}]*))?\}")


class PlaceholderUse(NamedTuple):
    """A name in single braces: `{name}` or, with an argument, `{name:argument}`."""

    name: str
    argument: str | None
    written: str


def found_in(text: str) -> Iterator[PlaceholderUse]:
    """Yield every lower-case name in single braces, whether or not it is a placeholder."""
    return (PlaceholderUse(match[1], match[2], match[0]) for match in _BRACES.finditer(text))


def uses(name: str, texts: Iterable[str]) -> bool:
    """Return whether the placeholder *name* is in any of *texts*."""
    return any(found.name == name for text in texts for found in found_in(text))


def fill(text: str, values: Mapping[str, str], volumes: str | None = None) -> str:
    """Return *text* with each placeholder that *values* names replaced by its value there; others stay as they are.

    *volumes*: the folder of the volumes, below which `{volume:NAME}` is a path; None: it stays too.
    """

    def value(match: re.Match[str]) -> str:
        name, argument = match[1], match[2]
        if name == VOLUME and argument and volumes is not None:
            return f"{volumes}/{argument}"
        return values.get(name, match[0]) if argument is None else match[0]

    return _BRACES.sub(value, text)


def fill_all(command: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Return *command* with the placeholders in each argument replaced."""
    return tuple(fill(argument, values) for argument in command)
