"""Route templates: `/items/{id}` instead of `/items/7`, as the application's framework reports them."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from .asgi import Scope
from .exchange import Exchange

UNMATCHED = "unmatched"


def route(exchange: Exchange) -> str:
    """Return the template of the request's route, and store it in `exchange.route`."""
    exchange.route = exchange.route or template(exchange.scope)
    return exchange.route


def template(scope: Scope) -> str:
    """Return the template of the route that matched the request; `unmatched` when none did.

    The raw path is no fallback, because paths invented by clients must never name a metric series.
    """
    litestar_template: str | None = scope.get("path_template")  # Litestar
    if litestar_template:
        return litestar_template
    matched = scope.get("route")  # Starlette and FastAPI
    if matched is None:
        return UNMATCHED
    if "fastapi" in scope:
        matched = scope["fastapi"].get("effective_route_context") or matched
    path: str = getattr(matched, "path", "")
    if not scope.get("root_path"):
        return path or UNMATCHED
    mount_path = scope.get("root_path", "")[len(scope.get("app_root_path", scope.get("root_path", ""))) :]
    if not mount_path:
        return path or UNMATCHED
    prefix = _mount_template(mount_path, path, scope.get("path_params", {}))
    return prefix if hasattr(matched, "routes") else prefix + path


def _mount_template(mount_path: str, path: str, parameters: dict[str, object]) -> str:
    """Return the mount path of an application, with parameter names in place of their values."""
    names = {str(value): name for name, value in parameters.items() if f"{{{name}" not in path}
    segments = mount_path.split("/")
    return "/".join(f"{{{names[segment]}}}" if segment in names else segment for segment in segments)


class DeclaredRoutes:
    """The templates of an application's routes, for requests that a part refuses before the application routes them.

    They are read once, at the first refusal, from Starlette, FastAPI and Litestar applications, also when wrapped by
    middleware with an attribute `app` or `_app`. For other frameworks the template is `unmatched`.
    """

    def __init__(self, app: object) -> None:
        self._app = app

    def template(self, path: str) -> str:
        """Return the template of the first route that matches *path*."""
        return next((template for template, matches in self._patterns if matches(path)), UNMATCHED)

    @cached_property
    def _patterns(self) -> list[tuple[str, Callable[[str], object]]]:
        app = self._app
        while app is not None and not hasattr(app, "routes"):
            app = getattr(app, "app", None) or getattr(app, "_app", None)
        templates = dict.fromkeys(_declared_templates(getattr(app, "routes", ()), ""))
        return [(template, _pattern(template).fullmatch) for template in templates]


def _declared_templates(routes: Iterable[object], mount_path: str) -> Iterator[str]:
    for route in routes:
        effective_routes = getattr(route, "effective_route_contexts", None)  # FastAPI's routers
        if effective_routes is not None:
            yield from _declared_templates(effective_routes(), mount_path)
            continue
        # Litestar's `path` includes parameter types, which the template that it reports omits.
        attribute = "path" if hasattr(route, "path_regex") or not hasattr(route, "path_format") else "path_format"
        path: str = getattr(route, attribute, "") or ""
        subroutes = getattr(route, "routes", None)
        if subroutes:
            yield from _declared_templates(subroutes, mount_path + path.rstrip("/"))
        elif path:
            yield mount_path + path


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^{}]+\})", template)
    return re.compile("".join(_parameter_pattern(part) if part[:1] == "{" else re.escape(part) for part in parts))


def _parameter_pattern(parameter: str) -> str:
    return ".*" if parameter.endswith(":path}") else "[^/]+"
