"""The live release is damaged and the manifest is unchanged: no command reports that there is nothing to do."""

import pytest

from tests.journeys.licence import crash_repeatedly, licensed, revoke_licence
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp


def test_deploy_and_up_fail_if_nothing_changed_and_the_live_release_does_not_run(sandbox: Sandbox) -> None:
    sandbox.ship(licensed(sandbox))
    revoke_licence(sandbox)
    crash_repeatedly(sandbox)
    for verb in ("deploy", "up"):
        refused = sandbox.run(verb, "--yes", code=1)
        assert "web@1 does not stay up: exit code 1" in refused.err, refused
        assert "nothing to do" not in refused.out, refused
    assert len(sandbox.query("history")) == 1
    (sandbox.folder / "licence").touch()
    assert "nothing to do" not in sandbox.run("deploy", "--yes").err
    assert sandbox.query("status")["health"] == "healthy"


@pytest.mark.parametrize("verb", ["up", "deploy"])
def test_the_damaged_content_of_the_live_release_is_repaired(sandbox: Sandbox, verb: str) -> None:
    sandbox.ship(WebApp("1"))
    (content,) = {path.parent for path in sandbox.state.glob("content/*/app.py")}
    content.chmod(0o755)
    (content / "app.py").unlink()
    for instance in sandbox.instances():
        instance.kill()
    wait_until(lambda: sandbox.get()[0] != 200, within=10, what="the service to stop responding")
    result = sandbox.run(verb, "--yes")
    assert "1 file damaged (app.py), restored from the source" in result.out, result
    assert sandbox.get() == (200, "version 1")
    assert sandbox.query("status")["health"] == "healthy"
