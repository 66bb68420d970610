"""Refuse requests whose body is still arriving, so that clients receive the response.

After a `deny`, HAProxy closes the stream of a request at once, and answers what the client still sends of the body
with resets. Then many clients report a broken stream or connection in place of the response. HAProxy reads and drops
the rest of the body only after the response of an applet. So a small Lua program makes these responses.
"""

from collections.abc import Iterator

from mainstay.drivers.edge.haproxy.config.pages import RETRY_AFTER_S, page, problem
from mainstay.model import Edge

SCRIPT = "refusals.lua"
"""The name of the Lua program's file in the edge's folder."""
LONGEST_BYTES = 100_000_000
"""The longest body that HAProxy reads after a refusal. The client must declare the length, because without one HAProxy
would read for as long as the client sends."""
STATUSES = (404, 413, 429, 431, 503)
_DECLARED = f"{{ req.body_size 1:{LONGEST_BYTES} }} {{ req.hdr(content-length) -m found }}"
_UNREAD = f"{_DECLARED} !{{ req.hdr(expect) -m found }}"
"""The condition that the client sends a body of at most `LONGEST_BYTES` without waiting for permission (`Expect`)."""
_PROGRAM = """\
-- Written by Mainstay; changes are lost.
local function respond(status, page, problem)
  return function(applet)
    local json = applet:get_var("txn.json")
    local body = json and problem or page or applet.sc:b64dec(applet:get_var("txn.page") or "")
    applet:set_status(status)
    applet:add_header("Content-Type", json and "application/problem+json" or "text/html; charset=utf-8")
    applet:add_header("Content-Length", #body)
    applet:add_header("Cache-Control", "no-store")
    if status == 503 then applet:add_header("Retry-After", "%d") end
    applet:start_response()
    applet:send(body)
  end
end
"""


def refused(status: int, condition: str = "") -> list[str]:
    """Return the rules that answer a request with *status*, one of `STATUSES`, and its page, if *condition* holds."""
    when = f" if {condition}" if condition else ""
    return [read_body(f"refuse-{status}", condition), f"http-request deny deny_status {status}{when}"]


def read_body(service: str, condition: str = "") -> str:
    """Return the rule by which *service* of the Lua program answers a request if the client still sends the body."""
    return f"http-request use-service lua.{service} if {f'{_UNREAD} {condition}'.rstrip()}"


def program(edge: Edge) -> str:
    """Return the Lua program, which has a service for each status, and `maintenance` for the page in `txn.page`."""
    return _PROGRAM % RETRY_AFTER_S + "".join(_services(edge))


def _services(edge: Edge) -> Iterator[str]:
    for status in STATUSES:
        yield _service(f"refuse-{status}", status, _string(page(edge, status)))
    yield _service("maintenance", 503, "nil")


def _service(name: str, status: int, text: str) -> str:
    return f'core.register_service("{name}", "http", respond({status}, {text}, {_string(problem(status))}))\n'


def _string(text: str) -> str:
    """Return *text* as a string of Lua, in which every byte is a number, so that none has a meaning."""
    return '"' + "".join(f"\\{byte:03}" for byte in text.encode()) + '"'
