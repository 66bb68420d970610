"""The command: reads the settings, listens at HOST:PORT, and stops gracefully on SIGTERM."""

import logging
import os
import signal
import sys

import uvicorn

from granter_web.app import app_of
from granter_web.settings import SettingsRefused, settings_of

DRAIN_SECONDS = 5


def main() -> int:
    try:
        settings = settings_of(os.environ)
    except SettingsRefused as refused:
        print(f"web-frontend cannot start:\n{refused}", file=sys.stderr)
        return 2
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("httpx2").setLevel("WARNING")
    # uvicorn raises the signal again once it has stopped; a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.run(
        app_of(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
