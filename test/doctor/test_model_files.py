# SPDX-License-Identifier: Apache-2.0
"""A model directory: its files, their hashes, its parts, and which variant it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tips_ros.doctor.findings import Finding, Status
from tips_ros.doctor.model_files import (
    ModelReport,
    known_directories,
    model_report,
    requested_directory,
)

DEPTH = "tips_v2_tiny_depth_dpt.zip"


def by_topic(report: ModelReport) -> dict[str, Finding]:
    return {finding.topic: finding for finding in report.section.findings}


def broken(report: ModelReport) -> list[str]:
    return [f.topic for f in report.section.findings if f.status is Status.BROKEN]


def record(directory: Path, name: str) -> str:
    sha256 = hashlib.sha256((directory / name).read_bytes()).hexdigest()
    (directory / "SHA256SUMS").write_text(f"{sha256}  {name}\n")
    return sha256


def test_a_whole_directory_has_every_part(whole_model: Path):
    report = model_report("mine", whole_model)
    assert not broken(report) and report.has_all_heads
    found = by_topic(report)
    assert found["parts"].value == "vision, text, depth, normals, segmentation, tokenizer"
    assert found["image encoder"].value.startswith("no released size (width 64")
    assert found[DEPTH].value == "1 MB"


def test_what_an_absent_part_costs_is_said(whole_model: Path):
    for name in (DEPTH, "tokenizer.model"):
        (whole_model / name).unlink()
    report = model_report("mine", whole_model)
    parts = by_topic(report)["parts"]
    assert parts.status is Status.ABSENT and not report.has_all_heads
    assert "without depth no depth, no cloud" in parts.advice
    assert "without tokenizer no prompts" in parts.advice


def test_a_recorded_hash_is_compared_on_demand(whole_model: Path):
    sha256 = record(whole_model, DEPTH)
    assert "--hash compares" in by_topic(model_report("mine", whole_model))[DEPTH].value
    found = by_topic(model_report("mine", whole_model, with_hashes=True))
    assert found[DEPTH].value == f"1 MB, SHA-256 {sha256} as recorded"
    assert found["tokenizer.model"].value.endswith("none recorded")


def test_a_changed_file_is_broken(whole_model: Path):
    record(whole_model, DEPTH)
    data = bytearray((whole_model / DEPTH).read_bytes())
    data[len(data) // 2] ^= 1
    (whole_model / DEPTH).write_bytes(data)
    assert not broken(model_report("mine", whole_model))
    report = model_report("mine", whole_model, with_hashes=True)
    assert broken(report) == [DEPTH]
    assert "the file changed" in by_topic(report)[DEPTH].advice


def test_a_file_that_is_cut_short_is_broken_and_no_part(whole_model: Path):
    (whole_model / DEPTH).write_bytes((whole_model / DEPTH).read_bytes()[:1000])
    report = model_report("mine", whole_model)
    assert broken(report) == [DEPTH] and "depth" not in report.parts


def test_two_files_for_one_part_are_told_as_the_loader_tells_them(whole_model: Path):
    (whole_model / "tips_v2_other_depth_dpt.zip").write_bytes((whole_model / DEPTH).read_bytes())
    report = model_report("mine", whole_model)
    assert broken(report) == ["directory"]
    assert "two files for a DPT depth head" in by_topic(report)["directory"].advice


def test_an_unfinished_download_is_told(whole_model: Path):
    (whole_model / f"{DEPTH}.part").write_bytes(b"x" * 500)
    found = by_topic(model_report("mine", whole_model))[f"{DEPTH}.part"]
    assert found.value == "500 bytes, unfinished" and "download" in found.advice


def test_a_ledger_that_is_none_is_broken(whole_model: Path):
    (whole_model / "SHA256SUMS").write_text("no hash\n")
    assert broken(model_report("mine", whole_model)) == ["SHA256SUMS"]


def test_a_hugging_face_directory_has_its_parts_in_one_file(tmp_path: Path):
    tensors = {f"vision_encoder.blocks.{i}.norm1.weight": torch.zeros(768) for i in range(12)}
    tensors["vision_encoder.patch_embed.proj.weight"] = torch.zeros(768, 3, 2, 2)
    tensors |= {f"{name}_head.x": torch.zeros(1) for name in ("depth", "normals", "segmentation")}
    save_file(tensors, tmp_path / "model.safetensors")
    report = model_report("mine", tmp_path)
    assert str(report.tower).startswith("B/14") and report.has_all_heads


def test_the_home_s_directories_are_known_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no hub"))
    for name in ("tipsv2-b14", "tipsv2-l14-scenic", "mine"):
        (tmp_path / name).mkdir()
    mine = str(tmp_path / "mine")
    assert set(known_directories()) == {"tipsv2-b14", "tipsv2-l14-scenic", mine}
    assert requested_directory("tipsv2-b14") == tmp_path / "tipsv2-b14"
    assert requested_directory(mine) == tmp_path / "mine"
    assert requested_directory("tips-s14") is requested_directory("google/tipsv2-b14") is None


def test_no_home_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no hub"))
    assert known_directories() == {}
