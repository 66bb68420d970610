"""A context manager that serves HTTP in a thread: the base class of the stubs and fake sites."""

import threading
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Self


class StubServer:
    """Serves requests of `_server`, which the subclass creates, while the context is open."""

    _server: ThreadingHTTPServer

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
