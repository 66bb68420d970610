"""The environment that a command acts on, with its drivers. `validate`, `init` and `schema` do not import them."""

from msgspec.structs import replace

from mainstay.cli.invocation import Invocation
from mainstay.cli.prompt import SecretPrompt
from mainstay.drivers import wiring
from mainstay.operations.context import Context, Wiring, open_context

WIRING = Wiring(wiring.world, wiring.target, wiring.secret_sources, wiring.datastore_support)


def context_of(invocation: Invocation, *, prompts: bool = False) -> Context:
    """Return the context of the command; with *prompts*, it asks for missing secrets if the terminal allows it.

    Raises BadInput when no option and no manifest determines the environment.
    """
    context = open_context(WIRING, invocation.file, invocation.environment, invocation.state)
    if prompts and invocation.console.interactive:
        return replace(context, prompt=SecretPrompt(invocation.console))
    return context
