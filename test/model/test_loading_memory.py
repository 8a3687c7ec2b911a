# SPDX-License-Identifier: Apache-2.0
"""Loading a checkpoint takes little more memory than the model: no part of it is there twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tips_ros.model.checkpoints import read_checkpoint

# Large enough to be told from what torch itself takes, in as many tensors as a model has.
COUNT, SIDE = 60, 1024
MB = 2**20
# Prints what reading added to what the process held at most, in bytes.
PROGRAM = """
import resource, sys, pathlib
from tips_ros.model.checkpoints import read_checkpoint
def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
read_checkpoint(pathlib.Path(sys.argv[1]))
before = most()
parts = read_checkpoint(pathlib.Path(sys.argv[2]))
print(most() - before, sum(t.nbytes for part in parts for t in part.tensors.values()))
"""


def written(file: Path, count: int) -> Path:
    """An official checkpoint by its names; its tensors are no model's."""
    names = ["patch_embed.proj.weight", "pos_embed", *(f"blocks.{i}.w" for i in range(count))]
    generator = np.random.default_rng(1)
    np.savez(file, **{n: generator.random((SIDE, SIDE), dtype=np.float32) for n in names})
    return file


@pytest.mark.slow
def test_an_encoder_is_read_in_the_memory_of_one(tmp_path: Path):
    small, large = (written(tmp_path / f"{n}.npz", n) for n in (1, COUNT))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, small, large], capture_output=True, text=True, check=True
    )
    added, size = map(int, done.stdout.split())
    assert size == (COUNT + 2) * SIDE**2 * 4
    assert added < 1.2 * size + 20 * MB, f"{added / MB:.0f} MB for {size / MB:.0f} MB"


def test_all_tensors_are_there(tmp_path: Path):
    (part,) = read_checkpoint(written(tmp_path / "a.npz", 2))
    assert part.role == "vision" and len(part.tensors) == 4
