"""Check whether a value that an operator gives is valid for its variable: a setting, a secret, an exported value."""

from typing import NamedTuple

from mainstay.manifest import credentials
from mainstay.manifest.variable import VariableSection

LONGEST_BYTES = 128_000
"""The most bytes of a value. The kernel limits a variable with its name to 128 KiB when it starts a process."""


class Unfit(NamedTuple):
    """The reason for refusing a value, and the remedy. Neither contains the value of a secret."""

    code: str
    what: str
    remedy: str


def unfit(name: str, variable: VariableSection, value: str) -> Unfit | None:
    """Return the reason why *value* is not valid for *variable*, which is called *name*; None when it is valid."""
    if "\0" in value:
        return Unfit("not-a-text", f"the value of {name} contains a zero byte", "expected text")
    if not value and variable.required and not variable.secret:
        what = f"the value of {name} is empty, and a value is required"
        return Unfit("empty", what, f"give a value, or add required: false to {name} in the manifest")
    if len(value.encode()) > LONGEST_BYTES:
        return Unfit("too-long", f"{name} is longer than {LONGEST_BYTES:,} bytes", "put it into a file or a volume")
    if variable.min_length and len(value) < variable.min_length:
        what = f"{name} has {len(value)} characters, at least {variable.min_length} are required"
        return Unfit("secret-too-short" if variable.secret else "too-short", what, "give a longer value")
    if variable.one_of and value not in variable.one_of:
        found = "has a value that" if variable.secret else f"is {value!r}, which"
        what = f"{name} {found} is not in its one_of"
        return Unfit("not-one-of", what, f"use one of {', '.join(variable.one_of)}")
    kind = None if variable.secret else credentials.in_variable(name, value)
    if kind:
        remedy = (
            f"write {name}: {{secret: true}} into the manifest, then give it with mainstay secrets set {name}, "
            "also if it only looks like one"
        )
        return Unfit("secret-in-clear", f"the value of {name} looks like {kind}", remedy)
    return None
