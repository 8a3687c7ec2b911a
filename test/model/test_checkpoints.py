# SPDX-License-Identifier: Apache-2.0
"""A checkpoint is loaded whole and exactly, or refused in one line that says what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.checkpoints import (
    CheckpointError,
    load_backbone,
    load_dpt_head,
    load_text_encoder,
    read_checkpoint,
    read_temperature,
)
from tips_ros.model.checkpoints.builders import text_config, vit_config
from tips_ros.model.checkpoints.checkpoint_part import CheckpointPart
from tips_ros.model.text import TextEncoder
from tips_ros.model.variants import VARIANTS, Variant
from tips_ros.model.vit import VisionTransformer

Arrays = dict[str, np.ndarray]
PROJECT = "decoder/dpt/project/kernel"


def arrays_of(file: Path) -> Arrays:
    with np.load(file) as arrays:
        return dict(arrays)


def saved(arrays: Arrays, path: Path) -> Path:
    """The arrays as an official file holds them."""
    with open(path, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


def refusal(path: Path, **options: Any) -> str:
    """The message with which an image encoder is refused: one line that names the file."""
    with pytest.raises(CheckpointError) as raised:
        load_backbone(path, heads=4, **options)
    return one_line(str(raised.value), path)


def head_refusal(path: Path, *options: Any) -> str:
    with pytest.raises(CheckpointError) as raised:
        load_dpt_head(path, *options)
    return one_line(str(raised.value), path)


def one_line(message: str, path: Path) -> str:
    assert message.startswith(f"{path}: ") and "\n" not in message and len(message) < 600
    return message


@pytest.fixture
def vision(tiny_vision: dict[str, Path]) -> Arrays:
    return arrays_of(tiny_vision["mlp"])


class TestAnImageEncoder:
    def test_carries_every_tensor_of_its_file(self, tiny_vision: dict[str, Path], vision: Arrays):
        state = load_backbone(tiny_vision["mlp"], heads=4).state_dict()
        assert set(state) == set(vision) - {"mask_token"}
        for name, tensor in state.items():
            np.testing.assert_array_equal(tensor.numpy(), vision[name])

    def test_comes_ready_to_be_used(self, tiny_vision: dict[str, Path]):
        encoder = load_backbone(tiny_vision["swiglu"], heads=3)
        assert not encoder.training
        assert not any(p.requires_grad or p.is_meta for p in encoder.parameters())
        assert encoder.config.ffn == "swiglu" and encoder.config.ffn_hidden == 128

    def test_may_be_stored_in_half_precision(self, vision: Arrays, tmp_path: Path):
        halves = {name: array.astype(np.float16) for name, array in vision.items()}
        encoder = load_backbone(saved(halves, tmp_path / "tips_half_vision.npz"), heads=4)
        assert encoder.norm.weight.dtype == torch.float32

    def test_without_the_mask_token_of_the_training_is_whole(self, vision: Arrays, tmp_path: Path):
        del vision["mask_token"]
        load_backbone(saved(vision, tmp_path / "v.npz"), heads=4)

    def test_with_an_unknown_tensor_is_refused(self, vision: Arrays, tmp_path: Path):
        vision["blocks.0.attn.rope"] = np.zeros(3, np.float32)
        message = refusal(saved(vision, tmp_path / "v.npz"))
        assert "unknown tensor: blocks.0.attn.rope" in message

    @pytest.mark.parametrize("name", ["norm.bias", "register_tokens", "blocks.2.ls1.gamma"])
    def test_without_a_tensor_is_refused(self, vision: Arrays, tmp_path: Path, name: str):
        del vision[name]
        assert f"missing tensor: {name}" in refusal(saved(vision, tmp_path / "v.npz"))

    @pytest.mark.parametrize("name", ["pos_embed", "patch_embed.proj.weight"])
    def test_without_the_tensors_that_tell_its_size_is_refused(
        self, vision: Arrays, tmp_path: Path, name: str
    ):
        del vision[name]
        assert name in refusal(saved(vision, tmp_path / "v.npz"))

    def test_with_a_misshapen_tensor_is_refused(self, vision: Arrays, tmp_path: Path):
        vision["blocks.1.mlp.fc1.weight"] = vision["blocks.1.mlp.fc1.weight"].T
        message = refusal(saved(vision, tmp_path / "v.npz"))
        assert "misshapen tensor: blocks.1.mlp.fc1.weight (64, 256) instead of (256, 64)" in message

    @pytest.mark.parametrize("shape", [(1, 16, 64), (17, 64), (1, 1, 17, 64)])
    def test_with_positions_on_no_square_grid_is_refused(
        self, vision: Arrays, tmp_path: Path, shape: tuple[int, ...]
    ):
        vision["pos_embed"] = np.zeros(shape, np.float32)
        assert "misshapen tensor: pos_embed" in refusal(saved(vision, tmp_path / "v.npz"))

    def test_many_wrong_tensors_are_counted_not_listed(self, vision: Arrays, tmp_path: Path):
        for i in range(30):
            vision[f"extra{i}"] = np.zeros(1, np.float32)
        assert "extra3 and 26 more" in refusal(saved(vision, tmp_path / "v.npz"))

    def test_of_another_variant_is_refused(self, tiny_vision: dict[str, Path]):
        message = refusal(tiny_vision["mlp"], variant="B")
        assert "width 64, 4 blocks" in message and "not B" in message

    def test_of_no_released_size_needs_its_number_of_heads(self, tiny_vision: dict[str, Path]):
        with pytest.raises(CheckpointError, match="say how many attention heads it has"):
            load_backbone(tiny_vision["mlp"])

    def test_is_not_a_text_tower(self, tmp_path: Path):
        arrays = {"token_embedding.weight": np.zeros((4, 8), np.float32)}
        message = refusal(saved(arrays, tmp_path / "tips_v2_oss_b14_text.npz"))
        assert "not a TIPS image encoder: it holds a TIPS text encoder" in message
        assert "tips_…_vision.npz" in message

    def test_with_one_block_of_a_high_number_costs_no_memory(self, vision: Arrays, tmp_path: Path):
        vision["blocks.9999.norm1.weight"] = np.zeros(64, np.float32)
        message = refusal(saved(vision, tmp_path / "v.npz"))
        assert "missing tensor: blocks.4.*" in message

    @pytest.mark.parametrize("number", ["99999999999", "9" * 5000, "-1", "²"])
    def test_with_a_block_of_an_impossible_number_is_refused(
        self, vision: Arrays, tmp_path: Path, number: str
    ):
        vision[f"blocks.{number}.norm1.weight"] = np.zeros(64, np.float32)
        with pytest.raises(CheckpointError, match="unknown tensor: blocks"):
            load_backbone(saved(vision, tmp_path / "v.npz"), heads=4)

    def test_with_nothing_in_its_tensors_is_refused(self, vision: Arrays, tmp_path: Path):
        empty = {name: np.zeros((0,) * array.ndim, np.float32) for name, array in vision.items()}
        assert "nothing in it" in refusal(saved(empty, tmp_path / "v.npz"))

    def test_is_not_a_dpt_head(self, tiny_heads: dict[str, Path]):
        assert "not a TIPS image encoder" in refusal(tiny_heads["depth"])


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_a_released_variant_is_recognised_by_its_shapes(variant: Variant):
    with torch.device("meta"):
        vision = VisionTransformer(variant.vit).state_dict()
        text = TextEncoder(variant.text).state_dict()
    assert vit_config(CheckpointPart("vision", vision, Path("x.npz"), "PyTorch")) == variant.vit
    assert text_config(CheckpointPart("text", text, Path("x.npz"), "PyTorch")) == variant.text


class TestADptHead:
    @pytest.mark.parametrize("head", ["depth", "normals", "segmentation"])
    def test_is_recognised_by_its_last_layer(self, tiny_heads: dict[str, Path], head: str):
        loaded = load_dpt_head(tiny_heads[head])
        assert type(loaded).__name__ == f"{head.capitalize()}Head"
        assert loaded.dpt.width == 64 and not loaded.training

    def test_of_another_task_is_refused(self, tiny_heads: dict[str, Path]):
        message = head_refusal(tiny_heads["normals"], "depth")
        assert "not a DPT depth head: it holds a DPT normals head" in message
        assert "tips_v2_…_depth_dpt.zip" in message

    def test_is_not_an_image_encoder(self, tiny_vision: dict[str, Path]):
        assert "not a DPT head" in head_refusal(tiny_vision["mlp"])

    def test_with_two_last_layers_is_refused(self, tiny_heads: dict[str, Path], tmp_path: Path):
        arrays = arrays_of(tiny_heads["depth"]) | arrays_of(tiny_heads["normals"])
        message = head_refusal(saved(arrays, tmp_path / "two.zip"))
        assert "more than one last layer" in message

    @pytest.mark.parametrize("name", ["decoder/dpt/convs_4/kernel", "optimizer/step", "../../x"])
    def test_with_an_unknown_tensor_is_refused(
        self, tiny_heads: dict[str, Path], tmp_path: Path, name: str
    ):
        arrays = arrays_of(tiny_heads["depth"]) | {name: np.zeros((3, 3, 32, 32), np.float32)}
        assert "unknown tensor: " in head_refusal(saved(arrays, tmp_path / "d.zip"))

    def test_without_a_tensor_is_refused(self, tiny_heads: dict[str, Path], tmp_path: Path):
        arrays = arrays_of(tiny_heads["depth"])
        del arrays["decoder/dpt/fusion_blocks_2/Conv_0/bias"]
        message = head_refusal(saved(arrays, tmp_path / "d.zip"))
        assert "missing tensor: dpt.fusions.2.out_conv.bias" in message

    @pytest.mark.parametrize("shape", [(3, 3, 32, 16), (1, 1, 32, 32), (32, 32), (9,)])
    def test_with_a_misshapen_tensor_is_refused(
        self, tiny_heads: dict[str, Path], tmp_path: Path, shape: tuple[int, ...]
    ):
        arrays = arrays_of(tiny_heads["depth"]) | {PROJECT: np.zeros(shape, np.float32)}
        assert "misshapen tensor: " in head_refusal(saved(arrays, tmp_path / "d.zip"))


class TestATextEncoder:
    def test_carries_every_tensor_of_its_file(self, tiny_text: Path):
        state = load_text_encoder(tiny_text, heads=4).state_dict()
        stored = arrays_of(tiny_text)
        assert set(state) == set(stored) - {"temperature"}
        for name, tensor in state.items():
            np.testing.assert_array_equal(tensor.numpy(), stored[name])

    @pytest.mark.slow
    def test_does_not_load_torch_s_compiler_which_takes_a_second(self, tiny_text: Path):
        program = (
            "import sys; from pathlib import Path; from tips_ros.model.checkpoints import *; "
            "load_text_encoder(Path(sys.argv[1]), heads=4); print('torch._dynamo' in sys.modules)"
        )
        command = [sys.executable, "-c", program, str(tiny_text)]
        assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"

    def test_brings_its_temperature(self, tiny_text: Path):
        (part,) = read_checkpoint(tiny_text)
        assert part.metadata.temperature == pytest.approx(0.005)
        assert part.metadata.text_norm_eps == 1e-5

    def test_tells_its_temperature_alone(self, tiny_text: Path, tiny_vision: dict[str, Path]):
        assert read_temperature(tiny_text) == pytest.approx(0.005)
        assert read_temperature(tiny_vision["mlp"]) is None

    def test_is_not_an_image_encoder(self, tiny_vision: dict[str, Path]):
        with pytest.raises(CheckpointError) as raised:
            load_text_encoder(tiny_vision["mlp"], heads=4)
        message = one_line(str(raised.value), tiny_vision["mlp"])
        assert "not a TIPS text encoder: it holds a TIPS image encoder" in message

    def test_of_another_variant_is_refused(self, tiny_text: Path):
        with pytest.raises(CheckpointError) as raised:
            load_text_encoder(tiny_text, heads=4, variant="B")
        assert "width 64, 2 blocks), not B" in one_line(str(raised.value), tiny_text)

    def test_computes_what_the_reference_computes(self, golden: Any, tmp_path: Path):
        arrays = golden("text.npz")
        weights = {n.removeprefix("weights/"): a for n, a in arrays.items() if "weights/" in n}
        encoder = load_text_encoder(saved(weights, tmp_path / "tips_x_text.npz"), heads=4)
        ids, is_token = torch.from_numpy(arrays["ids"]), torch.from_numpy(arrays["paddings"] == 0)
        embedding = encoder(ids, is_token).numpy()
        largest = np.abs(arrays["embedding"]).max()
        assert np.abs(embedding - arrays["embedding"]).max() < 1e-5 * largest


class TestTheDoor:
    @pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".ckpt", ".pkl"])
    def test_reads_no_pickle(self, tmp_path: Path, suffix: str):
        path = tmp_path / f"pytorch_model{suffix}"
        torch.save({"patch_embed.proj.weight": torch.zeros(1)}, path)
        message = refusal(path)
        assert "a pickle can run code" in message and ".safetensors" in message

    def test_names_what_it_wants_of_arrays_of_something_else(self, tmp_path: Path):
        message = refusal(saved({"resnet": np.zeros(3)}, tmp_path / "tips_x_vision.npz"))
        assert "not a TIPS checkpoint (it holds resnet)" in message and "_vision.npz" in message

    def test_wants_weights_in_a_directory(self, tmp_path: Path):
        assert "a directory without model.safetensors" in refusal(tmp_path)
