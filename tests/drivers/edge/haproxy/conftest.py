"""A HAProxy for each test. Tests may be coroutines: they run in the event loop of `runner`."""

import asyncio
import inspect
from collections.abc import Iterator

import pytest

from mainstay.model import Edge
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy


@pytest.fixture(scope="module", autouse=True)
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def edge() -> Edge | None:
    """The edge of `running`, which a module or a test may replace; None: the usual one."""
    return None


@pytest.fixture
def running(runner: asyncio.Runner, edge: Edge | None) -> Iterator[RunningProxy]:
    context = running_proxy(edge)
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    runner = pyfuncitem.funcargs["runner"]
    assert isinstance(runner, asyncio.Runner)
    runner.run(pyfuncitem.obj(**arguments))
    return True
