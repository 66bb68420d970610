"""The one narrow place between the daemon and HAProxy: what is ready becomes slots, and its troubles are told."""

import contextlib
import logging
from collections.abc import Callable

from msgspec.structs import replace

from mainstay.errors import MainstayError, Unreachable
from mainstay.folders import Folders
from mainstay.machine import Started
from mainstay.release import Edge, Traffic
from mainstay.supervisor.access_log import AccessLog
from mainstay.supervisor.desired import Desired
from mainstay.supervisor.proxy import Proxy
from mainstay.supervisor.runners.process import ProcessRunner
from mainstay.supervisor.slots import slots
from mainstay.supervisor.watches import Watches

log = logging.getLogger(__name__)

AGAIN_S = 1.0


class Front:
    """HAProxy as the daemon sees it. Its failure stops nothing else, and is tried again."""

    def __init__(self, folders: Folders, watches: Watches, wake: Callable[[], None]) -> None:
        self._runner = ProcessRunner(folders.instances)
        self._proxy = Proxy(folders, self._runner)
        self._log = AccessLog(folders)
        self._wake = wake
        self._watches = watches
        self._watched: Started | None = None
        self.trouble = ""
        """Why it does not do what it was told; empty: it does."""
        self.edge: Edge | None = None
        """What it was last brought to."""

    async def open(self) -> None:
        """Listen for the access log; before HAProxy starts, so that no line is lost."""
        await self._log.start()

    async def count_lost(self) -> None:
        """Note in the access log what HAProxy had to drop of it."""
        with contextlib.suppress(Unreachable, OSError):
            self._log.tell_lost(await self._proxy.lost_lines())

    def refuse_taken(self, desired: Desired) -> None:
        """Raises BadInput, naming the holder, when a port of the edge is another program's."""
        if desired.edge is not None:
            self._proxy.refuse_taken(desired.edge, desired.ports)

    async def converge(self, desired: Desired, ready: frozenset[str], drained: frozenset[str]) -> bool:
        """Make the slots what they are to be. False: it is to be tried again."""
        left = {name: one for name, one in desired.instances.items() if name not in drained}
        try:
            wanted = slots(replace(desired, instances=left), ready)
            await self._proxy.converge(desired.edge, desired.ports, wanted)
        except (MainstayError, OSError) as error:
            if str(error) != self.trouble:
                log.error("the edge is not as it is to be: %s", error)
            self.trouble = str(error)
            return False
        finally:
            self._watch_exit()
        self.trouble, self.edge = "", desired.edge
        return True

    async def connections(self, desired: Desired, names: list[str]) -> dict[str, int]:
        """How many requests these instances still carry; silent about those of which nobody can tell."""
        found: dict[str, int] = {}
        for name in names:
            one = desired.instances[name]
            try:
                found[name] = await self._proxy.connections(one.service, one.slot or 0)
            except (Unreachable, OSError) as error:
                log.warning("cannot count the connections of %s: %s", name, error)
        return found

    async def serving(self) -> Traffic:
        """Percentages by the slots that take requests now; nothing where the edge does not answer."""
        try:
            return await self._proxy.serving()
        except (Unreachable, OSError):
            return {}

    def is_alive(self) -> bool:
        """Whether HAProxy runs."""
        return self._proxy.process() is not None

    async def stop(self) -> None:
        """End HAProxy, and keep what it said last."""
        await self._proxy.stop()
        await self._log.stop()

    def _watch_exit(self) -> None:
        process = self._proxy.process()
        if process is not None and process != self._watched:
            self._watched = process
            self._watches.add("edge", self._until_exit(process))

    async def _until_exit(self, process: Started) -> None:
        await self._runner.exit(process)
        log.warning("HAProxy, pid %d, is gone", process.pid)
        self._wake()
