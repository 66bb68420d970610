"""The protocol of sources of secrets."""

from typing import Protocol

from mainstay.model import Secret


class SecretSource(Protocol):
    """A source from which secrets are imported into the sealed file when a plan is made."""

    def fetch(self, name: str) -> Secret | None:
        """Return the value of *name*; None if this source has none. Raises Unreachable when it does not respond."""
