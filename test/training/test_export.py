# SPDX-License-Identifier: Apache-2.0
"""An exported model comes back as it was, but for the rounding to fp16."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.text import TextConfig, TextEncoder
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.model.variants import VitConfig
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.loading.load import load_model
from training.export import export
from training.network.architecture import initialise

VIT = VitConfig(width=48, depth=5, heads=3, ffn="mlp", ffn_hidden=96, pos_grid=3)
TEXT = TextConfig(width=48, depth=1, heads=2, hidden=64, vocabulary=520)
CLASSES = ClassList(("wall", "floor", "bed"), (0, 3, 7))
BINS = DepthBins(min_m=0.01, max_m=12.0)


@pytest.fixture
def model() -> tuple[Tips, TextEncoder]:
    torch.manual_seed(7)
    tips = Tips(
        VisionTransformer(VIT),
        (0, 1, 3, 4),
        depth=DepthHead(48, 16, 20, BINS),
        normals=NormalsHead(48, 16),
        segmentation=SegmentationHead(48, 16, len(CLASSES)),
    )
    text = TextEncoder(TEXT)
    for module in (tips, text):
        initialise(module)
        with torch.no_grad():
            for parameter in module.parameters():  # the zeros and ones, too, must find their way
                parameter.add_(torch.randn_like(parameter) * 0.01)
    return tips, text


@pytest.fixture
def write(model: tuple[Tips, TextEncoder], tokenizer_file: Path, tmp_path: Path) -> Any:
    """Exports the model, with some of the arguments changed."""

    def write(tips: Tips = model[0], text: TextEncoder = model[1], **changed: Any) -> Path:
        known = {"classes": CLASSES, "input_size": (42, 56), "temperature": 0.05}
        directory = tmp_path / "exported"
        export(directory, tips, text, tokenizer_file, **(known | changed))
        return directory

    return write


def half(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.half().float() for name, tensor in module.state_dict().items()}


def test_every_weight_is_the_trained_one_in_half_precision(
    write: Any, model: tuple[Tips, TextEncoder]
):
    loaded = load_model(str(write()), with_text=True)
    assert loaded.text is not None
    pairs = ((loaded.tips, model[0]), (loaded.text.encoder, model[1]))
    for found, trained in pairs:
        expected = half(trained)
        assert found.state_dict().keys() == expected.keys()
        for name, tensor in found.state_dict().items():
            assert torch.equal(tensor, expected[name]), name


def test_it_computes_what_the_trained_one_computes(write: Any, model: tuple[Tips, TextEncoder]):
    loaded = load_model(str(write()), with_text=True)
    assert loaded.text is not None
    tips, text = model
    for module in (tips, text):
        module.load_state_dict(half(module))
    x = torch.rand(1, 3, 42, 56)
    ids = torch.tensor([[5, 9, 300]])
    is_token = torch.ones_like(ids, dtype=torch.bool)
    with torch.inference_mode():
        for found, expected in zip(loaded.tips(x, HEAD_NAMES), tips(x, HEAD_NAMES), strict=True):
            torch.testing.assert_close(found, expected)
        torch.testing.assert_close(loaded.text.encoder(ids, is_token), text(ids, is_token))


def test_the_description_is_that_of_the_trained_model(write: Any):
    description = load_model(str(write(focal_ratio=0.7)), with_text=True).description
    assert (description.vit, description.text) == (VIT, TEXT)
    assert description.classes == CLASSES and description.bins == BINS
    assert description.taps == (0, 1, 3, 4) and description.input_size == (42, 56)
    assert (description.temperature, description.focal_ratio) == (0.05, 0.7)
    assert description.trained


def test_other_files_of_the_directory_stay(write: Any):
    (write() / "README.md").write_text("mine")
    assert (write() / "README.md").read_text() == "mine"


def test_the_size_of_the_weights_is_told(
    model: tuple[Tips, TextEncoder], tokenizer_file: Path, tmp_path: Path
):
    size = export(
        tmp_path, *model, tokenizer_file, classes=CLASSES, input_size=(42, 42), temperature=0.1
    )
    assert size == (tmp_path / "model.safetensors").stat().st_size


def test_what_the_layout_cannot_say_is_refused(write: Any, model: tuple[Tips, TextEncoder]):
    tanh = Tips(VisionTransformer(replace(VIT, gelu="tanh")), (0, 1, 3, 4))
    with pytest.raises(ValueError, match="GELU tanh"):
        write(tips=tanh)
    with pytest.raises(ValueError, match="epsilon 1e-06 in the text encoder"):
        write(text=TextEncoder(replace(TEXT, norm_eps=1e-6)))
    with pytest.raises(ValueError, match="500 ids, but the text encoder knows 90"):
        write(text=TextEncoder(replace(TEXT, vocabulary=90)))
    with pytest.raises(ValueError, match="2 classes for a segmentation head with 3 outputs"):
        write(classes=ClassList(("wall", "floor")))


def test_a_weight_that_half_precision_cannot_hold_is_refused(
    write: Any, model: tuple[Tips, TextEncoder]
):
    with torch.no_grad():
        model[0].backbone.norm.weight[0] = 1e6
    with pytest.raises(ValueError, match=r"vision_encoder\.norm\.weight: fp16"):
        write()
