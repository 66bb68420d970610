"""Format a count with a singular or plural noun, for messages."""


def counted(number: int, noun: str) -> str:
    """Return *number* and *noun*, in the plural unless *number* is 1: `1 service`, `2 services`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
