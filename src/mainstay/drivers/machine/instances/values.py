"""Resolve references to secrets and addresses in the values of a workload or job when its process starts."""

from collections.abc import Mapping
from urllib.parse import quote

from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.model import Listener, SecretRef, Template, Value
from mainstay.system.ports import LOOPBACK

Listeners = Mapping[str, int]
"""The port of the internal address of each service and datastore."""


def filled(value: Value, sealed: Sealed, listeners: Listeners) -> str:
    """Return the string that *value* resolves to. Raises BadInput for a missing secret, KeyError for a missing port."""
    match value:
        case str():
            return value
        case SecretRef():
            return sealed.read(value).reveal()
        case Listener():
            return _part(value, listeners[value.service])
        case Template(pieces=pieces):
            texts = ((filled(piece.value, sealed, listeners), piece.encoding) for piece in pieces)
            return "".join(quote(text, safe="") if how == "percent" else text for text, how in texts)


def called(values: Mapping[str, Value]) -> frozenset[str]:
    """Return the services and datastores whose internal address appears in *values*."""
    pieces = [p.value for v in values.values() if isinstance(v, Template) for p in v.pieces]
    return frozenset(one.service for one in (*values.values(), *pieces) if isinstance(one, Listener))


def _part(listener: Listener, port: int) -> str:
    address = f"{LOOPBACK}:{port}"
    return {"url": f"http://{address}", "address": address, "host": LOOPBACK, "port": str(port)}[listener.part]
