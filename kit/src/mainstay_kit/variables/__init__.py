"""Settings: read once at startup, all errors reported together, secrets never shown."""

from .rules import Rule
from .secret import Secret, revealed
from .variables import VariablesInvalid, read_variables, secrets_of

__all__ = ["Rule", "Secret", "VariablesInvalid", "read_variables", "revealed", "secrets_of"]
