# SPDX-License-Identifier: Apache-2.0
"""A rented machine with a GPU has torch, numpy, OpenCV, PyYAML and transformers: they suffice to
measure, as `benchmarks/gpu.py` promises. Here its steps run on the CPU, smaller and fewer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ..import_again import import_again
from .conftest import ROS, Bare

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# Of what requirements name; some of the rest comes with torch and transformers.
ABSENT = ("transforms3d", "open3d", "rosbags", "ruamel", "mcap", "ray", "rerun")
# What needs a GPU, or a compiler and minutes, is left out, with its values.
GPU_ONLY = {"--backend", "--compile", "--profile", "--their-precision"}
KINDS = (
    *("against-bf16-graphs", "overlap-bf16-graphs"),
    *("cameras-bf16-graphs", "stages-bf16-compiled"),
)
SMALLER = {"--device": "cpu", "--model": "random-s14", "--rounds": "1", "--warm-up": "0"}


def steps(folder: Path) -> dict[str, list[str]]:
    """The script's steps as a CPU can take them, one of each kind."""
    script = import_again(ROOT / "benchmarks" / "gpu.py", "gpu_benchmark")
    kept: dict[tuple[str, ...], str] = {}
    for step in script.steps("random-s14", "64x48", 1, folder / "gpu.jsonl"):
        words: list[str] = []
        option = ""
        for word in step.arguments:
            option = word if word.startswith("--") else option
            if option in GPU_ONLY:
                continue
            words.append(SMALLER.get(option, word) if word != option else word)
        small = ["--input-size", "28x28"]
        if "benchmarks/pipelining.py" in words:
            small += ["--frames", "2", "--rounds", "1"]
        kept.setdefault((*words, *small), step.name)
    return {name: list(words) for words, name in kept.items()}


@pytest.fixture(scope="module")
def rented(without) -> Bare:
    """The environment of such a machine."""
    machine: Bare = without(*ROS, *ABSENT)
    paths = machine.environment["PYTHONPATH"].split(":")
    machine.environment["PYTHONPATH"] = ":".join([paths[0], str(ROOT)])
    machine.environment["PYTHONSAFEPATH"] = "1"
    return machine


def test_every_kind_of_step_is_among_these(tmp_path: Path):
    found = steps(tmp_path)
    asked = {tuple(words) for words in found.values()}
    fp32 = {words for words in asked if "fp32" in words}
    assert set(KINDS) <= set(found) and len(asked - fp32) == len(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_step_needs_no_ros_and_no_library_of_robots(rented: Bare, tmp_path: Path, name: str):
    if name.startswith("against"):
        pytest.importorskip("transformers.models.tipsv2_dpt", reason="transformers has no TIPS")
    words = [str(ROOT / word) if word.endswith(".py") else word for word in steps(tmp_path)[name]]
    done = rented.run(sys.executable, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "gpu.jsonl").stat().st_size > 100
