# SPDX-License-Identifier: Apache-2.0
"""Layouts of data sets, told apart by the files in a directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tips_ros.evaluation.datasets.layouts import LAYOUTS, detect_layout, open_dataset

FILES = {
    "rendered": ["scene.json"],
    "ade20k": ["images/validation/a.jpg", "annotations/validation/a.png"],
    "pascal": ["JPEGImages/a.jpg", "SegmentationClass/a.png"],
    "nyu": ["rgb/a.png", "depth/a.png"],
}


@pytest.fixture
def touch(tmp_path):
    def make(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def test_each_layout_is_tried_here():
    assert set(FILES) == set(LAYOUTS)


@pytest.mark.parametrize("layout", FILES)
def test_a_layout_is_recognised(touch, layout):
    assert detect_layout(touch(*FILES[layout])) == layout


def test_an_unknown_directory_is_told_what_each_layout_needs(touch, refusal):
    line = refusal(lambda: detect_layout(touch("something/else.txt")))
    assert all(layout in line for layout in LAYOUTS)


def test_a_directory_that_is_not_there_says_so(tmp_path, refusal):
    assert "does not exist" in refusal(lambda: detect_layout(tmp_path / "nothing"))


@pytest.mark.parametrize("given", [".", "nyu_depth_v2_labeled.mat"])
def test_the_matlab_file_is_sent_to_the_documentation(touch, refusal, given):
    root = touch("nyu_depth_v2_labeled.mat")
    assert "docs/evaluation.md" in refusal(lambda: detect_layout(root / given))


@pytest.mark.parametrize("layout", FILES)
def test_a_layout_asked_for_by_name_must_be_there(tmp_path, refusal, layout):
    line = refusal(lambda: open_dataset(tmp_path, layout))
    assert layout in line and LAYOUTS[layout].parts in line
