"""Entry point: serve the pages at HOST:PORT; on SIGTERM, finish running requests and stop."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

from notice_site.pages import Sites

SITES = Sites()


class RequestHandler(BaseHTTPRequestHandler):
    """Handles the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "gazette"
    sys_version = ""
    timeout = 5

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def log_message(self, format: str, *values: object) -> None:
        """Log nothing."""

    def _send(self, *, with_body: bool) -> None:
        response = SITES.respond(self.path)
        if response.status == 200 and response.is_not_modified(
            self.headers.get("If-None-Match", ""), self.headers.get("If-Modified-Since", "")
        ):
            self.send_response(304)
            self.send_header("ETag", response.etag())
            self.end_headers()
            return
        body = response.body.encode()
        self.send_response(response.status)
        if response.changed is not None:
            self.send_header("ETag", response.etag())
            self.send_header("Last-Modified", response.last_modified())
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(body)))
        if response.location:
            self.send_header("Location", response.location)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class Gazette(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128


def main() -> None:
    with Gazette((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), RequestHandler) as site:

        def stop(_: int, __: FrameType | None) -> None:
            threading.Thread(target=site.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        site.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
