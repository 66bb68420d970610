"""The process target: plain processes on this machine, run by the supervisor, without Docker."""

from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.drivers.targets.process.parts import EndpointReader, OfflineReader, Parts, RequestSender, Storage
from mainstay.drivers.targets.process.target import ProcessTarget
from mainstay.drivers.targets.target import TargetDriver
from mainstay.model import Environment
from mainstay.system.clock import SystemClock
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


def process_target(environment: Environment, folders: Folders) -> ProcessTarget:
    """Return the process target of *environment*."""

    def offline() -> OfflineReader:
        from mainstay.drivers.machine import offline

        return offline

    def storage() -> Storage:
        from mainstay.drivers.targets.process.host import Host
        from mainstay.drivers.targets.process.storage import HostStorage

        sealed = SealedFile(folders.sealed, folders.secret_key)
        return HostStorage(Host(environment, folders, Shell(), sealed, SystemClock()))

    def requests() -> RequestSender:
        from mainstay.drivers.targets.process import requests

        return requests

    def endpoints() -> EndpointReader:
        from mainstay.drivers.machine.endpoints import endpoints

        return endpoints

    return ProcessTarget(folders, Parts(offline, storage, requests, endpoints))


DRIVER: TargetDriver = process_target
