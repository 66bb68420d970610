"""The settings of a service, read from environment variables once at startup; secrets are never shown."""

from .rules import Rule
from .secret import Secret, revealed
from .variables import VariablesInvalid, read_variables, secrets_of

__all__ = ["Rule", "Secret", "VariablesInvalid", "read_variables", "revealed", "secrets_of"]
