"""A server on this machine that does to its files what servers do. No tests here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; the server's own answer decides what is done with it."""

    server: Server  # type: ignore[assignment]

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range")))
        self.server.answer(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def head(self, status: int, length: int | None, **more: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.answer = answer
        self.asked: list[tuple[str, str | None]] = []
        self.leaving = threading.Event()
        """Set when the test is over, for an answer that hangs."""

    @property
    def mirror(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/files/"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that left


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.leaving.set()
        server.shutdown()
        server.server_close()
        thread.join()


def whole(files: dict[str, bytes]) -> Answer:
    """Gives the files, and what is left of them where it is asked for that."""

    def answer(asked: Asked) -> None:
        data, wanted = files.get(asked.name), asked.headers.get("Range")
        if data is None:
            asked.head(404, 0)
        elif wanted is None:
            asked.head(200, len(data))
            asked.wfile.write(data)
        else:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            asked.head(206, len(data) - start, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
            asked.wfile.write(data[start:])

    return answer
