"""Split the evidence of a step into its parts, which are shown one in a line where they do not fit into one."""

SEPARATOR = "; "


def parts_of(evidence: str) -> list[str]:
    """Return the parts of *evidence*: what was awaited, then the figures of each service; one empty part for none."""
    return evidence.split(SEPARATOR)
