"""A revision: one service at the release that brought it, the thing that runs side by side with another."""

from typing import NamedTuple


class Revision(NamedTuple):
    """`web@41`: the service *web* as release 41 brought it; later releases may carry it on."""

    service: str
    release: int

    def __str__(self) -> str:
        return f"{self.service}@{self.release}"
