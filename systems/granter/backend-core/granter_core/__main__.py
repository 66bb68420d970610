"""Entry point: read the settings, listen on HOST:PORT, and stop gracefully on SIGTERM."""

import logging
import signal
import sys

import uvicorn

from granter_core.app import app_of
from granter_core.settings import Settings
from mainstay_kit import KitError, Redactor, configure_logging, read_variables


def main() -> int:
    try:
        settings = read_variables(Settings)
        settings.curator_ids()
    except KitError as invalid:
        print(f"backend-core cannot start: {invalid}", file=sys.stderr)
        return 2
    configure_logging(level=settings.log_level, redactor=Redactor(settings.secrets))
    logging.getLogger("httpx2").setLevel("WARNING")  # at INFO it logs every URL with its query
    # uvicorn raises the signal again once it has stopped; a requested stop must not look like a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.run(
        app_of(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
