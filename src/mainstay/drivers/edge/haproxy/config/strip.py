"""The removal of a route's path from the requests that the route forwards."""

from collections.abc import Mapping, Sequence

from mainstay.drivers.edge.haproxy.config.paths import condition
from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted
from mainstay.model import Route
from mainstay.model.matching import prefix


def strip_rules(routes: Sequence[Route], at: Mapping[int, str] = {}) -> str:
    """Return the rules that shorten the path, given the *routes* in the order in which they are matched.

    *at* has a further condition, which ends with a space, for the routes of each port (`Route.listen`).
    """
    strips = [number for number, route in enumerate(routes) if route.strip and prefix(route)]
    compared = routes[: strips[-1] + 1] if strips else []
    choose = [
        f"set-var(txn.chosen) int({number}) if !{{ var(txn.chosen) -m found }} "
        f"{at.get(route.listen, '')}{condition(route)}"
        for number, route in enumerate(compared)
    ]
    shorten = [rule for number in strips for rule in _shorten(number, prefix(routes[number]))]
    return lines(*(f"http-request {rule}" for rule in (*choose, *shorten)))


def _shorten(number: int, own: str) -> list[str]:
    chosen, exact = f"{{ var(txn.chosen) -m int {number} }}", f"{{ var(txn.plain) -m str {quoted(own)} }}"
    return [
        # `txn.plain` begins with exactly this prefix: earlier rules have rejected paths for which that is uncertain.
        f"set-path / if {chosen} {exact}",
        f"set-path %[var(txn.plain),bytes({len(own)})] if {chosen} !{exact}",
        f"set-header X-Forwarded-Prefix {quoted(own)} if {chosen}",
    ]
