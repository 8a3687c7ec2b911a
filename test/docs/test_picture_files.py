# SPDX-License-Identifier: Apache-2.0
"""The page of pictures names each file that `infer` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tips_ros.offline.pictures.result_files import NAMES

PAGE = Path(__file__).parents[2] / "docs" / "pictures.md"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_in_the_table(name: str):
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    shown = "…embedding.npy" if name.endswith("embedding.npy") else name
    assert any(f"`{shown}`" in row.split("|")[1] for row in rows)
