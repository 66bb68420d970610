"""Secrets that the command line is given as variables of its environment."""

import os

from mainstay.model.secret import Secret


class EnvironmentSecrets:
    """`STRIPE_KEY=… mainstay deploy` brings STRIPE_KEY in; an empty value counts as none."""

    def fetch(self, name: str) -> Secret | None:
        value = os.environ.get(name)
        return Secret(value) if value else None
