"""The choice of a route: rules store the name of the first route that matches a request in a variable."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from mainstay.drivers.edge.haproxy.config.paths import condition
from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Route


class Choice:
    """The choice between *routes*, which are in the order of their comparison, as the value of *variable*.

    *at* has a further condition for the routes of each port (`Route.listen`).
    """

    def __init__(self, variable: str, routes: Sequence[Route], at: Mapping[int, str] = {}) -> None:
        self.routes = routes
        self._variable, self._at = variable, at

    def rules(self) -> str:
        """Return the rules that make the choice. They compare the path, so no rule before them may change it."""
        undecided = f"!{{ var({self._variable}) -m found }}"
        conditions = [
            " ".join(filter(None, (undecided if number else "", self._at.get(route.listen), condition(route))))
            for number, route in enumerate(self.routes)
        ]
        return lines(
            *(
                f"http-request set-var({self._variable}) str({self._name(route)}) if {each}"
                for route, each in zip(self.routes, conditions, strict=True)
            )
        )

    def of(self, *routes: Route) -> str:
        """Return the condition that one of *routes* was chosen."""
        return f"{{ var({self._variable}) -m str {' '.join(map(self._name, routes))} }}"

    def _name(self, route: Route) -> str:
        return f"{route.listen}:{name_of(route)}" if self._at else name_of(route)


def name_of(route: Route) -> str:
    """Return the name of *route* in the access log: its host and path, percent-encoded."""
    return quote(f"{route.host}{route.path}", safe="/%*:")
