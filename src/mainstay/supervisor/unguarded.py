"""What files and the machine tell of an environment whose supervisor does not answer; wakes nothing."""

import asyncio

from mainstay.errors import Unreachable
from mainstay.folders import Folders
from mainstay.release import Edge, Instance, JobState, Running, Serving, Traffic
from mainstay.supervisor import holder, jobs, telling
from mainstay.supervisor.desired import Identity
from mainstay.supervisor.instances import read_past
from mainstay.supervisor.life import Life
from mainstay.supervisor.proxy import Proxy
from mainstay.supervisor.runners.process import ProcessRunner
from mainstay.supervisor.store import Store


def running(folders: Folders) -> Running:
    """What was to run, and which of it still lives. One that was steady and lives counts as ready."""
    desired, runner = Store(folders.desired).read(), ProcessRunner(folders.instances)
    instances = tuple(_told(runner, name, one) for name, one in desired.instances.items())
    awake = desired.awake and folders.desired.exists()
    return Running(desired.fleet, instances, awake or _edge(folders) is not None, answers=False)


def serving(folders: Folders) -> Serving:
    """Who was to serve, and who does as the edge tells it."""
    return telling.serving(Store(folders.desired).read(), asyncio.run(_actual(folders)))


def job_state(folders: Folders, identity: str) -> JobState:
    """How the job stands. One that was asked for and not started yet runs as soon as somebody wakes us."""
    found = jobs.state_of(ProcessRunner(folders.jobs), identity)
    wanted = identity in Store(folders.desired).read().jobs
    return JobState("running") if wanted and found.state == "none" else found


def refuse_taken(wanted: Edge, doors: tuple[str, ...]) -> None:
    """Raises BadInput, naming the holder, when a port of *wanted* that is not one of our *doors* is taken."""
    ours = {int(door.rpartition(":")[2]) for door in doors}
    named = {wanted.http, *(route.listen for route in wanted.routes)} - {0}
    holder.refuse_taken(named - ours, wanted.address)


def _told(runner: ProcessRunner, name: str, one: Identity) -> Instance:
    process, past = runner.alive(name), read_past(runner, name)
    life = Life(past=past, process=process, answers=past.steady)
    if process is None and not past.failed and not one.leaving:
        return Instance(
            name, one.service, one.release, "stopped", past.since, restarts=past.restarts, last_exit=past.last_exit
        )
    return telling.instance(name, one, life, ready=process is not None and past.steady)


def _edge(folders: Folders) -> object | None:
    return Proxy(folders, ProcessRunner(folders.instances)).process()


async def _actual(folders: Folders) -> Traffic:
    try:
        return await Proxy(folders, ProcessRunner(folders.instances)).serving()
    except (Unreachable, OSError):
        return {}
