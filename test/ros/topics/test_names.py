# SPDX-License-Identifier: Apache-2.0
"""Names of cameras, and what is named by them."""

import pytest

from tips_ros.messages.outputs import TOPICS, VISION_TOPICS
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.topics.names import ONLY, cameras_named, input_topic, output_topic, parameter_name


def test_without_names_there_is_one_camera_that_has_none():
    assert cameras_named([]) == (ONLY,)
    assert input_topic(ONLY, "image") == "image"
    assert output_topic(ONLY, "depth/image") == "~/depth/image"
    assert parameter_name(ONLY, "rotation_deg") == "rotation_deg"


def test_a_camera_s_name_stands_first():
    assert cameras_named(["front", "rear_2"]) == ("front", "rear_2")
    assert input_topic("front", "image") == "front/image"
    assert output_topic("front", "depth/image") == "~/front/depth/image"
    assert parameter_name("front", "rotation_deg") == "front.rotation_deg"


@pytest.mark.parametrize("name", ["", "2nd", "a b", "a/b", "~x", "a__b", "end_", "straße"])
def test_a_name_that_topics_cannot_have_is_refused(name):
    with pytest.raises(ValueError, match="letters, digits"):
        cameras_named(["front", name])


def test_a_name_cannot_stand_twice():
    with pytest.raises(ValueError, match="twice"):
        cameras_named(["front", "rear", "front"])


@pytest.mark.parametrize(
    "name",
    sorted({t.name.split("/")[0] for t in (*TOPICS, *VISION_TOPICS)} | {"semantic", "similarity"}),
)
def test_what_the_node_names_itself_is_no_camera_s(name):
    with pytest.raises(ValueError):
        cameras_named([name])


def test_no_camera_can_take_the_name_of_a_parameter_s_group():
    for group in {p.name.split(".")[0] for p in PARAMETERS if "." in p.name}:
        with pytest.raises(ValueError):
            cameras_named([group])
