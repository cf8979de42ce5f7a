"""A web server on this machine, for tests of what is fetched."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL = 0.02  # seconds after which it notices that it should stop


@contextmanager
def serving(serve: Callable[..., None]) -> Iterator[str]:
    """Answer every request by ``serve(handler, body=...)``; give the server's address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            serve(self, body=False)

        def do_GET(self) -> None:
            serve(self, body=True)

        def log_message(self, *arguments: object) -> None:
            """Stay quiet."""

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, args=(POLL,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        web.server_close()
