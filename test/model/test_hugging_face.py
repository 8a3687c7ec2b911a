# SPDX-License-Identifier: Apache-2.0
"""Hugging Face directories give transformers' outputs; damaged ones cost one line."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from tips_ros.model.checkpoints import (
    CheckpointError,
    CheckpointPart,
    build_backbone,
    build_head,
    build_text_encoder,
    load_backbone,
    load_dpt_head,
    load_text_encoder,
    read_checkpoint,
    read_temperature,
    select_part,
)
from tips_ros.model.checkpoints.hugging_face import hugging_face_roles
from tips_ros.model.tips import HEAD_NAMES, Tips

pytestmark = pytest.mark.reference

TOLERANCE = 1e-5  # of the largest value; 1e-4 is what is asked for
HALF = 2**-11  # the segmentation logits are stored in fp16: half a unit of its last place
WEIGHTS = "model.safetensors"


def error(actual: torch.Tensor, expected: np.ndarray) -> float:
    """Largest difference, as a fraction of the largest value."""
    assert tuple(actual.shape) == expected.shape
    return float(np.abs(actual.numpy() - expected).max() / np.abs(expected).max())


def part(path: Path, role: Any) -> CheckpointPart:
    return select_part(read_checkpoint(path, (role,)), role, path)


def refusal(path: Path, load: Any = load_backbone) -> str:
    """One line that names a file of the directory."""
    with pytest.raises(CheckpointError) as raised:
        load(path)
    message = str(raised.value)
    assert message.startswith(str(path)) and "\n" not in message and len(message) < 600
    return message


class TestAgainstTransformers:
    """Numbers that transformers computed, with the files it saved."""

    @pytest.mark.quick
    def test_two_towers_agree(self, shared_golden: Path):
        directory = shared_golden / "hf" / "base"
        with np.load(shared_golden / "hf" / "base_expected.npz") as stored:
            expected = dict(stored)
        image = load_backbone(directory)(torch.from_numpy(expected["image"]))
        text = part(directory, "text")
        embeddings = build_text_encoder(text)(
            torch.from_numpy(expected["ids"]).long(),
            torch.from_numpy(expected["attention_mask"] == 1),
        )
        image_embeds = F.normalize(image.cls_token, dim=-1)
        text_embeds = F.normalize(embeddings, dim=-1)
        assert error(image_embeds, expected["image_embeds"]) < TOLERANCE
        assert error(text_embeds, expected["text_embeds"]) < TOLERANCE
        assert text.metadata.temperature is not None
        logits = image_embeds @ text_embeds.T / text.metadata.temperature
        assert error(logits, expected["logits_per_image"]) < TOLERANCE

    @pytest.mark.parametrize("case", [0, 1])
    def test_three_heads_agree(self, shared_golden: Path, case: int):
        directory = shared_golden / "hf" / "dpt"
        with np.load(shared_golden / "hf" / "dpt_expected.npz") as stored:
            expected = {n.split("/")[1]: a for n, a in stored.items() if f"case{case}/" in n}
        parts = {p.role: p for p in read_checkpoint(directory)}
        assert parts["depth"].metadata.taps == (0, 1, 2, 3)
        heads: Any = {name: build_head(parts[name]) for name in HEAD_NAMES}
        tips = Tips(build_backbone(parts["vision"]), (0, 1, 2, 3), **heads)
        depth, normals, logits, _ = tips(torch.from_numpy(expected["image"]), HEAD_NAMES)
        assert depth is not None and normals is not None and logits is not None
        assert error(depth[:, 0], expected["predicted_depth"]) < TOLERANCE
        assert error(normals, expected["normals"]) < TOLERANCE
        stored_logits = expected["segmentation_logits"]
        assert error(logits, stored_logits.astype(np.float32)) < TOLERANCE + HALF


class TestADirectory:
    def test_names_each_of_its_parts(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision", "depth", "normals", "segmentation")
        roles = {p.role for p in read_checkpoint(directory)}
        assert roles == {"vision", "depth", "normals", "segmentation"}

    def test_may_be_named_by_its_file(self, tiny_hub: Any):
        assert load_backbone(tiny_hub("hub", "vision", "text") / WEIGHTS).config.heads == 4

    @pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
    def test_may_be_stored_in_another_precision(self, tiny_hub: Any, kind: torch.dtype):
        directory = tiny_hub("hub", "vision")
        stored = {name: t.to(kind) for name, t in load_file(directory / WEIGHTS).items()}
        save_file(stored, directory / WEIGHTS)
        assert load_backbone(directory).norm.weight.dtype == torch.float32

    def test_may_call_its_mlp_by_either_name(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision")
        stored = load_file(directory / WEIGHTS)
        again = {
            n.replace(".mlp.fc1.", ".mlp.c_fc.").replace(".mlp.fc2.", ".mlp.c_proj."): t
            for n, t in stored.items()
        }
        assert set(again) != set(stored)
        before = load_backbone(directory).state_dict()
        save_file(again, directory / WEIGHTS)
        for name, tensor in load_backbone(directory).state_dict().items():
            assert torch.equal(tensor, before[name])

    def test_tells_its_parts_and_temperature_alone(self, tiny_hub: Any):
        towers, heads = tiny_hub("towers", "vision", "text"), tiny_hub("heads", "vision", "depth")
        assert hugging_face_roles(towers) == {"vision", "text"}
        assert hugging_face_roles(heads / WEIGHTS) == {"vision", "depth"}
        assert read_temperature(towers) == pytest.approx(0.005)
        assert read_temperature(heads) is None
        (towers / WEIGHTS).write_bytes(b"cut")
        for ask in (hugging_face_roles, read_temperature):
            assert "not a whole safetensors file" in refusal(towers, ask)

    def test_may_be_in_several_files(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision", "depth")
        tensors = load_file(directory / WEIGHTS)
        names = sorted(tensors)
        files = {name: f"model-{i % 2}.safetensors" for i, name in enumerate(names)}
        for file in set(files.values()):
            save_file({n: tensors[n] for n in names if files[n] == file}, directory / file)
        (directory / WEIGHTS).unlink()
        (directory / f"{WEIGHTS}.index.json").write_text(json.dumps({"weight_map": files}))
        assert load_backbone(directory).config.width == 64
        assert load_dpt_head(directory).dpt.width == 64

    def test_without_the_part_wanted_says_so(self, tiny_hub: Any):
        heads = tiny_hub("heads", "depth", "normals")
        assert "not a TIPS image encoder: it holds a DPT depth head and" in refusal(heads)
        assert "not a TIPS text encoder" in refusal(heads, load_text_encoder)
        assert "not a DPT head: it holds depth, normals" in refusal(heads, load_dpt_head)

    def test_s_other_parts_are_not_read_at_all(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision", "depth")
        assert [p.role for p in read_checkpoint(directory, ("depth",))] == ["depth"]

    @pytest.mark.parametrize(
        "name", ["lm_head.weight", "depth_head.other.weight", "vision_encoder.rope", "../x"]
    )
    def test_with_an_unknown_tensor_is_refused(self, tiny_hub: Any, name: str):
        directory = tiny_hub("hub", "vision", "depth")
        tensors = load_file(directory / WEIGHTS) | {name: torch.zeros(3)}
        save_file(tensors, directory / WEIGHTS)
        assert f"unknown tensor: {name.removeprefix('vision_encoder.')}" in refusal(directory)

    def test_with_a_misshapen_temperature_is_refused(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision", "text")
        tensors = load_file(directory / WEIGHTS) | {"temperature": torch.zeros(3)}
        save_file(tensors, directory / WEIGHTS)
        assert "misshapen tensor: temperature (3,)" in refusal(directory)


class TestDamagedWeights:
    @pytest.mark.parametrize("kept", [0, 4, 100, 5000, -1])
    def test_that_end_too_early_are_refused(self, tiny_hub: Any, kept: int):
        directory = tiny_hub("hub", "vision")
        file = directory / WEIGHTS
        file.write_bytes(file.read_bytes()[:kept])
        message = refusal(directory)
        assert message.startswith(f"{file}: not a whole safetensors file")
        assert "copy or download it again" in message

    @pytest.mark.parametrize("size", [100 * 10**9, 2**64 - 1, 2**63])
    def test_whose_header_claims_100_gb_take_no_memory(self, tiny_hub: Any, size: int):
        directory = tiny_hub("hub", "vision")
        file = directory / WEIGHTS
        file.write_bytes(struct.pack("<Q", size) + file.read_bytes()[8:])
        assert "not a whole safetensors file" in refusal(directory)

    def test_with_a_tensor_of_100_gb_take_no_memory(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision")
        tensor = {"dtype": "F32", "shape": [25 * 10**9], "data_offsets": [0, 10**11]}
        header = json.dumps({"vision_encoder.pos_embed": tensor}).encode()
        (directory / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header + b"0" * 64)
        assert "not a whole safetensors file" in refusal(directory)

    def test_that_are_a_page_of_text_are_refused(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision")
        (directory / WEIGHTS).write_text("<html>not found</html>" * 50)
        assert "not a whole safetensors file" in refusal(directory)

    def test_that_are_a_pickle_are_refused(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision")
        torch.save({"vision_encoder.pos_embed": torch.zeros(3)}, directory / WEIGHTS)
        assert "not a whole safetensors file" in refusal(directory)

    def test_damaged_anywhere_in_the_header_are_refused_or_whole(self, tiny_hub: Any):
        directory = tiny_hub("hub", "text")
        file = directory / WEIGHTS
        whole = file.read_bytes()
        (length,) = struct.unpack("<Q", whole[:8])
        random = np.random.RandomState(7)
        refused = 0
        for _ in range(300):
            damaged = bytearray(whole)
            for position in random.randint(8 + length, size=random.randint(1, 4)):
                damaged[position] = random.randint(256)
            file.write_bytes(damaged)
            try:
                load_text_encoder(directory)
            except CheckpointError as error:
                assert "\n" not in str(error)
                refused += 1
        assert refused > 200


class TestAnIndex:
    @pytest.mark.parametrize("name", ["../w.safetensors", "/etc/passwd", "..", "a/b", "", 3, ["x"]])
    def test_that_leads_out_of_the_directory_is_refused(self, tmp_path: Path, name: Any):
        index = tmp_path / f"{WEIGHTS}.index.json"
        index.write_text(json.dumps({"weight_map": {"vision_encoder.pos_embed": name}}))
        assert f"{index}: names no weight files" in refusal(tmp_path)

    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"weight_map": []}', "[" * 9999])
    def test_that_is_damaged_is_refused(self, tmp_path: Path, content: str):
        (tmp_path / f"{WEIGHTS}.index.json").write_text(content)
        assert f"{WEIGHTS}.index.json: " in refusal(tmp_path)

    def test_that_names_a_file_that_is_not_there_is_refused(self, tmp_path: Path):
        names = {"weight_map": {"vision_encoder.pos_embed": "model-1.safetensors"}}
        (tmp_path / f"{WEIGHTS}.index.json").write_text(json.dumps(names))
        assert "model-1.safetensors: there is no such file" in refusal(tmp_path)

    def test_that_names_a_file_no_system_has_is_refused(self, tmp_path: Path):
        names = {"weight_map": {"vision_encoder.pos_embed": "a\0b"}}
        (tmp_path / f"{WEIGHTS}.index.json").write_text(json.dumps(names))
        refusal(tmp_path)


class TestAConfiguration:
    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{'a': 1}", b"[" * 9999])
    def test_that_is_no_json_is_refused(self, tiny_hub: Any, content: bytes):
        directory = tiny_hub("hub", "vision")
        (directory / "config.json").write_bytes(content)
        assert "config.json: not readable JSON; copy it again" in refusal(directory)

    @pytest.mark.parametrize(
        "change",
        [
            {"backbone_config": 3},
            {"backbone_config": {"num_attention_heads": "four"}},
            {"backbone_config": {"num_attention_heads": -4}},
            {"backbone_config": {"out_indices": "last"}},
            {"backbone_config": {"out_indices": 4}},
            {"depth_decoder_activation": "gelu"},
            {"depth_decoder_activation": ["relu"]},
            {"min_depth": None},
            {"max_depth": "far"},
            {"max_depth": float("nan")},
            {"id2label": ["wall"]},
        ],
    )
    def test_that_says_what_cannot_be_is_refused(self, tiny_hub: Any, change: dict[str, Any]):
        directory = tiny_hub("hub", "vision", "depth", "segmentation")
        file = directory / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
        message = refusal(directory)
        assert message.startswith(f"{file}: not a TIPS model's configuration (")

    def test_that_is_a_list_is_refused(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision")
        (directory / "config.json").write_text("[]")
        assert "config.json: not a model's configuration" in refusal(directory)

    def test_that_is_not_there_leaves_only_the_number_of_heads_open(self, tiny_hub: Any):
        directory = tiny_hub("hub", "vision")
        (directory / "config.json").unlink()
        assert load_backbone(directory, heads=4).config.width == 64
        assert "say how many attention heads" in refusal(directory)

    @pytest.mark.parametrize(("activation", "relu"), [("relu", True), (None, False)])
    def test_tells_the_depth_activation(self, tiny_hub: Any, activation: Any, relu: bool):
        directory = tiny_hub("hub", "vision", "depth")
        file = directory / "config.json"
        change = {"depth_decoder_activation": activation, "max_depth": 80.0}
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
        bins = part(directory, "depth").metadata.bins
        assert bins is not None and bins.relu_after_project is relu and bins.max_m == 80
