"""`mainstay secrets`: list and set the secrets of an environment. Values are never shown, and never are arguments."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from mainstay.cli.console import Console
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.prompt import SecretPrompt
from mainstay.cli.safe_streams import is_terminal
from mainstay.cli.settings import reads_file, report
from mainstay.errors import BadInput
from mainstay.model import Secret
from mainstay.operations.given_secrets import rule_of
from mainstay.operations.secrets import (
    SecretChange,
    SecretStatus,
    Settable,
    list_secrets,
    require_secrets,
    set_secrets,
    settable,
)
from mainstay.text.plural import counted

LARGEST_BYTES = 1_000_000


@click.group("secrets")
def command() -> None:
    """List secrets, or set one."""


@invoked(
    "set",
    "mainstay secrets set MAIL_KEY",
    "pass show mail | mainstay -e production secrets set MAIL_KEY",
    "mainstay secrets set TLS_KEY --from-file tls.pem",
    group=command,
)
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@reads_file("--from-file", "the value")
def set_(invocation: Invocation, *, names: tuple[str, ...], source: Path | None, dry_run: bool) -> None:
    """Store a new version of a secret.

    It takes effect with the next deploy. The value is typed at a prompt that does not show it, or read from standard
    input or a file; a trailing line end is removed. It is never an argument, because other users of the machine could
    see that. Earlier versions are kept for rollback.
    """
    console, context = invocation.console, context_of(invocation)
    found = settable(context)
    require_secrets(found, names)
    changes = set_secrets(found, _values(console, names, source, found), context, dry_run=dry_run)
    changed = any(change.changed for change in changes)
    lines = _lines(found, changes, dry_run=dry_run)
    report(console, context, changes, lines, changed=changed, dry_run=dry_run)


@invoked("list", "mainstay secrets list", group=command)
def list_(invocation: Invocation) -> None:
    """List the secrets and the services that read them.

    Each has its version, the time when it was set, and whether it was generated or given.
    """
    found = list_secrets(context_of(invocation))
    if invocation.console.json:
        invocation.console.document(found)
        return
    invocation.console.table(("NAME", "VERSION", "SET", "ORIGIN", "READ BY"), (_row(secret) for secret in found))


def _values(console: Console, names: tuple[str, ...], file: Path | None, found: Settable) -> dict[str, Secret]:
    if file is None and is_terminal(sys.stdin):
        prompt = SecretPrompt(console)
        typed = {name: prompt.fetch(name, rule_of(name, found.variables[name])) for name in dict.fromkeys(names)}
        return {name: _given(name, value) for name, value in typed.items()}
    if len(set(names)) > 1:
        what = "a file or a pipe contains one value, but several names were given"
        raise BadInput(
            what, remedy=f"mainstay secrets set {names[0]}, then the same for each other name", code="misused"
        )
    raw = _read(file)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        what = f"the value of {names[0]} is not UTF-8"
        raise BadInput(what, remedy="convert it to UTF-8 text, then try again", code="not-utf8") from None
    value = text.removesuffix("\n").removesuffix("\r")
    return {names[0]: _given(names[0], Secret(value) if value else None)}


def _read(file: Path | None) -> bytes:
    if file is None:
        return sys.stdin.buffer.read(LARGEST_BYTES)
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_BYTES)
    except OSError as trouble:
        what = f"cannot read {file}: {trouble.strerror}"
        raise BadInput(what, remedy=f"ls -l {file.parent}", code="file-unreadable") from None


def _given(name: str, value: Secret | None) -> Secret:
    if value is None:
        remedy = f"type mainstay secrets set {name} in a terminal, or add --from-file FILE"
        raise BadInput(f"no value was given for {name}", remedy=remedy, code="secret-missing")
    return value


def _lines(found: Settable, changes: tuple[SecretChange, ...], *, dry_run: bool) -> Iterator[str]:
    if found.manifest is None:
        yield "the manifest cannot be read, so min_length and one_of were not checked"
    for change in changes:
        stored = f"version {change.version} {'would be stored' if dry_run else 'stored'}"
        same = f"already has this value: version {change.version}"
        readers = f", read by {', '.join(change.read_by)}" if change.read_by else ""
        yield f"{change.name}: {stored if change.changed else same}{readers}"


def _row(secret: SecretStatus) -> tuple[str, ...]:
    absent = "at the next deploy" if secret.origin == "generated" else "missing" if secret.required else "not set"
    origin = "-" if secret.version is None and secret.origin == "given" else secret.origin
    when = secret.set_at[:16].replace("T", " ") if secret.set_at else absent
    readers = ", ".join(secret.read_by) if len(secret.read_by) <= 5 else counted(len(secret.read_by), "service")
    return (secret.name, str(secret.version or "-"), when, origin, readers or "-")
