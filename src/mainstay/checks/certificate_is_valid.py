"""The check that no certificate of the front door has expired or expires soon."""

from datetime import datetime, timedelta

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World
from mainstay.model import TrafficStatus

REFUSED, WARNED = timedelta(days=1), timedelta(days=14)
"""The check fails when a certificate expires in less than `REFUSED`, and warns when one expires in less than `WARNED`.
It warns only about certificates from files of the operator, because Mainstay renews all others."""


def _ask(world: World) -> Answer:
    if not world.target.fleet_status().started:
        return Answer("not-applicable", "the environment is stopped")
    return judge(world.target.traffic_status(), world.clock.now())


def judge(serving: TrafficStatus, now: datetime) -> Answer:
    """Return the answer for the edge of a running environment at the time *now*."""
    if serving.edge is None or serving.edge.tls is None:
        return Answer("not-applicable", "the front door serves no https")
    found = serving.certificates
    if not found:
        return Answer("unknown", "the supervisor is not running, so the certificate is not known", "mainstay start")
    left = min(datetime.fromisoformat(each.expires) for each in found) - now
    titles = [f"for {each.title}, " if len(found) > 1 else "" for each in found]
    ends = [f"from {each.issuer}, expires {each.expires[:10]}" for each in found]
    evidence = "; ".join(map("".join, zip(titles, ends, strict=True)))
    if left < REFUSED:
        return Answer("fail", evidence, "renew what expires; mainstay status shows more")
    if left < WARNED and serving.edge.tls.mode == "files":
        return Answer("warn", evidence, "renew what expires: the edge uses new files within seconds")
    return Answer("pass", evidence)


CHECK = Check("certificate_is_valid", "security", _ask, ("B23", "B109"))
