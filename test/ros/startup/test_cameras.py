# SPDX-License-Identifier: Apache-2.0
"""Cameras as the launch's arguments name them."""

import pytest

from tips_ros.ros.startup.arguments import ArgumentError
from tips_ros.ros.startup.cameras import (
    camera_remappings,
    cameras_of,
    image_topics_of,
    sibling_camera_info,
    topics_of,
)


@pytest.mark.parametrize(
    ("image", "camera_info"),
    [
        ("image", "camera_info"),
        ("/image", "/camera_info"),
        ("front/image_raw", "front/camera_info"),
        ("/camera/color/image_raw", "/camera/color/camera_info"),
        ("/camera/color/image_raw/compressed", "/camera/color/camera_info"),
    ],
)
def test_beside_is_the_sibling_of_the_image(image, camera_info):
    assert sibling_camera_info(image) == camera_info


@pytest.mark.parametrize("separator", [";", ","])
def test_image_topics_of_are_by_the_cameras_names(separator):
    text = f"front = /front/image_raw{separator} rear{separator} left=cam/image"
    expected = {"front": "/front/image_raw", "rear": "", "left": "cam/image"}
    assert image_topics_of("cameras", text) == expected


@pytest.mark.parametrize(
    "text", ["1st=/a", "front=", "front=/a; front=/b", "depth", "/front/image", "=/a", "a=/b=/c"]
)
def test_image_topics_of_names_that_the_node_refuses_are_refused_before(text):
    with pytest.raises(ArgumentError, match="^cameras:="):
        image_topics_of("cameras", text)


def test_topics_of_a_camera_that_is_not_there_are_refused_with_the_right_form():
    with pytest.raises(ArgumentError, match="no camera 'left'; write 'front=/front/camera_info'"):
        topics_of("camera_info", "left=/a", ["front"])
    with pytest.raises(ArgumentError, match="one topic can't be that of several cameras"):
        topics_of("camera_info", "/camera_info", ["front", "rear"])


def test_camera_remappings_of_one_camera_have_its_camera_info_beside_it_unless_given():
    assert camera_remappings("/a/b", "", {}, []) == [
        ("image", "/a/b"), ("camera_info", "/a/camera_info")
    ]  # fmt: skip
    assert camera_remappings("/a/b", "/c", {}, [])[1] == ("camera_info", "/c")


def test_camera_remappings_of_several_cameras_leave_what_is_not_given():
    named = {"front": "/front/image_raw", "rear": ""}
    assert camera_remappings("image", "rear=/r/info", named, ["front", "rear"]) == [
        ("front/image", "/front/image_raw"),
        ("front/camera_info", "/front/camera_info"),
        ("rear/camera_info", "/r/info"),
    ]


def test_camera_remappings_refuse_one_image_for_several_cameras():
    with pytest.raises(ArgumentError, match="cameras:='front=/a'"):
        camera_remappings("/a", "", {}, ["front", "rear"])


@pytest.mark.parametrize(
    ("value", "names"), [(["a", "b"], ["a", "b"]), ([], []), (None, []), ("front", []), (3, [])]
)
def test_cameras_of_a_file_are_a_list_or_the_node_s_to_refuse(value, names):
    assert cameras_of({"cameras": value}) == names
