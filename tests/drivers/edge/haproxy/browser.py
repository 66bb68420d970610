"""Chromium with a profile of its own that trusts one authority, as an operator's browser does after `edge trust`."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
MISSING = [program for program in (str(CHROMIUM), "certutil") if shutil.which(program) is None]
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


def trust(authority: Path, home: Path) -> None:
    """Add *authority* to the certificates that Chromium trusts for the user of *home*."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    command = ("certutil", "-d", f"sql:{database}", "-A", "-t", "C,,", "-n", "authority", "-i", str(authority))
    subprocess.run(command, check=True, capture_output=True)


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
