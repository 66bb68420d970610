"""Chromium with a profile of its own that trusts one authority, as an operator's browser does after `edge trust`."""

import ctypes
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
HOST = "shop.example"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
)


class _Trust(ctypes.Structure):
    _fields_ = [(use, ctypes.c_uint) for use in ("ssl", "email", "object_signing")]


def trust(authority: Path, home: Path) -> None:
    """Add *authority* to the certificates that Chromium trusts for the user of *home*.

    It does what `certutil -A -t C,,` does, with the libraries that Chromium itself needs.
    """
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    nss = ctypes.CDLL("libsmime3.so")
    for name in ("PK11_GetInternalKeySlot", "CERT_DecodeCertFromPackage", "CERT_GetDefaultCertDB"):
        getattr(nss, name).restype = ctypes.c_void_p
    der = ssl.PEM_cert_to_DER_cert(authority.read_text())
    assert nss.NSS_InitReadWrite(f"sql:{database}".encode()) == 0
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    certificate = ctypes.c_void_p(nss.CERT_DecodeCertFromPackage(der, len(der)))
    trusted = _Trust()
    assert nss.PK11_InitPin(slot, None, b"") == 0
    assert nss.PK11_ImportCert(slot, certificate, 0, b"authority", 0) == 0
    assert nss.CERT_DecodeTrustString(ctypes.byref(trusted), b"C,,") == 0
    store = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
    assert nss.CERT_ChangeCertTrust(store, certificate, ctypes.byref(trusted)) == 0
    nss.CERT_DestroyCertificate(certificate)
    nss.PK11_FreeSlot(slot)
    assert nss.NSS_Shutdown() == 0


@asynccontextmanager
async def browser(home: Path) -> AsyncIterator[Browser]:
    """Run Chromium for the user of *home*; the name `shop.example` leads to this machine."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=FLAGS, headless=True, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}
        )
        try:
            yield chromium
        finally:
            await chromium.close()
