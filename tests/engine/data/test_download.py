"""Downloads, by the real code from servers that cut, lie, are silent or lead astray."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lenet_gui.engine.data import DataError
from lenet_gui.engine.data.download import Cancelled, NoNetwork, download
from lenet_gui.engine.data.published import FILES, MIRRORS, File
from tests.engine.data.servers import Answer, Asked, serving, whole

CONTENT = {name: random.Random(name).randbytes(size) for name, size in (("images.gz", 300_000), ("labels.gz", 999))}
WANTED = tuple(File(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items())


def get(
    folder: Path, *mirrors: str, stopping: Callable[[], bool] = lambda: False, files: tuple[File, ...] = WANTED
) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    download(files, mirrors, folder, lambda *now: told.append(now), stopping)
    return told


def has_all(folder: Path) -> bool:
    return {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


def refused(folder: Path, answer: Answer) -> str:
    """What is said when this is the only mirror. Nothing of what it gave is left as a file."""
    with serving(answer) as server, pytest.raises(DataError) as error:
        get(folder, server.mirror)
    assert not [path for path in folder.iterdir() if path.suffix != ".part"]
    words = str(error.value)
    assert "the digits are always here" in words
    assert len(words) < 400
    return words


def test_the_files_come_and_are_told_of(tmp_path: Path) -> None:
    with serving(whole(CONTENT)) as server:
        told = get(tmp_path / "deep/er", server.mirror)
        assert [path for path, _ in server.asked] == ["/files/images.gz", "/files/labels.gz"]
        assert get(tmp_path / "deep/er", server.mirror) == [(300_000, 300_999), (300_999, 300_999)]
        assert len(server.asked) == 2  # what is there is not got again
    assert has_all(tmp_path / "deep/er")
    assert told == sorted(told)
    assert told[-1] == (300_999, 300_999)
    assert len(told) > 4


def test_a_cut_is_gone_on_from(tmp_path: Path) -> None:
    cuts = iter([100_000, 250_000])

    def answer(asked: Asked) -> None:
        data, start = CONTENT[asked.name], int((asked.headers.get("Range") or "bytes=0-")[6:-1])
        end = next(cuts, len(data))
        asked.head(206 if start else 200, len(data) - start, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
        asked.wfile.write(data[start:end])
        asked.close_connection = True

    with serving(answer) as server:
        get(tmp_path, server.mirror)
        ranges = [wanted for path, wanted in server.asked if path.endswith("images.gz")]
    assert has_all(tmp_path)
    assert ranges == [None, "bytes=100000-", "bytes=250000-"]


def test_what_was_left_off_is_gone_on_from_by_another_mirror(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(CONTENT["images.gz"][:123_456])
    with serving(whole(CONTENT)) as server:
        told = get(tmp_path, server.mirror)
        assert server.asked[0] == ("/files/images.gz", "bytes=123456-")
    assert has_all(tmp_path)
    assert told[0][0] > 123_456


def test_a_server_that_cannot_go_on_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(b"x" * 200_000)

    def answer(asked: Asked) -> None:
        asked.head(200, len(CONTENT[asked.name]))
        asked.wfile.write(CONTENT[asked.name])

    with serving(answer) as server:
        get(tmp_path, server.mirror)
    assert has_all(tmp_path)


def test_a_part_of_another_file_is_thrown_away_and_got_anew(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(b"x" * 200_000)
    with serving(whole(CONTENT)) as server:
        get(tmp_path, server.mirror, server.mirror.replace("files", "again"))
    assert has_all(tmp_path)


def test_a_part_that_is_too_long_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(b"x" * 400_000)
    with serving(whole(CONTENT)) as server:
        get(tmp_path, server.mirror)
    assert has_all(tmp_path)


def missing(asked: Asked) -> None:
    asked.head(404, 0)


def other_bytes(asked: Asked) -> None:
    asked.head(200, len(CONTENT[asked.name]))
    asked.wfile.write(bytes(len(CONTENT[asked.name])))


def longer_than_said(asked: Asked) -> None:
    asked.head(200, None)
    # Of a client that has left with its window closed, the system tells the server only after seconds.
    asked.connection.settimeout(0.05)
    while not asked.server.leaving.is_set():
        with suppress(TimeoutError):
            asked.connection.send(bytes(65_536))


def another_length(asked: Asked) -> None:
    asked.head(200, 10**12)
    asked.wfile.write(bytes(10_000))


def always_cut(asked: Asked) -> None:
    asked.head(200, len(CONTENT[asked.name]))
    asked.close_connection = True


def no_http(asked: Asked) -> None:
    asked.wfile.write(b"what do you want?\n" * 9)
    asked.close_connection = True


def leads_to(url: str) -> Answer:
    def answer(asked: Asked) -> None:
        asked.head(302, 0, Location=url)

    return answer


def circle(asked: Asked) -> None:
    asked.head(302, 0, Location=asked.path)


ASTRAY = {
    "missing": (missing, "it answers 404 (Not Found)"),
    "other bytes": (other_bytes, "it gave another file (its SHA-256 differs)"),
    "endless": (longer_than_said, "it gives more than the 300,000 bytes that the file has"),
    "another length": (another_length, "it has a file of 1000000000000 bytes, not of 300,000"),
    "always cut": (always_cut, "it cuts the file short"),
    "to a file": (leads_to("file:///etc/passwd"), "Redirection to url 'file:///etc/passwd' is not allowed"),
    "to ftp": (leads_to("ftp://127.0.0.1/x"), "it leads to 'ftp://127.0.0.1/x'"),
    "in circles": (circle, "it answers 302"),
}


@pytest.mark.parametrize("name", ASTRAY)
def test_a_mirror_that_leads_astray_is_said_and_the_next_one_is_asked(tmp_path: Path, name: str) -> None:
    answer, words = ASTRAY[name]
    assert words in refused(tmp_path / "alone", answer)
    with serving(answer) as bad, serving(whole(CONTENT)) as good:
        get(tmp_path / "both", bad.mirror, good.mirror)
        assert bad.asked
    assert has_all(tmp_path / "both")


def test_what_is_no_http_is_said(tmp_path: Path) -> None:
    assert "127.0.0.1" in refused(tmp_path, no_http)


def test_a_server_names_nothing(tmp_path: Path) -> None:
    def answer(asked: Asked) -> None:
        data = CONTENT[asked.name]
        asked.head(200, len(data), Content_Disposition="attachment; filename=../../evil")
        asked.wfile.write(data)

    with serving(answer) as server:
        get(tmp_path / "here", server.mirror)
    assert has_all(tmp_path / "here")
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_a_wrong_range_is_not_appended(tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(CONTENT["images.gz"][:1000])

    def answer(asked: Asked) -> None:
        asked.head(206, 10, Content_Range="bytes 5-14/300000")
        asked.wfile.write(bytes(10))

    assert "it goes on with 'bytes 5-14/300000' instead of byte 1,000 of 300,000" in refused(tmp_path, answer)
    assert (tmp_path / "images.gz.part").read_bytes() == CONTENT["images.gz"][:1000]


def test_no_network_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(NoNetwork, match=r"There is no way to the network, or to none of the mirrors \(127"):
            get(tmp_path, nobody, nobody.replace("127.0.0.1", "localhost"))


@pytest.mark.parametrize("sent", [0, 150_000])
def test_a_silent_server_can_be_left_at_once(tmp_path: Path, sent: int) -> None:
    silent = threading.Event()

    def answer(asked: Asked) -> None:
        asked.head(200, len(CONTENT[asked.name]))
        asked.wfile.write(CONTENT[asked.name][:sent])
        silent.set()
        asked.server.leaving.wait()

    looks = 0

    def stopping() -> bool:
        nonlocal looks
        looks += silent.is_set() and (not sent or part.stat().st_size == sent)
        return looks > 0

    part = tmp_path / "images.gz.part"
    with serving(answer) as server:
        with pytest.raises(Cancelled):
            get(tmp_path, server.mirror, stopping=stopping)
        # At its first look, a twentieth of a second after the one before. That no thread goes on is seen by conftest.
        assert looks == 1
    # What came is kept for the next time.
    assert part.read_bytes() == CONTENT["images.gz"][:sent]
    with serving(whole(CONTENT)) as server:
        get(tmp_path, server.mirror)
        assert server.asked[0][1] == (f"bytes={sent}-" if sent else None)
    assert has_all(tmp_path)


def test_what_is_published_is_whole() -> None:
    for name in ("mnist", "fashion-mnist"):
        assert len({file.sha256 for file in FILES[name]}) == 4
        assert all(len(bytes.fromhex(file.sha256)) == 32 and file.name.endswith("-ubyte.gz") for file in FILES[name])
        assert len(MIRRORS[name]) == 2
        assert all(mirror.endswith("/") for mirror in MIRRORS[name])
