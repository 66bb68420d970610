"""The internal addresses: one `frontend` for each service that other services call."""

from mainstay.drivers.edge.haproxy.config.common import common_rules
from mainstay.drivers.edge.haproxy.config.preview_header import check_header, follow
from mainstay.drivers.edge.haproxy.config.syntax import bind_address
from mainstay.model import Edge
from mainstay.system.ports import LOOPBACK


def listener(edge: Edge, service: str, port: int) -> str:
    """Return the section of the internal address of *service*, at which other services call it: *port* of 127.0.0.1."""
    return f"""\
frontend listener:{service}
  bind {bind_address(LOOPBACK, port)}
{common_rules(edge)}
{check_header(edge)}\
{follow(service)}\
  default_backend {service}
"""
