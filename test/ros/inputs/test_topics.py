# SPDX-License-Identifier: Apache-2.0
"""Topics of a camera's images and CameraInfo, by the conventions of ROS drivers."""

import pytest

from tips_ros.ros.inputs.topics import (
    IMAGE_TYPES,
    base_of,
    camera_info_topics,
    first_published,
    image_topics,
    likeliest_first,
)


@pytest.mark.parametrize(
    ("base", "transport", "topics"),
    [
        ("/cam/image_raw", "raw", ("/cam/image_raw",)),
        ("/cam/image_raw", "compressed", ("/cam/image_raw/compressed", "/cam/image_raw")),
        ("/cam/image_raw/compressed", "compressed", ("/cam/image_raw/compressed",)),
        ("/cam/image_raw/compressed", "raw", ("/cam/image_raw/compressed",)),
        ("/jpeg", "compressed", ("/jpeg/compressed", "/jpeg")),
    ],
)
def test_image_topics_are_the_conventional_one_and_then_the_topic_itself(base, transport, topics):
    assert image_topics(base, transport) == topics


@pytest.mark.parametrize(
    ("base", "topics"),
    [
        ("/cam/image_raw", ("/cam/camera_info", "/cam/image_raw/camera_info")),
        ("/image", ("/camera_info", "/image/camera_info")),
        ("/cam/image_raw/compressed", ("/cam/camera_info", "/cam/image_raw/camera_info")),
    ],
)
def test_camera_info_topics_are_beside_and_below_the_image(base, topics):
    assert camera_info_topics(base) == topics


def test_camera_info_topics_of_a_transport_are_those_of_its_image():
    base = "/front/image_raw"
    assert camera_info_topics(f"{base}/compressed") == camera_info_topics(base)
    assert base_of(f"{base}/compressed") == base_of(base) == base


def test_first_published_passes_over_topics_of_another_type():
    types = {"/a/compressed": {"x/msg/Other"}, "/a": {IMAGE_TYPES["compressed"]}}
    found = first_published(
        image_topics("/a", "compressed"), IMAGE_TYPES["compressed"], lambda t: types.get(t, set())
    )
    assert found == "/a"
    assert first_published(["/b"], IMAGE_TYPES["raw"], lambda t: types.get(t, set())) is None


def test_the_same_camera_comes_before_others_and_depth_last():
    topics = ["/rear/image", "/front/depth/image_raw", "/front/color/image_raw", "/front/ir/image"]
    assert likeliest_first(topics, "/front/color/image")[0] == "/front/color/image_raw"
    assert likeliest_first(topics, "/front/color/image")[2:] == [
        "/front/depth/image_raw",
        "/front/ir/image",
    ]


@pytest.mark.parametrize(
    "made",
    [
        *("/a/debug_image", "/a/overlay", "/a/image_annotated", "/a/detections/image"),
        *("/a/infra1/image_rect_raw", "/a/disparity", "/a/thermal/image_raw", "/a/mask"),
    ],
)
def test_what_is_made_of_pictures_comes_after_a_camera(made: str):
    assert likeliest_first([made, "/zed/left/image"], "/image")[0] == "/zed/left/image"


def test_whoever_asks_for_such_a_picture_gets_it():
    topics = ["/b/image_raw", "/a/thermal/image_raw"]
    assert likeliest_first(topics, "/a/thermal/image")[0] == "/a/thermal/image_raw"


def test_a_topic_with_a_camera_info_comes_before_one_without():
    topics = ["/a/picture", "/b/picture"]
    there = [*topics, "/b/camera_info"]
    assert likeliest_first(topics, "/image", there) == ["/b/picture", "/a/picture"]


def test_of_two_alike_the_name_that_drivers_use_comes_first():
    assert likeliest_first(["/a/frames", "/b/image_raw"], "/image")[0] == "/b/image_raw"
