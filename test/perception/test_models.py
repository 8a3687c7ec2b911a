# SPDX-License-Identifier: Apache-2.0
"""A model is named or lies in a directory under its official file names; all else is refused."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model import variants
from tips_ros.model.checkpoints import CheckpointError, vision_npz
from tips_ros.model.variants import Variant, VitConfig
from tips_ros.perception import models
from tips_ros.perception.models import RELEASED, ModelNotFound, choose_device, load_predictor

IMAGE = np.zeros((20, 30, 3), np.uint8)


@pytest.fixture
def tiny_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the golden encoder's sizes those of a released variant: real ones are 345 MB up."""
    tiny = Variant("Tiny", VitConfig(64, 4, 4, "mlp", 256, pos_grid=4), (0, 1, 2, 3))

    def variant_of(*sizes: Any) -> Variant | None:
        vit = tiny.vit
        is_tiny = sizes == (vit.width, vit.depth, vit.ffn, vit.ffn_hidden)
        return tiny if is_tiny else variants.variant_of(*sizes)

    monkeypatch.setattr(models, "variant_of", variant_of)
    monkeypatch.setattr(vision_npz, "variant_of", variant_of)
    for name, released in RELEASED.items():
        monkeypatch.setitem(RELEASED, name, dataclasses.replace(released, variant="Tiny"))


@pytest.fixture
def directory(
    tiny_is_released: None,
    tiny_vision: dict[str, Path],
    tiny_heads: dict[str, Path],
    tmp_path: Path,
) -> Path:
    """A model directory with the four official files."""
    folder = tmp_path / "my model"
    folder.mkdir()
    for file in (tiny_vision["mlp"], *tiny_heads.values()):
        shutil.copy(file, folder)
    return folder


def refusal(model: object, kind: type[ValueError] = ModelNotFound, **options: Any) -> str:
    with pytest.raises(kind) as raised:
        load_predictor(str(model), device="cpu", **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_demo_says_that_it_is_untrained(caplog: pytest.LogCaptureFixture):
    predictor = load_predictor("demo", device="cpu")
    assert predictor.description.trained is False
    assert "untrained" in caplog.text
    assert predictor.outputs == ("depth", "normals", "semantic")
    assert predictor.description.classes.names[0] == "wall"
    assert predictor.predict(IMAGE).labels is not None


def test_a_directory_with_the_official_files_is_a_model(directory: Path):
    predictor = load_predictor(str(directory), device="cpu")
    description = predictor.description
    assert description.trained and description.variant == "Tiny"
    assert description.name == str(directory)
    assert description.input_size == (56, 56)  # the stored position grid's own
    assert len(description.classes) == 150 and description.classes.names[0] == "wall"
    assert predictor.outputs == ("depth", "normals", "semantic")
    assert predictor.predict(IMAGE).depth_m is not None


@pytest.mark.parametrize("kept", [(), ("depth",), ("normals", "segmentation")])
def test_a_directory_need_not_hold_every_head(directory: Path, kept: tuple[str, ...]):
    for head in {"depth", "normals", "segmentation"} - set(kept):
        (directory / f"tips_v2_tiny_{head}_dpt.zip").unlink()
    assert load_predictor(str(directory), device="cpu").model.head_names == kept


def test_other_files_in_a_directory_do_not_matter(directory: Path):
    for name in ("README.md", "tips_v2_oss_b14_text.npz", "tokenizer.model", "old_dpt.zip"):
        (directory / name).write_text("not read")
    load_predictor(str(directory), device="cpu")


@pytest.mark.parametrize("name", ["tips_oss_b14_highres_distilled_vision.npz", "tips_x_vision.npz"])
def test_the_first_release_s_names_are_known_too(directory: Path, name: str):
    (directory / "tips_v2_oss_tiny_vision.npz").rename(directory / name)
    load_predictor(str(directory), device="cpu")


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_a_released_model_is_found_by_name(
    directory: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    released = RELEASED[name]
    home = directory / name
    home.mkdir()
    (directory / "tips_v2_oss_tiny_vision.npz").rename(home / released.vision)
    for head in ("depth", "normals", "segmentation"):
        file = directory / f"tips_v2_tiny_{head}_dpt.zip"
        file.rename(home / released.heads.format(head=head))
    monkeypatch.setenv("TIPS_ROS_MODELS", str(directory))
    assert load_predictor(name, device="cpu").description.name == name


def test_the_official_names_are_google_s():
    so = RELEASED["tipsv2-so400m14"]
    assert so.vision == "tips_v2_oss_so14_vision.npz"
    assert so.heads.format(head="depth") == "tips_v2_so400m14_depth_dpt.zip"
    assert RELEASED["tipsv2-b14"].vision == "tips_v2_oss_b14_vision.npz"


def test_missing_files_of_a_released_model_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path))
    message = refusal("tipsv2-b14")
    assert "tips_v2_oss_b14_vision.npz, tips_v2_b14_depth_dpt.zip" in message
    assert str(tmp_path / "tipsv2-b14") in message


def test_a_released_name_with_another_variant_s_file_is_refused(
    tiny_vision: dict[str, Path],
    tiny_heads: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    home = tmp_path / "tipsv2-b14"
    home.mkdir()
    shutil.copy(tiny_vision["mlp"], home / "tips_v2_oss_b14_vision.npz")
    for head, file in tiny_heads.items():
        shutil.copy(file, home / f"tips_v2_b14_{head}_dpt.zip")
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path))
    assert "no released variant" in refusal("tipsv2-b14", CheckpointError)


def test_an_unknown_name_is_answered_with_the_known_ones():
    message = refusal("tipsv3")
    assert "demo, tipsv2-b14" in message and "'tipsv3'" in message


def test_a_directory_without_an_encoder_is_refused(directory: Path):
    (directory / "tips_v2_oss_tiny_vision.npz").unlink()
    assert "exactly one tips_*_vision.npz, here: none" in refusal(directory)


def test_a_directory_with_two_encoders_is_refused(directory: Path):
    file = directory / "tips_v2_oss_tiny_vision.npz"
    shutil.copy(file, directory / "tips_v2_oss_b14_vision.npz")
    assert "tips_v2_oss_b14_vision.npz, tips_v2_oss_tiny_vision.npz" in refusal(directory)


def test_a_directory_with_two_heads_of_a_kind_is_refused(directory: Path):
    file = directory / "tips_v2_tiny_depth_dpt.zip"
    shutil.copy(file, directory / "tips_v2_b14_depth_dpt.zip")
    assert "two depth heads" in refusal(directory)


def test_a_head_of_another_width_is_refused(directory: Path):
    file = directory / "tips_v2_tiny_normals_dpt.zip"
    with np.load(file) as stored:
        arrays = dict(stored)
    for name, array in arrays.items():  # half as wide, and whole in itself
        for axis, side in enumerate(array.shape):
            inner = "reassemble_blocks" in name or ("convs_" in name and axis == 2)
            if inner and side > 4:
                array = array.take(range(side // 2), axis=axis)
        arrays[name] = array
    with open(file, "wb") as out:
        np.savez(out, **arrays)
    message = refusal(directory, CheckpointError)
    assert "made for width 32, but the image encoder has width 64" in message


def test_a_head_under_another_head_s_name_is_refused(directory: Path):
    depth = directory / "tips_v2_tiny_depth_dpt.zip"
    shutil.copy(directory / "tips_v2_tiny_normals_dpt.zip", depth)
    assert "holds the normals head, not the depth head" in refusal(directory, CheckpointError)


def test_a_head_with_classes_of_its_own_gets_numbered_names(directory: Path):
    file = directory / "tips_v2_tiny_segmentation_dpt.zip"
    with np.load(file) as stored:
        arrays = dict(stored)
    for part in ("kernel", "bias"):
        arrays[f"decoder/pixel_segmentation/{part}"] = arrays[f"decoder/pixel_segmentation/{part}"][
            ..., :7
        ]
    with open(file, "wb") as out:
        np.savez(out, **arrays)
    names = load_predictor(str(directory), device="cpu").description.classes.names
    assert names == tuple(f"class {i}" for i in range(7))


def test_an_unknown_precision_names_the_known_ones():
    assert "choose one of fp32, bf16, fp16" in refusal("demo", ValueError, precision="int8")


def test_an_unknown_device_says_how_devices_are_named():
    with pytest.raises(ValueError, match="name one as torch does: auto, cpu, cuda:0"):
        choose_device("gpu")


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="sees no CUDA GPU; use device auto or cpu"):
        load_predictor("no such model", device="cuda:0")
    assert choose_device("auto") == "cpu"


def test_the_precision_is_that_of_the_weights():
    predictor = load_predictor("demo", device="cpu", precision="bf16", input_size=(56, 56))
    assert predictor.dtype == torch.bfloat16 and predictor.input_size == (56, 56)
    assert {p.dtype for p in predictor.model.parameters()} == {torch.bfloat16}
    assert predictor.predict(IMAGE).normals is not None
