"""The context of a command: the options that were typed, with the wiring that creates the drivers."""

from msgspec.structs import replace

from mainstay.cli.invocation import Invocation
from mainstay.cli.prompt import SecretPrompt
from mainstay.drivers import wiring
from mainstay.operations.context import Context, open_context


def context_of(invocation: Invocation, *, asks: bool = False) -> Context:
    """Return the context of the command; with *asks*, it prompts for missing secrets if the terminal allows it.

    Raises BadInput when no option and no manifest determines the environment.
    """
    context = open_context(wiring, invocation.file, invocation.environment, invocation.state)
    if asks and invocation.console.interactive:
        return replace(context, prompt=SecretPrompt(invocation.console))
    return context
