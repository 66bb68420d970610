"""An instance of the supervisor as users see it."""

import pytest

from mainstay.drivers.machine.state.desired import DesiredInstance
from mainstay.drivers.machine.state.lifecycle import Record, Runtime
from mainstay.drivers.machine.supervisor.views import instance

ONE = DesiredInstance("web", 1, 1, port=25430, slot=1)


@pytest.mark.parametrize(
    ("listens", "reasons"),
    [
        ("", ()),
        ("0.0.0.0:8000", ("listens on 0.0.0.0:8000, but PORT is 25430",)),
        (
            "0.0.0.0:25430",
            ("listens on 0.0.0.0:25430, which other machines may reach: let it listen on HOST, 127.0.0.1",),
        ),
    ],
    ids=["where it should", "on another port", "on every address"],
)
def test_an_instance_that_listens_elsewhere_is_described_with_its_port(listens: str, reasons: tuple[str, ...]) -> None:
    assert instance("web-1-1", ONE, Runtime(listens_elsewhere=listens), ready=False).reasons == reasons


def test_a_failed_probe_is_a_reason_until_the_instance_is_ready() -> None:
    runtime = Runtime(record=Record(steady=True), probe="GET /ready → 503")
    assert instance("web-1-1", ONE, runtime, ready=False).reasons == ("GET /ready → 503",)
    assert instance("web-1-1", ONE, runtime, ready=True).reasons == ()
