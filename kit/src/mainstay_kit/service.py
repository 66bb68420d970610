"""All parts around one application, in the order in which they protect each other."""

from collections.abc import Callable, Iterable, Sequence

from .access_log import AccessLog
from .asgi import ASGIApp
from .body_limit import MEBIBYTE, BodyLimit
from .chain import Chain, Part
from .cors import Cors
from .dependency import Dependency
from .exchange import Exchange
from .headers import SecurityHeaders
from .metrics import Metrics
from .preview import Preview, key_from
from .probes import Probes, nobody
from .problems import Problems
from .proxies import TrustedProxies
from .rate_limit import Limit, RateLimit
from .stopping import GracefulStop
from .trace import RequestContext


def protect(
    app: ASGIApp,
    *,
    dependencies: Sequence[Dependency] = (),
    version: str = "",
    origins: Iterable[str] = (),
    limits: Iterable[Limit] = (),
    body_limit_bytes: int = 10 * MEBIBYTE,
    proxies: TrustedProxies | None = None,
    headers: SecurityHeaders | None = None,
    metrics: Metrics | None = None,
    access_log: AccessLog | None = None,
    stop: GracefulStop | None = None,
    details: Callable[[Exchange], bool] = nobody,
    more: Iterable[Part] = (),
) -> Chain:
    """*app* with everything on; *more* parts (a token check, say) come last, next to the application.

    The order matters: the client's address before whatever uses it; the record of a request around all that may
    refuse it; probes before the limits, so that no flood makes the service look dead; CORS before the rate limit,
    so that a browser can read why it was refused.
    """
    stop = stop or GracefulStop()
    return Chain(
        app,
        proxies or TrustedProxies(),
        RequestContext(),
        stop,
        access_log or AccessLog(),
        metrics or Metrics(),
        Problems(),
        Preview(key=key_from()),
        Probes(dependencies=dependencies, stop=stop, version=version, details=details),
        headers or SecurityHeaders(),
        Cors(origins=origins),
        BodyLimit(limit_bytes=body_limit_bytes),
        RateLimit(limits=limits),
        *more,
    )
