"""The environment that a command is about: what was typed, with the wiring that makes a world of it."""

from mainstay import wiring
from mainstay.cli.invocation import Invocation
from mainstay.operations.context import Context, open_context


def context_of(invocation: Invocation) -> Context:
    """The environment that is meant. Raises BadInput when nothing says which one."""
    return open_context(wiring, invocation.file, invocation.environment, invocation.state)
