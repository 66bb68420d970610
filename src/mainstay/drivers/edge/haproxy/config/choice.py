"""Render the rules that choose a route: they store the name of the first route that matches in a variable."""

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote

from mainstay.drivers.edge.haproxy.config.paths import condition
from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Route


class Choice:
    """The choice between *routes*, stored in HAProxy's *variable*. The first route of the sequence that matches wins.

    *at* has, by port (`Route.listen`), a further condition for the routes of that port. The routes of the services
    *awaited* match only while an instance of the service can handle requests.
    """

    def __init__(
        self, variable: str, routes: Sequence[Route], at: Mapping[int, str] = {}, awaited: Collection[str] = ()
    ) -> None:
        self.routes = routes
        self._variable, self._at, self._awaited = variable, at, awaited

    def rules(self) -> str:
        """Return the rules that make the choice. They compare the path, so no rule before them may change it."""
        undecided = f"!{{ var({self._variable}) -m found }}"
        conditions = [
            " ".join(filter(None, (undecided if number else "", self._at.get(route.listen), self._condition(route))))
            for number, route in enumerate(self.routes)
        ]
        return lines(
            *(
                f"http-request set-var({self._variable}) str({self._name(route)}) if {each}"
                for route, each in zip(self.routes, conditions, strict=True)
            )
        )

    def of(self, *routes: Route) -> str:
        """Return the HAProxy condition that is true when one of *routes* was chosen."""
        return f"{{ var({self._variable}) -m str {' '.join(map(self._name, routes))} }}"

    def _condition(self, route: Route) -> str:
        served = f" {{ nbsrv({route.service}) gt 0 }}" if route.service in self._awaited else ""
        return condition(route) + served

    def _name(self, route: Route) -> str:
        return f"{route.listen}:{name_of(route)}" if self._at else name_of(route)


def name_of(route: Route) -> str:
    """Return the name of *route* in the access log: its host and path, percent-encoded."""
    return quote(f"{route.host}{route.path}", safe="/%*:")
