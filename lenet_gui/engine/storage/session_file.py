"""The file that a person saves a session in and opens it from: `run.lenet`, described in resources/FORMAT.md.

It is a zip of JSON and safetensors, uncompressed, so that nothing in it is larger than the file. Nothing of it is
executed, and the size of each part is compared with what the session can need before it is read.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from safetensors import numpy as safetensors
from torch import nn

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.models import own
from lenet_gui.engine.steplog import WATCHED
from lenet_gui.engine.storage import revival, stored, stored_checkpoint
from lenet_gui.engine.storage.plain_json import parse
from lenet_gui.engine.storage.revival import Between, MakeSession, Opened
from lenet_gui.engine.storage.store import Store
from lenet_gui.engine.storage.stored import SessionFileError, Stored
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SESSION, LOG, CHECKPOINT = "session.json", "log.safetensors", "checkpoint.safetensors"

MOST_BRANCHES = 1_000
MOST_ENTRIES = 5_000_000
"""Commands and runs, those that a branch has from its parent counted again."""
MOST_STEPS = 50_000_000
MOST_BATCH = 2**16
"""Samples; of random data that is 256 MB."""
MOST_JSON = 2**25
MOST_BYTES = 2**32 - 2**20
"""A larger zip is of another kind."""
MOST_DIRECTORY = 2**21
"""Bytes that the directory of all members never reaches."""
MOST_COLUMNS = 1 + WATCHED
VALUES = "values/"
"""Before the names of the big values that settings and commands speak of."""


def save(session: Session, path: str | Path) -> None:
    """Write the session as it is now. Raises SessionFileError; what the file was before is then still there."""
    path = Path(os.path.realpath(path))
    value = stored.describe(session)
    reason = _too_large(value)
    members = {} if reason else _members(session, value)
    if not reason and (len(members[SESSION]) > MOST_JSON or sum(map(len, members.values())) > MOST_BYTES):
        reason = "there is too much of it for one file"
    if reason:
        raise SessionFileError(f"{path.name} cannot be saved ({reason}): what was saved before stays as it is.")
    try:
        with written_whole(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name), data)
    except OSError as error:
        words = error.strerror or error
        raise SessionFileError(
            f"{path.name} cannot be written ({words}): choose another folder or make room; nothing is lost."
        ) from error


def load(
    path: str | Path,
    make_session: MakeSession,
    between: Between = lambda _: True,
    exact: bool = True,
    trust: bool = False,
) -> Opened:
    """The session that `save` wrote, at its place; at an earlier one where `between` ended the way there.

    Raises SessionFileError; of its kinds OtherNumbers, where other numbers come out here and they have to be `exact`,
    and CodeNotAllowed where it has models of somebody's own that are not to be `trust`ed.
    """
    path = Path(path)
    with revival.naming(path.name):
        if path.exists() and not path.is_file():
            raise SessionFileError("is no file: choose one that lenet-gui saved")
        with path.open("rb") as file, _archive(file) as archive:
            value = stored.from_json(_read(archive, SESSION, MOST_JSON))
            values = {name for name in archive.namelist() if name.startswith(VALUES)}
            if unknown := {*archive.namelist()} - {SESSION, LOG, CHECKPOINT} - values:
                raise ValueError(f"{min(unknown)[:80]!r} does not belong into it")
            store = Store()
            for name in values:
                store.take(name.removeprefix(VALUES), _read(archive, name, MOST_BYTES))
            if reason := _too_large(value):
                raise SessionFileError(f"is too large ({reason}): open one of its earlier copies")
            for source in revival.sources_of(value) if trust else ():
                own.allow(source)
            revival.check_code(value, store, lambda: _log(archive, value))
            session = revival.begin(value, make_session, store)
            steps = [branch.journal.steps - revival.shared_steps(branch) for branch in session.branches]
            size = 4 * len(session.log.names) * sum(steps) + 2**10 + 2**8 * len(steps)
            log = safetensors.load(_read(archive, LOG, size))
            if log.keys() != {str(index) for index in range(len(steps))}:
                raise ValueError("its log is of other branches")
            revival.give_logs(session, [log[str(index)] for index in range(len(steps))])
            if CHECKPOINT in archive.namelist():
                size = stored_checkpoint.most_bytes(session, _largest_batch(value))
                checkpoint = stored_checkpoint.keep(_read(archive, CHECKPOINT, size), session)
                if session.history.start_for(session.branches[value.branch], value.place) is not checkpoint:
                    raise ValueError("its checkpoint belongs to another place")
        revival.arrive(session, value, between, exact)
        return Opened(session, revival.note_of(value, session))


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says of a session, not brought to life: `rows` are the log of each branch's own steps."""

    stored: Stored
    branches: list[Branch]
    rows: Sequence[revival.Rows]


def read(path: str | Path) -> Read:
    """Settings, branches and log alone: no model is made and no data are needed. Raises SessionFileError."""
    path = Path(path)
    with revival.naming(path.name):
        if path.exists() and not path.is_file():
            raise SessionFileError("is no file: choose one that lenet-gui saved")
        with path.open("rb") as file, _archive(file) as archive:
            value = stored.from_json(_read(archive, SESSION, MOST_JSON))
            if reason := _too_large(value):
                raise SessionFileError(f"is too large ({reason}): open one of its earlier copies")
            branches, (columns, rows) = revival.grown(value, None), _log(archive, value)
        for branch, own in zip(branches, rows, strict=True):
            steps = branch.journal.steps - revival.shared_steps(branch)
            if own.shape != (steps, len(columns)) or own.dtype != np.float32 or not columns:
                raise ValueError(f"the log of {branch.name!r} is {own.dtype} {list(own.shape)}")
        for index, place, found in value.accuracies:
            if place > len(branches[index].journal):
                raise ValueError(f"there is no step {found.step:,} for an accuracy")
        return Read(value, branches, rows)


def open_as(
    kind: type[Session],
    path: str | Path,
    make_model: Callable[[], nn.Module] | None = None,
    between: Between = lambda _: True,
    exact: bool = True,
    trust: bool = False,
) -> Session:
    """`Session.open(path)`: the session that `save` wrote, where it stood. For the rest see `load`.

    With `trust` the code of a model of somebody's own runs.
    """
    make_session = kind if make_model is None else partial(kind, make_model=make_model)
    return load(path, make_session, between, exact, trust).session


@contextmanager
def written_whole(path: Path, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file that is at its path all at once when the block ends, or not at all. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if durable and os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# --------------------------------------------------------------------------------------------------- inside


def _members(session: Session, value: Stored) -> dict[str, bytes]:
    rows = {str(i): branch.log.rows(revival.shared_steps(branch)) for i, branch in enumerate(session.branches)}
    members = {
        SESSION: stored.to_json(value).encode(),
        LOG: safetensors.save(rows, {"columns": json.dumps(session.log.names)}),
        **{f"{VALUES}{name}": big for name, big in session.store.items()},
    }
    checkpoint, owner = stored_checkpoint.newest(session)
    if checkpoint.place:
        members[CHECKPOINT] = stored_checkpoint.to_bytes(checkpoint, owner, session)
    return members


def _archive(file: IO[bytes]) -> zipfile.ZipFile:
    """The zip in a file, once its end shows that reading its directory is harmless."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 42))
    end = file.read()
    file.seek(0)
    if file.read(4) != b"PK\3\4":
        raise SessionFileError("is no session: choose a file that lenet-gui saved")
    # What ends a zip: signature, disks, members, the directory's size and place, a comment's length.
    signature, *_, directory, at, comment = struct.unpack("<4s4H2LH", end[-22:])
    whole = signature == b"PK\5\6" and at + directory + 22 == size and not comment
    if not whole or end[:4] == b"PK\6\7" or directory > MOST_DIRECTORY:
        raise ValueError("it is cut short, or no longer as it was saved")
    archive = zipfile.ZipFile(file)
    if len({*archive.namelist()}) < len(archive.namelist()):
        raise ValueError("a part of it is there twice")
    return archive


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A member's bytes, of which a zip also keeps a check sum."""
    if name not in archive.namelist():
        raise ValueError(f"{name} is missing")
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise ValueError(f"{name} is compressed")
    if info.file_size > most:
        raise ValueError(f"{name} has {info.file_size:,} bytes, and there is no need for more than {most:,}")
    return archive.read(info)


def _log(archive: zipfile.ZipFile, value: Stored) -> revival.Log:
    """What can be read of the log without a session: whoever takes it looks whether it fits."""
    steps = sum(stored.steps_in(entry) for branch in value.branches for entry in branch.entries)
    data = _read(archive, LOG, 4 * MOST_COLUMNS * steps + 2**10 + 2**8 * len(value.branches))
    header = parse(data[8 : 8 + int.from_bytes(data[:8], "little")])
    columns = parse(header["__metadata__"]["columns"])
    log = safetensors.load(data)
    return tuple(map(str, columns)), [log[str(index)] for index in range(len(value.branches))]


def _too_large(value: Stored) -> str:
    """Why a session cannot be in a file, or nothing: what fits here can be opened without filling the memory."""
    entries, steps = [0], 0
    for branch in value.branches:
        inherited = 0 if branch.parent is None else entries[min(branch.parent + 1, len(entries) - 1)]
        entries.append(inherited + len(branch.entries))
        steps += sum(map(stored.steps_in, branch.entries))
    if len(value.branches) > MOST_BRANCHES:
        return f"it has more than {MOST_BRANCHES:,} branches"
    if sum(entries) > MOST_ENTRIES:
        return f"its branches have more than {MOST_ENTRIES:,} commands"
    if steps > MOST_STEPS:
        return f"it has more than {MOST_STEPS:,} steps"
    if _largest_batch(value) > MOST_BATCH:
        return f"its batches have more than {MOST_BATCH:,} samples"
    return ""


def _largest_batch(value: Stored) -> int:
    commands = [entry for branch in value.branches for entry in branch.entries if isinstance(entry, Command)]
    sizes = [dict(command.arguments).get("batch_size") for command in commands if command.name == "set"]
    return max([value.settings.batch_size, *(size for size in sizes if isinstance(size, int))])
