# SPDX-License-Identifier: Apache-2.0
"""docs/checkpoints.md lists every released file, with commands that are about it."""

from __future__ import annotations

import pytest

from tips_ros.catalogue import FORMATS, MODELS

from .rows import REPOSITORIES, ROWS, Row, gotten, ids

pytestmark = pytest.mark.slow


@pytest.mark.quick
def test_the_table_lists_every_released_file():
    listed = [(layout, file.path) for _, file, layout in map(gotten, ROWS)]
    released = {
        (layout if file.layout else "pytorch", file.path)
        for model in MODELS.values()
        for layout in FORMATS
        for file in model.files(layout)
    }
    assert sorted(listed) == sorted(released)


def test_the_table_lists_every_hugging_face_repository():
    released = [f"google/{name}{dpt}" for name in MODELS if "v2" in name for dpt in ("", "-dpt")]
    assert [row.file for row in REPOSITORIES] == released
    for row in REPOSITORIES:
        assert row.get == ["hf", "download", row.file]


@pytest.mark.parametrize("row", [*ROWS, *REPOSITORIES], ids=ids)
def test_a_row_s_commands_are_about_its_file(row: Row):
    assert row.load[:3] == ["tips_ros", "infer", "photo.jpg"]
    model = row.load[row.load.index("--model") + 1]
    if row.is_hub:
        assert model == row.file
        return
    name, file, layout = gotten(row)
    assert file.name == row.file
    is_jax_tower = layout == "scenic"
    assert model == (f"~/.cache/tips_ros/models/{name}-scenic" if is_jax_tower else name)
    assert ("--tags" in row.load) == (file.role in ("text", "tokenizer"))
