"""Write values in the syntax of HAProxy's configuration."""

from itertools import product

from mainstay.system.ports import in_address


def bind_address(address: str, port: int) -> str:
    """Return an address as `bind` expects it: `[::1]:80`. The address `::` accepts IPv4 connections too."""
    return f"{in_address(address)}:{port}" + (" v4v6" if address == "::" else "")


def milliseconds(seconds: float) -> str:
    """Return *seconds* as a duration, `500ms`, of at least one millisecond."""
    return f"{max(1, round(seconds * 1000))}ms"


def lines(*rules: str) -> str:
    """Return the rules as indented lines of a section."""
    return "".join(f"  {rule}\n" for rule in rules)


def quoted(text: object) -> str:
    """Return *text* as one word of the configuration, in quotes."""
    return '"' + "".join(f"\\{c}" if c in '"\\$' else c for c in str(text)) + '"'


def fixed(text: str) -> str:
    """Return *text* as one word where HAProxy expects a log format, in which `%` begins a variable."""
    return quoted(text.replace("%", "%%"))


def remove_headers(name: str) -> list[str]:
    """Return the rules that remove the request header *name*, also if it is written with `_` in place of `-`.

    Services that see headers as environment variables cannot distinguish the two. A *name* that ends with `-` means all
    headers that begin with it. The rules compare strings, since a regular expression would run on each header.
    """
    match = " -m beg" if name.endswith("-") else ""
    words = name.split("-")
    spelled = ("".join(map(str.__add__, words, (*signs, ""))) for signs in product("-_", repeat=len(words) - 1))
    return [f"http-request del-header {each}{match}" for each in spelled]
