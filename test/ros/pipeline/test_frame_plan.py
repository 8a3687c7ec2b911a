# SPDX-License-Identifier: Apache-2.0
"""A plan says all that follows from who listens, the settings and the classes, once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tips_ros.messages.outputs import TOPICS
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.semantic.label_space import model_label_space
from tips_ros.ros.parameters.snapshot import CameraSettings, Snapshot
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.pipeline.frame_plan import FramePlan, make_plan
from tips_ros.ros.pipeline.request import plan_of
from tips_ros.ros.topics.names import ONLY

OWN = model_label_space(ClassList(("floor", "wall")))
BY_NAME = {topic.name: topic for topic in TOPICS}
EVERY = ("depth", "normals", "semantic", "stddev")


def settings(**values: Any) -> CameraSettings:
    """The defaults, and what is set instead, with `__` for a dot."""
    given = {entry.name: entry.default for entry in PARAMETERS}
    given |= {name.replace("__", "."): value for name, value in values.items()}
    return Snapshot(given).of_camera[ONLY]


def predictor(*outputs: str) -> Any:
    return SimpleNamespace(outputs=outputs, outputs_with=lambda label_space: outputs)


def plan(*names: str, model: Any = None, **values: Any) -> FramePlan:
    topics = [BY_NAME[name] for name in names]
    return make_plan(topics, {}, OWN, settings(**values), model or predictor(*EVERY))


def test_depth_alone_takes_nothing_else():
    found = plan("depth/image")
    assert found.outputs[True, False] == {"depth"}
    assert found.needs_camera and not found.tells_camera
    off = (found.holds_still, found.shows_floor, found.follows_floor, found.follows_things)
    assert off == (False, False, False, False)


def test_a_mask_takes_depth_only_where_it_is_held_still():
    assert plan("semantic/image").outputs[True, False] == {"semantic"}
    held = plan("semantic/image", temporal__labels=True)
    assert held.outputs[True, False] == {"semantic", "depth"} and held.holds_still
    flat = plan("semantic/image", temporal__labels=True, model=predictor("semantic"))
    assert flat.outputs[True, False] == {"semantic"}


def test_a_service_that_asks_takes_depth_and_the_camera_unknown_leaves_points_out():
    assert plan("semantic/image").outputs[True, True] == {"semantic", "depth"}
    assert plan("points").outputs[False, False] == set()
    assert plan("points").outputs[True, False] == {"depth", "normals", "semantic"}


@pytest.mark.parametrize(
    ("names", "values", "shows"),
    [
        (("scan",), {}, True),
        (("points",), {"points__min_height_m": 0.1}, True),
        (("points",), {}, False),
        (("depth/image",), {"depth__scale_source": "ground"}, False),
    ],
)
def test_the_floor_is_followed_for_its_topics_for_heights_and_for_the_scale(names, values, shows):
    found = plan(*names, **values)
    assert found.shows_floor is shows
    assert found.follows_floor is (shows or bool(values))
    if "depth__scale_source" in values:
        assert found.outputs[True, False] == {"depth", "normals", "semantic"}


def test_a_memory_follows_things_though_nobody_reads_them():
    found = plan(memory__enabled=True)
    assert found.follows_things and found.needs_camera
    assert found.outputs[True, False] == {"depth", "semantic", "stddev"}
    assert found.topics == []


def test_a_topic_of_classes_waits_where_the_model_has_none():
    found = plan("semantic/image", "depth/image", model=predictor("depth"))
    assert found.waits_for_classes == ["semantic/image"]


def camera(topics: list[Any]) -> Any:
    return SimpleNamespace(
        publishers=SimpleNamespace(subscribed_topics=lambda: list(topics)),
        queries=SimpleNamespace(waiting=False),
        plan=None,
    )


def test_it_is_made_anew_only_when_something_changes():
    topics = [BY_NAME["depth/image"]]
    one, values, model = camera(topics), settings(), predictor(*EVERY)
    first = plan_of(one, OWN, values, model)
    assert first is not None and plan_of(one, OWN, values, model) is first
    topics.append(BY_NAME["points"])
    second = plan_of(one, OWN, values, model)
    assert second is not first and second is not None and len(second.topics) == 2
    assert plan_of(one, OWN, settings(), model) is not second
    topics.clear()
    assert plan_of(one, OWN, values, model) is None, "nobody waits"
