"""A HAProxy and an authority for each test, which checks hosts at HAProxy's front door."""

import pytest

from mainstay.drivers.edge.acme.attempt import Attempt
from mainstay.model import Edge, Route
from mainstay.model.tls import Tls
from tests.drivers.edge.acme import pebble
from tests.drivers.edge.acme.pebble import Pebble
from tests.drivers.edge.haproxy import conftest
from tests.drivers.edge.haproxy.http_load import free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

runner, running, pytest_pyfunc_call = conftest.runner, conftest.running, conftest.pytest_pyfunc_call
authority = pebble.authority

HOSTS = ("shop.example", "api.shop.example")


@pytest.fixture
def edge(authority: Pebble) -> Edge:
    routes = tuple(Route("/", "web", host=host) for host in HOSTS)
    return Edge(http=authority.http_port, https=free_port(), tls=Tls("acme", acme=authority.acme), routes=routes)


@pytest.fixture
def attempt(running: RunningProxy, authority: Pebble) -> Attempt:
    """A request for a certificate for the hosts of `running`."""
    return Attempt(authority.acme, HOSTS, str(running.folders.state), str(running.folders.keys))
