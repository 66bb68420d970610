"""Parts of the section `tls` for ACME: the authority's address, the account's e-mail address, the section `dns`."""

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import Argv, Duration, shown
from mainstay.model.acme import LETS_ENCRYPT, DnsCommands

_EMAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise rule_error("bad-email", f"{shown(value)} is not an e-mail address", "write ops@shop.example")
    return value


def _directory(value: str) -> str:
    """Return *value* if it is an https address. Plain http is refused, because others could change its requests."""
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.username or re.search(r"\s", value):
        remedy = f"write https://…, such as {LETS_ENCRYPT}"
        raise rule_error("bad-directory", f"{shown(value)} is not the https address of an authority", remedy)
    return value


Email = Annotated[str, AfterValidator(_email), WithJsonSchema({"type": "string", "pattern": f"^{_EMAIL.pattern}$"})]
Directory = Annotated[str, AfterValidator(_directory), WithJsonSchema({"type": "string", "pattern": "^https://"})]


class DnsSection(Section):
    """The commands that add and remove the DNS record by which the authority checks who owns a host.

    They run as the user of Mainstay, without a shell, and at most 2 minutes each. `{name}` is the name of the TXT
    record, such as `_acme-challenge.shop.example`, and `{value}` its value. The records of a host and of its wildcard
    have the same name, and both exist at the same time.
    """

    set: Argv = Field(min_length=1, examples=[["./dns", "add", "{name}", "{value}"]])
    """The command that adds the record. It must keep other records of the same name."""

    clear: Argv = Field(min_length=1, examples=[["./dns", "remove", "{name}", "{value}"]])
    """The command that removes the record. It also runs after a failure."""

    wait: Duration = Field(default=DnsCommands((), ()).wait_s, examples=["2m"])
    """Time that Mainstay waits after `set` for the record to reach the name servers of the zone."""

    @model_validator(mode="after")
    def _names_the_record(self) -> Self:
        for key, argv, needed in (("set", self.set, ("{name}", "{value}")), ("clear", self.clear, ("{name}",))):
            for missing in (each for each in needed if not any(each in word for word in argv)):
                raise rule_error("dns-placeholders", f"'{key}' gets no {missing}", f"add {missing} to its arguments")
        return self

    def to_dns_commands(self, folder: Path) -> DnsCommands:
        """Return the two commands. A program whose path contains `/` is relative to *folder*."""
        return DnsCommands(_absolute(folder, self.set), _absolute(folder, self.clear), self.wait)


def _absolute(folder: Path, argv: tuple[str, ...]) -> tuple[str, ...]:
    program, *arguments = argv
    return (str(folder / program) if "/" in program else program, *arguments)
