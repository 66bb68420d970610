"""A revision: one service at the release that brought it, the thing that runs side by side with another."""

from typing import NamedTuple, Self


class Revision(NamedTuple):
    """`web@41`: the service *web* as release 41 brought it; later releases may carry it on."""

    service: str
    release: int

    def __str__(self) -> str:
        return f"{self.service}@{self.release}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `web@41`. Raises ValueError when *text* is not a revision's name."""
        service, _, release = text.rpartition("@")
        if not service:
            raise ValueError(f"{text!r} is not SERVICE@RELEASE")
        return cls(service, int(release))
