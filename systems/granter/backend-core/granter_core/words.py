"""Text input: e-mail addresses, passwords and plain text, validated and normalised."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from zxcvbn import zxcvbn

LONGEST_ADDRESS = 254
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
LONGEST_ESTIMATED = 72  # characters that zxcvbn examines; more would take it too long
HARD_TO_GUESS = 3  # of 0 to 4: over 10^8 guesses by an attacker who knows common passwords, repetitions and sequences

LOCAL = re.compile(r"""[^\s@"(),:;<>\[\]\\]{1,64}""")
LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*")


def one_mailbox(text: str) -> str:
    """Return the address in its one stored form; the same mailbox must not have two accounts."""
    return unicodedata.normalize("NFC", text.strip()).lower()


def _address(text: str) -> str:
    address = one_mailbox(text)
    local, at, domain = address.rpartition("@")
    well_formed = at and LOCAL.fullmatch(local) and DOMAIN.fullmatch(domain)
    if not (well_formed and address.isprintable() and len(address) <= LONGEST_ADDRESS):
        raise ValueError("this is no e-mail address")
    return address


def one_password(text: str) -> str:
    """Return the password in one Unicode form, however the keyboard composed its characters."""
    return unicodedata.normalize("NFKC", text)


def _new_password(text: str) -> str:
    password = one_password(text)
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise ValueError(f"a password has at most {LONGEST_PASSWORD} characters")
    if zxcvbn(password[:LONGEST_ESTIMATED], user_inputs=["granter"])["score"] < HARD_TO_GUESS:
        raise ValueError(
            "this password is easy to guess: it is a common one, or repeats or continues characters;"
            " take a few words that do not belong together"
        )
    return password


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


Address = Annotated[
    str,
    Field(min_length=3, max_length=LONGEST_ADDRESS, json_schema_extra={"format": "email"}),
    AfterValidator(_address),
]
NewPassword = Annotated[
    str,
    Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD, json_schema_extra={"format": "password"}),
    AfterValidator(_new_password),
]
Words = Annotated[str, Field(max_length=300), AfterValidator(_printable)]
"""Text on one line; invisible characters count as blanks."""
