"""Secrets typed by the user at the terminal, without echo, and prompted for once per command."""

from mainstay.cli.console import Console
from mainstay.cli.signals import while_asking
from mainstay.model.secret import Secret


class SecretPrompt:
    """A source of secrets that prompts the user. An empty answer counts as no value."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._answers: dict[str, Secret | None] = {}

    def fetch(self, name: str) -> Secret | None:
        """Return what the user types for *name*; later calls return the same answer. None for an empty answer."""
        if name not in self._answers:
            with while_asking():
                typed = self._console.ask_hidden(f"{name} (not shown):")
            self._answers[name] = Secret(typed) if typed else None
        return self._answers[name]
