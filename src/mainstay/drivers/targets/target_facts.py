"""The facts about a target that a plan depends on."""

import msgspec

from mainstay.model import Source
from mainstay.system.folder_content import Measured


class TargetFacts(msgspec.Struct, frozen=True):
    """The facts about a target that determine a plan, besides its status. The operator's shell does not change them."""

    sources: dict[Source, Measured] = {}
    """Digest and counts of what a copy of each source would contain."""
    python: str = ""
    """Path of a Python interpreter that the services' user can run; empty: none was found, or none is needed."""
    uv: str = ""
    """Path at which builds and services find the program `uv`."""
    prepared: frozenset[str] = frozenset()
    """Keys of the artifacts whose preparation has completed, even if they were damaged afterwards."""
    damaged: frozenset[str] = frozenset()
    """Keys of the live artifacts in which files are missing or changed."""
    volumes: str = ""
    """Path of the folder that contains the volumes."""
