"""`protect`: wraps an application in all parts, in the order in which they protect each other."""

from collections.abc import Callable, Iterable, Sequence

from .browsers.cors import Cors
from .browsers.headers import SecurityHeaders
from .chain.asgi import ASGIApp
from .chain.chain import Chain, Part
from .chain.exchange import Exchange
from .errors import Misconfigured
from .limits.body_limit import MEBIBYTE, BodyLimit
from .limits.rate_limit import Limit, RateLimit
from .logs.access_log import AccessLog
from .logs.trace import RequestContext
from .metrics.requests import Metrics
from .preview import Preview
from .probes.dependency import Dependency
from .probes.probes import Probes, deny_all
from .probes.stopping import GracefulStop
from .problems import Problems
from .proxies import TrustedProxies


def protect(
    app: ASGIApp,
    *parts: Part,
    dependencies: Sequence[Dependency] = (),
    version: str = "",
    origins: Iterable[str] = (),
    limits: Iterable[Limit] = (),
    body_limit_bytes: int = 10 * MEBIBYTE,
    body_limit_seconds: float = 30.0,
    proxies: TrustedProxies | None = None,
    headers: SecurityHeaders | None = None,
    metrics: Metrics | None = None,
    access_log: AccessLog | None = None,
    stop: GracefulStop | None = None,
    may_read_details: Callable[[Exchange], bool] = deny_all,
    extra_parts: Iterable[Part] = (),
) -> Chain:
    """Return *app* wrapped in all parts; each of *parts* replaces the default part of its type.

    Parts of other types (a token check, for example) come last, next to the application; so do all of *extra_parts*,
    whatever their type. Raises Misconfigured when a part is passed together with arguments that configure that part.

    The order matters: the client's address is resolved before any part uses it; the access log and the metrics
    surround every part that may refuse a request; probes precede the limits, so that a flood of requests cannot make
    the service look dead; CORS precedes the rate limit, so that a browser can read why its request was refused.
    """
    origins, limits = tuple(origins), tuple(limits)
    configured = {Probes: dependencies or version, Cors: origins, RateLimit: limits}
    for part in parts:
        if configured.get(type(part)):
            name = type(part).__name__
            raise Misconfigured(f"settings of {name} were passed to protect as well", remedy=f"pass them to {name}(…)")
    defaults = (
        proxies or TrustedProxies(),
        RequestContext(),
        stop or GracefulStop(),
        access_log or AccessLog(),
        metrics or Metrics(),
        Problems(),
        Preview(),
        Probes(dependencies=dependencies, version=version, may_read_details=may_read_details),
        headers or SecurityHeaders(),
        Cors(origins=origins),
        BodyLimit(limit_bytes=body_limit_bytes, limit_seconds=body_limit_seconds),
        RateLimit(limits=limits),
    )
    ordered, others = _replace_defaults(defaults, parts)
    stop_parts = [part for part in ordered if isinstance(part, GracefulStop)]
    for probes in (part for part in ordered if isinstance(part, Probes)):
        probes.stop = probes.stop or stop_parts[0]
    return Chain(app, *ordered, *others, *extra_parts)


def _replace_defaults(defaults: Iterable[Part], parts: Iterable[Part]) -> tuple[list[Part], list[Part]]:
    """Return the defaults, each replaced by the first part of its type, and the parts that replaced none."""
    remaining, ordered = list(parts), []
    for default in defaults:
        replacement = next((part for part in remaining if isinstance(part, type(default))), None)
        if replacement is not None:
            remaining.remove(replacement)
        ordered.append(replacement or default)
    return ordered, remaining
