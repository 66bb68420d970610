"""Secrets from environment variables of the `mainstay` command."""

import os

from mainstay.model import Secret


class EnvironmentSecrets:
    """Reads secrets from environment variables: `STRIPE_KEY=… mainstay deploy`. An empty value counts as unset."""

    def fetch(self, name: str) -> Secret | None:
        value = os.environ.get(name)
        return Secret(value) if value else None
