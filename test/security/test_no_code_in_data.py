# SPDX-License-Identifier: Apache-2.0
"""No data is ever run: no pickle, no YAML with objects, no text that becomes code."""

from __future__ import annotations

import ast
import io
import os
import pickle
import zipfile
from collections.abc import Iterator
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
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
RUN_TEXT = {"eval", "exec", "compile", "__import__"}
SHELLS = {"system", "popen", "getoutput", "getstatusoutput"}
YAML_LOADERS = {"unsafe_load", "full_load", "load_all", "unsafe_load_all", "full_load_all"}


def faults(text: str) -> Iterator[str]:
    """Finds what in a text could run data."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            roots = {(getattr(node, "module", None) or name).split(".")[0] for name in names}
            yield from (f"imports {name}" for name in roots & PICKLES)
        elif isinstance(node, ast.Call):
            yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[str]:
    called, given = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
    owner, _, name = called.rpartition(".")
    if (
        called in RUN_TEXT
        or (owner == "os" and name in SHELLS)
        or (owner == "subprocess" and name in SHELLS)
    ):
        yield called
    if given.get("shell", "False") != "False":
        yield f"{called} with a shell"
    if owner == "torch" and name == "load" and given.get("weights_only") != "True":
        yield "torch.load without weights_only"
    if given.get("allow_pickle", "False") != "False":
        yield f"{called} with allow_pickle"
    if owner == "yaml" and (name in YAML_LOADERS or name == "load"):
        yield f"yaml.{name}"
    if name in ("extract", "extractall", "unpack_archive"):
        yield f"{called} unpacks to the disk"


def test_each_fault_is_found():
    bad = (
        "import pickle\nfrom joblib import load\neval('1')\nos.system('x')\nrun('x', shell=True)\n"
    )
    bad += "torch.load(f)\nnp.load(f, allow_pickle=True)\nyaml.load(t, L)\nyaml.unsafe_load(t)\n"
    bad += "archive.extractall(d)\n"
    assert len(list(faults(bad))) == 10
    fine = "torch.load(f, weights_only=True)\nnp.load(f, allow_pickle=False)\nyaml.safe_load(t)\n"
    assert not list(faults(fine + "model.eval()\nre.compile('x')\ntorch.compile(m)\n"))


@pytest.mark.slow
def test_no_file_runs_data():
    found = {
        str(file.relative_to(ROOT)): list(faults(file.read_text(encoding="utf-8")))
        for file in FILES
    }
    # One place reads YAML, with a loader that makes plain values; it is tried below.
    assert found.pop("tips_ros/texts/yaml_text.py") == ["yaml.load"]
    assert len(found) > 100 and {name: what for name, what in found.items() if what} == {}


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
