"""The environment that a command is about: what was typed, with the wiring that makes a world of it."""

from msgspec.structs import replace

from mainstay.cli.invocation import Invocation
from mainstay.cli.prompt import SecretPrompt
from mainstay.drivers import wiring
from mainstay.operations.context import Context, open_context


def context_of(invocation: Invocation, *, asks: bool = False) -> Context:
    """Return the environment that is meant; with *asks*, missing secrets are asked for where a person is there.

    Raises BadInput when nothing says which environment.
    """
    context = open_context(wiring, invocation.file, invocation.environment, invocation.state)
    if asks and invocation.console.interactive:
        return replace(context, prompt=SecretPrompt(invocation.console))
    return context
