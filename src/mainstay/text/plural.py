"""Numbers of things in messages."""


def counted(number: int, noun: str) -> str:
    """Return `1 service`, `2 services`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
