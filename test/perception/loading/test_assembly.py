# SPDX-License-Identifier: Apache-2.0
"""The files of a directory become one model, or one line says which does not fit and why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from tips_ros.model.checkpoints import CheckpointError
from tips_ros.model.text import TextConfig, TextEncoder
from tips_ros.perception.description import NYU_FOCAL_RATIO
from tips_ros.perception.language.tokenizer import TokenizerError
from tips_ros.perception.loading.load import load_model
from tips_ros.perception.loading.model_directory import ModelNotFound

HEADS = ("depth", "normals", "segmentation")


def say(directory: Path, **settings: Any) -> None:
    """Adds to the directory's model.yaml."""
    file = directory / "model.yaml"
    stored = yaml.safe_load(file.read_text()) if file.exists() else {}
    file.write_text(yaml.safe_dump(stored | settings))


def refusal(directory: Path, kind: type[ValueError] = CheckpointError, **options: Any) -> str:
    with pytest.raises(kind) as raised:
        load_model(str(directory), **options)
    message = str(raised.value)
    assert "\n" not in message and str(directory) in message and len(message) < 600
    return message


class TestADirectoryOfOfficialFiles:
    def test_is_a_model_with_both_towers(self, tiny_directory: Path):
        loaded = load_model(str(tiny_directory), with_text=True)
        description = loaded.description
        assert loaded.tips.head_names == HEADS == description.heads
        assert loaded.text is not None and loaded.text.width == description.vit.width == 64
        assert description.text == TextConfig(64, 2, 4, 96, 500)
        assert description.temperature == pytest.approx(0.005)
        assert description.origin == "Flax DPT, PyTorch"
        assert description.focal_ratio == NYU_FOCAL_RATIO
        assert description.taps == (0, 1, 2, 3) and description.trained

    def test_leaves_the_text_tower_alone_unless_it_is_asked_for(self, tiny_directory: Path):
        (tiny_directory / "tips_v2_oss_tiny_text.npz").write_text("damaged")
        loaded = load_model(str(tiny_directory))
        assert loaded.text is None and loaded.description.text is None

    def test_has_no_relu_before_its_depth_bins_unless_told(self, tiny_directory: Path):
        assert load_model(str(tiny_directory)).description.bins.relu_after_project is False
        say(tiny_directory, depth_relu_after_project=True, depth_range_m=[0.1, 80])
        loaded = load_model(str(tiny_directory))
        assert loaded.description.bins.relu_after_project is True
        assert loaded.tips.depth is not None
        assert loaded.tips.depth.bins == loaded.description.bins
        assert loaded.description.max_depth_m == 80

    def test_is_described_by_its_settings(self, tiny_directory: Path):
        say(
            tiny_directory,
            input_size=[28, 84],
            temperature=0.5,
            focal_ratio=1.5,
            trained=False,
            classes=[f"thing {i}" for i in range(150)],
        )
        description = load_model(str(tiny_directory), with_text=True).description
        assert description.input_size == (28, 84) and description.temperature == 0.5
        assert description.focal_ratio == 1.5 and not description.trained
        assert description.classes.names[149] == "thing 149"

    def test_with_too_few_class_names_is_refused(self, tiny_directory: Path):
        say(tiny_directory, classes=["wall", "floor"])
        message = refusal(tiny_directory, ModelNotFound)
        assert "names 2 classes, but the segmentation head has 150" in message

    @pytest.mark.parametrize("taps", [[0, 1, 2, 4], [-1, 1, 2, 3]])
    def test_with_taps_beyond_its_blocks_is_refused(self, tiny_directory: Path, taps: list[int]):
        say(tiny_directory, taps=taps)
        assert f"has blocks 0 to 3, but the taps are {taps}" in refusal(tiny_directory)

    def test_of_no_released_size_must_say_its_taps(self, tiny_directory: Path):
        (tiny_directory / "model.yaml").write_text("attention_heads: 4")
        assert "`taps: [2, 5, 8, 11]`" in refusal(tiny_directory, ModelNotFound)

    def test_of_no_released_size_must_say_its_attention_heads(self, tiny_directory: Path):
        (tiny_directory / "model.yaml").unlink()
        assert "say how many attention heads it has" in refusal(tiny_directory)

    def test_with_attention_heads_that_do_not_divide_is_refused(self, tiny_directory: Path):
        say(tiny_directory, attention_heads=7)
        assert "7 attention heads do not divide width 64" in refusal(tiny_directory)

    @pytest.mark.parametrize("role", HEADS)
    def test_with_a_truncated_head_names_it(self, tiny_directory: Path, role: str):
        file = tiny_directory / f"tips_v2_tiny_{role}_dpt.zip"
        file.write_bytes(file.read_bytes()[:50_000])
        message = refusal(tiny_directory)
        assert (
            message.startswith(f"{file}: not a whole zip") and "download the file again" in message
        )

    def test_with_a_text_tower_for_an_image_tower_names_the_file(self, tiny_directory: Path):
        vision = tiny_directory / "tips_v2_oss_tiny_vision.npz"
        shutil.copy(tiny_directory / "tips_v2_oss_tiny_text.npz", vision)
        message = refusal(tiny_directory)
        assert f"{vision}: not a TIPS image encoder: it holds a TIPS text encoder" in message

    def test_with_a_page_of_text_for_an_image_tower_names_the_file(self, tiny_directory: Path):
        vision = tiny_directory / "tips_v2_oss_tiny_vision.npz"
        vision.write_text("<html>404</html>")
        assert f"{vision}: not a whole zip of arrays" in refusal(tiny_directory)

    def test_with_a_pickle_named_in_its_settings_reads_none(self, tiny_directory: Path):
        torch.save({}, tiny_directory / "pytorch_model.bin")
        say(tiny_directory, vision="pytorch_model.bin")
        assert "a pickle can run code" in refusal(tiny_directory)


class TestATextTower:
    def test_of_another_width_is_refused(self, tiny_directory: Path):
        encoder = TextEncoder(TextConfig(32, 1, 4, 48, 500))
        arrays: Any = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
        np.savez(tiny_directory / "tips_v2_oss_tiny_text.npz", **arrays)
        message = refusal(tiny_directory, with_text=True)
        assert "a text encoder of width 32, but the image encoder has width 64" in message

    def test_that_is_not_there_is_asked_for(self, tiny_directory: Path):
        (tiny_directory / "tips_v2_oss_tiny_text.npz").unlink()
        message = refusal(tiny_directory, ModelNotFound, with_text=True)
        assert "put the tips_…_text.npz of the same model there" in message

    def test_without_a_tokenizer_asks_for_one(self, tiny_directory: Path):
        (tiny_directory / "tokenizer.model").unlink()
        message = refusal(tiny_directory, ModelNotFound, with_text=True)
        assert "has no tokenizer.model; put the official one there" in message

    def test_with_a_tokenizer_that_is_none_is_refused(self, tiny_directory: Path):
        (tiny_directory / "tokenizer.model").write_text("hello")
        assert "tokenizer.model" in refusal(tiny_directory, TokenizerError, with_text=True)

    def test_that_knows_fewer_ids_than_the_tokenizer_is_refused(self, tiny_directory: Path):
        encoder = TextEncoder(TextConfig(64, 1, 4, 48, 97))
        arrays: Any = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
        np.savez(tiny_directory / "tips_v2_oss_tiny_text.npz", **arrays)
        message = refusal(tiny_directory, TokenizerError, with_text=True)
        assert "500 ids, but the text encoder knows 97" in message


class TestAHuggingFaceDirectory:
    def test_with_backbone_and_heads_is_a_model(self, tiny_hub: Any):
        loaded = load_model(str(tiny_hub("hub", "vision", *HEADS)))
        assert loaded.tips.head_names == HEADS and loaded.description.taps == (0, 1, 2, 3)
        assert loaded.description.bins.relu_after_project is True

    def test_s_depth_activation_can_be_overridden(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision", *HEADS)
        say(directory, depth_relu_after_project=False)
        assert load_model(str(directory)).description.bins.relu_after_project is False

    def test_with_heads_alone_says_what_to_put_beside(self, tiny_hub: Any):
        message = refusal(tiny_hub("hub", *HEADS), ModelNotFound)
        assert "heads without the image encoder (an older revision)" in message
        assert "put the tips_…_vision.npz of the same model beside them" in message

    def test_with_heads_alone_beside_an_image_encoder_is_a_model(
        self, tiny_hub: Any, tiny_vision: dict[str, Path]
    ):
        directory = tiny_hub("hub", *HEADS)
        shutil.copy(tiny_vision["mlp"], directory)
        say(directory, attention_heads=4)
        loaded = load_model(str(directory))
        assert loaded.tips.head_names == HEADS
        assert loaded.description.origin == "Hugging Face, PyTorch"

    def test_with_two_towers_takes_heads_from_zips_beside_it(
        self, tiny_hub: Any, tiny_heads: dict[str, Path], tokenizer_file: Path
    ):
        directory = tiny_hub("hub", "vision", "text")
        for file in tiny_heads.values():
            shutil.copy(file, directory)
        shutil.copy(tokenizer_file, directory / "tokenizer.model")
        say(directory, taps=[0, 1, 2, 3])
        loaded = load_model(str(directory), with_text=True)
        assert loaded.tips.head_names == HEADS and loaded.text is not None
        assert loaded.description.origin == "Flax DPT, Hugging Face"
        assert loaded.description.bins.relu_after_project is False  # the zip's

    def test_gives_way_to_a_file_of_its_own_for_a_part(
        self, tiny_hub: Any, tiny_heads: dict[str, Path]
    ):
        directory = tiny_hub("hub", "vision", *HEADS)
        shutil.copy(tiny_heads["depth"], directory)
        assert load_model(str(directory)).description.bins.relu_after_project is False

    @pytest.mark.slow
    def test_computes_what_the_official_files_compute(self, tiny_hub: Any, tiny_directory: Path):
        hub = tiny_hub("hub", "vision", *HEADS)
        say(hub, depth_relu_after_project=False)
        image = torch.rand(1, 3, 56, 56, generator=torch.Generator().manual_seed(1))
        ours = load_model(str(tiny_directory)).tips(image, HEADS)
        theirs = load_model(str(hub)).tips(image, HEADS)
        for a, b in zip(ours[:3], theirs[:3], strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-5 * float(b.abs().max()))

    def test_s_class_names_are_taken_where_somebody_gave_them(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision", "segmentation")
        config = json.loads((directory / "config.json").read_text())
        config["id2label"] = {str(i): f"thing {i}" for i in range(150)}
        (directory / "config.json").write_text(json.dumps(config))
        assert load_model(str(directory)).description.classes.names[7] == "thing 7"

    def test_with_a_tensor_missing_names_it(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision", "depth")
        tensors = load_file(directory / "model.safetensors")
        del tensors["depth_head.project.bias"]
        save_file(tensors, directory / "model.safetensors")
        assert "missing tensor: dpt.project.bias" in refusal(directory)


@pytest.mark.parametrize(
    ("name", "size"),
    [("tips_oss_b14_highres_distilled_vision.npz", 448), ("tips_oss_g14_lowres_vision.npz", 56)],
)
def test_a_highres_name_tells_the_size_that_a_small_position_grid_does_not(
    tiny_directory: Path, name: str, size: int
):
    vision = next(tiny_directory.glob("*_vision.npz"))
    vision.rename(tiny_directory / name)
    assert load_model(str(tiny_directory)).description.input_size == (size, size)
