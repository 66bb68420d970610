"""Detect credentials in plain text: a manifest must declare such a value as a secret, and no message repeats it.

Each pattern begins with fixed characters or at the start of a word; without that, the time to search a text would grow
with the square of its length.
"""

import re

_IN_ADDRESS = re.compile(r"(?<=[a-z0-9+.-])://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
_NAMES_ENDING = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)$", re.IGNORECASE
)
_KNOWN_FORMS = re.compile(
    r"(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{8,}|sk-[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}"
    r"|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"
)


def in_value(value: str) -> str | None:
    """Return the kind of credential that *value* seems to contain; None if no pattern matches."""
    if _IN_ADDRESS.search(value):
        return "an address with a password"
    return "a credential" if _KNOWN_FORMS.search(value) else None


def in_variable(name: str, value: str) -> str | None:
    """Return the kind of credential that *value* seems to be, by the variable's *name* or its own form; else None."""
    if value and _NAMES_ENDING.search(name):
        return "a credential, by its name"
    return in_value(value)
