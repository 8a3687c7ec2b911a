# SPDX-License-Identifier: Apache-2.0
"""Files are told apart by their official names, or by `model.yaml`; nothing is guessed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tips_ros.catalogue import MODELS
from tips_ros.perception.loading.model_directory import ModelNotFound, scan


def refusal(directory: Path) -> str:
    with pytest.raises(ModelNotFound) as raised:
        scan(directory)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("layout", ["pytorch", "scenic"])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_official_file_is_recognised(tmp_path: Path, name: str, layout: Any):
    files = MODELS[name].files(layout)
    for file in files:
        (tmp_path / file.name).touch()
    found = scan(tmp_path)
    expected = {file.role: tmp_path / file.name for file in files}
    assert found.tokenizer == expected.pop("tokenizer")
    assert found.files == expected
    assert found.hugging_face == ()


def test_a_hugging_face_directory_may_hold_several_parts(tiny_hub: Any):
    directory = tiny_hub("hub", "vision", "text")
    found = scan(directory)
    assert found.hugging_face == (directory,) and found.files == {}


def test_other_files_do_not_matter(tiny_directory: Path):
    before = scan(tiny_directory)
    for name in ("README.md", "old_vision.npz.part", "depth_dpt.zip", "LICENSE", "x_vision.npz"):
        (tiny_directory / name).write_text("not read")
    assert scan(tiny_directory) == before


@pytest.mark.parametrize("role", ["vision", "text", "depth", "normals", "segmentation"])
def test_two_files_for_a_role_are_refused_with_the_way_out(tiny_directory: Path, role: str):
    (first,) = [file for file in tiny_directory.iterdir() if f"_{role}" in file.name]
    second = tiny_directory / first.name.replace("_tiny", "_other")
    shutil.copy(first, second)
    message = refusal(tiny_directory)
    assert f"{second.name}, {first.name}" in message and f"`{role}: " in message
    settings = tiny_directory / "model.yaml"
    settings.write_text(settings.read_text() + f"{role}: {second.name}\n")
    assert scan(tiny_directory).files[role] == second  # type: ignore[index]


def test_a_file_named_in_the_settings_must_be_there(tiny_directory: Path):
    (tiny_directory / "model.yaml").write_text("depth: mine.zip")
    message = refusal(tiny_directory)
    assert "mine.zip: named in model.yaml, but there is no such file" in message


def test_a_tokenizer_named_in_the_settings_must_be_there(tiny_directory: Path):
    (tiny_directory / "model.yaml").write_text("tokenizer: mine.model")
    assert "mine.model: named in model.yaml" in refusal(tiny_directory)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path):
    assert "there is no such directory" in refusal(tmp_path / "absent")
