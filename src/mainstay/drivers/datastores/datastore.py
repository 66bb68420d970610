"""What must survive: the contract that every datastore's driver keeps."""

from typing import Literal, Protocol

import msgspec

from mainstay.model import Job, Spec, Template

Role = Literal["owner", "application"]


class Schema(msgspec.Struct, frozen=True):
    """Where the schema stands. `revision` names the last migration that ran; empty: none has."""

    revision: str = ""
    pending: tuple[str, ...] = ()
    """Revisions that are to come, in order."""
    half_done: tuple[str, ...] = ()
    """Begun outside a transaction and not known to have ended."""
    reachable: bool = True
    busy: bool = False
    """A session of the owner is there: a killed migration may still be at work."""


class Datastore(Protocol):
    """One datastore of an environment. Pure where it answers with values; only `schema` and `answers` ask the world.

    Everything it changes is a job of the target, so that a crash leaves something to look at.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def version(self) -> str:
        """The version of what serves it, as people say it."""
        ...

    def refuse_other_data(self) -> None:
        """Raise BadInput where its data was written by a major version that this driver cannot run; change nothing."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Names of the secrets it needs, each generated once."""
        ...

    def spec(self) -> Spec | None:
        """The fleet of one that serves it; None where it runs elsewhere."""
        ...

    def prepare(self) -> None:
        """Bring its programs and the folder they use into place, for the user they run under; repeatable."""
        ...

    def initialise(self, identity: str) -> Job | None:
        """The job that makes an empty store where there is none; does nothing to one that is there."""
        ...

    def roles(self, identity: str) -> Job | None:
        """The job that makes roles, database and limits as they should be; repeatable."""
        ...

    def address(self, role: Role) -> Template:
        """What `{from: NAME}` becomes for *role*: composed at start, percent-encoded, always secret."""
        ...

    def migrate(self, identity: str, folder: str) -> Job:
        """The job that runs the pending migrations of *folder* in order, as the owner; repeatable."""
        ...

    def schema(self, folder: str | None, listener: str) -> Schema:
        """Where the schema stands against the migrations of *folder*; *listener* is its `host:port` now."""
        ...
