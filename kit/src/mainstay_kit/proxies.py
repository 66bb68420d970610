"""Trusted proxies: which peers may set the client's address and scheme through forwarding headers."""

import ipaddress
from collections.abc import Iterable

from .chain.asgi import ASGIApp, Header
from .chain.chain import Part
from .chain.exchange import Exchange
from .errors import Misconfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
REMEDY = "give the proxies' networks (10.0.0.0/8, 127.0.0.1) or the number of hops (1)"
CACHE_SIZE = 4096
ForwardingHeaders = tuple[str, bytes | None, bytes | None]  # the peer, its X-Forwarded-For and its X-Forwarded-Proto
ResolvedClient = tuple[str, tuple[str, str] | None]
SCHEMES = {b"http": ("http", "ws"), b"https": ("https", "wss")}


class TrustedProxies(Part):
    """Sets the client's address to the first one, seen from the service, that is not a trusted proxy's.

    With *networks*, `X-Forwarded-For` is read from the right for as long as its addresses belong to trusted networks;
    the addresses left of the client's may be forged. With *hops*, the number of proxies, the client's address is that
    many entries from the right, whichever peer connected: use it only if no client can bypass the proxies.
    """

    def __init__(self, app: ASGIApp | None = None, *, networks: Iterable[str] = (), hops: int | None = None) -> None:
        self._networks = tuple(_network(text) for text in networks)
        if isinstance(hops, bool) or (hops is not None and not 0 <= hops <= 16):
            raise Misconfigured(f"{hops} is not a number of proxies", remedy=REMEDY)
        if self._networks and hops is not None:
            raise Misconfigured("networks and hops were both given", remedy="choose one")
        self._hops = hops
        self._resolved: dict[ForwardingHeaders, ResolvedClient] = {}
        super().__init__(app)

    @classmethod
    def from_text(cls, text: str) -> "TrustedProxies":
        """Return the part for networks (`10.0.0.0/8, 127.0.0.1`) or hops (`1`). Raises Misconfigured for other text."""
        text = text.strip()
        if text.isdecimal():
            return cls(hops=int(text))
        return cls(networks=[part.strip() for part in text.split(",") if part.strip()])

    def on_request(self, exchange: Exchange) -> None:
        headers = exchange.headers
        received = exchange.client, headers.get(b"x-forwarded-for"), headers.get(b"x-forwarded-proto")
        if len(headers) < len(exchange.scope["headers"]):
            received = received[0], _joined_forwarded_for(exchange.scope["headers"]), received[2]
        client, schemes = self._resolved.get(received) or self._resolve(received)
        if schemes is not None:
            exchange.scope["scheme"] = schemes[exchange.websocket]
        if client != exchange.client:
            exchange.client = client
            exchange.scope["client"] = (client, 0)

    def _resolve(self, received: ForwardingHeaders) -> ResolvedClient:
        """Return the client and the schemes for a peer with these headers. Cached, because most combinations recur."""
        if len(self._resolved) >= CACHE_SIZE:
            self._resolved.clear()
        peer, forwarded, proto = received
        resolved: ResolvedClient = peer, None
        if self._trusts(peer):
            chain = forwarded.decode("latin-1").split(",") if forwarded is not None else []
            resolved = self._client([entry.strip() for entry in chain], peer), SCHEMES.get((proto or b"").lower())
        self._resolved[received] = resolved
        return resolved

    def _client(self, chain: list[str], peer: str) -> str:
        """Return the address nearest to the service that is not a trusted proxy's."""
        if self._hops is not None:
            candidates = chain[-self._hops :]
            return _address(candidates[0]) or peer if len(candidates) == self._hops else peer
        for entry in reversed(chain):
            address = _address(entry)
            if address is None:
                return peer
            peer = address
            if not _is_in_networks(address, self._networks):
                return address
        return peer

    def _trusts(self, peer: str) -> bool:
        return _is_in_networks(peer, self._networks) if self._hops is None else self._hops > 0


def _joined_forwarded_for(headers: Iterable[Header]) -> bytes | None:
    """Return `X-Forwarded-For` joined from all its headers; None when there is none."""
    return b",".join(value for name, value in headers if name == b"x-forwarded-for") or None


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise Misconfigured(f"{text!r} is not a network", remedy=REMEDY) from None
    if network.prefixlen == 0:
        raise Misconfigured(f"{text} trusts the X-Forwarded-For of every address", remedy=REMEDY)
    return network


def _address(text: str) -> str | None:
    """Return the address in *text* without port or brackets, IPv4-mapped IPv6 as IPv4; None if there is none."""
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


def _is_in_networks(address: str, networks: tuple[Network, ...]) -> bool:
    normalized = _address(address)
    return normalized is not None and any(ipaddress.ip_address(normalized) in network for network in networks)
