# SPDX-License-Identifier: Apache-2.0
"""The reference's small models, as files in the official layout and as modules."""

from __future__ import annotations

import copy
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from tips_ros.replay.domain import own_graph_environment

from .hub_names import hub_name
from .quick_choice import pytest_collection_modifyitems, pytest_ignore_collect

__all__ = ["pytest_collection_modifyitems", "pytest_ignore_collect"]  # hooks

if TYPE_CHECKING:
    from tips_ros.model.tips import Tips

# `training` is not installed: it is found in the source tree, after the installed package.
sys.path.append(str(Path(__file__).parents[1]))

# pytest-xdist gives its workers all of `sys.path` as PYTHONPATH; what they start finds its own.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["PYTHONPATH"] = os.environ.get("TIPS_ROS_TEST_PYTHONPATH", "")
else:
    os.environ["TIPS_ROS_TEST_PYTHONPATH"] = os.environ.get("PYTHONPATH", "")
# Whatever a test or a process of its own starts must not be met by a robot, nor by another run or
# worker: each has domains of its own.
os.environ.update(own_graph_environment())
# What tests embed must not meet what the user once embedded.
_CACHE = tempfile.TemporaryDirectory(prefix="tips_ros-cache-")
os.environ["XDG_CACHE_HOME"] = _CACHE.name

GOLDEN_HEADS = 4  # attention heads of vision_mlp.npz; no tensor's shape tells them
_WEIGHTS = "weights/"
# What model.yaml says of the golden encoder and of `tiny_text`.
TINY_SETTINGS = {
    "attention_heads": GOLDEN_HEADS,
    "text_attention_heads": 4,
    "taps": [0, 1, 2, 3],
}


@pytest.fixture(scope="session")
def open3d() -> Any:
    """Open3D. Without it boxes are larger than they might be, and clouds keep what stands alone."""
    return pytest.importorskip("open3d", reason="Open3D is not installed")


@pytest.fixture(scope="session")
def _http_server() -> Iterator[Any]:
    library = pytest.importorskip(
        "pytest_httpserver", reason="pytest-httpserver is not installed; ./run test brings it"
    )
    with library.HTTPServer() as server:
        yield server


@pytest.fixture
def http_server(_http_server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A pytest_httpserver.HTTPServer that answers nothing yet; the test may stop it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # where a proxy is configured
    _http_server.clear()
    if not _http_server.is_running():
        _http_server.start()
    return _http_server


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """The folder of the golden numbers; its README says what made them."""
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


@pytest.fixture(scope="session")
def loaded_tips(tiny_vision: dict[str, Path], tiny_heads: dict[str, Path]) -> Tips:
    """The small model with its three heads, fp32, as it was loaded; `tiny_tips` copies it."""
    from tips_ros.model.checkpoints import load_backbone, load_dpt_head
    from tips_ros.model.tips import Tips

    heads: Any = {name: load_dpt_head(file) for name, file in tiny_heads.items()}
    return Tips(load_backbone(tiny_vision["mlp"], heads=GOLDEN_HEADS), (0, 1, 2, 3), **heads)


@pytest.fixture
def tiny_tips(loaded_tips: Tips) -> Tips:
    """The small model with its three heads, fp32; the test may change it."""
    return copy.deepcopy(loaded_tips)


@pytest.fixture
def torch_threads() -> Iterator[Callable[[int], None]]:
    """Sets with how many threads torch computes here, however many cores there are."""
    import torch

    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def shared_golden() -> Path:
    """The golden numbers too big for this repository, in `shared/golden` beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "golden"
    if not folder.is_dir():
        pytest.skip("the JAX and Hugging Face golden files are not here (../shared/golden)")
    return folder


@pytest.fixture(scope="session")
def tiny_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random text encoder as the official files hold theirs, for the repository's tokenizer."""
    import torch

    from tips_ros.model.text import TextConfig, TextEncoder

    torch.manual_seed(5)
    encoder = TextEncoder(TextConfig(width=64, depth=2, heads=4, hidden=96, vocabulary=500))
    file = tmp_path_factory.mktemp("text") / "tips_v2_oss_tiny_text.npz"
    arrays = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
    np.savez(file, temperature=np.float32(0.005), **arrays)
    return file


@pytest.fixture(scope="session")
def tokenizer_file() -> Path:
    """The repository's small tokenizer; its README says what made it."""
    return Path(__file__).parent / "data" / "tokenizer" / "tiny.model"


@pytest.fixture
def tiny_directory(
    tiny_vision: dict[str, Path],
    tiny_heads: dict[str, Path],
    tiny_text: Path,
    tokenizer_file: Path,
    tmp_path: Path,
) -> Path:
    """A whole model directory under official names; the test may change it."""
    folder = tmp_path / "my model"
    folder.mkdir()
    for file in (tiny_vision["mlp"], tiny_text, *tiny_heads.values()):
        shutil.copy(file, folder)
    shutil.copy(tokenizer_file, folder / "tokenizer.model")
    (folder / "model.yaml").write_text(yaml.safe_dump(TINY_SETTINGS))
    return folder


@pytest.fixture
def with_classes(tiny_directory: Path) -> Callable[..., Path]:
    """`tiny_directory` with only the first `count` classes, and more in its model.yaml."""

    def cut(count: int, **settings: Any) -> Path:
        file = tiny_directory / "tips_v2_tiny_segmentation_dpt.zip"
        with np.load(file) as stored:
            arrays = dict(stored)
        for name in ("kernel", "bias"):
            name = f"decoder/pixel_segmentation/{name}"
            arrays[name] = arrays[name][..., :count]
        with file.open("wb") as out:
            np.savez(out, **arrays)
        said = yaml.safe_dump(TINY_SETTINGS | settings)
        (tiny_directory / "model.yaml").write_text(said)
        return tiny_directory

    return cut


@pytest.fixture
def sparse_ids(with_classes: Callable[..., Path]) -> Path:
    """A model directory whose three classes have the ids 0, 3 and 7."""
    return with_classes(3, classes={0: "wall", 3: "floor", 7: "bed"})


@pytest.fixture
def untrained(tiny_directory: Path) -> Path:
    """A model directory that says its weights are random."""
    settings = tiny_directory / "model.yaml"
    settings.write_text(settings.read_text() + "trained: false\n")
    return tiny_directory


@pytest.fixture
def tiny_hub(
    tiny_vision: dict[str, Path],
    tiny_text: Path,
    tiny_heads: dict[str, Path],
    tmp_path: Path,
) -> Callable[..., Path]:
    """Writes a directory as the Hub has them, with the parts named; the test may change it."""
    import torch
    from safetensors.torch import save_file

    from tips_ros.model.checkpoints import read_checkpoint

    files: dict[str, Path] = {"vision": tiny_vision["mlp"], "text": tiny_text, **tiny_heads}

    def write(folder: str, *roles: str) -> Path:
        tensors = {}
        for role in roles:
            (part,) = read_checkpoint(files[role])
            for name, tensor in part.tensors.items():
                is_last = role in tiny_heads and name == "head.weight"
                stored = tensor[:, :, 0, 0] if is_last else tensor
                tensors[hub_name(role, name)] = stored.contiguous()
        if "text" in roles:
            tensors["temperature"] = torch.tensor(0.005)
        directory = tmp_path / folder
        directory.mkdir(parents=True)
        save_file(tensors, directory / "model.safetensors")
        sizes = {"hidden_size": 64, "num_attention_heads": 4}
        config: dict[str, Any] = {"model_type": "tipsv2"}
        if "text" in roles:
            config |= {"vision_config": sizes, "text_config": sizes}
        else:
            backbone = sizes | {"out_indices": [1, 2, 3, 4]}
            config |= {"backbone_config": backbone, "depth_decoder_activation": "relu"}
        (directory / "config.json").write_text(json.dumps(config))
        return directory

    return write
