"""Problems of the edge, as `status` and refused commands report them."""

import msgspec

from mainstay.errors import MainstayError


class Trouble(msgspec.Struct, frozen=True):
    """Why the edge does not serve as desired; `code` is stable, `remedy` is what to do next."""

    what: str
    code: str = "edge-failed"
    remedy: str = "mainstay logs edge"


NOT_RUNNING = Trouble("HAProxy is not running, so no request is answered", "edge-stopped", "mainstay up")


def silent(pid: int, *, watched: bool = True) -> Trouble:
    """HAProxy runs as *pid*, and its runtime socket does not answer; *watched* by a supervisor that replaces it."""
    remedy = "wait: the supervisor replaces it when it has not answered for about 10 s"
    what = f"HAProxy (pid {pid}) does not answer, so requests hang"
    return Trouble(what, "edge-silent", remedy if watched else "mainstay up")


def of(error: MainstayError | OSError) -> Trouble:
    """The failure *error* of an attempt to configure HAProxy."""
    if isinstance(error, MainstayError):
        return Trouble(error.what, error.code, error.remedy)
    return Trouble(f"the edge cannot be configured: {error}")
