"""`read_variables`: fills a dataclass with a service's settings, and reports all errors in them together."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol, TypeVar, get_args, get_origin, get_type_hints

from mainstay_kit.errors import KitError

from .rules import Rule, convert, violations
from .secret import Secret


class Declared(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


T = TypeVar("T", bound=Declared)


class VariablesInvalid(KitError, SystemExit):
    """All missing or wrong variables in one message; values are never shown.

    If it is not caught, the process ends with the message alone, without a traceback, and exit code 1.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "".join(f"\n  {problem}" for problem in problems)
        are = "variable is" if len(problems) == 1 else "variables are"
        super().__init__(f"{len(problems)} {are} missing or wrong:{lines}")
        self.code = str(self)


def read_variables(declared: type[T], environment: Mapping[str, str] = os.environ) -> T:
    """Return *declared* filled from variables named after its fields in capitals: `database_url` is `DATABASE_URL`.

    A value may also be in the file that `DATABASE_URL_FILE` names. An empty value counts as missing. Only declared
    variables are read, because the environment may contain secrets of other services. Raises VariablesInvalid with all
    errors.
    """
    problems: list[str] = []
    values: dict[str, object] = {}
    types = get_type_hints(declared, include_extras=True)
    for field in fields(declared):
        try:
            values[field.name] = _value(field, types[field.name], environment)
        except InvalidVariable as invalid:
            problems += invalid.problems
    problems += _repeated_secrets(values)
    if problems:
        raise VariablesInvalid(problems)
    return declared(**values)


def secrets_of(settings: Declared) -> tuple[Secret, ...]:
    """Return all non-empty secrets in *settings*, for the `Redactor`."""
    values = (getattr(settings, field.name) for field in fields(settings))
    return tuple(value for value in values if isinstance(value, Secret) and value)


class InvalidVariable(Exception):
    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


def _value(field: Field[Any], declared: object, environment: Mapping[str, str]) -> object:
    name = field.name.upper()
    type_, rule = _type_and_rule(declared)
    text = _text(name, environment)
    if not text:
        if field.default is not MISSING:
            return field.default
        if field.default_factory is not MISSING:
            return field.default_factory()
        raise InvalidVariable(f"{name} is missing (or give {name}_FILE)")
    try:
        value = convert(text, type_)
    except ValueError as error:
        raise InvalidVariable(f"{name} {error}") from None
    problems = violations(text, rule, secret=isinstance(value, Secret))
    if problems:
        raise InvalidVariable(*(f"{name} {problem}" for problem in problems))
    return value


def _type_and_rule(declared: object) -> tuple[object, Rule]:
    if get_origin(declared) is not Annotated:
        return declared, Rule()
    type_, *rules = get_args(declared)
    return type_, next((rule for rule in rules if isinstance(rule, Rule)), Rule())


def _text(name: str, environment: Mapping[str, str]) -> str:
    direct, path = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if direct and path:
        raise InvalidVariable(f"{name} and {name}_FILE are both given; keep one")
    if not path:
        return direct
    try:
        return Path(path).read_text().removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidVariable(f"{name}_FILE cannot be read: {type(error).__name__}") from None


def _repeated_secrets(values: Mapping[str, object]) -> list[str]:
    """Return an error for each secret that equals an earlier one: a leak of one would reveal the other."""
    seen: dict[str, str] = {}
    problems = []
    for name, value in values.items():
        if isinstance(value, Secret) and value:
            first = seen.setdefault(value.reveal(), name)
            if first != name:
                problems.append(f"{name.upper()} has the same value as {first.upper()}; give each its own")
    return problems
