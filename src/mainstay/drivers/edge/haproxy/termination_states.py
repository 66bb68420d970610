"""HAProxy's termination states in words: which side ended a request before its response was complete, and when."""

COMPLETE = "--"
OWN_RESPONSES = ("LR", "PR")
"""The termination states of responses that HAProxy itself sends, by a `return` or a `deny` rule."""
_IN_WORDS = {
    "cR": "incomplete request",
    "SC": "connection refused",
    "sC": "no connection in time",
    "SH": "connection closed before the response",
    "sH": "no response in time",
    "PH": "invalid response",
    "SD": "response cut off",
    "sD": "response stalled",
    "sQ": "no free instance in time",
}
_BY_SIDE = {"C": "client left", "c": "client timed out"}
"""The words for every other state whose first letter is this."""


def ending(state: str) -> str:
    """Return how the request of an incomplete response ended: `, ended SD (response cut off)`; empty if complete."""
    if state in (COMPLETE, *OWN_RESPONSES):
        return ""
    words = _IN_WORDS.get(state) or _BY_SIDE.get(state[:1], "")
    return f", ended {state} ({words})" if words else f", ended {state}"
