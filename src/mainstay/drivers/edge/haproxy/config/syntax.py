"""How values are written in HAProxy's configuration."""


def bind_address(address: str, port: int) -> str:
    """Return an address as `bind` expects it: `[::1]:80`; `[::]` is for IPv4 too."""
    if ":" not in address:
        return f"{address}:{port}"
    return f"[{address}]:{port}" + (" v4v6" if address == "::" else "")


def milliseconds(seconds: float) -> str:
    """Return a duration of at least one millisecond: `500ms`."""
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
