"""Settings: read once at the start, all mistakes at once, secrets never shown."""

from .rules import Rule
from .secret import Secret, revealed
from .variables import VariablesInvalid, read_variables, secrets_of

__all__ = ["Rule", "Secret", "VariablesInvalid", "read_variables", "revealed", "secrets_of"]
