"""The protocol of sources of secrets."""

from typing import Protocol

from mainstay.model import Secret


class SecretSource(Protocol):
    """A source of secret values, which are read while a plan is made and stored in the sealed file before its run."""

    def fetch(self, name: str) -> Secret | None:
        """Return the value of *name*; None if this source has none. Raises Unreachable when it does not respond."""
