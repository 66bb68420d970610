"""Where secrets come from: the contract that every source keeps."""

from typing import Protocol

from mainstay.model.secret import Secret


class SecretSource(Protocol):
    """A place from which the values of secrets are brought into the sealed file when a plan is made."""

    def fetch(self, name: str) -> Secret | None:
        """The value of *name*; None where this source has none. Raises Unreachable when it does not answer."""
        ...
