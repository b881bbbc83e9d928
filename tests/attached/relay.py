"""Stands where the window's process stands, and passes what crosses on to a test, byte by byte. No tests here."""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import suppress


def main(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as test:
        reading = threading.Thread(target=_to_the_loop, args=(test,), daemon=True)
        reading.start()
        while data := os.read(0, 65536):
            test.sendall(data)
        test.shutdown(socket.SHUT_WR)
        reading.join()


def _to_the_loop(test: socket.socket) -> None:
    with suppress(OSError):
        while data := test.recv(65536):
            os.write(1, data)
    os._exit(0)  # a window that is closed


if __name__ == "__main__":
    main(int(sys.argv[1]))
