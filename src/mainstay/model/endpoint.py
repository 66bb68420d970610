"""An endpoint: an address at which an environment accepts connections, and from where it can be reached."""

from typing import Literal

import msgspec

Reach = Literal["other machines", "this machine", "owner"]


class Endpoint(msgspec.Struct, frozen=True):
    """An address at which a process of the environment accepts connections.

    `reach` follows from the address alone: a firewall may restrict it further.
    """

    address: str
    """`HOST:PORT`, `[::1]:PORT`, or the path of a unix socket."""
    protocol: Literal["tcp", "udp", "unix"]
    what: str
    """The purpose of the endpoint, like `front door` or `instance`."""
    of: str
    """The service, datastore, instance or job that the endpoint belongs to, or `edge` or `supervisor`."""
    reach: Reach
    """other machines · this machine: every process on it · owner: processes of the user that owns the unix socket, and
    of root."""
    declared: bool = True
    """Whether Mainstay chose the address or the manifest names it; False: the process listens there on its own."""

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach the address although neither Mainstay nor the manifest chose it."""
        return not self.declared and self.reach == "other machines"

    @property
    def title(self) -> str:
        """The name of the endpoint in messages: `front door`, `instance web-1-1`, `internal address of web`."""
        if self.what.endswith("door"):
            return self.what
        return f"{self.what} {self.of}" if self.what in NAMED else f"{self.what} of {self.of}"


NAMED = ("instance", "datastore", "job")
"""Values of `what` that `title` joins to the name without "of": `instance web-1-1`."""
