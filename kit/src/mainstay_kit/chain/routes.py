"""Route templates: `/items/{id}` instead of `/items/7`, from whichever framework did the routing."""

from .asgi import Scope
from .exchange import Exchange

UNMATCHED = "unmatched"


def route(exchange: Exchange) -> str:
    """The template of the request's route, found once: ask for `exchange.route or route(exchange)`."""
    exchange.route = exchange.route or template(exchange.scope)
    return exchange.route


def template(scope: Scope) -> str:
    """The template of the route that took the request; `unmatched` for paths that no route took.

    Paths that clients make up must never name a series, so the raw path is no fallback.
    """
    known: str | None = scope.get("path_template")  # Litestar
    if known:
        return known
    taken = scope.get("route")  # Starlette and FastAPI
    if taken is None:
        return UNMATCHED
    if "fastapi" in scope:
        taken = scope["fastapi"].get("effective_route_context") or taken
    path: str = getattr(taken, "path", "")
    if not scope.get("root_path"):
        return path or UNMATCHED
    mounted = scope.get("root_path", "")[len(scope.get("app_root_path", scope.get("root_path", ""))) :]
    if not mounted:
        return path or UNMATCHED
    prefix = _without_values(mounted, path, scope.get("path_params", {}))
    return prefix if hasattr(taken, "routes") else prefix + path


def _without_values(mounted: str, path: str, parameters: dict[str, object]) -> str:
    """The place where an application is mounted, with the parameters in it named again."""
    names = {str(value): name for name, value in parameters.items() if f"{{{name}" not in path}
    segments = mounted.split("/")
    return "/".join(f"{{{names[segment]}}}" if segment in names else segment for segment in segments)
