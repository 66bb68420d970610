"""Text input: e-mail addresses, passwords and plain text, validated and normalised."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from zxcvbn import zxcvbn

MAX_ADDRESS_LENGTH = 254
MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 256
MAX_ESTIMATED_LENGTH = 72  # characters that zxcvbn examines; more would take it too long
MIN_STRENGTH = 3  # of 0 to 4: over 10^8 guesses by an attacker who knows common passwords, repetitions and sequences

LOCAL = re.compile(r"""[^\s@"(),:;<>\[\]\\]{1,64}""")
LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*")


def normalise_address(text: str) -> str:
    """Return the e-mail address in the form in which it is stored, so that no mailbox has two accounts."""
    return unicodedata.normalize("NFC", text.strip()).lower()


def _address(text: str) -> str:
    address = normalise_address(text)
    local, at, domain = address.rpartition("@")
    well_formed = at and LOCAL.fullmatch(local) and DOMAIN.fullmatch(domain)
    if not (well_formed and address.isprintable() and len(address) <= MAX_ADDRESS_LENGTH):
        raise ValueError("this is not an e-mail address")
    return address


def normalise_password(text: str) -> str:
    """Return the password in one Unicode form, however the keyboard composed its characters."""
    return unicodedata.normalize("NFKC", text)


def _new_password(text: str) -> str:
    password = normalise_password(text)
    if len(password) < MIN_PASSWORD_LENGTH:
        raise ValueError(f"a password has at least {MIN_PASSWORD_LENGTH} characters")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise ValueError(f"a password has at most {MAX_PASSWORD_LENGTH} characters")
    if zxcvbn(password[:MAX_ESTIMATED_LENGTH], user_inputs=["granter"])["score"] < MIN_STRENGTH:
        raise ValueError(
            "this password is easy to guess: it is a common one, or repeats or continues characters;"
            " use several unrelated words"
        )
    return password


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


Address = Annotated[
    str,
    Field(min_length=3, max_length=MAX_ADDRESS_LENGTH, json_schema_extra={"format": "email"}),
    AfterValidator(_address),
]
NewPassword = Annotated[
    str,
    Field(min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH, json_schema_extra={"format": "password"}),
    AfterValidator(_new_password),
]
Words = Annotated[str, Field(max_length=300), AfterValidator(_printable)]
"""Text on one line, of at most 300 characters; characters that cannot be printed become spaces."""
