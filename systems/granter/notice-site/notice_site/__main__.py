"""The command: serves the pages at HOST:PORT until SIGTERM, and then finishes the requests in flight."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

from notice_site.pages import World

WORLD = World()


class Visit(BaseHTTPRequestHandler):
    """One visitor's connection."""

    protocol_version = "HTTP/1.1"
    server_version = "gazette"
    sys_version = ""
    timeout = 5

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def log_message(self, format: str, *values: object) -> None:
        """Silent: who reads the gazette is nobody's business."""

    def _send(self, *, with_body: bool) -> None:
        found = WORLD.answer(self.path)
        if found.status == 200 and found.known_to(
            self.headers.get("If-None-Match", ""), self.headers.get("If-Modified-Since", "")
        ):
            self.send_response(304)
            self.send_header("ETag", found.etag())
            self.end_headers()
            return
        body = found.body.encode()
        self.send_response(found.status)
        if found.changed is not None:
            self.send_header("ETag", found.etag())
            self.send_header("Last-Modified", found.last_modified())
        self.send_header("Content-Type", found.content_type)
        self.send_header("Content-Length", str(len(body)))
        if found.location:
            self.send_header("Location", found.location)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class Gazette(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128


def main() -> None:
    with Gazette((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Visit) as site:

        def stop(_: int, __: FrameType | None) -> None:
            threading.Thread(target=site.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        site.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
