# SPDX-License-Identifier: Apache-2.0
"""No data is ever run: no pickle, no YAML with objects, no text that becomes code."""

from __future__ import annotations

import io
import os
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from tips_ros.model.checkpoints import CheckpointError, read_checkpoint
from tips_ros.perception.loading.model_settings import ModelSettingsError, read_settings
from tips_ros.texts.yaml_text import YamlError, load_yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    file
    for folder in ("tips_ros", "training", "benchmarks", "launch", "scripts", "bootstrap")
    for file in sorted((ROOT / folder).rglob("*.py"))
]
# The rest is ruff's to find, by the rules S and TID251 in pyproject.toml.
FAULT = re.compile(
    r"(?<![.\w])(?<!def )(?:compile|__import__)\(|\.(?:extract|extractall)\("
    r"|allow_pickle=(?!False\b)|weights_only=(?!True\b)"
    r"|torch\.load\((?![^#]*?weights_only=True)"
)


def test_no_file_runs_data_nor_unpacks_to_the_disk():
    found = {str(file): FAULT.findall(file.read_text(encoding="utf-8")) for file in FILES}
    assert len(found) > 100 and {name: what for name, what in found.items() if what} == {}
    for fault in (
        *("\ncompile(x)", "np.load(f, allow_pickle=True)", "archive.extract(m)"),
        *("torch.load(f)  # noqa: TID251", "torch.load(\n    f,\n    weights_only=False,\n)"),
    ):
        assert FAULT.search(fault), fault
    assert not FAULT.search("re.compile(x) torch.compile(m) np.load(f, allow_pickle=False)")
    assert not FAULT.search("torch.load(open(f), weights_only=True)  # noqa: TID251")


def test_what_could_run_data_fails_the_linter(tmp_path: Path):
    pytest.importorskip("ruff")
    lines = (
        *("import os, subprocess, numpy, torch, yaml", "import pickle", "import joblib"),
        *("eval('1')", "exec('1')", "os.system('x')", "subprocess.run('x', shell=True)"),
        *("torch.load('f')", "numpy.load('f')", "yaml.load('t', yaml.Loader)"),
        *("yaml.unsafe_load('t')", "yaml.full_load('t')"),
    )
    (tmp_path / "bad.py").write_text("\n".join(lines))
    check = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--no-cache"]
    check += ["--config", str(ROOT / "pyproject.toml"), str(tmp_path / "bad.py")]
    done = subprocess.run(check, capture_output=True, text=True)
    found = {int(number) for number in re.findall(r"bad\.py:(\d+):\d+: (?:S|TID)\d", done.stdout)}
    assert found == set(range(2, len(lines) + 1)), done.stdout + done.stderr


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["a.npz", "a.zip", "model.pt", "model.bin", "model.safetensors"])
def test_a_pickle_in_a_model_file_is_refused_and_not_run(tmp_path, name):
    ran, objects = tmp_path / "ran", io.BytesIO()
    bomb = pickle.dumps(Bomb(ran))
    np.save(objects, np.array([Bomb(ran)], object), allow_pickle=True)
    for entries in ({"a.npy": objects.getvalue()}, {"archive/data.pkl": bomb, "version": b"3"}):
        with pytest.raises(CheckpointError):
            read_checkpoint(archive(tmp_path / name, entries))
    (tmp_path / name).write_bytes(bomb)
    with pytest.raises(CheckpointError):
        read_checkpoint(tmp_path / name)
    assert not ran.exists()
    pickle.loads(bomb)
    assert ran.exists()  # it would have


@pytest.mark.parametrize(
    "name", ["../out.npy", "/tmp/tips_ros-out.npy", "a/../../out.npy", "..\\out.npy"]
)
def test_an_archive_writes_nowhere(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    array = io.BytesIO()
    np.save(array, np.zeros(3, np.float32))
    with pytest.raises(CheckpointError):
        read_checkpoint(archive(inside / "a.npz", {name: array.getvalue()}))
    assert [p.name for p in tmp_path.rglob("*")] == ["inside", "a.npz"]
    assert not Path("/tmp/tips_ros-out.npy").exists()


TAGS = ("!!python/object/apply:os.mkdir", "!!python/object/new:os.mkdir", "!!python/name:os.mkdir")


@pytest.mark.parametrize("tag", TAGS)
def test_yaml_makes_plain_values_only(tmp_path, tag):
    text = f"classes: {tag} ['{tmp_path}/ran']\n"
    with pytest.raises(YamlError):
        load_yaml(text)
    (tmp_path / "model.yaml").write_text(text)
    with pytest.raises(ModelSettingsError):
        read_settings(tmp_path)
    assert not (tmp_path / "ran").exists()
    assert yaml.SafeLoader in load_yaml.__defaults__
