# SPDX-License-Identifier: Apache-2.0
"""The reference's small models, as files in the official layout and as modules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from tips_ros.model.tips import Tips

GOLDEN_HEADS = 4  # attention heads of vision_mlp.npz; no tensor's shape tells them
_WEIGHTS = "weights/"


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Where the golden numbers are; its README says what made them."""
    return Path(__file__).parent / "data" / "golden"


@pytest.fixture(scope="session")
def golden(golden_dir: Path) -> Callable[[str], dict[str, np.ndarray]]:
    """Arrays of one golden file, by name."""

    def load(name: str) -> dict[str, np.ndarray]:
        with np.load(golden_dir / name) as arrays:
            return dict(arrays)

    return load


@pytest.fixture(scope="session")
def tiny_vision(golden: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two small image encoders as the official files hold theirs, by feed-forward kind."""
    files = {}
    for kind in ("mlp", "swiglu"):
        arrays = golden(f"vision_{kind}.npz")
        weights = {
            name.removeprefix(_WEIGHTS): array
            for name, array in arrays.items()
            if name.startswith(_WEIGHTS)
        }
        files[kind] = tmp_path_factory.mktemp(kind) / "tips_v2_oss_tiny_vision.npz"
        np.savez(files[kind], **weights)
    return files


@pytest.fixture(scope="session")
def tiny_heads(golden_dir: Path) -> dict[str, Path]:
    """The three small DPT heads, for the encoder of vision_mlp.npz."""
    names = ("depth", "normals", "segmentation")
    return {name: golden_dir / "dpt" / f"tips_v2_tiny_{name}_dpt.zip" for name in names}


@pytest.fixture
def tiny_tips(tiny_vision: dict[str, Path], tiny_heads: dict[str, Path]) -> Tips:
    """The small model with its three heads, fp32; the test may change it."""
    from tips_ros.model.checkpoints import load_backbone, load_dpt_head
    from tips_ros.model.tips import Tips

    heads: Any = {name: load_dpt_head(file) for name, file in tiny_heads.items()}
    return Tips(load_backbone(tiny_vision["mlp"], heads=GOLDEN_HEADS), (0, 1, 2, 3), **heads)
