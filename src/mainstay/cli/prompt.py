"""Secrets that a person types at the terminal: unseen, and asked for once in a command."""

from mainstay.cli.console import Console
from mainstay.cli.signals import while_asking
from mainstay.model.secret import Secret


class SecretPrompt:
    """A source of secrets that asks. An empty answer counts as none."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._answers: dict[str, Secret | None] = {}

    def fetch(self, name: str) -> Secret | None:
        """Return what is typed for *name*; the same answer when it is fetched again."""
        if name not in self._answers:
            with while_asking():
                typed = self._console.ask_hidden(f"{name} (not shown):")
            self._answers[name] = Secret(typed) if typed else None
        return self._answers[name]
