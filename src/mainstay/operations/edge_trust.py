"""`edge trust`: list the commands that make a client trust an environment's certificate authority, or distrust it."""

import base64
import hashlib

import msgspec

from mainstay.errors import BadInput
from mainstay.operations.context import Context


class Trust(msgspec.Struct, frozen=True):
    """The certificate of the authority, and what to type on a client to trust it or to stop trusting it."""

    certificate: str
    """Path of the PEM file; it contains no secret and may be copied to clients."""
    sha256: str
    """The SHA-256 fingerprint of the certificate, to compare on a client."""
    url: str
    commands: tuple["TrustCommands", ...]


class TrustCommands(msgspec.Struct, frozen=True):
    """What to type on one kind of client to trust the certificate, and to remove it."""

    client: str
    trust: str
    remove: str


def edge_trust(context: Context) -> Trust:
    """Return the certificate of the environment's own authority, and the commands to trust it or stop trusting it.

    Raises BadInput when the certificate of the front door is not from such an authority.
    """
    environment = context.stored()
    serving = context.target(environment).traffic_status()
    if serving.edge is None or serving.edge.tls is None or serving.edge.tls.mode != "internal":
        raise BadInput(
            "the certificate of the front door is not from an authority of this environment",
            remedy="declare edge: {https: 443, tls: {mode: internal}}, then type mainstay deploy",
            code="no-authority",
        )
    path, name = context.folders.authority, f"mainstay-{environment.system}-{environment.name}"
    der = _der(path.read_bytes())
    return Trust(str(path), fingerprint(der), serving.public_url, commands(str(path), name, sha1(der)))


def commands(path: str, name: str, sha1: str) -> tuple[TrustCommands, ...]:
    """Return the commands that add the certificate at *path* to each kind of client as *name*, and that remove it.

    *sha1*: the certificate's SHA-1 hash, by which Windows removes this certificate alone, whatever its name.
    """
    debian, fedora = f"/usr/local/share/ca-certificates/{name}.crt", f"/etc/pki/ca-trust/source/anchors/{name}.pem"
    store = "$HOME/.pki/nssdb"  # Chrome and Chromium do not read the system's certificates.
    keychain = "/Library/Keychains/System.keychain"
    return (
        TrustCommands(
            "Debian, Ubuntu",
            f"sudo cp {path} {debian} && sudo update-ca-certificates",
            f"sudo rm {debian} && sudo update-ca-certificates --fresh",
        ),
        TrustCommands(
            "Fedora, RHEL",
            f"sudo cp {path} {fedora} && sudo update-ca-trust",
            f"sudo rm {fedora} && sudo update-ca-trust",
        ),
        TrustCommands(
            "macOS",
            f"sudo security add-trusted-cert -d -k {keychain} {path}",
            f"sudo security remove-trusted-cert -d {path}",
        ),
        TrustCommands("Windows", f"certutil -addstore Root {path}", f"certutil -delstore Root {sha1}"),
        TrustCommands(
            "Chrome and Chromium on Linux (the package libnss3-tools, for your user)",
            f"mkdir -p {store} && certutil -d sql:{store} -A -t C,, -n {name} -i {path}",
            f"certutil -d sql:{store} -D -n {name}",
        ),
        TrustCommands("Firefox", "Settings, Certificates, Authorities, Import", "the same place, Delete"),
        TrustCommands("curl", f"curl --cacert {path} …", "leave the option out"),
        TrustCommands("Python requests", f"export REQUESTS_CA_BUNDLE={path}", "unset REQUESTS_CA_BUNDLE"),
        TrustCommands("Node", f"export NODE_EXTRA_CA_CERTS={path}", "unset NODE_EXTRA_CA_CERTS"),
    )


def _der(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"-----")))


def sha1(der: bytes) -> str:
    """Return the SHA-1 hash of the certificate *der* in hexadecimal digits, which is its id in Windows' stores."""
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 fingerprint of the certificate *der*, as browsers show it: `AB:CD:…`."""
    digest = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))
