# SPDX-License-Identifier: Apache-2.0
"""Models that transformers made and saved load here and give the same outputs.

Random weights, small ones and B/14's full size.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.checkpoints import build_text_encoder, read_checkpoint, select_part
from tips_ros.perception.loading.assembly import assemble
from tips_ros.perception.loading.model_directory import scan

pytestmark = pytest.mark.reference

os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
TOLERANCE = 1e-4  # of the largest value, here of each output
HEADS = ("depth", "normals", "segmentation")
TINY = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "image_size": 56}
TINY_TEXT = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "vocab_size": 500,
}


class Towers(NamedTuple):
    """Two towers as transformers saved them, and what it computes."""

    directory: Path
    image: Tensor
    image_embeds: Tensor
    patch_tokens: Tensor
    ids: Tensor
    is_token: Tensor
    text_embeds: Tensor
    logits: Tensor


class Dense(NamedTuple):
    """Backbone and heads as transformers saved them, and what it computes."""

    directory: Path
    image: Tensor
    depth: Tensor
    normals: Tensor
    segmentation: Tensor


def library() -> Any:
    """Transformers, imported by those who use it: that takes seconds."""
    return pytest.importorskip("transformers", minversion="5.23")


def error(actual: Tensor, expected: Tensor) -> float:
    """Largest difference, as a fraction of the largest value."""
    assert actual.shape == expected.shape
    assert expected.abs().max() > 0 and expected.isfinite().all()
    return float((actual - expected).abs().max() / expected.abs().max())


def randomised(model: Any) -> Any:
    """Random numbers in every parameter: many start as zeros or ones, which would hide mistakes."""
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name == "temperature":
                tensor.fill_(0.02)
                continue
            tensor.normal_(generator=generator)
            if tensor.ndim > 1 and tensor.shape[0] > 1:
                tensor.mul_(tensor[0].numel() ** -0.5)
            else:
                tensor.mul_(0.1)
                if name.endswith(("norm1.weight", "norm2.weight", "norm.weight", ".gamma")):
                    tensor.add_(1)
    return model.eval()


def image_of(side: int) -> Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(4))


def towers(directory: Path, vision: dict[str, Any], text: dict[str, Any], side: int) -> Towers:
    transformers = library()
    config = transformers.Tipsv2Config(vision_config=vision, text_config=text)
    model = randomised(transformers.Tipsv2Model(config))
    model.save_pretrained(directory)
    generator = torch.Generator().manual_seed(6)
    ids = torch.randint(1, config.text_config.vocab_size, (3, 9), generator=generator)
    is_token = torch.arange(9) < torch.tensor([[9], [4], [1]])
    ids = ids * is_token
    image = image_of(side)
    with torch.inference_mode():
        out = model(input_ids=ids, pixel_values=image, attention_mask=is_token.long())
    last = out.vision_model_output.last_hidden_state
    return Towers(
        directory,
        image,
        out.image_embeds,
        last,
        ids,
        is_token,
        out.text_embeds,
        out.logits_per_image,
    )


def dense(directory: Path, vision: dict[str, Any], dpt: dict[str, Any], side: int) -> Dense:
    backbone = {"model_type": "tipsv2_vision_model", "reshape_hidden_states": False, **vision}
    transformers = library()
    config = transformers.Tipsv2DptConfig(backbone_config=backbone, **dpt)
    config.num_labels = 150
    model = randomised(transformers.Tipsv2DptForDensePrediction(config))
    model.save_pretrained(directory)
    image = image_of(side)
    with torch.inference_mode():
        out = model(pixel_values=image)
    return Dense(directory, image, out.predicted_depth, out.normals, out.segmentation_logits)


def check_towers(made: Towers) -> None:
    loaded = assemble("saved by transformers", scan(made.directory))
    with torch.inference_mode():
        features = loaded.tips.backbone(made.image)
        part = select_part(read_checkpoint(made.directory, ("text",)), "text", made.directory)
        text_embeds = F.normalize(build_text_encoder(part)(made.ids, made.is_token), dim=-1)
    image_embeds = F.normalize(features.cls_token, dim=-1)
    tokens = torch.stack([features.cls_token, features.second_cls_token], dim=1)
    tokens = torch.cat([tokens, features.patch_tokens], dim=1)
    assert error(tokens, made.patch_tokens) < TOLERANCE
    assert error(image_embeds, made.image_embeds) < TOLERANCE
    assert error(text_embeds, made.text_embeds) < TOLERANCE
    assert part.metadata.temperature == pytest.approx(0.02)
    assert error(image_embeds @ text_embeds.T / 0.02, made.logits) < TOLERANCE


def check_dense(made: Dense) -> None:
    loaded = assemble("saved by transformers", scan(made.directory))
    assert loaded.description.bins.relu_after_project
    with torch.inference_mode():
        depth, normals, segmentation, _ = loaded.tips(made.image, HEADS)
    assert depth is not None and normals is not None and segmentation is not None
    assert depth.std() > 0
    assert error(depth[:, 0], made.depth) < TOLERANCE
    assert error(normals, made.normals) < TOLERANCE
    assert error(segmentation, made.segmentation) < TOLERANCE


@pytest.mark.parametrize("swiglu", [False, True], ids=["mlp", "swiglu"])
@pytest.mark.parametrize("side", [56, 84])
class TestASmallModel:
    def test_with_two_towers_agrees(self, tmp_path: Path, swiglu: bool, side: int):
        check_towers(towers(tmp_path, TINY | {"use_swiglu_ffn": swiglu}, TINY_TEXT, side))

    def test_with_three_heads_agrees(self, tmp_path: Path, swiglu: bool, side: int):
        vision = TINY | {"use_swiglu_ffn": swiglu, "out_indices": [1, 2, 3, 4]}
        dpt = {"neck_hidden_sizes": [8, 16, 32, 64], "fusion_hidden_size": 32}
        check_dense(dense(tmp_path, vision, dpt, side))


class TestB14:
    """The released size, at its own 448 px."""

    def test_with_two_towers_agrees(self, tmp_path: Path):
        check_towers(towers(tmp_path, {}, {}, 448))

    def test_with_three_heads_agrees(self, tmp_path: Path):
        made = dense(tmp_path, {"out_indices": [3, 6, 9, 12]}, {}, 448)
        check_dense(made)
        description = assemble("saved", scan(made.directory), variant="B").description
        assert description.taps == (2, 5, 8, 11) and description.input_size == (448, 448)
