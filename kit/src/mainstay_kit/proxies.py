"""Trusted proxies: whose word about the client's address and scheme is taken."""

import ipaddress
from collections.abc import Iterable

from .asgi import ASGIApp
from .chain import Part
from .errors import Misconfigured
from .exchange import Exchange

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
REMEDY = "give the proxies' networks (10.0.0.0/8, 127.0.0.1) or the number of hops (1)"
REMEMBERED = 4096
SCHEMES = {b"http": ("http", "ws"), b"https": ("https", "wss")}


class TrustedProxies(Part):
    """The client is the nearest address that no trusted proxy has; what is left of it anyone can have made up.

    By networks, the chain of `X-Forwarded-For` is walked from the right while addresses are ours; by hops, exactly
    that many are skipped, whoever the peer is: only where nobody can reach the service but through the proxies.
    """

    def __init__(self, app: ASGIApp | None = None, *, networks: Iterable[str] = (), hops: int | None = None) -> None:
        self._networks = tuple(_network(text) for text in networks)
        if isinstance(hops, bool) or (hops is not None and not 0 <= hops <= 16):
            raise Misconfigured(f"{hops} is no number of proxies", remedy=REMEDY)
        if self._networks and hops is not None:
            raise Misconfigured("networks and hops were both given", remedy="choose one")
        self._hops = hops
        self._known: dict[str, bool] = {}
        self._found: dict[tuple[bytes, str], str] = {}
        super().__init__(app)

    @classmethod
    def from_text(cls, text: str) -> "TrustedProxies":
        """As a variable says it: `10.0.0.0/8, 127.0.0.1`, or `1`. `true` would trust everybody and is refused."""
        text = text.strip()
        if text.isdecimal():
            return cls(hops=int(text))
        return cls(networks=[part.strip() for part in text.split(",") if part.strip()])

    def enter(self, exchange: Exchange) -> None:
        if self._hops == 0 or (self._hops is None and not self._trusted(exchange.client)):
            return
        peer, forwarded = exchange.client, exchange.headers.get(b"x-forwarded-for")
        if forwarded is not None and len(exchange.headers) < len(exchange.scope["headers"]):
            every = [value for name, value in exchange.scope["headers"] if name == b"x-forwarded-for"]
            forwarded = b",".join(every)
        client = peer if forwarded is None else self._remembered(forwarded, peer)
        if client != peer:
            exchange.client = client
            exchange.scope["client"] = (client, 0)
        schemes = SCHEMES.get(exchange.headers.get(b"x-forwarded-proto", b"").lower())
        if schemes is not None:
            exchange.scope["scheme"] = schemes[exchange.websocket]

    def _remembered(self, forwarded: bytes, peer: str) -> str:
        found = self._found.get((forwarded, peer))
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            chain = [address.strip() for address in forwarded.decode("latin-1").split(",")]
            found = self._found[forwarded, peer] = self._client(chain, peer)
        return found

    def _client(self, chain: list[str], peer: str) -> str:
        """The address nearest to us that is not a trusted proxy's."""
        if self._hops is not None:
            place = chain[-self._hops :]
            return _address(place[0]) or peer if len(place) == self._hops else peer
        for said in reversed(chain):
            address = _address(said)
            if address is None:
                return peer
            peer = address
            if not self._trusted(address):
                return address
        return peer

    def _trusted(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[address] = _within(address, self._networks)
        return known


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise Misconfigured(f"{text!r} is no network", remedy=REMEDY) from None
    if network.prefixlen == 0:
        raise Misconfigured(f"{text} trusts everybody's X-Forwarded-For", remedy=REMEDY)
    return network


def _address(text: str) -> str | None:
    """The plain address in *text*, which may have a port or brackets; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    plain = _address(address)
    return plain is not None and any(ipaddress.ip_address(plain) in network for network in networks)
