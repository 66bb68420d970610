"""Access and refresh tokens (JWT): who is asking, for how long, signed with which key."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import jwt
from jwt.types import Options

from .errors import KitError, Misconfigured
from .keys import Key
from .refresh import RefreshStore

LONGEST = 8192
REQUIRED = ("sub", "iat", "exp", "iss", "aud", "jti", "use")
# The times are compared here, with a clock that can be turned.
OPTIONS: Options = {"require": list(REQUIRED), "verify_exp": False, "verify_iat": False}
FIFTEEN_MINUTES = 15 * 60.0
THIRTY_DAYS = 30 * 24 * 3600.0


class TokenInvalid(KitError):
    """The token is not one of ours, not of this use, or its time is over."""


class TokenReused(TokenInvalid):
    """A refresh token came a second time: it was stolen, so all that came of the same login is over."""


@dataclass(frozen=True, slots=True)
class Pair:
    access: str
    refresh: str
    expires_in: int


Claims = Mapping[str, object]


class Tokens:
    """Signs with the first key and accepts all of them, found by `kid`: so keys are changed without logging anyone out.

    The key says the algorithm; what a token claims about itself does not count, and `none` is no algorithm. There is
    no default key. An access token is never accepted as a refresh token, nor the other way round.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        *,
        issuer: str,
        audience: str,
        store: RefreshStore,
        access_lasts: float = FIFTEEN_MINUTES,
        refresh_lasts: float = THIRTY_DAYS,
        leeway: float = 5.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not keys or len({key.kid for key in keys}) != len(keys):
            raise Misconfigured("tokens need keys, each with its own kid", remedy="give Key(kid, secret)")
        self._keys = {key.kid: key for key in keys}
        self._signing = keys[0]
        self._issuer = issuer
        self._audience = audience
        self._store = store
        self._lasts = {"access": access_lasts, "refresh": refresh_lasts}
        self._leeway = leeway
        self._now = now

    async def issue(self, subject: str, **claims: object) -> Pair:
        """A new login."""
        family = uuid.uuid4().hex
        pair, number, until = self._pair(subject, family, claims)
        await self._store.begin(family, number, until)
        return pair

    async def refresh(self, token: str, **claims: object) -> Pair:
        """A new pair for a refresh token, which is spent by it. A spent one ends the whole login."""
        old = self._read(token, "refresh")
        subject, family = str(old["sub"]), str(old["family"])
        pair, number, until = self._pair(subject, family, claims)
        if not await self._store.turn(family, str(old["jti"]), number, until):
            raise TokenReused("the refresh token was used before", remedy="log in again")
        return pair

    async def revoke(self, token: str) -> None:
        """Log out: nothing that came of this login can be refreshed any more."""
        await self._store.end(str(self._read(token, "refresh")["family"]))

    def read(self, token: str) -> Claims:
        """The claims of a valid access token."""
        return self._read(token, "access")

    def _pair(self, subject: str, family: str, claims: Mapping[str, object]) -> tuple[Pair, str, float]:
        if taken := {*REQUIRED, "family"} & claims.keys():
            raise Misconfigured(f"{sorted(taken)} are set by the kit", remedy="choose other names for your claims")
        access, _, _ = self._sign("access", subject, {**claims, "family": family})
        refresh, number, until = self._sign("refresh", subject, {"family": family})
        return Pair(access, refresh, int(self._lasts["access"])), number, until

    def _sign(self, use: str, subject: str, claims: dict[str, object]) -> tuple[str, str, float]:
        now, number = self._now(), uuid.uuid4().hex
        until = now + self._lasts[use]
        own = {"sub": subject, "iss": self._issuer, "aud": self._audience, "jti": number, "use": use}
        payload: dict[str, object] = {**claims, **own, "iat": int(now), "exp": int(until)}
        key = self._signing
        return jwt.encode(payload, key.signing(), key.algorithm, {"kid": key.kid}), number, until

    def _read(self, token: str, use: str) -> Claims:
        try:
            if len(token) > LONGEST:
                raise TokenInvalid("the token is too long")
            key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
            if key is None:
                raise TokenInvalid("the token's key is not known")
            claims = jwt.decode(
                token, key.verifying(), [key.algorithm], OPTIONS, audience=self._audience, issuer=self._issuer
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise TokenInvalid("the token is not valid") from error
        moments = claims["iat"], claims["exp"]
        if not all(isinstance(moment, int) for moment in moments) or claims["use"] != use:
            raise TokenInvalid("the token is not valid")
        if not moments[0] - self._leeway <= self._now() < moments[1] + self._leeway:
            raise TokenInvalid("the token's time is over")
        return dict(claims)
