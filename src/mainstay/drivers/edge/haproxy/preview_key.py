"""The key that signs the preview header: made once for an environment, and read by HAProxy and by Mainstay alone."""

import base64
import hashlib
import hmac
import secrets
import time
from pathlib import Path
from typing import Literal

from mainstay.system.atomic_file import atomic_write

KEY = "preview.key"
"""A map in the edge's folder with one entry, `key`, so that the configuration does not contain the key."""
HEADER = "X-Mainstay-Preview"
Allowed = Literal["preview", "replaced", "front"]
"""What a header allows: to reach the new revisions or the replaced ones, or to be served in spite of a front door's
limits. A service receives only headers of the first two kinds, so none that it leaks has an effect at a front door."""


def make_key(folder: Path) -> None:
    """Make the key in *folder* if there is none."""
    path = folder / KEY
    if not path.exists():
        atomic_write(path, b"key %s\n" % base64.b64encode(secrets.token_bytes(32)))


def signed_header(folder: Path, allowed: Allowed, *, valid_s: float = 60.0) -> str:
    """Return a header that is valid for *valid_s* seconds. Raises OSError when the key cannot be read."""
    key = base64.b64decode((folder / KEY).read_bytes().split()[1])
    expires = str(int(time.time() + valid_s))
    return f"{expires}.{hmac.new(key, f'{expires}.{allowed}'.encode(), hashlib.sha256).hexdigest()}"
