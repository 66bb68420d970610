"""Names of systems and services, and revisions: a service as of the release that introduced it, like `web@41`."""

import re
from typing import NamedTuple

NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""The name of a system, an environment, a service, a datastore or a volume."""

NAME_RULE = "use a-z, 0-9 and '-', start with a letter, end with a letter or digit, at most 63 characters"


class Revision(NamedTuple):
    """`web@41`: the service *web* as release 41 introduced it; later releases may keep this revision."""

    service: str
    release: int

    def __str__(self) -> str:
        return f"{self.service}@{self.release}"
