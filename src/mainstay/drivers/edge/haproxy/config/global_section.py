"""The sections `global` and `ring`: the process, its sockets, and where the access log goes."""

from mainstay.drivers.edge.haproxy.access_lines import LINE_BYTES
from mainstay.drivers.edge.haproxy.config.headers import reserve
from mainstay.drivers.edge.haproxy.config.refusals import SCRIPT
from mainstay.drivers.edge.haproxy.config.syntax import milliseconds, quoted
from mainstay.drivers.edge.haproxy.state_files import SERVERS
from mainstay.model import Edge
from mainstay.system.state_dir import Folders
from mainstay.system.users import UserIds

RING_BYTES = 8_388_608
"""The size of the ring buffer for lines of the access log that wait for the supervisor. While it is full, HAProxy drops
lines and counts them."""

MAX_RELOADS = 20
"""The number of reloads after which HAProxy ends a worker even if clients keep connections open, to bound memory."""


def global_section(edge: Edge, folders: Folders, user: UserIds | None, generation: str) -> str:
    become = f"\n  uid {user.uid}\n  gid {user.gid}" if user else ""
    return f"""\
# Written by Mainstay; changes are lost.
global
  master-worker
  mworker-max-reloads {MAX_RELOADS}
  localpeer edge
  description {generation}
  stats socket {quoted(folders.haproxy_socket)} mode 600 level admin expose-fd listeners
  stats timeout 1m
  server-state-file {SERVERS}
  # A port of another program is refused with an error instead of being shared silently.
  noreuseport
  fd-hard-limit 65536
  # A cache of comparisons costs more than it saves: few paths are requested twice in a row.
  tune.pattern.cache-size 0
{reserve(edge)}\
  lua-load-per-thread {SCRIPT}
  # For normalize-uri.
  expose-experimental-directives
  hard-stop-after {milliseconds(edge.tunnel_s)}
  log ring@access len {LINE_BYTES} format raw local0{become}

ring access
  format raw
  maxlen {LINE_BYTES}
  size {RING_BYTES}
  timeout connect 2s
  timeout server 10s
  server reader {quoted(f"unix@{folders.access_log_socket}")}
"""
