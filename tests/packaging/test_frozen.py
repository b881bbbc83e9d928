"""The packaged program as a person gets it. Minutes long, so only when asked for: `packaging/test -m packaged`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
BUILT = REPOSITORY / "build" / "lenet-gui"


@pytest.fixture(scope="module")
def program() -> Path:
    subprocess.run([REPOSITORY / "packaging" / "build"], check=True)
    return BUILT / "lenet-gui"


def run(program: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs it away from the checkout and without Python's variables, so that it has only what it brought along."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.packaged
def test_the_packaged_program_trains_as_plain_pytorch_does(program: Path, tmp_path: Path) -> None:
    answer = run(program, "--self-test", folder=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "self-test passed" in answer.stdout


@pytest.mark.packaged
def test_the_packaged_program_names_its_version_and_its_licences(program: Path, tmp_path: Path) -> None:
    assert run(program, "--version", folder=tmp_path).stdout.startswith("lenet-gui ")
    for notice in ("LICENSE", "NOTICES.md", "lenet-gui.desktop"):
        assert (program.parent / "_internal" / notice).is_file()


@pytest.mark.packaged
def test_the_packaged_program_is_small_enough_to_send(program: Path) -> None:
    size = sum(file.stat().st_size for file in program.parent.rglob("*") if file.is_file() and not file.is_symlink())
    assert size <= 750e6, f"{size / 1e6:.0f} MB"
