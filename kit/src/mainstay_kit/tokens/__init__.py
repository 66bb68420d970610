"""Access and refresh tokens. Needs `mainstay-kit[tokens]`."""

from .bearer import BearerToken
from .keys import Key
from .refresh import Login, MemoryRefreshStore, RefreshStore, Rotation
from .tokens import Claims, Pair, TokenInvalid, TokenReused, Tokens

__all__ = [
    "BearerToken",
    "Claims",
    "Key",
    "Login",
    "MemoryRefreshStore",
    "Pair",
    "RefreshStore",
    "Rotation",
    "TokenInvalid",
    "TokenReused",
    "Tokens",
]
