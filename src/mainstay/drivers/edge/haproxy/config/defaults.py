"""The section `defaults`: time limits, retries and the format of the access log."""

from mainstay.drivers.edge.haproxy.access_lines import FORMAT
from mainstay.drivers.edge.haproxy.config.pages import error_pages
from mainstay.drivers.edge.haproxy.config.syntax import milliseconds
from mainstay.model import Edge


def defaults(edge: Edge) -> str:
    return f"""\
defaults
  mode http
  load-server-state-from-file global
  balance roundrobin
  # A refused connection, and a repeatable request without any response, are tried on one more server. Not on a
  # third: a request that kills each instance that handles it would end them all. HAProxy counts both as one.
  retries 1
  option redispatch 1
  retry-on conn-failure empty-response
  # On the loopback only a full accept queue takes long: a busy instance is waited for.
  timeout connect 5s
  timeout client 60s
  timeout server {milliseconds(edge.answer_s)}
  timeout http-request 15s
  # A connection that browsers open ahead is closed in silence: a 408 would be taken for the answer to their request.
  option http-ignore-probes
  timeout http-keep-alive 60s
  timeout queue 5s
  timeout check 1s
  timeout tunnel {milliseconds(edge.tunnel_s)}
  log-format '{FORMAT}'
{error_pages(edge)}"""
