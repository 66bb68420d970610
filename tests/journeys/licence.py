"""An application that starts only while its licence file exists, so that a test can break a live release."""

from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp


def licensed(sandbox: Sandbox, version: str = "1") -> WebApp:
    """Create the licence file and return a version that needs it."""
    grant_licence(sandbox)
    return WebApp(version, {"licence": sandbox.folder / "licence"})


def grant_licence(sandbox: Sandbox) -> None:
    (sandbox.folder / "licence").touch()


def revoke_licence(sandbox: Sandbox) -> None:
    (sandbox.folder / "licence").unlink()


def crash_repeatedly(sandbox: Sandbox) -> None:
    """Kill every instance and wait until the supervisor has failed three times to restart it."""
    for instance in sandbox.instances():
        instance.kill()

    def crashed() -> bool:
        return all(instance["early_exits"] >= 3 for instance in sandbox.status()["services"][0]["instances"])

    wait_until(crashed, within=30, what="three crashes of every instance")
