"""Create the key that signs the preview header, and sign headers with it. Only HAProxy and Mainstay read the key."""

import base64
import hashlib
import hmac
import secrets
import time
from pathlib import Path
from typing import Literal

from mainstay.system.atomic_file import atomic_write

KEY = "preview.key"
"""The file in the edge's folder: a map of HAProxy with one entry, `key`. So the configuration contains no secret."""
HEADER = "X-Mainstay-Preview"
Allowed = Literal["preview", "replaced", "front"]
"""What a header permits: `preview` and `replaced`: to reach the previewed or the replaced revisions; `front`: to pass
maintenance and limits at a front door. No service receives a `front` header, so none can leak it."""


def make_key(folder: Path) -> None:
    """Create the key in *folder* unless it exists."""
    path = folder / KEY
    if not path.exists():
        atomic_write(path, b"key %s\n" % base64.b64encode(secrets.token_bytes(32)))


def signed_header(folder: Path, allowed: Allowed, *, valid_s: float = 60.0) -> str:
    """Return a value of `HEADER` that permits *allowed* for *valid_s* seconds.

    Raises OSError when the key cannot be read.
    """
    key = base64.b64decode((folder / KEY).read_bytes().split()[1])
    expires = str(int(time.time() + valid_s))
    return f"{expires}.{hmac.new(key, f'{expires}.{allowed}'.encode(), hashlib.sha256).hexdigest()}"
