"""Times in milliseconds, for tables and messages."""


def readable(milliseconds: float) -> str:
    """Return a time in milliseconds or, from one second on, in seconds: `85 ms`, `15.7 s`."""
    return f"{milliseconds:.0f} ms" if milliseconds < 999.5 else f"{milliseconds / 1000:.3g} s"
