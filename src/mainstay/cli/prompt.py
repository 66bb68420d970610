"""A prompt for secrets at the terminal, without echo. Each secret is prompted for once per command."""

from mainstay.cli.console import Console
from mainstay.cli.signals import while_asking
from mainstay.model import Secret
from mainstay.operations.context import ValueRule

ATTEMPTS = 3
"""How often a secret is prompted for. If the last value is invalid too, the command refuses it with an error."""


class SecretPrompt:
    """A source of secrets that prompts the user. An empty answer counts as no value."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._answers: dict[str, Secret | None] = {}

    def fetch(self, name: str, rule: ValueRule | None = None) -> Secret | None:
        """Return what the user types now or typed earlier in this command; None for an empty answer.

        Prompts again for a value that *rule* refuses, at most `ATTEMPTS` times in all.
        """
        if name in self._answers:
            return self._answers[name]
        least = f", at least {rule.min_length} characters" if rule and rule.min_length else ""
        for attempt in range(1, ATTEMPTS + 1):
            with while_asking():
                typed = self._console.ask(f"{name} (not shown{least}):", hidden=True)
            why = rule.refusal(typed) if rule and typed else None
            if why is None or attempt == ATTEMPTS:
                break
            self._console.print(f"{why}; type it again")
        return self._answers.setdefault(name, Secret(typed) if typed else None)
