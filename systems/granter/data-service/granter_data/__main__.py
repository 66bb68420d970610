"""Entry point: read the settings, listen on HOST:PORT, and stop gracefully on SIGTERM."""

import logging
import signal
import sys

import uvicorn

from granter_data.app import app_of
from granter_data.settings import Settings
from mainstay_kit import KitError, Redactor, configure_logging, read_variables, secrets_of


def main() -> int:
    try:
        settings = read_variables(Settings)
        settings.sources()
    except KitError as refused:
        print(f"data-service cannot start: {refused}", file=sys.stderr)
        return 2
    redactor = Redactor(secrets_of(settings))
    configure_logging(level=settings.log_level, redactor=redactor)
    if settings.notice_sources and not settings.crawler_contact:
        logging.getLogger("granter_data").warning(
            "CRAWLER_CONTACT is not set: the owners of visited sites cannot reach you; mainstay set CRAWLER_CONTACT=…"
        )
    for chatty in ("httpx2", "httpcore2", "psycopg.pool"):
        logging.getLogger(chatty).setLevel("ERROR" if chatty == "psycopg.pool" else "WARNING")
    # uvicorn raises the signal again once it has stopped; a requested stop must not look like a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.run(
        app_of(settings, redactor),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
