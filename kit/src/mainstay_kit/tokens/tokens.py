"""Access and refresh tokens (JWT): issue, refresh, revoke and verify."""

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import jwt
from jwt.types import Options

from mainstay_kit.errors import Misconfigured
from mainstay_kit.problems import Problem

from .keys import Key
from .refresh import Login, RefreshStore, Rotation

MAX_LENGTH = 8192
REQUIRED = ("sub", "iat", "exp", "iss", "aud", "jti", "use", "family")
CHALLENGE = (b"www-authenticate", b'Bearer error="invalid_token"')
# Times are compared in `_read`, with a clock that tests can set.
OPTIONS: Options = {"require": list(REQUIRED), "verify_exp": False, "verify_iat": False}
FIFTEEN_MINUTES = 15 * 60.0
THIRTY_DAYS = 30 * 24 * 3600.0
log = logging.getLogger(__name__)


class TokenInvalid(Problem):
    """The token is not valid, not for this use, or expired; the response is 401."""

    def __init__(self, message: str) -> None:
        super().__init__(401, message, headers=(CHALLENGE,))


class TokenReused(TokenInvalid):
    """A spent refresh token was used again, so two parties may have it: the whole login has ended."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token, and the refresh token with which the client gets the next pair."""

    access: str
    refresh: str
    expires_in: int
    """Seconds until the access token expires."""


Claims = Mapping[str, object]
ClaimsOf = Callable[[str], Awaitable[Claims]]


async def no_claims(_subject: str) -> Claims:
    return {}


class Tokens:
    """Signs tokens with the first key and accepts those of all keys, so that key rotation logs no user out.

    The key determines the algorithm, not the token's header; `none` is not supported. There is no default key. An
    access token is never accepted as a refresh token, nor the reverse. `claims_of` returns a subject's claims at the
    login and at each refresh, so that a revoked right ends when the access token expires. An access token without the
    claims that `required` names is neither signed nor accepted. All durations are in seconds.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        *,
        issuer: str,
        audience: str,
        store: RefreshStore,
        claims_of: ClaimsOf = no_claims,
        required: Iterable[str] = (),
        access_ttl: float = FIFTEEN_MINUTES,
        refresh_ttl: float = THIRTY_DAYS,
        leeway: float = 5.0,
        grace: float = 10.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not keys or len({key.kid for key in keys}) != len(keys):
            raise Misconfigured("tokens need keys, each with its own kid", remedy="give Key(kid, secret)")
        self._keys = {key.kid: key for key in keys}
        self._signing = keys[0]
        self._issuer = issuer
        self._audience = audience
        self._store = store
        self._ttls = {"access": access_ttl, "refresh": refresh_ttl}
        self._claims_of = claims_of
        self._required = frozenset(required)
        self._leeway = leeway
        self._grace = grace
        self._now = now

    async def issue(self, subject: str, **claims: object) -> Pair:
        """Begin a login of *subject* and return its first pair of tokens."""
        now, family, number = self._now(), uuid.uuid4().hex, uuid.uuid4().hex
        pair = self._pair(subject, family, number, {**await self._claims_of(subject), **claims})
        await self._store.begin(Login(family, subject, number, now, now + self._ttls["refresh"]))
        return pair

    async def refresh(self, token: str, **claims: object) -> Pair:
        """Return a new pair for a refresh token, and mark that token as spent.

        Within the grace period, the token spent last gets a pair with its replacement again: two browser tabs, or a
        client whose response was lost, are no theft. Any other spent token raises TokenReused, and ends the login.
        """
        old = self._read(token, "refresh")
        now, subject, family = self._now(), str(old["sub"]), str(old["family"])
        all_claims = {**await self._claims_of(subject), **claims}
        self._check_claims(all_claims)
        expires_at = now + self._ttls["refresh"]
        rotation = Rotation(family, str(old["jti"]), uuid.uuid4().hex, now, expires_at, self._grace)
        number = await self._store.rotate(rotation)
        if number is None:
            log.warning("a spent or revoked refresh token was used; its login has ended", extra={"login": family})
            raise TokenReused("log in again")
        return self._pair(subject, family, number, all_claims)

    async def revoke(self, token: str) -> None:
        """End the login of a refresh token: none of its refresh tokens is accepted any more. Raises TokenInvalid."""
        await self._store.end(str(self._read(token, "refresh")["family"]))

    async def revoke_all(self, subject: str) -> None:
        """End all logins of *subject*, for example when the password has changed."""
        await self._store.end_all(subject)

    def read(self, token: str) -> Claims:
        """Return the claims of a valid access token. Raises TokenInvalid."""
        return self._read(token, "access")

    def _pair(self, subject: str, family: str, number: str, claims: Claims) -> Pair:
        self._check_claims(claims)
        access = self._sign("access", subject, {**claims, "family": family, "jti": uuid.uuid4().hex})
        refresh = self._sign("refresh", subject, {"family": family, "jti": number})
        return Pair(access, refresh, int(self._ttls["access"]))

    def _check_claims(self, claims: Claims) -> None:
        if taken := claims.keys() & REQUIRED:
            raise Misconfigured(f"{sorted(taken)} are set by the kit", remedy="choose other names for your claims")
        if missing := self._required - claims.keys():
            raise Misconfigured(f"claims are missing: {sorted(missing)}", remedy="give them, or a claims_of that does")

    def _sign(self, use: str, subject: str, claims: Claims) -> str:
        now = self._now()
        own = {"sub": subject, "iss": self._issuer, "aud": self._audience, "use": use}
        payload: dict[str, object] = {**claims, **own, "iat": int(now), "exp": int(now + self._ttls[use])}
        key = self._signing
        return jwt.encode(payload, key.signing(), key.algorithm, {"kid": key.kid})

    def _read(self, token: str, use: str) -> Claims:
        try:
            if len(token) > MAX_LENGTH:
                raise TokenInvalid("the token is too long")
            key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
            if key is None:
                raise TokenInvalid("the token's key is not known")
            claims = jwt.decode(
                token, key.verifying(), [key.algorithm], OPTIONS, audience=self._audience, issuer=self._issuer
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise TokenInvalid("the token is not valid") from error
        times = claims["iat"], claims["exp"]
        incomplete = use == "access" and not self._required <= claims.keys()
        if incomplete or claims["use"] != use or not all(isinstance(time_, int) for time_ in times):
            raise TokenInvalid("the token is not valid")
        if not times[0] - self._leeway <= self._now() < times[1] + self._leeway:
            raise TokenInvalid("the token has expired or is not valid yet")
        return dict(claims)
