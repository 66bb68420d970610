"""Shorten text of several lines to its first line, for tables and notes."""


def first_line(text: str) -> str:
    """Return the first line of *text*, followed by ` …` if there are more lines."""
    line, more, _ = text.partition("\n")
    return line + (" …" if more else "")
