"""The key that signs the preview header: made once for an environment, and read by HAProxy alone."""

import base64
import secrets
from pathlib import Path

from mainstay.system.atomic_file import atomic_write

KEY = "preview.key"
"""A map in the edge's folder with one entry, `key`, so that the configuration does not contain the key."""


def make_key(folder: Path) -> None:
    """Make the key in *folder* if there is none."""
    path = folder / KEY
    if not path.exists():
        atomic_write(path, b"key %s\n" % base64.b64encode(secrets.token_bytes(32)))
