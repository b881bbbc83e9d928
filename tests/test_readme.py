"""The README tells the truth: its notebook lines run as they stand, and the files that it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_notebook_lines_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # one of them saves a file
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(lines, "README.md", "exec"), names)
    assert list(names["output"].shape) == [16, 10]  # type: ignore[attr-defined]
    assert names["session"].steps == 501  # type: ignore[attr-defined]


def test_the_pictures_and_the_files_of_the_map_exist() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).is_file(), picture
    section = README.split("## A map of the code")[1].split("\n## ")[0]
    for row in re.findall(r"^\|.*\| (.*) \|$", section, re.MULTILINE):
        folder = ROOT / "lenet_gui"
        for name in re.findall(r"`([\w./-]+)`", row):
            found = [place for place in (ROOT / name, ROOT / "lenet_gui" / name, folder / name) if place.exists()]
            assert found, f"the map names {name}, which is not there"
            folder = found[0].parent
