# SPDX-License-Identifier: Apache-2.0
"""A model is named or lies in a directory under its official file names; all else is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.catalogue import MODELS
from tips_ros.model.checkpoints import CheckpointError
from tips_ros.perception.loading.load import (
    ModelNotFound,
    choose_device,
    load_model,
    load_predictor,
    load_text,
)

IMAGE = np.zeros((20, 30, 3), np.uint8)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place where models are looked up by name."""
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def refusal(model: object, kind: type[ValueError] = ModelNotFound, **options: Any) -> str:
    with pytest.raises(kind) as raised:
        load_predictor(str(model), device="cpu", **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_directory_with_the_official_files_is_a_model(tiny_directory: Path):
    predictor = load_predictor(str(tiny_directory), device="cpu")
    description = predictor.description
    assert description.trained and description.variant == "4 blocks of width 64"
    assert description.name == str(tiny_directory)
    assert description.input_size == (56, 56)  # the stored position grid's own
    assert len(description.classes) == 150 and description.classes.names[0] == "wall"
    assert predictor.outputs == ("depth", "normals", "semantic", "stddev")
    assert predictor.predict(IMAGE).depth_m is not None


@pytest.mark.parametrize("kept", [(), ("depth",), ("normals", "segmentation")])
def test_a_directory_need_not_hold_every_head(tiny_directory: Path, kept: tuple[str, ...]):
    for head in {"depth", "normals", "segmentation"} - set(kept):
        (tiny_directory / f"tips_v2_tiny_{head}_dpt.zip").unlink()
    assert load_predictor(str(tiny_directory), device="cpu").model.head_names == kept


def test_other_files_in_a_directory_do_not_matter(tiny_directory: Path):
    for name in ("README.md", "tokenizer.model", "old_dpt.zip"):
        (tiny_directory / name).write_text("not read")
    load_predictor(str(tiny_directory), device="cpu")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tips_oss_b14_highres_distilled_vision.npz", "tips_x_vision.npz"])
def test_the_first_release_s_names_are_known_too(tiny_directory: Path, name: str):
    (tiny_directory / "tips_v2_oss_tiny_vision.npz").rename(tiny_directory / name)
    load_predictor(str(tiny_directory), device="cpu")


def test_a_released_model_is_found_by_name_and_must_have_its_sizes(
    tiny_directory: Path, home: Path
):
    folder = home / "tipsv2-b14"
    folder.mkdir(parents=True)
    small = {file.name.split("_")[-1]: file for file in tiny_directory.glob("*.npz")}
    for file in MODELS["tipsv2-b14"].files():
        if file.role in ("vision", "text"):
            shutil.copy(small[f"{file.role}.npz"], folder / file.name)
        elif file.role == "tokenizer":
            shutil.copy(tiny_directory / "tokenizer.model", folder)
        else:
            shutil.copy(tiny_directory / f"tips_v2_tiny_{file.role}_dpt.zip", folder / file.name)
    shutil.copy(tiny_directory / "model.yaml", folder)
    message = refusal("tipsv2-b14", CheckpointError)
    assert "tips_v2_oss_b14_vision.npz: holds variant of no released size" in message
    assert "(width 64, 4 blocks), not B" in message


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_that_is_not_here_says_how_to_get_it(home: Path, name: str):
    message = refusal(name)
    assert f"get it with: tips_ros download {name} (" in message
    assert message.endswith(" GB)") or message.endswith(" MB)")


def test_a_model_with_a_file_missing_says_how_to_get_that_one(home: Path, tiny_directory: Path):
    folder = home / "tipsv2-b14"
    shutil.copytree(tiny_directory, folder)
    (folder / "tips_v2_tiny_normals_dpt.zip").unlink()
    message = refusal("tipsv2-b14")
    assert "has no normals here" in message
    assert "tips_ros download tipsv2-b14 --only normals (96 MB)" in message


def test_the_text_files_are_missed_only_by_who_asks_for_them(home: Path, tiny_directory: Path):
    folder = home / "tipsv2-b14"
    shutil.copytree(tiny_directory, folder)
    for name in ("tips_v2_oss_tiny_text.npz", "tokenizer.model"):
        (folder / name).unlink()
    assert "not B" in refusal("tipsv2-b14", CheckpointError)  # all files found, then looked into
    with pytest.raises(ModelNotFound, match="tips_ros download tipsv2-b14 --only text,tokenizer"):
        load_model("tipsv2-b14", with_text=True)


def test_the_text_encoder_can_be_loaded_alone(tiny_directory: Path):
    whole = load_model(str(tiny_directory), with_text=True)
    (tiny_directory / "tips_v2_oss_tiny_vision.npz").write_text("damaged")
    text = load_text(str(tiny_directory))
    assert whole.text is not None
    assert torch.equal(text.embedder.embed(["a cat"]), whole.text.embed(["a cat"]))
    assert text.temperature == whole.description.temperature
    assert text.config == whole.description.text


def test_an_unknown_name_is_answered_with_the_known_ones():
    message = refusal("tipsv3")
    assert "demo, tipsv2-b14" in message and "'tipsv3'" in message


def test_a_directory_without_an_encoder_is_refused(tiny_directory: Path):
    (tiny_directory / "tips_v2_oss_tiny_vision.npz").unlink()
    assert "holds one tips_…_vision.npz or a Hugging Face" in refusal(tiny_directory)


def test_a_head_of_another_width_is_refused(tiny_directory: Path):
    file = tiny_directory / "tips_v2_tiny_normals_dpt.zip"
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
    message = refusal(tiny_directory, CheckpointError)
    assert "made for width 32, but the image encoder has width 64" in message


def test_a_head_under_another_head_s_name_is_refused(tiny_directory: Path):
    depth = tiny_directory / "tips_v2_tiny_depth_dpt.zip"
    shutil.copy(tiny_directory / "tips_v2_tiny_normals_dpt.zip", depth)
    assert "not a DPT depth head: it holds a DPT normals head" in refusal(
        tiny_directory, CheckpointError
    )


def test_a_head_with_classes_of_its_own_gets_numbered_names(with_classes: Any):
    names = load_predictor(str(with_classes(7)), device="cpu").description.classes.names
    assert names == tuple(f"class {i}" for i in range(7))


def test_a_model_labels_with_the_ids_that_its_settings_give(sparse_ids: Path):
    predictor = load_predictor(str(sparse_ids), device="cpu")
    assert predictor.description.classes.by_id() == {0: "wall", 3: "floor", 7: "bed"}
    rgb = np.random.RandomState(6).randint(0, 256, (40, 40, 3)).astype(np.uint8)
    labels = predictor.predict(rgb, ["semantic"]).labels
    assert labels is not None
    found = set(np.unique(labels).tolist())
    assert found <= {0, 3, 7} and found & {3, 7}


def test_an_unknown_precision_names_the_known_ones():
    assert "choose one of auto, fp32, bf16, fp16, int8" in refusal(
        "demo", ValueError, precision="int4"
    )


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


@pytest.mark.slow
def test_the_precision_is_that_of_the_weights():
    predictor = load_predictor("demo", device="cpu", precision="bf16", input_size=(168, 168))
    assert predictor.dtype == torch.bfloat16 and predictor.input_size == (168, 168)
    assert {p.dtype for p in predictor.model.parameters()} == {torch.bfloat16}
    assert predictor.predict(IMAGE).normals is not None


class TestAHubModel:
    NAME = "google/tipsv2-b14-dpt"

    @pytest.fixture(autouse=True)
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        return tmp_path / "hf" / "hub"

    def put(self, tiny_hub: Any, repository: str, *roles: str, revision: str = "abc123") -> Path:
        """A repository of the cache as huggingface_hub lays it out."""
        folder = f"hf/hub/models--google--{repository}"
        snapshot: Path = tiny_hub(f"{folder}/snapshots/{revision}", *roles)
        refs = snapshot.parents[1] / "refs"
        refs.mkdir(exist_ok=True)
        (refs / "main").write_text(revision)
        return snapshot

    def test_is_found_in_the_cache(self, tiny_hub: Any):
        self.put(tiny_hub, "tipsv2-b14-dpt", "vision", "depth", "normals", "segmentation")
        loaded = load_model(self.NAME)
        assert loaded.tips.head_names == ("depth", "normals", "segmentation")
        assert loaded.description.name == self.NAME
        assert loaded.description.bins.relu_after_project  # as the Hub's own code has it
        assert loaded.description.taps == (0, 1, 2, 3)
        assert loaded.description.origin == "Hugging Face"

    def test_of_the_revision_that_main_names(self, tiny_hub: Any):
        self.put(tiny_hub, "tipsv2-b14-dpt", "vision", "depth", revision="new")
        self.put(tiny_hub, "tipsv2-b14-dpt", "vision", "normals", revision="old")
        loaded = load_model(self.NAME)
        assert loaded.tips.head_names == ("normals",)

    def test_of_the_latest_revision_where_main_names_none(self, tiny_hub: Any):
        snapshot = self.put(tiny_hub, "tipsv2-b14-dpt", "vision", "depth")
        shutil.rmtree(snapshot.parents[1] / "refs")
        assert load_model(self.NAME).tips.head_names == ("depth",)

    def test_whose_cache_is_named_by_itself(
        self, tiny_hub: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
    ):
        self.put(tiny_hub, "tipsv2-b14-dpt", "vision", "depth")
        monkeypatch.setenv("HF_HOME", "/nowhere")
        monkeypatch.setenv("HF_HUB_CACHE", str(cache))
        assert load_model(self.NAME).tips.head_names == ("depth",)

    @pytest.mark.parametrize("name", ["google/tipsv2-b14", "google/tipsv2-b14-dpt"])
    def test_in_two_repositories_is_one_model(self, tiny_hub: Any, tokenizer_file: Path, name: str):
        base = self.put(tiny_hub, "tipsv2-b14", "vision", "text")
        shutil.copy(tokenizer_file, base / "tokenizer.model")
        self.put(tiny_hub, "tipsv2-b14-dpt", "depth", "segmentation")  # an older revision
        loaded = load_model(name, with_text=True)
        assert loaded.tips.head_names == ("depth", "segmentation")
        assert loaded.text is not None and loaded.text.embed(["a cat"]).shape == (1, 64)
        assert loaded.description.temperature == pytest.approx(0.005)

    @pytest.mark.parametrize("name", ["google/tipsv2-b14", NAME, "google/tipsv2-g14-dpt"])
    def test_that_is_not_there_says_what_to_do(self, name: str):
        message = refusal(name)
        assert "not in the Hugging Face Hub's local cache" in message
        assert f"tips_ros download {name[7:].removesuffix('-dpt')} (" in message

    def test_that_arrived_only_in_part_says_what_to_do(self, tiny_hub: Any):
        snapshot = self.put(tiny_hub, "tipsv2-b14-dpt", "vision")
        (snapshot / "model.safetensors").unlink()
        assert "not in the Hugging Face Hub's local cache" in refusal(self.NAME)

    def test_whose_name_leads_elsewhere_is_not_there(self):
        assert "not in the Hugging Face Hub's local cache" in refusal("google/../../etc")
