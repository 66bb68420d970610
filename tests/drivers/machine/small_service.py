"""A service for tests: answers on HOST:PORT as its environment variables specify. Standard library only."""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/die":
            os._exit(7)
        if self.path == "/allocate":
            allocated.append(b"x" * 200_000_000)
        if self.path.startswith("/slow"):
            time.sleep(float(self.path.partition("=")[2] or 1))
        unready = os.environ.get("UNREADY_WHEN", "/nonexistent")
        healthy = not (os.path.exists(unready) or os.path.exists(f"{unready}-{os.environ['MAINSTAY_RELEASE']}"))
        body = json.dumps(dict(os.environ) | {"pid": str(os.getpid())}).encode()
        status = 200 if healthy or self.path != "/health" else 503
        if self.path.startswith("/only=") and self.path != f"/only={os.environ['MAINSTAY_RELEASE']}":
            status = 404
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        print(format % args, flush=True)


allocated: list[bytes] = []


def main() -> None:
    if "EXIT_WITH" in os.environ:
        print("cannot start", file=sys.stderr, flush=True)
        sys.exit(int(os.environ["EXIT_WITH"]))
    if "CHILD" in os.environ:
        os.spawnlp(os.P_NOWAIT, "sleep", "sleep", os.environ["CHILD"])
    address = os.environ["HOST"], int(os.environ.get("LISTEN", os.environ["PORT"]))
    server = ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    ignores = "IGNORES_SIGTERM" in os.environ
    signal.signal(signal.SIGTERM, signal.SIG_IGN if ignores else lambda *_: stop(server))
    print(f"listening on {address}", flush=True)
    server.serve_forever(poll_interval=0.05)


def stop(server: ThreadingHTTPServer) -> None:
    threading.Thread(target=server.shutdown).start()


if __name__ == "__main__":
    main()
