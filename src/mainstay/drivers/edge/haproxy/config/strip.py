"""Render the rules that remove a route's path from requests before a service receives them."""

from mainstay.drivers.edge.haproxy.config.choice import Choice
from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted
from mainstay.model.matching import prefix


def strip_rules(choice: Choice) -> str:
    """Return the rules that remove the chosen route's path from the request's, and send it as `X-Forwarded-Prefix`."""
    strips = [route for route in choice.routes if route.strip and prefix(route)]
    return lines(*(rule for route in strips for rule in _shorten(prefix(route), choice.of(route))))


def _shorten(own: str, chosen: str) -> list[str]:
    exact = f"{{ var(req.plain) -m str {quoted(own)} }}"
    return [
        # `req.plain` begins with exactly this prefix: earlier rules have rejected paths for which that is uncertain.
        f"http-request set-path / if {chosen} {exact}",
        f"http-request set-path %[var(req.plain),bytes({len(own)})] if {chosen} !{exact}",
        f"http-request set-header X-Forwarded-Prefix {quoted(own)} if {chosen}",
    ]
