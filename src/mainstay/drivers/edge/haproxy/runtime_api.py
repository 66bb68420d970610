"""A client of HAProxy's runtime API, over the worker's and the master's sockets."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from mainstay.errors import StepFailed, Unreachable

LONGEST_LINE = 12_000
"""Bytes; below the 16 KiB buffer into which HAProxy reads a line of commands."""
LOOK_WITHIN_S = 1.0
"""Timeout for reads. A working HAProxy replies in milliseconds, so a frozen one is detected soon."""
CHANGE_WITHIN_S = 5.0
ENDED_WITHIN_S = 2
_FORCED_MAINT, _FORCED_DRAIN, _CONFIGURED_MAINT = 0x01, 0x08, 0x04
_RUNNING = 2
_ERROR = 3
"""Replies with a syslog severity up to this one are errors. A new address gets a warning whether or not HAProxy accepts
it, so addresses are read back."""


class NotListening(Unreachable):
    """No process listens on the socket: HAProxy is starting, reloading or not running."""


class NotAnswering(Unreachable):
    """HAProxy listens on the socket but does not reply in time: it is frozen, or the machine is overloaded."""


class Server(msgspec.Struct, frozen=True):
    """The state of one server as a worker reports it. `up`: the worker's own checks succeed."""

    address: str
    weight: int
    state: Literal["ready", "drain", "maint"]
    up: bool

    @property
    def carries(self) -> bool:
        """Whether it receives requests now."""
        return self.state == "ready" and self.up and self.weight > 0


class RuntimeApi:
    """Reaches the current worker at *socket*; through *master* all workers, also those that finish old requests."""

    def __init__(self, socket: Path, master: Path) -> None:
        self._socket = socket
        self._master = master

    async def ask(self, command: str) -> str:
        """Return the current worker's reply to one read-only command."""
        return await _exchange(self._socket, command)

    async def tell(self, commands: Sequence[str]) -> None:
        """Send *commands* in order, in as few lines as possible. Raises StepFailed when one is refused."""
        for line in _lines(commands):
            answer = await _exchange(self._socket, f"set severity-output number;{line}", within=CHANGE_WITHIN_S)
            refused = [text for text in answer.splitlines() if _severity(text) <= _ERROR]
            if refused:
                raise StepFailed(f"HAProxy refused a command: {refused[0]}", remedy="mainstay logs edge")

    async def information(self) -> dict[str, str]:
        """Return the current worker's `show info`. Raises NotListening at once when no process listens."""
        answer = await _exchange(self._socket, "show info", patiently=False)
        pairs = (line.partition(": ") for line in answer.splitlines())
        return {name: value for name, _, value in pairs}

    async def servers(self) -> dict[str, Server]:
        """Return the state of every server by name."""
        return _servers(await self.ask("show servers state"))

    async def mapped(self, name: str) -> dict[str, str]:
        """Return the current entries of the map that was loaded from the file *name*."""
        rows = (line.split() for line in (await self.ask(f"show map {name}")).splitlines())
        return {row[1]: row[2] for row in rows if len(row) == 3}

    async def in_use(self) -> dict[str, int]:
        """Return the connections with a request in flight per server, summed over all workers."""
        total: Counter[str] = Counter()
        for worker in await self._workers():
            for row in _rows(await self._of_worker(worker, "show servers conn")):
                total[row["bkname/svname"].partition("/")[2]] += int(row["used_cur"])
        return total

    async def _of_worker(self, worker: str, command: str) -> str:
        """Return a worker's table, or an empty one if the worker has ended.

        A worker that is ending stays listed for a moment, so the command is repeated for 2 s; then Unreachable is
        raised.
        """
        for _ in range(ENDED_WITHIN_S * 50):
            answer = await _exchange(self._master, f"@!{worker} {command}")
            if _is_table(answer):
                return answer
            if worker not in await self._workers():
                return "# \n"
            await asyncio.sleep(0.02)
        raise Unreachable(f"HAProxy's worker {worker} does not tell its connections: {answer.strip()}")

    async def _workers(self) -> list[str]:
        rows = (line.split() for line in (await _exchange(self._master, "show proc")).splitlines())
        return [row[0] for row in rows if len(row) > 1 and row[1] == "worker"]


async def _exchange(socket: Path, line: str, *, within: float = LOOK_WITHIN_S, patiently: bool = True) -> str:
    """Send one line and return the reply. *patiently*: retry to connect while HAProxy reloads and does not listen.

    Raises NotListening when no connection was made *within* seconds, NotAnswering when one was made but the reply was
    not complete in that time, and Unreachable for any other failure.
    """
    connected = False
    try:
        async with asyncio.timeout(within):
            reader, writer = await _connect(socket, patiently)
            connected = True
            try:
                writer.write(line.encode() + b"\n")
                writer.write_eof()
                return (await reader.read()).decode(errors="replace")
            finally:
                writer.close()
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise NotListening(f"HAProxy does not listen at {socket}") from error
    except TimeoutError as error:
        if not connected:
            raise NotListening(f"HAProxy did not listen at {socket} within {within:g} s") from error
        raise NotAnswering(f"HAProxy did not answer at {socket} within {within:g} s") from error
    except OSError as error:
        raise Unreachable(f"HAProxy does not answer at {socket}: {error}") from error


async def _connect(socket: Path, patiently: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_unix_connection(socket)
        except (ConnectionRefusedError, FileNotFoundError):
            if not patiently:
                raise
        await asyncio.sleep(0.005)


def _lines(commands: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for command in commands:
        if lines and len(lines[-1]) + len(command) < LONGEST_LINE:
            lines[-1] += f";{command}"
        else:
            lines.append(command)
    return lines


def _severity(line: str) -> int:
    head, bracket, _ = line.partition("]")
    return int(head[1:]) if bracket and head[:1] == "[" and head[1:].isdigit() else 99


def _is_table(text: str) -> bool:
    return any(line.startswith("# ") for line in text.splitlines())


def _rows(text: str) -> list[dict[str, str]]:
    """Parse a table whose column names are in the line that begins with `# `. Raises Unreachable if it is missing."""
    if not _is_table(text):
        raise Unreachable(f"HAProxy does not tell how it stands: {text.strip()}")
    lines = [line for line in text.splitlines() if line.strip()]
    names = next(line for line in lines if line.startswith("# "))[2:].split()
    return [dict(zip(names, line.split(), strict=False)) for line in lines if line[0] != "#" and " " in line]


def _servers(text: str) -> dict[str, Server]:
    return {row["srv_name"]: _server(row) for row in _rows(text)}


def _server(row: dict[str, str]) -> Server:
    admin = int(row["srv_admin_state"]) & ~_CONFIGURED_MAINT
    state: Literal["ready", "drain", "maint"] = "ready"
    if admin & ~_FORCED_DRAIN:
        state = "maint"
    elif admin & _FORCED_DRAIN:
        state = "drain"
    up = int(row["srv_op_state"]) == _RUNNING
    return Server(f"{row['srv_addr']}:{row['srv_port']}", int(row["srv_uweight"]), state, up)
