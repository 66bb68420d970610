"""Entry point: read the settings, listen on HOST:PORT, and stop gracefully on SIGTERM."""

import logging
import signal
import sys

import uvicorn

from granter_web.app import app_of
from granter_web.settings import Settings
from mainstay_kit import VariablesInvalid, configure_logging, read_variables


def main() -> int:
    try:
        settings = read_variables(Settings)
    except VariablesInvalid as invalid:
        print(f"web-frontend cannot start: {invalid}", file=sys.stderr)
        return 2
    configure_logging(level=settings.log_level)
    logging.getLogger("httpx2").setLevel("WARNING")
    # uvicorn raises the signal again once it has stopped; a requested stop must not look like a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.run(
        app_of(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
