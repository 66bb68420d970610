"""Create the context of a command, with the drivers. `validate`, `init` and `schema` do not import this module."""

from pathlib import Path

from msgspec.structs import replace

from mainstay.cli.invocation import Invocation
from mainstay.cli.prompt import SecretPrompt
from mainstay.drivers import wiring
from mainstay.errors import BadInput
from mainstay.operations.context import Context, Wiring, open_context


def require_declared(file: Path, environment: str | None) -> None:
    """Raise BadInput when the manifest *file* declares environments, but not *environment*; None: the default one.

    A manifest that cannot be read, or that declares no environments, is accepted.
    """
    # pydantic would double the time that `status` takes to start.
    from mainstay.manifest.document import read
    from mainstay.manifest.load import choose, environments

    try:
        document = read(file)
    except BadInput:
        return
    if environments(document):
        choose(document, environment)


WIRING = Wiring(wiring.world, wiring.target, wiring.secret_sources, wiring.datastore_support, require_declared)


def context_of(invocation: Invocation, *, prompts: bool = False) -> Context:
    """Return the context of the command; with *prompts*, the command prompts for missing secrets at a terminal."""
    context = open_context(WIRING, invocation.file, invocation.environment, invocation.state)
    if prompts and invocation.console.interactive:
        return replace(context, prompt=SecretPrompt(invocation.console))
    return context
