# SPDX-License-Identifier: Apache-2.0
"""Every stage is there, and stage by stage the same comes out as from the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.bench.bench_pictures import draw_room, views
from tips_ros.bench.frame_pass import FramePass
from tips_ros.bench.stages import Rounds, measure
from tips_ros.messages.outputs import DEFAULT_TOPICS

STAGES = [
    *("decode", "preprocess", "backbone"),
    *("depth head", "normals head", "segmentation head"),
    *("depth arrays", "normals arrays", "semantic arrays"),
    *(f"{topic.name} message" for topic in DEFAULT_TOPICS),
]
ONCE = Rounds(count=2, warm_up=1)


class Published:
    """Messages given to `publish`, as bytes: the message's memory is used again."""

    def __init__(self) -> None:
        self.data: list[tuple[str, bytes]] = []

    def __call__(self, topic, message) -> None:
        self.data.append((topic.name, bytes(getattr(message, "data", b""))))


def all_of(predictor, pictures, how: str) -> list[tuple[str, bytes]]:
    published = Published()
    frames = FramePass(predictor, pictures, predictor.model_label_space, published)
    if how == "whole":
        frames.run_whole()
    else:
        frames.run_stages(lambda stage: None)
    return published.data


@pytest.mark.slow
def test_every_stage_is_measured(small_case, small_predictor, picture):
    result = measure(small_case, small_predictor, picture, ONCE)
    assert list(result.stages) == STAGES
    times = [*result.stages.values(), result.whole, result.processor]
    assert all(0 < t.median_ms <= t.p95_ms for t in times)
    assert result.frames_per_second > 0 and result.rounds == 2 and not result.trained


@pytest.mark.slow
def test_prompts_need_no_segmentation_head(small_case, small_predictor, picture):
    case = replace(small_case, classes=4, prompted=True)
    result = measure(case, small_predictor, picture, ONCE)
    assert list(result.stages) == [stage for stage in STAGES if stage != "segmentation head"]


def test_memory_is_told(small_case, small_predictor, picture):
    memory = measure(small_case, small_predictor, picture, ONCE).memory
    assert memory.process > 10 and memory.page_faults >= 0 and memory.gpu is None
    assert memory.work is None or 0 <= memory.work < memory.process


def test_stage_by_stage_the_same_is_published_as_by_the_node_s_way(small_predictor, picture):
    pictures = views(picture, (80, 60), 1)
    whole, staged = (all_of(small_predictor, pictures, how) for how in ("whole", "staged"))
    assert [name for name, _ in whole] == [topic.name for topic in DEFAULT_TOPICS]
    assert whole == staged


def test_cameras_in_one_pass_get_each_its_own_answer(small_predictor, picture):
    pictures = views(picture, (80, 60), 2)
    together = all_of(small_predictor, pictures, "whole")
    alone = [all_of(small_predictor, [p], "whole") for p in pictures]
    assert len(together) == 2 * len(DEFAULT_TOPICS)
    for found, expected in zip(together, [*alone[0], *alone[1]], strict=True):
        assert found[0] == expected[0]
        if found[0] == "depth/image":
            depths = (np.frombuffer(data, np.float32) for data in (found[1], expected[1]))
            np.testing.assert_allclose(*depths, rtol=1e-4)
    assert alone[0] != alone[1]


def test_publishing_without_ros_is_refused_with_the_fix(
    small_case, small_predictor, picture, monkeypatch
):
    monkeypatch.setattr("tips_ros.bench.stages.ros_is_here", lambda: False)
    with pytest.raises(ValueError, match="--subscribers 0"):
        measure(replace(small_case, subscribers=1), small_predictor, picture, ONCE)


def test_without_ros_plain_objects_carry_the_same_bytes(small_predictor, picture, monkeypatch):
    pictures = views(picture, (80, 60), 1)
    with_ros = all_of(small_predictor, pictures, "whole")
    monkeypatch.setattr("tips_ros.bench.messages.ros_is_here", lambda: False)
    assert all_of(small_predictor, pictures, "whole") == with_ros


def test_cameras_see_different_things_of_one_size():
    seen = views(draw_room(), (64, 48), 3)
    assert {picture.shape for picture in seen} == {(48, 64, 3)}
    assert not np.array_equal(seen[0], seen[1]) and not np.array_equal(seen[1], seen[2])
    np.testing.assert_array_equal(draw_room(), draw_room())
