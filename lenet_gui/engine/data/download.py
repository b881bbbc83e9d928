"""Gets MNIST's files from the network. What comes is believed only when its SHA-256 is the known one.

A server decides neither the name nor the length nor the place of anything: all of that is in `published`.
"""

from __future__ import annotations

import hashlib
import os
import queue
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lenet_gui.engine.data import folders
from lenet_gui.engine.data.published import FILES, MIRRORS, File
from lenet_gui.engine.data.source import DataError

BLOCK = 2**16
PATIENCE = 15.0
"""Seconds without a byte after which a mirror is given up."""
LOOK = 0.05
"""Seconds between two looks at whether it was cancelled."""
CUTS = 3
"""How often in a row a mirror may cut a file short before the next one is asked."""

Tell = Callable[[int, int], None]


class Cancelled(Exception):
    """It was to be left off; what came so far is kept, and the next time goes on there."""


class NoNetwork(DataError):
    """None of the mirrors could be reached at all."""


def get(name: str, tell: Tell = lambda _done, _all: None, stopping: Callable[[], bool] = lambda: False) -> None:
    """Have `mnist` or `fashion-mnist` in the user's cache. For the rest see `download`."""
    download(FILES[name], MIRRORS[name], folders.cache() / name, tell, stopping)


def download(
    files: tuple[File, ...], mirrors: tuple[str, ...], folder: Path, tell: Tell, stopping: Callable[[], bool]
) -> None:
    """Have all the files in a folder; those that are there whole are not got again.

    `tell` is given the bytes so far and those of all. Raises Cancelled, DataError where no mirror has them, OSError
    where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total, before = sum(file.size for file in files), 0
    for file in files:
        if not _whole(folder / file.name, file):
            start = before

            def told(done: int, start: int = start) -> None:
                tell(start + done, total)

            _from_any(file, mirrors, folder, told, stopping)
        before += file.size
        tell(before, total)


def _from_any(
    file: File, mirrors: tuple[str, ...], folder: Path, tell: Callable[[int], None], stopping: Callable[[], bool]
) -> None:
    reasons: dict[str, str] = {}
    unreachable = True
    for mirror in mirrors:
        host = urlsplit(mirror).netloc
        try:
            _from(file, mirror, folder, tell, stopping)
            return
        except urllib.error.HTTPError as error:
            reasons[host], unreachable = f"it answers {error.code} ({_reason(error.reason)})", False
        except urllib.error.URLError as error:
            reasons[host] = f"it cannot be reached ({_reason(error.reason)})"
        except (HTTPException, TimeoutError, ConnectionError, ValueError) as error:
            reasons[host], unreachable = _reason(error), False
    told = "; ".join(f"{host}: {reason}" for host, reason in reasons.items())
    advice = "Try again later, or choose a folder with the files; the digits are always here."
    if unreachable:
        raise NoNetwork(f"There is no way to the network, or to none of the mirrors ({told}). {advice}")
    raise DataError(f"{file.name} is not to be had ({told}). {advice}")


def _from(file: File, mirror: str, folder: Path, tell: Callable[[int], None], stopping: Callable[[], bool]) -> None:
    """From one mirror, going on where it was cut. Raises ValueError for what is not the file."""
    part = folder / f"{file.name}.part"
    cuts = 0
    while cuts < CUTS:
        have = part.stat().st_size if part.is_file() else 0
        if have > file.size:
            part.unlink()
            continue
        if have == file.size:
            break
        came = _some(file, mirror, part, have, tell, stopping)
        cuts = 0 if came else cuts + 1
    if not _whole(part, file):
        cut = part.is_file() and part.stat().st_size < file.size
        if not cut:
            part.unlink(missing_ok=True)
        raise ValueError("it cuts the file short" if cut else "it gave another file (its SHA-256 differs)")
    os.replace(part, folder / file.name)


def _some(
    file: File, mirror: str, part: Path, have: int, tell: Callable[[int], None], stopping: Callable[[], bool]
) -> int:
    """As much of the rest as comes in one answer; how many bytes those were."""
    fetching = _Fetching(f"{mirror}{file.name}", have, file.size)
    came = 0
    try:
        with part.open("r+b" if have else "wb") as kept:
            while (block := fetching.next(stopping)) is not None:
                if isinstance(block, int):
                    have = block  # a server that does not go on begins anew
                    kept.seek(have)
                    kept.truncate()
                    continue
                came += len(block)
                have += len(block)
                if have > file.size:
                    part.unlink()
                    raise ValueError(f"it gives more than the {file.size:,} bytes that the file has")
                kept.write(block)
                tell(have)
    finally:
        fetching.leave()
    return came


class _Fetching:
    """One answer of one server, read in a thread of its own: whoever waits for a byte can be left at any time."""

    def __init__(self, url: str, start: int, size: int) -> None:
        self._url, self._start, self._size = url, start, size
        self._blocks: queue.Queue[bytes | int | Exception | None] = queue.Queue(maxsize=16)
        self._left = threading.Event()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._read, name="download", daemon=True).start()

    def next(self, stopping: Callable[[], bool]) -> bytes | int | None:
        """The next bytes, `None` at the end; a number tells from which byte on the next ones are."""
        while not stopping():
            with suppress(queue.Empty):
                block = self._blocks.get(timeout=LOOK)
                if isinstance(block, Exception):
                    raise block
                return block
        raise Cancelled

    def leave(self) -> None:
        """End the thread, also one that waits for a server."""
        self._left.set()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        try:
            request = urllib.request.Request(self._url, headers={"Accept-Encoding": "identity"})
            if self._start:
                request.add_header("Range", f"bytes={self._start}-")
            with _opener(self._sockets).open(request, timeout=PATIENCE) as answer:
                self._put(_first_byte(answer, self._start, self._size))
                while block := answer.read1(BLOCK):
                    self._put(block)
            self._put(None)
        except _LeftAlone:
            pass
        except HTTPException:
            self._end_with(None)  # it was cut: what came is kept
        except Exception as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            self._end_with(error)
        finally:
            for one in self._sockets:
                one.close()

    def _put(self, block: bytes | int | Exception | None) -> None:
        while not self._left.is_set():
            with suppress(queue.Full):
                self._blocks.put(block, timeout=LOOK)
                return
        raise _LeftAlone

    def _end_with(self, last: Exception | None) -> None:
        with suppress(_LeftAlone):
            self._put(last)


class _LeftAlone(Exception):
    """Nobody waits for it any more."""


def _first_byte(answer: HTTPResponse, start: int, size: int) -> int:
    """From which byte on an answer is. Raises ValueError where it says that it is of another file."""
    if answer.status == 206:
        told = answer.headers.get("Content-Range", "")
        if not told.startswith(f"bytes {start}-") or not told.endswith((f"/{size}", "/*")):
            raise ValueError(f"it goes on with {told[:40]!r} instead of byte {start:,} of {size:,}")
        return start
    length = answer.headers.get("Content-Length")
    if answer.status != 200 or (length is not None and length != str(size)):
        raise ValueError(f"it has a file of {str(length)[:20]} bytes, not of {size:,}")
    return 0


def _opener(sockets: list[socket.socket]) -> urllib.request.OpenerDirector:
    """Opens http and https and nothing else: no files, no FTP, also where a server leads on to some.

    The proxies of the environment are used as everywhere.
    """

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class Http(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> HTTPResponse:
            return self.do_open(Plain, req)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> HTTPResponse:
            return self.do_open(Secure, req)

    class Redirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            if urlsplit(newurl).scheme not in ("http", "https"):
                raise urllib.error.HTTPError(newurl, code, f"it leads to {newurl[:40]!r}", headers, fp)
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    opener = urllib.request.OpenerDirector()
    opener.addheaders = [("User-Agent", "lenet-gui")]
    for handler in (
        urllib.request.ProxyHandler(),
        Http(),
        Https(),
        urllib.request.HTTPDefaultErrorHandler(),
        Redirect(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _whole(path: Path, file: File) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"it was silent for {PATIENCE:.0f} s"
    return " ".join(str(error).split())[:80] or type(error).__name__
